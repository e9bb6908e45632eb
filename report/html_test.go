package report

import (
	"bytes"
	"encoding/csv"
	"encoding/xml"
	"errors"
	"io"
	"math"
	"regexp"
	"slices"
	"strings"
	"testing"

	"golang.org/x/net/html"

	"github.com/snowman-ml/snowman/eval"
)

// pageOf returns what a page of the examples is made from.
func pageOf(examples []eval.Example, mistakes ...Mistake) Page {
	m := eval.Meter{Levels: []eval.Level{{Name: "low", Threshold: .8}, {Name: "high", Threshold: .99}}}
	for _, example := range examples {
		m.Add(example)
	}
	return Page{
		Facts:          []Fact{{"model", "toy.safetensors"}},
		Result:         m.Result(),
		Curves:         m.Curves(),
		FalsePositives: mistakes,
	}
}

// small is an evaluation of which every number can be counted by hand.
func small() Page {
	var examples []eval.Example
	for i := range 120 {
		examples = append(examples, eval.Example{Score: float64(i) / 125, Kind: "benign", Source: "links", Month: "2024-01"})
	}
	for i := range 30 {
		score := 1 - float64(i)/60
		examples = append(examples,
			eval.Example{Score: score, Malicious: true, Kind: "dga", Family: "conficker", Source: "feed", Month: "2024-01"},
			eval.Example{Score: score / 2, Malicious: true, Kind: "phishing", Family: "=bank", Source: "feed", Month: "2024-03"})
	}
	for range 3 {
		examples = append(examples, eval.Example{Score: .5, Malicious: true, Kind: "phishing", Family: "rare", Source: "feed", Month: "2024-04"})
	}
	page := pageOf(examples, Mistake{Text: "benign.example/login", IsURL: true, Source: "links", Kind: "benign", Score: .952})
	page.FalseNegatives = []Mistake{{Text: "harmless.example", Source: "feed", Kind: "phishing", Family: "=bank", Score: .00002}}
	return page
}

// hostile are texts that somebody may have chosen to break a page, and what must not be in it.
var hostile = []struct{ name, text, never string }{
	{"a script", `<script>alert(1)</script>`, "<script"},
	{"the end of a style and a title", `</style></title><img src="http://evil.example/x.png" onerror=alert(1)>`, "<img"},
	{"a quote in an attribute", `" onmouseover="alert(1)`, `" onmouseover`},
	{"an entity", `&lt;b&gt;&#x202e;`, "&lt;b&gt;&#x202e;"},
	{"a comment of the template", `{{.}}--><!--`, "<!-"},
	{"a right-to-left override", "moc.lap\u202eyap.example", "\u202e"},
	{"isolates and marks of direction", "a\u2066b\u2069\u200e\u061c", "\u2066"},
	{"letters that have no width", "pay\u200bpal\u3164\ufe0f\u2800", "\u200b"},
	{"a letter that is blank", "pay\u3164pal", "\u3164"},
	{"a null byte", "a\x00b", "\x00"},
	{"bytes that are no UTF-8", "a\xff\xfeb", "\xff"},
	{"colours of a terminal", "\x1b[31mred", "\x1b"},
	{"the end of CDATA", "]]>", "]]>"},
	{"64 KiB", strings.Repeat("longtext", 8192), strings.Repeat("longtext", 130)},
	{"64 KiB of marks on a letter", "a" + strings.Repeat("\u0301", 32768), strings.Repeat("\u0301", 4)},
}

// hostilePage has the text wherever a name or a text can stand.
func hostilePage(text string) Page {
	var examples []eval.Example
	for i := range 30 {
		score := float64(i) / 31
		examples = append(examples,
			eval.Example{Score: score / 2, Kind: text, Source: text, Month: text},
			eval.Example{Score: score, Malicious: true, Kind: text, Family: text, Source: text, Month: text},
			eval.Example{Score: score, Malicious: true, Kind: "dga", Month: "2024-01"})
	}
	page := pageOf(examples, Mistake{Text: text, Source: text, Kind: text, Family: text, Score: .9})
	page.Facts = append(page.Facts, Fact{"rows", text})
	page.Result.Levels[0].Name = text
	return page
}

func TestPage(t *testing.T) {
	var made bytes.Buffer
	if err := HTML(&made, small()); err != nil {
		t.Fatal(err)
	}
	checkGolden(t, "page.html", made.Bytes())
}

