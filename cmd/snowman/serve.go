package main

import (
	"cmp"
	"context"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"time"

	"github.com/snowman-ml/snowman/web"
)

const serveDescription = `
Answers over HTTP, on port $PORT, or 5000 where that is not set:

  PUT, POST /model   score the url in the body (a form or JSON) or in the query
  GET /model         say what model it is
  GET /healthz       say that the server lives

example:
  $ snowman serve &
  $ curl -X PUT localhost:5000/model -d url=zis32msdi3.com
  {"input query": "zis32msdi3.com", "score": "{{score}}"}
`

// serve is the verb serve.
func serve(ctx context.Context, args []string, s streams) error {
	flags := newFlags("serve", "[flags]", serveDescription)
	address := flags.String("listen", ":"+cmp.Or(os.Getenv("PORT"), "5000"), "`address` to listen on")
	modelPath := flags.String("model", "", "answer with the model in this `file` (default: the one built in)")
	if err := parse(flags, args, s); err != nil {
		return err
	}
	if err := noArguments(flags); err != nil {
		return err
	}
	model, err := openModel(*modelPath)
	if err != nil {
		return err
	}
	listener, err := net.Listen("tcp", *address)
	if err != nil {
		return fmt.Errorf("listening on %q: %w; choose another address with -listen", *address, err)
	}
	log := slog.New(slog.NewTextHandler(s.stderr, nil))
	server := &http.Server{
		Handler:           web.Handler(model),
		ReadHeaderTimeout: 10 * time.Second,
		ReadTimeout:       30 * time.Second,
		WriteTimeout:      30 * time.Second,
		IdleTimeout:       2 * time.Minute,
		MaxHeaderBytes:    64 << 10,
		ErrorLog:          slog.NewLogLogger(log.Handler(), slog.LevelWarn),
	}
	log.Info("listening", "address", listener.Addr().String())
	failed := make(chan error, 1)
	go func() { failed <- server.Serve(listener) }()
	select {
	case err := <-failed:
		return fmt.Errorf("serving: %w", err)
	case <-ctx.Done():
	}
	log.Info("shutting down")
	drain, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	if err := server.Shutdown(drain); err != nil {
		log.Warn("breaking off requests that take too long", "error", err)
		server.Close()
	}
	return nil
}
