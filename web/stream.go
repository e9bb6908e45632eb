package web

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"os"
	"strings"
	"sync/atomic"
	"time"

	"github.com/snowman-ml/snowman"
	"github.com/snowman-ml/snowman/internal/pipeline"
	"github.com/snowman-ml/snowman/internal/render"
	"github.com/snowman-ml/snowman/internal/verdict"
)

// scoreLines scores line by line and answers while lines are still coming: one line for each line,
// in the same order.
func (s *Service) scoreLines(w *response, r *http.Request, textOf func(pipeline.Line) (string, error)) {
	in, id, families := s.current.Load(), w.id, wantsFamilies(r)
	format, contentType := in.lineFormat(r, families)
	answerStream(s, w, r, streamed[pipeline.Line]{
		memory:  streamBytes + streamBuffers,
		room:    streamBytes,
		mayHold: mayHold,
		begin: func(body io.Reader) (run streamRun[pipeline.Line], err error) {
			w.Header()["Content-Type"] = []string{contentType}
			run.feed = pipeline.Lines(longestLine, pipeline.Source{Input: body})
			run.newWorker = func() func(*pipeline.Chunk[pipeline.Line]) {
				return func(c *pipeline.Chunk[pipeline.Line]) {
					s.work.wait()
					defer s.work.leave()
					j := in.judge(families)
					defer j.free()
					s.scoreChunk(id, j, format, c, textOf)
				}
			}
			run.end = func() []byte { return nil }
			run.count = func(lines int) (texts int) { return lines }
			return run, nil
		},
	})
}

// streamed is a stream whose answer begins while it is still coming.
type streamed[T any] struct {
	memory  int64                          // bytes that it may take
	room    int64                          // of these, for chunks until they are written
	mayHold func(*pipeline.Chunk[T]) int64 // what one may take of them
	begin   func(body io.Reader) (streamRun[T], error)
	whole   io.Reader // the body, if it was read before; else it is that of the request
}

// streamRun is what is done with a stream.
type streamRun[T any] struct {
	feed      pipeline.Feed[T]
	newWorker func() func(*pipeline.Chunk[T])
	inOrder   func(*pipeline.Chunk[T]) // what is done to chunks in order, after the work; may be nil
	head      []byte                   // what stands before the answer
	end       func() []byte            // what stands behind the answer, if it is complete
	count     func(lines int) int      // texts of this many items
	isForeign bool                     // the answer is in a format where a line of ours could be taken for one of its own
}

