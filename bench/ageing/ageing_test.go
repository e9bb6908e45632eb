package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/snowman-ml/snowman/dataset"
)

// writeData writes labelled files of four months, and a recipe, and returns the arguments of a run.
func writeData(t *testing.T) []string {
	t.Helper()
	folder := t.TempDir()
	write := func(name, content string) {
		if err := os.WriteFile(filepath.Join(folder, name), []byte(content), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	const header = "text\tlabel\tkind\tfamily\tdate\n"
	files := map[string]*strings.Builder{}
	add := func(file, text string, label int, kind, date string) {
		if files[file] == nil {
			files[file] = new(strings.Builder)
			files[file].WriteString(header)
		}
		fmt.Fprintf(files[file], "%s\t%d\t%s\t\t%s\n", text, label, kind, date)
	}
	for m, month := range []string{"2024-12", "2025-01", "2025-02", "2025-03", "2025-04"} {
		for i := range 80 {
			date := fmt.Sprintf("%s-%02d", month, 1+i%28)
			add("domain_tweetfeed_domains", fmt.Sprintf("login%d-verify%d.top", i, m), 1, "phishing", date)
			add("url_tweetfeed_urls", fmt.Sprintf("https://pay%d-x%d.top/wp/login.php", i, m), 1, "phishing", date)
			add("domain_polkadot", fmt.Sprintf("coin%d-drop%d.xyz", i, m), 1, "phishing", date)
		}
	}
	for i := range 20 {
		add("domain_tweetfeed_domains", fmt.Sprintf("undated%d.top", i), 1, "phishing", "")
	}
	for i := range 2000 {
		add("domain_old_list", fmt.Sprintf("garden%dhouse.com", i), 0, "benign", "")
		add("domain_new_list", fmt.Sprintf("garden%dhouse.com", i), 0, "benign", "")
		add("url_links", fmt.Sprintf("https://paper%d.org/2024/news", i), 0, "benign", "")
	}
	recipe := `{"seed": 1, "vetted_years": 2, "sources": [`
	for i, name := range []string{"domain_tweetfeed_domains", "url_tweetfeed_urls", "domain_polkadot", "url_links"} {
		write(name+".tsv", files[name].String())
		recipe += fmt.Sprintf(`%s{"file": %q, "rows": 5000, "weight": 0.5}`, ", "[:min(2*i, 2)], name)
	}
	write("domain_old_list.tsv", files["domain_old_list"].String())
	write("domain_new_list.tsv", files["domain_new_list"].String())
	recipe += `, {"file": "domain_old_list", "list_year": 2013}, {"file": "domain_new_list", "list_year": 2025}]}`
	write("recipe.json", recipe)
	return []string{
		"-data", folder, "-recipe", filepath.Join(folder, "recipe.json"), "-work", filepath.Join(folder, "work"),
		"-dates", "2025-01,2025-03", "-months", "2", "-one-in", "1", "-epochs", "1", "-filters", "8",
	}
}

// TestRunGoesOnWhereItWas runs a small experiment, again with some models missing, and another one
// in its folder.
func TestRunGoesOnWhereItWas(t *testing.T) {
	args := writeData(t)
	folder := t.TempDir()
	figures := filepath.Join(folder, "figures.json")
	args = append(args, "-json", figures, "-pictures", folder)
	var first, second, log bytes.Buffer
	if err := run(context.Background(), args, &first, &log); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(figures)
	if err != nil {
		t.Fatal(err)
	}
	var f found
	if err := json.Unmarshal(text, &f); err != nil {
		t.Fatal(err)
	}
	// A new model as of each of four months, and one more of each way and date.
	if want := 4 + 2*len(fromWays); len(f.Models) != want {
		t.Errorf("%d models, want %d", len(f.Models), want)
	}
	if len(f.Ways) == 0 || len(f.Ages) == 0 || f.Rows.BenignNames == 0 || f.Rows.BenignURLs == 0 {
		t.Errorf("figures are missing: %s", text)
	}
	for _, w := range allWays {
		if !strings.Contains(first.String(), wayNames[w]) {
			t.Errorf("the tables lack %q:\n%s", wayNames[w], first.String())
		}
	}
	for _, name := range []string{"ageing-light.svg", "ageing-dark.svg"} {
		if svg, err := os.ReadFile(filepath.Join(folder, name)); err != nil || !bytes.Contains(svg, []byte("</svg>")) {
			t.Errorf("%s: %v", name, err)
		}
	}

	work := args[slices.Index(args, "-work")+1]
	for _, missing := range []string{"new-2025-02", "from-sample-2025-03-2025-04"} {
		if err := os.Remove(filepath.Join(work, missing+".json")); err != nil {
			t.Fatal(err)
		}
	}
	log.Reset()
	if err := run(context.Background(), args, &second, &log); err != nil {
		t.Fatal(err)
	}
	if lines := strings.Count(log.String(), "\n"); lines != 2 {
		t.Errorf("the second run says %q, want two models", log.String())
	}
	withoutTimes := func(tables string) string { // they stand in the second column of some tables
		var b strings.Builder
		for line := range strings.Lines(tables) {
			cells := strings.Split(line, "|")
			b.WriteString(strings.Join(slices.Delete(cells, min(2, len(cells)), min(3, len(cells))), "|"))
		}
		return b.String()
	}
	if withoutTimes(first.String()) != withoutTimes(second.String()) {
		t.Errorf("the second run gives\n%s\nwant\n%s", second.String(), first.String())
	}

	if err := os.Remove(filepath.Join(work, "new-2025-02.json")); err != nil {
		t.Fatal(err)
	}
	var kept bytes.Buffer
	log.Reset()
	if err := run(context.Background(), append(args, "-kept"), &kept, &log); err != nil || log.Len() > 0 || kept.Len() == 0 {
		t.Errorf("what is there gives %q, the error %v, and %q is done", kept.String(), err, log.String())
	}

	err = run(context.Background(), append(args, "-epochs", "2"), &second, &log)
	if err == nil || !strings.Contains(err.Error(), "another experiment") {
		t.Errorf("another experiment in the same folder: %v", err)
	}
}

func TestModelsKnowNothingLater(t *testing.T) {
	s := newTestSession(t)
	for _, m := range []month{"2025-01", "2025-03"} {
		rows := s.asOf(m)
		set := s.set(m, rows)
		for _, row := range slices.Concat(rows, set.Parts[dataset.Choose]) {
			if row.Malicious && row.Date >= string(m) {
				t.Errorf("as of %s, %q of %s is known", m, row.Text, row.Date)
			}
			if row.Malicious && row.Date == "" {
				t.Errorf("as of %s, %q without a date is known", m, row.Text)
			}
		}
		if len(rows) == 0 || len(set.Parts[dataset.Choose]) == 0 {
			t.Errorf("as of %s nothing is known", m)
		}
	}
}

func TestJudgedRowsAreOfDomainsThatAreNew(t *testing.T) {
	s := newTestSession(t)
	trained := make(map[string]bool)
	for _, row := range slices.Concat(s.rows.Benign, s.rows.Closed) {
		trained[row.Text] = true
	}
	for _, row := range slices.Concat(s.rows.JudgedNames, s.rows.JudgedURLs) {
		if trained[row.Text] {
			t.Errorf("%q is trained on and judged", row.Text)
		}
	}
	for m, j := range s.rows.Judged {
		if len(j.Names) < fewest || len(j.URLs) < fewest {
			t.Errorf("%s has %d names and %d URLs", m, len(j.Names), len(j.URLs))
		}
		for _, row := range slices.Concat(j.Names, j.URLs) {
			if row.Month() != string(m) {
				t.Errorf("%q of %s is judged in %s", row.Text, row.Date, m)
			}
		}
	}
}

func newTestSession(t *testing.T) *session {
	t.Helper()
	args := writeData(t)
	x := experiment{log: &bytes.Buffer{}, data: args[1], recipe: args[3], work: t.TempDir()}
	x.Dates, x.Months, x.OneIn = []month{"2025-01", "2025-03"}, 2, 1
	r, err := x.readRows(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	return &session{experiment: x, rows: r}
}

func TestJudgeLeavesOut(t *testing.T) {
	row := func(text, date string) dataset.Row {
		return dataset.Row{Text: text, Malicious: true, Kind: dataset.Phishing, Date: date, Source: "domain_tweetfeed_domains"}
	}
	other := row("other-source.com", "2025-03-01")
	other.Source = "domain_maltrail"
	set := &dataset.Set{}
	set.Parts[dataset.Train] = []dataset.Row{
		row("a.known.com", "2025-02-01"), row("b.known.com", "2025-03-01"),
		row("new.com", "2025-03-02"), row("www2.new.com", "2025-03-03"), row("url.com/x", "2025-03-03"),
		row("good.com/bad", "2025-03-03"), row("192.0.2.1:8080", "2025-03-03"), row("192.0.2.2/x.sh", "2025-03-03"), other, {Text: "good.com", Kind: dataset.Benign},
	}
	x := experiment{}
	x.Dates, x.Months, x.OneIn = []month{"2025-03"}, 1, 1
	j := x.divide(set).Judged["2025-03"]
	texts := func(rows []dataset.Row) (texts []string) {
		for _, row := range rows {
			texts = append(texts, row.Text)
		}
		return texts
	}
	if got := texts(j.Names); !slices.Equal(got, []string{"new.com"}) {
		t.Errorf("names %q", got)
	}
	if got := texts(j.URLs); !slices.Equal(got, []string{"url.com/x", "192.0.2.2/x.sh"}) {
		t.Errorf("URLs %q", got)
	}
	if j.Known != 1 || j.Siblings != 1 || j.Benign != 1 || j.Enough != 0 || j.Addresses != 1 {
		t.Errorf("left out %+v", *j)
	}
}

func TestLimited(t *testing.T) {
	r := rows{Caps: capsOf(dataset.Recipe{Sources: []dataset.Source{{File: "a", Rows: 25, FamilyRows: 11}}}, 10)}
	var all []dataset.Row
	for i := range 9 {
		all = append(all, dataset.Row{Source: "a", Family: fmt.Sprint("f", i%2)}, dataset.Row{Source: "b"})
	}
	counts := make(map[string]int)
	for _, row := range r.limited(all) {
		counts[row.Source+row.Family]++
	}
	if counts["af0"] != 2 || counts["af1"] != 1 || counts["b"] != 9 {
		t.Errorf("%v, want 2 and 1 of the families of a, and 9 of b", counts)
	}
}

func TestWeigh(t *testing.T) {
	own := make([]dataset.Row, ownConfirmed+ownClosed)
	others := []dataset.Row{{Weight: 1}, {Weight: 3}}
	weigh(own, others)
	total := float32(0)
	for _, row := range own {
		total += row.Weight
	}
	if math.Abs(float64(total)-.4) > 1e-3 {
		t.Errorf("200 rows weigh %v beside 4, want .4", total)
	}
}

func TestMonths(t *testing.T) {
	if got := month("2024-11").plus(3); got != "2025-02" {
		t.Errorf("three months after 2024-11 is %s", got)
	}
	if got := month("2025-02").since("2023-11"); got != 15 {
		t.Errorf("2025-02 is %d months after 2023-11", got)
	}
	for _, bad := range []string{"", "2025-13", "2025-02,2025-02", "2025-02-01"} {
		if _, err := parseMonths(bad); err == nil {
			t.Errorf("%q is taken for months", bad)
		}
	}
	x := experiment{}
	x.Dates, x.Months = []month{"2025-01", "2025-03", "2026-01"}, 3
	want := []month{"2025-01", "2025-02", "2025-03", "2025-04", "2025-05", "2026-01", "2026-02", "2026-03"}
	if got := x.judgedMonths(); !slices.Equal(got, want) {
		t.Errorf("months %v, want %v", got, want)
	}
}

func TestEstimate(t *testing.T) {
	e := newEstimate([]float64{1, 2, 3, 4, 5, 6})
	// The standard error is sqrt(3.5/6), Student's quantile for 5 degrees of freedom 2.571.
	if want := 3.5 - 2.571*math.Sqrt(3.5/6); math.Abs(e.Mean-3.5) > 1e-9 || math.Abs(e.Low-want) > 1e-9 || e.Count != 6 {
		t.Errorf("%+v, want 3.5 from %v", e, want)
	}
	if e := newEstimate(nil); e.Count != 0 {
		t.Errorf("of nothing: %+v", e)
	}
}

// handMade are models of which the new one of a month finds 80 of 100 in that month, and 10 fewer
// with each month of age.
func handMade(x experiment) []trained {
	var models []trained
	for _, asOf := range x.judgedMonths() {
		m := trained{Name: string(asOf), AsOf: asOf}
		for _, now := range x.judgedMonths() {
			if age := now.since(asOf); age >= 0 {
				m.Cells = append(m.Cells, cell{Month: now, Subject: names, Malicious: 100, Found: [2]int{max(0, 80-10*age), 0}})
			}
		}
		models = append(models, m)
	}
	for _, w := range fromWays {
		for _, date := range x.Dates {
			for k := 1; k < x.Months; k++ {
				kept := map[way]int{fromAll: 85, fromOldAll: 75, fromSample: 70, fromOldSample: 65, fromOwn: 60}[w]
				models = append(models, trained{AsOf: date.plus(k), Way: w, Date: date, Cells: []cell{
					{Month: date.plus(k), Subject: names, Malicious: 100, Found: [2]int{kept, 0}},
				}})
			}
		}
	}
	return models
}

func TestFigures(t *testing.T) {
	x := experiment{}
	x.Dates, x.Months = []month{"2024-01", "2024-03", "2025-01"}, 4
	s := &session{experiment: x, rows: &rows{Judged: make(map[month]*judged)}, models: handMade(x)}
	for _, m := range x.judgedMonths() {
		s.rows.Judged[m] = new(judged)
	}
	f := s.compare()
	is := func(what string, got, want float64) {
		t.Helper()
		if math.Abs(got-want) > 1e-9 {
			t.Errorf("%s: %v, want %v", what, got, want)
		}
	}
	tpr := measures[0]
	is("never, months 2 to 4", f.way(never, names, tpr).Value.Mean, .6)
	is("new each month", f.way(monthly, names, tpr).Value.Mean, .8)
	is("its gain", f.way(monthly, names, tpr).Gain.Mean, .2)
	is("its newer rows", f.way(monthly, names, tpr).Newer.Mean, .2)
	is("from all", f.way(fromAll, names, tpr).Gain.Mean, .25)
	is("its newer rows", f.way(fromAll, names, tpr).Newer.Mean, .1)
	is("from own: newer rows", f.way(fromOwn, names, tpr).Newer.Mean, -.05)
	is("its gain after the second date", f.way(monthly, names, tpr).ByDate["2024-03"], .2)
	is("from sample over a new one", f.way(fromSample, names, tpr).Fresh.Mean, -.1)
	is("never, month 4", f.way(never, names, tpr).ByMonth[3].Value.Mean, .5)
	is("new each month, gain in month 4", f.way(monthly, names, tpr).ByMonth[3].Gain.Mean, .3)
	for age := 1; age <= 5; age++ {
		loss, ok := f.loss(names, tpr, span{age, age})
		if !ok {
			t.Fatalf("nothing is said of the age %d", age)
		}
		is(fmt.Sprint("age ", age), loss.Mean, float64(age)/10)
	}
	if lost, ok := f.lossEvery(names, tpr, 3); !ok || math.Abs(lost-.1) > 1e-9 {
		t.Errorf("a new model every three months loses %v, want .1: nothing, .1 and .2", lost)
	}
	if _, ok := f.lossEvery(names, tpr, 12); ok {
		t.Error("a new model every twelve months has a figure, without models of that age")
	}
	if loss, ok := f.loss(names, tpr, span{7, 7}); !ok || loss.Mean < .6 {
		t.Errorf("age 7, across the months that are not judged: %+v", loss)
	}
}

func TestChance(t *testing.T) {
	x := experiment{}
	x.Dates, x.Months, x.Seeds = []month{"2024-01"}, 1, 2
	model := func(seed uint64, count int) trained {
		return trained{AsOf: "2024-01", Seed: seed, Cells: []cell{{Month: "2024-01", Subject: names, Malicious: 100, Found: [2]int{count, 0}}}}
	}
	got := x.chance([]trained{model(1, 50), model(2, 54)}, names, measures[0])
	if math.Abs(got.SD-.04/math.Sqrt2) > 1e-9 || got.Models != 2 {
		t.Errorf("%+v, want a standard deviation of .04/√2 of two models", got)
	}
}

func TestPoints(t *testing.T) {
	for want, e := range map[string]estimate{
		"+1.2 (-0.5 to +3.0)": {Mean: .0123, Low: -.005, High: .03, Count: 6},
		"+1.0":                {Mean: .01, Low: .01, High: .01, Count: 1},
		"+0.0 (+0.0 to +0.0)": {Mean: -.0001, Low: -.0002, High: .0001, Count: 6},
		"-":                   {},
	} {
		if got := points(e); got != want {
			t.Errorf("%+v is %q, want %q", e, got, want)
		}
	}
}

func TestBadArguments(t *testing.T) {
	for _, args := range [][]string{
		{}, {"-data", "x", "-recipe", "y"}, {"more"},
		{"-data", "x", "-recipe", "y", "-work", "z", "-dates", "2025"},
		{"-data", "x", "-recipe", "y", "-work", "z", "-months", "0"},
	} {
		if err := run(context.Background(), args, &bytes.Buffer{}, &bytes.Buffer{}); err == nil {
			t.Errorf("%q is run", args)
		}
	}
}
