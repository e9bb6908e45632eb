package stream

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"
)

// wholePart is how many messages are worth a second goroutine.
const wholePart = 128

// A delivery is the writing of some outputs.
type delivery struct {
	pending sync.WaitGroup
	bytes   int // since the last flush; counted only with a bound
	mu      sync.Mutex
	refused map[*kgo.Record]error // what brokers do not take as it is, or what stood beside it
	err     error                 // the first other one
}

func (d *delivery) promise(r *kgo.Record, err error) {
	defer d.pending.Done()
	if err == nil {
		return
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	switch {
	case isRefusal(err):
		if d.refused == nil {
			d.refused = make(map[*kgo.Record]error)
		}
		d.refused[r] = err
	case d.err == nil:
		d.err = fmt.Errorf("writing to topic %q: %w", r.Topic, err)
	}
}

// isRefusal reports whether an error says that brokers do not take a message, now or later.
func isRefusal(err error) bool {
	return errors.Is(err, kerr.MessageTooLarge) || errors.Is(err, kerr.InvalidRecord) || errors.Is(err, kerr.InvalidTimestamp)
}

// produce writes a message. If there is a bound, no batch gets more bytes.
func (d *delivery) produce(ctx context.Context, client *kgo.Client, r *kgo.Record, bound int) error {
	if bound > 0 {
		size := sizeOf(r)
		if d.bytes > 0 && d.bytes+size > bound {
			if err := d.flush(ctx, client); err != nil {
				return err
			}
		}
		d.bytes += size
	}
	d.pending.Add(1)
	client.Produce(ctx, r, d.promise)
	return nil
}

// flush returns when all is written or refused.
func (d *delivery) flush(ctx context.Context, client *kgo.Client) error {
	if err := client.Flush(ctx); err != nil {
		return fmt.Errorf("writing: %w", err)
	}
	d.pending.Wait()
	d.bytes = 0
	return d.err
}

// sizeOf returns the bytes of a message without its frame.
func sizeOf(r *kgo.Record) int {
	size := len(r.Key) + len(r.Value)
	for _, header := range r.Headers {
		size += len(header.Key) + len(header.Value)
	}
	return size
}

// write scores the records of the batch, and returns when brokers have what was made of them.
func (w *Worker) write(ctx context.Context, client *kgo.Client) error {
	w.health.begin()
	defer w.health.end()
	in := w.current()
	for rest := w.records; len(rest) > 0; {
		count, bytes := 0, 0
		for count < len(rest) {
			bytes += sizeOf(rest[count]) + headerBytes*len(rest[count].Headers)
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
		for i := range s.outputs {
			if err := d.produce(ctx, client, &s.outputs[i].record, w.bound); err != nil {
				return err
			}
		}
	}
	if err := d.flush(ctx, client); err != nil {
		return err
	}
	if len(d.refused) > 0 {
		if err := w.settle(ctx, client, &d, scorers); err != nil {
			return err
		}
	}
	for _, s := range scorers {
		w.warn(&s.tally)
		w.metrics.add(s)
	}
	return nil
}

// warn logs the first message that has no verdict for a reason, such as a format that it has not.
// Metrics count the others.
func (w *Worker) warn(t *tally) {
	if t.problem == "" || w.warned {
		return
	}
	w.warned = true
	w.options.Log.Warn("a message has no verdict; those to come are only counted", "why", t.problem, "topic", t.of.Topic, "partition", t.of.Partition, "offset", t.of.Offset)
}

// settle writes what brokers refused. They refuse a batch for the sake of one message, or because
// they take less than they say, and the client then gives up all of the partition: so it is written
// again in ever smaller parts. What is refused alone is changed (shrink).
func (w *Worker) settle(ctx context.Context, client *kgo.Client, d *delivery, scorers []*scorer) error {
	type refusal struct {
		*output
		by *scorer
	}
	var again []refusal
	part := 0 // messages that were written together last; 0: all of the round
	for len(d.refused) > 0 {
		refused := d.refused
		d.refused, again = nil, again[:0]
		inCompany := 0 // bytes of what was too large together
		for _, s := range scorers {
			for i := range s.outputs {
				o := &s.outputs[i]
				err, isRefused := refused[&o.record]
				if !isRefused {
					continue
				}
				topic := o.record.Topic
				isTooLarge := errors.Is(err, kerr.MessageTooLarge)
				switch {
				case part == 1 || isTooLarge && sizeOf(&o.record) > int(w.limit(topic)):
					if !s.shrink(o, err) {
						return lastingError{fmt.Errorf("topic %q, partition %d: what was made of the message at offset %d cannot be written to topic %q: %w", o.of.Topic, o.of.Partition, o.of.Offset, topic, err)}
					}
					w.options.Log.Warn("a message is refused", "topic", topic, "from", o.of.Topic, "partition", o.of.Partition, "offset", o.of.Offset, "error", err)
				case isTooLarge:
					inCompany += sizeOf(&o.record)
				}
				again = append(again, refusal{o, s})
			}
		}
		if part == 0 {
			part = len(again)
		}
		part = max(1, (part+1)/2)
		if inCompany > 0 { // what comes later is written so at once
			w.bound = max(1, inCompany*part/len(again))
		}
		for some := range slices.Chunk(again, part) {
			for _, one := range some {
				if err := d.produce(ctx, client, &one.record, 0); err != nil {
					return err
				}
			}
			if err := d.flush(ctx, client); err != nil {
				return err
			}
		}
	}
	return nil
}
