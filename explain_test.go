package snowman

import (
	"encoding/json"
	"errors"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/snowman-ml/snowman/dataset"
	"github.com/snowman-ml/snowman/internal/cnn"
)

// textsToExplain are of every sort.
var textsToExplain = []string{
	"zis32msdi3.com", "github.com", "xjwqpvtzkd.com", "paypal-login-secure.com", "paypa1.net", "en.wikipedia.org", "a.b", "localhost",
	"192.0.2.1", "192.0.2.1:8080/a.exe", "[2001:db8::1]:8443/x", "user@example.com", "münchen.de", "xn--pypal-4ve.com", "россия.рф",
	"d111111abcdef8.cloudfront.net", "d111111abcdef8.cloudfront.net/a/b", "example.co.uk:8080", "www.example.github.io",
	"https://accounts.example.co.uk/signin/v2/identifier?service=mail&flow=webapp", "example.com/ünïcödé/\u202e?q=日本語#ü",
	"example.com/\xff\xfe/\xc3", "example.com/" + strings.Repeat("ü", 500), strings.Repeat("a.", 100) + "com",
	strings.Repeat("google.com.", 50) + "@evil.tld/login", "a@evil.tld/" + strings.Repeat("b/", 1000), "example.com?a=b", "example.com/#x",
	"hxxp://evil[.]example/a", "a%2Fb.example", "_dmarc.example.com", "*.example.com", "example.com/ ", "EXAMPLE.COM/ABC",
	strings.Repeat("x", MaxLength-4) + ".com", "example.com/" + strings.Repeat("x", MaxLength-20),
}

// checkExplanation holds an explanation to what is promised of every one.
func checkExplanation(t *testing.T, m *Model, text string) Explanation {
	t.Helper()
	x, err := m.Explain(text)
	if err != nil {
		t.Fatalf("%q: %v", text, err)
	}
	short := text[:min(len(text), 60)]
	verdict, err := m.Classify(text)
	if err != nil {
		t.Fatal(err)
	}
	if x.Verdict.Score != verdict.Score || x.Verdict.Level != verdict.Level || x.Verdict.Kind != verdict.Kind || !slices.Equal(x.Verdict.Probabilities.Values, verdict.Probabilities.Values) {
		t.Errorf("%q: the verdict is %+v, that of Classify %+v", short, x.Verdict, verdict)
	}
	sum := x.Baseline + x.Constant + x.Start + x.End
	var canonical strings.Builder
	for _, character := range x.Characters {
		sum += character.Contribution
		canonical.WriteString(character.Text)
		if !character.Seen && character.Contribution != 0 {
			t.Errorf("%q: %q was not seen and contributes %v", short, character.Text, character.Contribution)
		}
	}
	if len(x.Views) > 0 {
		byViews := x.Baseline
		for _, view := range x.Views {
			byViews += view.Contribution
		}
		if math.Abs(byViews-x.LogOdds) > 1e-6 {
			t.Errorf("%q: the views add up to %v, the log-odds are %v", short, byViews, x.LogOdds)
		}
	}
	if math.Abs(sum-x.LogOdds) > 1e-6 { // 1e-3 is promised
		t.Errorf("%q: the parts add up to %v, the log-odds are %v", short, sum, x.LogOdds)
	}
	if canonical.String() != x.Canonical {
		t.Errorf("%q: the characters make up %q, the canonical form is %q", short, &canonical, x.Canonical)
	}
	if len(x.NGrams) == 0 || len(x.NGrams) > mostNGrams {
		t.Errorf("%q: %d n-grams", short, len(x.NGrams))
	}
	for i, ngram := range x.NGrams {
		if i > 0 && math.Abs(ngram.Contribution) > math.Abs(x.NGrams[i-1].Contribution) {
			t.Errorf("%q: n-gram %d is stronger than the one before", short, i)
		}
		seen := ""
		for _, character := range x.Characters[ngram.Start:ngram.End] {
			if character.Seen {
				seen += character.Text
			}
		}
		if ngram.Text != seen || seen == "" {
			t.Errorf("%q: n-gram %d is %q, its characters %q", short, i, ngram.Text, seen)
		}
	}
	return x
}

func TestExplanationsAddUp(t *testing.T) {
	for name, m := range map[string]*Model{"the shipped model": Default(), "two views": withViews(t, 0.5)} {
		exact, floors := m.Exact(), 0
		for _, text := range textsToExplain {
			x := checkExplanation(t, m, text)
			score, err := exact.Score(text)
			if err != nil {
				t.Fatal(err)
			}
			odds := x.LogOdds
			if x.Floor != nil {
				odds = x.Floor.LogOdds
				floors++
			}
			if got := 1 / (1 + math.Exp(-odds)); math.Abs(got-score) > 1e-5 {
				t.Errorf("%s: %q: log-odds of %v are a score of %v, in float32 it is %v", name, text, odds, got, score)
			}
		}
		if hasViews := m.file.Metadata.Shape.HasViews(); hasViews != (floors > 0) {
			t.Errorf("%s: %d floors hold", name, floors)
		}
	}
}

