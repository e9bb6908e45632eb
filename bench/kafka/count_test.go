//go:build linux

package kafka_test

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"
)

// A tally says how often each message was there.
type tally []int

// add counts a message, unless it marks the end of a transaction.
func (c tally) add(t *testing.T, record *kgo.Record) {
	if record.Attrs.IsControl() {
		return
	}
	key, err := strconv.Atoi(string(record.Key))
	switch {
	case err != nil || key < 0 || key >= len(c):
		t.Errorf("a key is %q", record.Key)
	case (key == noName || key == tooLong) != strings.HasSuffix(record.Topic, "dead"):
		t.Errorf("message %d is in topic %q", key, record.Topic)
	default:
		c[key]++
	}
}

// sums returns how many messages there were, how many were missing, and how many were there again.
func (c tally) sums() (all, missing, doubled int) {
	for _, count := range c {
		all += count
		if count == 0 {
			missing++
		} else {
			doubled += count - 1
		}
	}
	return all, missing, doubled
}

// count counts how often each message came out.
func (r *run) count(t *testing.T) {
	committed := r.read(t, kgo.ReadCommitted())
	written, _, _ := r.read(t, kgo.ReadUncommitted()).sums()
	all, missing, doubled := committed.sums()
	t.Logf("%d messages: %d missing, %d doubled; %d more were written in transactions that were aborted; %d workers were killed in a transaction",
		len(committed), missing, doubled, written-all, r.killedOpen)
	if missing > 0 || doubled > 0 && r.exactlyOnce {
		t.Errorf("%d missing, %d doubled", missing, doubled)
	}
	if r.slow == nil {
		return
	}
	seen, behind := r.slow.finish(t, int64(all))
	_, missing, doubled = seen.sums()
	t.Logf("a slow reader, at most %d messages behind: %d missing, %d doubled", behind, missing, doubled)
	for key := range committed {
		if seen[key] != committed[key] {
			t.Errorf("the slow reader saw message %d %d times, another one %d times", key, seen[key], committed[key])
			break
		}
	}
}

// reader returns a client that reads what workers write.
func (r *run) reader(t *testing.T, level kgo.IsolationLevel) *kgo.Client {
	t.Helper()
	client, err := kgo.NewClient(kgo.SeedBrokers(r.cluster.addresses()...), kgo.ConsumeTopics(r.outputs()...), kgo.FetchIsolationLevel(level), kgo.KeepControlRecords())
	if err != nil {
		t.Fatal(err)
	}
	return client
}

func (r *run) outputs() []string { return []string{r.prefix + "out", r.prefix + "dead"} }

// read reads what workers have written, to the ends of its topics.
func (r *run) read(t *testing.T, level kgo.IsolationLevel) tally {
	t.Helper()
	client := r.reader(t, level)
	defer client.Close()
	ends, err := r.admin.ListEndOffsets(t.Context(), r.outputs()...)
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
	seen := make(tally, *records)
	for len(left) > 0 {
		fetches := client.PollFetches(ctx)
		if err := fetches.Err(); err != nil {
			t.Fatalf("reading to the ends %v: %v", left, err)
		}
		fetches.EachRecord(func(record *kgo.Record) {
			if place := fmt.Sprint(record.Topic, record.Partition); record.Offset+1 >= left[place] {
				delete(left, place)
			}
			seen.add(t, record)
		})
	}
	return seen
}

// A slowReader reads what is committed at half the rate of the feeding, until finish.
type slowReader struct {
	seen     tally
	total    atomic.Int64
	behind   int64
	isHurry  atomic.Bool
	cancel   context.CancelFunc
	finished chan struct{}
}

func (r *run) readSlowly(t *testing.T) *slowReader {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	s := &slowReader{seen: make(tally, *records), cancel: cancel, finished: make(chan struct{})}
	client := r.reader(t, kgo.ReadCommitted())
	go func() {
		defer close(s.finished)
		defer client.Close()
		for ctx.Err() == nil {
			records := client.PollRecords(ctx, max(1, *rate/10)).Records()
			for _, record := range records {
				s.seen.add(t, record)
				if !record.Attrs.IsControl() {
					s.total.Add(1)
				}
			}
			if !s.isHurry.Load() {
				s.behind = max(s.behind, r.fed.Load()-s.total.Load())
				time.Sleep(time.Duration(len(records)) * 2 * time.Second / time.Duration(*rate))
			}
		}
	}()
	return s
}

// finish reads on without pauses until there were so many messages, and a moment longer.
func (s *slowReader) finish(t *testing.T, many int64) (seen tally, behind int64) {
	t.Helper()
	s.isHurry.Store(true)
	for began := time.Now(); s.total.Load() < many; time.Sleep(50 * time.Millisecond) {
		if time.Since(began) > patience {
			t.Errorf("the slow reader sees %d of %d messages", s.total.Load(), many)
			break
		}
	}
	s.cancel()
	<-s.finished
	return s.seen, s.behind
}
