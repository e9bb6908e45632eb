//go:build linux

package kafka_test

import (
	"context"
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"
)

var measured = flag.Int("measured", 0, "measure how long workers take for this `number` of messages; 0: do not")

// copier is the variable of the environment that makes this program a worker that copies: its
// value names a broker, and the prefix of topics.
const copier = "SNOWMAN_COPY"

func TestMain(m *testing.M) {
	if where := os.Getenv(copier); where != "" {
		broker, prefix, _ := strings.Cut(where, " ")
		if err := copyMessages(broker, prefix); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// copyMessages does all that a worker does, but for scoring, until it is told to end.
func copyMessages(broker, prefix string) error {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM)
	defer stop()
	client, err := kgo.NewClient(kgo.SeedBrokers(broker), kgo.ConsumerGroup(prefix+"group"), kgo.ConsumeTopics("in"), kgo.DisableAutoCommit(), kgo.BlockRebalanceOnPoll(),
		kgo.FetchMaxBytes(8<<20), kgo.FetchMaxPartitionBytes(1<<20), kgo.MaxConcurrentFetches(3), kgo.ProducerBatchCompression(kgo.Lz4Compression()),
		kgo.ProducerLinger(0), kgo.SessionTimeout(15*time.Second))
	if err != nil {
		return err
	}
	defer client.CloseAllowingRebalance()
	for {
		records := client.PollRecords(ctx, 10_000).Records()
		if ctx.Err() != nil {
			return nil
		}
		for _, record := range records {
			client.Produce(context.Background(), &kgo.Record{Topic: prefix + "out", Key: record.Key, Value: record.Value}, nil)
		}
		if err := client.Flush(context.Background()); err != nil {
			return err
		}
		if err := client.CommitRecords(context.Background(), records...); err != nil {
			return err
		}
		client.AllowRebalance()
	}
}

// TestRate measures workers on messages that wait: one that copies, and those of the program, in
// turns. Names are all different, so that nothing is remembered.
func TestRate(t *testing.T) {
	snowman := snowman(t)
	if *measured == 0 {
		t.Skip("it measures a broker: make bench-kafka")
	}
	c := newCluster(t, 1, "")
	b := c.brokers[0]
	client, err := kgo.NewClient(kgo.SeedBrokers(b.address()), kgo.DefaultProduceTopic("in"), kgo.ProducerBatchCompression(kgo.Lz4Compression()))
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	admin := kadm.NewClient(client)
	if _, err := admin.CreateTopic(t.Context(), 8, 1, nil, "in"); err != nil {
		t.Fatal(err)
	}
	for i := range *measured {
		name := make([]byte, 8+rand.IntN(10))
		for l := range name {
			name[l] = byte('a' + rand.IntN(26))
		}
		client.Produce(t.Context(), &kgo.Record{Key: name, Value: fmt.Appendf(nil, `{"ts":%d,"client":"10.0.%d.%d","query":"%s.com"}`, 1_700_000_000+i, i%200, i%250, name)}, func(_ *kgo.Record, err error) {
			if err != nil {
				t.Error(err)
			}
		})
	}
	if err := client.Flush(t.Context()); err != nil {
		t.Fatal(err)
	}
	t.Logf("%-28s %12s %16s %18s %10s", "worker", "messages/s", "its CPU s/10^6", "broker CPU s/10^6", "memory MiB")
	ways := []way{
		{"copies", 1, nil},
		{"at least once", 1, []string{"-to", "message"}},
		{"at least once, headers", 1, []string{"-to", "headers"}},
		{"exactly once", 1, []string{"-exactly-once"}},
		{"exactly once, two workers", 2, []string{"-exactly-once"}},
	}
	const rounds = 3
	for round := range rounds {
		for i, w := range ways {
			if round == 0 && i > 0 {
				break // the first only warms the broker up
			}
			prefix := fmt.Sprintf("rate%d-%d-", round, i)
			r := &run{cluster: c, snowman: snowman, prefix: prefix, client: client, admin: admin}
			if _, err := admin.CreateTopic(t.Context(), 8, 1, nil, prefix+"out"); err != nil {
				t.Fatal(err)
			}
			r.measure(t, w)
			if _, err := admin.DeleteTopic(t.Context(), prefix+"out"); err != nil {
				t.Fatal(err)
			}
		}
	}
}

// A way is how messages are worked on: by the program with arguments, or copied where there are
// none.
type way struct {
	name      string
	workers   int
	arguments []string
}

// measure has workers work on all that waits, and says what it took.
func (r *run) measure(t *testing.T, w way) {
	b := r.cluster.brokers[0]
	before, began := cpuOf(t, b.running), time.Now()
	var all []*process
	for number := range w.workers {
		arguments := append([]string{r.snowman, "stream", "-brokers", b.address(), "-group", r.prefix + "group", "-in", "in", "-field", "query", "-out", r.prefix + "out",
			"-transactional-id", fmt.Sprint(r.prefix, number)}, w.arguments...)
		if w.arguments == nil {
			os.Setenv(copier, b.address()+" "+r.prefix)
			self, err := os.Executable()
			if err != nil {
				t.Fatal(err)
			}
			arguments = []string{self}
		}
		all = append(all, launch(t, r.cluster.folder, r.prefix+"worker.log", arguments...))
		os.Unsetenv(copier)
	}
	r.await(t)
	took := time.Since(began)
	ofBroker := cpuOf(t, b.running) - before
	var ofWorkers time.Duration
	var memory int64
	for _, worker := range all {
		if err := worker.stop(syscall.SIGTERM); err != nil {
			t.Errorf("%s: %v", w.name, err)
		}
		usage := worker.command.ProcessState.SysUsage().(*syscall.Rusage)
		ofWorkers += worker.command.ProcessState.UserTime() + worker.command.ProcessState.SystemTime()
		memory = max(memory, usage.Maxrss>>10)
	}
	millions := float64(*measured) / 1e6
	t.Logf("%-28s %12.0f %16.1f %18.1f %10d", w.name, float64(*measured)/took.Seconds(), ofWorkers.Seconds()/millions, ofBroker.Seconds()/millions, memory)
}

// cpuOf returns the time that processors worked for a process so far.
func cpuOf(t *testing.T, p *process) time.Duration {
	t.Helper()
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", p.command.Process.Pid))
	if err != nil {
		t.Fatal(err)
	}
	_, fields, _ := strings.Cut(string(stat), ") ")
	var user, system int64 // in hundredths of a second
	rest := strings.Fields(fields)
	fmt.Sscan(rest[11], &user)
	fmt.Sscan(rest[12], &system)
	return time.Duration(user+system) * 10 * time.Millisecond
}