func TestViewsAreExplained(t *testing.T) {
	m := withViews(t, 0.5)
	for _, test := range []struct{ text, domain, host, whole string }{
		{"evil.com", "evil.com", "evil.com", "evil.com"},
		{"http://www.a.evil.co.uk:81/b?c#d", "evil.co.uk", "a.evil.co.uk", "a.evil.co.uk:81/b?c#d"},
		{"d1.cloudfront.net/a", "", "cloudfront.net", "d1.cloudfront.net/a"},
	} {
		x := checkExplanation(t, m, test.text)
		check := func(name, text string, logOdds float64, want string) {
			t.Helper()
			if text != want {
				t.Errorf("%q: the %s is %q, want %q", test.text, name, text, want)
			}
			alone, err := m.Explain(want)
			if err != nil {
				t.Fatal(err)
			}
			if math.Abs(logOdds-alone.LogOdds) > 1e-6 {
				t.Errorf("%q: the %s alone is at %v, explained by itself at %v", test.text, name, logOdds, alone.LogOdds)
			}
		}
		for i, want := range []string{test.host, test.whole} {
			check(x.Views[i].View, x.Views[i].Text, x.Views[i].LogOdds, want)
		}
		if test.domain != "" {
			check("registered domain", x.RegisteredDomain.Text, x.RegisteredDomain.LogOdds, test.domain)
		} else if x.RegisteredDomain != nil {
			t.Errorf("%q: the registered domain %+v is explained", test.text, x.RegisteredDomain)
		}
	}
}

// For 1,000 names and URLs, spread over all files.
func TestExplanationsOfRealTextsAddUp(t *testing.T) {
	folder := os.Getenv("SNOWMAN_DATA")
	if folder == "" {
		t.Skip("SNOWMAN_DATA names no folder of labelled data")
	}
	files, err := filepath.Glob(filepath.Join(folder, "sources", "*.tsv.gz"))
	if err != nil || len(files) == 0 {
		t.Skipf("no labelled data in %s", folder)
	}
	const texts = 1000
	explained := 0
	for i, name := range files {
		file, err := os.Open(name)
		if err != nil {
			t.Fatal(err)
		}
		defer file.Close()
		reader, err := dataset.NewReader(file)
		if err != nil {
			t.Fatal(err)
		}
		wanted := texts*(i+1)/len(files) - texts*i/len(files)
		const apart = 31 // rows: neighbours are alike
		for row := 0; wanted > 0 && reader.Scan(); row++ {
			labelled, err := reader.Row()
			if err != nil || row%apart != 0 {
				continue
			}
			if _, err := Default().Score(labelled.Text); err != nil {
				continue
			}
			checkExplanation(t, Default(), labelled.Text)
			explained++
			wanted--
		}
	}
	if explained < texts*9/10 {
		t.Errorf("%d texts were explained, want about %d", explained, texts)
	}
}

func TestExplanationMarksWhatIsNotSeen(t *testing.T) {
	for _, test := range []struct{ text, want string }{
		{"github.com", "github.com"},
		{"d111111.cloudfront.net/x", "~~~~~~~~cloudfront.net/x"},
		{"example.com/" + strings.Repeat("a", 300), "example.com/" + strings.Repeat("a", 188) + strings.Repeat("~", 112)},
		{"example.com/ü", "example.com/%C3%BC"},
	} {
		seen := ""
		for _, character := range checkExplanation(t, Default(), test.text).Characters {
			if character.Seen {
				seen += character.Text
			} else {
				seen += strings.Repeat("~", len(character.Text))
			}
		}
		if seen != test.want {
			t.Errorf("of %q is seen %q, want %q", test.text, seen, test.want)
		}
	}
}

