package stream

import (
	"errors"
	"fmt"
	"strconv"
	"testing"

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
