package eval

import (
	"reflect"
	"testing"
)

func TestByLevelCountsTheRowsThatReachEachLevel(t *testing.T) {
	m := Meter{Levels: []Level{{"low", 0.5}, {"high", 0.9}}}
	for _, e := range []Example{
		{Score: 0.5, Source: "b", Malicious: true},
		{Score: 0.95, Source: "b", Malicious: true, Kind: "dga"},
		{Score: 0.1, Source: "b"},
		{Score: 0.6, Source: "a"},
		{Score: 0.4, Source: "a", Month: "2026-01"},
		{Score: 0.9, Source: "a", Month: "2026-01"},
	} {
		m.Add(e)
	}
	want := []LevelGroup{
		{"a", false, []Proportion{{2, 3}, {1, 3}}},
		{"b", false, []Proportion{{0, 1}, {0, 1}}},
		{"b", true, []Proportion{{2, 2}, {1, 2}}},
	}
	if got := m.Figures().ByLevel; !reflect.DeepEqual(got, want) {
		t.Errorf("by level: %v, want %v", got, want)
	}
}

func TestWithoutLevelsNothingIsCountedByLevel(t *testing.T) {
	var m Meter
	m.Add(Example{Score: 1, Source: "a"})
	if r := m.Figures(); r.Levels != nil || r.ByLevel != nil {
		t.Errorf("levels %v, by level %v, want none", r.Levels, r.ByLevel)
	}
}
