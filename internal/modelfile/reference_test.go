package modelfile

import (
	"bytes"
	"math"
	"reflect"
	"strings"
	"testing"
)

// newReference returns a reference of texts spread over the bins.
func newReference() *Reference {
	r := &Reference{Suffixes: []string{"com", "se"}, Months: []MonthCount{{"2025-12", 3}, {"2026-01", 5}}}
	for i := range 1000 {
		r.Names.Add("name.com", float64(i)/1000)
	}
	r.Names.NewSuffixes = 4
	return r
}

func TestAReferenceAndOwnLevelsAreReadBack(t *testing.T) {
	m := newModel(t)
	m.Metadata.Reference = newReference()
	m.Metadata.Thresholds[1].Own = &OwnLevel{AlarmsPerDay: 5, Days: .5, EachOnce: true, Set: "2026-11-28"}
	read, err := ParseModel(writeModel(t, m))
	if err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(read.Metadata, m.Metadata) {
		t.Errorf("got %+v, want %+v", read.Metadata, m.Metadata)
	}
}

func TestWhatNoReferenceCanBeIsRefused(t *testing.T) {
	for name, test := range map[string]struct {
		spoil func(m *Metadata)
		want  string
	}{
		"a count below 0":       {func(m *Metadata) { m.Reference.Names.LogOdds[3] = -1 }, "a count is -1"},
		"other bins":            {func(m *Metadata) { m.Reference.Names.LogOdds = []int{1000} }, "1 bins and 95 characters"},
		"other texts":           {func(m *Metadata) { m.Reference.Names.Texts = 7 }, "the bins have 1000 texts, want 7"},
		"more new suffixes":     {func(m *Metadata) { m.Reference.Names.NewSuffixes = 1001 }, "1001 of 1000 texts"},
		"texts without bins":    {func(m *Metadata) { m.Reference.URLs.Texts = 1 }, "0 bins"},
		"suffixes out of order": {func(m *Metadata) { m.Reference.Suffixes[1] = "a" }, `suffix "a"`},
		"a month that is none":  {func(m *Metadata) { m.Reference.Months[0].Month = "2025" }, `the month "2025"`},
		"no day of own levels":  {func(m *Metadata) { m.Thresholds[0].Own = &OwnLevel{AlarmsPerDay: 1, Days: 1} }, "want the day"},
		"own levels of no day":  {func(m *Metadata) { m.Thresholds[0].Own = &OwnLevel{Set: "2026-11-28"} }, "0 days"},
		"alarms that are endless": {func(m *Metadata) {
			m.Thresholds[0].Own = &OwnLevel{AlarmsPerDay: math.Inf(1), Days: 1, Set: "2026-11-28"}
		}, "+Inf alarms"},
	} {
		t.Run(name, func(t *testing.T) {
			m := newModel(t)
			m.Metadata.Reference = newReference()
			test.spoil(&m.Metadata)
			if err := m.Write(&bytes.Buffer{}); err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("the error is %v, want %q", err, test.want)
			}
		})
	}
}

func TestBinsHoldTheirScores(t *testing.T) {
	for bin := range Bins {
		inside := BinStart(bin) + (BinStart(bin+1)-BinStart(bin))/2
		if got := Bin(inside); got != bin {
			t.Errorf("score %v is in bin %d, want %d", inside, got, bin)
		}
	}
	for score, want := range map[float64]int{0: 0, 1: Bins - 1, .5: Bins / 2} {
		if got := Bin(score); got != want {
			t.Errorf("score %v is in bin %d, want %d", score, got, want)
		}
	}
}

func TestPartsHaveTheirShareAndAllBins(t *testing.T) {
	var even, lumpy, alike ReferenceTexts
	for i := range 10_000 {
		even.Add("a", 1/(1+math.Exp(-(float64(i)/500-10))))
		lumpy.Add("a", []float64{.001, .001, .001, .2, .9}[i%5])
		alike.Add("a", .3)
	}
	for _, test := range []struct {
		name  string
		texts *ReferenceTexts
		parts int
	}{{"texts of all scores", &even, 11}, {"few scores", &lumpy, 3}, {"one score", &alike, 1}, {"none", &ReferenceTexts{}, 0}} {
		t.Run(test.name, func(t *testing.T) {
			parts := test.texts.Parts()
			if len(parts) != test.parts {
				t.Errorf("%d parts, want %d: %v", len(parts), test.parts, parts)
			}
			next, texts := 0, 0
			for _, p := range parts {
				if p.First != next || p.End <= p.First || p.Texts == 0 {
					t.Errorf("part %+v, want it to begin at %d", p, next)
				}
				next, texts = p.End, texts+p.Texts
			}
			if len(parts) > 0 && next != Bins || texts != test.texts.Texts {
				t.Errorf("the parts end at %d with %d texts", next, texts)
			}
		})
	}
}
