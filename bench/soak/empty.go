package main

import (
	"context"
	"io"
	"log/slog"
	"net"
	"net/http"
)

// serveEmpty is what rate compares with: net/http, and a handler that reads the body and does
// nothing. It logs its address as snowman serve does.
func serveEmpty(ctx context.Context, stdout io.Writer) error {
	listener, err := net.Listen("tcp", loopback)
	if err != nil {
		return err
	}
	server := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		io.Copy(io.Discard, r.Body)
	})}
	context.AfterFunc(ctx, func() { server.Close() })
	slog.New(slog.NewJSONHandler(stdout, nil)).Info("listening", "address", listener.Addr().String())
	if err := server.Serve(listener); err != http.ErrServerClosed {
		return err
	}
	return nil
}
