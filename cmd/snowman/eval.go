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
	"github.com/snowman-ml/snowman/internal/canon"
	"github.com/snowman-ml/snowman/report"
)

const evalDescription = `
Measures a model on labelled texts: the area under the ROC curve, and the share of malicious texts
found where 1 in 100, 1,000 and 10,000 benign ones is a false alarm; for each kind, source, family
and month, with counts and 95 % intervals. The share of benign and malicious texts at the model's own
levels, for each source and each kind of host: below an operator's suffix, on free hosting, a reverse
DNS name, an IP address, a registered domain itself, another sub-domain. Where the model names the
families of generated names: how often the right one comes first or among the first three, and the
families' mean F1.

With -data, on the part of a folder that training set aside (-part report, the default). With files,
on those; -data then names the folder that the model was trained on, and rows whose registered domain
it has seen are left out.

With -compare-exact, it measures instead how far the scores in int16, the default, are from those in
float32, -exact: at most 1 row in 10,000 may differ by more than 0.001, and the area by 0.0002.

With -perturbed, on names with two characters changed, as some malware generates them (CharBot): how
many are found, where 1 in 100, 1,000 and 10,000 of the names that they were made of is a false alarm.

With -allow, texts that are on an allow list reach no level, as in score: the figures at the model's own
levels then show what is left of false alarms and what is lost of detections. All other figures are
those of the scores, which stay as they are.

With -report, -svg and -csv, it also writes files: one page with pictures and with the rows that the
model is most wrong about, which a browser shows without any network; the pictures alone; all figures
as a table. docs/evaluation.md says how to read them.

example:
  $ snowman eval -data sources -recipe models/recipe.json
  $ snowman eval -data sources -recipe models/recipe.json judge/benign.tsv.gz judge/phishing.tsv.gz
  $ snowman eval -report out.html -svg pictures -csv figures.csv labelled.tsv
  $ snowman eval -compare-exact -model my.safetensors labelled.tsv

exit code: 0 done; 1 not done, or -compare-exact finds int16 out of its bounds; 2 wrong command line.
`

// errOutOfBounds says that int16 does not do for a model.
var errOutOfBounds = errors.New("int16 is out of its bounds for this model; -exact scores in float32")

// runEval is the verb eval.
func runEval(ctx context.Context, args []string, s streams) error {
	flags := newFlags("eval", "[flags] (-data DIR | FILE...)", evalDescription)
	modelPath := flags.String("model", "", "measure the model in this `file` (default: the one built in)")
	data := flags.String("data", "", "folder of labelled files that the model was trained on")
	recipePath := flags.String("recipe", "", "the recipe `file` that the model was trained with (default: all files, as they are)")
	partName := flags.String("part", "report", "part of -data to measure on: train, choose, calibrate, report")
	only := flags.String("only", "", "measure on names (texts without a path) or urls alone: `names` or urls")
	asJSON := flags.Bool("json", false, "print JSON")
	exact := flags.Bool("exact", false, exactUsage)
	compareExact := flags.Bool("compare-exact", false, "measure how far int16 is from float32, and exit with 1 if it is too far")
	perturbed := flags.Bool("perturbed", false, "measure how well names with two characters changed are told from the popular ones of -part\nthat they were made of, by the sum of the probabilities of dga and phishing")
	var allow []string
	allowFlag(flags, &allow)
	var files evalFiles
	flags.StringVar(&files.report, "report", "", "also write a page with pictures into this HTML `file`")
	flags.StringVar(&files.svg, "svg", "", "also write each picture as an SVG file into this `folder`")
	flags.StringVar(&files.csv, "csv", "", "also write all figures into this CSV `file`")
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
	if *perturbed && (*data == "" || flags.NArg() > 0 || *only != "" || *compareExact || len(allow) > 0 || files.wanted()) {
		return usageError{"-perturbed goes with -data, -recipe, -part, -model, -exact and -json alone"}
	}
	if *compareExact && len(allow) > 0 {
		return usageError{"-compare-exact and -allow exclude each other"}
	}
	model, err := openModel(*modelPath)
	if err != nil {
		return err
	}
	if *exact {
		model = model.Exact()
	}
	list, err := openAllowed(allow, s.stderr)
	if err != nil {
		return err
	}

	var recipe dataset.Recipe
	if *data != "" {
		recipe, err = chooseRecipe(*data, *recipePath, "", "")
		if err != nil {
			return err
		}
	}
	if files.wanted() {
		inputs, err := recipe.Paths(*data)
		if err != nil {
			return err
		}
		inputs = append(append(inputs, *modelPath, *recipePath), flags.Args()...)
		if err := files.check(inputs); err != nil {
			return err
		}
	}

	var rows []dataset.Row
	var seen dataset.Seen
	var rowsFact string
	if *data != "" {
		fmt.Fprintln(s.stderr, "reading the data")
		set, err := recipe.Build(ctx, *data)
		if err != nil {
			return err
		}
		if *perturbed {
			measured, err := measurePerturbed(model, perturbedRows(set, part))
			if err != nil {
				return err
			}
			return writeFigures(s.stdout, measured, *asJSON)
		}
		seen, rows = set.Seen(), set.Parts[part]
		rowsFact = fmt.Sprintf("the part %s of %s", part, *data)
	}
	if flags.NArg() > 0 {
		var leftOut, refused int
		rows, leftOut, refused, err = dataset.ReadUnseen(ctx, flags.Args(), seen)
		if err != nil {
			return err
		}
		account := fmt.Sprintf("%d rows; %d left out because training has seen their registered domain, %d refused", len(rows), leftOut, refused)
		if *data == "" {
			account = fmt.Sprintf("%d rows, %d refused; whether training has seen them is not known without -data", len(rows), refused)
		}
		fmt.Fprintln(s.stderr, account)
		rowsFact = flags.Arg(0) + ": " + account
		if more := flags.NArg() - 1; more > 0 {
			rowsFact = fmt.Sprintf("%s and %d more: %s", flags.Arg(0), more, account)
		}
	}
	if *only != "" {
		rows = filter(rows, *only == "urls")
		rowsFact += "; " + *only + " only"
	}
	if len(rows) == 0 {
		return errors.New("no row is left to measure on; a file of labelled rows has a header with the columns text and label")
	}
	scores, err := scoreRows(ctx, model, rows)
	if err != nil {
		return err
	}
	allowed, allowedCounts := allowedRows(list, rows)
	meter := fill(model, rows, scores, seen, allowed)
	measured := meter.Result()
	measured.Allowed = allowedCounts
	if measured.Families, err = measureFamilies(ctx, model, rows); err != nil {
		return err
	}
	if files.wanted() {
		e := report.Page{
			Facts:  []report.Fact{{Name: "model", Value: modelFact(model, *modelPath, *exact)}, {Name: "rows", Value: rowsFact}},
			Result: measured,
			Curves: meter.Curves(),
		}
		e.FalsePositives, e.FalseNegatives = mistakes(rows, scores, seen, allowed)
		if err := files.write(e); err != nil {
			return err
		}
	}
	if *compareExact {
		exactScores, err := scoreRows(ctx, model.Exact(), rows)
		if err != nil {
			return err
		}
		return writeComparison(s.stdout, compare(model, rows, scores, exactScores), *asJSON)
	}
	return writeFigures(s.stdout, measured, *asJSON)
}

