package web

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"
	"sync/atomic"
	"time"
	"unicode/utf8"

	"github.com/snowman-ml/snowman"
	"github.com/snowman-ml/snowman/internal/pipeline"
	"github.com/snowman-ml/snowman/internal/verdict"
	"github.com/snowman-ml/snowman/internal/visible"
)

// scoreLines scores line by line, and answers while lines are still coming: one line of JSON out for
// each line in, in the same order.
//
//	body -> pipeline.Run: lines -> chunks scored -> outputs (bounded) -> connection
//
// A client that sends everything before it reads fills the buffers on the way, and then nothing moves.
// After Options.Stall the rest of what it sends is read away unscored, so that it comes to reading, and
// the last line of the answer says so. A client that does not read even then is cut off, and over HTTP/2
// one that sends more than its windows hold: there the update of a window waits behind the answer.
func (s *Service) scoreLines(w http.ResponseWriter, r *http.Request, textOf func(line string) (string, error)) {
	control := http.NewResponseController(w)
	body := &streamBody{body: r.Body, control: control}
	if err := s.streams.enter(body); err != nil {
		refuseError(w, err)
		return
	}
	defer s.streams.leave(body)
	if r.ProtoMajor == 1 {
		if err := control.EnableFullDuplex(); err != nil {
			refuse(w, http.StatusInternalServerError, fmt.Sprintf("answering while lines are coming: %v", err))
			return
		}
	}
	w.Header()["Content-Type"] = []string{"application/x-ndjson"}
	w.Header()["X-Accel-Buffering"] = []string{"no"} // of nginx
	w.Header()["Cache-Control"] = []string{"no-store"}

	defer context.AfterFunc(s.ending, func() { body.interrupt(errEnding) })()
	output := newStreamOutput(w, control, s.options.Stall, func() { body.interrupt(errStalled) })
	defer resetWriteDeadline(r, control)
	answers, id, lines, fed := s.current.Load(), requestID(w), 0, make(chan struct{})
	families := wantsFamilies(r)
	feed := func(send func(*pipeline.Chunk[pipeline.Line]) bool) error {
		defer close(fed)
		return pipeline.Lines(snowman.MaxLength, pipeline.Source{Input: body})(send)
	}
	newWorker := func() func(*pipeline.Chunk[pipeline.Line]) {
		return func(c *pipeline.Chunk[pipeline.Line]) {
			j := answers.judge(families)
			defer j.free()
			s.scoreChunk(id, j, answers.encoder, c, textOf)
		}
	}
	// The request's context ends when the client has sent all and says so; it may still read.
	err := pipeline.Run(context.WithoutCancel(r.Context()), feed, newWorker, func(c *pipeline.Chunk[pipeline.Line], _ bool) error {
		if err := output.send(c.Output); err != nil {
			return err
		}
		lines += len(c.Items)
		return nil
	})
	counted(w, lines)
	switch {
	case errors.Is(err, errStalled):
		<-fed // it is told that nobody takes its chunks any more
		err = fmt.Errorf("the answer was not read for %v, so lines after the first %d are not scored; read while you send", s.options.Stall, lines)
		if body.discard(2*s.options.Stall) != nil {
			output.abandon()
		}
	case err != nil:
		err = fmt.Errorf("%w; %d lines are answered", err, lines)
	}
	if err != nil {
		w.(*answer).end = err.Error()
	}
	if failure := output.finish(err); failure != nil {
		w.(*answer).end = "writing the answer: " + failure.Error()
		panic(http.ErrAbortHandler) // so that what was sent is not taken for a whole answer
	}
	if r.ProtoMajor == 1 && !body.ended {
		s.endings.Add(1)
		defer s.endings.Done()
		endConnection(r, control)
	}
}

// resetWriteDeadline has the rest of an answer written within what the server gives any. Without such a
// limit the connection is used again without one.
func resetWriteDeadline(r *http.Request, control *http.ResponseController) {
	deadline := time.Time{}
	if server, ok := r.Context().Value(http.ServerContextKey).(*http.Server); ok && server.WriteTimeout > 0 {
		deadline = time.Now().Add(server.WriteTimeout)
	}
	control.SetWriteDeadline(deadline)
}

// endConnection ends an answer and its connection, the body of whose request has not been read to its
// end: what is left of it would be taken for the next request.
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
	// Closed while there is something to be read, it would be reset, and the end of the answer be lost.
	if half, ok := connection.(interface{ CloseWrite() error }); ok && half.CloseWrite() == nil {
		io.Copy(io.Discard, connection)
	}
}

// scoreChunk scores the lines of a chunk.
func (s *Service) scoreChunk(id string, j *judge, encoder *verdict.Encoder, c *pipeline.Chunk[pipeline.Line], textOf func(string) (string, error)) {
	const recordBytes = 192 // of a line, beside its text
	c.Output = make([]byte, 0, c.Bytes+len(c.Items)*recordBytes)
	texts := make([]string, len(c.Items))
	failures := make(map[int]error)
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
	var levels [snowman.High + 1]int
	j.All(texts, func(i int, r verdict.Record, err error) {
		if failure, failed := failures[i]; failed {
			r.Text, err = c.Items[i].Text, failure
		}
		if err != nil {
			c.Output = verdict.AppendError(c.Output, abbreviate(r.Text), err) // which could be six times as long
		} else {
			levels[r.Level]++
			c.Output = encoder.Append(c.Output, r)
		}
		c.Output = append(c.Output, '\n')
		s.logText(id, r.Text, r.Verdict, err)
	})
	scored := 0
	for _, texts := range levels {
		scored += texts
	}
	s.metrics.add(levels, len(c.Items)-scored)
}

