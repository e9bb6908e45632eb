// Package card makes the page about a model: its levels, what was measured of it as charts and
// tables, its network, and its card in words or what it was trained on.
//
//	page, err := card.Page(model.Info(), version)
//
// What a model file says may have been chosen by anybody. The page shows it as text, without runes
// that cannot be seen, and shortened. It needs no script and no inline style, so a strict
// Content-Security-Policy lets all of it.
package card

import (
	"bytes"
	_ "embed"
	"encoding/json"
	"fmt"
	"html/template"
	"math"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/snowman-ml/snowman"
	"github.com/snowman-ml/snowman/eval"
	"github.com/snowman-ml/snowman/internal/provenance"
	"github.com/snowman-ml/snowman/internal/visible"
	"github.com/snowman-ml/snowman/models"
	"github.com/snowman-ml/snowman/report"
)

//go:embed card.html
var pageText string

// The card in words as part of a page, and its headings: go test ./internal/card -update renders
// them. What renders Markdown would cost every start of the program 2 ms.
var (
	//go:embed words.html
	wordsPage template.HTML
	//go:embed contents.json
	wordsContents []byte
)

// A heading is an entry of a table of contents.
type heading struct{ ID, Text string }

// pageTemplate is parsed when it is first needed: most runs of the program need no page.
var pageTemplate = sync.OnceValue(func() *template.Template {
	return template.Must(template.New("card").Parse(pageText))
})

// Page returns the page about a model as a service shows it: it links to the service's other pages
// and to their style. The version is the program's, empty if it is not to be named.
func Page(info snowman.Info, version string) ([]byte, error) {
	return newPage(info, version, head{Title: "The model"})
}

// File returns the page about a model as a file that needs nothing beside it. The style is in CSS:
// web.CardStyle returns that of the service's pages.
func File(info snowman.Info, version, style string) ([]byte, error) {
	return newPage(info, version, head{Title: "The model", Style: template.CSS(style)})
}

// ChartStyle returns the style of the charts. A service serves it as assets/picture.css.
func ChartStyle() string { return report.ChartStyle() }

// Refusal returns a page that says why a service does not show the one about the model. If it is a
// key that is missing, the page says how to send one.
func Refusal(title, reason string, needsKey bool) ([]byte, error) {
	return execute("refusal", struct {
		Head     head
		Reason   string
		NeedsKey bool
	}{head{Title: title}, reason, needsKey})
}

func execute(name string, data any) ([]byte, error) {
	var made bytes.Buffer
	if err := pageTemplate().ExecuteTemplate(&made, name, data); err != nil {
		return nil, fmt.Errorf("making the page about the model: %w", err)
	}
	return made.Bytes(), nil
}

// IsShipped reports whether a model is the one that comes with Snowman: the card in words names its
// weights. With levels of somebody's own it is another, since the card promises what they do not
// hold.
func IsShipped(info snowman.Info) bool {
	return strings.Contains(models.Card, "`"+info.SHA256+"`") && !info.HasOwnLevels()
}

// Words returns the card of the model that comes with Snowman, in Markdown, without the comments
// that say which of its tables are made.
func Words() string {
	var words strings.Builder
	for line := range strings.Lines(models.Card) {
		if !strings.HasPrefix(line, "<!--") {
			words.WriteString(line)
		}
	}
	return words.String()
}

// A head is what stands above a page's content.
type head struct {
	Title string
	Style template.CSS // empty on a page of the service
}

// page is what the template shows.
type page struct {
	Head  head
	Facts []report.Fact

	Card     template.HTML // of the shipped model, empty for another
	Contents []heading     // of the card

	Levels  []Table  // empty if the model has none
	Groups  []Table  // what each level gets of each kind of site; empty for an older model
	TooFew  []string // levels that rest on too few texts
	Own     bool     // levels are set on somebody's own traffic
	Broken  []string // levels that more of a kind of site reach than they say
	Figures figures
	Sources Table
	Parts   Table
	Data    []report.Fact
}

// A Table has a caption. Its first column says what a row is about.
type Table struct {
	Caption string
	Header  []string
	Rows    [][]string
	More    int // rows left out
}

func newPage(info snowman.Info, version string, head head) ([]byte, error) {
	p := page{Head: head, Facts: identity(info, version), Figures: newFigures(info)}
	p.Levels, p.TooFew = LevelTables(info)
	p.Groups, p.Broken = GroupTables(info)
	p.Own = info.HasOwnLevels()
	if IsShipped(info) {
		p.Card = wordsPage
		if err := json.Unmarshal(wordsContents, &p.Contents); err != nil {
			return nil, fmt.Errorf("reading the card's headings: %w", err)
		}
		p.Groups, p.Figures.Tables, p.Figures.Families, p.Figures.Changes = nil, nil, nil, nil // the card has them
	} else {
		p.addTraining(info)
	}
	return execute("card", p)
}

