package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/snowman-ml/snowman"
	"github.com/snowman-ml/snowman/dataset"
	"github.com/snowman-ml/snowman/eval"
	"github.com/snowman-ml/snowman/report"
)

const evalDescription = `
Measures a model on labelled texts: the area under the ROC curve, and the share of malicious texts
found where 1 in 100, 1,000 and 10,000 benign ones is a false alarm; for each kind, source, family
and month, with counts and 95 % intervals. Where the model names the families of generated names: how
often the right one comes first or among the first three, and the families' mean F1.

With -data, on the part of a folder that training set aside (-part report, the default). With files,
on those; -data then names the folder that the model was trained on, and rows whose registered domain
it has seen are left out.

With -compare-exact, it measures instead how far the scores in int16, the default, are from those in
float32, -exact: at most 1 row in 10,000 may differ by more than 0.001, and the area by 0.0002.

example:
  $ snowman eval -data sources -recipe models/recipe.json
  $ snowman eval -data sources -recipe models/recipe.json judge/benign.tsv.gz judge/phishing.tsv.gz
  $ snowman eval -compare-exact -model my.safetensors labelled.tsv

exit code: 0 done; 1 not done, or -compare-exact finds int16 out of its bounds; 2 wrong command line.
`

// errOutOfBounds says that int16 does not do for a model.
var errOutOfBounds = errors.New("int16 is out of its bounds for this model; -exact scores in float32")

// evaluate is the verb eval.
func evaluate(ctx context.Context, args []string, s streams) error {
	flags := newFlags("eval", "[flags] (-data DIR | FILE...)", evalDescription)
	modelPath := flags.String("model", "", "measure the model in this `file` (default: the one built in)")
	data := flags.String("data", "", "folder of labelled files that the model was trained on")
	recipePath := flags.String("recipe", "", "the recipe `file` that the model was trained with (default: all files, as they are)")
	partName := flags.String("part", "report", "part of -data to measure on: train, choose, calibrate, report")
	only := flags.String("only", "", "measure on names (texts without a path) or urls alone: `names` or urls")
	asJSON := flags.Bool("json", false, "print JSON")
	exact := flags.Bool("exact", false, exactUsage)
	compareExact := flags.Bool("compare-exact", false, "measure how far int16 is from float32, and exit with 1 if it is too far")
	if err := parse(flags, args, s); err != nil {
		return err
	}
	part, known := dataset.ParsePart(*partName)
	if !known {
		return usageError{fmt.Sprintf("-part %q: want train, choose, calibrate or report", *partName)}
	}
	if *only != "" && *only != "names" && *only != "urls" {
		return usageError{fmt.Sprintf("-only %q: want names or urls", *only)}
	}
	if *recipePath != "" && *data == "" {
		return usageError{"-recipe says how to read the folder of -data, which is missing"}
	}
	if *data == "" && flags.NArg() == 0 {
		return usageError{"name the data: a folder with -data, or files"}
	}
	if *exact && *compareExact {
		return usageError{"-exact and -compare-exact exclude each other"}
	}
	model, err := openModel(*modelPath)
	if err != nil {
		return err
	}
	if *exact {
		model = model.Exact()
	}

	var rows []dataset.Row
	var seen dataset.Seen
	if *data != "" {
		recipe, err := chooseRecipe(*data, *recipePath, "", "")
		if err != nil {
			return err
		}
		fmt.Fprintln(s.stderr, "reading the data")
		set, err := recipe.Build(ctx, *data)
		if err != nil {
			return err
		}
		seen, rows = set.Seen(), set.Parts[part]
	}
	if flags.NArg() > 0 {
		var leftOut, refused int
		rows, leftOut, refused, err = dataset.ReadUnseen(ctx, flags.Args(), seen)
		if err != nil {
			return err
		}
		if *data == "" {
			fmt.Fprintf(s.stderr, "%d rows, %d refused; whether training has seen them is not known without -data\n", len(rows), refused)
		} else {
			fmt.Fprintf(s.stderr, "%d rows; %d left out because training has seen their registered domain, %d refused\n", len(rows), leftOut, refused)
		}
	}
	if *only != "" {
		rows = filter(rows, *only == "urls")
	}
	if len(rows) == 0 {
		return errors.New("no row is left to measure on; a file of labelled rows has a header with the columns text and label")
	}
	if *compareExact {
		compared, err := compare(ctx, model, rows)
		if err != nil {
			return err
		}
		return writeComparison(s.stdout, compared, *asJSON)
	}
	measured, err := measure(ctx, model, rows, seen)
	if err != nil {
		return err
	}
	if *asJSON {
		return writeJSON(s.stdout, measured)
	}
	return report.Text(s.stdout, measured)
}

