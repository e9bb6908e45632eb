package main

import (
	"fmt"
	"io"
	"sync"
	"time"
)

// A lineBuffer writes the lines of a log in the background, those that come at nearly the same time
// together: writing each by itself would take as long as answering the request that it is about. Where
// nobody takes the lines, they are dropped and counted, rather than keeping requests waiting.
type lineBuffer struct {
	out io.Writer

	mu      sync.Mutex
	lines   []byte // to be written
	spare   []byte
	dropped int
	writing bool
}

const (
	lineDelay = 20 * time.Millisecond // how long a line waits for others
	maxLines  = 4 << 20               // bytes
)

// Write takes one line.
func (b *lineBuffer) Write(line []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if len(b.lines)+len(line) > maxLines {
		b.dropped++
		return len(line), nil
	}
	b.lines = append(b.lines, line...)
	if !b.writing {
		b.writing = true
		time.AfterFunc(lineDelay, b.write)
	}
	return len(line), nil
}

// write writes the lines that are there, until there are none.
func (b *lineBuffer) write() {
	b.mu.Lock()
	defer b.mu.Unlock()
	for len(b.lines) > 0 {
		lines := b.lines
		b.lines = b.spare[:0]
		if b.dropped > 0 {
			lines = fmt.Appendf(lines, `{"time":"%s","level":"WARN","msg":"lines of the log were dropped, since nobody took them","lines":%d}`+"\n",
				time.Now().Format(time.RFC3339Nano), b.dropped)
			b.dropped = 0
		}
		b.mu.Unlock()
		b.out.Write(lines) // an error is no reason to stop answering
		b.mu.Lock()
		b.spare = lines
	}
	b.writing = false
}

// flush waits for the lines that are there to be written, at most so long.
func (b *lineBuffer) flush(within time.Duration) {
	for end := time.Now().Add(within); time.Now().Before(end); time.Sleep(time.Millisecond) {
		b.mu.Lock()
		writing := b.writing
		b.mu.Unlock()
		if !writing {
			return
		}
	}
}