func TestPageOfNothing(t *testing.T) {
	tests := map[string][]eval.Example{
		"no rows":      nil,
		"no benign":    {{Score: .9, Malicious: true, Kind: "dga", Family: "conficker", Month: "2024-01"}},
		"no malicious": {{Score: .1, Kind: "benign"}},
		"broken score": {{Score: math.NaN(), Kind: "benign"}, {Score: math.NaN(), Malicious: true, Family: "a", Month: "2024-01"}},
		"no months":    {{Score: .1}, {Score: .9, Malicious: true, Month: "yesterday"}},
	}
	for name, examples := range tests {
		t.Run(name, func(t *testing.T) {
			page := pageOf(examples)
			var made bytes.Buffer
			if err := HTML(&made, page); err != nil {
				t.Fatal(err)
			}
			for _, chart := range Charts(page) {
				checkXML(t, chart.SVG())
				if strings.Contains(string(chart.SVG()), "NaN") {
					t.Errorf("%s: a place is no number", chart.Name)
				}
			}
			if err := CSV(io.Discard, page); err != nil {
				t.Error(err)
			}
		})
	}
}

func TestHostileTextsAreHarmless(t *testing.T) {
	for _, test := range hostile {
		t.Run(test.name, func(t *testing.T) {
			page := hostilePage(test.text)
			var made bytes.Buffer
			if err := HTML(&made, page); err != nil {
				t.Fatal(err)
			}
			if strings.Contains(made.String(), test.never) {
				t.Errorf("the page has %q in it", test.never)
			}
			checkStandsAlone(t, made.Bytes())
			for _, chart := range Charts(page) {
				svg := chart.SVG()
				checkXML(t, svg)
				if strings.Contains(string(svg), test.never) {
					t.Errorf("%s has %q in it", chart.Name, test.never)
				}
			}
		})
	}
}

func TestLongTextsAreShortenedAndSaySo(t *testing.T) {
	var made bytes.Buffer
	if err := HTML(&made, hostilePage(strings.Repeat("ü", 65536))); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(made.String(), "… <small>(65,536 characters)</small>") {
		t.Error("the page does not say how long the text is")
	}
	if made.Len() > 200_000 {
		t.Errorf("the page has %d bytes", made.Len())
	}
}

func TestManyGroupsDoNotMakeAPageLong(t *testing.T) {
	var examples []eval.Example
	for i := range 40000 {
		name := strings.Repeat("family ", 10) + string(rune('a'+i%26)) + strings.Repeat("x", i/26%40) + strings.Repeat("y", i/1040)
		examples = append(examples, eval.Example{Score: .5, Malicious: i%2 == 0, Kind: name, Family: name, Source: "feed", Month: name})
	}
	var made bytes.Buffer
	if err := HTML(&made, pageOf(examples)); err != nil {
		t.Fatal(err)
	}
	if made.Len() > 3_000_000 {
		t.Errorf("the page has %d bytes", made.Len())
	}
	if !strings.Contains(made.String(), "more are left out here") {
		t.Error("the page does not say that groups are left out")
	}
}

func TestPageRefersToNothingOutsideItself(t *testing.T) {
	var made bytes.Buffer
	if err := HTML(&made, small()); err != nil {
		t.Fatal(err)
	}
	checkStandsAlone(t, made.Bytes())
	for _, bad := range []string{
		`<script></script>`, `<link rel="icon" href="data:,">`, `<p style="color: red">`, `<a href="https://example.com">`,
		`<svg><image href="x.png"/></svg>`, `<style>@import "x.css";</style>`, `<style>p { background: url(x.png) }</style>`,
		`<meta http-equiv="refresh" content="1">`, `<p onclick="x()">`,
	} {
		if outside([]byte(bad)) == "" {
			t.Errorf("%s is not noticed", bad)
		}
	}
}

func checkStandsAlone(t *testing.T, page []byte) {
	t.Helper()
	if found := outside(page); found != "" {
		t.Errorf("the page is not alone: %s", found)
	}
}

// outside returns something in the page that could load, run or lead to what is not in it.
func outside(page []byte) string {
	elements := strings.Fields("html head meta title style body header main section h1 h2 p b small dl div dt dd figure figcaption " +
		"table caption thead tbody tr th td details summary bdi span svg desc g line rect circle polyline text")
	attributes := strings.Fields("lang charset http-equiv content name class id dir tabindex role aria-label aria-labelledby scope " +
		"viewbox x y x1 y1 x2 y2 cx cy r width height points")
	equivalents := []string{"Content-Security-Policy"}
	tokens := html.NewTokenizer(bytes.NewReader(page))
	for {
		switch tokens.Next() {
		case html.ErrorToken:
			if errors.Is(tokens.Err(), io.EOF) {
				return ""
			}
			return tokens.Err().Error()
		case html.StartTagToken, html.SelfClosingTagToken:
			token := tokens.Token()
			if !slices.Contains(elements, token.Data) {
				return token.String()
			}
			for _, attribute := range token.Attr {
				if !slices.Contains(attributes, attribute.Key) || attribute.Key == "http-equiv" && !slices.Contains(equivalents, attribute.Val) {
					return token.String()
				}
			}
			if token.Data == "style" {
				tokens.Next()
				if css := string(tokens.Raw()); regexp.MustCompile(`(?i)url\(|@import|image\(|image-set|src|\\`).MatchString(css) {
					return css
				}
			}
		}
	}
}

