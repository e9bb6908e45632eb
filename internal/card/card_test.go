package card

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"golang.org/x/net/html"

	"github.com/snowman-ml/snowman"
	"github.com/snowman-ml/snowman/eval"
	"github.com/snowman-ml/snowman/report"
)

// A pageDocument is a page as a browser reads it.
type pageDocument struct {
	elements []*html.Node
	text     string
}

// pageAbout returns the page about a model, for a program of version v1.2.3.
func pageAbout(t *testing.T, info snowman.Info) pageDocument {
	t.Helper()
	page, err := Page(info, "v1.2.3")
	if err != nil {
		t.Fatal(err)
	}
	return parsePage(t, string(page))
}

func parsePage(t *testing.T, page string) pageDocument {
	t.Helper()
	root, err := html.Parse(strings.NewReader(page))
	if err != nil {
		t.Fatal(err)
	}
	var document pageDocument
	for node := range root.Descendants() {
		switch node.Type {
		case html.ElementNode:
			document.elements = append(document.elements, node)
		case html.TextNode:
			document.text += node.Data
		}
	}
	return document
}

// named returns the elements of a name.
func (d pageDocument) named(name string) []*html.Node {
	var found []*html.Node
	for _, element := range d.elements {
		if element.Data == name {
			found = append(found, element)
		}
	}
	return found
}

func attribute(element *html.Node, name string) (value string, found bool) {
	for _, a := range element.Attr {
		if a.Key == name {
			return a.Val, true
		}
	}
	return "", false
}

// checkPage checks what is true of every page: a browser takes all of it under a strict policy,
// links within it lead somewhere, and headings and the keyboard reach everything.
func checkPage(t *testing.T, document pageDocument) {
	t.Helper()
	ids, labels := map[string]bool{}, map[string]bool{}
	level := 0
	for _, element := range document.elements {
		if id, found := attribute(element, "id"); found {
			if ids[id] {
				t.Errorf("the id %q stands twice", id)
			}
			ids[id] = true
		}
		if slices.Contains([]string{"style", "script", "iframe", "object", "base", "form"}, element.Data) {
			t.Errorf("there is a <%s>", element.Data)
		}
		for _, a := range element.Attr {
			if a.Key == "style" || strings.HasPrefix(a.Key, "on") {
				t.Errorf("<%s> has the attribute %s=%q", element.Data, a.Key, a.Val)
			}
		}
		if len(element.Data) == 2 && element.Data[0] == 'h' && element.Data[1] >= '1' && element.Data[1] <= '6' {
			next := int(element.Data[1] - '0')
			if next > level+1 || next == 1 && level > 0 {
				t.Errorf("<%s> follows a heading of level %d", element.Data, level)
			}
			level = next
		}
		if element.Data == "table" {
			class, _ := attribute(element.Parent, "class")
			tabindex, _ := attribute(element.Parent, "tabindex")
			label, _ := attribute(element.Parent, "aria-label")
			if class != "scroll" || tabindex != "0" || label == "" || labels[label] {
				t.Errorf("a table stands in a region of class %q, tabindex %q, with the label %q; want one to scroll, with a label of its own", class, tabindex, label)
			}
			labels[label] = true
		}
	}
	for _, element := range document.elements {
		for _, name := range []string{"href", "src", "aria-labelledby"} {
			target, found := attribute(element, name)
			if !found {
				continue
			}
			if name == "aria-labelledby" {
				for id := range strings.FieldsSeq(target) {
					if !ids[id] {
						t.Errorf("%q labels something, and is nowhere", id)
					}
				}
				continue
			}
			if id, within := strings.CutPrefix(target, "#"); within {
				if !ids[id] {
					t.Errorf("a link leads to %q, which is nowhere", target)
				}
				continue
			}
			if strings.HasPrefix(target, "/") || strings.Contains(target, ":") {
				t.Errorf("%q is not relative to the page", target)
			}
		}
	}
}

func TestPageAboutTheShippedModel(t *testing.T) {
	info := snowman.Default().Info()
	document := pageAbout(t, info)
	checkPage(t, document)
	for _, want := range []string{
		info.SHA256, "Snowman v1.2.3", "What it cannot do", "CC BY 4.0", // its card, in words
		"Area under the curve", "by month of first sight", // of the charts, for those who do not see them
	} {
		if !strings.Contains(document.text, want) {
			t.Errorf("%q is missing", want)
		}
	}
	if got := len(document.named("svg")); got != 4 {
		t.Errorf("%d charts, want 4: are the figures of the shipped model those that train writes today?", got)
	}
	for _, never := range []string{"does not say", "raw HTML omitted"} {
		if strings.Contains(document.text, never) {
			t.Errorf("it says %q", never)
		}
	}
}

// toy is what a model says of itself that anybody can work out; nothing was measured of it.
func toy(t *testing.T) snowman.Info {
	t.Helper()
	model, err := snowman.Open("../../web/testdata/toy.safetensors")
	if err != nil {
		t.Fatal(err)
	}
	return model.Info()
}