// identity says which model it is, and what kind of network.
func identity(info snowman.Info, version string) []report.Fact {
	created := info.Created
	if created == "" {
		created = "its file does not say"
	}
	facts := []report.Fact{
		{Name: "SHA-256 of the weights", Value: info.SHA256},
		{Name: "made on", Value: created},
		{Name: "kinds", Value: labels(info.Kinds)},
		{Name: "parameters", Value: report.Thousands(info.Parameters)},
		{Name: "network", Value: fmt.Sprintf("%d symbols, embedding %d, widths %s with %d filters each, %s",
			info.Symbols, info.Embedding, strings.Trim(strings.Join(strings.Fields(fmt.Sprint(info.Widths)), ", "), "[]"), info.Filters, hidden(info.Hidden))},
		{Name: "reads", Value: report.Thousands(info.SymbolLimit) + " characters of a text, and the whole host"},
		{Name: "temperature", Value: strconv.FormatFloat(info.Temperature, 'f', 4, 64)},
	}
	if info.Views > 1 {
		facts = append(facts, report.Fact{Name: "views", Value: strconv.Itoa(info.Views) + ", host and whole, side by side"})
	}
	if info.HostFloor > 0 {
		facts = append(facts, report.Fact{Name: "floor", Value: fmt.Sprintf("log-odds at most %g below those of the host alone, %g below those of the registered domain", info.HostFloor, info.DomainFloor)})
	}
	if len(info.Families) > 0 {
		facts = append(facts, report.Fact{Name: "families", Value: fmt.Sprintf("names %d of generated names: %s", len(info.Families), labels(info.Families))})
	}
	if info.Imitated > 0 {
		facts = append(facts, report.Fact{Name: "imitation", Value: "knows " + report.Thousands(info.Imitated) + " popular names, and when others imitate or mention them"})
	}
	if version != "" {
		facts = append(facts, report.Fact{Name: "program", Value: "Snowman " + version})
	}
	return facts
}

func hidden(size int) string {
	if size == 0 {
		return "no dense layer"
	}
	return fmt.Sprintf("a dense layer of %d", size)
}

func label(name string) string { return visible.Label(name, 60) }

func labels(names []string) string {
	var shown []string
	for _, name := range names {
		shown = append(shown, label(name))
	}
	return strings.Join(shown, ", ")
}

// LevelTables returns what each level means for names, and for URLs if they have levels of their
// own. tooFew are the levels that were measured on too few texts.
func LevelTables(info snowman.Info) (all []Table, tooFew []string) {
	add := func(caption, texts string, thresholds []snowman.Threshold) {
		made := Table{
			Caption: caption,
			Header:  []string{"level", "from the score", "which reach", "measured: false alarms", "rate, 95 % interval", "false alarms an hour at 1,000 a second"},
		}
		for _, t := range thresholds {
			measured := eval.Proportion{Count: t.FalsePositives, Total: t.Benign}
			low, high := measured.Wilson()
			const anHour = 1000 * 3600
			which := fmt.Sprintf("1 in %s ordinary %s", report.Thousands(int(math.Round(1/t.FalsePositiveRate))), texts)
			counted := report.Thousands(t.FalsePositives) + " of " + report.Thousands(t.Benign)
			if t.Own != nil {
				which = "own traffic: as many as reach the level below"
				if t.Own.AlarmsPerDay > 0 {
					which = fmt.Sprintf("own traffic: at most %.4g %s a day", t.Own.AlarmsPerDay, texts)
				}
				counted += ", malicious ones included"
			}
			made.Rows = append(made.Rows, []string{
				t.Level.String(),
				strconv.FormatFloat(t.Score, 'f', 6, 64),
				which,
				counted,
				fmt.Sprintf("%s %% (%s–%s %%)", percent(measured.Rate()), percent(low), percent(high)),
				fmt.Sprintf("%s (%s–%s)", hourly(measured.Rate()*anHour), hourly(low*anHour), hourly(high*anHour)),
			})
			if t.TooFew() && t.Own == nil {
				tooFew = append(tooFew, fmt.Sprintf("%s of %s", t.Level, texts))
			}
		}
		if len(made.Rows) > 0 {
			all = append(all, made)
		}
	}
	if len(info.URLThresholds) > 0 {
		add("Names", "names", info.Thresholds)
		add("URLs with a path", "URLs", info.URLThresholds)
	} else {
		add("Names and URLs", "names", info.Thresholds)
	}
	return all, tooFew
}