func writeJSON(w io.Writer, figures any) error {
	encoder := json.NewEncoder(w)
	encoder.SetIndent("", "  ")
	return encoder.Encode(figures)
}

// writeComparison ends with an error where the comparison is out of bounds.
func writeComparison(w io.Writer, compared eval.Comparison, asJSON bool) error {
	write := report.Comparison
	if asJSON {
		write = func(w io.Writer, c eval.Comparison) error { return writeJSON(w, c) }
	}
	if err := write(w, compared); err != nil {
		return err
	}
	if !compared.WithinBounds {
		return errOutOfBounds
	}
	return nil
}

// filter returns the rows with a path, or those without.
func filter(rows []dataset.Row, withPath bool) []dataset.Row {
	var kept []dataset.Row
	for _, row := range rows {
		if strings.Contains(row.Text, "/") == withPath {
			kept = append(kept, row)
		}
	}
	return kept
}

// scoreRows scores the rows on all CPUs.
func scoreRows(ctx context.Context, model *snowman.Model, rows []dataset.Row) ([]float64, error) {
	const rowsAtOnce = 1 << 16 // between two looks at the context
	scores := make([]float64, 0, len(rows))
	for part := range slices.Chunk(rows, rowsAtOnce) {
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		texts := make([]string, len(part))
		for i, row := range part {
			texts[i] = row.Text
		}
		some, errs := model.ScoreAll(texts)
		for i, err := range errs {
			if err != nil {
				return nil, fmt.Errorf("scoring %q: %w", texts[i], err)
			}
		}
		scores = append(scores, some...)
	}
	return scores, nil
}

// levels are the model's own.
func levels(model *snowman.Model) []eval.Level {
	var levels []eval.Level
	for _, threshold := range model.Info().Thresholds {
		levels = append(levels, eval.Level{Name: threshold.Level.String(), Threshold: threshold.Score})
	}
	return levels
}

// measure holds the rows' scores against the truth. A DGA family that was not seen makes a kind of its
// own.
func measure(ctx context.Context, model *snowman.Model, rows []dataset.Row, seen dataset.Seen) (eval.Report, error) {
	scores, err := scoreRows(ctx, model, rows)
	if err != nil {
		return eval.Report{}, err
	}
	meter := eval.Meter{Levels: levels(model)}
	for i, row := range rows {
		kind := row.Kind
		if kind == "" {
			kind = "malicious"
		}
		if kind == dataset.DGA && !seen.Families[row.Family] {
			kind = "dga, family not seen"
		}
		meter.Add(eval.Example{
			Score: scores[i], Malicious: row.Malicious,
			Kind: kind, Family: row.Family, Source: row.Source, Month: row.Month(),
		})
	}
	measured := meter.Figures()
	measured.Families, err = measureFamilies(ctx, model, rows)
	return measured, err
}

// compare holds the rows' scores in int16 against those in float32.
func compare(ctx context.Context, model *snowman.Model, rows []dataset.Row) (eval.Comparison, error) {
	scores, err := scoreRows(ctx, model, rows)
	if err != nil {
		return eval.Comparison{}, err
	}
	exact, err := scoreRows(ctx, model.Exact(), rows)
	if err != nil {
		return eval.Comparison{}, err
	}
	malicious := make([]bool, len(rows))
	for i, row := range rows {
		malicious[i] = row.Malicious
	}
	return eval.Compare(scores, exact, malicious, levels(model)), nil
}
