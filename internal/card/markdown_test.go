package card

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"html"
	"os"
	"strings"
	"testing"

	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/extension"
	tables "github.com/yuin/goldmark/extension/ast"
	"github.com/yuin/goldmark/parser"
	"github.com/yuin/goldmark/renderer"
	"github.com/yuin/goldmark/text"
	"github.com/yuin/goldmark/util"
)

var update = flag.Bool("update", false, "render the card anew instead of comparing with it")

func TestTheCardIsRendered(t *testing.T) {
	page, contents, err := renderMarkdown(Words())
	if err != nil {
		t.Fatal(err)
	}
	list, err := json.MarshalIndent(contents, "", "\t")
	if err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string][]byte{"words.html": page, "contents.json": append(list, '\n')} {
		if *update {
			if err := os.WriteFile(path, want, 0o644); err != nil {
				t.Fatal(err)
			}
			continue
		}
		if got, err := os.ReadFile(path); err != nil || !bytes.Equal(got, want) {
			t.Errorf("%s is not of models/MODEL_CARD.md as it is (%v): go test ./internal/card -update", path, err)
		}
	}
}

// renderMarkdown returns a document as part of a page, below a heading of level 2, and the
// document's headings of level 2. It leaves out the document's title and raw HTML, and puts all
// other headings one level lower.
func renderMarkdown(source string) ([]byte, []heading, error) {
	content := []byte(source)
	markdown := goldmark.New(
		// Cells are not aligned, since that takes an attribute that the page's policy refuses.
		goldmark.WithExtensions(extension.NewTable(extension.WithTableCellAlignMethod(extension.TableCellAlignNone))),
		goldmark.WithParserOptions(parser.WithAutoHeadingID()),
		goldmark.WithRendererOptions(renderer.WithNodeRenderers(util.Prioritized(scrolledTables{}, 1))),
	)
	document := markdown.Parser().Parse(text.NewReader(content))

	var contents []heading
	var titles []ast.Node
	section, count := "", 0
	err := ast.Walk(document, func(node ast.Node, entering bool) (ast.WalkStatus, error) {
		if !entering {
			return ast.WalkContinue, nil
		}
		switch n := node.(type) {
		case *ast.Heading:
			if n.Level == 1 {
				titles = append(titles, n)
				break
			}
			id, _ := n.AttributeString("id")
			name := heading{fmt.Sprintf("card-%s", id), wordsOf(n, content)}
			n.SetAttributeString("id", []byte(name.ID))
			section = name.Text
			if n.Level == 2 {
				contents = append(contents, name)
			}
			n.Level = min(n.Level+1, 6)
		case *tables.Table:
			count++
			n.SetAttributeString("aria-label", fmt.Sprintf("Table %d: %s", count, section))
			markNumbers(n, content)
		}
		return ast.WalkContinue, nil
	})
	if err != nil {
		return nil, nil, fmt.Errorf("reading the card: %w", err)
	}
	for _, title := range titles {
		title.Parent().RemoveChild(title.Parent(), title)
	}
	var page bytes.Buffer
	if err := markdown.Renderer().Render(&page, content, document); err != nil {
		return nil, nil, fmt.Errorf("rendering the card: %w", err)
	}
	return page.Bytes(), contents, nil
}

// wordsOf returns the text of a node without markup.
func wordsOf(node ast.Node, source []byte) string {
	var b strings.Builder
	ast.Walk(node, func(n ast.Node, entering bool) (ast.WalkStatus, error) { // fails only if the function does
		if part, ok := n.(*ast.Text); ok && entering {
			b.Write(part.Value(source))
		}
		return ast.WalkContinue, nil
	})
	return b.String()
}

// markNumbers gives the class numeric to the cells of columns that hold only numbers. The first
// column never gets it: it says what a row is about.
func markNumbers(table *tables.Table, source []byte) {
	var columns [][]ast.Node // cells, the header's first
	for row := table.FirstChild(); row != nil; row = row.NextSibling() {
		i := 0
		for cell := row.FirstChild(); cell != nil; cell = cell.NextSibling() {
			if i == len(columns) {
				columns = append(columns, nil)
			}
			columns[i] = append(columns[i], cell)
			i++
		}
	}
	for i, column := range columns {
		numbers := i > 0
		for _, cell := range column[1:] {
			first := cell.FirstChild()
			isCode := first != nil && first.Kind() == ast.KindCodeSpan // such as a hash
			numbers = numbers && !isCode && strings.IndexAny(wordsOf(cell, source), "0123456789.-") == 0
		}
		for _, cell := range column {
			if numbers {
				cell.SetAttributeString("class", []byte("numeric"))
			}
		}
	}
}

// scrolledTables puts each table into a region of its own. It scrolls if the page is narrow, and
// the keyboard reaches it.
type scrolledTables struct{}

func (scrolledTables) RegisterFuncs(r renderer.NodeRendererFuncRegisterer) {
	r.Register(tables.KindTable, func(w util.BufWriter, _ []byte, node ast.Node, entering bool) (ast.WalkStatus, error) {
		if !entering {
			_, err := w.WriteString("</table>\n</div>\n")
			return ast.WalkContinue, err
		}
		label, _ := node.AttributeString("aria-label")
		_, err := fmt.Fprintf(w, "<div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-label=\"%s\">\n<table>\n", html.EscapeString(fmt.Sprint(label)))
		return ast.WalkContinue, err
	})
}
