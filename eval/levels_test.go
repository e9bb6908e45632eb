package eval

import (
	"reflect"
	"testing"
)

func TestByLevelCountsTheRowsThatReachEachLevel(t *testing.T) {
	m := Meter{Levels: []Level{{Name: "low", Threshold: 0.5}, {Name: "high", Threshold: 0.9}}}
	for _, e := range []Example{
		{Score: 0.5, Source: "b", Malicious: true},
		{Score: 0.95, Source: "b", Malicious: true, Kind: "dga"},
		{Score: 0.1, Source: "b"},
		{Score: 0.6, Source: "a"},
		{Score: 0.4, Source: "a", Month: "2026-01"},
		{Score: 0.9, Source: "a", Month: "2026-01"},
		{Score: 0.9},
	} {
		m.Add(e)
	}
	want := []LevelGroup{
		{"a", false, []Proportion{{2, 3}, {1, 3}}},
		{"b", false, []Proportion{{0, 1}, {0, 1}}},
		{"b", true, []Proportion{{2, 2}, {1, 2}}},
	}
	if got := m.Result().ByLevel; !reflect.DeepEqual(got, want) {
		t.Errorf("by level: %v, want %v", got, want)
	}
}

func TestURLsHaveLevelsOfTheirOwn(t *testing.T) {
	m := Meter{Levels: []Level{{Name: "low", Threshold: 0.5, URLThreshold: 0.7}, {Name: "high", Threshold: 0.9}}}
	for _, score := range []float64{0.6, 0.8, 0.95} {
		m.Add(Example{Score: score, Source: "names"})
		m.Add(Example{Score: score, Source: "urls", IsURL: true})
	}
	want := []LevelGroup{
		{"names", false, []Proportion{{3, 3}, {1, 3}}},
		{"urls", false, []Proportion{{2, 3}, {1, 3}}},
	}
	if got := m.Result().ByLevel; !reflect.DeepEqual(got, want) {
		t.Errorf("by level: %v, want %v", got, want)
	}
	c := Compare([]float64{0.6, 0.6}, []float64{0.8, 0.8}, []bool{false, true}, []bool{false, true}, m.Levels)
	if c.LevelChanges.Count != 1 {
		t.Errorf("%d levels change, want that of the URL", c.LevelChanges.Count)
	}
}

func TestByHostCountsTheRowsOfEachKindOfHost(t *testing.T) {
	m := Meter{Levels: []Level{{Name: "low", Threshold: 0.5}}}
	for _, e := range []Example{
		{Score: 0.6, Source: "a", Host: "IP address"},
		{Score: 0.4, Source: "b", Host: "IP address"},
		{Score: 0.7, Source: "b", Host: "IP address", Malicious: true},
		{Score: 0.7, Source: "b", Host: "free hosting"},
		{Score: 0.7, Source: "b"},
	} {
		m.Add(e)
	}
	want := []LevelGroup{
		{"IP address", false, []Proportion{{1, 2}}},
		{"free hosting", false, []Proportion{{1, 1}}},
		{"IP address", true, []Proportion{{1, 1}}},
	}
	if got := m.Result().ByHost; !reflect.DeepEqual(got, want) {
		t.Errorf("by host: %v, want %v", got, want)
	}
}

func TestByGroupAndCountryCountBenignRows(t *testing.T) {
	m := Meter{Levels: []Level{{Name: "low", Threshold: 0.5}}}
	for i := range 1000 {
		m.Add(Example{Score: float64(i) / 1000, Group: "small sites", Country: ".br"})
	}
	for range 999 {
		m.Add(Example{Score: 0.1, Group: "popular", Country: ".kz"})
	}
	m.Add(Example{Score: 0.9, Malicious: true, Group: "small sites", Country: ".br"})
	m.Add(Example{Score: 0.9})
	got := m.Result()
	if want := []LevelGroup{{"popular", false, []Proportion{{0, 999}}}, {"small sites", false, []Proportion{{500, 1000}}}}; !reflect.DeepEqual(got.ByGroup, want) {
		t.Errorf("by group: %v, want %v", got.ByGroup, want)
	}
	if want := []LevelGroup{{".br", false, []Proportion{{500, 1000}}}}; !reflect.DeepEqual(got.ByCountry, want) {
		t.Errorf("by country: %v, want %v", got.ByCountry, want)
	}
}

func TestWhatIsNoPublicNameReachesNoLevel(t *testing.T) {
	m := Meter{Levels: []Level{{Name: "low", Threshold: 0.5}}}
	m.Add(Example{Score: 0.9, Source: "a", Malicious: true, NotPublic: true})
	m.Add(Example{Score: 0.9, Source: "a", Malicious: true})
	if got, want := m.Result().ByLevel, []LevelGroup{{"a", true, []Proportion{{1, 2}}}}; !reflect.DeepEqual(got, want) {
		t.Errorf("by level: %v, want %v", got, want)
	}
}

func TestPopularNamesAreInNoFigureButTheirOwn(t *testing.T) {
	levels := []Level{{Name: "low", Threshold: 0.5}, {Name: "medium", Threshold: 0.8}}
	without, with := Meter{Levels: levels}, Meter{Levels: levels}
	for i := range 10 {
		for _, m := range []*Meter{&without, &with} {
			m.Add(Example{Score: float64(i) / 10, Source: "list", Kind: "benign"})
			m.Add(Example{Score: float64(i) / 9, Source: "feed", Malicious: true})
		}
	}
	with.Add(Example{Score: 0.95, Source: "list", Kind: "benign", Popular: true})
	with.Add(Example{Score: 0.1, Source: "list", Kind: "benign", Popular: true})
	with.Add(Example{Score: 0.99, Source: "feed", Malicious: true, Popular: true})
	got, want := with.Result(), without.Result()
	rows := got.Popular
	if got.Popular = nil; !reflect.DeepEqual(got, want) || !reflect.DeepEqual(with.Curves(), without.Curves()) {
		t.Errorf("got %+v, want %+v", got, want)
	}
	if want := (PopularRows{2, 1, []LevelGroup{
		{"list", false, []Proportion{{6, 12}, {2, 12}}}, // 5 and 2 of the others
		{"feed", true, []Proportion{{6, 11}, {2, 11}}},
	}}); rows == nil || !reflect.DeepEqual(*rows, want) {
		t.Errorf("popular are %+v, want %+v", rows, want)
	}
	if want.Popular != nil {
		t.Errorf("without popular names there are %+v", want.Popular)
	}
}

func TestWithoutLevelsNothingIsCountedByLevel(t *testing.T) {
	var m Meter
	m.Add(Example{Score: 1, Source: "a", Host: "IP address"})
	if r := m.Result(); r.Levels != nil || r.ByLevel != nil || r.ByHost != nil {
		t.Errorf("levels %v, by level %v, by host %v, want none", r.Levels, r.ByLevel, r.ByHost)
	}
}
