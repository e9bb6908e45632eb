// Command snowman says how likely a URL or a domain name is to be malicious, from its characters alone.
//
// Each verb stands in a file of its own. Results go to standard output, everything else to standard
// error. The exit code is 0 when the work is done, 1 when it could not be done, 2 when the command
// line is wrong, and 3 when score -fail-on was given a level and something reached it.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"
	"syscall"

	"github.com/snowman-ml/snowman"
	"github.com/snowman-ml/snowman/internal/record"
	"github.com/snowman-ml/snowman/internal/visible"
)

// The exit codes.
const (
	exitDone    = 0
	exitFailed  = 1
	exitUsage   = 2
	exitReached = 3
)

// errReached says that a text reached the level of score -fail-on.
var errReached = errors.New("a text reached the level of -fail-on")

// usageError is a command line that cannot be carried out.
type usageError struct{ message string }

func (e usageError) Error() string { return e.message }

func main() {
	// A write to a pipe that nobody reads any more is then an error, which ends a run quietly.
	signal.Ignore(syscall.SIGPIPE)
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	// A second signal ends a run at once that cannot see the first, since nobody reads its output.
	context.AfterFunc(ctx, stop)
	err := run(ctx, os.Args[1:], os.Stdin, os.Stdout, os.Stderr)
	stop()
	os.Exit(exitCode(err, os.Stderr))
}

// exitCode returns the code for an error and says what has not been said yet.
func exitCode(err error, stderr io.Writer) int {
	var usage usageError
	switch {
	case err == nil, errors.Is(err, flag.ErrHelp), errors.Is(err, syscall.EPIPE):
		return exitDone
	case errors.Is(err, errReached):
		return exitReached
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
	{"score", "score texts: how likely is each to be malicious", score},
	{"explain", "say what the scores of texts are made of", explain},
	{"serve", "answer the same over HTTP", serve},
	{"train", "train a model on labelled texts", trainModel},
	{"eval", "measure a model on labelled texts", evaluate},
	{"bench", "train and measure on public benchmarks", bench},
	{"model", "show what a model is, or export it to ONNX", model},
	{"version", "show the program's version", version},
}

// run carries out one command line.
func run(ctx context.Context, args []string, stdin io.Reader, stdout, stderr io.Writer) error {
	if len(args) == 0 {
		help(stderr)
		return usageError{"no verb given"}
	}
	if args[0] == "help" || args[0] == "-h" || args[0] == "-help" || args[0] == "--help" {
		if len(args) == 1 {
			help(stdout)
			return nil
		}
		args = []string{args[1], "-h"} // of a verb
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

// newFlags returns the flags of a verb. The usage says how to call it, what it does, and shows an example.
func newFlags(verb, arguments, description string) *flag.FlagSet {
	flags := flag.NewFlagSet(verb, flag.ContinueOnError)
	flags.Usage = func() {
		fmt.Fprintf(flags.Output(), "usage: snowman %s %s\n\n%s\n", verb, arguments, strings.TrimSpace(withAnswers(description)))
		fmt.Fprint(flags.Output(), "\nflags:\n")
		flags.PrintDefaults()
	}
	return flags
}

// withAnswers fills in what the built-in model says of the names in a description's example: it
// says something else each time that it is trained again.
func withAnswers(description string) string {
	if !strings.Contains(description, "{{") {
		return description
	}
	answer := func(text string) (score, line string) {
		verdict, _ := snowman.Default().Classify(text) // the examples are names
		line = string(scoring{onTerminal: true}.appendVerdict(nil, record.Record{Text: text, Verdict: verdict}))
		return fmt.Sprintf("%.5f", verdict.Score), strings.TrimSuffix(line, "\n")
	}
	score, first := answer("zis32msdi3.com")
	_, second := answer("github.com")
	return strings.NewReplacer("{{score}}", score, "{{first}}", first, "{{second}}", second).Replace(description)
}

// parse reads a verb's command line. Help goes to standard output, as a result; a mistake is said in
// one line, without the help.
func parse(flags *flag.FlagSet, args []string, s streams) error {
	usage := flags.Usage
	flags.Usage = func() {}
	flags.SetOutput(io.Discard)
	err := flags.Parse(args)
	if errors.Is(err, flag.ErrHelp) {
		flags.SetOutput(s.stdout)
		usage()
		return err
	}
	if err != nil {
		return usageError{fmt.Sprintf("%v; snowman %s -h lists the flags", err, flags.Name())}
	}
	return nil
}

// noArguments refuses arguments where a verb takes none.
func noArguments(flags *flag.FlagSet) error {
	if flags.NArg() > 0 {
		return usageError{fmt.Sprintf("unexpected argument %q; snowman %s -h shows the usage", flags.Arg(0), flags.Name())}
	}
	return nil
}
