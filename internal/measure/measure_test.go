package measure

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/snowman-ml/snowman"
	"github.com/snowman-ml/snowman/allow"
	"github.com/snowman-ml/snowman/dataset"
	"github.com/snowman-ml/snowman/eval"
	"github.com/snowman-ml/snowman/internal/modelfile"
)

// toy is a model whose answers can be worked out by hand: a q in the host is low and dga, an x is
// medium and phishing, a z is high and malware.
func toy(t *testing.T) *snowman.Model {
	t.Helper()
	model, err := snowman.Open("../../web/testdata/toy.safetensors")
	if err != nil {
		t.Fatal(err)
	}
	return model
}

var rows = []dataset.Row{
	{Text: "example.org", Kind: dataset.Benign, Source: "list"},
	{Text: "zebra.org", Kind: dataset.Benign, Source: "list"},
	{Text: "192.0.2.1/q", Kind: dataset.Benign, Source: "list"},
	{Text: "qa.com", Malicious: true, Kind: dataset.DGA, Family: "seen", Source: "feed"},
	{Text: "qb.com", Malicious: true, Kind: dataset.DGA, Family: "new", Source: "feed"},
	{Text: "za.com/login", Malicious: true, Source: "feed"},
}

func TestPage(t *testing.T) {
	path := filepath.Join(t.TempDir(), "list.txt")
	if err := os.WriteFile(path, []byte("zebra.org\nqa.com\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	list, problems, err := allow.Open(path)
	if err != nil || len(problems) > 0 {
		t.Fatal(problems, err)
	}
	e := Evaluation{Model: toy(t), Rows: rows, Seen: dataset.Seen{Families: map[string]bool{"seen": true}}, Allow: list}
	page, err := e.Page(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	names := func(groups []eval.Group) (names []string) {
		for _, g := range groups {
			names = append(names, g.Name)
		}
		return names
	}
	if got, want := names(page.Result.ByKind), []string{"benign", "dga", "dga, family not seen", "malicious"}; !slices.Equal(got, want) {
		t.Errorf("the kinds are %q, want %q", got, want)
	}
	if got, want := *page.Result.Allowed, (eval.AllowedRows{Benign: eval.Proportion{Count: 1, Total: 3}, Malicious: eval.Proportion{Count: 1, Total: 3}}); got != want {
		t.Errorf("on the list are %+v, want %+v", got, want)
	}
	if page.Result.Families != nil {
		t.Errorf("families are named: %+v", page.Result.Families)
	}
	hosts := page.Result.ByHost
	if !slices.ContainsFunc(hosts, func(g eval.LevelGroup) bool { return g.Name == "IP address" && g.Reached[0].Total == 1 }) {
		t.Errorf("the hosts are %+v, want an IP address", hosts)
	}
	worst := page.FalsePositives[0]
	if worst.Text != "zebra.org" || !worst.Allowed || worst.IsURL || worst.Source != "list" || worst.Kind != dataset.Benign || worst.Score < .9 {
		t.Errorf("the worst false positive is %+v", worst)
	}
	if missed := page.FalseNegatives[len(page.FalseNegatives)-1]; missed.Text != "za.com/login" || !missed.IsURL {
		t.Errorf("the malicious row with the highest score is %+v", missed)
	}
	if got := len(page.Curves.Overall.Points); got < 3 {
		t.Errorf("the curve has %d points", got)
	}
}

func TestRowsAreCountedByGroup(t *testing.T) {
	e := Evaluation{Model: toy(t), Rows: rows, Groups: map[string]string{"list": "popular"}}
	page, err := e.Page(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	want := []eval.LevelGroup{{Name: "popular", Reached: []eval.Proportion{{Count: 1, Total: 3}, {Count: 1, Total: 3}, {Count: 1, Total: 3}}}}
	if got := page.Result.ByGroup; !reflect.DeepEqual(got, want) { // 192.0.2.1/q is low, and no public name
		t.Errorf("by group: %+v, want %+v", got, want)
	}
	e.Groups = nil
	if page, err = e.Page(t.Context()); err != nil || len(page.Result.ByGroup) != 1 || page.Result.ByGroup[0].Name != "list" {
		t.Errorf("without groups there are %+v, error %v; want that of the source", page.Result.ByGroup, err)
	}
}

func TestNamesThatTheModelKnowsAreInNoFigure(t *testing.T) {
	e := Evaluation{Model: toy(t), Rows: rows, Seen: dataset.Seen{Names: map[string]bool{"zebra.org": true}}}
	page, err := e.Page(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if got := page.Result.Overall.Benign; got != 2 {
		t.Errorf("%d benign rows, want 2", got)
	}
	if got := page.Result.Popular; got == nil || got.Benign != 1 || got.WithRule[0].Reached[0].Total != 3 || got.WithRule[0].Reached[0].Count != 1 || got.WithRule[0].Reached[1].Count != 0 {
		t.Errorf("popular are %+v, want 1 of 3 rows that is low and no more", got)
	}
	for _, worst := range page.FalsePositives {
		if worst.Text == "zebra.org" {
			t.Error("a name that the model knows is among the worst")
		}
	}
}

func TestCompare(t *testing.T) {
	compared, err := Evaluation{Model: toy(t), Rows: rows}.Compare(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if !compared.WithinBounds || compared.Differing.Total != len(rows) || *compared.AUC != *compared.ExactAUC {
		t.Errorf("the toy in int8 differs: %+v", compared)
	}
}

func TestAStoppedMeasurementSaysSo(t *testing.T) {
	ctx, stop := context.WithCancel(t.Context())
	stop()
	e := Evaluation{Model: toy(t), Rows: rows}
	if _, err := e.Page(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("the error is %v", err)
	}
	if _, err := e.Compare(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("the error of a comparison is %v", err)
	}
}

func TestRowsThatCannotBeScoredAreNamed(t *testing.T) {
	_, err := ROC(t.Context(), toy(t), []dataset.Row{{Text: "a.com:port"}})
	if err == nil || !strings.Contains(err.Error(), `scoring "a.com:port": `) {
		t.Errorf("the error is %v", err)
	}
}

func TestOnly(t *testing.T) {
	all := Evaluation{Rows: rows}
	if urls, names := all.Only(true).Rows, all.Only(false).Rows; len(urls) != 2 || len(names) != 4 || len(all.Rows) != 6 {
		t.Errorf("%d URLs and %d names of %d rows, want 2 and 4 of 6", len(urls), len(names), len(all.Rows))
	}
}

func TestLevelsHaveThresholdsForURLs(t *testing.T) {
	info := toy(t).Info()
	info.URLThresholds = slices.Clone(info.Thresholds)
	info.URLThresholds[2].Score = .95
	levels := Levels(info)
	if want := (eval.Level{Name: "high", Threshold: .9, URLThreshold: .95}); len(levels) != 3 || levels[2] != want {
		t.Errorf("the levels are %+v, want the last to be %+v", levels, want)
	}
}

func TestPerturbedNamesAreMadeOfPopularVettedOnes(t *testing.T) {
	set := &dataset.Set{Vetted: []dataset.Vetted{
		{Text: "popular.org", Domain: "popular.org", Part: dataset.Report, Popular: true},
		{Text: "www2.popular.org", Domain: "popular.org", Part: dataset.Report, Popular: true},
		{Text: "rare.org", Domain: "rare.org", Part: dataset.Report},
		{Text: "other.org", Domain: "other.org", Part: dataset.Calibrate, Popular: true},
	}}
	made := perturbedRows(set, dataset.Report)
	if len(made) != 2 || made[0].Text != "popular.org" || made[0].Malicious || !made[1].Malicious || !strings.HasSuffix(made[1].Text, ".org") {
		t.Errorf("the rows are %+v", made)
	}
	result, err := Perturbed(toy(t), set, dataset.Report)
	if err != nil || result.Overall.Benign != 1 || result.Overall.Malicious != 1 {
		t.Errorf("got %+v with error %v", result.Overall, err)
	}
	if _, err := Perturbed(toy(t), set, dataset.Choose); err == nil || !strings.Contains(err.Error(), "no name is left to change") {
		t.Errorf("the error without names is %v", err)
	}
}

func TestKeepMeasuresWhatTheFileWillSay(t *testing.T) {
	file, err := modelfile.Open("../../web/testdata/toy.safetensors")
	if err != nil {
		t.Fatal(err)
	}
	set := &dataset.Set{Vetted: []dataset.Vetted{
		{Text: "example.org", Part: dataset.Calibrate}, {Text: "zoo.org", Part: dataset.Calibrate},
		{Text: "zoo.org/map", Part: dataset.Calibrate}, {Text: "zulu.org", Part: dataset.Train},
	}}
	set.Parts[dataset.Report] = rows
	result, err := Keep(t.Context(), file, set)
	if err != nil || result.Overall.Malicious != 3 {
		t.Fatalf("got %+v with error %v", result.Overall, err)
	}
	var written bytes.Buffer
	if err := file.Write(&written); err != nil {
		t.Fatal(err)
	}
	model, err := snowman.Parse(written.Bytes())
	if err != nil {
		t.Fatal(err)
	}
	var figures struct {
		Overall       eval.Rates   `json:"overall"`
		HighestVetted []scoredName `json:"highest_vetted"`
	}
	if err := json.Unmarshal(model.Info().Figures, &figures); err != nil {
		t.Fatal(err)
	}
	if figures.Overall.Malicious != 3 || len(figures.HighestVetted) != 2 || figures.HighestVetted[0].Name != "zoo.org" {
		t.Errorf("the file says %+v", figures)
	}
	if r := model.Reference(); r == nil || r.Names.Texts != 2 || r.URLs.Texts != 1 || r.Names.LogOdds[modelfile.Bin(.95266)] != 1 {
		t.Errorf("the reference is %+v", r)
	}
}

func TestTheReferenceIsOfWhatWasNotTrainedOn(t *testing.T) {
	train := func(n int, text, date string) (rows []dataset.Row) {
		for range n {
			rows = append(rows, dataset.Row{Text: text, Malicious: true, Date: date})
		}
		return rows
	}
	set := &dataset.Set{Vetted: []dataset.Vetted{
		{Text: "set-aside.co.uk", Part: dataset.Calibrate}, {Text: "reported.se/path", Part: dataset.Report},
		{Text: "trained.com", Part: dataset.Train}, {Text: "google.com", Part: dataset.Report},
	}}
	set.Parts[dataset.Train] = slices.Concat(train(20, "z.co.uk", "2026-02-03"), train(19, "z.se", "2026-01"), train(1, "192.0.2.1", "2025"))
	r, err := NewReference(t.Context(), toy(t), set)
	if err != nil {
		t.Fatal(err)
	}
	if r.Names.Texts != 1 || r.Names.NewSuffixes != 0 || r.URLs.Texts != 1 || r.URLs.NewSuffixes != 1 || r.Names.Characters[modelfile.Character('-')] != 1 {
		t.Errorf("names %+v, URLs %+v", r.Names, r.URLs)
	}
	if !slices.Equal(r.Suffixes, []string{"co.uk"}) || !slices.Equal(r.Months, []modelfile.MonthCount{{Month: "2026-01", Rows: 19}, {Month: "2026-02", Rows: 20}}) {
		t.Errorf("suffixes %q, months %v", r.Suffixes, r.Months)
	}
	set.Vetted, set.Parts[dataset.Report] = nil, rows
	if r, err = NewReference(t.Context(), toy(t), set); err != nil || r.Names.Texts != 1 || r.URLs.Texts != 0 { // example.org and 192.0.2.1/q are no public names
		t.Errorf("without vetted texts: %+v, error %v", r, err)
	}
}
