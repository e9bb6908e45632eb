package stream

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/snowman-ml/snowman"
	"github.com/snowman-ml/snowman/logs"
)

func toy(t testing.TB) *snowman.Model {
	t.Helper()
	model, err := snowman.Open("../../web/testdata/toy.safetensors")
	if err != nil {
		t.Fatal(err)
	}
	return model
}

// newCluster returns a broker that has the topics in, out, alerts and dead, and its addresses.
func newCluster(t testing.TB, partitions int32, options ...kfake.Opt) (*kfake.Cluster, []string) {
	t.Helper()
	cluster, err := kfake.NewCluster(append([]kfake.Opt{kfake.NumBrokers(1), kfake.SeedTopics(partitions, "in", "out", "alerts", "dead")}, options...)...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(cluster.Close)
	return cluster, cluster.ListenAddrs()
}

func newClient(t testing.TB, brokers []string, options ...kgo.Opt) *kgo.Client {
	t.Helper()
	client, err := kgo.NewClient(append(options, kgo.SeedBrokers(brokers...))...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(client.Close)
	return client
}

// produce writes messages to the topic in.
func produce(t testing.TB, brokers []string, messages ...*kgo.Record) {
	t.Helper()
	client := newClient(t, brokers, kgo.DefaultProduceTopic("in"), kgo.ProducerBatchMaxBytes(4<<20))
	if err := client.ProduceSync(t.Context(), messages...).FirstErr(); err != nil {
		t.Fatal(err)
	}
}

// consume returns the first committed messages of a topic, as many as are wanted.
func consume(t testing.TB, brokers []string, topic string, wanted int) (records []*kgo.Record) {
	t.Helper()
	client := newClient(t, brokers, kgo.ConsumeTopics(topic), kgo.FetchIsolationLevel(kgo.ReadCommitted()), kgo.FetchMaxWait(50*time.Millisecond))
	for len(records) < wanted {
		fetches := client.PollFetches(t.Context())
		if err := fetches.Err(); err != nil {
			t.Fatalf("%d of %d messages of %q: %v", len(records), wanted, topic, err)
		}
		records = append(records, fetches.Records()...)
	}
	return records
}

// all returns what is committed in a topic.
func all(t testing.TB, brokers []string, topic string) (records []*kgo.Record) {
	t.Helper()
	client := newClient(t, brokers, kgo.ConsumeTopics(topic), kgo.FetchIsolationLevel(kgo.ReadCommitted()), kgo.FetchMaxWait(50*time.Millisecond), kgo.KeepControlRecords())
	ends, err := kadm.NewClient(client).ListCommittedOffsets(t.Context(), topic)
	if err != nil {
		t.Fatal(err)
	}
	left := make(map[int32]int64) // the end of each partition that is not read to it
	ends.Each(func(o kadm.ListedOffset) {
		if o.Offset > 0 {
			left[o.Partition] = o.Offset
		}
	})
	for len(left) > 0 {
		fetches := client.PollFetches(t.Context())
		if err := fetches.Err(); err != nil {
			t.Fatalf("reading %q: %v", topic, err)
		}
		fetches.EachRecord(func(r *kgo.Record) {
			if r.Offset+1 >= left[r.Partition] {
				delete(left, r.Partition)
			}
			if !r.Attrs.IsControl() {
				records = append(records, r)
			}
		})
	}
	return records
}

// run starts a worker and returns what ends it in order.
func run(t testing.TB, o Options) (worker *Worker, stop func()) {
	t.Helper()
	worker, err := New(o, toy(t), nil)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- worker.Run(ctx) }()
	stopped := false
	stop = func() {
		if stopped {
			return
		}
		stopped = true
		cancel()
		if err := <-done; err != nil {
			t.Errorf("it ends with %v", err)
		}
	}
	t.Cleanup(stop)
	return worker, stop
}

func format(t testing.TB, name string) *logs.Format {
	t.Helper()
	f, err := logs.Find(name)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

func message(key, value string, headers ...string) *kgo.Record {
	r := &kgo.Record{Value: []byte(value), Timestamp: time.UnixMilli(1_700_000_000_000)}
	if key != "" {
		r.Key = []byte(key)
	}
	for _, header := range headers {
		name, value, _ := strings.Cut(header, "=")
		r.Headers = append(r.Headers, kgo.RecordHeader{Key: name, Value: []byte(value)})
	}
	return r
}

var anyScore = regexp.MustCompile(`(score"?[=:])\d\.\d+`)

// shown returns messages as lines of key, value and headers, sorted.
func shown(records []*kgo.Record) string {
	var lines []string
	for _, r := range records {
		line := fmt.Sprintf("%s | %.120s", r.Key, r.Value)
		if r.Value == nil {
			line = fmt.Sprintf("%s | nil", r.Key)
		}
		for _, header := range r.Headers {
			if header.Key == headerModel {
				if !strings.Contains(string(header.Value), " ") {
					line += " | odd model"
				}
				continue
			}
			if header.Key == headerOffset || header.Key == headerPartition {
				continue // messages without a key go to any partition
			}
			line += fmt.Sprintf(" | %s=%.100s", strings.TrimPrefix(header.Key, headerPrefix), header.Value)
		}
		lines = append(lines, line)
	}
	slices.Sort(lines)
	return anyScore.ReplaceAllString(strings.Join(lines, "\n"), "${1}S")
}

func TestWhatBecomesOfMessages(t *testing.T) {
	suricata := `{"event_type":"dns","dns":{"type":"query","rrname":"x.tests.net"}}`
	for _, test := range []struct {
		name              string
		options           Options
		in                []*kgo.Record
		out, alerts, dead string
	}{
		{
			"names", Options{Out: "out", Alerts: "alerts", DeadLetters: "dead", Minimum: snowman.High},
			[]*kgo.Record{message("k1", "z.tests.net"), message("k2", "tests.net", "trace=1"), message("k3", "no name"), {Key: []byte("k4")}},
			`k1 | {"text":"z.tests.net","score":S,"level":"high","kind":"malware"}
k2 | {"text":"tests.net","score":S,"level":"none","kind":"benign"} | trace=1
k4 | nil`,
			`k1 | {"text":"z.tests.net","score":S,"level":"high","kind":"malware"}`,
			`k3 | no name | error=`,
		},
		{
			"names, verdicts in headers, keys by domain", Options{Out: "out", Headers: true, ByDomain: true},
			[]*kgo.Record{message("k1", "z.a.tests.net"), message("k2", "10.0.0.1", "snowman-level=old"), message("k3", "no name")},
			`k2 | 10.0.0.1 | score=S | level=none | kind=benign | name=10.0.0.1
k3 | no name | error=
tests.net | z.a.tests.net | score=S | level=high | kind=malware | name=z.a.tests.net`, "", "",
		},
		{
			"JSON", Options{Format: format(t, "jsonl"), Columns: []string{"q"}, Out: "out", Alerts: "alerts", Minimum: snowman.Medium, DeadLetters: "dead"},
			[]*kgo.Record{message("", `{"q":"x.tests.net"}`), message("", `{"p":1}`), message("", `{"q"`), message("", ""), {Key: []byte("t")}, message("", `{"q":"a b"}`)},
			` | 
 | {"p":1}
 | {"q":"a b"} | error=
 | {"q":"x.tests.net","snowman":{"score":S,"level":"medium","kind":"phishing","name":"x.tests.net"}}
t | nil`,
			` | {"q":"x.tests.net","snowman":{"score":S,"level":"medium","kind":"phishing","name":"x.tests.net"}}`,
			` | {"q" | error=`,
		},
		{
			"Suricata, alerts alone", Options{Format: format(t, "suricata"), Alerts: "alerts", Minimum: snowman.Low, DeadLetters: "dead", Headers: true, ByDomain: true},
			[]*kgo.Record{message("", suricata), message("", strings.Replace(suricata, "x.", "", 1)), message("", "bad")},
			"", `tests.net | ` + suricata + ` | score=S | level=medium | kind=phishing | name=x.tests.net`, ` | bad | error=`,
		},
		{
			"text with names", Options{Format: format(t, "text"), Out: "out", Headers: true},
			[]*kgo.Record{message("", "see http://x.tests.net/ and tests.net")},
			` | see http://x.tests.net/ and tests.net | score=S | level=medium | kind=phishing | name=http://x.tests.net/`, "", "",
		},
	} {
		for _, exactlyOnce := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s/exactly once %v", test.name, exactlyOnce), func(t *testing.T) {
				_, brokers := newCluster(t, 3)
				for _, r := range test.in {
					produce(t, brokers, &kgo.Record{Key: r.Key, Value: r.Value, Headers: r.Headers, Timestamp: r.Timestamp})
				}
				o := test.options
				o.Brokers, o.In, o.ExactlyOnce = brokers, []string{"in"}, exactlyOnce
				_, stop := run(t, o)
				for topic, want := range map[string]string{"out": test.out, "alerts": test.alerts, "dead": test.dead} {
					lines := strings.Split(want, "\n")
					if want == "" {
						lines = nil
					}
					records := consume(t, brokers, topic, len(lines))
					got := strings.Split(shown(records), "\n")
					for i, line := range lines {
						if got[i] != line && !(strings.Contains(line, "error=") && strings.HasPrefix(got[i], line)) {
							t.Errorf("%s has\n%s, want\n%s", topic, strings.Join(got, "\n"), want)
							break
						}
					}
					for _, r := range records {
						if r.Timestamp.UnixMilli() != 1_700_000_000_000 && r.Value != nil {
							t.Errorf("the time of %s is %v", r.Value, r.Timestamp)
						}
					}
				}
				stop()
			})
		}
	}
}

