package web

import (
	"context"
	"errors"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/sync/semaphore"

	"github.com/snowman-ml/snowman/internal/visible"
)

// A streamOutput writes chunks in a goroutine of its own, so that the sender notices when nothing
// moves.
type streamOutput struct {
	w          *response
	r          *http.Request
	control    *http.ResponseController
	stall      time.Duration
	failed     func() // called when writing has failed
	chunks     chan scored
	room       *semaphore.Weighted // bytes that chunks may take, from before they are scored until they are written
	written    chan error          // gets the error with which writing ended
	writeSince atomic.Int64        // when the current write began, in Unix nanoseconds; 0 if there is none
	writes     atomic.Int64        // that succeeded
	given      atomic.Bool         // given up

	mu   sync.Mutex
	over bool // finish has returned: the connection is no longer ours
}

// A scored chunk is what is written of it, and the bytes that it holds of the stream's room.
type scored struct {
	output []byte
	holds  int64
}

// errStalled says that the client does not read.
var errStalled = errors.New("the client does not read")

func newStreamOutput(w *response, r *http.Request, control *http.ResponseController, stall time.Duration, room int64, failed func()) *streamOutput {
	o := &streamOutput{w: w, r: r, control: control, stall: stall, failed: failed,
		chunks: make(chan scored, 2), room: semaphore.NewWeighted(room), written: make(chan error, 1)}
	o.control.SetWriteDeadline(time.Time{}) // the server's is for short answers
	go func() { o.written <- o.write() }()
	return o
}

// write writes the chunks, and flushes whenever no other is waiting.
func (o *streamOutput) write() error {
	var failure error
	for chunk := range o.chunks {
		if failure == nil && o.given.Load() {
			failure = errStalled
		}
		if failure != nil {
			o.release(chunk.holds)
			continue
		}
		// The sender gives up after one stall, and discards the rest of the body for two more.
		now := time.Now()
		o.writeSince.Store(now.UnixNano())
		o.control.SetWriteDeadline(now.Add(4 * o.stall))
		failure = o.w.writePieces(o.r, chunk.output, func() {})
		if failure == nil && len(o.chunks) == 0 {
			failure = o.control.Flush()
		}
		o.writeSince.Store(0)
		o.release(chunk.holds)
		if failure != nil {
			o.failed()
			continue
		}
		o.writes.Add(1)
		// Over HTTP/2 a deadline that passes resets the stream, even if nothing is to be written.
		o.control.SetWriteDeadline(time.Time{})
	}
	return failure
}

// reserve waits for room for a chunk, and fails if there is none since the client does not read.
func (o *streamOutput) reserve(ctx context.Context, bytes int64) error {
	for !o.room.TryAcquire(bytes) {
		patient, cancel := context.WithTimeout(ctx, o.stall/8)
		err := o.room.Acquire(patient, bytes)
		cancel()
		since := o.writeSince.Load()
		switch {
		case err == nil:
			return nil
		case ctx.Err() != nil:
			return ctx.Err()
		case since > 0 && time.Since(time.Unix(0, since)) > o.stall:
			return errStalled
		}
	}
	return nil
}

// isSilent waits until nothing is written for the time of a stall, and returns false if the context
// ends before.
func (o *streamOutput) isSilent(ctx context.Context) bool {
	for last := o.writes.Load(); ; {
		select {
		case <-ctx.Done():
			return false
		case <-time.After(o.stall):
		}
		now := o.writes.Load()
		if now == last {
			return true
		}
		last = now
	}
}

// release gives room back that reserve took.
func (o *streamOutput) release(bytes int64) { o.room.Release(bytes) }

// send passes a chunk to the writing goroutine.
func (o *streamOutput) send(chunk scored) error {
	select {
	case o.chunks <- chunk:
		return nil
	default:
	}
	timer := time.NewTimer(o.stall)
	defer timer.Stop()
	select {
	case o.chunks <- chunk:
		return nil
	case <-timer.C:
		return errStalled
	}
}

// abandon ends the current write at once.
func (o *streamOutput) abandon() {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.over {
		return
	}
	o.given.Store(true)
	o.control.SetWriteDeadline(time.Unix(1, 0))
}

// finish writes what is left and, if the answer is not complete, why. It returns an error if the
// client cannot have received all of that.
func (o *streamOutput) finish(err error) error {
	if err != nil {
		o.chunks <- scored{output: append(visible.AppendJSON([]byte(`{"error":`), err.Error()), "}\n"...)}
	}
	close(o.chunks)
	failure := <-o.written
	o.mu.Lock()
	defer o.mu.Unlock()
	o.over = true
	return failure
}
