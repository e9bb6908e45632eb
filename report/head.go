package report

import (
	"bytes"
	_ "embed"
	"fmt"
	"html/template"
	"io"
	"strconv"
	"strings"
	"sync"
)

//go:embed head.html
var headText string

//go:embed page.css
var pageStyle string

// functions are what templates call.
var functions = template.FuncMap{
	"name": func(name string) shown { return show(name, 60) },
	"fact": func(value string) shown { return show(value, 1000) },
	// A cell such as .742 (.735-.749) is a rate and its interval.
	"rate":     func(cell string) string { rate, _, _ := strings.Cut(cell, " ("); return rate },
	"interval": func(cell string) string { return cell[min(len(cell), strings.Index(cell+" (", " (")+1):] },
}

// parsed returns the template of the last text, which may use what the texts before it define. They
// are parsed when it is first asked for: most starts of the program need none.
func parsed(texts ...string) func() *template.Template {
	return sync.OnceValue(func() *template.Template {
		t := template.New("").Funcs(functions)
		for i, text := range texts {
			t = template.Must(t.New(strconv.Itoa(i)).Parse(text))
		}
		return t
	})
}

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

// writePage writes a page that needs nothing outside itself: no network, no other file and no
// script. Names and texts may be chosen by an attacker: they are escaped, what cannot be seen in
// them is written out, long ones are shortened, and none is a link.
func writePage(w io.Writer, page func() *template.Template, data any) error {
	var b bytes.Buffer
	if err := page().Execute(&b, data); err != nil {
		return fmt.Errorf("making the page: %w", err)
	}
	if _, err := b.WriteTo(w); err != nil {
		return fmt.Errorf("writing the page: %w", err)
	}
	return nil
}
