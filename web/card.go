package web

import (
	"bytes"
	_ "embed"
	"encoding/json"
	"fmt"
	"html/template"
	"math"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/snowman-ml/snowman"
	"github.com/snowman-ml/snowman/eval"
	"github.com/snowman-ml/snowman/internal/visible"
	"github.com/snowman-ml/snowman/models"
	"github.com/snowman-ml/snowman/report"
)

//go:embed card.html
var cardText string

// cardTemplate is parsed when the first card is asked for: most runs of the program need none.
var cardTemplate = sync.OnceValue(func() *template.Template {
	return template.Must(template.New("card").Parse(cardText))
})

// card answers with the page about the model, to everybody if it is the model that comes with Snowman: an
// operator's own may name what nobody else is to know.
func (s *Service) card(w http.ResponseWriter, r *http.Request) {
	a := s.current.Load()
	w.(*answer).page = true
	if !hasCard(a.info) && !s.admit(w.(*answer), r) {
		return
	}
	page, err := a.card()
	if err != nil {
		refuse(w, http.StatusInternalServerError, err.Error())
		return
	}
	sendPage(w, r, contentTypes[".html"], page)
}

// pictureStyle answers with the style of the pictures of the card.
func (s *Service) pictureStyle(w http.ResponseWriter, r *http.Request) {
	sendPage(w, r, contentTypes[".css"], []byte(report.PictureStyle()))
}

// sendRefusal answers with a page that says why there is no other.
func sendRefusal(w http.ResponseWriter, status int, reason string) {
	var page bytes.Buffer
	err := cardTemplate().ExecuteTemplate(&page, "refusal", struct {
		Title, Reason string
		NeedsKey      bool
	}{http.StatusText(status), reason, status == http.StatusUnauthorized})
	if err != nil {
		status = http.StatusInternalServerError
	}
	setPageHeader(w.Header(), contentTypes[".html"])
	w.WriteHeader(status)
	w.Write(page.Bytes())
}

// cardPage is what the template shows. What a model file says in words may have been chosen by anybody:
// label writes it so that it can be seen.
type cardPage struct {
	Facts []report.Fact

	Card     template.HTML // of the shipped model, empty for another
	Contents []heading     // of the card

	Levels  []cardTable // empty where the model has none
	TooFew  []string    // levels that rest on too few texts
	Figures cardFigures
	Sources cardTable
	Parts   cardTable
	Data    []report.Fact
}

// cardFigures are what was measured of the model.
type cardFigures struct {
	Problem  string         // why they cannot be shown
	Rows     string         // what they were measured on, empty if nothing was
	Families *familiesNamed // nil where it names none
	Pictures []cardPicture
	NoMonths bool // there is no picture by month
	Tables   []cardTable
}

// familiesNamed says how often the right family comes first.
type familiesNamed struct{ Rows, First string }

// A cardPicture is a picture and how to read it.
type cardPicture struct {
	Picture report.Picture
	Reading string
}

// A cardTable is a table with a caption. The first column says what a row is about.
type cardTable struct {
	Caption string
	Header  []string
	Rows    [][]string
	More    int // rows left out
}

// newCard makes the page about a model.
func newCard(info snowman.Info, version string) ([]byte, error) {
	page := cardPage{Facts: identity(info, version), Figures: newCardFigures(info)}
	page.Levels, page.TooFew = levelTables(info)
	if hasCard(info) {
		var err error
		if page.Card, page.Contents, err = renderMarkdown(models.Card); err != nil {
			return nil, err
		}
		page.Figures.Tables, page.Figures.Families = nil, nil // it has them
	} else {
		page.addTraining(info)
	}
	var made bytes.Buffer
	if err := cardTemplate().ExecuteTemplate(&made, "card", page); err != nil {
		return nil, fmt.Errorf("making the page about the model: %w", err)
	}
	return made.Bytes(), nil
}