// measured is what train would write of some examples, from a source of this name.
func measured(t *testing.T, source string) json.RawMessage {
	t.Helper()
	meter := eval.Meter{Levels: []eval.Level{{Name: "low", Threshold: .2}, {Name: "medium", Threshold: .5}, {Name: "high", Threshold: .9}}}
	for i := range 100 {
		meter.Add(eval.Example{Score: float64(i) / 150, Kind: "benign", Source: "links"})
		meter.Add(eval.Example{Score: float64(i) / 100, Malicious: true, Kind: source, Source: source, Month: "2025-03"})
		meter.Add(eval.Example{Score: float64(i) / 120, Malicious: true, Kind: "phishing", Source: source, Month: "2025-04"})
	}
	result := meter.Result()
	result.Changes = []eval.Survival{eval.NewSurvival(source, source, []eval.KindSurvival{
		{Kind: source, Host: eval.Proportion{Count: 7, Total: 8}}, {Kind: "phishing", Path: eval.Proportion{Count: 1, Total: 9}},
	})}
	figures, err := json.Marshal(report.NewKept(result, meter.Curves()))
	if err != nil {
		t.Fatal(err)
	}
	return figures
}

func training(source string) json.RawMessage {
	name, _ := json.Marshal(source)
	return fmt.Appendf(nil, `{"data": {"public_suffix_list": %s, "sources": [{"name": %[1]s, "sha256": %[1]s, "read": 12345, "used": 1234}],
		"parts": {"train": {"benign": 1000, "dga": 234}, %[1]s: {"benign": 7}}}, "from": %[1]s}`, name)
}

func TestPageAboutAnyModel(t *testing.T) {
	thresholds := toy(t).Thresholds
	for name, test := range map[string]struct {
		change func(*snowman.Info)
		charts int
		want   []string
	}{
		"whose file says next to nothing": {func(*snowman.Info) {}, 0, []string{
			"1 in 10,000 ordinary names", "100 of 10,000", "1 % (0.82–1.2 %)", "36,000 (29,626–43,729)",
			"does not say what was measured of it", "snowman eval -model FILE -report", "The model’s file does not say. Files that",
		}},
		"as train writes it": {func(m *snowman.Info) {
			m.Figures, m.Training = measured(t, "feed"), training("feed")
		}, 4, []string{
			"100 benign and 200 malicious texts", "12,345", "2025-04: ", "the network was trained on it", "feed", "Malicious texts found, by kind", "Texts that reach a level",
			"survive a cheap change, where the host carried them", ".875 (.529-.978)",
		}},
		"without levels": {func(m *snowman.Info) { m.Thresholds = nil }, 0, []string{
			"This model has no levels", "snowman train",
		}},
		"with levels of its own for URLs": {func(m *snowman.Info) { m.URLThresholds = thresholds }, 0, []string{"URLs with a path", "1 in 100 ordinary URLs"}},
		"with levels by kind of site": {func(m *snowman.Info) {
			m.Thresholds = slices.Clone(m.Thresholds)
			m.Thresholds[0].Groups = []snowman.GroupCount{{Name: "popular", FalsePositives: 10, Benign: 4000}, {Name: "small sites", FalsePositives: 70, Benign: 2000}}
			m.Thresholds[0].Countries = []snowman.GroupCount{{Name: ".br", FalsePositives: 20, Benign: 2000}}
			m.Thresholds[1].Groups = []snowman.GroupCount{{Name: "popular", FalsePositives: 1, Benign: 4000}, {Name: "small sites", FalsePositives: 70, Benign: 2000}}
		}, 0, []string{"Ordinary names that reach a level, by kind of site", "3.5 % (70) *", "0.025 % (1)", ".br", "reached by more than that: low of names, small sites."}},
		"with levels of too few texts": {func(m *snowman.Info) { m.Thresholds[2].Benign = 9_999 }, 0, []string{"mean little: high of names"}},
		"of before curves": {func(m *snowman.Info) {
			m.Figures = json.RawMessage(`{"overall": {"benign": 3, "malicious": 2, "auc": 0.5, "operating_points": []}, "by_kind": [], "calibration_error": 0.1}`)
		}, 0, []string{"3 benign and 2 malicious texts", "There are no charts"}},
		"whose rows have no month": {func(m *snowman.Info) {
			m.Figures = bytes.ReplaceAll(measured(t, "feed"), []byte(`"by_month"`), []byte(`"by_day"`))
		}, 3, []string{"no chart by month"}},
		"with figures that do not go together": {func(m *snowman.Info) {
			m.Figures = json.RawMessage(`{"overall": {"benign": -1}}`)
		}, 0, []string{"cannot be shown", "-1 benign and 0 malicious rows"}},
		"with figures and training of another kind": {func(m *snowman.Info) {
			m.Figures, m.Training = json.RawMessage(`[7]`), json.RawMessage(`"by hand"`)
		}, 0, []string{"cannot be shown", "The model’s file does not say. Files that"}},
	} {
		t.Run(name, func(t *testing.T) {
			info := toy(t)
			test.change(&info)
			document := pageAbout(t, info)
			checkPage(t, document)
			for _, want := range append(test.want, "made on", "2006-01-02", "Only the model that comes with Snowman has a card in words") {
				if !strings.Contains(document.text, want) {
					t.Errorf("%q is missing", want)
				}
			}
			if got := len(document.named("svg")); got != test.charts {
				t.Errorf("%d charts, want %d", got, test.charts)
			}
		})
	}
}