// What stands in the order of a partition stays in it, and a second worker goes on where the first
// one ended.
func TestOrderAndRestart(t *testing.T) {
	for _, exactlyOnce := range []bool{false, true} {
		t.Run(fmt.Sprintf("exactly once %v", exactlyOnce), func(t *testing.T) {
			_, brokers := newCluster(t, 2)
			o := Options{Brokers: brokers, In: []string{"in"}, Out: "out", Headers: true, ExactlyOnce: exactlyOnce}
			const many = 3000
			for round := range 2 {
				var messages []*kgo.Record
				for i := range many {
					messages = append(messages, message(fmt.Sprint("key", i%7), fmt.Sprintf("n%d.tests.net", round*many+i)))
				}
				produce(t, brokers, messages...)
				_, stop := run(t, o)
				consume(t, brokers, "out", (round+1)*many)
				stop()
			}
			last := make(map[string]int)
			records := all(t, brokers, "out")
			if len(records) != 2*many {
				t.Errorf("%d messages, want %d", len(records), 2*many)
			}
			for _, r := range records {
				var n int
				fmt.Sscanf(string(r.Value), "n%d.", &n)
				if n < last[string(r.Key)] {
					t.Fatalf("%d comes behind %d", n, last[string(r.Key)])
				}
				last[string(r.Key)] = n
			}
		})
	}
}

