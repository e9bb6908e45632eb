package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/snowman-ml/snowman"
	"github.com/snowman-ml/snowman/dataset"
	"github.com/snowman-ml/snowman/eval"
	"github.com/snowman-ml/snowman/internal/measure"
	"github.com/snowman-ml/snowman/report"
)

const evalDescription = `
Measures a model on labelled texts: how many malicious ones it finds where 1 in 100, 1,000 and 10,000
benign ones is a false alarm, and how many texts reach the model's own levels; for each kind, source,
family, month and kind of host, with counts and 95 % intervals. docs/evaluation.md says how to read it.

With -data, on the part of a folder that training set aside. With files, on those: -data then names the
folder that the model was trained on, and rows whose registered domain it has seen are left out.

-compare-exact wants at most 1 row in 1,000 to differ by more than 0.05, and the area under the ROC
curve by at most 0.0005. -perturbed measures what changes do that cost nothing: how well names with two
characters changed are told from the popular ones of -part that they were made of (CharBot), by the sum of
the probabilities of dga and phishing; and how many verdicts on malicious rows survive some forty changes,
such as a benign path behind the text. With -allow, figures at the model's own levels show what is left of
false alarms and lost of detections; the others stay as they are. The page of -report needs no network and has the rows that the model is most wrong about.

example:
  $ snowman eval -data sources -recipe models/recipe.json
  $ snowman eval -data sources -recipe models/recipe.json judge/benign.tsv.gz judge/phishing.tsv.gz
  $ snowman eval -report out.html -svg charts -csv figures.csv labelled.tsv
  $ snowman eval -compare-exact -model my.safetensors labelled.tsv

exit code: 0 done; 1 not done, or -compare-exact finds int8 out of its bounds; 2 wrong command line.
`

// errOutOfBounds says that int8 does not do for a model.
var errOutOfBounds = errors.New("int8 is out of its bounds for this model; -exact scores in float32")

// evalFlags are the flags and arguments of eval.
type evalFlags struct {
	labelled
	model                                  string
	allow                                  []string
	asJSON, exact, compareExact, perturbed bool
	output                                 report.Files
}

// runEval is the verb eval.
func runEval(ctx context.Context, args []string, s streams) error {
	var f evalFlags
	flags := newFlags("eval", "[flags] (-data DIR | FILE...)", evalDescription)
	modelFlag(flags, &f.model, "measure the model in this `file`")
	flags.StringVar(&f.data, "data", "", "folder of labelled files that the model was trained on")
	flags.StringVar(&f.recipe, "recipe", "", "the recipe `file` that the model was trained with (default: all files, as they are)")
	part := flags.String("part", "report", "part of -data to measure on: train, choose, calibrate, report")
	flags.StringVar(&f.only, "only", "", "measure on names (texts without a path) or urls alone: `names` or urls")
	flags.BoolVar(&f.asJSON, "json", false, "print JSON")
	flags.BoolVar(&f.exact, "exact", false, exactUsage)
	flags.BoolVar(&f.compareExact, "compare-exact", false, "measure how far int8 is from float32, and exit with 1 if it is too far")
	flags.BoolVar(&f.perturbed, "perturbed", false, "measure two changed characters, and how many verdicts of -part survive cheap changes")
	allowFlag(flags, &f.allow)
	flags.StringVar(&f.output.HTML, "report", "", "also write a page with charts into this HTML `file`")
	flags.StringVar(&f.output.SVG, "svg", "", "also write each chart as an SVG file into this `folder`")
	flags.StringVar(&f.output.CSV, "csv", "", "also write all figures into this CSV `file`")
	if err := parse(flags, args, s); err != nil {
		return err
	}
	var known bool
	if f.part, known = dataset.ParsePart(*part); !known {
		return usageError{fmt.Sprintf("-part %q: want train, choose, calibrate or report", *part)}
	}
	f.files = flags.Args()
	if err := f.check(); err != nil {
		return err
	}
	return f.run(ctx, s)
}

// check refuses flags that do not go together.
func (f *evalFlags) check() error {
	switch {
	case f.only != "" && f.only != "names" && f.only != "urls":
		return usageError{fmt.Sprintf("-only %q: want names or urls", f.only)}
	case f.recipe != "" && f.data == "":
		return usageError{"-recipe says how to read the folder of -data, which is missing"}
	case f.data == "" && len(f.files) == 0:
		return usageError{"name the data: a folder with -data, or files"}
	case f.exact && f.compareExact:
		return usageError{"-exact and -compare-exact exclude each other"}
	case f.perturbed && (f.data == "" || len(f.files) > 0 || f.only != "" || f.compareExact || len(f.allow) > 0 || f.output != report.Files{}):
		return usageError{"-perturbed goes with -data, -recipe, -part, -model, -exact and -json alone"}
	case f.compareExact && len(f.allow) > 0:
		return usageError{"-compare-exact and -allow exclude each other"}
	}
	return nil
}

func (f *evalFlags) run(ctx context.Context, s streams) error {
	model, err := openModel(ctx, f.model)
	if err != nil {
		return err
	}
	if f.exact {
		model = model.Exact()
	}
	list, err := openAllowed(ctx, f.allow, s.stderr)
	if err != nil {
		return err
	}
	outputs := []output{{"-report", f.output.HTML}, {"-csv", f.output.CSV}}
	if f.output.SVG != "" {
		if err := os.MkdirAll(f.output.SVG, 0o755); err != nil {
			return fmt.Errorf("making the folder of -svg: %w", err)
		}
		for _, path := range f.output.SVGPaths() {
			outputs = append(outputs, output{"-svg", path})
		}
	}
	set, err := f.read(ctx, outputs, f.model, s.stderr)
	if err != nil {
		return err
	}
	if f.perturbed {
		result, err := measure.Perturbed(model, set, f.part)
		if err != nil {
			return fmt.Errorf("-perturbed: %w", err)
		}
		if result.Changes, err = measure.Changes(ctx, model, set.Parts[f.part]); err != nil {
			return err
		}
		return writeFigures(s.stdout, result, f.asJSON, report.Text)
	}
	evaluation, fact, err := f.evaluation(ctx, set, s.stderr)
	if err != nil {
		return err
	}
	evaluation.Model, evaluation.Allow = model, list
	if !f.compareExact || f.output != (report.Files{}) {
		page, err := evaluation.Page(ctx)
		if err != nil {
			return err
		}
		page.Facts = []report.Fact{{Name: "model", Value: f.modelFact(model.Info())}, {Name: "rows", Value: fact}}
		if err := f.output.Write(page); err != nil {
			return err
		}
		if !f.compareExact {
			return writeFigures(s.stdout, page.Result, f.asJSON, report.Text)
		}
	}
	compared, err := evaluation.Compare(ctx)
	if err != nil {
		return err
	}
	return writeComparison(s.stdout, compared, f.asJSON)
}

// modelFact says which model was measured, and in which arithmetic.
func (f *evalFlags) modelFact(info snowman.Info) string {
	name, arithmetic := cmp.Or(f.model, "built in"), "int8"
	if f.exact {
		arithmetic = "float32"
	}
	if info.Created != "" {
		name += ", of " + info.Created
	}
	return fmt.Sprintf("%s, SHA-256 %.16s, scored in %s", name, info.SHA256, arithmetic)
}

// writeComparison ends with an error where the comparison is out of bounds.
func writeComparison(w io.Writer, compared eval.Comparison, asJSON bool) error {
	if err := writeFigures(w, compared, asJSON, report.Comparison); err != nil {
		return err
	}
	if !compared.WithinBounds {
		return errOutOfBounds
	}
	return nil
}
