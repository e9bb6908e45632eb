package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/signal"
	"runtime"
	"strings"
	"syscall"
	"time"

	"github.com/snowman-ml/snowman"
	"github.com/snowman-ml/snowman/allow"
	"github.com/snowman-ml/snowman/internal/reload"
	"github.com/snowman-ml/snowman/internal/serving"
	"github.com/snowman-ml/snowman/internal/stream"
	"github.com/snowman-ml/snowman/logs"
)

const streamDescription = `
Scores the messages of Kafka's topics as one worker of a group: each message goes with its verdict to
-out, those that reach -min to -alerts, too, broken ones to -dead-letters with the reason in a header.
A message is a name, or with -field a JSON object with names, unless -format says otherwise.

At least once, nothing is lost, but what a worker that dies has written and not committed is written
again by another: readers may see some messages twice. Exactly once (-exactly-once), a second's
messages and the offsets that they were read at are one transaction, which happens whole or not at
all: readers with isolation.level=read_committed see each message once, up to a second later.

SIGTERM finishes the messages under way and leaves the group, then exits with 0. SIGHUP reads the
model and the allow lists anew. The password of -user stands in a file, or in
$SNOWMAN_KAFKA_PASSWORD. The log goes to standard output, one JSON object a line.

examples:
  $ snowman stream -in names -out names-scored
  $ snowman stream -brokers k1:9092,k2:9092 -in dns -format suricata -out dns-scored -alerts dns-alerts \
      -dead-letters dns-broken -exactly-once -ops-listen :5001
  $ snowman stream -config stream.conf    # of lines flag=value

docs/kafka.md says how many workers, partitions and brokers are needed.
`

// streamFlags are the flags of stream.
type streamFlags struct {
	options              stream.Options
	reading              reading
	brokers, minimum     string
	to, key, from        string // words
	model, config, ops   string // the first two are files
	allow                []string
	watch                bool
	useTLS               bool
	authorities          string // file, as are the following
	certificate, keyFile string
	passwordFile         string
}

// runStream is the verb stream.
func runStream(ctx context.Context, args []string, s streams) error {
	var f streamFlags
	flags := newFlags("stream", "-in TOPIC [flags]", streamDescription)
	f.add(flags)
	if err := parseAll(flags, args, s); err != nil {
		return err
	}
	if f.config != "" {
		if err := setFromFile(flags, f.config); err != nil {
			return err
		}
	}
	if err := f.check(); err != nil {
		return err
	}
	return f.run(ctx, s.stdout)
}

// add adds the flags.
func (f *streamFlags) add(flags *flag.FlagSet) {
	o := &f.options
	flags.StringVar(&f.config, "config", "", "read flags in this `file`, one a line: flag=value; those of the command line come before")
	flags.StringVar(&f.brokers, "brokers", "localhost:9092", "`addresses` of some brokers, with commas between")
	flags.StringVar(&o.Group, "group", "snowman", "the workers of this `group` share the work")
	listFlag(flags, &o.In, "in", "read this `topic` (may be given again)", notEmpty)
	flags.StringVar(&o.Out, "out", "", "write each message with its verdict to this `topic`")
	flags.StringVar(&o.Alerts, "alerts", "", "write messages that reach -min to this `topic`, too")
	flags.StringVar(&f.minimum, "min", "high", "what reaches this `level` is an alert: low, medium, high")
	flags.StringVar(&o.DeadLetters, "dead-letters", "", "write broken messages to this `topic` (default: to -out, with a header snowman-error)")
	f.reading.addAlone(flags)
	flags.BoolVar(&o.ECS, "ecs", false, "write fields of the Elastic Common Schema into messages")
	flags.StringVar(&f.to, "to", "message", "the verdict goes into the `message` or into headers")
	flags.StringVar(&f.key, "key", "keep", "`keep` the key of each message, or make it the registered domain: domain")
	flags.StringVar(&f.from, "from", "start", "where a group begins that has read nothing: `start` or end")
	flags.BoolVar(&o.ExactlyOnce, "exactly-once", false, "write in transactions, so that nothing is written twice")
	flags.StringVar(&o.TransactionalID, "transactional-id", "", "the `name` of this worker's transactions, which no other has (default: group and host)")
	flags.DurationVar(&o.SessionTimeout, "session-timeout", 15*time.Second, "others take over from a worker that was not heard of for this `duration`")
	modelFlag(flags, &f.model, "score with the model in this `file`")
	allowFlag(flags, &f.allow)
	flags.BoolVar(&f.watch, "watch", false, "read the model and the allow lists anew when they change")
	flags.StringVar(&f.ops, "ops-listen", "", "answer probes and /metrics on this `address`")
	flags.BoolVar(&f.useTLS, "tls", false, "speak TLS to brokers")
	flags.StringVar(&f.authorities, "tls-ca", "", "of brokers trust the authorities in this PEM `file` alone")
	flags.StringVar(&f.certificate, "tls-cert", "", "show brokers the certificate in this PEM `file`")
	flags.StringVar(&f.keyFile, "tls-key", "", "and prove it by the private key in this PEM `file`")
	flags.StringVar(&o.Security.Mechanism, "sasl", "", "log in by this `mechanism`: "+strings.Join(stream.Mechanisms, ", "))
	flags.StringVar(&o.Security.User, "user", "", "log in as this `user`")
	flags.StringVar(&f.passwordFile, "password-file", "", "with the password in this `file` (default: $SNOWMAN_KAFKA_PASSWORD)")
}

