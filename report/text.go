// Package report writes the figures of package eval for people to read.
//
// [Text] is for a terminal of 100 columns, [HTML] for a browser, [Charts] are those of the page
// alone, and [CSV] is for other programs. Every rate stands with its 95 % Wilson interval and the
// number of rows behind it, because a rate alone does not say how far to trust it.
package report

import (
	"cmp"
	"fmt"
	"io"
	"math"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/snowman-ml/snowman/eval"
	"github.com/snowman-ml/snowman/internal/visible"
)

// smallFamily is the number of rows below which a family shares a line with others: its interval
// may be 40 points wide.
const smallFamily = 20

// Text writes the overall figures, then the rows at each level by source, kind of host, kind of
// site and country suffix, then the figures by kind, source, family and month. Families stand worst
// first, by the true positive rate at the first operating point. Families of fewer than 20 rows
// share the last line.
func Text(w io.Writer, r eval.Result) error {
	var b strings.Builder
	writeOverall(&b, r)
	if r.Allowed != nil {
		fmt.Fprintf(&b, "\nOn an allow list, and so at no level: %s\n", allowed(*r.Allowed))
	}
	// Names of sources may be long, so that there is no room for counts.
	levelTable("source", r.Levels, r.ByLevel, "", percent).writeUnder(&b, "Rows at the model's own levels and above, by source")
	levelTable("kind of host", r.Levels, r.ByHost, "", percentAndCount).writeUnder(&b, "Rows at the model's own levels and above, by kind of host")
	levelTable("kind of site", r.Levels, groups(r), "", percentAndCount).writeUnder(&b, "Benign rows at the model's own levels and above, by kind of site")
	levelTable("country", r.Levels, r.ByCountry, "", percentAndCount).writeUnder(&b, "Benign rows at the model's own levels and above, by country suffix")
	writePopular(&b, r)
	points := r.Overall.OperatingPoints
	malicious := func(axis string, groups []eval.Group) {
		maliciousTable(axis, groups, points).writeUnder(&b, "Malicious rows by "+axis)
	}
	benign := func(axis string, groups []eval.Group) {
		benignTable(axis, groups, points).writeUnder(&b, "Benign rows by "+axis)
	}
	malicious("kind", r.ByKind)
	malicious("source", r.BySource)
	benign("source", r.BySource)
	malicious("family", worstFirst(r.ByFamily))
	writeFamilies(&b, r.Families)
	malicious("month", r.ByMonth)
	benign("month", r.ByMonth)
	writeSurvivals(&b, r.Changes)
	if _, err := io.WriteString(w, b.String()); err != nil {
		return fmt.Errorf("writing the report: %w", err)
	}
	return nil
}

// groups returns the rows by group, or nil where each source is a group of its own.
func groups(r eval.Result) []eval.LevelGroup {
	isSource := func(g eval.LevelGroup) bool {
		return slices.ContainsFunc(r.ByLevel, func(source eval.LevelGroup) bool {
			return source.Name == g.Name && !source.Malicious && slices.Equal(source.Reached, g.Reached)
		})
	}
	if !slices.ContainsFunc(r.ByGroup, func(g eval.LevelGroup) bool { return !isSource(g) }) {
		return nil
	}
	return r.ByGroup
}

// popularTable has the rows at each level with and without those on the model's own list of popular
// names, which stay below the second level by the rule for them.
func popularTable(r eval.Result) table {
	header := []string{"rows", "label", "number"}
	for _, level := range r.Levels {
		header = append(header, level.Name)
	}
	rows := table{header}
	if r.Popular == nil {
		return rows
	}
	for _, side := range []struct {
		name   string
		groups []eval.LevelGroup
	}{{"without these names", r.ByLevel}, {"with them, by the rule", r.Popular.WithRule}} {
		benign, malicious := []string{side.name, "benign"}, []string{side.name, "malicious"}
		for i := range r.Levels {
			b, m := reached(side.groups, i)
			if i == 0 {
				benign, malicious = append(benign, Thousands(b.Total)), append(malicious, Thousands(m.Total))
			}
			benign, malicious = append(benign, percentAndCount(b, false)), append(malicious, percentAndCount(m, true))
		}
		rows = append(rows, benign, malicious)
	}
	return rows
}

func writePopular(b *strings.Builder, r eval.Result) {
	if r.Popular == nil {
		return
	}
	fmt.Fprintf(b, "\nOn the model's own list of popular names, and in no other figure: %s\n", popular(*r.Popular))
	if len(r.Levels) > 0 {
		popularTable(r).writeUnder(b, "Rows at the model's own levels and above, with its rule for popular names and without")
	}
}

