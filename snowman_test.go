package snowman

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/snowman-ml/snowman/internal/canon"
	"github.com/snowman-ml/snowman/internal/cnn"
	"github.com/snowman-ml/snowman/internal/modelfile"
	"github.com/snowman-ml/snowman/models"
)

func TestEqualNamesScoreEqual(t *testing.T) {
	for _, names := range [][]string{
		{"example.com", "EXAMPLE.com", "https://www.example.com/", "example.com:443", "example[.]com", ".example.com."},
		{"bücher.de", "xn--bcher-kva.de", "BÜCHER.de"},
		{"192.0.2.1", "http://3221225985", "0xC0.0x0.0x2.0x1", "http://0300.0.02.01:80/"},
		{"[2001:db8::1]", "2001:DB8:0:0:0:0:0:1"},
	} {
		want, err := Default().Score(names[0])
		if err != nil {
			t.Fatal(err)
		}
		for _, name := range names[1:] {
			if got, err := Default().Score(name); got != want || err != nil {
				t.Errorf("%q scores %v (%v), %q scores %v", name, got, err, names[0], want)
			}
		}
	}
}

func TestTheHostIsReadHoweverLongTheRest(t *testing.T) {
	score := func(host string) float64 {
		t.Helper()
		got, err := Default().Score("http://google.com." + strings.Repeat("a", 5000) + "@" + host + "/" + strings.Repeat("b", 5000))
		if err != nil {
			t.Fatal(err)
		}
		return got
	}
	if score("evil.tld") == score("good.com") {
		t.Error("another host behind long user-info does not change the score")
	}
}

func TestScoreIsTheUnfoldedNetworksScore(t *testing.T) {
	m := Default()
	s, exact := m.NewScorer(), m.Exact().NewScorer()
	for _, text := range []string{"zis32msdi3.com", "github.com", "http://a.example.co.uk:8080/login?next=%2F", strings.Repeat("long.", 60) + "example.com/path"} {
		score, err := s.Score(text)
		if err != nil {
			t.Fatal(err)
		}
		exactScore, err := exact.Score(text)
		if err != nil {
			t.Fatal(err)
		}
		want := 1 / (1 + math.Exp(-referenceLogOdds(m, s.batch)))
		if math.Abs(exactScore-want) > 1e-5 {
			t.Errorf("%q scores %v in float32, the reference says %v", text, exactScore, want)
		}
		if math.Abs(score-want) > 0.02 {
			t.Errorf("%q scores %v, the reference says %v", text, score, want)
		}
	}
}

// referenceLogOdds returns the log-odds of a batch's only row: those of its views, or what the
// floor demands.
func referenceLogOdds(m *Model, batch cnn.Batch) float64 {
	row, floor := batch.Rows[0], m.file.Metadata.Floor
	logits := func(host, whole int) []float64 {
		return cnn.Reference[float64](m.file.Parameters, batch.Text(int(row.Views[host])), batch.Text(int(row.Views[whole])))
	}
	logOdds := func(logits []float64, temperature float64) float64 {
		malicious := 0.0
		for _, logit := range logits[1:] {
			malicious += math.Exp(logit / temperature)
		}
		return math.Log(malicious) - logits[0]/temperature
	}
	found := logits(cnn.Host, cnn.Whole)
	if row.HasFloor {
		for view, most := range map[int]float64{cnn.Host: floor.Host, cnn.RegisteredDomain: floor.RegisteredDomain} {
			alone := logits(view, view)
			alone[0] += most
			if logOdds(alone, 1) > logOdds(found, 1) {
				found = alone
			}
		}
	}
	return logOdds(found, m.file.Metadata.Temperature)
}

