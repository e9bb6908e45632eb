// Package pipeline works on the items of a stream on all cores, and puts the results out in the
// order of the items.
//
//	feed            workers                  write
//	items -> chunk -> chunk, worked on -> one after the other, in the order of the input
//
// An item is what the caller makes it: a line, a record of a log, a message. Few chunks are under
// way at a time, so memory does not grow with the stream.
package pipeline

import (
	"context"
	"fmt"
	"io"
	"runtime"
	"runtime/debug"

	"github.com/snowman-ml/snowman/internal/lines"
)

// A chunk is full at either limit.
const (
	MaxItems = 512
	MaxBytes = 64 << 10
)

// A Chunk is neighbouring items, and then what working on them gave.
type Chunk[T any] struct {
	Source string // where the items are from, for messages; may be empty
	First  int    // number of the first item of the source, from 1
	Items  []T
	Bytes  int // of all items
	Output []byte
	Errors []byte // what is to be said beside the output
	Memory []byte // what the items lie in, where a feed uses it again

	done  chan struct{}
	panic *Panic // that working on it ended in
}

// A Panic is an error of Run: what working on a chunk panicked with. It ends the run, not the
// program, which may have other things to do.
type Panic struct {
	Value any
	Stack []byte // of the goroutine that panicked
}

func (p *Panic) Error() string { return fmt.Sprintf("panic: %v\n%s", p.Value, p.Stack) }

// work works on a chunk.
func (c *Chunk[T]) work(do func(*Chunk[T])) {
	defer close(c.done)
	defer func() {
		if value := recover(); value != nil {
			c.panic = &Panic{value, debug.Stack()}
		}
	}()
	do(c)
}

// A Feed gives chunks to send until it has no more, or send returns false.
type Feed[T any] func(send func(*Chunk[T]) bool) error

// Run has each chunk of a feed worked on by a function that newWorker returns, one for each core,
// and calls write with one chunk after the other. Idle is true where no chunk is ready behind this
// one. Run returns the error of write, of the context, or of the feed, or a *Panic. After any but
// the feed's it does not wait for the feed, which may be waiting for input that never comes.
func Run[T any](ctx context.Context, feed Feed[T], newWorker func() func(*Chunk[T]), write func(c *Chunk[T], idle bool) error) error {
	workers := runtime.GOMAXPROCS(0)
	work := make(chan *Chunk[T], workers)
	ordered := make(chan *Chunk[T], workers+6)
	stopped := make(chan struct{}) // closed when nobody writes any more
	defer close(stopped)

	for range workers {
		go func() {
			var do func(*Chunk[T])
			for c := range work {
				select {
				case <-stopped: // nobody waits for it
					continue
				default:
				}
				if do == nil {
					do = newWorker()
				}
				c.work(do)
			}
		}()
	}
	var feedError error // set before ordered is closed
	go func() {
		defer close(ordered)
		defer close(work)
		feedError = feed(func(c *Chunk[T]) bool {
			c.done = make(chan struct{})
			select {
			case ordered <- c:
				work <- c
				return true
			case <-stopped:
				return false
			}
		})
	}()

	for {
		select {
		case c, more := <-ordered:
			if !more {
				return feedError
			}
			select {
			case <-c.done:
			case <-ctx.Done():
				return ctx.Err()
			}
			if c.panic != nil {
				return c.panic
			}
			if err := write(c, len(ordered) == 0); err != nil {
				return err
			}
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// A Line is an item of Texts and Lines.
type Line struct {
	Text string
	Cut  bool // it is the start of a line that was longer than the maximum
}

// Texts feeds each text as a chunk of its own.
func Texts(texts []string) Feed[Line] {
	return func(send func(*Chunk[Line]) bool) error {
		for i, text := range texts {
			if !send(&Chunk[Line]{First: i + 1, Items: []Line{{Text: text}}, Bytes: len(text)}) {
				return nil
			}
		}
		return nil
	}
}

// A Source is a stream of lines.
type Source struct {
	Name  string // for messages; may be empty
	Input io.Reader
}

// Lines feeds the lines of sources, one source after the other, each line cut at maximum bytes. A
// chunk is sent when it is full, and before more input is waited for: an answer to a line that was
// typed does not wait for the next line.
func Lines(maximum int, sources ...Source) Feed[Line] {
	return func(send func(*Chunk[Line]) bool) error {
		for _, source := range sources {
			if wanted, err := source.feed(maximum, send); err != nil || !wanted {
				return err
			}
		}
		return nil
	}
}

// feed sends the lines of a source, and reports whether more are wanted.
func (s Source) feed(maximum int, send func(*Chunk[Line]) bool) (wanted bool, err error) {
	var reader *lines.Reader
	var held []byte // the lines of the next chunk
	var ends []int  // of each line in held
	var cut []bool
	wanted = true
	flush := func() bool {
		if !wanted || len(ends) == 0 {
			return wanted
		}
		all := string(held)
		c := &Chunk[Line]{Source: s.Name, First: reader.Number() - len(ends) + 1, Items: make([]Line, len(ends)), Bytes: len(all)}
		start := 0
		for i, end := range ends {
			c.Items[i] = Line{all[start:end], cut[i]}
			start = end
		}
		held, ends, cut = held[:0], ends[:0], cut[:0]
		wanted = send(c)
		return wanted
	}
	reader = lines.NewReader(readerFunc(func(p []byte) (int, error) {
		if !flush() {
			return 0, io.EOF
		}
		return s.Input.Read(p)
	}), maximum)
	for reader.Scan() {
		held = append(held, reader.Bytes()...)
		ends = append(ends, len(held))
		cut = append(cut, reader.Cut())
		if (len(ends) == MaxItems || len(held) >= MaxBytes) && !flush() {
			return false, nil
		}
	}
	flush()
	if err := reader.Err(); err != nil {
		return false, fmt.Errorf("reading texts: %w", err)
	}
	return wanted, nil
}

// readerFunc is a function as an io.Reader.
type readerFunc func([]byte) (int, error)

func (f readerFunc) Read(p []byte) (int, error) { return f(p) }

// AppendTexts appends the texts of lines.
func AppendTexts(texts []string, lines []Line) []string {
	for _, line := range lines {
		texts = append(texts, line.Text)
	}
	return texts
}