// answerStream answers a stream.
//
//	body -> pipeline.Run: items -> chunks scored -> outputs (bounded) -> connection
//
// A client that sends everything before it reads fills the buffers on the way, and then nothing
// moves. After Options.Stall the service reads the rest without scoring it, so that the client
// comes to reading, and says so in the last line. A client that does not read even then is cut off.
// So is one over HTTP/2 that sends more than its windows hold, because there the update of a window
// waits behind the answer.
func answerStream[T any](s *Service, w *response, r *http.Request, stream streamed[T]) {
	control := http.NewResponseController(w.ResponseWriter) // w is used again for other requests
	isWhole := stream.whole != nil
	if !isWhole {
		stream.whole = r.Body
	}
	body := &streamBody{body: stream.whole, control: control, client: clientOf(w, r), moved: true}
	ended, end := context.WithCancel(context.Background()) // for the sake of another stream
	defer end()
	body.end = end
	if err := s.streams.enter(body); err != nil {
		w.refuseError(err)
		return
	}
	defer s.streams.leave(body)
	if !s.account.takeLarge(body.client, stream.memory) {
		w.refuseError(errBusy)
		return
	}
	defer s.account.giveLarge(body.client, stream.memory)
	defer context.AfterFunc(s.streamsContext, func() { body.interrupt(errShutDown) })()
	defer context.AfterFunc(ended, func() { body.interrupt(errSlow) })()
	run, err := stream.begin(body)
	if err != nil {
		w.refuseError(err)
		return
	}
	if r.ProtoMajor == 1 && !isWhole {
		if err := control.EnableFullDuplex(); err != nil {
			w.refuse(http.StatusInternalServerError, fmt.Sprintf("answering while lines are coming: %v", err))
			return
		}
	}
	w.Header()["X-Accel-Buffering"] = []string{"no"} // of nginx
	w.Header()["Cache-Control"] = []string{"no-store"}

	ctx, cancel := context.WithCancelCause(context.WithoutCancel(r.Context()))
	defer cancel(nil)
	leave := func() {
		body.interrupt(errGone)
		cancel(errGone)
	}
	output := newStreamOutput(w, r, control, s.options.Stall, stream.room, leave)
	defer func() { control.SetWriteDeadline(writeDeadline(r)) }() // the rest of the answer has the server's
	defer context.AfterFunc(ended, func() { time.AfterFunc(patience/2, output.abandon) })()
	if len(run.head) > 0 {
		output.chunks <- scored{output: run.head}
	}
	items, fed := 0, make(chan struct{})
	// The request's context ends when the client closes its side after sending all. Over HTTP/1.1
	// it may still read.
	defer context.AfterFunc(r.Context(), func() {
		if r.ProtoMajor > 1 || output.isSilent(ctx) {
			leave()
		}
	})()
	feed := func(send func(*pipeline.Chunk[T]) bool) error {
		defer close(fed)
		var failure error
		err := run.feed(func(c *pipeline.Chunk[T]) bool {
			failure = output.reserve(ctx, stream.mayHold(c))
			return failure == nil && send(c)
		})
		return cmp.Or(failure, err)
	}
	holds := func(c *pipeline.Chunk[T]) int64 { return min(int64(c.Bytes+cap(c.Output)), stream.mayHold(c)) }
	newWorker := func() func(*pipeline.Chunk[T]) {
		work := run.newWorker()
		return func(c *pipeline.Chunk[T]) {
			work(c)
			output.release(stream.mayHold(c) - holds(c))
		}
	}
	err = pipeline.Run(ctx, feed, newWorker, func(c *pipeline.Chunk[T], _ bool) error {
		if run.inOrder != nil {
			run.inOrder(c)
		}
		if err := output.send(scored{c.Output, holds(c)}); err != nil {
			return err
		}
		items += len(c.Items)
		return nil
	})
	if ctx.Err() != nil {
		err = context.Cause(ctx)
	}
	cancel(nil)
	w.texts = run.count(items)
	panicked, isPanic := errors.AsType[*pipeline.Panic](err)
	if isPanic {
		err = errUnanswered
	}
	switch {
	case errors.Is(err, errStalled):
		<-fed // the feed no longer reads the body
		err = fmt.Errorf("the answer was not read for %v, so lines after the first %d are not scored; read while you send", s.options.Stall, items)
		if body.discard(2*s.options.Stall) != nil {
			output.abandon()
		}
	case err != nil:
		err = fmt.Errorf("%w; %d lines are answered", err, items)
	default:
		if last := run.end(); len(last) > 0 {
			output.chunks <- scored{output: last}
		}
	}
	if err != nil {
		w.cut = err.Error()
	}
	failure := output.finish(err)
	if failure != nil {
		w.cut = "writing the answer: " + failure.Error()
	}
	if failure != nil || err != nil && run.isForeign {
		panic(http.ErrAbortHandler) // so that the client does not take what it got for the whole answer
	}
	if isPanic {
		panic(panicked) // the server logs it, and ends what is left of this request
	}
	if r.ProtoMajor == 1 && !body.ended && !isWhole {
		s.lastLines.Add(1)
		defer s.lastLines.Done()
		endConnection(r, control)
	}
}

// writeDeadline is that of an answer whose writing begins now; zero if the server has none.
func writeDeadline(r *http.Request) time.Time {
	if server, ok := r.Context().Value(http.ServerContextKey).(*http.Server); ok && server.WriteTimeout > 0 {
		return time.Now().Add(server.WriteTimeout)
	}
	return time.Time{}
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

// lineFormat returns how verdicts are written as lines, as the request asks for it.
func (in *served) lineFormat(r *http.Request, families bool) (format render.Format, contentType string) {
	output, contentType := render.JSONLines, "application/x-ndjson"
	if wantsTabs(r) {
		output, contentType = render.Tabs, tabType
	}
	return abbreviated{output.New(render.Options{Kinds: in.model.Kinds(), Families: families})}, contentType
}

// tabType is the type of lines with tabs between their fields.
const tabType = "text/tab-separated-values; charset=utf-8"

// wantsTabs reports whether a request accepts lines with tabs. Who accepts everything gets JSON.
func wantsTabs(r *http.Request) bool {
	for _, accepted := range r.Header["Accept"] {
		for one := range strings.SplitSeq(accepted, ",") {
			mediaType, parameters, err := mime.ParseMediaType(one)
			quality, hasQuality := parameters["q"]
			if err == nil && mediaType == "text/tab-separated-values" && (!hasQuality || strings.Trim(quality, "0.") != "") {
				return true
			}
		}
	}
	return false
}

// abbreviated shortens what has no score, which escaped could be six times as long.
type abbreviated struct{ render.Format }

func (f abbreviated) AppendFailure(out []byte, text string, err error) []byte {
	return f.Format.AppendFailure(out, abbreviate(text), err)
}

// scoreChunk scores the lines of a chunk.
func (s *Service) scoreChunk(id string, j *judge, format render.Format, c *pipeline.Chunk[pipeline.Line], textOf func(pipeline.Line) (string, error)) {
	const recordBytes = 192 // of a record, without its text
	c.Output = make([]byte, 0, c.Bytes+len(c.Items)*recordBytes)
	texts := make([]string, len(c.Items))
	failures := make(map[int]error)
	counted := s.newTally(id)
	for i, line := range c.Items {
		text, err := textOf(line)
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
			c.Output = format.AppendFailure(c.Output, r.Text, err)
		} else {
			c.Output = format.AppendRecord(c.Output, r)
		}
		counted.count(r.Text, r.Verdict, err)
	})
	counted.report()
}