func TestProbabilitiesAddUp(t *testing.T) {
	verdict, err := Default().Classify("zis32msdi3.com")
	if err != nil {
		t.Fatal(err)
	}
	sum := 0.0
	for _, p := range verdict.Probabilities.Values {
		sum += p
	}
	if math.Abs(sum-1) > 1e-12 {
		t.Errorf("the probabilities add up to %v", sum)
	}
	if malicious := sum - verdict.Probabilities.Values[0]; math.Abs(malicious-verdict.Score) > 1e-12 {
		t.Errorf("the score is %v, the malicious kinds add up to %v", verdict.Score, malicious)
	}
}

func TestLevelsStartAtTheirThresholds(t *testing.T) {
	file, err := modelfile.ParseModel(models.Default)
	if err != nil {
		t.Fatal(err)
	}
	file.Metadata.URLThresholds = slices.Clone(file.Metadata.Thresholds)
	for i := range file.Metadata.URLThresholds {
		file.Metadata.URLThresholds[i].Score /= 2
	}
	m, err := newModel(file)
	if err != nil {
		t.Fatal(err)
	}
	for _, isURL := range []bool{false, true} {
		thresholds := m.Info().Thresholds
		if isURL {
			thresholds = m.Info().URLThresholds
		}
		for _, threshold := range thresholds {
			if got := m.level(threshold.Score, isURL); got != threshold.Level {
				t.Errorf("a score of %v has the level %v, want %v (URL: %v)", threshold.Score, got, threshold.Level, isURL)
			}
			if got := m.level(math.Nextafter(threshold.Score, 0), isURL); got != threshold.Level-1 {
				t.Errorf("a score just below %v has the level %v, want %v (URL: %v)", threshold.Score, got, threshold.Level-1, isURL)
			}
		}
	}
}

func TestKindIsBenignWhereTheLevelIsNone(t *testing.T) {
	for _, text := range []string{"github.com", "zis32msdi3.com", "wikipedia.org", "192.0.2.1/a.exe"} {
		verdict, err := Default().Classify(text)
		if err != nil {
			t.Fatal(err)
		}
		if (verdict.Level == None) != (verdict.Kind == "benign") {
			t.Errorf("%q has level %v and kind %q", text, verdict.Level, verdict.Kind)
		}
	}
}

func TestManyGoroutinesShareAModel(t *testing.T) {
	want, err := Default().Score("zis32msdi3.com")
	if err != nil {
		t.Fatal(err)
	}
	var group sync.WaitGroup
	for range 8 {
		group.Go(func() {
			for range 50 {
				if got, err := Default().Score("zis32msdi3.com"); got != want || err != nil {
					t.Errorf("score is %v (%v), want %v", got, err, want)
					return
				}
			}
		})
	}
	group.Wait()
}

// Good and bad texts of every sort, more than a batch holds.
func mixedTexts() []string {
	var texts []string
	for i := range 3*batchTexts + 5 {
		texts = append(texts, fmt.Sprintf("name%d.example.com", i*i))
		switch i % 50 {
		case 0:
			texts = append(texts, "")
		case 10:
			texts = append(texts, fmt.Sprintf("http://example.com/%d/%s", i, strings.Repeat("path/", i/4)))
		case 20:
			texts = append(texts, strings.Repeat("a", MaxLength+1))
		}
	}
	return texts
}

func TestABatchGivesWhatItsTextsGiveAlone(t *testing.T) {
	texts := mixedTexts()
	for name, m := range map[string]*Model{"int8": Default(), "float32": Default().Exact()} {
		t.Run(name, func(t *testing.T) {
			scores, errs := m.ScoreAll(texts)
			alone, batch := m.NewScorer(), m.NewScorer()
			next := 0
			batch.ClassifyAll(texts, func(i int, verdict Verdict, err error) {
				if i != next {
					t.Fatalf("verdict %d came at place %d", i, next)
				}
				next++
				want, wantErr := alone.Classify(texts[i])
				if fmt.Sprint(err) != fmt.Sprint(wantErr) || fmt.Sprint(errs[i]) != fmt.Sprint(wantErr) {
					t.Fatalf("text %d: errors are %v and %v, want %v", i, err, errs[i], wantErr)
				}
				if verdict.Score != want.Score || scores[i] != want.Score || verdict.Level != want.Level || verdict.Kind != want.Kind || (err == nil && !slices.Equal(verdict.Probabilities.Values, want.Probabilities.Values)) {
					t.Fatalf("text %d: verdicts are %+v and score %v, want %+v", i, verdict, scores[i], want)
				}
			})
			if next != len(texts) {
				t.Errorf("%d verdicts for %d texts", next, len(texts))
			}
		})
	}
	if scores, errs := Default().ScoreAll([]string{"github.com"}); len(scores) != 1 || errs != nil {
		t.Errorf("scores are %v, errors %v, want one score and no error", scores, errs)
	}
	if scores, errs := Default().ScoreAll(nil); len(scores) != 0 || errs != nil {
		t.Errorf("of no texts, scores are %v, errors %v", scores, errs)
	}
}

