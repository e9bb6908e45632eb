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
	named, byFamily := namingTables(f)
	named.write(b)
	b.WriteString("\n")
	byFamily.write(b)
}

// NamingTables have how well families of generated names are named: all together, and each family,
// the worst first. They are nil where no names are generated.
func (page Page) NamingTables() (all, byFamily [][]string) {
	if page.Result.Families == nil {
		return nil, nil
	}
	return namingTables(page.Result.Families)
}

func namingTables(f *eval.FamilyResult) (all, byFamily table) {
	all = table{
		{"figure", "rows", "rate"},
		{"named first", outOf(f.Top1), interval(f.Top1, 3)},
		{"among the first 3", outOf(f.Top3), interval(f.Top3, 3)},
		{"macro-F1", "", fmt.Sprintf("%s (%s-%s)", decimal(f.MacroF1.Value, 3), decimal(f.MacroF1.Low, 3), decimal(f.MacroF1.High, 3))},
	}
	byFamily = table{{"family", "rows", "recall", "precision", "F1", "most often taken for"}}
	for _, family := range f.Families {
		takenFor := "-"
		if family.TakenForRows > 0 {
			takenFor = family.TakenFor + " " + Thousands(family.TakenForRows)
		}
		byFamily = append(byFamily, []string{
			family.Name, Thousands(family.Recall.Total), interval(family.Recall, 3),
			interval(family.Precision, 3), decimal(family.F1, 3), takenFor,
		})
	}
	return all, byFamily
}
