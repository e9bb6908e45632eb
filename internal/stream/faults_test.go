package stream

import (
	"bytes"
	"errors"
	"fmt"
	"math/rand/v2"
	"strconv"
	"strings"
	"testing"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"
)

// What brokers refuse for a while is neither lost nor, exactly once, doubled.
func TestBrokersThatRefuse(t *testing.T) {
	for _, test := range []struct {
		shows string
		key   kmsg.Key
		topic string
		err   *kerr.Error
		only  string // the one promise that asks for it; else empty
	}{
		{"a full disk", kmsg.Produce, "out", kerr.KafkaStorageError, ""},
		{"a right that is taken away", kmsg.Produce, "out", kerr.TopicAuthorizationFailed, ""},
		{"a topic that takes less than it says", kmsg.Produce, "out", kerr.InvalidRecord, ""},
		{"a coordinator that moves", kmsg.OffsetCommit, "in", kerr.NotCoordinator, "at least once"},
		{"a group that has gone on", kmsg.OffsetCommit, "in", kerr.IllegalGeneration, "at least once"},
		{"offsets that are refused", kmsg.TxnOffsetCommit, "in", kerr.IllegalGeneration, "exactly once"},
	} {
		for _, promise := range []string{"at least once", "exactly once"} {
			if test.only != "" && test.only != promise || testing.Short() && test.err != kerr.InvalidRecord {
				continue
			}
			t.Run(test.shows+"/"+promise, func(t *testing.T) {
				cluster, brokers := newCluster(t, 1)
				const many = 500
				var messages []*kgo.Record
				for i := range many {
					messages = append(messages, message(strconv.Itoa(i), fmt.Sprintf("n%d.tests.net", i)))
				}
				produce(t, brokers, messages...)
				fault := cluster.Fault(kfake.Fault{Keys: []kmsg.Key{test.key}, Topic: test.topic, Err: test.err, Count: 2})
				_, stop := run(t, Options{Brokers: brokers, In: []string{"in"}, Out: "out", Headers: true, ExactlyOnce: promise == "exactly once"})
				times := make(map[string]int)
				for _, r := range consume(t, brokers, "out", many) {
					times[string(r.Key)]++
				}
				stop()
				total := len(all(t, brokers, "out"))
				if len(times) != many || fault.Hits() == 0 || promise == "exactly once" && total != many {
					t.Errorf("%d of %d messages came out, %d in all; the broker refused %d times", len(times), many, total, fault.Hits())
				}
			})
		}
	}
}

