// Package stream scores the messages of Kafka's topics: a group of workers reads them, and writes
// each one with its verdict to another topic.
//
//	o := stream.Options{Brokers: brokers, In: []string{"dns"}, Out: "dns-scored"}
//	worker, err := stream.New(o, model, list)
//	go files.Follow(...) // calls worker.SetModel and worker.SetAllow
//	err = worker.Run(ctx)
//
// A message of the input gives exactly one to Out, or to DeadLetters if it is broken. It is counted
// as read when the brokers have what was made of it, in one of two ways.
//
// At least once: the offsets of a batch are committed when all of it is written. What a worker that
// is killed has written and not committed is written again by another.
//
// Exactly once: what is written and the offsets are one transaction. Whoever reads committed
// messages alone (isolation.level=read_committed) sees each once.
//
//	poll -> rounds of 4 MiB -> scored on all cores -> produced -> flushed -> committed
//
// Memory does not grow with the topic: what is fetched ahead, a round, and what it gives have
// bounds.
package stream

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"runtime"
	"sync"
	"time"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/snowman-ml/snowman"
	"github.com/snowman-ml/snowman/allow"
	"github.com/snowman-ml/snowman/logs"
)

// Options say what is read, and what is written where.
type Options struct {
	Brokers []string // host:port of some; they tell of the others; default: localhost:9092
	Group   string   // the workers of a group share the partitions; default: snowman
	In      []string // topics
	FromEnd bool     // of a partition of which the group has read nothing; default: from its start

	Out         string        // topic of all messages; default: they are not written
	Alerts      string        // topic of those that reach Minimum; default: they are not written
	Minimum     snowman.Level // default: every message that has a verdict is an alert
	DeadLetters string        // topic of broken messages; default: they go to Out as they are

	Format   *logs.Format // of messages; default: each is a name
	Columns  []string     // where names stand, if the format does not know
	Headers  bool         // the verdict goes into headers, and the message stays as it is; default: into the message
	ECS      bool         // write the fields of the Elastic Common Schema that Elastic's rules read
	ByDomain bool         // the key becomes the registered domain; default: it stays

	ExactlyOnce     bool          // default: at least once
	TransactionalID string        // of this worker alone; default: the group and the name of the host
	SessionTimeout  time.Duration // until others take over from one that is dead; default: 15 s

	Security Security
	Version  string // of the program
	Log      *slog.Logger
}

// The bounds of what a worker holds, and of a transaction.
const (
	mostPolled       = 10_000           // records of a batch
	roundBytes       = 4 << 20          // of what is scored and written together
	mostOfTheRound   = 512              // records that one call scores
	fetchedBytes     = 8 << 20          // that one answer of a broker brings, and three may wait
	partitionBytes   = 1 << 20          // of these, of one partition
	unpackedBytes    = 16 << 20         // that a compressed batch may come to; small messages take twenty times as much
	mostHeaders      = 1000             // of a message
	headerBytes      = 40               // of memory that a header takes beside what is in it
	bufferedBytes    = 24 << 20         // that wait to be written
	rememberedBytes  = 12 << 20         // that all cores together remember verdicts in
	transactionTime  = time.Second      // after which one ends
	transactionCount = 100_000          // records
	patience         = 10 * time.Second // how long the end waits for brokers
	stalled          = 30 * time.Second // after which brokers that take nothing are told of
	longestBackoff   = 30 * time.Second // before what failed is tried again
	forgiven         = time.Minute      // without another failure, in which nothing may have come
	fenceTime        = 5 * time.Minute  // in which a transactional id may be taken away
	mostFences       = 5                // as often as this
)

// served are what verdicts come from.
type served struct {
	model *snowman.Model
	allow *allow.List // may be nil
}

// A Worker is one member of a group. SetModel, SetAllow, CountReload and Probes are safe for any
// number of goroutines.
type Worker struct {
	options Options
	metrics *metrics
	health  health
	scorers []*scorer
	records []*kgo.Record    // of a batch
	limits  map[string]int32 // that topics say they have
	bound   int              // of bytes that are written together, once brokers have taken less; 0: none
	warned  bool             // of a message without a verdict

	mu sync.Mutex
	in *served
}