// Names in a model's file may be anybody's.
func TestCardShowsWhatIsHostileAsText(t *testing.T) {
	for name, text := range map[string]string{
		"markup":                       `<script>alert(1)</script><img src=x onerror=alert(1)>`,
		"the end of a title":           `</title></desc></svg><style>*{}</style>`,
		"a quote":                      `" onmouseover="alert(1)`,
		"what turns the line around":   "feed\u202emoc.elpmaxe",
		"what has no width":            "fe\u200bed\u3164",
		"controls":                     "\x1b[31m\x00",
		"more than anybody would read": strings.Repeat("feed", 5000),
	} {
		t.Run(name, func(t *testing.T) {
			info := toy(t)
			info.Figures, info.Training = measured(t, text), training(text)
			document := pageAbout(t, info)
			checkPage(t, document)
			if got := len(document.named("svg")); got != 4 {
				t.Errorf("%d charts, want 4", got)
			}
			if strings.ContainsAny(document.text, "\u202e\u200b\u3164\x1b\x00") {
				t.Error("what cannot be seen stands there as it is")
			}
			if strings.Contains(document.text, strings.Repeat("feed", 100)) {
				t.Error("a long name stands there whole")
			}
			for _, element := range document.elements {
				if _, found := attribute(element, "onmouseover"); found || element.Data == "img" && element.Parent.Data != "a" {
					t.Errorf("the name became <%s>", element.Data)
				}
			}
		})
	}
}

func TestFileNeedsNothingBesideIt(t *testing.T) {
	const style = "p > b { color: red }"
	file, err := File(toy(t), "v1.2.3", style)
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(file), "<style>\n"+style+"</style>") {
		t.Error("the style is not there as it was given")
	}
	document := parsePage(t, string(file))
	for _, element := range document.elements {
		for _, name := range []string{"href", "src"} {
			if target, found := attribute(element, name); found && !strings.HasPrefix(target, "#") {
				t.Errorf("<%s> leads to %q", element.Data, target)
			}
		}
	}
	if !strings.Contains(document.text, toy(t).SHA256) {
		t.Error("the model is not named")
	}
}

func TestRefusal(t *testing.T) {
	for _, needsKey := range []bool{false, true} {
		page, err := Refusal("Unauthorized", "<b>no key</b>", needsKey)
		if err != nil {
			t.Fatal(err)
		}
		document := parsePage(t, string(page))
		checkPage(t, document)
		if !strings.Contains(document.text, "<b>no key</b>") || strings.Contains(document.text, "sends no key") != needsKey {
			t.Errorf("with needsKey %v it says %s", needsKey, document.text)
		}
	}
}

func TestRenderMarkdown(t *testing.T) {
	page, contents, err := renderMarkdown("# Title\n\n## A `first` part\n\n<b>raw</b> [link](javascript:alert(1))\n\n" +
		"| a | b | c |\n|---|:--|---|\n| 1 | 2 | x |\n| 3 | .4 | 5 |\n\n### Below\n\n## A `first` part\n")
	if err != nil {
		t.Fatal(err)
	}
	if want := []heading{{"card-a-first-part", "A first part"}, {"card-a-first-part-1", "A first part"}}; !slices.Equal(contents, want) {
		t.Errorf("the contents are %v, want %v", contents, want)
	}
	const want = `<h3 id="card-a-first-part">A <code>first</code> part</h3>
<p><!-- raw HTML omitted -->raw<!-- raw HTML omitted --> <a href="">link</a></p>
<div class="scroll" tabindex="0" role="region" aria-label="Table 1: A first part">
<table>
<thead>
<tr>
<th>a</th>
<th class="numeric">b</th>
<th>c</th>
</tr>
</thead>
<tbody>
<tr>
<td>1</td>
<td class="numeric">2</td>
<td>x</td>
</tr>
<tr>
<td>3</td>
<td class="numeric">.4</td>
<td>5</td>
</tr>
</tbody>
</table>
</div>
<h4 id="card-below">Below</h4>
<h3 id="card-a-first-part-1">A <code>first</code> part</h3>
`
	if string(page) != want {
		t.Errorf("got\n%s\nwant\n%s", page, want)
	}
}

func TestTheCardIsNotThatOfAModelWithOwnLevels(t *testing.T) {
	info := snowman.Default().Info()
	if !IsShipped(info) {
		t.Fatal("the shipped model is another")
	}
	info.Thresholds[2].Own = &snowman.OwnLevel{AlarmsPerDay: 5, Days: 1, Set: "2026-11-28"}
	page, err := Page(info, "")
	if err != nil {
		t.Fatal(err)
	}
	if IsShipped(info) || !bytes.Contains(page, []byte("own traffic: at most 5 names a day")) || !bytes.Contains(page, []byte("set on somebody's own traffic")) {
		t.Errorf("the page is\n%s", page)
	}
}
