package measure

import (
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/snowman-ml/snowman"
	"github.com/snowman-ml/snowman/dataset"
	"github.com/snowman-ml/snowman/eval"
)

var update = flag.Bool("update", false, "write the golden files")

// benign are rows that changes take their materials from.
var benign = []dataset.Row{
	{Text: "blog.garden.org/2024/roses-and-tulips/", Kind: dataset.Benign},
	{Text: "shop.books.co.uk/new?sort=price#reviews", Kind: dataset.Benign},
	{Text: "cdn.static.museum.nl", Kind: dataset.Benign},
	{Text: "127.0.0.1/not/of/an/address", Kind: dataset.Benign},
	{Text: "never.malicious.com/not/this", Malicious: true},
}

// TestChanges shows what each change makes of texts, and what is scored of it.
func TestChanges(t *testing.T) {
	materials := newMaterials(benign)
	var b strings.Builder
	for _, original := range []string{"evil-login.com", "a.evil.co.uk/verify/id?x=1#top", "192.0.2.1:8080/x.sh"} {
		fmt.Fprintf(&b, "%s\n", original)
		parts, ok := newText(original)
		if !ok || parts.origin()+parts.rest() != original {
			t.Fatalf("the parts of %q are %+v", original, parts)
		}
		for i, c := range changes {
			changed := c.make(&maker{materials, rand.New(rand.NewPCG(uint64(i), 1))}, parts)
			if changed == "" {
				continue
			}
			canonical, err := snowman.Canonical(changed)
			if err != nil {
				canonical = err.Error()
			}
			fmt.Fprintf(&b, "\t%-36s %-14s %q\n\t%52s%s\n", c.name, c.scored, changed, "", canonical)
			after, _ := newText(canonical)
			if c.scored == "" && after.domain != parts.domain {
				t.Errorf("%s: the domain of %q is %q, want that of %q", c.name, changed, after.domain, original)
			}
			if c.scored == target && canonical != original {
				t.Errorf("%s: %q is scored as %q, want %q", c.name, changed, canonical, original)
			}
			if strings.Contains(changed, "not/this") || strings.Contains(changed, "not/of") {
				t.Errorf("%s: %q is made of a row that is not benign or has no name", c.name, changed)
			}
		}
	}
	path := filepath.Join("testdata", "changes.golden")
	if *update {
		if err := os.WriteFile(path, []byte(b.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil || b.String() != string(want) {
		t.Errorf("the changes are not those of %s: %v\n%s", path, err, b.String())
	}
}

func TestChangesHaveNamesOfTheirOwn(t *testing.T) {
	names := make(map[string]bool)
	for _, c := range changes {
		if names[c.name] {
			t.Errorf("two changes are named %q", c.name)
		}
		names[c.name] = true
	}
}

// The toy looks for letters in the host alone.
func TestVerdictsSurviveChangesThatLeaveTheHost(t *testing.T) {
	tried := append(slices.Clone(benign),
		dataset.Row{Text: "qa.com", Malicious: true, Kind: dataset.DGA},
		dataset.Row{Text: "qb.com", Malicious: true, Kind: dataset.DGA},
		dataset.Row{Text: "zb.com/login", Malicious: true},
		dataset.Row{Text: "bland.com", Malicious: true}, // reaches no level
		dataset.Row{Text: "za.com/x", Malicious: true},  // the host is a public suffix, and has no level
	)
	survivals, err := Changes(t.Context(), toy(t), tried)
	if err != nil {
		t.Fatal(err)
	}
	if len(survivals) != len(changes) {
		t.Fatalf("%d changes of %d are measured", len(survivals), len(changes))
	}
	for _, c := range []struct {
		name string
		host eval.Proportion
		path eval.Proportion
	}{
		{"a benign path behind", eval.Proportion{Count: 3, Total: 3}, eval.Proportion{Count: 1, Total: 1}},
		{"path in upper case", eval.Proportion{Count: 1, Total: 1}, eval.Proportion{Count: 1, Total: 1}}, // two are names
		{"the suffix .com", eval.Proportion{}, eval.Proportion{}},                                        // they have it
		{"a web archive", eval.Proportion{Total: 3}, eval.Proportion{Total: 1}},
	} {
		i := slices.IndexFunc(survivals, func(s eval.Survival) bool { return s.Change == c.name })
		if i < 0 || survivals[i].Host != c.host || survivals[i].Path != c.path {
			t.Errorf("%s: got %+v, want %v of the host and %v of the path", c.name, survivals[i], c.host, c.path)
		}
	}
	kinds := survivals[0].ByKind
	if len(kinds) != 2 || kinds[0].Kind != dataset.DGA || kinds[0].Host.Total != 2 || kinds[1].Kind != "malicious" {
		t.Errorf("the kinds are %+v", kinds)
	}
	if none, err := Changes(t.Context(), toy(t), benign); err != nil || none != nil {
		t.Errorf("without verdicts there are %v (%v)", none, err)
	}
	again, err := Changes(t.Context(), toy(t), tried)
	if err != nil || !slices.EqualFunc(survivals, again, func(a, b eval.Survival) bool { return fmt.Sprint(a) == fmt.Sprint(b) }) {
		t.Errorf("a second measurement differs, or fails: %v", err)
	}
}

func TestASampleOfVerdictsIsTried(t *testing.T) {
	var many []dataset.Row
	for i := range verdictsOfKind + 500 {
		many = append(many, dataset.Row{Text: fmt.Sprintf("z%d.com", i), Malicious: true, Kind: dataset.Malware})
	}
	verdicts, err := carriedVerdicts(t.Context(), toy(t), many)
	if err != nil || len(verdicts) != verdictsOfKind || !verdicts[0].byHost {
		t.Errorf("%d verdicts are tried, want %d (%v)", len(verdicts), verdictsOfKind, err)
	}
}
