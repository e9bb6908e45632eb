package web

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"sync/atomic"
	"time"

	"github.com/snowman-ml/snowman"
	"github.com/snowman-ml/snowman/internal/pipeline"
	"github.com/snowman-ml/snowman/internal/verdict"
	"github.com/snowman-ml/snowman/internal/visible"
)

// scoreLines scores line by line and answers while lines are still coming: one line of JSON for
// each line, in the same order.
//
//	body -> pipeline.Run: lines -> chunks scored -> outputs (bounded) -> connection
//
// A client that sends everything before it reads fills the buffers on the way, and then nothing
// moves. After Options.Stall the service reads the rest without scoring it, so that the client
// comes to reading, and says so in the last line. A client that does not read even then is cut off.
// So is one over HTTP/2 that sends more than its windows hold, because there the update of a window
// waits behind the answer.
func (s *Service) scoreLines(w *response, r *http.Request, textOf func(line string) (string, error)) {
	control := http.NewResponseController(w.ResponseWriter) // w is used again for other requests
	body := &streamBody{body: r.Body, control: control}
	if err := s.streams.enter(body); err != nil {
		w.refuseError(err)
		return
	}
	defer s.streams.leave(body)
	if r.ProtoMajor == 1 {
		if err := control.EnableFullDuplex(); err != nil {
			w.refuse(http.StatusInternalServerError, fmt.Sprintf("answering while lines are coming: %v", err))
			return
		}
	}
	w.Header()["Content-Type"] = []string{"application/x-ndjson"}
	w.Header()["X-Accel-Buffering"] = []string{"no"} // of nginx
	w.Header()["Cache-Control"] = []string{"no-store"}

	defer context.AfterFunc(s.streamsContext, func() { body.interrupt(errShutDown) })()
	output := newStreamOutput(w, control, s.options.Stall, func() { body.interrupt(errStalled) })
	defer resetWriteDeadline(r, control)
	in, id, lines, fed := s.current.Load(), w.id, 0, make(chan struct{})
	families := wantsFamilies(r)
	feed := func(send func(*pipeline.Chunk[pipeline.Line]) bool) error {
		defer close(fed)
		return pipeline.Lines(snowman.MaxLength, pipeline.Source{Input: body})(send)
	}
	newWorker := func() func(*pipeline.Chunk[pipeline.Line]) {
		return func(c *pipeline.Chunk[pipeline.Line]) {
			j := in.judge(families)
			defer j.free()
			s.scoreChunk(id, j, in.encoder, c, textOf)
		}
	}
	// The request's context ends when the client closes its side after sending all. It may still
	// read.
	err := pipeline.Run(context.WithoutCancel(r.Context()), feed, newWorker, func(c *pipeline.Chunk[pipeline.Line], _ bool) error {
		if err := output.send(c.Output); err != nil {
			return err
		}
		lines += len(c.Items)
		return nil
	})
	w.texts = lines
	switch {
	case errors.Is(err, errStalled):
		<-fed // the feed no longer reads the body
		err = fmt.Errorf("the answer was not read for %v, so lines after the first %d are not scored; read while you send", s.options.Stall, lines)
		if body.discard(2*s.options.Stall) != nil {
			output.abandon()
		}
	case err != nil:
		err = fmt.Errorf("%w; %d lines are answered", err, lines)
	}
	if err != nil {
		w.cut = err.Error()
	}
	if failure := output.finish(err); failure != nil {
		w.cut = "writing the answer: " + failure.Error()
		panic(http.ErrAbortHandler) // so that the client does not take what it got for the whole answer
	}
	if r.ProtoMajor == 1 && !body.ended {
		s.lastLines.Add(1)
		defer s.lastLines.Done()
		endConnection(r, control)
	}
}

// resetWriteDeadline gives the rest of an answer the server's WriteTimeout, or no limit if the
// server has none.
func resetWriteDeadline(r *http.Request, control *http.ResponseController) {
	deadline := time.Time{}
	if server, ok := r.Context().Value(http.ServerContextKey).(*http.Server); ok && server.WriteTimeout > 0 {
		deadline = time.Now().Add(server.WriteTimeout)
	}
	control.SetWriteDeadline(deadline)
}

// endConnection ends an answer and its connection where the body was not read to its end: the rest
// of it would be taken for the next request.
func endConnection(r *http.Request, control *http.ResponseController) {
	connection, buffered, err := control.Hijack()
	if err != nil {
		panic(http.ErrAbortHandler)
	}
	defer connection.Close()
	connection.SetDeadline(time.Now().Add(time.Second))
	if r.ProtoAtLeast(1, 1) {
		buffered.WriteString("0\r\n\r\n") // the last chunk
	}
	if buffered.Flush() != nil {
		return
	}
	// Closing a connection with unread bytes resets it, and the client would lose the end of the
	// answer.
	if half, ok := connection.(interface{ CloseWrite() error }); ok && half.CloseWrite() == nil {
		io.Copy(io.Discard, connection)
	}
}