// checkXML holds a chart to what a program that reads SVG expects.
func checkXML(t *testing.T, svg []byte) {
	t.Helper()
	decoder := xml.NewDecoder(bytes.NewReader(svg))
	for {
		token, err := decoder.Token()
		if errors.Is(err, io.EOF) {
			return
		}
		if err != nil {
			t.Fatalf("%v in\n%s", err, svg)
		}
		if start, ok := token.(xml.StartElement); ok && start.Name.Space != "http://www.w3.org/2000/svg" {
			t.Errorf("%v is no SVG", start.Name)
		}
	}
}

func TestChart(t *testing.T) {
	for _, chart := range Charts(small()) {
		svg := chart.SVG()
		checkXML(t, svg)
		if chart.Title == "" || chart.Description == "" || !bytes.Contains(svg, []byte(`role="img"`)) {
			t.Errorf("%s does not say what it is", chart.Name)
		}
		if bytes.Contains(svg, []byte("var(")) {
			t.Errorf("%s needs the colours of a page", chart.Name)
		}
		if chart.Name == "roc" {
			checkGolden(t, "roc.svg", svg)
		}
	}
}

func TestCSV(t *testing.T) {
	var got bytes.Buffer
	err := CSV(&got, pageOf([]eval.Example{
		{Score: .25, Kind: "benign", Source: "links", Month: "2024-01"},
		{Score: .9, Kind: "benign", Source: "links", Month: "2024-02"},
		{Score: .995, Malicious: true, Kind: "dga", Family: "conficker", Source: "feed", Month: "2024-01"},
		{Score: .5, Malicious: true, Kind: "phishing", Family: "=bank", Source: "feed"},
	}))
	if err != nil {
		t.Fatal(err)
	}
	checkGolden(t, "figures.csv", got.Bytes())

	lines, err := csv.NewReader(&got).ReadAll()
	if err != nil {
		t.Fatal(err) // all lines have as many fields as the header
	}
	seen := make(map[string]bool)
	for _, line := range lines {
		key := strings.Join(line[:7], "\t")
		if seen[key] {
			t.Errorf("two lines for %q", key)
		}
		seen[key] = true
	}
}

func TestCSVNamesAreNoFormulas(t *testing.T) {
	tests := []struct{ name, group, want string }{
		{"a name", "conficker", "conficker"},
		{"a sum", "=1+2", "'=1+2"},
		{"a call", `@SUM(1)`, `'@SUM(1)`},
		{"a number with a sign", "-1", "'-1"},
		{"a plus", "+cmd|' /C calc'!A0", "'+cmd|' /C calc'!A0"},
		{"a wide sign", "＝1", "'＝1"},
		{"behind a space", "  =1", "'  =1"},
		{"behind a tab", "\t=1", `\t=1`},
		{"behind the end of a line", "\r\n=1", `\r\n=1`},
		{"behind what ends a cell elsewhere", "a;=1", `a\x3b=1`},
		{"quotes and commas", `a",=1`, `a",=1`},
		{"a sign within", "a-b", "a-b"},
		{"an invisible letter", "a\u200b", `a\u200b`},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			var file bytes.Buffer
			if err := CSV(&file, pageOf([]eval.Example{{Score: .1}, {Score: .9, Malicious: true, Family: test.group}})); err != nil {
				t.Fatal(err)
			}
			lines, err := csv.NewReader(&file).ReadAll()
			if err != nil {
				t.Fatal(err)
			}
			at := slices.IndexFunc(lines, func(line []string) bool { return line[1] == "family" })
			if got := lines[at][2]; got != test.want {
				t.Errorf("got %q, want %q", got, test.want)
			}
		})
	}
}

func TestWriteErrorsAreReported(t *testing.T) {
	failure := errors.New("disk full")
	if err := HTML(failingWriter{failure}, Page{}); !errors.Is(err, failure) {
		t.Errorf("HTML: got %v, want %v", err, failure)
	}
	if err := CSV(failingWriter{failure}, small()); !errors.Is(err, failure) {
		t.Errorf("CSV: got %v, want %v", err, failure)
	}
}
