package report

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"github.com/snowman-ml/snowman/eval"
)

// stored is what a model file keeps of an evaluation.
func stored(t testing.TB, page Page) []byte {
	t.Helper()
	data, err := json.Marshal(NewKept(page.Result, page.Curves))
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func TestKeptKeepWhatChartsShow(t *testing.T) {
	page := small()
	read, err := ReadKept(stored(t, page), page.Result.Levels)
	if err != nil {
		t.Fatal(err)
	}
	want := Charts(page)
	for i, got := range Charts(read) {
		switch got.Name {
		case "families": // which are left out
		default:
			if string(got.SVG()) != string(want[i].SVG()) {
				t.Errorf("%s differs from the chart of the evaluation itself", got.Name)
			}
		}
	}
	if got, want := read.LevelTable(), page.LevelTable(); !slices.EqualFunc(got, want, slices.Equal) || len(got) != 3 {
		t.Errorf("levels by source are %v, want %v", got, want)
	}
	if got, want := read.KindTable(), page.KindTable(); !slices.EqualFunc(got, want, slices.Equal) || len(got) != 4 {
		t.Errorf("figures by kind are %v, want %v", got, want)
	}
}

func TestKeptOfAnEvaluationWithoutSomeRows(t *testing.T) {
	for name, examples := range map[string][]eval.Example{
		"nothing":      nil,
		"no benign":    {{Score: .5, Malicious: true, Kind: "malicious", Source: "black", Month: "2024-01"}},
		"no malicious": {{Score: .5, Kind: "benign", Source: "white", Month: "2024-01"}},
		"no labels":    {{Score: .5}, {Score: .6, Malicious: true}},
		"no month":     {{Score: .5}, {Score: .6, Malicious: true, Month: "yesterday"}},
	} {
		t.Run(name, func(t *testing.T) {
			page := pageOf(examples)
			read, err := ReadKept(stored(t, page), page.Result.Levels)
			if err != nil {
				t.Fatal(err)
			}
			want := Charts(page)
			for i, got := range Charts(read) {
				if string(got.SVG()) != string(want[i].SVG()) {
					t.Errorf("%s differs from the chart of the evaluation itself", got.Name)
				}
			}
		})
	}
}

func TestKeptKeepRowsByGroupCountryAndHost(t *testing.T) {
	m := eval.Meter{Levels: []eval.Level{{Name: "low", Threshold: .5}, {Name: "high", Threshold: .9}}}
	for i := range 2000 {
		m.Add(eval.Example{Score: float64(i) / 2000, Source: "list", Group: []string{"small sites", "popular"}[i%2], Country: ".br", Host: "sub-domain"})
	}
	page := Page{Result: m.Result(), Curves: m.Curves()}
	read, err := ReadKept(stored(t, page), page.Result.Levels)
	if err != nil {
		t.Fatal(err)
	}
	if got, want := read.GroupTable(), page.GroupTable(); !slices.EqualFunc(got, want, slices.Equal) || len(got) != 4 {
		t.Errorf("by kind of site and country are %v, want %v", got, want)
	}
	if got, want := read.HostTable(), page.HostTable(); !slices.EqualFunc(got, want, slices.Equal) || len(got) != 2 {
		t.Errorf("by kind of host are %v, want %v", got, want)
	}
	// Where each source is its own kind, one table of both is enough.
	m = eval.Meter{Levels: m.Levels}
	m.Add(eval.Example{Score: .1, Source: "list", Group: "list"})
	page = Page{Result: m.Result(), Curves: m.Curves()}
	if read, err := ReadKept(stored(t, page), page.Result.Levels); err != nil || len(read.Result.ByGroup) != 0 {
		t.Errorf("groups that are sources are kept: %v, error %v", read.Result.ByGroup, err)
	}
}

func TestReadKeptOfAnOlderFile(t *testing.T) {
	for name, data := range map[string]string{
		"none":            "",
		"null":            "null",
		"without curves":  `{"overall": {"benign": 3, "malicious": 2, "auc": 0.5, "operating_points": []}, "by_kind": []}`,
		"with more in it": `{"overall": {"benign": 3, "malicious": 2}, "of_next_year": {"by_month": 7}}`,
	} {
		t.Run(name, func(t *testing.T) {
			page, err := ReadKept([]byte(data), nil)
			if err != nil || len(page.Curves.Overall.Points) > 0 {
				t.Errorf("%d points and %v, want none and no error", len(page.Curves.Overall.Points), err)
			}
			Charts(page)
		})
	}
}

func TestReadKeptRefusesWhatDoesNotGoTogether(t *testing.T) {
	point := `{"limit": 0.01, "threshold": 0.5, "false_positives": {"count": 1, "total": 9}, "true_positives": {"count": 1, "total": 9}}`
	overall := `"overall": {"benign": 9, "malicious": 9, "operating_points": [` + point + `]}`
	for name, test := range map[string]struct{ data, want string }{
		"no JSON":                          {`{`, "unexpected end"},
		"another type":                     {`{"curves": 7}`, "cannot unmarshal"},
		"benign rows below 0":              {`{"overall": {"benign": -1}}`, "-1 benign and 0 malicious rows"},
		"malicious rows of a kind below 0": {`{"by_kind": [{"name": "dga", "malicious": -7}]}`, "0 benign and -7 malicious rows"},
		"more families right than named":   {`{"families": {"top_1": {"count": 5, "total": 1}}}`, "5 of 1 families"},
		"a kind of fewer points":           {`{` + overall + `, "by_kind": [{"name": "dga"}]}`, `kind "dga" has 0 operating points, want 1`},
		"more found than there are":        {`{"overall": {"operating_points": [{"true_positives": {"count": 3, "total": 2}}]}}`, "3 of 2"},
		"a month of more points":           {`{"by_month": [{"month": "2024-01", "malicious": 3, "found": [1]}]}`, `month "2024-01"`},
		"a month of more than there are":   {`{` + overall + `, "by_month": [{"month": "2024-01", "malicious": 3, "found": [4]}]}`, `month "2024-01"`},
		"a source of fewer levels":         {`{"by_level": [{"source": "feed", "rows": 3, "reached": []}]}`, `source "feed"`},
		"a group of fewer levels":          {`{"by_group": [{"name": "popular", "rows": 3, "reached": []}]}`, `source "popular"`},
		"a curve of unequal sides":         {`{"overall": {"benign": 9}, "curves": [{"malicious": 9, "false_positives": [1], "true_positives": []}]}`, "none of a curve"},
		"a curve that turns":               {`{"overall": {"benign": 9}, "curves": [{"malicious": 9, "false_positives": [2, 1], "true_positives": [1, 2]}]}`, "none of a curve"},
		"a curve of more than there are":   {`{"overall": {"benign": 9}, "curves": [{"malicious": 9, "false_positives": [1], "true_positives": [10]}]}`, "none of a curve"},
		"more curves than can be shown":    {`{"curves": [` + strings.Repeat(`{},`, 16) + `{}]}`, "more groups"},
		"more bins than scores between":    {`{"score_edges": [0, 1], "scores": [{"rows": [1, 2]}]}`, "in 2 bins, want 1"},
		"no bins":                          {`{"scores": [{"rows": []}]}`, "in 0 bins"},
		"bins that are not in their order": {`{"score_edges": [1, 0], "scores": [{"rows": [1]}]}`, "want ascending"},
		"fewer rows than none":             {`{"score_edges": [0, 1], "scores": [{"rows": [-1]}]}`, "in 1 bins"},
		"a change that more survive":       {`{"changes": [{"change": "a path", "kinds": [{"kind": "dga", "host": [2, 1]}]}]}`, `change "a path" survive 2 of 1`},
		"more changes than can be shown":   {`{"changes": [` + strings.Repeat(`{},`, 200) + `{}]}`, "201 changes"},
		"a change of too many kinds":       {`{"changes": [{"kinds": [` + strings.Repeat(`{},`, 16) + `{}]}]}`, "17 kinds"},
		"a bin of more than there are":     {`{"calibration_bins": [{"truth": {"count": 2, "total": 1}}]}`, "2 of 1"},
	} {
		t.Run(name, func(t *testing.T) {
			if _, err := ReadKept([]byte(test.data), nil); err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("the error is %v, want one with %q", err, test.want)
			}
		})
	}
}

