package snowman

import (
	"bytes"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/snowman-ml/snowman/internal/canon"
	"github.com/snowman-ml/snowman/internal/cnn"
	"github.com/snowman-ml/snowman/internal/modelfile"
)

// withViews returns a small model of two views.
func withViews(t testing.TB, floor float64) *Model {
	t.Helper()
	return randomModel(t, cnn.Shape{Embedding: 8, Widths: []int{2, 3}, Filters: 32, Hidden: 16, Views: 2}, floor)
}

// randomModel returns a model with random weights, in which views differ a lot.
func randomModel(t testing.TB, shape cnn.Shape, floor float64) *Model {
	t.Helper()
	alphabet := canon.DefaultAlphabet()
	data, err := alphabet.MarshalJSON()
	if err != nil {
		t.Fatal(err)
	}
	kinds := []string{Benign, DGA, Phishing, Malware}
	shape.Symbols, shape.Kinds = alphabet.Symbols(), len(kinds)
	parameters, err := cnn.NewParameters(shape)
	if err != nil {
		t.Fatal(err)
	}
	parameters.Initialize(9)
	for i := range parameters.OutputWeight {
		parameters.OutputWeight[i] *= 2
	}
	parameters.Floor = cnn.Floor{Host: floor, RegisteredDomain: floor}
	var file bytes.Buffer
	err = modelfile.Model{Parameters: parameters, Metadata: modelfile.Metadata{
		Shape: shape, Alphabet: data, SymbolLimit: 200, Kinds: kinds, Floor: parameters.Floor, Temperature: 1,
	}}.Write(&file)
	if err != nil {
		t.Fatal(err)
	}
	m, err := Parse(file.Bytes())
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// randomURL returns a URL below a domain.
func randomURL(random *rand.Rand, domain string) string {
	letters := func() string {
		text := make([]byte, 1+random.IntN(20))
		for i := range text {
			text[i] = "abcdefghij0123456789"[random.IntN(20)]
		}
		return string(text)
	}
	text := domain
	for range random.IntN(3) {
		text = letters() + "." + text
	}
	for range random.IntN(3) {
		text += "/" + letters()
	}
	return text
}

func logOdds(t *testing.T, m *Model, text string) float64 {
	t.Helper()
	score, err := m.Score(text)
	if err != nil {
		t.Fatal(err)
	}
	return math.Log(score / (1 - score))
}

func TestNoTextIsFarBelowItsHostAndItsRegisteredDomain(t *testing.T) {
	const rounding = 1e-4
	for _, floor := range []float64{0.1, 0.001} {
		m := withViews(t, floor)
		checkFloor(t, m, floor, rounding)
		checkFloor(t, m.Exact(), floor, rounding)
	}
}

func checkFloor(t *testing.T, m *Model, floor, rounding float64) {
	t.Helper()
	without := withViews(t, 0)
	random := rand.New(rand.NewPCG(1, 1))
	held := 0
	for range 500 {
		domain := []string{"evil.com", "evil.co.uk", "evil.github.io", "192.0.2.1"}[random.IntN(3)]
		text := randomURL(random, domain)
		var u canon.URL
		if err := u.Parse(text); err != nil {
			t.Fatal(err)
		}
		got, host := logOdds(t, m, text), logOdds(t, m, string(u.Host()))
		if least := logOdds(t, m, domain) - floor; got < least-rounding {
			t.Errorf("%q is at %v, want at least %v, which its registered domain demands", text, got, least)
		}
		if least := host - floor; got < least-rounding {
			t.Errorf("%q is at %v, want at least %v, which its host demands", text, got, least)
		}
		if got > logOdds(t, without, text)+0.01 {
			held++
		}
	}
	if held < 50 {
		t.Errorf("the floor held %d of 500 texts: too few to test", held)
	}
}

func TestNoFloorHoldsBelowAnOperatorsSuffix(t *testing.T) {
	m, without := withViews(t, 1e-3), withViews(t, 0)
	random := rand.New(rand.NewPCG(2, 2))
	for range 100 {
		text := randomURL(random, "d1.cloudfront.net")
		if got, want := logOdds(t, m, text), logOdds(t, without, text); got != want {
			t.Errorf("%q is at %v, without a floor at %v", text, got, want)
		}
	}
}

func TestAFragmentDoesNotCount(t *testing.T) {
	m := withViews(t, 1)
	for _, text := range []string{"evil.com", "a.evil.com/b", "evil.com/a?b"} {
		if got, want := logOdds(t, m, text+"#the-history"), logOdds(t, m, text); got != want {
			t.Errorf("%q is at %v with a fragment, at %v without", text, got, want)
		}
	}
}

func TestExplanationsShowALabelsWhole(t *testing.T) {
	x := checkExplanation(t, withViews(t, 1), "почта.bücher.рф/a")
	const domain, host = "xn--bcher-kva.xn--p1ai", "xn--80a1acny.xn--bcher-kva.xn--p1ai"
	for i, want := range []string{host, host + "/a"} {
		if x.Views[i].Text != want {
			t.Errorf("view %d is %q, want %q", i, x.Views[i].Text, want)
		}
	}
	if x.RegisteredDomain.Text != domain {
		t.Errorf("the registered domain is %q, want %q", x.RegisteredDomain.Text, domain)
	}
	for _, character := range x.Characters {
		if !character.Seen {
			t.Errorf("%q is not seen", character.Text)
		}
	}
	for _, ngram := range x.NGrams {
		if ngram.AtEnd && !strings.HasSuffix(ngram.Text, "i") && !strings.HasSuffix(ngram.Text, "a") {
			t.Errorf("an n-gram at the end of a view is %q", ngram.Text)
		}
	}
}

func TestABatchOfViewsScoresAsEachTextAlone(t *testing.T) {
	m := withViews(t, 0.5)
	random := rand.New(rand.NewPCG(3, 3))
	var texts []string
	for range 400 {
		texts = append(texts, randomURL(random, "evil.com"))
	}
	scores, errs := m.ScoreAll(texts)
	if errs != nil {
		t.Fatal(errs)
	}
	for i, text := range texts {
		if alone, err := m.Score(text); alone != scores[i] || err != nil {
			t.Errorf("%q scores %v in a batch, %v alone (%v)", text, scores[i], alone, err)
		}
	}
}

func TestNoAllocationForAViewEither(t *testing.T) {
	s := withViews(t, 0.5).NewScorer()
	texts := []string{"a.evil.com/b?c", "evil.com", "a.b.evil.co.uk"}
	run := func() { s.ClassifyAll(texts, func(int, Verdict, error) {}) }
	run()
	if allocated := testing.AllocsPerRun(50, run); allocated > 0 {
		t.Errorf("%v allocations for three texts", allocated)
	}
}

// The scores of a file of the first format, with an alphabet that reads fragments, as the program
// gave them in int16 that knew no views.
func TestAModelWithOneViewScoresAsBefore(t *testing.T) {
	m, err := Open("web/testdata/toy.safetensors")
	if err != nil {
		t.Fatal(err)
	}
	for text, want := range map[string]uint64{
		"zis32msdi3.com":                        0x3fee7c29e6031fda,
		"github.com":                            0x3faaaae2cc3edcd4,
		"a.example.co.uk:8080/login?next=%2F#a": 0x3fe41562a19c26fa,
		"evil.com/#qz":                          0x3faaaae2cc3edcd4,
		"d1.cloudfront.net/a":                   0x3faaaae2cc3edcd4,
		"qx.com/#a":                             0x3fe574c1e0a51851,
	} {
		score, err := m.Score(text)
		exact, exactErr := m.Exact().Score(text)
		want := math.Float64frombits(want)
		if math.Abs(score-want) > 0.02 || math.Abs(exact-want) > 1e-3 || err != nil || exactErr != nil {
			t.Errorf("%q scores %v, in float32 %v, want %v; errors %v, %v", text, score, exact, want, err, exactErr)
		}
	}
}

func TestSymbolsAreTheTextsBetweenPadding(t *testing.T) {
	m := withViews(t, 1)
	got, err := m.Symbols("http://a.evil.com/b")
	if err != nil {
		t.Fatal(err)
	}
	if !got.HasFloor || len(got.RegisteredDomain) != len("evil.com")+4 || len(got.Host) != len("a.evil.com")+4 || len(got.Whole) != len("a.evil.com/b")+4 {
		t.Errorf("the symbols are %+v", got)
	}
	if !bytes.HasPrefix(got.Host, []byte{0, 0}) || !bytes.HasSuffix(got.Host, []byte{1, 1}) || !bytes.Contains(got.Host, got.RegisteredDomain[2:]) {
		t.Errorf("the host is %v, the registered domain %v", got.Host, got.RegisteredDomain)
	}
	if got, err := m.Symbols("a.cloudfront.net"); err != nil || got.HasFloor {
		t.Errorf("below an operator's suffix the symbols are %+v (%v)", got, err)
	}
	toy, err := Open("web/testdata/toy.safetensors")
	if err != nil {
		t.Fatal(err)
	}
	if got, err := toy.Symbols("evil.com"); err != nil || len(got.Text) != len("evil.com") || got.Whole != nil {
		t.Errorf("of a network with one view the symbols are %+v (%v)", got, err)
	}
	if _, err := m.Symbols("/no host"); err == nil {
		t.Error("a text without a host has symbols")
	}
}

func TestAModelSaysItsViewsAndItsFloor(t *testing.T) {
	if info := withViews(t, 0.5).Info(); info.Views != 2 || info.HostFloor != 0.5 || info.DomainFloor != 0.5 {
		t.Errorf("it has %d views and floors of %v and %v, want 2 and 0.5 twice", info.Views, info.HostFloor, info.DomainFloor)
	}
	m, err := Open("web/testdata/toy.safetensors")
	if err != nil {
		t.Fatal(err)
	}
	if info := m.Info(); info.Views != 1 || info.HostFloor != 0 {
		t.Errorf("a model of the first format has %d views and a floor of %v, want 1 and none", info.Views, info.HostFloor)
	}
}

// What two views and a floor cost, in batches as score has them. A registered domain is one text, a
// URL below a sub-domain three.
func BenchmarkViews(b *testing.B) {
	shape := cnn.Shape{Embedding: 32, Widths: []int{2, 3, 4, 5}, Filters: 256, Hidden: 128}
	for _, network := range []struct {
		name  string
		views int
		floor float64
	}{{"one view", 1, 0}, {"two views", 2, 0}, {"two views and a floor", 2, 1}} {
		shape.Views = network.views
		s := randomModel(b, shape, network.floor).NewScorer()
		for _, test := range []struct{ name, text string }{
			{"registered domains", "zis32msdi3example.com"},
			{"sub-domains", "login.zis32msdi3.com"},
			{"URLs of registered domains", "example.co.uk/signin/v2/identifier?service=mail&flow=webapp&continue=a"},
			{"URLs", "accounts.example.co.uk/signin/v2/identifier?service=mail&flow=webapp&continue=a"},
		} {
			texts := slices.Repeat([]string{test.text}, batchTexts)
			b.Run(network.name+"/"+test.name, func(b *testing.B) {
				run := func() { s.ClassifyAll(texts, func(int, Verdict, error) {}) }
				run()
				b.ReportAllocs()
				for b.Loop() {
					run()
				}
				b.ReportMetric(float64(len(texts)*b.N)/b.Elapsed().Seconds(), "texts/s")
			})
		}
	}
}
