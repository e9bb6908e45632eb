// Package serving holds what a server of HTTP needs beside its handler: a listener, deadlines, the
// log, the certificate, and an orderly end.
//
//	server := serving.NewServer(handler, log)
//	err := serving.Run(ctx, server, serving.NewListener(listener, 4096), log, end)
package serving

import (
	"context"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"time"
)

// NewServer returns a server with deadlines and bounds that suit requests of some MiB. It speaks
// HTTP/1.1 and HTTP/2, the latter also without TLS.
func NewServer(handler http.Handler, log *slog.Logger) *http.Server {
	server := &http.Server{
		Handler:        handler,
		ReadTimeout:    15 * time.Second, // of a request and its body; streams have deadlines of their own
		WriteTimeout:   30 * time.Second,
		IdleTimeout:    2 * time.Minute,
		MaxHeaderBytes: 16 << 10,
		ErrorLog:       slog.NewLogLogger(log.Handler(), slog.LevelWarn),
		ConnState:      noteState,
		Protocols:      new(http.Protocols),
		// What a connection may make the server hold without a handler that could count it.
		HTTP2: &http.HTTP2Config{
			MaxConcurrentStreams:          32,
			MaxReadFrameSize:              16 << 10, // is allocated when the frame is announced
			MaxReceiveBufferPerConnection: 64 << 10,
			MaxReceiveBufferPerStream:     64 << 10,
			WriteByteTimeout:              15 * time.Second,
		},

		DisableGeneralOptionsHandler: true, // the handler answers OPTIONS
	}
	server.Protocols.SetHTTP1(true)
	server.Protocols.SetHTTP2(true)
	server.Protocols.SetUnencryptedHTTP2(true)
	return server
}

// An End is how a handler ends.
type End struct {
	Drain      func()        // makes the handler tell balancers that new requests are to go elsewhere
	DrainTime  time.Duration // how long requests are served after that
	EndStreams func()        // ends the answers that are as long as a client likes
	Wait       func()        // waits for what the server does not know of
}

// Run serves until the context ends, over TLS where the server has a certificate. Requests under
// way are then answered, and broken off only if they take too long.
func Run(ctx context.Context, server *http.Server, listener net.Listener, log *slog.Logger, end End) error {
	failed := make(chan error, 1)
	go func() {
		if server.TLSConfig != nil {
			failed <- server.ServeTLS(listener, "", "")
		} else {
			failed <- server.Serve(listener)
		}
	}()
	log.Info("listening", "address", listener.Addr().String())
	select {
	case err := <-failed:
		return fmt.Errorf("serving: %w", err)
	case <-ctx.Done():
	}
	log.Info("shutting down")
	end.Drain()
	time.Sleep(end.DrainTime)
	const (
		all  = 10 * time.Second // for requests under way
		rest = 5 * time.Second  // for those that are left
	)
	if shutdown(server, all) != nil {
		log.Info("ending streams")
		end.EndStreams()
		if err := shutdown(server, rest); err != nil {
			log.Warn("breaking off requests that take too long", "error", err)
			server.Close()
		}
	}
	end.Wait()
	return nil
}

func shutdown(server *http.Server, within time.Duration) error {
	ctx, cancel := context.WithTimeout(context.Background(), within)
	defer cancel()
	return server.Shutdown(ctx)
}
