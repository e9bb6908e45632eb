package dataset

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
)

func TestPerturbedRowsAreMadeOfTrain(t *testing.T) {
	recipe := Recipe{
		Seed:    3,
		Share:   map[Part]float64{Report: 0.3},
		Sources: []Source{{File: "benign"}, {File: "dga"}},
		Perturb: Perturb{
			Subdomains: Perturbation{Share: 2}, MaliciousSubdomains: Perturbation{Share: 1}, RandomSubdomains: Perturbation{Share: 1, Weight: 0.5},
			Suffixes: Perturbation{Share: 1}, Characters: Perturbation{Share: 1},
			Paths: Perturbation{Share: 1}, MaliciousPaths: Perturbation{Share: 1}, Tails: Perturbation{Share: 1}, MaliciousTails: Perturbation{Share: 2},
			Labels: Perturbation{Share: 1}, MaliciousLabels: Perturbation{Share: 1}, MaliciousBare: Perturbation{Share: 2},
			Bare: Perturbation{Share: 1}, Ports: Perturbation{Share: 1}, MaliciousPorts: Perturbation{Share: 1},
		},
	}
	var benign, dga []string
	for i := range 300 {
		benign = append(benign, fmt.Sprintf("company%d.com 0", i), fmt.Sprintf("mail%d.eu.shop%d.co.uk 0", i, i), fmt.Sprintf("news%d.org/story%d?page=1#top 0", i, i), fmt.Sprintf("server%d.net:8081 0", i))
		dga = append(dga, fmt.Sprintf("xqzvk%d.ru 1 dga family", i), fmt.Sprintf("login.below%d.ru 1 dga family", i), fmt.Sprintf("path%d.ru/gate.php 1 dga family", i))
	}
	set := build(t, recipe, map[string]string{"benign.tsv": table(benign...), "dga.tsv": table(dga...)})

	trained := make(map[string]bool) // texts and registered domains that train has from its files
	for _, row := range set.Parts[Train] {
		if !strings.HasPrefix(row.Source, "perturbed_") {
			trained[row.Text], trained[registeredDomain(t, row.Text)] = true, true
		}
	}
	label := func(text string) string { label, _, _ := strings.Cut(text, "."); return label }
	for part, rows := range set.Parts {
		counts := make(map[string]int)
		for _, row := range rows {
			how, isPerturbed := strings.CutPrefix(row.Source, "perturbed_")
			if !isPerturbed {
				continue
			}
			counts[how]++
			domain, weight, kind := registeredDomain(t, row.Text), float32(1), Benign
			isRight := false
			switch how {
			case "subdomains":
				isRight = trained[domain] && strings.HasPrefix(row.Text, "mail") && strings.Contains(row.Text, ".eu.")
			case "malicious_subdomains":
				kind = DGA
				isRight = trained[domain] && strings.HasSuffix(row.Text, ".ru") && strings.HasPrefix(row.Text, "mail") && strings.Contains(row.Text, ".eu.")
			case "random_subdomains":
				weight = 0.5
				isRight = trained[domain] && trained[label(row.Text)+".ru"]
			case "suffixes":
				kind = DGA
				isRight = trained[label(row.Text)+".ru"] && !strings.HasSuffix(row.Text, ".ru")
			case "characters":
				kind = DGA
				isRight = slices.ContainsFunc(benign, func(base string) bool {
					return trained[strings.TrimSuffix(base, " 0")] && different(label(base), label(row.Text)) == 2
				})
			case "paths":
				isRight = trained[domain] && strings.Contains(row.Text, "/story") && !strings.HasPrefix(row.Text, "news")
			case "malicious_paths":
				kind = DGA
				isRight = trained[domain] && strings.Contains(row.Text, ".ru/story") && strings.HasSuffix(row.Text, "?page=1")
			case "tails":
				isRight = trained[domain] && strings.HasPrefix(row.Text, "news") && strings.Count(row.Text, "story") == 2
			case "malicious_tails":
				kind = DGA
				isRight = trained[domain] && strings.HasPrefix(row.Text, "path") && strings.Contains(row.Text, "/story") && strings.Contains(row.Text, "/gate.php")
			case "labels":
				isRight = trained[domain] && strings.Count(strings.TrimSuffix(row.Text, domain), ".") >= 3
			case "malicious_labels":
				kind = DGA
				isRight = trained[domain] && strings.HasSuffix(row.Text, ".ru") && strings.Count(strings.TrimSuffix(row.Text, domain), ".") >= 3
			case "ports":
				isRight = trained[domain] && strings.HasSuffix(row.Text, ":8081") && !strings.HasPrefix(row.Text, "server")
			case "malicious_ports":
				kind = DGA
				isRight = trained[domain] && strings.HasSuffix(row.Text, ".ru:8081")
			case "bare":
				isRight = slices.ContainsFunc(benign, func(base string) bool { return strings.HasSuffix(strings.TrimSuffix(base, " 0"), ".eu."+row.Text) })
			case "malicious_bare":
				kind = DGA
				isRight = trained["login."+row.Text]
			}
			if !isRight || row.Kind != kind || row.Malicious != (kind != Benign) || row.Weight != weight || row.Family != "" {
				t.Errorf("%s makes %+v", how, row)
			}
		}
		if Part(part) != Train && len(counts) > 0 {
			t.Errorf("%v has perturbed rows: %v", Part(part), counts)
		}
		for _, how := range []string{
			"subdomains", "malicious_subdomains", "random_subdomains", "suffixes", "characters",
			"paths", "malicious_paths", "tails", "malicious_tails", "labels", "malicious_labels", "ports", "malicious_ports", "bare", "malicious_bare",
		} {
			if Part(part) == Train && (counts[how] < 50 || counts[how] != set.Account.Perturbed[how]) {
				t.Errorf("%d rows by %s, the account says %d, want at least 50", counts[how], how, set.Account.Perturbed[how])
			}
		}
	}
	rowsByText(t, set) // each text stands there once
}

// different counts the bytes in which two texts of the same length differ.
func different(a, b string) int {
	if len(a) != len(b) {
		return -1
	}
	count := 0
	for i := range len(a) {
		if a[i] != b[i] {
			count++
		}
	}
	return count
}

func TestNothingToPerturb(t *testing.T) {
	recipe := generatedRecipe
	recipe.Sources = []Source{{File: "a"}}
	set := build(t, recipe, map[string]string{"a.tsv": table("192.0.2.1 0", "bad.example/a 1 phishing")})
	if len(set.Account.Perturbed) != 0 {
		t.Errorf("perturbed are %v, want none", set.Account.Perturbed)
	}
}

func TestTwoCharactersChange(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	for _, test := range []struct {
		label string
		want  int // characters that change, -1 where there is nothing to change
	}{
		{"facebook", 2}, {"github", 2}, {"aaaaaaaaaa", 2}, {"short", -1}, {"", -1}, {"xn--bcher-kva", -1},
	} {
		for range 20 {
			changed := ChangeTwoCharacters(random, test.label)
			if test.want < 0 && changed != "" || test.want > 0 && different(test.label, changed) != test.want {
				t.Errorf("%q becomes %q", test.label, changed)
			}
		}
	}
}

func TestRecipeRefusesPerturbations(t *testing.T) {
	for _, perturb := range []Perturb{
		{Subdomains: Perturbation{Share: -1}}, {Characters: Perturbation{Share: 11}}, {Suffixes: Perturbation{Share: 1, Weight: -1}},
	} {
		if err := perturb.validate(); err == nil || !strings.Contains(err.Error(), "recipe: perturb") {
			t.Errorf("%+v: the error is %v", perturb, err)
		}
	}
}
