package enrich

import (
	"fmt"
	"io"
	"sync"

	"github.com/snowman-ml/snowman/internal/pipeline"
	"github.com/snowman-ml/snowman/logs"
)

// mostConnections is how many are read from at a time. More wait.
const mostConnections = 64

// NewConnections returns a Source of the frames that come over connections, until accept returns
// io.EOF. A connection that fails is closed, and its error given to failed, which any goroutine
// may call.
func NewConnections(accept func() (io.ReadWriteCloser, error), format *logs.Format, o logs.Options, failed func(error)) *Source {
	return &Source{format: format, connections: func(send func(*pipeline.Chunk[Item]) bool) error {
		var all sync.WaitGroup
		defer all.Wait()
		free := make(chan struct{}, mostConnections)
		for number := 1; ; number++ {
			free <- struct{}{}
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
				s, err := NewSource(name, logs.AcceptFrames(connection), format, nil, o)
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