// withImitated returns the default model with this list of imitated names.
func withImitated(t testing.TB, domains ...string) *Model {
	t.Helper()
	file := *Default().file
	file.Metadata.Imitated = domains
	m, err := newModel(&file)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func TestWhatAHostLooksLike(t *testing.T) {
	m := withImitated(t, "paypal.com", "microsoft.com", "google.com")
	tests := []struct {
		text, imitates string
		mixedScript    bool
	}{
		{"pаypal.com", "paypal.com", true},
		{"xn--pypal-4ve.com", "paypal.com", true},
		{"https://user@RNICROSOFT.com:8080/login", "microsoft.com", false},
		{"paypa1.co.uk", "paypal.com", false},
		{"paypa1.github.io", "paypal.com", false},
		{"g00gle.com.evil.net/paypal.com", "google.com", false},
		{"www.xn--pypal-4ve.com.evil.net", "paypal.com", true},
		{"example.net/paypa1.com", "", false},
		{"paypal.de", "", false},
		{"münchen.de", "", false},
		{"россия.рф", "", false},
		{"192.0.2.1", "", false},
		{"[2001:db8::1]", "", false},
		{"localhost1", "", false},
		{"1", "", false},
	}
	texts := []string{"", "bad host:-"}
	for _, test := range tests {
		texts = append(texts, test.text)
	}
	for name, m := range map[string]*Model{"int8": m, "float32": m.Exact()} {
		m.NewScorer().ClassifyAll(texts, func(i int, verdict Verdict, err error) {
			if i < len(texts)-len(tests) {
				if err == nil {
					t.Errorf("%s: %q has a verdict", name, texts[i])
				}
				return
			}
			want := tests[i-(len(texts)-len(tests))]
			alone, aloneErr := m.Classify(want.text)
			if err != nil || aloneErr != nil {
				t.Fatal(err, aloneErr)
			}
			for _, got := range []Verdict{verdict, alone} {
				if got.Imitates != want.imitates || got.MixedScript != want.mixedScript {
					t.Errorf("%s: %q imitates %q and mixes scripts: %v, want %q and %v",
						name, want.text, got.Imitates, got.MixedScript, want.imitates, want.mixedScript)
				}
			}
			if without, err := Default().Score(want.text); name == "int8" && (without != verdict.Score || err != nil) {
				t.Errorf("%q scores %v, without a list of imitated names %v (%v)", want.text, verdict.Score, without, err)
			}
		})
	}
}

func TestAPopularDomainItselfStaysBelowMedium(t *testing.T) {
	m := withImitated(t, "vkqwzpxjtmhd.net me", "dhl.com m")
	for _, test := range []struct {
		text       string
		isPopular  bool
		isOnDomain bool
		mentions   string
	}{
		{"vkqwzpxjtmhd.net", true, true, ""},
		{"https://www.VKQWZPXJTMHD.net/", true, true, ""},
		{"vkqwzpxjtmhd.net:8443", false, true, ""},
		{"vkqwzpxjtmhd.net/wp-admin/a.exe", false, true, ""},
		{"zkqjxwvbnm.vkqwzpxjtmhd.net", false, true, ""},
		{"vkqwzpxjtmhd.com", false, false, ""},
		{"vkqwzpxjtmhd-login.com", false, false, "vkqwzpxjtmhd.net"},
		{"dhl.com.vkqwzpxjtmhe.net", false, false, "dhl.com"},
	} {
		got, err := m.Classify(test.text)
		without, withoutErr := withImitated(t).Classify(test.text)
		if err != nil || withoutErr != nil {
			t.Fatal(err, withoutErr)
		}
		want := without.Level
		if test.isPopular {
			want = min(want, Low)
		}
		if got.Popular != test.isPopular || got.Mentions != test.mentions || got.Level != want || got.Score != without.Score || m.IsPopular(test.text) != test.isOnDomain {
			t.Errorf("%q: %+v, on the list %v, want %+v", test.text, got, m.IsPopular(test.text), test)
		}
		if without.Level < Medium && test.isPopular {
			t.Errorf("%q is %v without the rule, want a text that it holds back", test.text, without.Level)
		}
	}
}

func TestWhatIsNoPublicNameHasNoLevel(t *testing.T) {
	m := Default()
	for _, test := range []struct{ public, text, reason string }{
		{"vkqwzpxjtmhd.net", "vkqwzpxjtmhd.local", "local suffix"},
		{"vkqwzpxjtmhd.net", "https://vkqwzpxjtmhd.test:8080/login", "reserved suffix"},
		{"vkqwzpxjtmhd.net", "vkqwzpxjtmhd", "single label"},
		{"45.155.0.1/a.exe", "10.155.0.1/a.exe", "private address"},
		{"45.155.0.1/a.exe", "203.0.113.1/a.exe", "reserved address"},
		{"vkqwzpxjtmhd.net", "da39a3ee5e6b4b0d3255bfef95601890afd80709", "hash"},
	} {
		public, err := m.Classify(test.public)
		got, gotErr := m.Classify(test.text)
		if err != nil || gotErr != nil {
			t.Fatal(err, gotErr)
		}
		if public.Level < Medium || public.NotPublic != "" {
			t.Errorf("%q has the level %v and is %q, want a level", test.public, public.Level, public.NotPublic)
		}
		if got.NotPublic != test.reason || got.Level != None || got.Kind != Benign || got.Score < 0.5 || got.Probabilities.Of(Benign) > 0.5 {
			t.Errorf("%q: %+v, want its score, no level, and why: %q", test.text, got, test.reason)
		}
	}
}

func TestScoringAllocatesNothing(t *testing.T) {
	s := withImitated(t, "paypal.com").NewScorer()
	for _, text := range []string{"zis32msdi3.com", "https://www.example.co.uk/login?a=b", "192.0.2.1:8080", "paypa1.com", "www.xn--pypal-4ve.com", "WWW.GitHub.COM.", "user@0xC0.0x0.0x2.0x1/a", "http://%41.com/%41", "https://http://a.com", "http:/\\a.com"} {
		if allocations := testing.AllocsPerRun(20, func() {
			if _, err := s.Classify(text); err != nil {
				t.Fatal(err)
			}
		}); allocations != 0 {
			t.Errorf("%q costs %v allocations, want 0", text, allocations)
		}
	}
	texts := slices.Repeat([]string{"zis32msdi3.com", "http://a.example.co.uk:8080/login?next=%2F"}, 300)
	nothing := func(int, Verdict, error) {}
	if allocations := testing.AllocsPerRun(5, func() { s.ClassifyAll(texts, nothing) }); allocations != 0 {
		t.Errorf("a batch costs %v allocations, want 0", allocations)
	}
}

func TestWeightsTooLargeToAddUpAreAnError(t *testing.T) {
	parameters, err := cnn.NewParameters(Default().file.Parameters.Shape)
	if err != nil {
		t.Fatal(err)
	}
	copy(parameters.Flat, Default().file.Parameters.Flat)
	for i := range parameters.OutputWeight {
		parameters.OutputWeight[i] = math.MaxFloat32
	}
	m, err := newModel(&modelfile.Model{Parameters: parameters, Metadata: Default().file.Metadata})
	if err != nil {
		t.Fatal(err)
	}
	for name, m := range map[string]*Model{"int8": m, "float32": m.Exact()} {
		if score, err := m.Score("example.com"); !errors.Is(err, errOverflow) {
			t.Errorf("%s: the score is %v, the error %v, want %v", name, score, err, errOverflow)
		}
	}
}

// Neither package imports the other, so nothing else holds them together.
func TestAlphabetAndNetworkAgreeOnThePadding(t *testing.T) {
	if canon.Start != cnn.Start || canon.End != cnn.End {
		t.Errorf("the alphabet pads with %d and %d, the network with %d and %d", canon.Start, canon.End, cnn.Start, cnn.End)
	}
}

func TestOpen(t *testing.T) {
	path := filepath.Join(t.TempDir(), "model.safetensors")
	if err := os.WriteFile(path, models.Default, 0o644); err != nil {
		t.Fatal(err)
	}
	m, err := Open(path)
	if err != nil {
		t.Fatal(err)
	}
	if got, want := m.Info().SHA256, Default().Info().SHA256; got != want {
		t.Errorf("the model read from a file is %s, want %s", got, want)
	}
	if err := os.WriteFile(path, models.Default[:1000], 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(path); err == nil || !strings.Contains(err.Error(), path) {
		t.Errorf("opening half a model gives %v, want an error that names %q", err, path)
	}
}

func TestParse(t *testing.T) {
	m, err := Parse(models.Default)
	if err != nil {
		t.Fatal(err)
	}
	if got, want := m.Info().SHA256, Default().Info().SHA256; got != want {
		t.Errorf("the model read from memory is %s, want %s", got, want)
	}
	if _, err := Parse(models.Default[:1000]); err == nil || !strings.HasPrefix(err.Error(), "reading model: ") {
		t.Errorf("parsing half a model gives %v, want an error that says so", err)
	}
}

func TestThresholdsSayWhereTextsWereTooFew(t *testing.T) {
	for benign, want := range map[int]string{9_999: `,"too_few":true}`, 10_000: `"benign":10000}`} {
		threshold := Threshold{Level: High, FalsePositiveRate: 1e-4, Benign: benign}
		if got := threshold.TooFew(); got != (benign < 10_000) {
			t.Errorf("%d texts are too few: %v", benign, got)
		}
		written, err := json.Marshal(threshold)
		if err != nil || !strings.HasPrefix(string(written), `{"level":"high","score":0,`) || !strings.HasSuffix(string(written), want) {
			t.Errorf("%d texts are written as %s with error %v, want %s", benign, written, err, want)
		}
	}
}

func TestTheModelThatShipsIsSmallEnough(t *testing.T) {
	if size := len(models.Default); size > 4<<20 {
		t.Errorf("the embedded model has %d bytes, want at most 4 MiB", size)
	}
}

func TestParseLevel(t *testing.T) {
	for level := None; level <= High; level++ {
		if got, err := ParseLevel(level.String()); got != level || err != nil {
			t.Errorf("ParseLevel(%q) is %v, %v", level, got, err)
		}
	}
	if _, err := ParseLevel("severe"); err == nil {
		t.Error("ParseLevel takes severe")
	}
}

// Most of what a program waits for before its first answer.
func BenchmarkLoad(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		m, err := Parse(models.Default)
		if err != nil {
			b.Fatal(err)
		}
		if m.file.SHA256 != Default().file.SHA256 {
			b.Fatalf("model %s, want %s", m.file.SHA256, Default().file.SHA256)
		}
	}
}

func BenchmarkScore(b *testing.B) {
	s := Default().NewScorer()
	for name, text := range map[string]string{
		"name":     "zis32msdi3example.com",
		"odd name": "cdn01.example-modern.com",
		"IDN":      "xn--mnchen-3ya.de",
		"URL":      "https://accounts.example.co.uk/signin/v2/identifier?service=mail&flow=webapp",
	} {
		b.Run(name, func(b *testing.B) {
			want, err := Default().Score(text)
			if err != nil {
				b.Fatal(err)
			}
			b.ReportAllocs()
			for b.Loop() {
				if got, _ := s.Score(text); got != want {
					b.Fatalf("score is %v, want %v", got, want)
				}
			}
		})
	}
}

func TestParseReadsWhatOpenReads(t *testing.T) {
	m, err := Parse(models.Default)
	if err != nil {
		t.Fatal(err)
	}
	if got, want := m.Info().SHA256, Default().Info().SHA256; got != want {
		t.Errorf("the model is %s, want %s", got, want)
	}
	if _, err := Parse([]byte("snow")); err == nil || !strings.HasPrefix(err.Error(), "reading model: ") {
		t.Errorf("a damaged model gives %v", err)
	}
}

func TestCanonical(t *testing.T) {
	if got, err := Canonical("hxxps://WWW.GitHub[.]com:443/"); got != "github.com" || err != nil {
		t.Errorf("%q (%v), want github.com", got, err)
	}
	for _, test := range []struct {
		text string
		want error
	}{
		{"", ErrNoHost},
		{"/index.html", ErrNoHost},
		{strings.Repeat("a", MaxLength+1), ErrTooLong},
		{strings.Repeat("%", MaxLength), ErrTooLong},
	} {
		if got, err := Canonical(test.text); got != "" || !errors.Is(err, test.want) {
			t.Errorf("%.20q is %q (%v), want %v", test.text, got, err, test.want)
		}
	}
}

// A Scorer knows hosts and registered domains; a new one does not.
func TestWhatAScorerKnowsChangesNoScore(t *testing.T) {
	random := rand.New(rand.NewPCG(3, 4))
	s := Default().NewScorer()
	hosts := make([]string, 3000) // more than it knows
	for i := range hosts {
		hosts[i] = madeUpName(random)
	}
	texts := make([]string, 6000)
	for i := range texts {
		texts[i] = hosts[min(random.IntN(len(hosts)), random.IntN(len(hosts)))] + []string{"", "/", "/login", "/a?b=c"}[random.IntN(4)]
		if random.IntN(3) == 0 {
			texts[i] = madeUpLabel(random, 2, 6) + "." + texts[i]
		}
	}
	want, errs := make([]float64, len(texts)), 0
	for i, text := range texts {
		var err error
		if want[i], err = s.scoreOne(text, nil); err != nil {
			errs++
		}
	}
	for first := 0; first < len(texts); first += 300 {
		if _, err := s.Families(texts[first], 1); err != nil { // a batch of its own
			t.Fatal(err)
		}
		s.ClassifyAll(texts[first:first+300], func(i int, verdict Verdict, err error) {
			if verdict.Score != want[first+i] {
				t.Fatalf("text %d, %q: %v, want %v", first+i, texts[first+i], verdict.Score, want[first+i])
			}
		})
	}
	if errs > 0 {
		t.Errorf("%d texts have no score", errs)
	}
}

func TestWhatAScorerKnowsChangesNoSymbols(t *testing.T) {
	const text = "a.login-example.com/b"
	m := Default()
	var first [3]any
	for i := range 3 {
		if _, err := m.Score(text); err != nil {
			t.Fatal(err)
		}
		symbols, err := m.Symbols(text)
		if err != nil {
			t.Fatal(err)
		}
		families, err := m.Families(text, 2)
		if err != nil {
			t.Fatal(err)
		}
		explanation, err := m.Explain(text)
		if err != nil {
			t.Fatal(err)
		}
		answers := [3]any{symbols, slices.Clone(families), explanation}
		if i == 0 {
			first = answers
		}
		if !reflect.DeepEqual(answers, first) {
			t.Fatalf("the answers are %+v, then %+v", first, answers)
		}
	}
}
