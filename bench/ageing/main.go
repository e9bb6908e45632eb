// Command ageing measures how a model ages, and what keeps it young. It trains models as of past
// months on rows that were known by then, and judges them by the rows of the months since. make
// bench-ageing runs it; docs/ageing.md has what it found.
//
//	labelled files -> rows by month -> models as of each month -> figures by month -> ways compared
//
// Four ways are compared, each from a model as of the same date: it is never trained again; each
// month a new one is trained; each month it is trained on from the last; each month it is trained
// on with a few rows of one user.
//
// Models and their figures stay in the folder of -work. What is there is not made again, and a run
// that was killed goes on where it was.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"

	"github.com/snowman-ml/snowman/internal/atomicfile"
	"github.com/snowman-ml/snowman/report"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	err := run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	if err != nil && !errors.Is(err, flag.ErrHelp) {
		fmt.Fprintln(os.Stderr, "ageing:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string, stdout, stderr io.Writer) error {
	flags := flag.NewFlagSet("ageing", flag.ContinueOnError)
	flags.SetOutput(stderr)
	x := experiment{log: stderr}
	flags.StringVar(&x.data, "data", "", "`folder` of the labelled files")
	flags.StringVar(&x.recipe, "recipe", "", "which files of the folder to use, and their weights: a JSON `file`")
	flags.StringVar(&x.work, "work", "", "`folder` for the models and their figures")
	flags.IntVar(&x.workers, "workers", 0, "CPUs to use (default: all)")
	dates := flags.String("dates", "2022-06,2022-10,2023-02,2025-02,2025-06,2025-10", "`months` at whose beginning the first models are trained")
	flags.IntVar(&x.Months, "months", 6, "months after each date that are judged")
	flags.IntVar(&x.OneIn, "one-in", 10, "train on the rows of one in `N` registered domains")
	flags.IntVar(&x.Epochs, "epochs", 3, "passes over the rows of a new model")
	flags.IntVar(&x.Filters, "filters", 64, "filters of each width; the shipped model has 256")
	flags.IntVar(&x.Seeds, "seeds", 1, "new models as of each date, to see what chance does")
	flags.BoolVar(&x.kept, "kept", false, "train nothing: take the models that are there, of a run that is not done")
	asJSON := flags.String("json", "", "write all figures to this `file`")
	pictures := flags.String("pictures", "", "write ageing-light.svg and ageing-dark.svg into this `folder`")
	if err := flags.Parse(args); err != nil {
		return err
	}
	switch {
	case flags.NArg() > 0:
		return fmt.Errorf("unexpected argument %q", flags.Arg(0))
	case x.data == "" || x.recipe == "" || x.work == "":
		return errors.New("want -data, -recipe and -work: the labelled files, how to use them, and a folder for the models")
	case x.Months < 1 || x.OneIn < 1 || x.Epochs < 1 || x.Seeds < 1:
		return errors.New("want -months, -one-in, -epochs and -seeds of at least 1")
	}
	var err error
	if x.Dates, err = parseMonths(*dates); err != nil {
		return err
	}
	done, err := x.run(ctx)
	if err != nil {
		return err
	}
	found := done.compare()
	if *asJSON != "" {
		if err := atomicfile.Write(*asJSON, found.writeJSON); err != nil {
			return err
		}
	}
	if *pictures != "" {
		chart := found.chart()
		if err := writePictures(*pictures, chart); err != nil {
			return err
		}
	}
	return found.writeTables(stdout)
}

// writePictures writes the chart on white and on black.
func writePictures(folder string, chart report.Chart) error {
	for name, svg := range map[string][]byte{"light": chart.SVG(), "dark": chart.DarkSVG()} {
		err := atomicfile.Write(filepath.Join(folder, chart.Name+"-"+name+".svg"), func(w io.Writer) error {
			_, err := w.Write(svg)
			return err
		})
		if err != nil {
			return err
		}
	}
	return nil
}
