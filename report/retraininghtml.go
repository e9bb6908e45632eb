package report

import (
	_ "embed"
	"fmt"
	"html/template"
	"io"
)

//go:embed retraining.html
var retrainingText string

// retrainingTemplate uses the tables of the page of an evaluation.
var retrainingTemplate = parsed(headText, pageText, retrainingText)

// retrainingData is what the template shows.
type retrainingData struct {
	head
	Verdict        string
	Reasons, Notes []string
	Feeds          pageTable
	Ages           []ageData
	Texts          pageTable
	TextNotes      []Fact
	Up, Down       pageTable
}

type ageData struct {
	Name, Rows              string
	Overall, Kinds, Sources pageTable
	Before, After           [2]template.HTML // ROC curve and scores
}

// RetrainingHTML writes both models side by side as a page that needs nothing outside itself, as
// HTML does of an evaluation.
func RetrainingHTML(w io.Writer, r Retraining) error {
	data := retrainingData{
		head:    newHead("Retraining", r.Facts),
		Verdict: r.Verdict, Reasons: r.Reasons, Notes: r.Notes,
		Feeds: cut("Files whose contents the present model was not trained on", r.feedTable()),
		Texts: cut("Texts at each level and above, before and after", r.textTable()),
		Up:    cut("Texts whose level rises most", changeTable(r.Up)),
		Down:  cut("Texts whose level falls most", changeTable(r.Down)),
	}
	for _, t := range r.Texts {
		data.TextNotes = append(data.TextNotes, Fact{t.Name, t.Note})
	}
	for i, age := range r.Ages {
		data.Ages = append(data.Ages, ageData{
			Name: age.Name, Rows: age.rows(),
			Overall: cut(age.Name, age.overallTable()),
			Kinds:   cut(age.Name+", malicious rows by kind", age.kindTable()),
			Sources: cut(age.Name+", malicious rows by source", age.sourceTable()),
			Before:  charts(age.Before, fmt.Sprintf("before%d-", i)),
			After:   charts(age.After, fmt.Sprintf("after%d-", i)),
		})
	}
	return writePage(w, retrainingTemplate, data)
}

// charts returns ROC curve and scores. The prefix keeps the names of charts apart in one page.
func charts(page Page, prefix string) [2]template.HTML {
	roc, scores := rocChart(page), scoresChart(page)
	roc.Name, scores.Name = prefix+roc.Name, prefix+scores.Name
	return [2]template.HTML{roc.Inline(), scores.Inline()}
}
