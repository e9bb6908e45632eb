package dataset

import (
	"context"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/snowman-ml/snowman/internal/canon"
	"github.com/snowman-ml/snowman/internal/lookalike"
)

// TestFalseLookAlikes makes the list of popular names without some sources, and counts what is said
// to imitate or mention a name among the benign hosts of these: at most 1 in 2,000 each. Hosts
// that a malicious row has do not count. With -v it shows a hundred of them.
func TestFalseLookAlikes(t *testing.T) {
	folder := os.Getenv("SNOWMAN_DATA")
	if folder == "" {
		t.Skip("SNOWMAN_DATA names no folder of labelled data")
	}
	folder = filepath.Join(folder, "sources")
	heldOut := []string{"domain_hsts_preload_2025_01", "domain_china_list", "domain_institutions", "url_awesome_lists"}
	recipe, err := ReadRecipe(filepath.Join("..", "models", "recipe.json"))
	if err != nil {
		t.Fatal(err)
	}
	recipe.Perturb, recipe.Imitated = Perturb{}, 10_000
	recipe.Sources = slices.DeleteFunc(recipe.Sources, func(s Source) bool {
		return slices.Contains(heldOut, s.File) || strings.HasPrefix(s.File, "dga_")
	})
	b, err := recipe.collect(context.Background(), folder)
	if err != nil {
		t.Fatal(err)
	}
	list := lookalike.New(b.popularNames())
	hosts, imitates, mentions := 0, 0, 0
	var said []string
	for _, file := range heldOut {
		path, err := Source{File: file}.Path(folder)
		if err != nil {
			t.Fatal(err)
		}
		seen := make(map[string]bool)
		err = readFile(context.Background(), path, "", new(SourceAccount), func(row Row, u *canon.URL) {
			if row.Malicious || seen[string(u.Host())] || b.vetted.malicious[string(u.RegisteredDomain())] {
				return
			}
			host := string(u.Host())
			seen[host] = true
			hosts++
			found := list.Look(u.Host(), len(host)-len(u.RegisteredDomain()))
			if found.Imitates != "" {
				imitates++
				said = append(said, host+" imitates "+found.Imitates)
			}
			if found.Mentions != "" {
				mentions++
				said = append(said, host+" mentions "+found.Mentions)
			}
		})
		if err != nil {
			t.Fatal(err)
		}
		t.Logf("up to %s: %d hosts, %d imitate, %d mention", file, hosts, imitates, mentions)
	}
	rand.New(rand.NewPCG(1, 2)).Shuffle(len(said), func(i, j int) { said[i], said[j] = said[j], said[i] })
	for _, line := range said[:min(100, len(said))] {
		t.Log(line)
	}
	if most := hosts / 2000; imitates > most || mentions > most {
		t.Errorf("of %d benign hosts %d imitate and %d mention a name, want at most %d each", hosts, imitates, mentions, most)
	}
}
