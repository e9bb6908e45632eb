//go:build linux

// Package kafka_test holds snowman stream against a real Apache Kafka: two workers of one group are
// killed while they work, again and again, and the broker is restarted under them. Afterwards no
// message may be missing, and exactly once none may be there twice.
//
// Everything happens on loopback and in temporary folders. Nothing is started without the flag
// -start, and what cannot be had is named as NOT TESTED.
package kafka_test

import (
	"context"
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"
)

var (
	start    = flag.Bool("start", false, "start a broker and workers; without it the test is skipped")
	program  = flag.String("snowman", "../../build/snowman", "the `program` that works")
	records  = flag.Int("records", 100_000, "write this `number` of messages")
	kills    = flag.Int("kills", 2, "kill each worker `N` times")
	restarts = flag.Int("restarts", 1, "restart the broker `N` times")
	rate     = flag.Int("rate", 4000, "write `N` messages a second, so that kills fall into work")
	workers  = flag.Int("workers", 2, "so many workers")
)

// patience is how long anything may take that should take no time at all. However busy the machine
// is, only something that hangs takes longer.
const patience = 2 * time.Minute

func TestNothingIsLostOrDoubled(t *testing.T) {
	if !*start {
		t.Skip("it starts a broker: make check-kafka")
	}
	snowman, err := filepath.Abs(*program)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(snowman); err != nil {
		t.Fatal(err)
	}
	b := newBroker(t)
	for _, exactlyOnce := range []bool{true, false} {
		name := "at least once"
		if exactlyOnce {
			name = "exactly once"
		}
		t.Run(name, func(t *testing.T) { torture(t, b, snowman, exactlyOnce) })
	}
}

// A run is one torture of a group.
type run struct {
	broker      *broker
	snowman     string
	prefix      string // of topics and groups
	exactlyOnce bool
	workers     []*process
	client      *kgo.Client
	admin       *kadm.Client
}

func torture(t *testing.T, b *broker, snowman string, exactlyOnce bool) {
	r := &run{broker: b, snowman: snowman, prefix: fmt.Sprintf("t%v-", exactlyOnce), exactlyOnce: exactlyOnce}
	client, err := kgo.NewClient(kgo.SeedBrokers(b.address()), kgo.DefaultProduceTopic(r.prefix+"in"))
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	r.client, r.admin = client, kadm.NewClient(client)
	for _, topic := range []string{"in", "out", "dead"} {
		if _, err := r.admin.CreateTopic(t.Context(), 8, 1, nil, r.prefix+topic); err != nil {
			t.Fatal(err)
		}
	}
	for i := range *workers {
		r.workers = append(r.workers, r.startWorker(t, i))
	}
	fed := make(chan error, 1)
	go func() { fed <- r.feed(t.Context()) }()
	r.disturb(t)
	if err := <-fed; err != nil {
		t.Fatal(err)
	}
	r.await(t)
	for i, worker := range r.workers {
		if err := worker.stop(syscall.SIGTERM); err != nil {
			t.Errorf("worker %d ends with %v", i, err)
		}
	}
	r.count(t)
	if t.Failed() {
		for i := range r.workers {
			said, _ := os.ReadFile(filepath.Join(b.Folder, r.output(i)))
			t.Logf("worker %d: %s", i, said[max(0, len(said)-4000):])
		}
	}
}

func (r *run) output(worker int) string { return fmt.Sprintf("%sworker%d.log", r.prefix, worker) }

// startWorker starts a worker. One that was killed comes back with the same transactional id.
func (r *run) startWorker(t *testing.T, number int) *process {
	return launch(t, r.broker.Folder, r.output(number), r.snowman, "stream", "-brokers", r.broker.address(), "-group", r.prefix+"group",
		"-in", r.prefix+"in", "-out", r.prefix+"out", "-dead-letters", r.prefix+"dead", "-to", "headers",
		fmt.Sprintf("-exactly-once=%v", r.exactlyOnce), "-transactional-id", fmt.Sprintf("%sid%d", r.prefix, number), "-session-timeout", "6s")
}

// poison is the number of a message that is no name, and large.
const poison = 1000

// feed writes all messages, each with its number as its key, at the given rate.
func (r *run) feed(ctx context.Context) error {
	started := time.Now()
	var failed atomic.Pointer[error]
	for i := range *records {
		if ahead := time.Until(started.Add(time.Duration(i) * time.Second / time.Duration(*rate))); ahead > 10*time.Millisecond {
			time.Sleep(ahead)
		}
		value := fmt.Appendf(nil, "n%d.tests.net", i%50_000)
		if i == poison {
			value = []byte(strings.Repeat("poison ", 900_000/7))
		}
		r.client.Produce(ctx, &kgo.Record{Key: strconv.AppendInt(nil, int64(i), 10), Value: value}, func(_ *kgo.Record, err error) {
			if err != nil {
				failed.Store(&err)
			}
		})
	}
	if err := r.client.Flush(ctx); err != nil {
		return err
	}
	if err := failed.Load(); err != nil {
		return fmt.Errorf("writing messages: %w", *err)
	}
	return nil
}