func popular(p eval.PopularRows) string {
	return fmt.Sprintf("%s benign and %s malicious rows", Thousands(p.Benign), Thousands(p.Malicious))
}

// allowed writes how many rows are on an allow list.
func allowed(a eval.AllowedRows) string {
	return fmt.Sprintf("%s of %s benign rows, %s of %s malicious ones",
		Thousands(a.Benign.Count), Thousands(a.Benign.Total), Thousands(a.Malicious.Count), Thousands(a.Malicious.Total))
}

func writeOverall(b *strings.Builder, r eval.Result) {
	fmt.Fprintf(b, "%s benign and %s malicious rows\n", Thousands(r.Overall.Benign), Thousands(r.Overall.Malicious))
	fmt.Fprintf(b, "AUC %s, expected calibration error %s\n\n", area(r.Overall), decimal(r.CalibrationError, 4))
	if len(r.Overall.OperatingPoints) == 0 {
		b.WriteString("No threshold: there are no benign rows to choose one on.\n")
		return
	}

	rows := table{{"FPR at most"}, {"threshold"}, {"false positives"}, {"FPR"}, {"true positives"}, {"TPR"}}
	for _, p := range r.Overall.OperatingPoints {
		column := []string{
			scientific(p.Limit),
			strconv.FormatFloat(p.Threshold, 'g', -1, 64), // exact, for use elsewhere
			outOf(p.FalsePositives),
			interval(p.FalsePositives, falsePositiveDigits(p.Limit)),
			outOf(p.TruePositives),
			interval(p.TruePositives, 3),
		}
		for i := range rows {
			rows[i] = append(rows[i], column[i])
		}
	}
	rows.write(b)
	b.WriteString("\nFPR: share of benign rows called malicious. TPR: share of malicious rows found.\n" +
		"In brackets: 95 % Wilson interval.\n")

	var unresolved []string
	for _, p := range r.Overall.OperatingPoints {
		if p.FalsePositives.Count == 0 {
			unresolved = append(unresolved, scientific(p.Limit))
		}
	}
	if len(unresolved) > 0 {
		fmt.Fprintf(b, "At %s the benign rows are too few, or tied: the threshold is just above all of them.\n",
			strings.Join(unresolved, ", "))
	}
}

// maliciousTable has the share of each group's malicious rows that is found.
func maliciousTable(axis string, groups []eval.Group, points []eval.OperatingPoint) table {
	header := []string{axis, "rows", "AUC"}
	for _, p := range points {
		header = append(header, "TPR at "+scientific(p.Limit))
	}
	rows := table{header}
	for _, g := range groups {
		if g.Malicious == 0 {
			continue
		}
		row := []string{g.Name, Thousands(g.Malicious), area(g.Rates)}
		for _, p := range g.OperatingPoints {
			row = append(row, interval(p.TruePositives, 3))
		}
		rows = append(rows, row)
	}
	return rows
}

// benignTable has the share of each group's benign rows that is called malicious.
func benignTable(axis string, groups []eval.Group, points []eval.OperatingPoint) table {
	header := []string{axis, "rows"}
	for _, p := range points {
		header = append(header, "FPR at "+scientific(p.Limit))
	}
	rows := table{header}
	for _, g := range groups {
		if g.Benign == 0 {
			continue
		}
		row := []string{g.Name, Thousands(g.Benign)}
		for _, p := range g.OperatingPoints {
			row = append(row, interval(p.FalsePositives, falsePositiveDigits(p.Limit)))
		}
		rows = append(rows, row)
	}
	return rows
}

// levelTable has the share of each group's rows that reaches the model's own levels. The suffix
// stands behind the names of levels in the header, and cell writes a share.
func levelTable(axis string, levels []eval.Level, groups []eval.LevelGroup, suffix string, cell func(share eval.Proportion, malicious bool) string) table {
	header := []string{axis, "label", "rows"}
	for _, level := range levels {
		header = append(header, level.Name+suffix)
	}
	rows := table{header}
	for _, g := range groups {
		label := "benign"
		if g.Malicious {
			label = "malicious"
		}
		row := []string{g.Name, label, Thousands(g.Reached[0].Total)}
		for _, reached := range g.Reached {
			row = append(row, cell(reached, g.Malicious))
		}
		rows = append(rows, row)
	}
	return rows
}

func percent(share eval.Proportion, _ bool) string {
	return strconv.FormatFloat(100*share.Rate(), 'f', 2, 64) + " %"
}

