package stream

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/snowman-ml/snowman"
)

// A worker that is cut off when it has written something, and comes back, loses nothing, and
// doubles nothing exactly once. Another one of the group goes on meanwhile.
func TestCutOff(t *testing.T) {
	cuts := 4
	if testing.Short() {
		cuts = 2
	}
	const fed = 2000 // messages before each cut
	for _, exactlyOnce := range []bool{true, false} {
		t.Run(fmt.Sprintf("exactly once %v", exactlyOnce), func(t *testing.T) {
			_, brokers := newCluster(t, 4)
			options := func(number int) Options {
				return Options{
					Brokers: brokers, In: []string{"in"}, Out: "out", Headers: true, ExactlyOnce: exactlyOnce,
					TransactionalID: fmt.Sprint("worker", number), SessionTimeout: 6 * time.Second,
				}
			}
			_, stop := run(t, options(1))
			for cut := range cuts {
				worker, err := New(options(2), toy(t), nil)
				if err != nil {
					t.Fatal(err)
				}
				ctx, cancel := context.WithCancel(t.Context())
				ended := make(chan error)
				go func() { ended <- worker.work(ctx, ctx) }()
				await(t, func() bool { return worker.health.problem() == "" })
				var messages []*kgo.Record
				for i := range fed {
					messages = append(messages, message(strconv.Itoa(cut*fed+i), fmt.Sprintf("n%d.tests.net", i)))
				}
				produce(t, brokers, messages...)
				await(t, func() bool {
					_, page := answer(t, worker, "/metrics")
					return !strings.Contains(page, `snowman_stream_written_total{to="out"} 0`)
				})
				cancel()
				<-ended
			}
			_, stopOther := run(t, options(2)) // and ends the transaction that was left open
			times := make(map[string]int)
			total := 0
			await(t, func() bool {
				clear(times)
				records := all(t, brokers, "out")
				for _, r := range records {
					times[string(r.Key)]++
				}
				total = len(records)
				return len(times) >= cuts*fed
			})
			stop()
			stopOther()
			if exactlyOnce && total != cuts*fed {
				t.Errorf("%d messages came of %d", total, cuts*fed)
			}
		})
	}
}

// await waits until something is so.
func await(t *testing.T, isSo func() bool) {
	t.Helper()
	for !isSo() {
		if t.Context().Err() != nil {
			t.Fatal(t.Context().Err())
		}
		time.Sleep(5 * time.Millisecond)
	}
}

func BenchmarkScorer(b *testing.B) {
	o := Options{Headers: true, Out: "out", Minimum: snowman.High}
	s := &scorer{options: &o}
	var records []*kgo.Record
	for i := range 5000 {
		records = append(records, message(strconv.Itoa(i), fmt.Sprintf("n%d.tests.net", i)))
	}
	in := &served{model: toy(b)}
	b.ReportAllocs()
	for b.Loop() {
		if err := s.start(in, len(records)); err != nil {
			b.Fatal(err)
		}
		s.score(records)
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*len(records)), "ns/message")
}