// scoreChunk scores the lines of a chunk.
func (s *Service) scoreChunk(id string, j *judge, encoder *verdict.Encoder, c *pipeline.Chunk[pipeline.Line], textOf func(string) (string, error)) {
	const recordBytes = 192 // of a record, without its text
	c.Output = make([]byte, 0, c.Bytes+len(c.Items)*recordBytes)
	texts := make([]string, len(c.Items))
	failures := make(map[int]error)
	counted := s.newTally(id)
	for i, line := range c.Items {
		text, err := textOf(line.Text)
		if line.Cut {
			err = errTooLong
		}
		if err != nil {
			failures[i] = err
		} else {
			texts[i] = text
		}
	}
	j.All(texts, func(i int, r verdict.Record, err error) {
		if failure, failed := failures[i]; failed {
			r.Text, err = c.Items[i].Text, failure
		}
		if err != nil {
			c.Output = verdict.AppendError(c.Output, abbreviate(r.Text), err) // escaped it could be six times as long
		} else {
			c.Output = encoder.Append(c.Output, r)
		}
		c.Output = append(c.Output, '\n')
		counted.count(r.Text, r.Verdict, err)
	})
	counted.report()
}

var errTooLong = fmt.Errorf("line is longer than %d bytes", snowman.MaxLength)

func plainText(line string) (string, error) { return line, nil }

// A streamBody is a body that may take any time, but not pause for longer than idle.
type streamBody struct {
	body       io.Reader
	control    *http.ResponseController
	deadline   time.Time
	ended      bool         // read to its end
	waitsSince atomic.Int64 // when the current Read began, in Unix nanoseconds; 0 if there is none
	stopped    atomic.Pointer[error]
}

// idle is the longest pause between bytes.
const idle = 2 * time.Minute

var (
	errShutDown = errors.New("the server is shutting down")
	errIdle     = fmt.Errorf("nothing came for %v", idle)
	errSilent   = errors.New("nothing came, and others wait")
)

func (b *streamBody) Read(p []byte) (int, error) {
	now := time.Now()
	// Setting a deadline for every read would be slow: it may be a second too early.
	if b.deadline.Before(now.Add(idle - time.Second)) {
		b.deadline = now.Add(idle)
		b.control.SetReadDeadline(b.deadline)
	}
	b.waitsSince.Store(now.UnixNano())
	defer b.waitsSince.Store(0)
	if b.stopped.Load() != nil {
		b.control.SetReadDeadline(time.Unix(1, 0))
	}
	n, err := b.body.Read(p)
	b.ended = err == io.EOF
	if errors.Is(err, os.ErrDeadlineExceeded) {
		err = errIdle
		if stopped := b.stopped.Load(); stopped != nil {
			err = *stopped
		}
	}
	return n, err
}

// interrupt makes the current Read and all later ones fail with an error.
func (b *streamBody) interrupt(err error) {
	b.stopped.CompareAndSwap(nil, &err)
	b.control.SetReadDeadline(time.Unix(1, 0))
}

// discard reads a body to its end, and fails if that takes too long.
func (b *streamBody) discard(within time.Duration) error {
	timer := time.AfterFunc(within, func() { b.interrupt(errStalled) })
	defer timer.Stop()
	_, err := io.Copy(io.Discard, b)
	return err
}

// A streamOutput writes chunks in a goroutine of its own, so that the sender notices when nothing
// moves.
type streamOutput struct {
	w       http.ResponseWriter
	control *http.ResponseController
	stall   time.Duration
	failed  func() // called when writing has failed
	chunks  chan []byte
	written chan error  // gets the error with which writing ended
	given   atomic.Bool // given up
}

// errStalled says that the client does not read.
var errStalled = errors.New("the client does not read")

func newStreamOutput(w *response, control *http.ResponseController, stall time.Duration, failed func()) *streamOutput {
	o := &streamOutput{w: w, control: control, stall: stall, failed: failed, chunks: make(chan []byte, 2), written: make(chan error, 1)}
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
			continue
		}
		// The sender gives up after one stall, and discards the rest of the body for two more.
		o.control.SetWriteDeadline(time.Now().Add(4 * o.stall))
		if _, failure = o.w.Write(chunk); failure == nil && len(o.chunks) == 0 {
			failure = o.control.Flush()
		}
		if failure != nil {
			o.failed()
			continue
		}
		// Over HTTP/2 a deadline that passes resets the stream, even if nothing is to be written.
		o.control.SetWriteDeadline(time.Time{})
	}
	return failure
}

// send passes a chunk to the writing goroutine.
func (o *streamOutput) send(chunk []byte) error {
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
	o.given.Store(true)
	o.control.SetWriteDeadline(time.Unix(1, 0))
}

// finish writes what is left and, if the answer is not complete, why. It returns an error if the
// client cannot have received all of that.
func (o *streamOutput) finish(err error) error {
	if err != nil {
		o.chunks <- append(visible.AppendJSON([]byte(`{"error":`), err.Error()), "}\n"...)
	}
	close(o.chunks)
	return <-o.written
}