func percentAndCount(share eval.Proportion, malicious bool) string {
	return fmt.Sprintf("%s (%s)", percent(share, malicious), Thousands(share.Count))
}

// levelInterval writes more digits of a false positive rate, which is small, than of a true
// positive rate.
func levelInterval(share eval.Proportion, malicious bool) string {
	if malicious {
		return interval(share, 3)
	}
	return interval(share, 5)
}

// worstFirst sorts families by their true positive rate, lowest first. The last group is the sum of
// the small ones.
func worstFirst(families []eval.Group) []eval.Group {
	var large, small []eval.Group
	for _, f := range families {
		switch {
		case f.Malicious >= smallFamily:
			large = append(large, f)
		case f.Malicious > 0:
			small = append(small, f)
		}
	}
	truePositiveRate := func(f eval.Group) float64 {
		if len(f.OperatingPoints) == 0 {
			return 0
		}
		return f.OperatingPoints[0].TruePositives.Rate()
	}
	slices.SortStableFunc(large, func(f, g eval.Group) int {
		return cmp.Compare(truePositiveRate(f), truePositiveRate(g))
	})
	if len(small) < 2 {
		return append(large, small...)
	}

	rest := eval.Group{Name: fmt.Sprintf("(%d under %d rows)", len(small), smallFamily)}
	wins := 0.0
	for _, f := range small {
		rest.Malicious += f.Malicious
		if f.AUC != nil {
			// All families are ranked against the same benign rows, so that areas weighed by
			// malicious rows add up.
			wins += *f.AUC * float64(f.Malicious)
			rest.AUC = new(wins / float64(rest.Malicious))
		}
		for i, p := range f.OperatingPoints {
			if i == len(rest.OperatingPoints) {
				rest.OperatingPoints = append(rest.OperatingPoints, eval.OperatingPoint{})
			}
			sum := &rest.OperatingPoints[i].TruePositives
			sum.Count += p.TruePositives.Count
			sum.Total += p.TruePositives.Total
		}
	}
	return append(large, rest)
}

// A table is rows of cells. The first row is the header. The first column is aligned left, the
// others right.
type table [][]string

// writeUnder writes a table under a heading, or nothing if there is only a header.
func (t table) writeUnder(b *strings.Builder, heading string) {
	if len(t) > 1 {
		fmt.Fprintf(b, "\n%s\n\n", heading)
		t.write(b)
	}
}

func (t table) write(b *strings.Builder) {
	var widths []int
	for _, row := range t {
		for i, cell := range row {
			if i == len(widths) {
				widths = append(widths, 0)
			}
			widths[i] = max(widths[i], utf8.RuneCountInString(visible.Text(cell)))
		}
	}
	for _, row := range t {
		for i, cell := range row {
			cell = visible.Text(cell)
			space := strings.Repeat(" ", widths[i]-utf8.RuneCountInString(cell))
			if i == 0 {
				b.WriteString(cell + space)
			} else {
				b.WriteString("  " + space + cell)
			}
		}
		b.WriteString("\n")
	}
}

func area(f eval.Rates) string {
	if f.AUC == nil {
		return "-"
	}
	return decimal(*f.AUC, 4)
}

func outOf(p eval.Proportion) string {
	return Thousands(p.Count) + " of " + Thousands(p.Total)
}

// interval writes a rate as .742 (.735-.749), and a dash where there are no rows.
func interval(p eval.Proportion, digits int) string {
	if p.Total == 0 {
		return "-"
	}
	low, high := p.Wilson()
	return fmt.Sprintf("%s (%s-%s)", decimal(p.Rate(), digits), decimal(low, digits), decimal(high, digits))
}

// falsePositiveDigits returns how many decimals a rate near limit needs to show three digits.
func falsePositiveDigits(limit float64) int {
	return 2 + int(math.Round(-math.Log10(max(limit, 1e-9))))
}

// decimal writes x without the 0 before its point, as is usual for rates. At -1 digits it writes as
// many as there are.
func decimal(x float64, digits int) string {
	s := strconv.FormatFloat(x, 'f', digits, 64)
	if strings.HasPrefix(s, "0.") {
		return s[1:]
	}
	return s
}

// scientific writes 0.001 as 1e-3.
func scientific(x float64) string {
	return strings.Replace(strconv.FormatFloat(x, 'e', -1, 64), "e-0", "e-", 1)
}

// Thousands writes a number with commas between its thousands.
func Thousands(n int) string {
	s := strconv.Itoa(n)
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}
