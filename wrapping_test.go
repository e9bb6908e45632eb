package snowman

import (
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/snowman-ml/snowman/dataset"
)

// wrappings are what stands around a name or URL where people copy it from, and how they write it.
var wrappings = []struct {
	name string
	wrap func(text string) string
}{
	{`"https://NAME/"`, func(text string) string { return `"` + withSlash(withScheme(text)) + `"` }},
	{`NAME;`, func(text string) string { return text + ";" }},
	{`<NAME>`, func(text string) string { return "<" + text + ">" }},
	{`„NAME.“`, func(text string) string { return "„" + text + ".“" }},
	{`(NAME).`, func(text string) string { return "(" + text + ")." }},
	{`[text](URL)`, func(text string) string { return "[Read more]" + target(text) }},
	{`[NAME](URL)`, func(text string) string { return "[" + text + "]" + target(text) }},
	{"`NAME`", func(text string) string { return "`" + text + "`" }},
	{`TAB NAME, SPACE`, func(text string) string { return "\t" + text + ", " }},
	{`BOM NBSP NAME ZWSP`, func(text string) string { return "\ufeff\u00a0" + text + "\u200b" }},
	{`hxxps://NA[.]ME`, defanged},
	{`'NAME'!`, func(text string) string { return "'" + text + "'!" }},
}

func withScheme(text string) string {
	if strings.Contains(text, "://") {
		return text
	}
	return "https://" + text
}

// withSlash adds a slash to a URL that is only scheme and host.
func withSlash(url string) string {
	if _, host, _ := strings.Cut(url, "://"); strings.ContainsAny(host, "/?#") {
		return url
	}
	return url + "/"
}

// target is the second part of a Markdown link (CommonMark, section 6.3).
func target(text string) string {
	if strings.Count(text, "(") != strings.Count(text, ")") {
		return "(<" + withScheme(text) + ">)"
	}
	return "(" + withScheme(text) + ")"
}

// defanged is the text as people write it so that nobody clicks on it.
func defanged(text string) string {
	scheme, rest, _ := strings.Cut(withScheme(text), "://")
	end := len(rest)
	if path := strings.IndexAny(rest, "/?#"); path >= 0 {
		end = path
	}
	return strings.Replace(scheme, "tt", "xx", 1) + "://" + strings.ReplaceAll(rest[:end], ".", "[.]") + rest[end:]
}

// For 200 benign rows of each file.
func TestWrappingChangesNothing(t *testing.T) {
	folder := os.Getenv("SNOWMAN_DATA")
	if folder == "" {
		t.Skip("SNOWMAN_DATA names no folder of labelled data")
	}
	files, err := filepath.Glob(filepath.Join(folder, "sources", "*.tsv.gz"))
	if err != nil || len(files) == 0 {
		t.Skipf("no labelled data in %s", folder)
	}
	const rows = 200 // of each file
	random := rand.New(rand.NewPCG(200, 12))
	scorer := Default().NewScorer()
	var texts []string
	for _, name := range files {
		texts = append(texts, benignTexts(t, name, rows, random)...)
	}
	type counts struct{ refused, form, level, reached int }
	counted := make([]counts, len(wrappings))
	wrapped := 0
	const shown = 3 // of each wrapping
	for _, text := range texts {
		plain, err := scorer.Classify(text)
		if err != nil {
			continue
		}
		form := scorer.Canonical()
		wrapped++
		for i, w := range wrappings {
			n := &counted[i]
			verdict, err := scorer.Classify(w.wrap(text))
			switch {
			case err != nil:
				n.refused++
			case verdict.Level != plain.Level:
				n.level++
				if verdict.Level > plain.Level {
					n.reached++
				}
			case scorer.Canonical() != form:
				n.form++
			default:
				continue
			}
			if n.refused+n.level+n.form <= shown {
				t.Errorf("%q is %q, %v; as %q it is %q, %v %v", text, form, plain.Level, w.wrap(text), scorer.Canonical(), verdict.Level, err)
			}
		}
	}
	t.Logf("%d texts of %d are names or URLs", wrapped, len(texts))
	t.Logf("%-20s %8s %14s %14s %14s", "", "refused", "another level", "a higher one", "another form")
	for i, w := range wrappings {
		n := counted[i]
		t.Logf("%-20s %8d %14d %14d %14d", w.name, n.refused, n.level, n.reached, n.form)
		if n != (counts{}) {
			t.Errorf("%s: %d of %d texts are refused, %d have another level, %d another canonical form", w.name, n.refused, wrapped, n.level, n.form)
		}
	}
}

// benignTexts returns the texts of count benign rows of a file, or of all if there are fewer. Each
// is as likely as another.
func benignTexts(t *testing.T, name string, count int, random *rand.Rand) []string {
	t.Helper()
	file, err := os.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	reader, err := dataset.NewReader(file)
	if err != nil {
		t.Fatal(err)
	}
	var texts []string
	for seen := 0; reader.Scan(); {
		row, err := reader.Row()
		if err != nil || row.Malicious {
			continue
		}
		seen++
		if len(texts) < count {
			texts = append(texts, row.Text)
		} else if at := random.IntN(seen); at < count {
			texts[at] = row.Text
		}
	}
	if err := reader.Err(); err != nil {
		t.Fatal(err)
	}
	return texts
}
