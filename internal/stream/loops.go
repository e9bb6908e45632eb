package stream

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"
)

// atLeastOnce writes batches, and commits each when all of it is written. Until then the partitions
// stay with this worker.
func (w *Worker) atLeastOnce(ctx, grace context.Context, client *kgo.Client) error {
	for {
		fetches := client.PollRecords(ctx, mostPolled)
		if ctx.Err() != nil || fetches.IsClientClosed() {
			return nil
		}
		if err := w.takeIn(ctx, client, fetches); err != nil {
			return err
		}
		if len(w.records) > 0 {
			if err := w.write(grace, client); err != nil {
				return err
			}
			err := client.CommitRecords(grace, lastOf(fetches)...)
			switch {
			case err == nil:
				w.metrics.commits.WithLabelValues("committed").Inc()
				w.health.succeed()
			case isLostMembership(err): // whoever has the partitions now writes the batch again
				w.metrics.commits.WithLabelValues("refused").Inc()
				w.options.Log.Warn("a batch was written and not committed, since the group had gone on without this worker", "error", err)
			default:
				return fmt.Errorf("committing: %w", err)
			}
		}
		client.AllowRebalance()
	}
}

// exactlyOnce writes batches in transactions, each of which holds the offsets of what it was made
// of.
func (w *Worker) exactlyOnce(ctx, grace context.Context, session *kgo.GroupTransactSession) error {
	client := session.Client()
	for {
		var begun time.Time
		count := 0
		for {
			fetches := w.pollUntil(ctx, session, begun)
			isEnding := ctx.Err() != nil || fetches.IsClientClosed()
			if err := w.takeIn(ctx, client, fetches); err != nil {
				return err
			}
			if len(w.records) > 0 {
				if begun.IsZero() {
					if err := session.Begin(); err != nil {
						return fmt.Errorf("beginning a transaction: %w", err)
					}
					begun = time.Now()
				}
				count += len(w.records)
				if err := w.write(grace, client); err != nil {
					return err
				}
			}
			if isEnding || !begun.IsZero() && (count >= transactionCount || time.Since(begun) >= transactionTime) {
				if !begun.IsZero() {
					if err := w.end(grace, session); err != nil {
						return err
					}
				}
				if isEnding {
					return nil
				}
				break
			}
		}
	}
}

// pollUntil polls a batch, and waits no longer than the transaction may last that has begun.
func (w *Worker) pollUntil(ctx context.Context, session *kgo.GroupTransactSession, begun time.Time) kgo.Fetches {
	if !begun.IsZero() {
		var cancel context.CancelFunc
		ctx, cancel = context.WithDeadline(ctx, begun.Add(transactionTime))
		defer cancel()
	}
	return session.PollRecords(ctx, mostPolled)
}

// end ends a transaction. All that was polled was written: its offsets are those of the poll.
func (w *Worker) end(grace context.Context, session *kgo.GroupTransactSession) error {
	committed, err := session.End(grace, kgo.TryCommit)
	switch {
	case err != nil:
		return fmt.Errorf("ending a transaction: %w", err)
	case committed:
		w.metrics.commits.WithLabelValues("committed").Inc()
		w.health.succeed()
	default: // the session has gone back to what was committed
		w.metrics.commits.WithLabelValues("aborted").Inc()
	}
	return nil
}

// isLostMembership reports whether an error of a commit says that the group has gone on.
func isLostMembership(err error) bool {
	return errors.Is(err, kerr.IllegalGeneration) || errors.Is(err, kerr.UnknownMemberID) ||
		errors.Is(err, kerr.RebalanceInProgress) || errors.Is(err, kerr.StaleMemberEpoch) || errors.Is(err, kerr.FencedMemberEpoch)
}

// lastOf returns the last record of each partition.
func lastOf(fetches kgo.Fetches) (last []*kgo.Record) {
	fetches.EachPartition(func(p kgo.FetchTopicPartition) {
		if len(p.Records) > 0 {
			last = append(last, p.Records[len(p.Records)-1])
		}
	})
	return last
}

// takeIn sets w.records to those of fetches, notes how far they are behind, and says what failed.
func (w *Worker) takeIn(ctx context.Context, client *kgo.Client, fetches kgo.Fetches) error {
	clear(w.records)
	w.records = w.records[:0]
	var failed error
	var tooLarge *kgo.ErrDecompressTooLarge
	fetches.EachPartition(func(p kgo.FetchTopicPartition) {
		w.records = append(w.records, p.Records...)
		if len(p.Records) > 0 {
			w.metrics.noteLag(p)
		}
		if p.Err != nil && !errors.Is(p.Err, context.Canceled) && !errors.Is(p.Err, context.DeadlineExceeded) {
			failed = p.Err
			errors.As(p.Err, &tooLarge)
		}
	})
	switch {
	case tooLarge != nil:
		return lastingError{fmt.Errorf("topic %q, partition %d: the batch at offset %d comes to more than %d MiB; nothing reads on behind it but a group whose offset is set to %d",
			tooLarge.Topic, tooLarge.Partition, tooLarge.Offset, unpackedBytes>>20, tooLarge.NextOffset)}
	case failed == nil || ctx.Err() != nil:
		return nil
	case isLasting(failed):
		return lastingError{failed}
	}
	w.health.fail(failed)
	w.options.Log.Warn("reading", "error", failed)
	if len(w.records) == 0 {
		select {
		case <-ctx.Done():
		case <-time.After(time.Second):
		}
	}
	return nil
}

// isLasting reports whether an error does not go away by itself.
func isLasting(err error) bool {
	for _, lasting := range []error{
		kerr.SaslAuthenticationFailed, kerr.UnsupportedSaslMechanism, kerr.IllegalSaslState,
		kerr.TopicAuthorizationFailed, kerr.GroupAuthorizationFailed, kerr.ClusterAuthorizationFailed, kerr.TransactionalIDAuthorizationFailed,
		kerr.InvalidTopicException, kerr.InvalidSessionTimeout, kerr.InvalidTransactionTimeout,
	} {
		if errors.Is(err, lasting) {
			return true
		}
	}
	return false
}
