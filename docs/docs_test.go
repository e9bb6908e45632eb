// Package docs_test holds the repository's Markdown to links that lead somewhere, decisions to
// their length, and the index of logs to the formats.
package docs_test

import (
	"bytes"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"unicode"

	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/text"

	"github.com/snowman-ml/snowman/logs"
)

func TestLinksLeadSomewhere(t *testing.T) {
	pages := readPages(t)
	for name, page := range pages {
		for _, link := range page.links {
			target, err := url.Parse(link)
			if err != nil {
				t.Errorf("%s: %v", name, err)
				continue
			}
			if target.Scheme != "" || target.Host != "" {
				continue
			}
			file := name
			if target.Path != "" {
				file = filepath.Join(filepath.Dir(name), target.Path)
			}
			if _, err := os.Stat(filepath.Join("..", file)); err != nil || !filepath.IsLocal(file) {
				t.Errorf("%s links to %q, which does not exist", name, link)
			} else if target.Fragment != "" && !slices.Contains(pages[file].anchors, target.Fragment) {
				t.Errorf("%s links to %q, but %s has no such heading", name, link, file)
			}
		}
	}
}

// TestLogsIndexHasEveryFormat holds the index of logs to the table of formats.
func TestLogsIndexHasEveryFormat(t *testing.T) {
	const index = "docs/logs/README.md"
	listed := make(map[string]bool)
	for line := range strings.Lines(readPages(t)[index].source) {
		if cells := strings.Split(line, "|"); len(cells) > 2 && strings.HasPrefix(cells[1], " `") {
			for _, name := range regexp.MustCompile("`([a-z0-9-]+)`").FindAllStringSubmatch(cells[1], -1) {
				listed[name[1]] = true
			}
		}
	}
	delete(listed, "-format")
	for _, format := range logs.Formats {
		if !listed[format.Name] {
			t.Errorf("%s: format %s is missing", index, format.Name)
		}
		delete(listed, format.Name)
	}
	for name := range listed {
		t.Errorf("%s: there is no format %s", index, name)
	}
}

func TestDecisionsAreShortAndInTheIndex(t *testing.T) {
	const index, longest = "docs/decisions/README.md", 8
	pages := readPages(t)
	for name, page := range pages {
		if filepath.Dir(name) != filepath.Dir(index) || name == index {
			continue
		}
		entries := strings.Split(page.source, "\n## ")[1:]
		for i, entry := range entries {
			heading, body, _ := strings.Cut(entry, "\n")
			lines := slices.DeleteFunc(strings.Split(body, "\n"), func(line string) bool { return line == "" })
			if len(lines) > longest {
				t.Errorf("%s: %q has %d lines, want at most %d", name, heading, len(lines), longest)
			}
			if link := filepath.Base(name) + "#" + page.anchors[i+1]; !slices.Contains(pages[index].links, link) {
				t.Errorf("%s does not link to %q", index, link)
			}
		}
		if len(page.anchors) != 1+len(entries) {
			t.Errorf("%s has headings that are not ##", name)
		}
	}
}

// A page is one Markdown file.
type page struct {
	source  string
	links   []string
	anchors []string // of its headings, as GitHub makes them
}

// readPages returns the repository's pages, by path.
func readPages(t *testing.T) map[string]page {
	t.Helper()
	notOurs := []string{".git", "build", "dist", "node_modules", "testdata"}
	pages := make(map[string]page)
	err := filepath.WalkDir("..", func(path string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case entry.IsDir() && slices.Contains(notOurs, entry.Name()):
			return fs.SkipDir
		case entry.IsDir() || filepath.Ext(path) != ".md":
			return nil
		}
		source, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		name, err := filepath.Rel("..", path)
		pages[name] = parse(source)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return pages
}

var htmlLink = regexp.MustCompile(`\b(?:href|src|srcset)="([^"]*)"`)

func parse(source []byte) page {
	p := page{source: string(source)}
	addHTML := func(lines *text.Segments) {
		for _, link := range htmlLink.FindAllSubmatch(lines.Value(source), -1) {
			p.links = append(p.links, string(link[1]))
		}
	}
	document := goldmark.DefaultParser().Parse(text.NewReader(source))
	ast.Walk(document, func(n ast.Node, entering bool) (ast.WalkStatus, error) { // no error: ours are nil
		if !entering {
			return ast.WalkContinue, nil
		}
		switch n := n.(type) {
		case *ast.Link:
			p.links = append(p.links, string(n.Destination))
		case *ast.Image:
			p.links = append(p.links, string(n.Destination))
		case *ast.HTMLBlock:
			addHTML(n.Lines())
		case *ast.RawHTML:
			addHTML(n.Segments)
		case *ast.Heading:
			p.anchors = append(p.anchors, anchor(textOf(n, source), p.anchors))
		}
		return ast.WalkContinue, nil
	})
	return p
}

// textOf returns what a reader sees of a heading.
func textOf(heading ast.Node, source []byte) string {
	var words bytes.Buffer
	ast.Walk(heading, func(n ast.Node, entering bool) (ast.WalkStatus, error) {
		if part, ok := n.(*ast.Text); ok && entering {
			words.Write(part.Value(source))
		}
		return ast.WalkContinue, nil
	})
	return words.String()
}

// anchor returns GitHub's anchor of a heading that stands below those taken.
func anchor(heading string, taken []string) string {
	plain := strings.Map(func(r rune) rune {
		switch {
		case r == ' ':
			return '-'
		case r == '-' || r == '_' || unicode.In(r, unicode.L, unicode.M, unicode.N):
			return unicode.ToLower(r)
		}
		return -1
	}, heading)
	name := plain
	for n := 1; slices.Contains(taken, name); n++ {
		name = fmt.Sprintf("%s-%d", plain, n)
	}
	return name
}
