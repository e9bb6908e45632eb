package report

import (
	"fmt"
	"strings"

	"github.com/snowman-ml/snowman/eval"
)

// writeFamilies writes how well families of generated names are named, the worst first.
func writeFamilies(b *strings.Builder, f *eval.FamilyResult) {
	if f == nil {
		return
	}
	fmt.Fprintf(b, "\nNaming the family of %s generated names, of %s families\n\n", Thousands(f.Top1.Total), Thousands(len(f.Families)))
	table{
		{"figure", "rows", "rate"},
		{"named first", outOf(f.Top1), interval(f.Top1, 3)},
		{"among the first 3", outOf(f.Top3), interval(f.Top3, 3)},
		{"macro-F1", "", fmt.Sprintf("%s (%s-%s)", decimal(f.MacroF1.Value, 3), decimal(f.MacroF1.Low, 3), decimal(f.MacroF1.High, 3))},
	}.write(b)

	b.WriteString("\n")
	rows := table{{"family", "rows", "recall", "precision", "F1", "most often taken for"}}
	for _, family := range f.Families {
		takenFor := "-"
		if family.TakenForRows > 0 {
			takenFor = family.TakenFor + " " + Thousands(family.TakenForRows)
		}
		rows = append(rows, []string{
			family.Name, Thousands(family.Recall.Total), interval(family.Recall, 3),
			interval(family.Precision, 3), decimal(family.F1, 3), takenFor,
		})
	}
	rows.write(b)
}