func TestMessagesThatAreTooLarge(t *testing.T) {
	const most = 100_000
	for _, exactlyOnce := range []bool{false, true} {
		t.Run(fmt.Sprintf("exactly once %v", exactlyOnce), func(t *testing.T) {
			cluster, brokers := newCluster(t, 1)
			limit := fmt.Sprint(most)
			for _, topic := range []string{"out2", "dead2"} {
				if err := cluster.CreateTopic(topic, 1, map[string]string{"max.message.bytes": limit}); err != nil {
					t.Fatal(err)
				}
			}
			name := "x" + strings.Repeat(".a-long-label-of-twenty-five", 8) + ".net" // stands twice in a message with its verdict
			record := func(size int) string {
				start := `{"q":"` + name + `","f":"`
				return start + strings.Repeat("f", size-len(start)-len(`"}`)) + `"}`
			}
			produce(t, brokers,
				message("a", record(1000)), message("b", record(most-800)), message("c", record(900_000)), message("d", record(1000)),
				message(strings.Repeat("e", most), record(1000)), message("f", record(2000)))
			_, stop := run(t, Options{
				Brokers: brokers, In: []string{"in"}, Out: "out2", DeadLetters: "dead2", ExactlyOnce: exactlyOnce,
				Format: format(t, "jsonl"), Columns: []string{"q"},
			})
			dead := consume(t, brokers, "dead2", 3)
			out := consume(t, brokers, "out2", 3)
			stop()
			var got []string
			for _, r := range dead {
				why := ""
				for _, header := range r.Headers {
					if header.Key == headerError || header.Key == headerOffset || header.Key == headerLevel {
						why += " " + string(header.Value)
					}
				}
				got = append(got, fmt.Sprintf("%s %d%s", r.Key, len(r.Value), why))
			}
			slices.Sort(got)
			want := []string{
				" 0 medium its key and headers are larger than the topic takes 4",
				fmt.Sprintf("b %d medium with its verdict it is larger than the topic takes 1", most-800),
				"c 0 medium it is larger than the topic takes 2",
			}
			if !slices.Equal(got, want) {
				t.Errorf("dead letters %q, want %q", got, want)
			}
			var keys []string
			for _, r := range out {
				keys = append(keys, string(r.Key))
			}
			if strings.Join(keys, "") != "adf" {
				t.Errorf("the topic has %q", keys)
			}
		})
	}
}

func TestAnotherModelAndList(t *testing.T) {
	_, brokers := newCluster(t, 1)
	worker, _ := run(t, Options{Brokers: brokers, In: []string{"in"}, Out: "out", Headers: true})
	produce(t, brokers, message("", "z.tests.net"))
	first := consume(t, brokers, "out", 1)[0]
	worker.SetModel(snowman.Default())
	produce(t, brokers, message("", "z.tests.net"))
	second := consume(t, brokers, "out", 2)[1]
	if first.Headers[0].Key != headerModel || string(first.Headers[0].Value) == string(second.Headers[0].Value) {
		t.Errorf("the models are %s and %s", first.Headers[0].Value, second.Headers[0].Value)
	}
}

// answer returns what a probe is told.
func answer(t *testing.T, worker *Worker, path string) (code int, body string) {
	t.Helper()
	w := httptest.NewRecorder()
	worker.Probes().ServeHTTP(w, httptest.NewRequest("GET", path, nil))
	text, err := io.ReadAll(w.Result().Body)
	if err != nil {
		t.Fatal(err)
	}
	return w.Code, string(text)
}