// GroupTables returns what the levels get of each kind of site and of each country suffix with
// enough texts. An asterisk stands behind a share of more than three times what the level says.
// broken are the levels that have one.
func GroupTables(info snowman.Info) (all []Table, broken []string) {
	for _, of := range []struct {
		caption, texts string
		thresholds     []snowman.Threshold
	}{
		{"Ordinary names that reach a level, by kind of site and country", "names", info.Thresholds},
		{"Ordinary URLs that reach a level, by kind of site and country", "URLs", info.URLThresholds},
	} {
		made := [][]string{{"kind of site, country", "texts"}}
		var rows [][]string
		at := make(map[string]int) // row of a name
		for i, t := range of.thresholds {
			made[0] = append(made[0], t.Level.String())
			exceeding := t.Exceeding()
			for _, g := range slices.Concat(t.Groups, t.Countries) {
				if _, known := at[g.Name]; !known {
					at[g.Name] = len(rows)
					rows = append(rows, []string{g.Name, report.Thousands(g.Benign)})
				}
				row := &rows[at[g.Name]]
				for len(*row) < 2+i {
					*row = append(*row, "–")
				}
				share := eval.Proportion{Count: g.FalsePositives, Total: g.Benign}
				mark := ""
				if slices.Contains(exceeding, g) {
					mark = " *"
				}
				*row = append((*row)[:2+i], fmt.Sprintf("%s %% (%s)%s", percent(share.Rate()), report.Thousands(g.FalsePositives), mark))
			}
			for _, g := range exceeding {
				broken = append(broken, fmt.Sprintf("%s of %s, %s", t.Level, of.texts, label(g.Name)))
			}
		}
		for i := range rows {
			for len(rows[i]) < len(made[0]) {
				rows[i] = append(rows[i], "–")
			}
		}
		if len(rows) > 0 {
			all = append(all, newTable(of.caption, append(made, rows...)))
		}
	}
	return all, broken
}

func percent(rate float64) string { return strconv.FormatFloat(100*rate, 'g', 2, 64) }

func hourly(alarms float64) string { return report.Thousands(int(math.Round(alarms))) }

// newTable returns a table of at most 200 rows. More than these nobody reads.
func newTable(caption string, rows [][]string) Table {
	const most = 200
	t := Table{Caption: caption, Header: rows[0], Rows: rows[1:]}
	t.More = max(len(t.Rows)-most, 0)
	t.Rows = t.Rows[:len(t.Rows)-t.More]
	for _, row := range slices.Concat(t.Rows, [][]string{t.Header}) {
		for i, cell := range row {
			row[i] = label(cell)
		}
	}
	return t
}

// partsPurpose says what each part of the data was for.
var partsPurpose = [][2]string{
	{"train", "the network was trained on it"},
	{"choose", "it chose the epoch that was kept"},
	{"calibrate", "temperature and levels were measured on it"},
	{"report", "the figures above were measured on it"},
}

// addTraining adds what the model was trained on, if its file says so as train writes it.
func (p *page) addTraining(info snowman.Info) {
	var training provenance.Training
	if json.Unmarshal(info.Training, &training) != nil {
		return
	}
	sources := [][]string{{"source", "rows read", "used", "SHA-256 of the file"}}
	for _, s := range training.Data.Sources {
		sources = append(sources, []string{s.Name, report.Thousands(s.Read), report.Thousands(s.Used), label(s.SHA256[:min(16, len(s.SHA256))])})
	}
	if len(sources) > 1 {
		p.Sources = newTable("Sources", sources)
	}
	p.Parts = Table{Caption: "Parts", Header: []string{"part", "rows", "of them benign", "what for"}}
	for _, part := range partsPurpose {
		kinds, known := training.Data.Parts[part[0]]
		if !known {
			continue
		}
		rows := 0
		for _, count := range kinds {
			rows += count
		}
		p.Parts.Rows = append(p.Parts.Rows, []string{part[0], report.Thousands(rows), report.Thousands(kinds["benign"]), part[1]})
	}
	if training.From != "" {
		p.Data = append(p.Data, report.Fact{Name: "went on from the model", Value: label(training.From)})
	}
	if training.Data.SuffixList != "" {
		p.Data = append(p.Data, report.Fact{Name: "public suffix list", Value: label(training.Data.SuffixList)})
	}
	if info.Seed != 0 {
		p.Data = append(p.Data, report.Fact{Name: "seed", Value: strconv.FormatUint(info.Seed, 10)})
	}
}

// IsNumeric reports whether a column of the table holds numbers.
func (t Table) IsNumeric(column int) bool {
	return column > 0 && !slices.Contains([]string{"label", "scored", "what for", "SHA-256 of the file"}, t.Header[column])
}