// Whatever a model file says of its figures is refused, or can be shown.
func FuzzReadKept(f *testing.F) {
	f.Add(stored(f, small()))
	f.Add(stored(f, hostilePage("\u202e<script>")))
	f.Add([]byte(`{"overall": {"benign": 3, "malicious": 2, "operating_points": []}}`))
	f.Add([]byte(`{"overall": {"benign": 3, "malicious": -7, "operating_points": []}}`))
	f.Add([]byte(`{"families": {"top_1": {"count": 5, "total": 1}}}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		page, err := ReadKept(data, []eval.Level{{Name: "low", Threshold: .8}, {Name: "high", Threshold: .99}})
		if err != nil {
			return
		}
		for _, g := range append(page.Result.ByKind, eval.Group{Rates: page.Result.Overall}) {
			if g.Benign < 0 || g.Malicious < 0 {
				t.Errorf("%d benign and %d malicious rows of kind %q", g.Benign, g.Malicious, g.Name)
			}
		}
		if f := page.Result.Families; f != nil && (f.Top1.Count < 0 || f.Top1.Count > f.Top1.Total) {
			t.Errorf("%d of %d families are named right", f.Top1.Count, f.Top1.Total)
		}
		Charts(page)
		page.KindTable()
		page.LevelTable()
		page.GroupTable()
		page.HostTable()
	})
}
