package report

import (
	"cmp"
	"fmt"
	"io"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/snowman-ml/snowman/internal/ranking"
	"github.com/snowman-ml/snowman/internal/visible"
)

// TopText writes the rankings of a log for a terminal: two or three lines for each client and each
// domain.
func TopText(w io.Writer, r ranking.Result) error {
	var b strings.Builder
	for _, line := range topSummary(r) {
		b.WriteString(line + "\n")
	}
	writeTop(&b, topHeading("Clients", len(r.TopClients), r.RankedClients), clientTable(r), func(i int) []string {
		return clientLines(r.TopClients[i])
	})
	writeTop(&b, topHeading("Registered domains", len(r.TopDomains), r.RankedDomains), domainTable(r), func(i int) []string {
		return domainLines(r.TopDomains[i])
	})
	if len(r.TopClients)+len(r.TopDomains) == 0 {
		b.WriteString("\nNothing has evidence: no name reaches a level.\n")
	} else {
		b.WriteString("\n" + evidenceWords + "\n")
	}
	if _, err := io.WriteString(w, b.String()); err != nil {
		return fmt.Errorf("writing the rankings: %w", err)
	}
	return nil
}

// evidenceWords say what evidence is.
const evidenceWords = "Evidence 3 is what 1 in 1,000 ordinary clients or domains comes to by chance, 6 what 1 in 1,000,000 does."

// topSummary says in lines what was read.
func topSummary(r ranking.Result) []string {
	queries := ranking.Count{Value: r.Queries}
	lines := []string{fmt.Sprintf("%s of %s for %s in %s", several(queries, "query", "queries"), several(r.Clients, "client", "clients"),
		several(r.Names, "name", "names"), several(r.Domains, "registered domain", "registered domains"))}
	if !r.First.IsZero() {
		lines[0] += ", " + span(r.First, r.Last) + " UTC"
	}
	if r.Allowed+r.NotPublic > 0 {
		lines = append(lines, fmt.Sprintf("left out: %s on an allow list, %s that are no public names", Thousands(r.Allowed), Thousands(r.NotPublic)))
	}
	if !r.Answers {
		lines = append(lines, "The log does not say which names exist, so runs of names that do not are not seen.")
	}
	if r.ForgottenDomains+r.ForgottenClients > 0 {
		lines = append(lines, fmt.Sprintf("forgotten to bound memory: %s domains and %s clients, those with the least evidence",
			Thousands(r.ForgottenDomains), Thousands(r.ForgottenClients)))
	}
	return lines
}

// count writes a count, with its error where it is an estimate.
func count(c ranking.Count) string {
	if c.Error == 0 {
		return Thousands(c.Value)
	}
	return fmt.Sprintf("%s ±%.2g %%", Thousands(c.Value), 100*c.Error)
}

// several writes a count of things.
func several(c ranking.Count, one, many string) string {
	if c.Value == 1 {
		return "1 " + one
	}
	return count(c) + " " + many
}

// span writes a range of times, UTC.
func span(first, last time.Time) string {
	if first.IsZero() {
		return ""
	}
	const long, short = "2006-01-02 15:04", "15:04"
	switch {
	case last.Sub(first) < time.Minute && first.Format(long) == last.Format(long):
		return first.Format(long)
	case first.Format("2006-01-02") == last.Format("2006-01-02"):
		return first.Format(long) + " to " + last.Format(short)
	}
	return first.Format(long) + " to " + last.Format(long)
}

func topHeading(what string, shown, ranked int) string {
	if shown < ranked {
		return fmt.Sprintf("%s, %d of %s with evidence", what, shown, Thousands(ranked))
	}
	return what + " with evidence"
}

// writeTop writes a table, and below each row the lines that belong to it.
func writeTop(b *strings.Builder, heading string, rows table, below func(i int) []string) {
	if len(rows) == 1 {
		return
	}
	fmt.Fprintf(b, "\n%s\n\n", heading)
	var written strings.Builder
	rows.write(&written)
	i := -1
	for line := range strings.Lines(written.String()) {
		b.WriteString(line)
		if i >= 0 {
			for _, more := range below(i) {
				b.WriteString("    " + visible.Text(more) + "\n")
			}
		}
		i++
	}
}

