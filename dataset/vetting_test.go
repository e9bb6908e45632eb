package dataset

import (
	"slices"
	"testing"
)

func TestVettedNames(t *testing.T) {
	lists := []Source{
		{File: "old", ListYear: 2013}, {File: "new", ListYear: 2020}, {File: "new2", ListYear: 2021},
		{File: "history", Dated: true}, {File: "links", Hosts: true, Curated: true}, {File: "other"}, {File: "bad"},
	}
	for _, test := range []struct {
		name  string
		files map[string]string
		want  []string
	}{
		{"on two lists years apart", map[string]string{"old.tsv": table("a.com 0", "b.com 0"), "new.tsv": table("a.com 0", "c.com 0")}, []string{"a.com"}},
		{"on two lists, by other names of one domain",
			map[string]string{"old.tsv": table("x.a.com 0"), "new.tsv": table("y.a.com 0")}, []string{"x.a.com", "y.a.com"}},
		{"on two lists of almost the same time", map[string]string{"new.tsv": table("a.com 0"), "new2.tsv": table("a.com 0")}, nil},
		{"twice on one list", map[string]string{"old.tsv": table("a.com 0", "a.com 0", "x.a.com 0")}, nil},
		{"years apart on one list", map[string]string{"history.tsv": table("a.com 0 - - 2016", "a.com 0 - - 2026-01-02")}, nil},
		{"on a list, and years apart on a dated one",
			map[string]string{"new.tsv": table("a.com 0", "b.com 0"), "history.tsv": table("a.com 0 - - 2016-05", "b.com 0 - - 2019-05")}, []string{"a.com"}},
		{"on a list, and on a dated one from then until years later",
			map[string]string{"old.tsv": table("a.com 0"), "history.tsv": table("a.com 0 - - 2014", "a.com 0 - - 2024")}, []string{"a.com"}},
		{"on a dated list without a date", map[string]string{"old.tsv": table("a.com 0"), "history.tsv": table("a.com 0")}, nil},
		{"on a list and a file that is none", map[string]string{"old.tsv": table("a.com 0"), "other.tsv": table("a.com 0 - - 2026")}, nil},
		{"behind a curated link", map[string]string{"links.tsv": table("http://a.com/b 0")}, []string{"a.com"}},
		{"an address, a suffix, or what only looks like a name, behind a curated link",
			map[string]string{"links.tsv": table("http://192.0.2.1/b 0", "github.io/b 0", "thereisnolink 0", "a.onlyhere/b 0")}, nil},
		{"behind a curated link and on a malicious list",
			map[string]string{"links.tsv": table("a.com/b 0"), "bad.tsv": table("evil.a.com 1 malware")}, nil},
		{"on two lists and a malicious one",
			map[string]string{"old.tsv": table("a.com 0", "b.com 0"), "new.tsv": table("a.com 0", "b.com 0"), "bad.tsv": table("a.com/b 1 phishing")}, []string{"b.com"}},
		{"a URL is no name, a user of free hosting is one",
			map[string]string{"links.tsv": table("u.github.io/b 0", "v.github.io 0")}, []string{"u.github.io", "v.github.io"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			recipe := Recipe{Share: map[Part]float64{Calibrate: 0.999999}, VettedYears: 2}
			for _, list := range lists {
				if _, given := test.files[list.File+".tsv"]; given {
					recipe.Sources = append(recipe.Sources, list)
				}
			}
			set := build(t, recipe, test.files)
			var names []string
			for _, vetted := range set.Vetted {
				if !vetted.IsURL() {
					names = append(names, vetted.Text)
				}
			}
			slices.Sort(names)
			if !slices.Equal(names, test.want) {
				t.Errorf("vetted are %q, want %q", names, test.want)
			}
		})
	}
}

func TestVettedTextsAreNotSampledAndKeepTheirPart(t *testing.T) {
	recipe := Recipe{
		Share:   map[Part]float64{Calibrate: 0.5},
		Sources: []Source{{File: "links", Curated: true, Rows: 10}},
	}
	set := build(t, recipe, map[string]string{"links.tsv": table(manyRows(200, "a", "0")...)})
	inPart := make(map[Part]int)
	for _, vetted := range set.Vetted {
		inPart[vetted.Part]++
		if vetted.Domain != registeredDomain(t, vetted.Text) {
			t.Errorf("the domain of %q is %q", vetted.Text, vetted.Domain)
		}
	}
	if len(set.Parts[Calibrate]) != 10 || len(set.Vetted) != 200 || inPart[Calibrate] < 80 || inPart[Calibrate]+inPart[Train] != 200 {
		t.Errorf("calibrate has %d rows, the vetted names are in %v; want 10, and about 100 of 200 in calibrate, the others in train", len(set.Parts[Calibrate]), inPart)
	}
}
