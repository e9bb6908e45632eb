//go:build linux

// Package kafka_test holds snowman stream to a real Apache Kafka: two workers of one group are
// killed while they work, again and again, and brokers are restarted under them. Afterwards no
// message may be missing, and exactly once none may be there twice. Workers log in over TLS with
// the rights that docs/kafka.md names.
//
// Everything happens on loopback and in temporary folders. Nothing is started without the flag
// -start, and what cannot be had is named as NOT TESTED.
package kafka_test

import (
	"bytes"
	"context"
	"encoding/base64"
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"
)

var (
	start    = flag.Bool("start", false, "start brokers and workers; without it the tests are skipped")
	program  = flag.String("snowman", "../../build/snowman", "the `program` that works")
	records  = flag.Int("records", 100_000, "write this `number` of messages, for each promise")
	kills    = flag.Int("kills", 2, "kill each worker `N` times")
	restarts = flag.Int("restarts", 1, "restart a broker `N` times")
	rate     = flag.Int("rate", 2500, "write `N` messages a second, so that kills fall into work")
	workers  = flag.Int("workers", 2, "so many workers")
	brokers  = flag.Int("brokers", 1, "so many brokers")
)

// patience is how long anything may take that should take no time at all. However busy the machine
// is, only something that hangs takes longer.
const patience = 2 * time.Minute

// quick makes Java start faster, and work slower.
var quick = []string{"-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC"}

// snowman returns the program, or skips the test.
func snowman(t *testing.T) string {
	t.Helper()
	if !*start {
		t.Skip("it starts brokers: make check-kafka")
	}
	path, err := filepath.Abs(*program)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(path); err != nil {
		t.Fatal(err)
	}
	return path
}

// Both promises are held to the same brokers at once. Each worker is killed so often, and brokers
// end by SIGKILL and SIGTERM in turns.
func TestNothingIsLostOrDoubled(t *testing.T) {
	snowman := snowman(t)
	c := newCluster(t, *brokers, "", quick...)
	runs := []*run{newRun(t, c, snowman, true), newRun(t, c, snowman, false)}
	begin(t, runs...)
	events, kill, restart := *kills**workers+*restarts, 0, 0
	for event := range events {
		part := *records / (events + 1)
		until := event*part + part/2 + rand.N(part/2)
		for _, r := range runs {
			r.awaitFed(t, until)
		}
		if restart < *restarts && (event+1)*(*restarts+1) >= (restart+1)*(events+1) {
			restart++
			c.restart(t, c.brokers[restart%len(c.brokers)], []syscall.Signal{syscall.SIGTERM, syscall.SIGKILL}[restart%2])
			continue
		}
		for _, r := range runs {
			r.kill(t, kill%*workers)
		}
		kill++
	}
	t.Logf("%d kills for each promise, %d restarts, all while messages came", kill, restart)
	for _, r := range runs {
		t.Run(r.promise(), func(t *testing.T) {
			r.finish(t)
			if r.exactlyOnce && r.killedOpen == 0 && *kills > 0 {
				t.Error("no worker was killed in a transaction")
			}
		})
	}
	t.Run("refused", runs[0].refuse)
}

// refuse starts workers that may not log in, or may not do what they have to: each ends and says
// why.
func (r *run) refuse(t *testing.T) {
	c := r.cluster
	wrong := filepath.Join(c.folder, "wrong")
	write(t, wrong, []byte("battery-staple\n"))
	for _, test := range []struct {
		shows, want string
		arguments   []string
	}{
		{"a wrong password", "SASL_AUTHENTICATION_FAILED", []string{"-password-file", wrong}},
		{"a topic without a right", "TOPIC_AUTHORIZATION_FAILED", []string{"-out", "foreign"}},
		{"a group without a right", "GROUP_AUTHORIZATION_FAILED", []string{"-group", "foreign"}},
		{"a transactional id without a right", "TRANSACTIONAL_ID_AUTHORIZATION_FAILED", []string{"-transactional-id", "foreign"}},
	} {
		t.Run(test.shows, func(t *testing.T) {
			worker := launch(t, c.folder, "refused.log", append(r.arguments(0), test.arguments...)...)
			select {
			case <-worker.exited:
			case <-time.After(patience):
			}
			said, _ := os.ReadFile(filepath.Join(c.folder, "refused.log"))
			if !worker.hasExited() || worker.command.ProcessState.ExitCode() != 1 || !strings.Contains(string(said), test.want) {
				t.Errorf("it says %.2000s", said)
			}
			os.Remove(filepath.Join(c.folder, "refused.log"))
		})
	}
}

// A run is one group, and what is fed to it.
type run struct {
	cluster     *cluster
	snowman     string
	prefix      string // of topics, groups and transactional ids
	exactlyOnce bool
	workers     []*process
	client      *kgo.Client
	admin       *kadm.Client
	fed         atomic.Int64
	ended       chan error // of feeding
	slow        *slowReader
	killedOpen  int // workers that were killed in a transaction
}