// New returns a Worker. The allow list may be nil. Its error says what is wrong with the options.
func New(o Options, model *snowman.Model, list *allow.List) (*Worker, error) {
	if len(o.Brokers) == 0 {
		o.Brokers = []string{"localhost:9092"}
	}
	if o.Group == "" {
		o.Group = "snowman"
	}
	if o.SessionTimeout == 0 {
		o.SessionTimeout = 15 * time.Second
	}
	if o.TransactionalID == "" {
		host, err := os.Hostname()
		if err != nil && o.ExactlyOnce {
			return nil, fmt.Errorf("naming the transactions: %w", err)
		}
		o.TransactionalID = o.Group + "-" + host
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if err := o.check(model); err != nil {
		return nil, err
	}
	w := &Worker{options: o, metrics: newMetrics(o.Version), in: &served{model, list}}
	for range runtime.GOMAXPROCS(0) {
		w.scorers = append(w.scorers, &scorer{options: &w.options})
	}
	w.metrics.setModel(model.Info())
	return w, nil
}

// SetModel scores what is polled from now on with another model.
func (w *Worker) SetModel(model *snowman.Model) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.in = &served{model, w.in.allow}
	w.metrics.setModel(model.Info())
}

// SetAllow scores what is polled from now on with another allow list.
func (w *Worker) SetAllow(list *allow.List) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.in = &served{w.in.model, list}
}

func (w *Worker) current() *served {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.in
}

// errFenced says that a transactional id is used twice.
var errFenced = errors.New("another worker has the same transactional id; each needs its own")

// Run works until the context ends, which is no error: the batch under way is then written and
// committed, and the group left. It may be called once. What brokers may do later does not end it.
// Its error is one that does not go away by itself, such as a topic that does not exist.
func (w *Worker) Run(ctx context.Context) error {
	defer context.AfterFunc(ctx, w.health.drain)()
	grace, cancel := graceful(ctx)
	defer cancel()
	var fences []time.Time
	for backoff := time.Second; ; backoff = min(2*backoff, longestBackoff) {
		started := time.Now()
		err := w.work(ctx, grace)
		if ctx.Err() != nil {
			if err != nil {
				return fmt.Errorf("the last messages were not committed, and will be read again: %w", err)
			}
			return nil
		}
		if lasting := (lastingError{}); errors.As(err, &lasting) {
			return lasting.error
		}
		if errors.Is(err, kerr.ProducerFenced) || errors.Is(err, kerr.InvalidProducerEpoch) {
			fences = append(fences, time.Now())
			if len(fences) > mostFences {
				if time.Since(fences[0]) < fenceTime {
					return fmt.Errorf("%q: %w", w.options.TransactionalID, errFenced)
				}
				fences = fences[1:]
			}
		}
		if time.Since(started) > 2*longestBackoff {
			backoff = time.Second
		}
		w.metrics.restarts.Inc()
		w.health.fail(err)
		w.options.Log.Error("starting anew from what was committed last", "error", err, "in", backoff.String())
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(backoff):
		}
	}
}

// graceful returns a context that ends some time after another one.
func graceful(ctx context.Context) (context.Context, context.CancelFunc) {
	grace, cancel := context.WithCancel(context.WithoutCancel(ctx))
	stop := context.AfterFunc(ctx, func() {
		select {
		case <-time.After(patience):
			cancel()
		case <-grace.Done():
		}
	})
	return grace, func() { stop(); cancel() }
}

// lastingError is an error that trying again does not help against.
type lastingError struct{ error }

func (e lastingError) Unwrap() error { return e.error }

// work is one life of a client: until the context ends, or something fails.
func (w *Worker) work(ctx, grace context.Context) error {
	w.health.leave()
	w.bound = 0
	for _, s := range w.scorers {
		s.forget() // a client that failed may still hold what they wrote
	}
	probe, err := kgo.NewClient(append(w.clientOptions(), kgo.RequestRetries(1))...)
	if err != nil {
		return lastingError{err}
	}
	defer probe.Close()
	if err := w.awaitTopics(ctx, probe); err != nil || ctx.Err() != nil {
		return err
	}
	probe.Close()
	if w.options.ExactlyOnce {
		session, err := kgo.NewGroupTransactSession(w.workingOptions()...)
		if err != nil {
			return lastingError{err}
		}
		defer session.Close()
		// This ends a transaction that an earlier worker left open, for which readers wait.
		if _, _, err := session.Client().ProducerID(ctx); err != nil {
			err = fmt.Errorf("making ready for transactions of %q: %w", w.options.TransactionalID, err)
			switch {
			case ctx.Err() != nil:
				return nil
			case isLasting(err):
				return lastingError{err}
			}
			return err
		}
		return w.exactlyOnce(ctx, grace, session)
	}
	client, err := kgo.NewClient(append(w.workingOptions(), kgo.BlockRebalanceOnPoll())...)
	if err != nil {
		return lastingError{err}
	}
	defer client.CloseAllowingRebalance()
	return w.atLeastOnce(ctx, grace, client)
}