func writeFigures(w io.Writer, measured eval.Result, asJSON bool) error {
	if asJSON {
		return writeJSON(w, measured)
	}
	return report.Text(w, measured)
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
		if isURL(row) == withPath {
			kept = append(kept, row)
		}
	}
	return kept
}

// isURL reports whether a row in canonical form has a path.
func isURL(row dataset.Row) bool { return strings.Contains(row.Text, "/") }

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
	info := model.Info()
	for i, threshold := range info.Thresholds {
		level := eval.Level{Name: threshold.Level.String(), Threshold: threshold.Score}
		if i < len(info.URLThresholds) {
			level.URLThreshold = info.URLThresholds[i].Score
		}
		levels = append(levels, level)
	}
	return levels
}

// measure scores the rows and holds their scores against the truth.
func measure(ctx context.Context, model *snowman.Model, rows []dataset.Row, seen dataset.Seen) (eval.Result, eval.Curves, error) {
	scores, err := scoreRows(ctx, model, rows)
	if err != nil {
		return eval.Result{}, eval.Curves{}, err
	}
	meter := fill(model, rows, scores, seen, make([]bool, len(rows)))
	measured := meter.Result()
	measured.Families, err = measureFamilies(ctx, model, rows)
	return measured, meter.Curves(), err
}

// fill returns a meter with the rows, which are in canonical form, their scores, and which of them are on
// an allow list.
func fill(model *snowman.Model, rows []dataset.Row, scores []float64, seen dataset.Seen, allowed []bool) *eval.Meter {
	meter := &eval.Meter{Levels: levels(model)}
	var u canon.URL
	for i, row := range rows {
		host := ""
		if u.Parse(row.Text) == nil {
			host = u.HostKind()
		}
		meter.Add(eval.Example{
			Score: scores[i], Malicious: row.Malicious,
			Kind: judgedKind(row, seen), Family: row.Family, Source: row.Source, Month: row.Month(), Host: host, IsURL: isURL(row),
			Allowed: allowed[i],
		})
	}
	return meter
}

// judgedKind returns the kind that a row is judged with. A DGA family that was not seen makes a kind of
// its own.
func judgedKind(row dataset.Row, seen dataset.Seen) string {
	switch {
	case row.Kind == "":
		return "malicious"
	case row.Kind == dataset.DGA && !seen.Families[row.Family]:
		return "dga, family not seen"
	}
	return row.Kind
}

// compare holds the rows' scores in int16 against those in float32.
func compare(model *snowman.Model, rows []dataset.Row, scores, exact []float64) eval.Comparison {
	urls := make([]bool, len(rows))
	for i, row := range rows {
		urls[i] = isURL(row)
	}
	return eval.Compare(scores, exact, areMalicious(rows), urls, levels(model))
}

func areMalicious(rows []dataset.Row) []bool {
	malicious := make([]bool, len(rows))
	for i, row := range rows {
		malicious[i] = row.Malicious
	}
	return malicious
}