// disturb kills workers and restarts the broker, spread over the time that feeding takes.
func (r *run) disturb(t *testing.T) {
	total := time.Duration(*records) * time.Second / time.Duration(*rate)
	events := *kills**workers + *restarts
	kill, restart := 0, 0
	for event := range events {
		pause := total / time.Duration(events+1)
		time.Sleep(pause/2 + rand.N(pause/2))
		if restart < *restarts && (event+1)*(*restarts+1) >= (restart+1)*(events+1) {
			restart++
			signal := []syscall.Signal{syscall.SIGTERM, syscall.SIGKILL}[restart%2]
			t.Logf("the broker gets %v", signal)
			r.broker.running.stop(signal)
			r.broker.start(t)
			continue
		}
		number := kill % *workers
		kill++
		if err := r.workers[number].stop(syscall.SIGKILL); err == nil {
			t.Errorf("worker %d had ended", number)
		}
		r.workers[number] = r.startWorker(t, number)
	}
	t.Logf("%d kills, %d restarts", kill, restart)
}

// await waits until the group has committed all that is in the topic.
func (r *run) await(t *testing.T) {
	t.Helper()
	for started := time.Now(); ; time.Sleep(time.Second / 2) {
		lags, err := r.admin.Lag(t.Context(), r.prefix+"group")
		lag := int64(-1)
		if one, found := lags[r.prefix+"group"]; err == nil && found && one.Error() == nil {
			lag = one.Lag.Total()
			committed := 0
			for _, partitions := range one.Lag {
				committed += len(partitions)
			}
			if lag == 0 && committed == 8 {
				return
			}
		}
		if time.Since(started) > patience {
			t.Fatalf("%d messages wait still (%v)", lag, err)
		}
	}
}

// count counts how often each message came out.
func (r *run) count(t *testing.T) {
	times := make([]int, *records)
	committed := r.read(t, kgo.ReadCommitted(), func(topic string, key int) {
		times[key]++
		if key == poison != strings.HasSuffix(topic, "dead") {
			t.Errorf("message %d is in topic %q", key, topic)
		}
	})
	missing, doubled := 0, 0
	for key, count := range times {
		switch {
		case count == 0:
			if missing++; missing < 5 {
				t.Errorf("message %d is missing", key)
			}
		case count > 1:
			doubled += count - 1
		}
	}
	written := r.read(t, kgo.ReadUncommitted(), func(string, int) {})
	t.Logf("%d messages: %d missing, %d doubled; %d more were written in transactions that were aborted", *records, missing, doubled, written-committed)
	if missing > 0 || doubled > 0 && r.exactlyOnce {
		t.Errorf("%d missing, %d doubled", missing, doubled)
	}
}

// read reads both topics to their ends, and returns how many messages there were.
func (r *run) read(t *testing.T, level kgo.IsolationLevel, each func(topic string, key int)) (count int) {
	t.Helper()
	topics := []string{r.prefix + "out", r.prefix + "dead"}
	client, err := kgo.NewClient(kgo.SeedBrokers(r.broker.address()), kgo.ConsumeTopics(topics...), kgo.FetchIsolationLevel(level), kgo.KeepControlRecords())
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	ends, err := r.admin.ListEndOffsets(t.Context(), topics...)
	if err != nil {
		t.Fatal(err)
	}
	left := make(map[string]int64) // the end of each partition that is not read to it
	ends.Each(func(o kadm.ListedOffset) {
		if o.Offset > 0 {
			left[fmt.Sprint(o.Topic, o.Partition)] = o.Offset
		}
	})
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	for len(left) > 0 {
		fetches := client.PollFetches(ctx)
		if err := fetches.Err(); err != nil {
			t.Fatalf("reading to the ends %v: %v", left, err)
		}
		fetches.EachRecord(func(record *kgo.Record) {
			if place := fmt.Sprint(record.Topic, record.Partition); record.Offset+1 >= left[place] {
				delete(left, place)
			}
			if record.Attrs.IsControl() {
				return
			}
			key, err := strconv.Atoi(string(record.Key))
			if err != nil || key < 0 || key >= *records {
				t.Fatalf("a key is %q", record.Key)
			}
			count++
			each(record.Topic, key)
		})
	}
	return count
}
