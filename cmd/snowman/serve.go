package main

import (
	"cmp"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/pprof"
	"net/url"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/snowman-ml/snowman"
	"github.com/snowman-ml/snowman/allow"
	"github.com/snowman-ml/snowman/web"
)

const serveDescription = `
Answers over HTTP, on port $PORT, or 5000 where that is not set:

  GET /, /card       pages for browsers: one to look names up, one about the model
  PUT, POST /model   score the url in the body (a form or JSON) or in the query
  POST /v1/score     score many: {"texts": [...]} as JSON, or lines, answered while they are coming
  POST /v1/explain   say what a score is made of: {"text": "..."}
  GET /v1/model      say what model it is
  /v2                the Open Inference Protocol
  GET /openapi.json  describe what programs ask
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

// serveFlags are the flags of serve.
type serveFlags struct {
	address             string
	model, keys         string // files
	allow               []string
	certificate, key    string // files
	watch               bool
	rate                float64
	origins             []string
	stall               time.Duration
	connections         int
	accessLog, logTexts bool
	profiles            string // address
	drain               time.Duration
}

// runServe is the verb serve.
func runServe(ctx context.Context, args []string, s streams) error {
	var f serveFlags
	flags := newFlags("serve", "[flags]", serveDescription)
	flags.StringVar(&f.address, "listen", ":"+cmp.Or(os.Getenv("PORT"), "5000"), "`address` to listen on")
	flags.StringVar(&f.model, "model", "", "answer with the model in this `file` (default: the one built in)")
	var allow []string
	allowFlag(flags, &allow)
	flags.StringVar(&f.keys, "keys", "", "let in only requests with an API key whose SHA-256 stands in this `file`, one a line: NAME SHA256")
	flags.BoolVar(&f.watch, "watch", false, "read the model and the other files anew when they change")
	flags.Float64Var(&f.rate, "rate", 0, "let each client make `N` requests a second (default: any number)")
	flags.Func("cors", "let pages of this web `origin` ask, such as https://example.com, or * (may be given again)", func(origin string) error {
		if u, err := url.Parse(origin); origin != "*" && (err != nil || u.Host == "" || u.Scheme+"://"+u.Host != origin) {
			return errors.New("want an origin such as https://example.com, without a path, or *")
		}
		f.origins = append(f.origins, origin)
		return nil
	})
	flags.StringVar(&f.certificate, "tls-cert", "", "serve HTTPS with the certificate in this PEM `file`")
	flags.StringVar(&f.key, "tls-key", "", "and the private key in this PEM `file`")
	flags.DurationVar(&f.stall, "stall", 10*time.Second, "give a client up that has not read its answer for this `duration`")
	flags.IntVar(&f.connections, "max-connections", 4096, "serve at most `N` connections at a time; others wait")
	flags.BoolVar(&f.accessLog, "access-log", true, "write a line to the log for each request")
	flags.BoolVar(&f.logTexts, "log-texts", false, "write a line to the log for each text, too")
	flags.DurationVar(&f.drain, "drain", 0, "after SIGTERM, go on for this `duration` while /readyz says 503, so that nothing new is sent here")
	flags.StringVar(&f.profiles, "pprof", "", "serve profiles of the running program on this loopback `address`, such as localhost:6060")
	if err := parse(flags, args, s); err != nil {
		return err
	}
	if err := noArguments(flags); err != nil {
		return err
	}
	f.allow = allow
	switch {
	case (f.certificate == "") != (f.key == ""):
		return usageError{"-tls-cert and -tls-key go together"}
	case f.connections < 1:
		return usageError{fmt.Sprintf("-max-connections %d: want 1 or more", f.connections)}
	case f.stall <= 0 || f.stall > time.Hour:
		return usageError{fmt.Sprintf("-stall %v: want a time above 0, of one hour at most", f.stall)}
	case f.drain < 0 || f.drain > time.Hour:
		return usageError{fmt.Sprintf("-drain %v: want 0 or more, one hour at most", f.drain)}
	case !(f.rate >= 0):
		return usageError{fmt.Sprintf("-rate %v: want 0 or more", f.rate)}
	case f.logTexts && !f.accessLog:
		return usageError{"-log-texts needs the -access-log that it adds to"}
	}
	return f.run(ctx, s.stdout)
}

// run serves until the context ends, or something fails.
func (f serveFlags) run(ctx context.Context, stdout io.Writer) error {
	// From the first moment to the last: otherwise it ends the program.
	hangUp := make(chan os.Signal, 1)
	signal.Notify(hangUp, syscall.SIGHUP)
	defer signal.Stop(hangUp)
	lines := &lineBuffer{out: stdout}
	defer lines.flush(time.Second)
	log := slog.New(slog.NewJSONHandler(lines, nil))

	files := &servedFiles{log: log}
	service, err := f.open(files)
	if err != nil {
		return err
	}
	server := &http.Server{
		Handler:        service,
		ReadTimeout:    15 * time.Second, // of a request and its body; streams have deadlines of their own
		WriteTimeout:   30 * time.Second,
		IdleTimeout:    2 * time.Minute,
		MaxHeaderBytes: 64 << 10,
		ErrorLog:       slog.NewLogLogger(log.Handler(), slog.LevelWarn),
		Protocols:      new(http.Protocols),
		HTTP2:          &http.HTTP2Config{MaxConcurrentStreams: 100},

		DisableGeneralOptionsHandler: true, // the service answers
	}
	server.Protocols.SetHTTP1(true)
	server.Protocols.SetHTTP2(true)
	server.Protocols.SetUnencryptedHTTP2(true)
	if f.certificate != "" {
		certificate := new(servedCertificate)
		if certificate.current, err = readAnew(files, "certificate", []string{f.certificate, f.key}, f.openCertificate, certificate.set); err != nil {
			return err
		}
		server.TLSConfig = &tls.Config{GetCertificate: certificate.get}
	}
	listener, err := net.Listen("tcp", f.address)
	if err != nil {
		return fmt.Errorf("listening on %q: %w; choose another address with -listen", f.address, err)
	}
	defer listener.Close()
	if f.profiles != "" {
		stop, err := serveProfiles(f.profiles, log)
		if err != nil {
			return err
		}
		defer stop()
	}
	go files.follow(ctx, hangUp, f.watch, service.CountReload)
	failed := make(chan error, 1)
	go func() {
		served := newServedListener(listener, f.connections)
		if server.TLSConfig != nil {
			failed <- server.ServeTLS(served, "", "")
		} else {
			failed <- server.Serve(served)
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
	time.Sleep(f.drain)
	if shutdown(server, drainTime) != nil {
		log.Info("ending streams")
		service.EndStreams()
		if err := shutdown(server, endTime); err != nil {
			log.Warn("breaking off requests that take too long", "error", err)
			server.Close()
		}
	}
	service.Wait()
	return nil
}

// open returns the service with what it answers from, which is read anew when the files are.
func (f serveFlags) open(files *servedFiles) (service *web.Service, err error) {
	options := web.Options{Rate: f.rate, Origins: f.origins, LogTexts: f.logTexts, Stall: f.stall, Version: programVersion()}
	if f.accessLog {
		options.Log = files.log
	}
	if f.model != "" {
		options.Model, err = readAnew(files, "model", []string{f.model},
			func() (*snowman.Model, error) {
				model, err := snowman.Open(f.model)
				if err == nil {
					files.log.Info("model", "created", model.Info().Created, "sha256", model.Info().SHA256)
				}
				return model, err
			},
			func(model *snowman.Model) { service.SetModel(model) })
		if err != nil {
			return nil, err
		}
	}
	if len(f.allow) > 0 {
		options.Allow, err = readAnew(files, "allow", f.allow,
			func() (*allow.List, error) {
				list, problems, err := allow.Open(f.allow...)
				for _, problem := range problems {
					files.log.Warn("allow list", "problem", problem)
				}
				if err == nil {
					files.log.Info("allow list", "entries", list.Len())
				}
				return list, err
			},
			func(list *allow.List) { service.SetAllow(list) })
		if err != nil {
			return nil, err
		}
	}
	if f.keys != "" {
		options.Keys, err = readAnew(files, "keys", []string{f.keys},
			func() (*web.Keys, error) {
				keys, err := openKeys(f.keys)
				if err == nil {
					files.log.Info("keys", "keys", keys.Len())
				}
				return keys, err
			},
			func(keys *web.Keys) { service.SetKeys(keys) })
		if err != nil {
			return nil, err
		}
	}
	return web.New(options), nil
}

// shutdown waits for the requests under way, at most so long.
func shutdown(server *http.Server, within time.Duration) error {
	ctx, cancel := context.WithTimeout(context.Background(), within)
	defer cancel()
	return server.Shutdown(ctx)
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

func (f serveFlags) openCertificate() (*tls.Certificate, error) {
	certificate, err := tls.LoadX509KeyPair(f.certificate, f.key)
	if err != nil {
		return nil, fmt.Errorf("reading the certificate %q and its key %q: %w", f.certificate, f.key, err)
	}
	return &certificate, nil
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