var errTooLong = fmt.Errorf("line is longer than %d bytes", snowman.MaxLength)

func plainText(line string) (string, error) { return line, nil }

// textOfJSON returns the text of a line that is a JSON string, or an object with the member text.
func textOfJSON(line string) (string, error) {
	if text, ok := strings.CutPrefix(line, `{"text":`); ok && strings.HasSuffix(text, "}") {
		if text, ok = plainString(text[:len(text)-1]); ok {
			return text, nil
		}
	}
	if text, ok := plainString(line); ok {
		return text, nil
	}
	var text *string
	var err error
	if strings.HasPrefix(strings.TrimLeft(line, " \t"), "{") {
		var object struct {
			Text *string `json:"text"`
		}
		err = json.Unmarshal([]byte(line), &object)
		text = object.Text
	} else {
		err = json.Unmarshal([]byte(line), &text)
	}
	switch {
	case err != nil:
		return "", fmt.Errorf("reading the line as JSON: %w", err)
	case text == nil:
		return "", errors.New(`want a JSON string or {"text": "..."}`)
	}
	return *text, nil
}

// plainString returns the string that a JSON string without any escape stands for.
func plainString(value string) (text string, ok bool) {
	if len(value) < 2 || value[0] != '"' || value[len(value)-1] != '"' {
		return "", false
	}
	text = value[1 : len(value)-1]
	for i := range len(text) {
		if c := text[i]; c < ' ' || c >= utf8.RuneSelf || c == '"' || c == '\\' {
			return "", false
		}
	}
	return text, true
}

// A streamBody is a body that may come for as long as it likes, but not stop for ever.
type streamBody struct {
	body       io.Reader
	control    *http.ResponseController
	deadline   time.Time
	ended      bool         // it was read to its end
	waitsSince atomic.Int64 // when the Read began that goes on, in Unix nanoseconds; 0 if there is none
	stopped    atomic.Pointer[error]
}

// idle is how long no byte may come.
const idle = 2 * time.Minute

var (
	errEnding = errors.New("the server is shutting down")
	errIdle   = fmt.Errorf("nothing came for %v", idle)
	errSilent = errors.New("nothing came, and others wait")
)

func (b *streamBody) Read(p []byte) (int, error) {
	now := time.Now()
	// A deadline is set anew when it has become a second too early, not for every read.
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

// interrupt ends a Read that waits, and those to come, with an error.
func (b *streamBody) interrupt(err error) {
	b.stopped.CompareAndSwap(nil, &err)
	b.control.SetReadDeadline(time.Unix(1, 0))
}

// discard reads to the end of a body, if that comes in time.
func (b *streamBody) discard(within time.Duration) error {
	timer := time.AfterFunc(within, func() { b.interrupt(errStalled) })
	defer timer.Stop()
	_, err := io.Copy(io.Discard, b)
	return err
}

// A streamOutput writes what is sent to it in a goroutine of its own, so that whoever sends sees when
// nothing moves.
type streamOutput struct {
	w       http.ResponseWriter
	control *http.ResponseController
	stall   time.Duration
	failed  func() // called when writing has failed
	chunks  chan []byte
	written chan error  // with which writing ended
	given   atomic.Bool // it was given up
}

// errStalled says that the client does not read.
var errStalled = errors.New("the client does not read")

func newStreamOutput(w http.ResponseWriter, control *http.ResponseController, stall time.Duration, failed func()) *streamOutput {
	o := &streamOutput{w: w, control: control, stall: stall, failed: failed, chunks: make(chan []byte, 2), written: make(chan error, 1)}
	o.control.SetWriteDeadline(time.Time{}) // the server's is for answers that come at once
	go func() { o.written <- o.write() }()
	return o
}

// write writes what is sent, and flushes it when there is no more at hand.
func (o *streamOutput) write() error {
	var failure error
	for chunk := range o.chunks {
		if failure == nil && o.given.Load() {
			failure = errStalled
		}
		if failure != nil {
			continue
		}
		// The sender gives up after one stall and reads the rest of the body away for two.
		o.control.SetWriteDeadline(time.Now().Add(4 * o.stall))
		if _, failure = o.w.Write(chunk); failure == nil && len(o.chunks) == 0 {
			failure = o.control.Flush()
		}
		if failure != nil {
			o.failed()
			continue
		}
		o.control.SetWriteDeadline(time.Time{}) // HTTP/2 would reset a stream that is merely quiet
	}
	return failure
}

// send hands a chunk on to be written.
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

// abandon makes what is being written end at once.
func (o *streamOutput) abandon() {
	o.given.Store(true)
	o.control.SetWriteDeadline(time.Unix(1, 0))
}

// finish writes what is left and, if the answer is not a whole one, why. It returns an error if the
// client cannot have got that.
func (o *streamOutput) finish(err error) error {
	if err != nil {
		o.chunks <- append(visible.AppendJSON([]byte(`{"error":`), err.Error()), "}\n"...)
	}
	close(o.chunks)
	return <-o.written
}
