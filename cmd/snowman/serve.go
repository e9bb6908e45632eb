package main

import (
	"cmp"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/http/pprof"
	"os"
	"strings"
	"time"

	"github.com/snowman-ml/snowman/lists"
	"github.com/snowman-ml/snowman/web"
)

const serveDescription = `
Answers over HTTP, on port $PORT, or 5000 where that is not set:

  PUT, POST /model   score the url in the body (a form or JSON) or in the query
  POST /v1/score     score many: {"texts": [...]} as JSON, or lines, answered while they are coming
  POST /v1/explain   say what a score is made of: {"text": "..."}
  GET /v1/model      say what model it is
  /v2                the Open Inference Protocol
  GET /openapi.json  describe all of it
  GET /healthz, /readyz, /metrics

The log goes to standard output, one JSON object a line. It names no text that anybody asked about,
unless -log-texts says so. SIGHUP reads the model and the other files anew; one that cannot be used
changes nothing. SIGTERM finishes what is under way, then exits with 0.

example:
  $ snowman serve &
  $ curl -X PUT localhost:5000/model -d url=zis32msdi3.com
  {"input query": "zis32msdi3.com", "score": "{{score}}"}
  $ curl -X POST localhost:5000/v1/score -H content-type:text/plain -T names.txt
`

// How long requests under way may take when the server shuts down: all, then what is left of them.
const (
	drainTime = 10 * time.Second
	endTime   = 5 * time.Second
)

// serve is the verb serve.
func serve(ctx context.Context, args []string, s streams) error {
	flags := newFlags("serve", "[flags]", serveDescription)
	address := flags.String("listen", ":"+cmp.Or(os.Getenv("PORT"), "5000"), "`address` to listen on")
	modelPath := flags.String("model", "", "answer with the model in this `file` (default: the one built in)")
	allowPaths := allowFlag(flags)
	keysPath := flags.String("keys", "", "let in only requests with an API key whose SHA-256 stands in this `file`, one a line: NAME SHA256")
	watch := flags.Bool("watch", false, "read the model and the other files anew when they change")
	rate := flags.Float64("rate", 0, "let each client make `N` requests a second (default: any number)")
	var origins repeated
	flags.Var(&origins, "cors", "let pages of this web `origin` ask, such as https://example.com, or * (may be given again)")
	certificatePath := flags.String("tls-cert", "", "serve HTTPS with the certificate in this PEM `file`")
	keyPath := flags.String("tls-key", "", "and the private key in this PEM `file`")
	stall := flags.Duration("stall", 10*time.Second, "give a client up that has not read its answer for so `long`")
	connections := flags.Int("max-connections", 4096, "serve at most `N` connections at a time; others wait")
	accessLog := flags.Bool("access-log", true, "write a line to the log for each request")
	logTexts := flags.Bool("log-texts", false, "write a line to the log for each text, too")
	pprofAddress := flags.String("pprof", "", "serve profiles of the running program on this loopback `address`, such as localhost:6060")
	if err := parse(flags, args, s); err != nil {
		return err
	}
	if err := noArguments(flags); err != nil {
		return err
	}
	switch {
	case (*certificatePath == "") != (*keyPath == ""):
		return usageError{"-tls-cert and -tls-key go together"}
	case *connections < 1:
		return usageError{fmt.Sprintf("-max-connections %d: want 1 or more", *connections)}
	case *stall <= 0:
		return usageError{fmt.Sprintf("-stall %v: want a time above 0", *stall)}
	case !(*rate >= 0):
		return usageError{fmt.Sprintf("-rate %v: want 0 or more", *rate)}
	case *logTexts && !*accessLog:
		return usageError{"-log-texts needs the -access-log that it adds to"}
	}

	lines := &lineBuffer{out: s.stdout}
	defer lines.flush(time.Second)
	log := slog.New(slog.NewJSONHandler(lines, nil))
	options := web.Options{Rate: *rate, Origins: origins, LogTexts: *logTexts, Stall: *stall, Version: programVersion()}
	if *accessLog {
		options.Log = log
	}
	model, err := openModel(*modelPath)
	if err != nil {
		return err
	}
	options.Model = model
	if options.Allow, err = openServed(*allowPaths, log); err != nil {
		return err
	}
	if *keysPath != "" {
		if options.Keys, err = openKeys(*keysPath); err != nil {
			return err
		}
	}
	service := web.New(options)
	files := newServedFiles(service, log)
	if *modelPath != "" {
		files.add("model", []string{*modelPath}, func() error {
			model, err := openModel(*modelPath)
			if err == nil {
				service.SetModel(model)
			}
			return err
		})
	}
	if len(*allowPaths) > 0 {
		files.add("allow", *allowPaths, func() error {
			list, err := openServed(*allowPaths, log)
			if err == nil {
				service.SetAllow(list)
			}
			return err
		})
	}
	if *keysPath != "" {
		files.add("keys", []string{*keysPath}, func() error {
			keys, err := openKeys(*keysPath)
			if err == nil {
				service.SetKeys(keys)
			}
			return err
		})
	}
	server := &http.Server{
		Handler:        service,
		ReadTimeout:    15 * time.Second, // of a request and its body; streams have deadlines of their own
		WriteTimeout:   30 * time.Second,
		IdleTimeout:    2 * time.Minute,
		MaxHeaderBytes: 64 << 10,
		ErrorLog:       slog.NewLogLogger(log.Handler(), slog.LevelWarn),
		Protocols:      new(http.Protocols),
	}
	server.Protocols.SetHTTP1(true)
	server.Protocols.SetHTTP2(true)
	server.Protocols.SetUnencryptedHTTP2(true)
	listener, err := net.Listen("tcp", *address)
	if err != nil {
		return fmt.Errorf("listening on %q: %w; choose another address with -listen", *address, err)
	}
	defer listener.Close()
	if *certificatePath != "" {
		certificate, err := newServedCertificate(*certificatePath, *keyPath)
		if err != nil {
			return err
		}
		files.add("certificate", []string{*certificatePath, *keyPath}, certificate.read)
		server.TLSConfig = &tls.Config{GetCertificate: certificate.get}
	}
	if *pprofAddress != "" {
		stop, err := serveProfiles(*pprofAddress, log)
		if err != nil {
			return err
		}
		defer stop()
	}
	go files.follow(ctx, *watch)
	failed := make(chan error, 1)
	go func() {
		limited := newServedListener(listener, *connections)
		if server.TLSConfig != nil {
			failed <- server.ServeTLS(limited, "", "")
		} else {
			failed <- server.Serve(limited)
		}
	}()
	log.Info("listening", "address", listener.Addr().String())

	select {
	case err := <-failed:
		return fmt.Errorf("serving: %w", err)
	case <-ctx.Done():
	}
	log.Info("shutting down")
	service.Drain()
	if shutdown(server, drainTime) != nil {
		log.Info("ending streams")
		service.EndStreams()
		if err := shutdown(server, endTime); err != nil {
			log.Warn("breaking off requests that take too long", "error", err)
			server.Close()
		}
	}
	return nil
}

