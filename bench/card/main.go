// Command card measures a model and writes the figures into its card. make figures runs it.
//
// What stands between two comments of the card is written anew, and all else stays:
//
//	<!-- made: levels -->
//	<!-- end -->
//
// tables.go has the names. Every name has its place in the card, and a place no other name. Figures
// are of the part report, or of files that nothing is trained on, without the names on the model's
// own list of popular names.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"

	"github.com/snowman-ml/snowman/internal/atomicfile"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	err := run(ctx, os.Args[1:], os.Stderr)
	if err != nil && !errors.Is(err, flag.ErrHelp) {
		fmt.Fprintln(os.Stderr, "card:", err)
		os.Exit(1)
	}
}

// options are the program's flags.
type options struct {
	data, recipe, judge string
	model               string // empty for the shipped one
	ageing              string
	card                string
	reference           string
	stderr              io.Writer
}

func run(ctx context.Context, args []string, stderr io.Writer) error {
	o := options{stderr: stderr}
	flags := flag.NewFlagSet("card", flag.ContinueOnError)
	flags.SetOutput(stderr)
	flags.StringVar(&o.data, "data", "", "`folder` of the labelled files that the model was trained on")
	flags.StringVar(&o.recipe, "recipe", "", "the recipe `file` that the model was trained with")
	flags.StringVar(&o.judge, "judge", "", "`folder` of the files to judge by")
	flags.StringVar(&o.model, "model", "", "measure the model in this `file` (default: the shipped one)")
	flags.StringVar(&o.ageing, "ageing", "", "what make ageing has measured: the `path` before .json, -names.json and -urls.json\n(default: how it ages stays as it is in the card)")
	flags.StringVar(&o.card, "card", "models/MODEL_CARD.md", "the card, a `file` that is written anew")
	flags.StringVar(&o.reference, "reference", "", "measure nothing but the model's reference for snowman drift, and write the model with it to this `file`")
	if err := flags.Parse(args); err != nil {
		return err
	}
	switch {
	case flags.NArg() > 0:
		return fmt.Errorf("unexpected argument %q", flags.Arg(0))
	case o.reference != "" && (o.data == "" || o.recipe == ""):
		return errors.New("want -data and -recipe: what the model was trained on")
	case o.reference != "":
		return o.addReference(ctx)
	case o.data == "" || o.recipe == "" || o.judge == "":
		return errors.New("want -data, -recipe and -judge: what the model was trained on, and what it is judged by")
	}
	// Whether the card can be filled is found out before the long work.
	card, err := os.ReadFile(o.card)
	if err != nil {
		return fmt.Errorf("reading the card: %w", err)
	}
	if _, err := fill(string(card), nil); err != nil {
		return fmt.Errorf("%s: %w", o.card, err)
	}
	f, err := o.measure(ctx)
	if err != nil {
		return err
	}
	filled, err := fill(string(card), f.texts())
	if err != nil {
		return fmt.Errorf("%s: %w", o.card, err)
	}
	return atomicfile.Write(o.card, func(w io.Writer) error {
		_, err := io.WriteString(w, filled)
		return err
	})
}