func (r *run) promise() string {
	if r.exactlyOnce {
		return "exactly once"
	}
	return "at least once"
}

// newRun makes the topics, and gives workers the rights that they need.
func newRun(t *testing.T, c *cluster, snowman string, exactlyOnce bool) *run {
	t.Helper()
	r := &run{cluster: c, snowman: snowman, prefix: "most-", exactlyOnce: exactlyOnce, ended: make(chan error, 1)}
	if exactlyOnce {
		r.prefix = "once-"
	}
	client, err := kgo.NewClient(kgo.SeedBrokers(c.addresses()...), kgo.DefaultProduceTopic(r.prefix+"in"),
		kgo.UnknownTopicRetries(-1)) // a broker that has just started says so of its topics
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(client.Close)
	t.Cleanup(func() {
		for i := range r.workers {
			if said, _ := os.ReadFile(filepath.Join(c.folder, r.output(i))); t.Failed() {
				t.Logf("%s, worker %d: %s", r.promise(), i, said[max(0, len(said)-4000):])
			}
		}
	})
	r.client, r.admin = client, kadm.NewClient(client)
	if _, err := r.admin.CreateTopics(t.Context(), 8, -1, nil, r.prefix+"in", r.prefix+"out", r.prefix+"dead"); err != nil {
		t.Fatal(err)
	}
	for _, rights := range []*kadm.ACLBuilder{
		kadm.NewACLs().Topics(r.prefix + "in").Groups(r.prefix + "group").Operations(kadm.OpRead),
		kadm.NewACLs().Topics(r.prefix+"out", r.prefix+"dead").Operations(kadm.OpWrite, kadm.OpDescribeConfigs),
		kadm.NewACLs().TransactionalIDs(r.transactionalID(0), r.transactionalID(1)).Operations(kadm.OpWrite, kadm.OpDescribe),
	} {
		results, err := r.admin.CreateACLs(t.Context(), rights.Allow("User:"+user).AllowHosts())
		if err != nil {
			t.Fatal(err)
		}
		for _, result := range results {
			if result.Err != nil {
				t.Fatal(result.Err)
			}
		}
	}
	for _, b := range c.brokers {
		r.awaitRights(t, b)
	}
	return r
}

// awaitRights waits until a broker knows of the rights that were given last.
func (r *run) awaitRights(t *testing.T, b *broker) {
	t.Helper()
	id := r.transactionalID(0)
	request := kmsg.NewPtrDescribeACLsRequest()
	request.ResourceType, request.ResourceName = kmsg.ACLResourceTypeTransactionalId, &id
	request.ResourcePatternType, request.Operation, request.PermissionType = kmsg.ACLResourcePatternTypeLiteral, kmsg.ACLOperationAny, kmsg.ACLPermissionTypeAny
	for began := time.Now(); ; time.Sleep(time.Second / 10) {
		answer, err := request.RequestWith(t.Context(), r.client.Broker(b.Node))
		if err == nil && len(answer.Resources) > 0 {
			return
		}
		if time.Since(began) > patience {
			t.Fatalf("broker %d knows no rights: %+v, %v", b.Node, answer, err)
		}
	}
}

// begin starts workers and slow readers of what they write, and feeds when all are members.
func begin(t *testing.T, runs ...*run) {
	t.Helper()
	began := time.Now()
	for _, r := range runs {
		for i := range *workers {
			r.workers = append(r.workers, r.startWorker(t, i))
		}
		r.slow = r.readSlowly(t)
	}
	for _, r := range runs {
		group := r.prefix + "group"
		for {
			described, err := r.admin.DescribeGroups(t.Context(), group)
			if err == nil && described[group].State == "Stable" && len(described[group].Members) == *workers {
				break
			}
			if slices.ContainsFunc(r.workers, (*process).hasExited) || time.Since(began) > patience {
				t.Fatalf("the group is %+v, %v", described[group], err)
			}
			time.Sleep(time.Second / 10)
		}
	}
	t.Logf("all workers are members after %v", time.Since(began).Round(time.Second/10))
	for _, r := range runs {
		go func() { r.ended <- r.feed(t.Context()) }()
	}
}

// finish awaits that all is written, ends the workers, and counts.
func (r *run) finish(t *testing.T) {
	began := time.Now()
	if err := <-r.ended; err != nil {
		t.Fatal(err)
	}
	fed := time.Now()
	r.await(t)
	caughtUp := time.Now()
	for i, worker := range r.workers {
		if err := worker.stop(syscall.SIGTERM); err != nil {
			t.Errorf("worker %d ends with %v", i, err)
		}
	}
	stopped := time.Now()
	r.count(t)
	t.Logf("the rest was fed in %v, and written %v later; workers ended after %v; counted in %v", fed.Sub(began).Round(time.Second/10),
		caughtUp.Sub(fed).Round(time.Second/10), stopped.Sub(caughtUp).Round(time.Second/10), time.Since(stopped).Round(time.Second/10))
}

