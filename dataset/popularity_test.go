package dataset

import (
	"slices"
	"strings"
	"testing"
)

func TestImitatedNames(t *testing.T) {
	sources := []Source{
		{File: "old", ListYear: 2013}, {File: "new", ListYear: 2026}, {File: "new2", ListYear: 2025}, {File: "links", Curated: true}, {File: "other"}, {File: "bad"},
	}
	listed := func(old, new []string, more map[string]string) map[string]string {
		files := map[string]string{"old.tsv": table(old...), "new.tsv": table(new...)}
		for name, file := range more {
			files[name] = file
		}
		return files
	}
	for _, test := range []struct {
		name  string
		files map[string]string
		want  string
	}{
		{"on two lists years apart", listed([]string{"paypal.com 0", "gone.com 0"}, []string{"www.paypal.com/a 0", "newer.com 0"}, nil), "paypal.com"},
		{"behind a curated link and elsewhere", map[string]string{"links.tsv": table("paypal.com/a 0"), "other.tsv": table("paypal.com 0")}, "paypal.com"},
		{"on lists of almost the same time", map[string]string{"new.tsv": table("paypal.com 0"), "new2.tsv": table("paypal.com 0")}, ""},
		{"on lists under two suffixes, the one with more rows", listed([]string{"wikis.org 0", "a.wikis.org 0"}, []string{"wikis.net 0"}, nil), "wikis.org"},
		{".com has more weight, even where it only has malicious guests",
			listed([]string{"google.it 0", "a.google.it 0"}, []string{"google.fr 0"}, map[string]string{"bad.tsv": table("docs.google.com/a 1 phishing")}), "google.com"},
		{"but not all", listed(
			[]string{"wikis.org 0", "a.wikis.org 0", "b.wikis.org 0", "c.wikis.org 0", "d.wikis.org 0", "e.wikis.org 0", "f.wikis.org 0"},
			[]string{"wikis.org/1 0", "wikis.org/2 0", "wikis.org/3 0", "wikis.org/4 0", "wikis.org/5 0", "wikis.com 0"}, nil), "wikis.org"},
		{"malicious lists have it by mistake, once", listed([]string{"paypal.com 0"}, []string{"a.paypal.com 0"}, map[string]string{"bad.tsv": table("paypal.com 1 phishing")}), "paypal.com"},
		{"malicious lists have it more often than others", listed([]string{"evilbank.net 0"}, []string{"evilbank.org 0"},
			map[string]string{"bad.tsv": table("evilbank.net 1 phishing", "evilbank.net 1 malware")}), "evilbank.org"},
		{"more than names it", listed([]string{"evilbank.net 0"}, []string{"other.net 0"}, map[string]string{
			"links.tsv": table("evilbank.net/a 0"), "bad.tsv": table("evilbank.net 1 phishing", "evilbank.net 1 malware", "evilbank.net 1")}), ""},
		{"what cannot be imitated", listed(
			[]string{"dhl.com 0", "12345.com 0", "münchen.de 0", "192.0.2.1 0", "com 0", "printer.localdomain 0", "octocat.github.io 0"},
			[]string{"dhl.com 0", "12345.com 0", "münchen.de 0", "192.0.2.1 0", "com 0", "printer.localdomain 0", "octocat.github.io 0"}, nil), ""},
		{"those first that more sources have, and more rows of them",
			listed([]string{"alpha.com 0", "bravo.com 0", "gamma.com 0"}, []string{"gamma.com 0", "bravo.com 0", "www1.bravo.com 0", "alpha.com 0"},
				map[string]string{"other.tsv": table("gamma.com/a 0")}), "gamma.com bravo.com alpha.com"},
		{"those first that malicious names hold",
			listed([]string{"alpha.com 0", "bravo.com 0", "gamma.com 0"}, []string{"alpha.com 0", "bravo.com 0", "gamma.com 0"}, map[string]string{"bad.tsv": table(
				"gamma-login.net 1 phishing", "gamma.evil.net 1 malware", "bravo-bravo.net 1 phishing", "x.bravo-bravo.net 1 phishing", "x.org/alpha 1 phishing", "gammas.net 1 phishing",
				"alpha-a.net 1 dga", "alpha-b.net 1 dga")}),
			"gamma.com bravo.com alpha.com"},
		{"only so many", listed(
			[]string{"alpha.com 0", "bravo.com 0", "gamma.com 0", "omega.com 0"}, []string{"omega.com 0", "gamma.com 0", "bravo.com 0", "alpha.com 0"}, nil),
			"alpha.com bravo.com gamma.com"},
	} {
		t.Run(test.name, func(t *testing.T) {
			recipe := Recipe{Share: map[Part]float64{}, VettedYears: 2, Imitated: 3}
			for _, source := range sources {
				if _, given := test.files[source.File+".tsv"]; given {
					recipe.Sources = append(recipe.Sources, source)
				}
			}
			set := build(t, recipe, test.files)
			if want := strings.Fields(test.want); !slices.Equal(set.Imitated, want) {
				t.Errorf("imitated are %q, want %q", set.Imitated, want)
			}
			if set.Account.Imitated != len(set.Imitated) {
				t.Errorf("the account says %d, the set has %d", set.Account.Imitated, len(set.Imitated))
			}
			recipe.Imitated = 0
			if set := build(t, recipe, test.files); set.Imitated != nil {
				t.Errorf("imitated are %q, asked for none", set.Imitated)
			}
		})
	}
}