// check refuses flags that cannot be, and completes the options.
func (f *streamFlags) check() (err error) {
	o := &f.options
	switch {
	case len(o.In) == 0:
		return usageError{"-in is missing, the topic to read"}
	case o.Out == "" && o.Alerts == "":
		return usageError{"-out or -alerts is missing, a topic to write to"}
	}
	if len(f.reading.columns) > 0 && f.reading.formatName == logs.Lines.Name {
		f.reading.formatName = "jsonl"
	}
	if err := f.reading.find(); err != nil {
		return err
	}
	o.Brokers, o.Format, o.Columns = strings.Split(f.brokers, ","), f.reading.given, f.reading.columns
	if o.Minimum, err = snowman.ParseLevel(f.minimum); err != nil || o.Minimum == snowman.None {
		return usageError{fmt.Sprintf("-min %q: want low, medium or high", f.minimum)}
	}
	for _, choice := range []struct {
		flag, given, no, yes string
		set                  *bool
	}{
		{"to", f.to, "message", "headers", &o.Headers}, {"key", f.key, "keep", "domain", &o.ByDomain}, {"from", f.from, "start", "end", &o.FromEnd},
	} {
		if choice.given != choice.no && choice.given != choice.yes {
			return usageError{fmt.Sprintf("-%s %q: want %s or %s", choice.flag, choice.given, choice.no, choice.yes)}
		}
		*choice.set = choice.given == choice.yes
	}
	switch {
	case (f.certificate == "") != (f.keyFile == ""):
		return usageError{"-tls-cert and -tls-key go together"}
	case !f.useTLS && (f.authorities != "" || f.certificate != ""):
		return usageError{"-tls-ca and -tls-cert need -tls"}
	case f.useTLS:
		if o.Security.TLS, err = stream.NewTLS(f.authorities, f.certificate, f.keyFile); err != nil {
			return err
		}
	}
	if f.passwordFile != "" {
		o.Security.Password = stream.PasswordIn(f.passwordFile)
	} else if password := os.Getenv("SNOWMAN_KAFKA_PASSWORD"); password != "" {
		o.Security.Password = func() (string, error) { return password, nil }
	}
	return nil
}

// run works until the context ends.
func (f *streamFlags) run(ctx context.Context, stdout io.Writer) error {
	hangUp := make(chan os.Signal, 1)
	signal.Notify(hangUp, syscall.SIGHUP)
	defer signal.Stop(hangUp)
	lines := serving.NewLineBuffer(stdout)
	defer lines.Flush(time.Second)
	log := slog.New(slog.NewJSONHandler(lines, nil))
	log.Info("snowman", "version", programVersion(), "go", runtime.Version())
	files := reload.New(log)
	f.options.Log, f.options.Version = log, programVersion()
	worker, err := f.open(files, log)
	if err != nil {
		return err
	}
	stop, err := serving.Beside("", f.ops, worker.Probes(), log)
	if err != nil {
		return fmt.Errorf("%w; choose another address with -ops-listen", err)
	}
	defer stop()
	go files.Follow(ctx, hangUp, f.watch, worker.CountReload)
	if err := worker.Run(ctx); err != nil {
		log.Error("ended", "error", err)
		return err
	}
	return nil
}

// open returns the worker with what it scores by, which is read anew when the files are.
func (f *streamFlags) open(files *reload.Files, log *slog.Logger) (worker *stream.Worker, err error) {
	model, list, err := openServed(files, log, f.model, f.allow, func(model *snowman.Model) { worker.SetModel(model) }, func(list *allow.List) { worker.SetAllow(list) })
	if err != nil {
		return nil, err
	}
	worker, err = stream.New(f.options, model, list)
	if err != nil {
		return nil, usageError{err.Error()}
	}
	return worker, nil
}