func TestProbes(t *testing.T) {
	_, brokers := newCluster(t, 1)
	o := Options{Brokers: brokers, In: []string{"in"}, Out: "out", DeadLetters: "dead"}
	idle, err := New(o, toy(t), nil)
	if err != nil {
		t.Fatal(err)
	}
	if code, body := answer(t, idle, "/readyz"); code != http.StatusServiceUnavailable || !strings.Contains(body, "not in the group yet") {
		t.Errorf("before it runs it says %d %s", code, body)
	}
	produce(t, brokers, message("", "z.tests.net"), message("", "q.tests.net"), message("", "no name"))
	worker, stop := run(t, o)
	consume(t, brokers, "out", 2)
	second, stopSecond := run(t, o) // there is no partition for one of them
	for second.health.problem() != "" {
		time.Sleep(10 * time.Millisecond)
	}
	stopSecond()
	if code, body := answer(t, worker, "/readyz"); code != http.StatusOK {
		t.Errorf("it says %d %s", code, body)
	}
	worker.CountReload("model", nil)
	for {
		_, body := answer(t, worker, "/metrics")
		missing := ""
		for _, line := range []string{
			`snowman_stream_verdicts_total{level="high"} 1`, `snowman_stream_verdicts_total{level="low"} 1`, `snowman_stream_without_verdict_total{why="broken"} 1`,
			`snowman_stream_written_total{to="out"} 2`, `snowman_stream_written_total{to="dead letters"} 1`, `snowman_stream_commits_total{result="committed"} `,
			`snowman_reloads_total{result="ok",what="model"} 1`, `snowman_model_info{`, `snowman_build_info{`, `snowman_stream_rebalances_total `, `snowman_stream_restarts_total 0`,
		} {
			if !strings.Contains(body, line) {
				missing = line
			}
		}
		if missing == "" {
			break
		}
		if t.Context().Err() != nil {
			t.Fatalf("no %s in %s", missing, body)
		}
		time.Sleep(10 * time.Millisecond) // the commit comes behind the message
	}
	stop()
	if code, body := answer(t, worker, "/readyz"); code != http.StatusServiceUnavailable || body != "shutting down\n" {
		t.Errorf("at the end it says %d %s", code, body)
	}
}

func TestWhatCannotBe(t *testing.T) {
	_, brokers := newCluster(t, 1)
	in := []string{"in"}
	for _, test := range []struct {
		options Options
		want    string
	}{
		{Options{Out: "out"}, "no topic to read"},
		{Options{In: in}, "no topic to write to"},
		{Options{In: in, Out: "in"}, "would never end"},
		{Options{In: in, Out: "out", DeadLetters: "in"}, "would never end"},
		{Options{In: in, Out: "out", ECS: true}, "Elastic"},
		{Options{In: in, Out: "out", Columns: []string{"q"}}, "has no members"},
		{Options{In: in, Out: "out", Format: format(t, "jsonl")}, "does not tell where names stand"},
		{Options{In: in, Out: "out", Format: format(t, "csv"), Columns: []string{"2"}}, "do not come alone"},
		{Options{In: in, Out: "out", Format: format(t, "dnstap")}, "do not come alone"},
		{Options{In: in, Out: "out", Format: format(t, "text")}, "into headers"},
		{Options{In: in, Out: "out", Security: Security{Mechanism: "md5"}}, "unknown mechanism"},
		{Options{In: in, Out: "out", Security: Security{Mechanism: "plain", User: "u", Password: func() (string, error) { return "", nil }}}, "needs TLS"},
		{Options{In: in, Out: "missing"}, `topic "missing" does not exist`},
	} {
		test.options.Brokers = brokers
		worker, err := New(test.options, toy(t), nil)
		if err == nil {
			err = worker.Run(t.Context())
		}
		if err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%+v: %v, want %q", test.options, err, test.want)
		}
	}
}

// The first message without a verdict is told in the log, the others are only counted.
func TestTheFirstProblemIsTold(t *testing.T) {
	_, brokers := newCluster(t, 1)
	var log bytes.Buffer
	produce(t, brokers, message("a", "z.tests.net"), message("b", `{"query":"z.tests.net"}`), message("c", `{"query":"z.tests.net"}`))
	_, stop := run(t, Options{Brokers: brokers, In: []string{"in"}, Out: "out", Log: slog.New(slog.NewTextHandler(&log, nil))})
	consume(t, brokers, "out", 3)
	stop()
	if got := strings.Count(log.String(), "a message has no verdict"); got != 1 || !strings.Contains(log.String(), "offset=1") {
		t.Errorf("%d times in %s", got, &log)
	}
}