// shutdown waits for the requests under way, at most so long.
func shutdown(server *http.Server, within time.Duration) error {
	ctx, cancel := context.WithTimeout(context.Background(), within)
	defer cancel()
	return server.Shutdown(ctx)
}

// repeated is a flag that may be given several times.
type repeated []string

func (r *repeated) String() string { return strings.Join(*r, " ") }

func (r *repeated) Set(value string) error {
	if value == "" {
		return errors.New("it is empty")
	}
	*r = append(*r, value)
	return nil
}

// openServed reads allow lists, and logs what is wrong with single entries. It returns nil where no file is
// named.
func openServed(paths []string, log *slog.Logger) (*lists.List, error) {
	if len(paths) == 0 {
		return nil, nil
	}
	list, problems, err := lists.Open(paths...)
	for _, problem := range problems {
		log.Warn("an entry is left out of the allow list", "error", problem)
	}
	return list, err
}

func openKeys(path string) (*web.Keys, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("reading API keys: %w", err)
	}
	defer file.Close()
	keys, err := web.ReadKeys(file)
	if err != nil {
		return nil, fmt.Errorf("reading API keys from %q: %w", path, err)
	}
	return keys, nil
}

// serveProfiles serves what net/http/pprof has, on loopback alone: profiles show what is in memory.
func serveProfiles(address string, log *slog.Logger) (stop func() error, err error) {
	listener, err := net.Listen("tcp", address)
	if err != nil {
		return nil, fmt.Errorf("listening on %q for profiles: %w", address, err)
	}
	if !listener.Addr().(*net.TCPAddr).IP.IsLoopback() {
		listener.Close()
		return nil, usageError{fmt.Sprintf("-pprof %q: want a loopback address, such as localhost:6060", address)}
	}
	mux := http.NewServeMux()
	mux.HandleFunc("/debug/pprof/", pprof.Index)
	mux.HandleFunc("/debug/pprof/cmdline", pprof.Cmdline)
	mux.HandleFunc("/debug/pprof/profile", pprof.Profile)
	mux.HandleFunc("/debug/pprof/symbol", pprof.Symbol)
	mux.HandleFunc("/debug/pprof/trace", pprof.Trace)
	server := &http.Server{Handler: mux, ReadHeaderTimeout: 10 * time.Second}
	go server.Serve(listener)
	log.Info("serving profiles", "address", listener.Addr().String())
	return server.Close, nil
}
