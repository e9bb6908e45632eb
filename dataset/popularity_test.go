package dataset

import (
	"fmt"
	"slices"
	"strings"
	"testing"
)

func TestPopularNames(t *testing.T) {
	sources := []Source{
		{File: "old", ListYear: 2013}, {File: "new", ListYear: 2026}, {File: "new2", ListYear: 2025}, {File: "links", Curated: true},
		{File: "other"}, {File: "other2"}, {File: "other3"}, {File: "bad"}, {File: "bad2"}, {File: "bad3"},
	}
	listed := func(old, new []string, more map[string]string) map[string]string {
		files := map[string]string{"old.tsv": table(old...), "new.tsv": table(new...)}
		for name, file := range more {
			files[name] = file
		}
		return files
	}
	// phishing returns a file of malicious domains of a form.
	phishing := func(form string, count int) string {
		var rows []string
		for i := range count {
			rows = append(rows, strings.Replace(form, "#", fmt.Sprint("x", i), 1)+" 1 phishing")
		}
		return table(rows...)
	}
	var misspelt []string
	for name := range strings.FieldsSeq("viinteds vinnteds vintteds vinteeds vintedds vintedss vnteds viteds vineds vintds vniteds vitneds vinetds vintdes vintesd") {
		misspelt = append(misspelt, name+".com 1 phishing")
	}
	slips := table(misspelt...)
	for _, test := range []struct {
		name  string
		files map[string]string
		want  string
	}{
		{"on two lists years apart", listed([]string{"paypal.com 0", "gone.com 0"}, []string{"www.paypal.com/a 0", "newer.com 0"}, nil), "paypal.com"},
		{"behind a curated link and elsewhere", map[string]string{"links.tsv": table("paypal.com/a 0"), "other.tsv": table("paypal.com 0")}, "paypal.com"},
		{"on lists of almost the same time", map[string]string{"new.tsv": table("paypal.com 0"), "new2.tsv": table("paypal.com 0")}, ""},
		{"short ones", listed([]string{"dhl.com 0", "n26.com 0"}, []string{"dhl.com 0", "n26.com 0"}, nil), "dhl.com, n26.com"},
		{"a company's other suffixes, behind the one with more rows",
			listed([]string{"wikis.org 0", "wikis.net 0", "a.wikis.org 0"}, []string{"wikis.net 0", "wikis.org 0"}, nil), "wikis.org, wikis.net"},
		{"not its suffix that one list has alone", listed([]string{"wikis.org 0"}, []string{"wikis.net 0"}, nil), ""},
		{"the one below .com first, even where it mostly has malicious guests", listed([]string{"google.it 0", "a.google.it 0", "google.com 0"}, []string{"google.it/a 0", "google.com 0"},
			map[string]string{"bad.tsv": table("docs.google.com/a 1 phishing")}), "google.com, google.it"},
		{"a malicious list has it", listed([]string{"evilbank.net 0"}, []string{"evilbank.net 0"}, map[string]string{"bad.tsv": table("evilbank.net 1 phishing")}), ""},
		{"one has it by mistake, against many sources", listed([]string{"paypal.com/a 0"}, []string{"a.paypal.com 0"}, map[string]string{
			"links.tsv": table("paypal.com/b 0"), "other.tsv": table("paypal.com/c 0"), "bad.tsv": table("paypal.com 1 phishing")}), "paypal.com"},
		{"only guests are malicious", listed([]string{"weebly.com 0"}, []string{"weebly.com 0"}, map[string]string{"bad.tsv": table("weebly.com/a 1 phishing", "a.weebly.com 1 malware")}), "weebly.com"},
		{"what cannot be listed", listed(
			[]string{"x.com 0", "12345.com 0", "münchen.de 0", "192.0.2.1 0", "com 0", "printer.localdomain 0", "octocat.github.io 0"},
			[]string{"x.com 0", "12345.com 0", "münchen.de 0", "192.0.2.1 0", "com 0", "printer.localdomain 0", "octocat.github.io 0"}, nil), ""},
		{"those first that more sources have, and more rows of them",
			listed([]string{"alpha.com 0", "bravo.com 0", "gamma.com 0"}, []string{"gamma.com 0", "bravo.com 0", "www1.bravo.com 0", "alpha.com 0"},
				map[string]string{"other.tsv": table("gamma.com/a 0")}), "gamma.com, bravo.com, alpha.com"},
		{"those first that malicious names hold",
			listed([]string{"alpha.com 0", "bravo.com 0", "gamma.com 0"}, []string{"alpha.com 0", "bravo.com 0", "gamma.com 0"}, map[string]string{"bad.tsv": table(
				"gamma-login.net 1 phishing", "gamma.evil.net 1 malware", "bravo-bravo.net 1 phishing", "x.bravo-bravo.net 1 phishing", "x.org/alpha 1 phishing", "gammas.net 1 phishing",
				"alpha-a.net 1 dga", "alpha-b.net 1 dga")}),
			"gamma.com, bravo.com, alpha.com"},
		{"only so many", listed(
			[]string{"alpha.com 0", "bravo.com 0", "gamma.com 0", "omega.com 0"}, []string{"omega.com 0", "gamma.com 0", "bravo.com 0", "alpha.com 0"}, nil),
			"alpha.com, bravo.com, gamma.com"},
		{"mentioned by malicious names of three sources", listed([]string{"trezor.io 0"}, []string{"trezor.io 0"}, map[string]string{
			"bad.tsv": phishing("trezor-#.com", 20), "bad2.tsv": phishing("a.trezor.#.net", 20), "bad3.tsv": phishing("#-trezor.org", 20)}), "trezor.io me"},
		{"mentioned by malicious names of one source", listed([]string{"trezor.io 0"}, []string{"trezor.io 0"}, map[string]string{
			"bad.tsv": phishing("trezor-#.com", 200)}), "trezor.io"},
		{"an ordinary word, which benign names have as well", listed([]string{"orange.fr 0"}, []string{"orange.fr 0"}, map[string]string{
			"bad.tsv": phishing("orange-#.com", 20), "bad2.tsv": phishing("orange-#.net", 20), "bad3.tsv": phishing("#-orange.org", 20),
			"other.tsv": table("orange-county.com 0", "the-orange.com 0")}), "orange.fr"},
		{"phishers vouch for a name of two lists of one time", map[string]string{"new.tsv": table("trezor.io 0"), "new2.tsv": table("trezor.io 0"),
			"bad.tsv": phishing("trezor-#.com", 20), "bad2.tsv": phishing("trezor-#.net", 20), "bad3.tsv": phishing("#-trezor.org", 20)}, "trezor.io me"},
		{"a word of phishing that is nobody's name", listed([]string{"cancel.fm 0"}, []string{"cancel.fm 0"}, map[string]string{
			"bad.tsv": phishing("cancel-#.com", 20), "bad2.tsv": phishing("cancel-#.net", 20), "bad3.tsv": phishing("#-cancel.org", 20)}), "cancel.fm"},
		{"a short label of two sources, which is another's as well", listed([]string{"eki.ee 0"}, []string{"eki.ee 0"}, map[string]string{
			"bad.tsv": phishing("eki-#.com", 80), "bad2.tsv": phishing("eki-#.net", 80), "bad3.tsv": phishing("#-eki.org", 80)}), "eki.ee"},
		{"imitated by malicious names with a slip", listed([]string{"vinteds.com 0"}, []string{"vinteds.com 0"}, map[string]string{
			"bad.tsv": slips}), "vinteds.com e"},
		{"but as often by benign ones", listed([]string{"vinteds.com 0"}, []string{"vinteds.com 0"}, map[string]string{
			"bad.tsv": slips, "other.tsv": table("vibteds.com 0")}), "vinteds.com"},
	} {
		t.Run(test.name, func(t *testing.T) {
			recipe := Recipe{Share: map[Part]float64{}, VettedYears: 2, Imitated: 3}
			for _, source := range sources {
				if _, given := test.files[source.File+".tsv"]; given {
					recipe.Sources = append(recipe.Sources, source)
				}
			}
			set := build(t, recipe, test.files)
			var want []string
			if test.want != "" {
				want = strings.Split(test.want, ", ")
			}
			if !slices.Equal(set.Imitated, want) {
				t.Errorf("popular are %q, want %q", set.Imitated, want)
			}
			if set.Account.Imitated != len(set.Imitated) {
				t.Errorf("the account says %d, the set has %d", set.Account.Imitated, len(set.Imitated))
			}
			recipe.Imitated = 0
			if set := build(t, recipe, test.files); set.Imitated != nil {
				t.Errorf("popular are %q, asked for none", set.Imitated)
			}
		})
	}
}
