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
	"os"
	"os/signal"
	"runtime"
	"syscall"
	"time"

	"github.com/snowman-ml/snowman"
	"github.com/snowman-ml/snowman/allow"
	"github.com/snowman-ml/snowman/internal/reload"
	"github.com/snowman-ml/snowman/internal/serving"
	"github.com/snowman-ml/snowman/web"
)

const serveDescription = `
Answers over HTTP, on port $PORT, or 5000 where that is not set:

  GET /, /card       pages for browsers: one to look names up, one about the model
  PUT, POST /model   score the url in the body (a form or JSON) or in the query
  POST /v1/score     score many: {"texts": [...]} as JSON, or lines, answered while they are coming
  POST /v1/logs      score the names in a log of any length and format
  POST /v1/explain   say what a score is made of: {"text": "..."}
  GET /v1/model      say what model it is
  /v2                the Open Inference Protocol
  /modules, /query   an expansion module of MISP
  GET /openapi.json  describe what programs ask
  GET /healthz, /readyz, /metrics

The log goes to standard output, one JSON object a line. It names no text, unless -log-texts says so.
SIGHUP reads the model and the other files anew; a file that cannot be used changes nothing. SIGTERM
finishes the requests under way, then exits with 0.

example:
  $ snowman serve &
  $ curl -X PUT localhost:5000/model -d url=zis32msdi3.com
  {"input query": "zis32msdi3.com", "score": "{{score}}"}
  $ curl -X POST localhost:5000/v1/score -H content-type:text/plain -T names.txt
`

// serveFlags are the flags of serve.
type serveFlags struct {
	options          web.Options
	address, ops     string // addresses
	profiles         string // address
	model, keys      string // files
	allow            []string
	certificate, key string // files
	watch, accessLog bool
	connections      int
	drain            time.Duration
}

// runServe is the verb serve.
func runServe(ctx context.Context, args []string, s streams) error {
	var f serveFlags
	flags := newFlags("serve", "[flags]", serveDescription)
	flags.StringVar(&f.address, "listen", ":"+cmp.Or(os.Getenv("PORT"), "5000"), "`address` to listen on")
	flags.StringVar(&f.ops, "ops-listen", "", "answer probes and /metrics on this `address`, too, whatever clients do to the other")
	modelFlag(flags, &f.model, "answer with the model in this `file`")
	allowFlag(flags, &f.allow)
	flags.StringVar(&f.keys, "keys", "", "let in only requests with an API key whose SHA-256 stands in this `file`, one a line: NAME SHA256")
	flags.BoolVar(&f.watch, "watch", false, "read the model and the other files anew when they change")
	flags.Float64Var(&f.options.Rate, "rate", 0, "let each client make `N` requests a second (default: any number)")
	listFlag(flags, &f.options.Origins, "cors", "let pages of this web `origin` ask, such as https://example.com, or * (may be given again)", web.CheckOrigin)
	listFlag(flags, &f.options.Hosts, "host", "answer only requests whose Host is this `name` or one of loopback (may be given again; default: any, but on a loopback address only those of loopback)", web.CheckHost)
	flags.StringVar(&f.certificate, "tls-cert", "", "serve HTTPS with the certificate in this PEM `file`")
	flags.StringVar(&f.key, "tls-key", "", "and the private key in this PEM `file`")
	flags.DurationVar(&f.options.Stall, "stall", 10*time.Second, "give a client up that has not read its answer for this `duration`")
	flags.IntVar(&f.connections, "max-connections", 4096, "serve at most `N` connections at a time; the oldest idle ones close for others")
	flags.BoolVar(&f.accessLog, "access-log", true, "write a line to the log for each request")
	flags.BoolVar(&f.options.LogTexts, "log-texts", false, "write a line to the log for each text, too")
	flags.DurationVar(&f.drain, "drain", 0, "after SIGTERM, go on for this `duration` while /readyz says 503, so that nothing new is sent here")
	flags.StringVar(&f.profiles, "pprof", "", "serve profiles of the running program on this loopback `address`, such as localhost:6060")
	if err := parseAll(flags, args, s); err != nil {
		return err
	}
	if err := f.check(); err != nil {
		return err
	}
	return f.run(ctx, s.stdout)
}

