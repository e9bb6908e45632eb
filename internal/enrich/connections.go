package enrich

import (
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"sync"
	"time"

	"github.com/snowman-ml/snowman/internal/pipeline"
	"github.com/snowman-ml/snowman/logs"
)

const (
	mostConnections = 64               // that are read from at a time; more wait
	patience        = 10 * time.Second // until a connection begins a stream of frames
)

// A beginning is a stream over a connection that must begin soon: one where nothing comes would
// take the place of others. Later it may pause for any time.
type beginning struct {
	frames   io.Reader
	deadline interface{ SetDeadline(time.Time) error } // nil when the stream has begun
}

var errSilent = fmt.Errorf("it did not begin to write dnstap within %v", patience)

func (b *beginning) Read(p []byte) (int, error) {
	n, err := b.frames.Read(p)
	if errors.Is(err, os.ErrDeadlineExceeded) {
		err = errSilent
	}
	if n > 0 && b.deadline != nil {
		b.deadline.SetDeadline(time.Time{})
		b.deadline = nil
	}
	return n, err
}

// NewConnections returns a Source of the frames that come over connections, until accept returns
// io.EOF. A connection that fails or says nothing is closed, and its error given to failed, which
// any goroutine may call. So is, once, that connections wait for others to end.
func NewConnections(accept func() (net.Conn, error), format *logs.Format, o logs.Options, failed func(error)) *Source {
	return &Source{format: format, connections: func(send func(*pipeline.Chunk[Item]) bool) error {
		var all sync.WaitGroup
		defer all.Wait()
		free := make(chan struct{}, mostConnections)
		isFull := false
		for number := 1; ; number++ {
			select {
			case free <- struct{}{}:
			default:
				if !isFull {
					isFull = true
					failed(fmt.Errorf("%d connections are open: others wait until one ends", mostConnections))
				}
				free <- struct{}{}
			}
			connection, err := accept()
			if err == io.EOF {
				return nil
			}
			if err != nil {
				return err
			}
			all.Go(func() {
				defer func() { <-free }()
				defer connection.Close()
				name := fmt.Sprintf("connection %d", number)
				connection.SetDeadline(time.Now().Add(patience))
				s, err := NewSource(name, &beginning{logs.AcceptFrames(connection), connection}, format, nil, o)
				if err == nil {
					err = s.Feed(send)
				}
				if err != nil {
					failed(fmt.Errorf("%s: %w", name, err))
				}
			})
		}
	}}
}
