//go:build linux

package kafka_test

import (
	"context"
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"os/signal"
	"path/filepath"
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

// TestRate measures workers on messages that wait: one that copies, and those of the program. Names
// are all different, so that nothing is remembered.
func TestRate(t *testing.T) {
	if !*start || *measured == 0 {
		t.Skip("it measures a broker: make bench-kafka")
	}
	snowman, err := filepath.Abs(*program)
	if err != nil {
		t.Fatal(err)
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
	for i, way := range []struct {
		name      string
		workers   int
		arguments []string
	}{
		{"copies", 1, nil},
		{"at least once", 1, []string{"-to", "message"}},
		{"at least once, headers", 1, []string{"-to", "headers"}},
		{"exactly once", 1, []string{"-exactly-once"}},
		{"exactly once, two workers", 2, []string{"-exactly-once"}},
	} {
		prefix := fmt.Sprintf("rate%d-", i)
		if _, err := admin.CreateTopic(t.Context(), 8, 1, nil, prefix+"out"); err != nil {
			t.Fatal(err)
		}
		before, began := cpuOf(t, b.running), time.Now()
		var all []*process
		for number := range way.workers {
			arguments := append([]string{snowman, "stream", "-brokers", b.address(), "-group", prefix + "group", "-in", "in", "-field", "query", "-out", prefix + "out",
				"-transactional-id", fmt.Sprint(prefix, number)}, way.arguments...)
			if way.arguments == nil {
				os.Setenv(copier, b.address()+" "+prefix)
				arguments = []string{os.Args[0]}
			}
			all = append(all, launch(t, c.folder, prefix+"worker.log", arguments...))
			os.Unsetenv(copier)
		}
		r := &run{cluster: c, prefix: prefix, client: client, admin: admin}
		r.await(t)
		took := time.Since(began)
		ofBroker := cpuOf(t, b.running) - before
		var ofWorkers time.Duration
		var memory int64
		for _, worker := range all {
			if err := worker.stop(syscall.SIGTERM); err != nil {
				t.Errorf("%s: %v", way.name, err)
			}
			usage := worker.command.ProcessState.SysUsage().(*syscall.Rusage)
			ofWorkers += worker.command.ProcessState.UserTime() + worker.command.ProcessState.SystemTime()
			memory = max(memory, usage.Maxrss>>10)
		}
		millions := float64(*measured) / 1e6
		t.Logf("%-28s %12.0f %16.1f %18.1f %10d", way.name, float64(*measured)/took.Seconds(), ofWorkers.Seconds()/millions, ofBroker.Seconds()/millions, memory)
	}
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