// The answers of this model can be worked out by hand: the filters for q, x and z are 1 where the
// letter stands and add 3, 4.5 or 7 to the logit of a kind, which is -4 without them. The model
// does not say how common its symbols are.
func TestExplanationOfTheToy(t *testing.T) {
	m, err := Open("web/testdata/toy.safetensors")
	if err != nil {
		t.Fatal(err)
	}
	x := checkExplanation(t, m, "axb.com")
	near := func(what string, got, want float64) {
		t.Helper()
		if math.Abs(got-want) > 1e-6 {
			t.Errorf("%s is %v, want %v", what, got, want)
		}
	}
	baseline := math.Log(3 * math.Exp(-4))
	logOdds := math.Log(2*math.Exp(-4) + math.Exp(0.5))
	// An x in the host and one in a suffix have the embedding that the filter looks for.
	constant := (logOdds - baseline) * 2 / float64(m.Info().Symbols-2)
	near("the baseline", x.Baseline, baseline)
	near("the log-odds", x.LogOdds, logOdds)
	near("the constant part", x.Constant, constant)
	near("the contribution of a", x.Characters[0].Contribution, 0)
	near("the contribution of x", x.Characters[1].Contribution, logOdds-baseline-constant)
	if len(x.NGrams) != 1 || x.NGrams[0].Text != "x" || x.NGrams[0].Start != 1 || x.NGrams[0].End != 2 || x.NGrams[0].AtStart || x.NGrams[0].AtEnd {
		t.Errorf("the n-grams are %+v, want x alone", x.NGrams)
	}
	near("the contribution of the n-gram", x.NGrams[0].Contribution, logOdds-baseline)
	if x, err = m.Explain("a.com"); err != nil || x.NGrams == nil || len(x.NGrams) != 0 || x.LogOdds != x.Baseline {
		t.Errorf("of a text without features the n-grams are %v, the log-odds %v, want none and %v (%v)", x.NGrams, x.LogOdds, x.Baseline, err)
	}
}

func TestExplanationKnowsHowCommonSymbolsAre(t *testing.T) {
	file := *Default().file
	file.Metadata.SymbolFrequency = make([]float64, file.Metadata.Shape.Symbols)
	file.Metadata.SymbolFrequency[2] = 1
	m, err := newModel(&file)
	if err != nil {
		t.Fatal(err)
	}
	x, other := checkExplanation(t, m, "zis32msdi3.com"), checkExplanation(t, Default(), "zis32msdi3.com")
	if x.LogOdds != other.LogOdds || x.Baseline != other.Baseline || !slices.Equal(x.NGrams, other.NGrams) {
		t.Error("how common symbols are changes more than the characters' contributions")
	}
	if math.Abs(x.Constant-other.Constant) < 1e-3 {
		t.Errorf("the constant part is %v, whatever is common", x.Constant)
	}
}

func TestExplanationAsJSON(t *testing.T) {
	x, err := Default().Explain("a.example/\xff")
	if err != nil {
		t.Fatal(err)
	}
	written, err := json.Marshal(x)
	if err != nil {
		t.Fatal(err)
	}
	var members map[string]json.RawMessage
	if err := json.Unmarshal(written, &members); err != nil {
		t.Fatal(err)
	}
	want := []string{"baseline", "canonical", "characters", "constant", "end", "log_odds", "ngrams", "registered_domain", "start", "views"}
	for _, name := range want {
		if members[name] == nil {
			t.Errorf("no member %q in %s", name, written)
		}
	}
	if len(members) != len(want) {
		t.Errorf("%d members, want %d: %s", len(members), len(want), written)
	}
}

func TestExplainRefusesWhatCannotBeScored(t *testing.T) {
	for _, text := range []string{"", "/index.html", "a\x00b.com", strings.Repeat("a", MaxLength+1)} {
		if x, err := Default().Explain(text); err == nil {
			t.Errorf("%.20q is explained: %+v", text, x)
		}
	}
}

func TestExplanationsThatOverflowAreAnError(t *testing.T) {
	damaged, err := cnn.NewParameters(Default().file.Parameters.Shape)
	if err != nil {
		t.Fatal(err)
	}
	copy(damaged.Flat, Default().file.Parameters.Flat)
	for i := range damaged.Embedding { // so that entries of the tables overflow
		damaged.Embedding[i] *= 1e20
	}
	for _, c := range damaged.Convolutions {
		for i := range c.Weight {
			c.Weight[i] *= 1e20
		}
	}
	m, err := newModel(Default().file)
	if err != nil {
		t.Fatal(err)
	}
	m.explainer = func() *cnn.Explainer { return cnn.NewExplainer(damaged, 1, nil) }
	if x, err := m.Explain("zis32msdi3.com"); !errors.Is(err, errOverflow) {
		t.Errorf("the log-odds are %v, the error %v, want %v", x.LogOdds, err, errOverflow)
	}
}

func BenchmarkExplain(b *testing.B) {
	for name, text := range map[string]string{
		"name":   "zis32msdi3example.com",
		"URL":    "https://accounts.example.co.uk/signin/v2/identifier?service=mail&flow=webapp",
		"64 KiB": "example.com/" + strings.Repeat("x", MaxLength-20),
	} {
		b.Run(name, func(b *testing.B) {
			want, err := Default().Explain(text)
			if err != nil {
				b.Fatal(err)
			}
			b.ReportAllocs()
			for b.Loop() {
				if got, _ := Default().Explain(text); got.LogOdds != want.LogOdds {
					b.Fatalf("the log-odds are %v, want %v", got.LogOdds, want.LogOdds)
				}
			}
		})
	}
}