// A worker without the right to its transactional id says so before there is a message to write.
func TestNoRightToTransactions(t *testing.T) {
	cluster, brokers := newCluster(t, 1)
	cluster.Fault(kfake.Fault{Keys: []kmsg.Key{kmsg.InitProducerID}, Err: kerr.TransactionalIDAuthorizationFailed})
	worker, err := New(Options{Brokers: brokers, In: []string{"in"}, Out: "out", ExactlyOnce: true}, toy(t), nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := worker.Run(t.Context()); !errors.Is(err, kerr.TransactionalIDAuthorizationFailed) {
		t.Errorf("it ends with %v", err)
	}
}

// Topics that from now on take less than they said at the start get all messages that fit.
func TestTopicsThatTakeLess(t *testing.T) {
	for _, exactlyOnce := range []bool{false, true} {
		t.Run(fmt.Sprintf("exactly once %v", exactlyOnce), func(t *testing.T) {
			_, brokers := newCluster(t, 1)
			worker, stop := run(t, Options{Brokers: brokers, In: []string{"in"}, Out: "out", DeadLetters: "dead", Headers: true, ExactlyOnce: exactlyOnce})
			await(t, func() bool { return worker.health.problem() == "" })
			less := "20000"
			changed, err := kadm.NewClient(newClient(t, brokers)).AlterTopicConfigs(t.Context(), []kadm.AlterConfig{{Op: kadm.SetConfig, Name: "max.message.bytes", Value: &less}}, "out", "dead")
			if err != nil || changed[0].Err != nil || changed[1].Err != nil {
				t.Fatal(changed, err)
			}
			const many = 300
			var messages []*kgo.Record
			for i := range many {
				messages = append(messages, message(strconv.Itoa(i), fmt.Sprintf("n%d.tests.net/%s", i, noise(600))))
			}
			messages[7].Value = []byte("tests.net/" + noise(30_000))
			produce(t, brokers, messages...)
			dead := consume(t, brokers, "dead", 1)
			out := consume(t, brokers, "out", many-1)
			stop()
			times := make(map[string]int)
			for _, r := range out {
				times[string(r.Key)]++
			}
			if len(times) != many-1 || times["7"] > 0 || string(dead[0].Key) != "7" || worker.bound == 0 {
				t.Errorf("%d messages are in out, %q in the dead letters", len(times), dead[0].Key)
			}
		})
	}
}

// noise returns text that no compression makes much smaller.
func noise(size int) string {
	text := make([]byte, size)
	for i := range text {
		text[i] = "abcdefghijklmnopqrstuvwxyz0123456789-_ABCDEFGHIJKLMNOPQRSTUVWXYZ"[rand.IntN(64)]
	}
	return string(text)
}

// A message that its topic refuses becomes a dead letter, and takes no other with it. Without a
// topic for that the worker ends and says which one it is.
func TestMessageThatIsRefused(t *testing.T) {
	for _, test := range []struct {
		dead        string
		exactlyOnce bool
	}{{"dead", false}, {"dead", true}, {"", false}} {
		t.Run(fmt.Sprintf("dead letters %q, exactly once %v", test.dead, test.exactlyOnce), func(t *testing.T) {
			cluster, brokers := newCluster(t, 1)
			const many, pill = 200, "qzjxkwvpill" // no compression finds it elsewhere
			cluster.ControlKey(int16(kmsg.Produce), func(request kmsg.Request) (kmsg.Response, error, bool) {
				cluster.KeepControl()
				produced := request.(*kmsg.ProduceRequest)
				response := produced.ResponseKind().(*kmsg.ProduceResponse)
				isRefused := false
				for _, topic := range produced.Topics {
					of := kmsg.NewProduceResponseTopic()
					of.Topic, of.TopicID = topic.Topic, topic.TopicID
					for _, partition := range topic.Partitions {
						isRefused = isRefused || bytes.Contains(partition.Records, []byte(pill)) && bytes.Contains(partition.Records, []byte(headerModel)) && !bytes.Contains(partition.Records, []byte("refuses it"))
						one := kmsg.NewProduceResponseTopicPartition()
						one.Partition, one.ErrorCode = partition.Partition, kerr.InvalidRecord.Code
						of.Partitions = append(of.Partitions, one)
					}
					response.Topics = append(response.Topics, of)
				}
				return response, nil, isRefused
			})
			var messages []*kgo.Record
			for i := range many {
				messages = append(messages, message(strconv.Itoa(i), fmt.Sprintf("n%d.tests.net", i)))
			}
			messages[42].Value = []byte(pill)
			produce(t, brokers, messages...)
			o := Options{Brokers: brokers, In: []string{"in"}, Out: "out", DeadLetters: test.dead, Headers: true, ExactlyOnce: test.exactlyOnce}
			if test.dead == "" {
				worker, err := New(o, toy(t), nil)
				if err != nil {
					t.Fatal(err)
				}
				if err := worker.Run(t.Context()); !errors.Is(err, kerr.InvalidRecord) || !strings.Contains(err.Error(), "at offset 42 ") {
					t.Errorf("it ends with %v", err)
				}
				return
			}
			_, stop := run(t, o)
			dead, out := consume(t, brokers, "dead", 1), consume(t, brokers, "out", many-1)
			stop()
			if string(dead[0].Value) != pill || len(out) != many-1 {
				t.Errorf("%d messages are in out, %q in the dead letters", len(out), dead[0].Value)
			}
		})
	}
}

// A message with too many headers is a dead letter without them.
func TestTooManyHeaders(t *testing.T) {
	_, brokers := newCluster(t, 1)
	many := make([]kgo.RecordHeader, mostHeaders+1)
	for i := range many {
		many[i].Key = strconv.Itoa(i)
	}
	tooMany, most := message("a", "z.tests.net"), message("b", "z.tests.net")
	tooMany.Headers, most.Headers = many, many[1:]
	produce(t, brokers, tooMany, most)
	_, stop := run(t, Options{Brokers: brokers, In: []string{"in"}, Out: "out", DeadLetters: "dead"})
	dead, out := consume(t, brokers, "dead", 1)[0], consume(t, brokers, "out", 1)[0]
	stop()
	if string(dead.Key) != "a" || len(dead.Headers) > 10 || string(out.Key) != "b" || len(out.Headers) <= mostHeaders {
		t.Errorf("the dead letter is %s with %d headers; out has %s with %d", dead.Key, len(dead.Headers), out.Key, len(out.Headers))
	}
}
