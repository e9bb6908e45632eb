package stream

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"
)

// wholePart is how many messages are worth a second goroutine.
const wholePart = 128

// A delivery is the writing of some outputs.
type delivery struct {
	pending sync.WaitGroup
	mu      sync.Mutex
	tooBig  map[*kgo.Record]bool
	err     error // the first other one
}

func (d *delivery) promise(r *kgo.Record, err error) {
	defer d.pending.Done()
	if err == nil {
		return
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	switch {
	case errors.Is(err, kerr.MessageTooLarge):
		if d.tooBig == nil {
			d.tooBig = make(map[*kgo.Record]bool)
		}
		d.tooBig[r] = true
	case d.err == nil:
		d.err = fmt.Errorf("writing to topic %q: %w", r.Topic, err)
	}
}

// write scores the records of the batch, and returns when brokers have what was made of them.
func (w *Worker) write(ctx context.Context, client *kgo.Client) error {
	w.health.begin()
	defer w.health.end()
	in := w.current()
	for rest := w.records; len(rest) > 0; {
		count, bytes := 0, 0
		for count < len(rest) {
			bytes += len(rest[count].Key) + len(rest[count].Value)
			if count > 0 && bytes > roundBytes {
				break
			}
			count++
		}
		if err := w.writeRound(ctx, client, in, rest[:count]); err != nil {
			return err
		}
		rest = rest[count:]
	}
	return nil
}

// writeRound scores and writes neighbouring records. They are produced in the order in which they
// were read.
func (w *Worker) writeRound(ctx context.Context, client *kgo.Client, in *served, records []*kgo.Record) error {
	scorers := w.scorers
	if len(records) < wholePart {
		scorers = scorers[:1]
	}
	part := func(i int) []*kgo.Record {
		return records[len(records)*i/len(scorers) : len(records)*(i+1)/len(scorers)]
	}
	var others sync.WaitGroup
	for i, s := range scorers {
		if err := s.start(in, len(part(i))); err != nil {
			return err
		}
		if i > 0 {
			others.Go(func() { s.score(part(i)) })
		}
	}
	scorers[0].score(part(0))
	others.Wait()

	var d delivery
	for _, s := range scorers {
		d.pending.Add(len(s.outputs))
		for i := range s.outputs {
			client.Produce(ctx, &s.outputs[i].record, d.promise)
		}
	}
	for {
		if err := client.Flush(ctx); err != nil {
			return fmt.Errorf("writing: %w", err)
		}
		d.pending.Wait()
		if d.err != nil {
			return d.err
		}
		if len(d.tooBig) == 0 {
			break
		}
		if err := w.shrink(ctx, client, &d, scorers); err != nil {
			return err
		}
	}
	for _, s := range scorers {
		w.metrics.add(s)
	}
	return nil
}

// shrink writes what topics did not take once more, smaller.
func (w *Worker) shrink(ctx context.Context, client *kgo.Client, d *delivery, scorers []*scorer) error {
	tooBig := d.tooBig
	d.tooBig = nil
	for _, s := range scorers {
		for i := range s.outputs {
			o := &s.outputs[i]
			if !tooBig[&o.record] {
				continue
			}
			topic := o.record.Topic
			if !s.shrink(o) {
				return lastingError{fmt.Errorf("topic %q takes not even messages without a value", topic)}
			}
			w.options.Log.Warn("a message is too large", "topic", topic, "from", o.of.Topic, "partition", o.of.Partition, "offset", o.of.Offset)
			d.pending.Add(1)
			client.Produce(ctx, &o.record, d.promise)
		}
	}
	return nil
}