// hasCard reports whether the card that comes with Snowman is that of the model: it names the model's weights.
func hasCard(info snowman.Info) bool { return strings.Contains(models.Card, "`"+info.SHA256+"`") }

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
	if len(info.Families) > 0 {
		facts = append(facts, report.Fact{Name: "families", Value: fmt.Sprintf("names %d of generated names: %s", len(info.Families), labels(info.Families))})
	}
	if info.Imitated > 0 {
		facts = append(facts, report.Fact{Name: "imitation", Value: "knows " + report.Thousands(info.Imitated) + " popular names when others imitate them"})
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

// levelTables say what each level means for names, and for URLs where they have their own levels. They also
// return the levels that too few texts were there for.
func levelTables(info snowman.Info) (all []cardTable, tooFew []string) {
	add := func(caption, texts string, thresholds []snowman.Threshold) {
		table := cardTable{
			Caption: caption,
			Header:  []string{"level", "from the score", "which reach", "measured: false alarms", "rate, 95 % interval", "false alarms an hour at 1,000 a second"},
		}
		for _, t := range thresholds {
			measured := eval.Proportion{Count: t.FalsePositives, Total: t.Benign}
			low, high := measured.Wilson()
			const anHour = 1000 * 3600
			table.Rows = append(table.Rows, []string{
				t.Level.String(),
				strconv.FormatFloat(t.Score, 'f', 6, 64),
				fmt.Sprintf("1 in %s ordinary %s", report.Thousands(int(math.Round(1/t.FalsePositiveRate))), texts),
				report.Thousands(t.FalsePositives) + " of " + report.Thousands(t.Benign),
				fmt.Sprintf("%s %% (%s–%s %%)", percent(measured.Rate()), percent(low), percent(high)),
				fmt.Sprintf("%s (%s–%s)", hourly(measured.Rate()*anHour), hourly(low*anHour), hourly(high*anHour)),
			})
			if float64(t.Benign)*t.FalsePositiveRate < 1 {
				tooFew = append(tooFew, fmt.Sprintf("%s of %s", t.Level, texts))
			}
		}
		if len(table.Rows) > 0 {
			all = append(all, table)
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

func percent(rate float64) string { return strconv.FormatFloat(100*rate, 'g', 2, 64) }

func hourly(alarms float64) string { return report.Thousands(int(math.Round(alarms))) }

// newCardFigures shows what the model's file keeps of what was measured of it.
func newCardFigures(info snowman.Info) cardFigures {
	var levels []eval.Level
	for i, t := range info.Thresholds {
		level := eval.Level{Name: t.Level.String(), Threshold: t.Score}
		if i < len(info.URLThresholds) {
			level.URLThreshold = info.URLThresholds[i].Score
		}
		levels = append(levels, level)
	}
	measured, err := report.ReadKept(info.Figures, levels)
	if err != nil {
		return cardFigures{Problem: visible.Label(err.Error(), 200)}
	}
	overall := measured.Result.Overall
	if overall.Benign+overall.Malicious == 0 {
		return cardFigures{}
	}
	figures := cardFigures{
		Rows: fmt.Sprintf("%s benign and %s malicious texts that it was not trained on", report.Thousands(overall.Benign), report.Thousands(overall.Malicious)),
	}
	if kinds := measured.KindTable(); len(kinds) > 1 {
		figures.Tables = append(figures.Tables, newCardTable("Malicious texts found, by kind", kinds))
	}
	if sources := measured.LevelTable(); len(sources) > 1 {
		figures.Tables = append(figures.Tables, newCardTable("Texts that reach a level or a higher one, by source", sources))
	}
	if f := measured.Result.Families; f != nil && f.Top1.Total > 0 {
		low, high := f.Top1.Wilson()
		figures.Families = &familiesNamed{report.Thousands(f.Top1.Total), fmt.Sprintf("%.1f %% (%.1f–%.1f %%)", 100*f.Top1.Rate(), 100*low, 100*high)}
	}
	if len(measured.Curves.Overall.Points) == 0 {
		return figures // an older file
	}
	readings := map[string]string{
		"roc": "How much is found, by how many false alarms you can afford: choose a rate at the bottom and read the height. " +
			"In the shaded part fewer than ten benign texts decide, and one wrong label moves the curve. Dots are the rates of 1 in 100, 1,000 and 10,000, with 95 % intervals.",
		"scores": "How far the scores of benign and malicious texts lie apart; both ends are stretched, since that is where levels are. " +
			"Dotted are the levels of names. A benign name right of one is a false alarm, a malicious one left of it is missed; the levels of URLs lie somewhat further right.",
		"calibration": "On the diagonal a score is a probability, but only among texts of which as many are malicious as here. In traffic, where nearly all are benign, go by the level. " +
			"Hollow: fewer than 20 texts.",
		"months": "How much is found of what was first seen in a month. A fall towards the newest is drift, unless those months hold other kinds of names. " +
			"When your own months fall off, train again. Lines join years where there are more than three. Hollow: fewer than 20 texts.",
	}
	if figures.NoMonths = len(measured.Result.ByMonth) == 0; figures.NoMonths {
		delete(readings, "months")
	}
	for _, picture := range report.Pictures(measured) {
		if reading, wanted := readings[picture.Name]; wanted {
			figures.Pictures = append(figures.Pictures, cardPicture{picture, reading})
		}
	}
	return figures
}

// newCardTable cuts a table that is longer than anybody reads.
func newCardTable(caption string, rows [][]string) cardTable {
	const most = 200
	table := cardTable{Caption: caption, Header: rows[0], Rows: rows[1:]}
	table.More = max(len(table.Rows)-most, 0)
	table.Rows = table.Rows[:len(table.Rows)-table.More]
	for _, row := range table.Rows {
		row[0] = label(row[0])
	}
	return table
}

// trainingAccount is what is shown of how a model was made, as the command train writes it.
type trainingAccount struct {
	From string `json:"from"`
	Data struct {
		SuffixList string `json:"public_suffix_list"`
		Sources    []struct {
			Name   string `json:"name"`
			SHA256 string `json:"sha256"`
			Read   int    `json:"read"`
			Used   int    `json:"used"`
		} `json:"sources"`
		Parts map[string]map[string]int `json:"parts"`
	} `json:"data"`
}

// partsPurpose says what each part of the data was for.
var partsPurpose = [][2]string{
	{"train", "the network was trained on it"},
	{"choose", "it chose the epoch that was kept"},
	{"calibrate", "temperature and levels were measured on it"},
	{"report", "the figures above were measured on it"},
}

// addTraining adds what the model was trained on. What its file says in another way is left out.
func (p *cardPage) addTraining(info snowman.Info) {
	var account trainingAccount
	if json.Unmarshal(info.Training, &account) != nil {
		return
	}
	sources := [][]string{{"source", "rows read", "used", "SHA-256 of the file"}}
	for _, s := range account.Data.Sources {
		sources = append(sources, []string{s.Name, report.Thousands(s.Read), report.Thousands(s.Used), label(s.SHA256[:min(16, len(s.SHA256))])})
	}
	if len(sources) > 1 {
		p.Sources = newCardTable("Sources", sources)
	}
	p.Parts = cardTable{Caption: "Parts", Header: []string{"part", "rows", "of them benign", "what for"}}
	for _, part := range partsPurpose {
		kinds, known := account.Data.Parts[part[0]]
		if !known {
			continue
		}
		rows := 0
		for _, count := range kinds {
			rows += count
		}
		p.Parts.Rows = append(p.Parts.Rows, []string{part[0], report.Thousands(rows), report.Thousands(kinds["benign"]), part[1]})
	}
	if account.From != "" {
		p.Data = append(p.Data, report.Fact{Name: "went on from the model", Value: label(account.From)})
	}
	if account.Data.SuffixList != "" {
		p.Data = append(p.Data, report.Fact{Name: "public suffix list", Value: label(account.Data.SuffixList)})
	}
	if info.Seed != 0 {
		p.Data = append(p.Data, report.Fact{Name: "seed", Value: strconv.FormatUint(info.Seed, 10)})
	}
}

// IsNumeric reports whether a column of the table holds numbers.
func (t cardTable) IsNumeric(column int) bool {
	return column > 0 && !slices.Contains([]string{"label", "what for", "SHA-256 of the file"}, t.Header[column])
}
