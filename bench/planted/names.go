package main

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/gob"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"

	"github.com/snowman-ml/snowman"
	"github.com/snowman-ml/snowman/dataset"
	"github.com/snowman-ml/snowman/internal/atomicfile"
	"github.com/snowman-ml/snowman/internal/canon"
)

// names are all that queries are made of.
type names struct {
	ordinary []scored
	bySource [][]int // indices of the ordinary names of each source
	families []family
}

// A family is the names of an algorithm.
type family struct {
	name  string
	names []scored
}

// A scored name is one and what the model says of it.
type scored struct {
	Name, Domain string
	Score        float64
	Level, Kind  int
}

// made is what a recipe makes of the data, as far as it matters here.
type made struct {
	Seen     dataset.Seen
	Ordinary []host
}

type host struct{ Name, Domain, Source string }

// readNames reads and scores the ordinary names, and those of the families.
func (o options) readNames(ctx context.Context, model *snowman.Model) (names, error) {
	m, err := o.load(ctx)
	if err != nil {
		return names{}, err
	}
	var n names
	sources := make(map[string]int)
	var texts []string
	for i, h := range m.Ordinary {
		s, known := sources[h.Source]
		if !known {
			s = len(n.bySource)
			sources[h.Source] = s
			n.bySource = append(n.bySource, nil)
		}
		n.bySource[s] = append(n.bySource[s], i)
		texts = append(texts, h.Name)
	}
	if n.ordinary, err = scoreAll(model, texts); err != nil {
		return names{}, err
	}
	rows, leftOut, refused, err := dataset.ReadUnseen(ctx, []string{o.unseen}, m.Seen)
	if err != nil {
		return names{}, err
	}
	byFamily := make(map[string][]string)
	for _, row := range rows {
		if !m.Seen.Families[row.Family] {
			byFamily[row.Family] = append(byFamily[row.Family], row.Text)
		}
	}
	for name, texts := range byFamily {
		all, err := scoreAll(model, texts)
		if err != nil {
			return n, err
		}
		n.families = append(n.families, family{name, all})
	}
	slices.SortFunc(n.families, func(a, b family) int {
		return cmp.Or(cmp.Compare(len(b.names), len(a.names)), cmp.Compare(a.name, b.name))
	})
	n.families = n.families[:min(len(n.families), o.families)]
	fmt.Fprintf(o.stderr, "%d ordinary names; of those of families %d were left out, %d refused\n", len(n.ordinary), leftOut, refused)
	return n, nil
}

// load returns what the recipe makes of the data. It is built once for the same files, recipe and
// code, where this program runs in its repository.
func (o options) load(ctx context.Context) (made, error) {
	recipe, err := dataset.ReadRecipe(o.recipe)
	if err != nil {
		return made{}, err
	}
	sources, err := recipe.Paths(o.data)
	if err != nil {
		return made{}, err
	}
	sum := sha256.New()
	contents := []string{o.recipe}
	for _, pattern := range []string{"dataset/*.go", "internal/canon/*.go", "internal/canon/*.txt", "bench/planted/names.go"} {
		code, err := filepath.Glob(pattern)
		if err != nil {
			return made{}, err
		}
		contents = append(contents, code...)
	}
	for _, path := range contents {
		content, err := os.ReadFile(path)
		if err != nil {
			return made{}, err
		}
		fmt.Fprintf(sum, "%d %s", len(content), content)
	}
	for _, path := range sources {
		info, err := os.Stat(path)
		if err != nil {
			return made{}, err
		}
		fmt.Fprintf(sum, "%q %d %d\n", path, info.Size(), info.ModTime().UnixNano())
	}
	kept := filepath.Join(o.kept, fmt.Sprintf("%x.gob", sum.Sum(nil)[:8]))
	if m, err := readMade(kept); err == nil {
		return m, nil
	}
	fmt.Fprintf(o.stderr, "reading the data of %s\n", o.recipe)
	set, err := recipe.Build(ctx, o.data)
	if err != nil {
		return made{}, err
	}
	m := made{set.Seen(), ordinaryHosts(set)}
	if err := os.MkdirAll(o.kept, 0o755); err != nil {
		return made{}, fmt.Errorf("making the folder of -kept: %w", err)
	}
	return m, atomicfile.Write(kept, func(w io.Writer) error { return gob.NewEncoder(w).Encode(m) })
}

func readMade(path string) (m made, err error) {
	f, err := os.Open(path)
	if err != nil {
		return m, err
	}
	defer f.Close()
	return m, gob.NewDecoder(f).Decode(&m)
}

// ordinaryHosts returns the hosts of the benign rows of the part report that the model knows
// nothing of. Addresses are not asked for, and what is no public name is not ranked.
func ordinaryHosts(set *dataset.Set) (hosts []host) {
	seen := set.Seen()
	taken := make(map[string]bool)
	var u canon.URL
	for _, row := range set.Parts[dataset.Report] {
		if row.Malicious || u.Parse(row.Text) != nil || u.IsAddress() {
			continue
		}
		h := host{string(u.Host()), string(u.RegisteredDomain()), row.Source}
		if taken[h.Name] || seen.Domains[h.Domain] || seen.Names[h.Domain] || u.Parse(h.Name) != nil || u.NotPublic() != canon.Public {
			continue
		}
		taken[h.Name] = true
		hosts = append(hosts, h)
	}
	return hosts
}

// scoreAll scores names, of which each must have a score.
func scoreAll(model *snowman.Model, texts []string) ([]scored, error) {
	kinds := model.Kinds()
	all := make([]scored, 0, len(texts))
	var u canon.URL
	var failed error
	model.NewScorer().ClassifyAll(texts, func(i int, v snowman.Verdict, err error) {
		if err == nil {
			err = u.Parse(texts[i])
		}
		if err != nil {
			failed = fmt.Errorf("scoring %q: %w", texts[i], err)
			return
		}
		all = append(all, scored{string(u.Host()), string(u.RegisteredDomain()), v.Score, int(v.Level), slices.Index(kinds, v.Kind)})
	})
	return all, failed
}
