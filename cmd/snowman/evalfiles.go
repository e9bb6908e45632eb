package main

import (
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/snowman-ml/snowman"
	"github.com/snowman-ml/snowman/dataset"
	"github.com/snowman-ml/snowman/eval"
	"github.com/snowman-ml/snowman/internal/atomicfile"
	"github.com/snowman-ml/snowman/report"
)

// worstRows is how many rows of either side a page shows.
const worstRows = 25

// evalFiles are what eval writes besides what it prints: paths, empty where nobody asked for one.
type evalFiles struct{ report, csv, svg string }

func (f evalFiles) wanted() bool { return f != evalFiles{} }

// check finds out before long work whether the files could be written, and makes the folder. None may
// be one of the inputs, or another of the files.
func (f evalFiles) check(inputs []string) error {
	outputs := []struct{ flag, path string }{{"-report", f.report}, {"-csv", f.csv}}
	if f.svg != "" {
		if err := os.MkdirAll(f.svg, 0o755); err != nil {
			return fmt.Errorf("making the folder of -svg: %w", err)
		}
		for _, picture := range report.Pictures(report.Page{}) {
			outputs = append(outputs, struct{ flag, path string }{"-svg", f.picturePath(picture)})
		}
	}
	for i, output := range outputs {
		switch output.path {
		case "":
			continue
		case "-":
			return usageError{output.flag + " -: want a file; standard output has the figures"}
		}
		if err := checkOutput(output.flag, output.path, inputs...); err != nil {
			return err
		}
		for _, other := range outputs[:i] {
			if filepath.Clean(other.path) == filepath.Clean(output.path) || isSameFile(other.path, output.path) {
				return usageError{fmt.Sprintf("%s and %s both name %q", other.flag, output.flag, output.path)}
			}
		}
	}
	return nil
}

func (f evalFiles) write(e report.Page) error {
	if f.report != "" {
		if err := atomicfile.Write(f.report, func(w io.Writer) error { return report.HTML(w, e) }); err != nil {
			return err
		}
	}
	if f.csv != "" {
		if err := atomicfile.Write(f.csv, func(w io.Writer) error { return report.CSV(w, e) }); err != nil {
			return err
		}
	}
	if f.svg == "" {
		return nil
	}
	for _, picture := range report.Pictures(e) {
		err := atomicfile.Write(f.picturePath(picture), func(w io.Writer) error {
			_, err := w.Write(picture.SVG())
			return err
		})
		if err != nil {
			return err
		}
	}
	return nil
}

func (f evalFiles) picturePath(p report.Picture) string { return filepath.Join(f.svg, p.Name+".svg") }

// mistakes returns the rows that the scores are most wrong about.
func mistakes(rows []dataset.Row, scores []float64, seen dataset.Seen, allowed []bool) (falsePositives, falseNegatives []report.Mistake) {
	at := func(indices []int) []report.Mistake {
		var worst []report.Mistake
		for _, i := range indices {
			row := rows[i]
			worst = append(worst, report.Mistake{
				Text: row.Text, Source: row.Source, Kind: judgedKind(row, seen), Family: row.Family, Score: scores[i], Allowed: allowed[i],
			})
		}
		return worst
	}
	benign, malicious := eval.Worst(scores, areMalicious(rows), worstRows)
	return at(benign), at(malicious)
}

// modelFact says which model was measured, and in which arithmetic.
func modelFact(model *snowman.Model, path string, exact bool) string {
	if path == "" {
		path = "built in"
	}
	arithmetic := "int16"
	if exact {
		arithmetic = "float32"
	}
	info := model.Info()
	if info.Created != "" {
		path += ", of " + info.Created
	}
	return fmt.Sprintf("%s, SHA-256 %.16s, scored in %s", path, info.SHA256, arithmetic)
}
