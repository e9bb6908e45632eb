package report

import (
	"bytes"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/snowman-ml/snowman/eval"
)

const wantFamilies = `
Naming the family of 2,010 generated names, of 3 families

figure                       rows              rate
named first        1,338 of 2,010  .666 (.645-.686)
among the first 3  2,005 of 2,010  .998 (.994-.999)
macro-F1                           .272 (.265-.278)

family        rows              recall           precision    F1  most often taken for
\x1b[31mred      5    .000 (.000-.434)                   -  .000          \u202ederf 5
necurs           5  1.000 (.566-1.000)    .007 (.003-.017)  .015                     -
conficker    2,000    .666 (.646-.687)  1.000 (.997-1.000)  .800            necurs 667
`

func TestTextOfFamilies(t *testing.T) {
	var families eval.FamilyMeter
	for i := range 2000 {
		first := "conficker"
		if i%3 == 0 {
			first = "necurs"
		}
		families.Add("conficker", []string{first, "conficker"})
	}
	for range 5 {
		families.Add("necurs", []string{"necurs"})
		families.Add("\x1b[31mred", []string{"\u202ederf", "necurs"})
	}
	var without, with bytes.Buffer
	figures := new(eval.Meter).Result()
	if err := Text(&without, figures); err != nil {
		t.Fatal(err)
	}
	figures.Families = new(families.Result())
	if err := Text(&with, figures); err != nil {
		t.Fatal(err)
	}
	if got := strings.TrimPrefix(with.String(), without.String()); got != wantFamilies {
		t.Errorf("got\n%s\nwant\n%s", got, wantFamilies)
	}
	for line := range strings.Lines(with.String()) {
		if columns := utf8.RuneCountInString(strings.TrimSuffix(line, "\n")); columns > 100 {
			t.Errorf("%d columns, want at most 100: %s", columns, line)
		}
	}
}
