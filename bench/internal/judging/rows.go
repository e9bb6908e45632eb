// Package judging holds models against files that nothing is trained on.
//
// Every figure is of rows whose registered domain is in no training row of any of the models, so
// that all are of the same rows. Names on a model's own list of popular names are left out as well.
package judging

import (
	"context"
	"fmt"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/snowman-ml/snowman/dataset"
	"github.com/snowman-ml/snowman/eval"
)

// A File is the rows of one file that are left to judge by.
type File struct {
	Name                   string
	Rows                   []dataset.Row
	Seen, Popular, Refused int         // rows left out
	Report                 bool        // a source's rows of the part report
	Verdicts               [][]Verdict // of each model, of each row
}

// Rows are all that the models are judged by.
type Rows struct {
	Files   []File
	popular [][]dataset.Row // of each model, names of its list
	Listed  [][]Verdict     // of each model, on those names
}

// Read reads the files of a folder, and the rows of a part report, if any. made is what each recipe
// makes of the data.
func Read(ctx context.Context, folder string, report []dataset.Row, made map[string]Made, models []Model) (Rows, error) {
	known := dataset.Seen{Domains: make(map[string]bool)}
	for _, m := range made {
		for _, domain := range m.Domains {
			known.Domains[domain] = true
		}
	}
	r := Rows{}
	listed := make(map[string]bool)
	for _, m := range models {
		r.popular = append(r.popular, m.MostCopied(made[m.Recipe].Copied))
		for _, domain := range m.Popular {
			listed[domain] = true
		}
	}
	recipe, err := dataset.DefaultRecipe(folder)
	if err != nil {
		return Rows{}, err
	}
	for _, source := range recipe.Sources {
		path, err := source.Path(folder)
		if err != nil {
			return Rows{}, err
		}
		f := File{Name: source.File}
		if f.Rows, f.Seen, f.Refused, err = dataset.ReadUnseen(ctx, []string{path}, known); err != nil {
			return Rows{}, err
		}
		r.Files = append(r.Files, f)
	}
	r.Files = append(r.Files, bySource(report, known)...)
	for i := range r.Files {
		f := &r.Files[i]
		before := len(f.Rows)
		// A text without a path that equals a registered domain is that domain itself.
		f.Rows = slices.DeleteFunc(f.Rows, func(row dataset.Row) bool { return listed[row.Text] })
		f.Popular = before - len(f.Rows)
	}
	return r, nil
}

// Sample leaves at most wanted rows of each file.
func (r Rows) Sample(wanted int) {
	for i := range r.Files {
		r.Files[i].Rows = sample(r.Files[i].Rows, wanted)
	}
}

// Title is what the tables call a file.
func (f File) Title() string {
	if f.Report {
		return f.Name
	}
	return filepath.ToSlash(filepath.Join("judge", f.Name))
}

// Scores returns a model's scores of the malicious or the benign rows of files, not of the part
// report.
func (r Rows) Scores(model int, names []string, malicious bool) ([]float64, error) {
	var scores []float64
	for _, name := range names {
		at := slices.IndexFunc(r.Files, func(f File) bool { return !f.Report && f.Name == name })
		if at < 0 {
			return nil, fmt.Errorf("no file %q in the folder of -judge", name)
		}
		f := r.Files[at]
		for i, row := range f.Rows {
			if row.Malicious == malicious {
				scores = append(scores, f.Verdicts[model][i].Score)
			}
		}
	}
	return scores, nil
}

// Rates returns cells of a table: the TPRs at FPR 1e-2 and 1e-3, with counts and intervals or
// without, and the AUC.
func Rates(roc eval.ROC, intervals bool) (found []string, area string) {
	for _, limit := range []float64{1e-2, 1e-3} {
		point, ok := roc.AtFalsePositiveRate(limit)
		switch {
		case !ok:
			found = append(found, "-")
		case intervals:
			p := point.TruePositives
			low, high := p.Wilson()
			found = append(found, fmt.Sprintf("%s (%s-%s, %d)", Decimal(p.Rate(), 3), Decimal(low, 3), Decimal(high, 3), p.Count))
		default:
			found = append(found, Decimal(point.TruePositives.Rate(), 2))
		}
	}
	if auc, ok := roc.AUC(); ok {
		return found, Decimal(auc, 3)
	}
	return found, "-"
}

// Decimal writes .68.
func Decimal(x float64, digits int) string {
	return strings.TrimPrefix(strconv.FormatFloat(x, 'f', digits, 64), "0")
}