// check refuses flags that cannot be.
func (f *serveFlags) check() error {
	switch {
	case (f.certificate == "") != (f.key == ""):
		return usageError{"-tls-cert and -tls-key go together"}
	case f.connections < 1:
		return usageError{fmt.Sprintf("-max-connections %d: want 1 or more", f.connections)}
	case f.options.Stall <= 0 || f.options.Stall > time.Hour:
		return usageError{fmt.Sprintf("-stall %v: want a time above 0, of one hour at most", f.options.Stall)}
	case f.drain < 0 || f.drain > time.Hour:
		return usageError{fmt.Sprintf("-drain %v: want 0 or more, one hour at most", f.drain)}
	case !(f.options.Rate >= 0):
		return usageError{fmt.Sprintf("-rate %v: want 0 or more", f.options.Rate)}
	case f.options.LogTexts && !f.accessLog:
		return usageError{"-log-texts needs the -access-log that it adds to"}
	}
	return nil
}

// run serves until the context ends, or something fails.
func (f serveFlags) run(ctx context.Context, stdout io.Writer) error {
	// Uncaught, SIGHUP would end the program: catch it first and release it last.
	hangUp := make(chan os.Signal, 1)
	signal.Notify(hangUp, syscall.SIGHUP)
	defer signal.Stop(hangUp)
	lines := serving.NewLineBuffer(stdout)
	defer lines.Flush(time.Second)
	log := slog.New(slog.NewJSONHandler(lines, nil))
	log.Info("snowman", "version", programVersion(), "go", runtime.Version())
	listener, err := net.Listen("tcp", f.address)
	if err != nil {
		return fmt.Errorf("listening on %q: %w; choose another address with -listen", f.address, err)
	}
	defer listener.Close()
	f.options.Hosts = serving.Hosts(listener.Addr(), f.options.Hosts)
	files := reload.New(log)
	service, err := f.open(files, log)
	if err != nil {
		return err
	}
	server := serving.NewServer(service, log)
	if f.certificate != "" {
		certificate := new(serving.Certificate)
		first, err := reload.Open(files, "certificate", []string{f.certificate, f.key},
			func() (*tls.Certificate, error) { return serving.OpenCertificate(f.certificate, f.key) }, certificate.Set)
		if err != nil {
			return err
		}
		certificate.Set(first)
		server.TLSConfig = &tls.Config{GetCertificate: certificate.Get}
	}
	stop, err := serving.Beside(f.profiles, f.ops, service.Probes(), log)
	switch {
	case errors.Is(err, serving.ErrNotLoopback):
		return usageError{fmt.Sprintf("-pprof %q: %v", f.profiles, err)}
	case err != nil:
		return fmt.Errorf("%w; choose another address with -ops-listen or -pprof", err)
	}
	defer stop()
	go files.Follow(ctx, hangUp, f.watch, service.CountReload)
	return serving.Run(ctx, server, serving.NewListener(listener, f.connections), log, serving.End{
		Drain: service.Drain, DrainTime: f.drain, EndStreams: service.EndStreams, Wait: service.Wait,
	})
}

// open returns the service with what it answers from, which is read anew when the files are.
func (f serveFlags) open(files *reload.Files, log *slog.Logger) (service *web.Service, err error) {
	options := f.options
	options.Version = programVersion()
	if f.accessLog {
		options.Log = log
	}
	if f.model != "" {
		options.Model, err = reload.Open(files, "model", []string{f.model}, func() (*snowman.Model, error) {
			model, err := snowman.Open(f.model)
			if err == nil {
				log.Info("model", "created", model.Info().Created, "sha256", model.Info().SHA256, "levels", levelsFact(model.Info()))
			}
			return model, err
		}, func(model *snowman.Model) { service.SetModel(model) })
	}
	if err == nil && len(f.allow) > 0 {
		options.Allow, err = reload.Open(files, "allow", f.allow, func() (*allow.List, error) {
			list, problems, err := allow.Open(f.allow...)
			for _, problem := range problems {
				log.Warn("allow list", "problem", problem)
			}
			if err == nil {
				log.Info("allow list", "entries", list.Len())
			}
			return list, err
		}, func(list *allow.List) { service.SetAllow(list) })
	}
	if err == nil && f.keys != "" {
		options.Keys, err = reload.Open(files, "keys", []string{f.keys}, func() (*web.Keys, error) {
			keys, err := web.OpenKeys(f.keys)
			if err == nil {
				log.Info("keys", "keys", keys.Len())
			}
			return keys, err
		}, func(keys *web.Keys) { service.SetKeys(keys) })
	}
	if err != nil {
		return nil, err
	}
	return web.New(options), nil
}
