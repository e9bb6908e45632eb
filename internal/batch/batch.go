// Package batch works on the lines of a stream on all cores and puts the results out in the order of
// the lines.
//
//	feed     workers                 write
//	lines -> chunk -> chunk worked on -> in the order of the input
//
// Few chunks are on the way at a time, so memory does not grow with the stream.
package batch

import (
	"context"
	"fmt"
	"io"
	"runtime"

	"github.com/snowman-ml/snowman"
	"github.com/snowman-ml/snowman/internal/lines"
)

// A chunk is full at so many lines or bytes.
const (
	MaxTexts = 512
	maxBytes = 64 << 10
)

// A Chunk is some neighbouring texts, then what working on them gave.
type Chunk struct {
	First  int      // number of the first text, from 1
	Texts  []string // in their order
	Cut    []bool   // of each text: it is the start of a line that was longer than the maximum
	Bytes  int      // of all texts
	Output []byte
	Errors []byte                // what is to be said beside the output
	Levels [snowman.High + 1]int // how many texts were found to have each level

	done chan struct{}
}

// A Feed gives chunks to send until it has no more, or send returns false.
type Feed func(send func(*Chunk) bool) error

// Run has each chunk of a feed worked on by one of the functions that newWorker returns, one for each
// core, and calls write with one chunk after the other. Idle says that no chunk that is ready stands
// behind it. Run returns the error of write, of the context, or of the feed. After one of the first two
// it does not wait for the feed, which may be waiting for input that never comes.
func Run(ctx context.Context, feed Feed, newWorker func() func(*Chunk), write func(c *Chunk, idle bool) error) error {
	workers := runtime.GOMAXPROCS(0)
	work := make(chan *Chunk, workers)
	ordered := make(chan *Chunk, workers+6)
	stopped := make(chan struct{}) // closed when nobody writes any more
	defer close(stopped)

	for range workers {
		go func() {
			var do func(*Chunk)
			for c := range work {
				if do == nil {
					do = newWorker()
				}
				do(c)
				close(c.done)
			}
		}()
	}
	var feedError error // set before ordered is closed
	go func() {
		defer close(ordered)
		defer close(work)
		feedError = feed(func(c *Chunk) bool {
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
			<-c.done
			if err := write(c, len(ordered) == 0); err != nil {
				return err
			}
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// Texts feeds each text as a chunk of its own.
func Texts(texts []string) Feed {
	return func(send func(*Chunk) bool) error {
		for i, text := range texts {
			if !send(&Chunk{First: i + 1, Texts: []string{text}, Cut: []bool{false}, Bytes: len(text)}) {
				return nil
			}
		}
		return nil
	}
}

// Lines feeds the lines of a stream, cut at maximum bytes. A chunk goes out when it is full and before
// more input is waited for, so that someone who types, or a program that waits for an answer, is not
// kept waiting.
func Lines(input io.Reader, maximum int) Feed {
	return func(send func(*Chunk) bool) error {
		var reader *lines.Reader
		var held []byte // the lines of the next chunk
		var ends []int  // of each line in held
		var cut []bool
		flush := func() bool {
			if len(ends) == 0 {
				return true
			}
			all := string(held)
			c := &Chunk{First: reader.Number() - len(ends) + 1, Texts: make([]string, len(ends)), Cut: cut, Bytes: len(all)}
			start := 0
			for i, end := range ends {
				c.Texts[i] = all[start:end]
				start = end
			}
			held, ends, cut = held[:0], ends[:0], nil
			return send(c)
		}
		reader = lines.NewReader(readerFunc(func(p []byte) (int, error) {
			if !flush() {
				return 0, io.EOF
			}
			return input.Read(p)
		}), maximum)
		for reader.Scan() {
			held = append(held, reader.Bytes()...)
			ends = append(ends, len(held))
			cut = append(cut, reader.Cut())
			if (len(ends) == MaxTexts || len(held) >= maxBytes) && !flush() {
				return nil
			}
		}
		flush()
		if err := reader.Err(); err != nil {
			return fmt.Errorf("reading texts: %w", err)
		}
		return nil
	}
}

// readerFunc is a function as an io.Reader.
type readerFunc func([]byte) (int, error)

func (f readerFunc) Read(p []byte) (int, error) { return f(p) }