func (r *run) output(worker int) string { return fmt.Sprintf("%sworker%d.log", r.prefix, worker) }

func (r *run) transactionalID(worker int) string { return fmt.Sprint(r.prefix, "id", worker) }

// arguments are those of a worker. One that was killed comes back with the same transactional id.
func (r *run) arguments(worker int) []string {
	return []string{
		r.snowman, "stream", "-brokers", r.cluster.secure(), "-group", r.prefix + "group",
		"-in", r.prefix + "in", "-out", r.prefix + "out", "-dead-letters", r.prefix + "dead", "-to", "headers",
		fmt.Sprintf("-exactly-once=%v", r.exactlyOnce), "-transactional-id", r.transactionalID(worker), "-session-timeout", "6s",
		"-tls", "-tls-ca", filepath.Join(r.cluster.folder, "ca.pem"), "-sasl", "scram-sha-512", "-user", user, "-password-file", filepath.Join(r.cluster.folder, "password"),
	}
}

func (r *run) startWorker(t *testing.T, number int) *process {
	return launch(t, r.cluster.folder, r.output(number), r.arguments(number)...)
}

// kill kills a worker and starts it again. The first of a run that works exactly once dies in a
// transaction, others wherever they are.
func (r *run) kill(t *testing.T, number int) {
	t.Helper()
	id := r.transactionalID(number)
	isOpen := func() bool {
		described, err := r.admin.DescribeTransactions(t.Context(), id)
		return err == nil && described[id].State == "Ongoing"
	}
	for waited := time.Now(); r.exactlyOnce && r.killedOpen == 0 && !isOpen() && time.Since(waited) < patience; {
		time.Sleep(10 * time.Millisecond)
	}
	if err := r.workers[number].stop(syscall.SIGKILL); err == nil {
		t.Errorf("worker %d had ended", number)
	}
	if r.exactlyOnce && isOpen() {
		r.killedOpen++
	}
	r.workers[number] = r.startWorker(t, number)
}

// Large messages: one is no name, and the other is one that with its verdict is larger than a topic
// takes.
const (
	noName  = 1000
	tooLong = 1001
)

// feed writes all messages, each with its number as its key, at the given rate. While no broker
// takes them it waits, and then goes on at the same rate.
func (r *run) feed(ctx context.Context) error {
	started := time.Now()
	var failed atomic.Pointer[error]
	for i := range *records {
		due := started.Add(time.Duration(i) * time.Second / time.Duration(*rate))
		switch ahead := time.Until(due); {
		case ahead > 10*time.Millisecond:
			time.Sleep(ahead)
		case ahead < -time.Second:
			started = started.Add(-ahead)
		}
		value := fmt.Appendf(nil, "n%d.tests.net", i)
		switch i {
		case noName:
			value = bytes.Repeat([]byte("no name "), 900_000/8)
		case tooLong:
			value = make([]byte, 675_000)
			for j := range value {
				value[j] = byte(rand.Uint32())
			}
			value = base64.StdEncoding.AppendEncode(nil, value)
		}
		r.client.Produce(ctx, &kgo.Record{Key: strconv.AppendInt(nil, int64(i), 10), Value: value}, func(_ *kgo.Record, err error) {
			if err != nil {
				failed.Store(&err)
			}
			r.fed.Add(1)
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

// awaitFed waits until brokers have a number of messages.
func (r *run) awaitFed(t *testing.T, many int) {
	t.Helper()
	for last, changed := int64(0), time.Now(); ; time.Sleep(20 * time.Millisecond) {
		now := r.fed.Load()
		if now >= int64(many) {
			return
		}
		if now > last {
			last, changed = now, time.Now()
		}
		if time.Since(changed) > patience {
			t.Fatalf("brokers have taken %d messages, and no more", now)
		}
	}
}

// await waits until the group has committed all that is in the topic.
func (r *run) await(t *testing.T) {
	t.Helper()
	last, changed := int64(-1), time.Now()
	for ; ; time.Sleep(time.Second / 5) {
		lags, err := r.admin.Lag(t.Context(), r.prefix+"group")
		if one, found := lags[r.prefix+"group"]; err == nil && found && one.Error() == nil {
			lag, committed := one.Lag.Total(), 0
			for _, partitions := range one.Lag {
				committed += len(partitions)
			}
			if lag == 0 && committed == 8 {
				return
			}
			if lag != last {
				last, changed = lag, time.Now()
			}
		}
		if time.Since(changed) > patience {
			t.Fatalf("%d messages wait still (%v)", last, err)
		}
	}
}
