package retrain

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/snowman-ml/snowman"
	"github.com/snowman-ml/snowman/dataset"
	"github.com/snowman-ml/snowman/eval"
	"github.com/snowman-ml/snowman/internal/modelfile"
	"github.com/snowman-ml/snowman/report"
)

func TestParseRules(t *testing.T) {
	const standard = "feeds=0.002,levels=1,newest=0.02,older=0.02,kinds=0.03,traffic=0.25,popular=0.25,accepted=0.25,mine=0.25"
	for _, test := range []struct{ list, want string }{
		{"", standard},
		{"older=0.05,traffic=off", strings.NewReplacer("older=0.02", "older=0.05", "traffic=0.25", "traffic=off").Replace(standard)},
		{"mine=0", strings.Replace(standard, "mine=0.25", "mine=0", 1)},
	} {
		rules, err := ParseRules(test.list)
		if err != nil || rules.String() != test.want {
			t.Errorf("%q: %v (%v), want %s", test.list, rules, err, test.want)
		}
		if again, err := ParseRules(rules.String()); err != nil || again.String() != test.want {
			t.Errorf("%q: read again: %v (%v)", test.list, again, err)
		}
	}
	for _, list := range []string{"old=1", "older", "older=", "older=-1", "older=NaN", "older=Inf", "older=off,older=1", "older=1,older=1", "=1"} {
		if rules, err := ParseRules(list); err == nil {
			t.Errorf("%q gives %v, want an error", list, rules)
		}
	}
}

func TestALevelThatRestsOnTooFewIsRefused(t *testing.T) {
	of := func(benign int) (measured []snowman.Threshold) {
		for level, rate := range map[snowman.Level]float64{snowman.Low: 1e-2, snowman.Medium: 1e-3, snowman.High: 1e-4} {
			measured = append(measured, snowman.Threshold{Level: level, FalsePositiveRate: rate, Benign: benign})
		}
		return measured
	}
	for _, test := range []struct {
		name          string
		before, after []snowman.Threshold
		fewest        float64
		want          int // reasons
	}{
		{"four names in place of many", of(381_070), of(4), 1, 3},
		{"enough for low and medium", of(381_070), of(9_999), 1, 1},
		{"enough", of(381_070), of(10_000), 1, 0},
		{"fewer are asked for", of(381_070), of(9_999), 0.5, 0},
		{"the present model has no more", of(50), of(4), 1, 0},
	} {
		reasons := judgeLevels(test.before, test.after, test.fewest)
		if len(reasons) != test.want {
			t.Errorf("%s: %q, want %d reasons", test.name, reasons, test.want)
		}
	}
	if reasons := judgeLevels(of(381_070)[:1], of(4), 1); !strings.Contains(strings.Join(reasons, ""), " would rest on 4 benign names (now: 381070), want at least ") {
		t.Errorf("the reason is %q", reasons)
	}
}

func TestTheNewestMonthHasEnoughRows(t *testing.T) {
	of := func(month string, count int) []dataset.Row {
		return slices.Repeat([]dataset.Row{{Malicious: true, Date: month + "-05"}}, count)
	}
	for _, test := range []struct {
		rows        []dataset.Row
		since, said string
	}{
		{slices.Concat(of("2026-01", 50), of("2026-02", 20)), "2026-02", "2026-02"},
		{slices.Concat(of("2026-01", 50), of("2026-02", 4)), "2026-01", "2026-01 to 2026-02"},
		{slices.Concat(of("2025-12", 10), of("2026-01", 10), of("2026-02", 9)), "2025-12", "2025-12 to 2026-02"},
		{slices.Concat(of("2026-01", 15), of("2026-02", 4)), "", ""},
		{append(of("2026-01", 50), slices.Repeat([]dataset.Row{{Malicious: true, Kind: dataset.DGA, Date: "2026-09-01"}}, 50)...), "2026-01", "2026-01"},
	} {
		if since, said := newestMonths(test.rows); since != test.since || said != test.said {
			t.Errorf("the newest are since %q, %q, want %q, %q", since, said, test.since, test.said)
		}
	}
}

func TestAShortListOfPopularNamesReplacesNone(t *testing.T) {
	long, half := slices.Repeat([]string{"a.example"}, 100), slices.Repeat([]string{"b.example"}, 50)
	present := &present{file: &modelfile.Model{Metadata: modelfile.Metadata{Imitated: long}}}
	for _, test := range []struct {
		made []string
		want string
		note string
	}{
		{half, "b.example", ""},
		{half[1:], "a.example", "the data make a list of 49 popular names: that of the present model stays, which has 100"},
		{nil, "a.example", "the recipe makes no list of popular names: that of the present model stays"},
	} {
		r, set := &run{present: present}, &dataset.Set{Imitated: test.made}
		r.keepPopular(set)
		if notes := strings.Join(r.compared.Notes, "\n"); set.Imitated[0] != test.want || notes != test.note {
			t.Errorf("of %d names the list is of %s: %q, want %s: %q", len(test.made), set.Imitated[0], notes, test.want, test.note)
		}
	}
}

