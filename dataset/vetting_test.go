package dataset

import (
	"maps"
	"slices"
	"testing"
)

func TestVettedNames(t *testing.T) {
	lists := []Source{
		{File: "old", ListYear: 2013}, {File: "new", ListYear: 2020}, {File: "new2", ListYear: 2021},
		{File: "history", Dated: true}, {File: "links", Hosts: true, Curated: true}, {File: "other"}, {File: "bad"},
		{File: "half", Curated: true, Collection: "one"}, {File: "half2", Curated: true, Collection: "one"},
		{File: "facts", Curated: true, Trusted: true},
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
		{"behind a curated link alone", map[string]string{"links.tsv": table("http://a.com/b 0", "x.a.com/c 0")}, nil},
		{"behind a curated link and anywhere else", map[string]string{"links.tsv": table("http://a.com/b 0"), "other.tsv": table("x.a.com 0")}, []string{"a.com", "x.a.com"}},
		{"in two files of one collection", map[string]string{"half.tsv": table("a.com 0"), "half2.tsv": table("a.com 0")}, nil},
		{"in two files of one collection and in another", map[string]string{"half.tsv": table("a.com 0"), "half2.tsv": table("a.com 0"), "other.tsv": table("a.com 0")}, []string{"a.com"}},
		{"an address, a suffix, or what only looks like a name, behind curated links",
			map[string]string{"links.tsv": table("http://8.8.4.4/b 0", "github.io/b 0", "thereisnolink 0", "a.onlyhere/b 0"),
				"half.tsv": table("http://8.8.4.4/c 0", "github.io/c 0", "thereisnolink 0", "a.onlyhere/c 0")}, nil},
		{"behind curated links and on a malicious list",
			map[string]string{"links.tsv": table("a.com/b 0"), "half.tsv": table("a.com 0"), "bad.tsv": table("evil.a.com 1 malware")}, nil},
		{"of a trusted source, also addresses, but nothing that is no public name",
			map[string]string{"facts.tsv": table("a.com 0", "8.8.4.4:8333 0", "192.168.0.1 0", "printer 0")}, []string{"8.8.4.4:8333", "a.com"}},
		{"of a trusted source, but other texts of the domain not", map[string]string{"facts.tsv": table("8.8.4.4:8333 0"), "other.tsv": table("8.8.4.4 0")}, []string{"8.8.4.4:8333"}},
		{"of a trusted source and on a malicious list",
			map[string]string{"facts.tsv": table("a.com 0", "8.8.4.4:8333 0"), "bad.tsv": table("evil.a.com 1 malware", "8.8.4.4/b 1 malware")}, nil},
		{"on two lists and a malicious one",
			map[string]string{"old.tsv": table("a.com 0", "b.com 0"), "new.tsv": table("a.com 0", "b.com 0"), "bad.tsv": table("a.com/b 1 phishing")}, []string{"b.com"}},
		{"a URL is no name, a user of free hosting is one",
			map[string]string{"links.tsv": table("u.github.io/b 0", "v.github.io 0"), "other.tsv": table("u.github.io 0", "v.github.io 0")}, []string{"u.github.io", "v.github.io"}},
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
		Sources: []Source{{File: "links", Curated: true, Rows: 10}, {File: "other"}},
	}
	rows := table(manyRows(200, "a", "0")...)
	set := build(t, recipe, map[string]string{"links.tsv": rows, "other.tsv": rows})
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

func TestAVettedTextHasTheGroupOfTheFirstSourceWithIt(t *testing.T) {
	recipe := Recipe{Share: map[Part]float64{}, Sources: []Source{
		{File: "top", Group: "popular"}, {File: "links", Group: "links", Curated: true, Hosts: true}, {File: "other"},
	}}
	set := build(t, recipe, map[string]string{
		"top.tsv": table("a.com 0"), "links.tsv": table("a.com/1 0", "b.com/1 0"), "other.tsv": table("b.com 0", "x.b.com 0"),
	})
	got := make(map[string]string)
	for _, vetted := range set.Vetted {
		got[vetted.Text] = vetted.Group
	}
	want := map[string]string{"a.com": "popular", "a.com/1": "links", "b.com": "links", "b.com/1": "links", "x.b.com": ""}
	if !maps.Equal(got, want) {
		t.Errorf("the groups are %v, want %v", got, want)
	}
	for _, row := range set.Parts[Train] {
		if got := set.Groups[row.Source]; got != want[row.Text] {
			t.Errorf("the source %q of %q has the group %q, want %q", row.Source, row.Text, got, want[row.Text])
		}
	}
	if got := set.Account.Sources[1].Group; got != "links" {
		t.Errorf("the account of links has the group %q", got)
	}
}

func TestCountry(t *testing.T) {
	for text, want := range map[string]string{
		"example.com": "", "example.com.br": ".br", "a.example.co.za:8443/x.uk": ".za", "xn--fiqs8s.xn--fiqs8s/a": ".xn--fiqs8s",
		"8.8.4.4": "", "8.8.4.4:81/a.de": "", "[2001:db8::1]:81": "", "br": "", "example.bar": "",
	} {
		if got := Country(text); got != want {
			t.Errorf("the country suffix of %q is %q, want %q", text, got, want)
		}
	}
}
