// Command snowman says how likely a URL or a domain name is to be malicious, from its characters
// alone.
//
// Each verb stands in a file of its own. Results go to standard output, everything else to standard
// error. The exit code is 0 when the work is done, 1 when it could not be done, 2 when the command
// line is wrong, and 3 when the answer is no: score -fail-on was given a level and something
// reached it, label left rows out, some feeds of data failed, retrain lets the present model stay,
// drift has something to say, or the traffic is too little for levels. It is 4 when score -strict
// was given and a text could not be scored, or -fail-on and none could.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"slices"
	"strings"
	"syscall"

	"github.com/snowman-ml/snowman"
	"github.com/snowman-ml/snowman/internal/drift"
	"github.com/snowman-ml/snowman/internal/render"
	"github.com/snowman-ml/snowman/internal/retrain"
	"github.com/snowman-ml/snowman/internal/verdict"
	"github.com/snowman-ml/snowman/internal/visible"
)

// The exit codes.
const (
	exitDone     = 0
	exitFailed   = 1
	exitUsage    = 2
	exitNo       = 3
	exitUnscored = 4
)

// errReached says that a text reached the level of score -fail-on.
var errReached = errors.New("a text reached the level of -fail-on")

// errUnscored says that texts had to be scored and were not: one with -fail-on, all with -strict.
var errUnscored = errors.New("texts have no score")

// errUnfinished says that nobody reads what score writes, before it knows what -strict or -fail-on
// ask.
var errUnfinished = errors.New("the output is closed")

// usageError is a command line that cannot be carried out.
type usageError struct{ message string }

func (e usageError) Error() string { return e.message }

func main() {
	postponeCollection()
	// A write to a pipe without a reader is then an error, which ends a run quietly.
	signal.Ignore(syscall.SIGPIPE)
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	// A run that is blocked on writing cannot notice the first signal. The second one kills it.
	context.AfterFunc(ctx, stop)
	err := run(ctx, os.Args[1:], os.Stdin, os.Stdout, os.Stderr)
	stop()
	os.Exit(exitCode(err, os.Stderr))
}

// exitCode returns the code for an error and says what has not been said yet.
func exitCode(err error, stderr io.Writer) int {
	var usage usageError
	var refusal retrain.Refusal
	switch {
	case err == nil, errors.Is(err, flag.ErrHelp), errors.Is(err, syscall.EPIPE):
		return exitDone
	case errors.Is(err, errReached), errors.Is(err, errLeftOut), errors.Is(err, errPartly), errors.Is(err, errChanged): // the output says what
		return exitNo
	case errors.Is(err, drift.ErrTooLittle):
		fmt.Fprintf(stderr, "snowman: %s\n", visible.Lines(err.Error()))
		return exitNo
	case errors.As(err, &refusal): // standard output has the reasons
		fmt.Fprintln(stderr, "snowman: the present model stays")
		return exitNo
	case errors.Is(err, errUnscored): // standard error has the number
		return exitUnscored
	case errors.Is(err, errUnfinished):
		return exitFailed
	case errors.Is(err, context.Canceled):
		fmt.Fprintln(stderr, "snowman: interrupted")
		return exitFailed
	case errors.As(err, &usage):
		fmt.Fprintf(stderr, "snowman: %s\n", visible.Lines(err.Error()))
		return exitUsage
	}
	fmt.Fprintf(stderr, "snowman: %s\n", visible.Lines(err.Error()))
	return exitFailed
}

// streams are a run's input and outputs.
type streams struct {
	stdin          io.Reader
	stdout, stderr io.Writer
}

// verbs are what the program can do, in the order in which the help lists them.
var verbs = []struct {
	name, summary string
	run           func(context.Context, []string, streams) error
}{
	{"score", "score texts: how likely is each to be malicious", runScore},
	{"top", "rank the domains and clients of logs by the evidence over all names", runTop},
	{"list", "write block lists for resolvers, proxies and sensors", runList},
	{"explain", "say what the scores of texts are made of", runExplain},
	{"serve", "answer the same over HTTP", runServe},
	{"helper", "answer Squid, Postfix, ClickHouse or Splunk, a name at a time", runHelper},
	{"stream", "score the messages of Kafka, as one worker of many", runStream},
	{"data", "fetch public feeds and make labelled texts of them", runData},
	{"label", "make rows to train on of what people say of verdicts", runLabel},
	{"train", "train a model on labelled texts", runTrain},
	{"retrain", "train a newer model, and replace the present one if it is no worse", runRetrain},
	{"levels", "set the levels of a model by your own traffic", runLevels},
	{"drift", "say whether a model is still right for what comes in", runDrift},
	{"eval", "measure a model on labelled texts", runEval},
	{"model", "show what a model is, or export it to ONNX", runModel},
	{"version", "show the program's version", runVersion},
}

// run carries out one command line.
func run(ctx context.Context, args []string, stdin io.Reader, stdout, stderr io.Writer) error {
	if len(args) == 0 {
		help(stderr)
		return usageError{"no verb given"}
	}
	switch args[0] {
	case "help", "-h", "-help", "--help":
		if len(args) == 1 {
			help(stdout)
			return nil
		}
		args = append(slices.Clone(args[1:]), "-h") // of a verb
	case "-version", "--version":
		args = append([]string{"version"}, args[1:]...)
	}
	for _, verb := range verbs {
		if verb.name == args[0] {
			return verb.run(ctx, args[1:], streams{stdin, stdout, stderr})
		}
	}
	return usageError{fmt.Sprintf("unknown verb %q; snowman help lists the verbs", args[0])}
}

func help(w io.Writer) {
	fmt.Fprint(w, "snowman says how likely a URL or a domain name is to be malicious, from its characters alone.\n\nusage: snowman VERB [flags] [arguments]\n\n")
	for _, verb := range verbs {
		fmt.Fprintf(w, "  %-8s %s\n", verb.name, verb.summary)
	}
	fmt.Fprint(w, "\nsnowman VERB -h explains a verb and shows an example.\n")
}

// withVerdicts fills in what the built-in model says of the names in a description's example, which
// changes whenever the model is trained.
func withVerdicts(description string) string {
	if !strings.Contains(description, "{{") {
		return description
	}
	format := render.Columns.New(render.Options{})
	line := func(text string) (score, line string) {
		said, _ := snowman.Default().Classify(text) // the examples are names
		record := format.AppendRecord(nil, verdict.Record{Text: text, Verdict: said})
		return fmt.Sprintf("%.5f", said.Score), strings.TrimSuffix(string(record), "\n")
	}
	score, first := line("zis32msdi3.com")
	_, second := line("github.com")
	return strings.NewReplacer("{{score}}", score, "{{first}}", first, "{{second}}", second).Replace(description)
}
