package serving

import (
	"fmt"
	"io"
	"sync"
	"time"
)

// A LineBuffer writes the lines of a log in the background, and lines of nearly the same time
// together: writing each by itself would take as long as answering the request that it is about.
// Lines that cannot be written in time are dropped and counted, and keep no request waiting.
type LineBuffer struct {
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

// NewLineBuffer returns a LineBuffer that writes to out.
func NewLineBuffer(out io.Writer) *LineBuffer { return &LineBuffer{out: out} }

// Write takes one line.
func (b *LineBuffer) Write(line []byte) (int, error) {
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

// write writes lines until there are none.
func (b *LineBuffer) write() {
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

// Flush waits until all lines are written, for at most this time.
func (b *LineBuffer) Flush(within time.Duration) {
	for end := time.Now().Add(within); time.Now().Before(end); time.Sleep(time.Millisecond) {
		b.mu.Lock()
		writing := b.writing
		b.mu.Unlock()
		if !writing {
			return
		}
	}
}