const shownName = 48 // characters of a domain or a client in a table

func clientTable(r ranking.Result) table {
	header := []string{"client", "evidence", "queries", "domains", "at low"}
	if r.Answers {
		header = append(header, "NXDOMAIN", "both")
	}
	rows := table{header}
	for _, c := range r.TopClients {
		row := []string{visible.Label(c.Client, shownName), evidence(c.Evidence), Thousands(c.Queries), count(c.Domains), count(c.AtLow)}
		if r.Answers {
			row = append(row, count(c.Missing), count(c.Both))
		}
		rows = append(rows, row)
	}
	return rows
}

func domainTable(r ranking.Result) table {
	header := []string{"domain", "evidence", "level", "score", "names", "clients", "queries"}
	if r.Answers {
		header = append(header, "NXDOMAIN")
	}
	rows := table{header}
	for _, d := range r.TopDomains {
		row := []string{visible.Label(d.Domain, shownName), evidence(d.Evidence), d.Level, decimal(d.Score, 5), count(d.Names), count(d.Clients), Thousands(d.Queries)}
		if r.Answers {
			row = append(row, Thousands(d.NXDomain))
		}
		rows = append(rows, row)
	}
	return rows
}

func evidence(digits float64) string { return strconv.FormatFloat(digits, 'f', 1, 64) }

func clientLines(c ranking.Client) []string {
	lines := []string{reason(c.Because)}
	if said := joined(kinds(c.Kinds), families(c.Families), span(c.First, c.Last)); said != "" {
		lines = append(lines, said)
	}
	if len(c.Examples) > 0 {
		lines = append(lines, "asked for "+examples(c.Examples))
	}
	if len(c.Exist) > 0 {
		lines = append(lines, "of those that exist: "+examples(c.Exist))
	}
	return lines
}

func domainLines(d ranking.Domain) []string {
	var lines []string
	if said := joined(kinds(d.Kinds), families(d.Families), span(d.First, d.Last)); said != "" {
		lines = append(lines, said)
	}
	if len(d.Examples) > 1 || len(d.Examples) == 1 && d.Examples[0].Name != d.Domain {
		lines = append(lines, examples(d.Examples))
	}
	return lines
}

// reason says what a client's evidence rests on.
func reason(because ranking.Reason) string {
	what := "reach " + because.Level
	if because.NXDomain {
		what = "do not exist"
		switch because.Level {
		case "":
		case ranking.UpperTenth:
			what += " and have scores in the upper tenth of the log"
		default:
			what += " and reach " + because.Level
		}
	}
	return fmt.Sprintf("%s of %s domains %s, where %s would be ordinary", Thousands(because.Count), Thousands(because.Of), what, few(because.Expected))
}

// few writes a number that may be small with two digits.
func few(x float64) string {
	const least = .00001
	switch {
	case x >= 10:
		return Thousands(int(math.Round(x)))
	case x < least:
		return "less than .00001"
	case x < 10*least:
		return strings.TrimPrefix(strconv.FormatFloat(x, 'f', 5, 64), "0")
	}
	return strings.TrimPrefix(strconv.FormatFloat(x, 'g', 2, 64), "0")
}

// kinds writes how many names are of each kind, the most first.
func kinds(counts map[string]int) string {
	names := slices.SortedFunc(maps.Keys(counts), func(a, b string) int {
		return cmp.Or(cmp.Compare(counts[b], counts[a]), cmp.Compare(a, b))
	})
	for i, name := range names {
		names[i] = name + " " + Thousands(counts[name])
	}
	return strings.Join(names, ", ")
}

func families(counts []ranking.FamilyCount) string {
	var names []string
	for _, f := range counts {
		names = append(names, f.Name+" "+Thousands(f.Count))
	}
	if len(names) == 0 {
		return ""
	}
	return "like " + strings.Join(names, ", ")
}

func examples(found []ranking.Example) string {
	var names []string
	for _, e := range found {
		names = append(names, visible.Label(e.Name, shownName))
	}
	return strings.Join(names, ", ")
}

func joined(parts ...string) string {
	return strings.Join(slices.DeleteFunc(parts, func(part string) bool { return part == "" }), "; ")
}