func TestOwnRowsThatCallAPopularNameMaliciousAreSaid(t *testing.T) {
	present, err := openPresent("no such file")
	if err != nil {
		t.Fatal(err)
	}
	mine := filepath.Join(t.TempDir(), "mine.tsv")
	if err := os.WriteFile(mine, []byte("text\tlabel\ngithub.com\t1\ngithub.com/some/one\t1\ngoogle.com\t0\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	r := &run{Options: Options{Mine: []string{mine}}, present: present}
	if err := r.readMine(t.Context()); err != nil {
		t.Fatal(err)
	}
	if want := []string{"own rows call 1 popular names malicious, the bare names and not only URLs below them: github.com"}; !slices.Equal(r.compared.Notes, want) {
		t.Errorf("the notes are %q, want %q", r.compared.Notes, want)
	}
}

func TestWhatContradictsPopularNames(t *testing.T) {
	for text, contradicts := range map[string]int{
		"popular.example": 1, "popular.example:8080": 1, "www.popular.example": 1, "popular.example:8080/": 1,
		"popular.example/login": 0, "sub.popular.example": 0, "other.example": 0,
	} {
		p := newPart()
		p.add(dataset.Row{Text: text, Malicious: true}, domainOf(text), known{popular: map[string]bool{"popular.example": true}})
		if p.AgainstPopular != contradicts {
			t.Errorf("%s: %d contradict, want %d", text, p.AgainstPopular, contradicts)
		}
	}
}

func TestWhatIsNoFileBesideTheModelIsRefusedBeforehand(t *testing.T) {
	model := filepath.Join(t.TempDir(), "model")
	if err := checkBeside(model); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{recordPath(model), acceptedPath(model), checkpointPath(model), model + ".json"} {
		if err := os.Mkdir(path, 0o755); err != nil {
			t.Fatal(err)
		}
		_, err := Run(t.Context(), Options{Model: model, Data: t.TempDir()})
		if err == nil || !strings.Contains(err.Error(), "is not a regular file") {
			t.Errorf("with a folder at %q: %v", path, err)
		}
		if err := os.Remove(path); err != nil {
			t.Fatal(err)
		}
		if err := os.Symlink(model+".victim", path); err != nil {
			continue
		}
		if err := checkBeside(model); err == nil {
			t.Errorf("a link at %q is followed", path)
		}
		if err := os.Remove(path); err != nil {
			t.Fatal(err)
		}
	}
}

func TestAModelThatIsReplacedWithoutWhatIsBesideIsSaid(t *testing.T) {
	present, err := openPresent("no such file")
	if err != nil {
		t.Fatal(err)
	}
	n, err := newNext(present.file)
	if err != nil {
		t.Fatal(err)
	}
	r := &run{Options: Options{Model: filepath.Join(t.TempDir(), "model")}, present: present}
	if err := os.Mkdir(recordPath(r.Model), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := r.replace(n, &dataset.Set{}); !errors.Is(err, ErrBeside) {
		t.Errorf("it ends with %v, want %v", err, ErrBeside)
	}
	if _, err := openPresent(r.Model); err != nil {
		t.Error(err)
	}
}

func TestAFallWithinNoiseIsNone(t *testing.T) {
	for _, test := range []struct {
		before, after, total int
		falls                bool
	}{
		{90, 85, 100, false},
		{90, 70, 100, true},
		{9000, 8500, 10_000, true},
		{0, 3, 10_000, false},
		{3, 0, 10_000, false},
		{40, 0, 10_000, true},
		{0, 0, 0, false},
	} {
		before, after := eval.Proportion{Count: test.before, Total: test.total}, eval.Proportion{Count: test.after, Total: test.total}
		if fall := leastFall(before, after); (fall > 0) != test.falls {
			t.Errorf("%d to %d of %d: falls by %v at least", test.before, test.after, test.total, fall)
		}
	}
}

// rates are those of an age with 10,000 benign and 1,000 malicious rows.
func rates(area float64, found int) report.Page {
	points := []eval.OperatingPoint{{
		Limit:          0.01,
		FalsePositives: eval.Proportion{Count: 100, Total: 10_000},
		TruePositives:  eval.Proportion{Count: found, Total: 1000},
	}, {
		Limit:          0.0001,
		FalsePositives: eval.Proportion{Count: 1, Total: 10_000},
		TruePositives:  eval.Proportion{Count: found / 2, Total: 1000},
	}}
	overall := eval.Rates{Benign: 10_000, Malicious: 1000, AUC: &area, OperatingPoints: points}
	return report.Page{Result: eval.Result{Overall: overall, ByKind: []eval.Group{{Name: "dga", Rates: overall}}}}
}

func TestJudge(t *testing.T) {
	reached := func(counts ...int) (all []eval.Proportion) {
		for _, count := range counts {
			all = append(all, eval.Proportion{Count: count, Total: 10_000})
		}
		return all
	}
	ages := func(name string, before, after report.Page) report.Retraining {
		return report.Retraining{Ages: []report.Age{{Name: name, Before: before, After: after}}}
	}
	texts := func(name string, malicious bool, before, after []eval.Proportion) report.Retraining {
		return report.Retraining{Levels: []string{"low", "high"}, Texts: []report.TextsAtLevels{{Name: name, Malicious: malicious, Before: before, After: after}}}
	}
	for _, test := range []struct {
		name     string
		compared report.Retraining
		off      string
		want     []string // parts of the reasons
	}{
		{"the same", ages(newest, rates(.99, 900), rates(.99, 900)), "", nil},
		{"better", ages(newest, rates(.99, 700), rates(.999, 900)), "", nil},
		{"found less", ages(newest+", 2026-02", rates(.99, 900), rates(.99, 800)), "", []string{"TPR at FPR 0.01 falls from 0.900 to 0.800 (900 and 800 of 1000)", "TPR of dga"}},
		{"the rule for another age is off", ages(newest, rates(.99, 900), rates(.99, 800)), "older", []string{"TPR at", "TPR of dga"}},
		{"its own rules are off", ages(older, rates(.99, 900), rates(.99, 800)), "older kinds", nil},
		{"the area falls", ages(older, rates(.99, 900), rates(.9, 900)), "", []string{"AUC falls from 0.9900 to 0.9000"}},
		{"more alarms", texts("traffic", false, reached(100, 1), reached(200, 2)), "", []string{"more traffic at low and above: 100 before, 200 after, of 10000"}},
		{"a few more", texts("traffic", false, reached(100, 1), reached(110, 4)), "", nil},
		{"fewer", texts("popular names", false, reached(100, 50), reached(10, 0)), "", nil},
		{"own names found no more", texts("own malicious", true, reached(9000, 100), reached(5000, 100)), "", []string{"fewer own malicious at low"}},
		{"own alarms, which nobody asked about", texts("own benign", false, reached(100, 1), reached(900, 1)), "mine", nil},
	} {
		t.Run(test.name, func(t *testing.T) {
			rules := DefaultRules()
			for rule := range strings.FieldsSeq(test.off) {
				delete(rules, rule)
			}
			reasons := rules.judge(&test.compared)
			if len(reasons) != len(test.want) {
				t.Fatalf("the reasons are %q, want %d", reasons, len(test.want))
			}
			for i, want := range test.want {
				if !strings.Contains(reasons[i], want) {
					t.Errorf("reason %d is %q, want %q", i+1, reasons[i], want)
				}
			}
			if len(test.compared.Ages) > 0 && test.off == "" && !strings.Contains(fmt.Sprint(test.compared.Notes), "TPR at FPR 0.0001 is not judged: 10000 benign rows") {
				t.Errorf("the notes are %q", test.compared.Notes)
			}
		})
	}
}

func TestAcceptedRowsAreBoundedAndStay(t *testing.T) {
	of := func(from, to int, malicious bool) (rows []dataset.Row) {
		for i := from; i < to; i++ {
			rows = append(rows, dataset.Row{Text: fmt.Sprintf("n%d.example", i), Malicious: malicious})
		}
		return rows
	}
	first := keepAccepted(of(0, maxAccepted+10, false), nil)
	if len(first) != maxAccepted {
		t.Fatalf("%d rows are kept, want %d", len(first), maxAccepted)
	}
	second := keepAccepted(of(maxAccepted, maxAccepted+1000, true), first)
	benign := 0
	for _, row := range second {
		if !row.Malicious {
			benign++
		}
	}
	if malicious := len(second) - benign; malicious != 1000 || benign < maxAccepted-20 {
		t.Errorf("%d benign and %d malicious rows are kept", benign, malicious)
	}
}

func TestMostFrequent(t *testing.T) {
	f := newFrequent()
	for _, text := range strings.Fields("b a c a b") {
		f.add(text)
	}
	if text, share := f.most(); text != "a" || share != (eval.Proportion{Count: 2, Total: 5}) {
		t.Errorf("most often is %q, %+v", text, share)
	}
}

func TestOwnRowsWeighOneInAHundred(t *testing.T) {
	for _, test := range []struct {
		own, others int
		want        float32
	}{{10, 20_000, 20}, {10, 1_000_000, maxWeight}, {1000, 1000, 1}, {0, 10, 0}} {
		set := &dataset.Set{}
		for range test.own {
			set.Parts[dataset.Train] = append(set.Parts[dataset.Train], dataset.Row{Source: "mine", Weight: 1})
		}
		for range test.others {
			set.Parts[dataset.Train] = append(set.Parts[dataset.Train], dataset.Row{Source: "feed", Weight: 1})
		}
		weigh(set, map[string]bool{"mine": true})
		for _, row := range set.Parts[dataset.Train] {
			if want := map[string]float32{"mine": test.want, "feed": 1}[row.Source]; row.Weight != want {
				t.Fatalf("%d own rows and %d others: a row of %s weighs %v, want %v", test.own, test.others, row.Source, row.Weight, want)
			}
		}
	}
}

func TestThePageHasTheRules(t *testing.T) {
	page, err := os.ReadFile("../../docs/retraining.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, rule := range ruleTable {
		if row := fmt.Sprintf("\n| `%s` | %v | ", rule.name, rule.allowed); !strings.Contains(string(page), row) {
			t.Errorf("docs/retraining.md has no row %q", row)
		}
	}
}
