package report

import (
	"bytes"
	_ "embed"
	"fmt"
	"html/template"
	"io"
	"strings"
)

//go:embed head.html
var headText string

//go:embed page.css
var pageStyle string

// headTemplate is what all pages begin with, and how they show texts that others chose.
var headTemplate = template.Must(template.New("head").Funcs(template.FuncMap{
	"name": func(name string) shown { return show(name, 60) },
	"fact": func(value string) shown { return show(value, 1000) },
	// A cell such as .742 (.735-.749) is a rate and its interval.
	"rate":     func(cell string) string { rate, _, _ := strings.Cut(cell, " ("); return rate },
	"interval": func(cell string) string { return cell[min(len(cell), strings.Index(cell+" (", " (")+1):] },
}).Parse(headText))

// A head is what all pages have.
type head struct {
	Title string
	Style template.CSS
	Facts []Fact
}

// A Fact is a line at the head of a page.
type Fact struct{ Name, Value string }

func newHead(title string, facts []Fact) head {
	return head{title, template.CSS(pageStyle + chartStyle), facts}
}

// under returns the template of a page that may use what the one above it defines.
func under(above *template.Template, name, text string) *template.Template {
	return template.Must(template.Must(above.Clone()).New(name).Parse(text))
}

// writePage writes a page that needs nothing outside itself: no network, no other file and no
// script. Names and texts may be chosen by an attacker: they are escaped, what cannot be seen in
// them is written out, long ones are shortened, and none is a link.
func writePage(w io.Writer, page *template.Template, data any) error {
	var b bytes.Buffer
	if err := page.Execute(&b, data); err != nil {
		return fmt.Errorf("making the page: %w", err)
	}
	if _, err := b.WriteTo(w); err != nil {
		return fmt.Errorf("writing the page: %w", err)
	}
	return nil
}