// longestLine is how much is read of a line. A byte more than a text may have tells that there are
// more.
const longestLine = snowman.MaxLength + 1

var errTooLong = fmt.Errorf("line is longer than %d bytes", snowman.MaxLength)

// plainText returns a line. The path of a URL may be cut.
func plainText(line pipeline.Line) (string, error) { return line.Text, nil }

// mayHold is what a chunk of a stream may take until it is written: each byte of it may become six
// in JSON, and each line has a record.
func mayHold(c *pipeline.Chunk[pipeline.Line]) int64 {
	const recordBytes = 400
	return min(7*int64(c.Bytes)+recordBytes*int64(len(c.Items)), streamBytes)
}

// A streamBody is a body that may take any time, but not pause for longer than idle. Line ends are
// no progress: a client that sends empty lines is as good as silent.
type streamBody struct {
	body        io.Reader
	control     *http.ResponseController
	client      string // whose it is
	end         func() // ends it for the sake of another stream
	deadline    time.Time
	ended       bool // read to its end
	moved       bool // something has come since silentSince
	silentSince time.Time
	few         int          // bytes of text that came while waited grew
	waited      atomic.Int64 // nanoseconds in Reads since slowBytes of text came last
	readSince   atomic.Int64 // when the current Read began, in Unix nanoseconds; 0 if there is none
	texts       atomic.Int64 // bytes of text that came
	stopped     atomic.Pointer[error]
}

// slowBytes are what a stream that gets on sends while others wait.
const slowBytes = 1 << 10

// idle is the longest pause between bytes.
const idle = 2 * time.Minute

var (
	errShutDown = errors.New("the server is shutting down")
	errIdle     = fmt.Errorf("nothing came for %v", idle)
	errGone     = errors.New("the client is gone")
	errSlow     = errors.New("little came, and others wait")
)

func (b *streamBody) Read(p []byte) (int, error) {
	now := time.Now()
	if b.moved {
		b.silentSince, b.moved = now, false
	}
	// Setting a deadline for every read would be slow: it may be a second too early.
	if b.deadline.Before(b.silentSince.Add(idle - time.Second)) {
		b.deadline = b.silentSince.Add(idle)
		b.control.SetReadDeadline(b.deadline)
	}
	if stopped := b.stopped.Load(); stopped != nil { // what was read before has no deadline
		b.control.SetReadDeadline(time.Unix(1, 0))
		return 0, *stopped
	}
	b.readSince.Store(now.UnixNano())
	n, err := b.body.Read(p)
	b.ended = err == io.EOF
	b.readSince.Store(0)
	b.waited.Add(int64(time.Since(now)))
	if text := n - bytes.Count(p[:n], []byte("\n")) - bytes.Count(p[:n], []byte("\r")); text > 0 {
		b.moved = true
		b.texts.Add(int64(text))
		if b.few += text; b.few >= slowBytes {
			b.few = 0
			b.waited.Store(0)
		}
	}
	if errors.Is(err, os.ErrDeadlineExceeded) {
		err = errIdle
		if stopped := b.stopped.Load(); stopped != nil {
			err = *stopped
		}
	}
	return n, err
}

// slow returns for how long the service has waited for less than slowBytes of text. What keeps the
// service from reading is not the client's fault.
func (b *streamBody) slow() time.Duration {
	waited := time.Duration(b.waited.Load())
	if since := b.readSince.Load(); since > 0 {
		waited += time.Since(time.Unix(0, since))
	}
	return waited
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
