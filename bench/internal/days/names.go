// Package days makes days of DNS queries of ordinary clients, for the benches that judge what is
// made of a day's log.
//
// The ordinary names are the benign rows of the part report whose registered domain is in no row
// that the model was trained on, nor on its list of popular names. day.go says how clients are made
// of them.
package days

import (
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

// Names are what queries are made of.
type Names struct {
	Ordinary  []Scored
	BySource  [][]int // indices of the ordinary names of each source
	Malicious []Scored
	Seen      dataset.Seen // what the model was trained on
}

// A Scored name is one and what the model says of it.
type Scored struct {
	Name, Domain string
	Score        float64
	Level, Kind  int
}

// made is what a recipe makes of the data, as far as it matters here.
type made struct {
	Seen                dataset.Seen
	Ordinary, Malicious []host
}

type host struct{ Name, Domain, Source string }

// Read reads and scores the names of a recipe's data. What the recipe makes of the data stays in
// the folder kept, so that the data are read once. progress is told when they are read.
func Read(ctx context.Context, model *snowman.Model, data, recipe, kept string, progress io.Writer) (*Names, error) {
	m, err := load(ctx, data, recipe, kept, progress)
	if err != nil {
		return nil, err
	}
	n := &Names{Seen: m.Seen}
	sources := make(map[string]int)
	for i, h := range m.Ordinary {
		s, known := sources[h.Source]
		if !known {
			s = len(n.BySource)
			sources[h.Source] = s
			n.BySource = append(n.BySource, nil)
		}
		n.BySource[s] = append(n.BySource[s], i)
	}
	if n.Ordinary, err = ScoreAll(model, namesOf(m.Ordinary)); err != nil {
		return nil, err
	}
	n.Malicious, err = ScoreAll(model, namesOf(m.Malicious))
	return n, err
}

func namesOf(hosts []host) (names []string) {
	for _, h := range hosts {
		names = append(names, h.Name)
	}
	return names
}

// load returns what the recipe makes of the data. It is built once for the same files, recipe and
// code, where this program runs in its repository.
func load(ctx context.Context, data, recipePath, kept string, progress io.Writer) (made, error) {
	recipe, err := dataset.ReadRecipe(recipePath)
	if err != nil {
		return made{}, err
	}
	sources, err := recipe.Paths(data)
	if err != nil {
		return made{}, err
	}
	sum := sha256.New()
	contents := []string{recipePath}
	for _, pattern := range []string{"dataset/*.go", "internal/canon/*.go", "internal/canon/*.txt", "bench/internal/days/names.go"} {
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
	path := filepath.Join(kept, fmt.Sprintf("%x.gob", sum.Sum(nil)[:8]))
	if m, err := readMade(path); err == nil {
		return m, nil
	}
	fmt.Fprintf(progress, "reading the data of %s\n", recipePath)
	set, err := recipe.Build(ctx, data)
	if err != nil {
		return made{}, err
	}
	seen := set.Seen()
	m := made{seen, unknownHosts(set, seen, false), unknownHosts(set, seen, true)}
	if err := os.MkdirAll(kept, 0o755); err != nil {
		return made{}, fmt.Errorf("making the folder of what is kept: %w", err)
	}
	return m, atomicfile.Write(path, func(w io.Writer) error { return gob.NewEncoder(w).Encode(m) })
}

func readMade(path string) (m made, err error) {
	f, err := os.Open(path)
	if err != nil {
		return m, err
	}
	defer f.Close()
	return m, gob.NewDecoder(f).Decode(&m)
}

// unknownHosts returns the hosts of the benign or the malicious rows of the part report that the
// model knows nothing of. Addresses are not asked for, and what is no public name has no level.
func unknownHosts(set *dataset.Set, seen dataset.Seen, malicious bool) (hosts []host) {
	taken := make(map[string]bool)
	var u canon.URL
	for _, row := range set.Parts[dataset.Report] {
		if row.Malicious != malicious || u.Parse(row.Text) != nil || u.IsAddress() {
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

// ScoreAll scores names, of which each must have a score.
func ScoreAll(model *snowman.Model, texts []string) ([]Scored, error) {
	kinds := model.Kinds()
	all := make([]Scored, 0, len(texts))
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
		all = append(all, Scored{string(u.Host()), string(u.RegisteredDomain()), v.Score, int(v.Level), slices.Index(kinds, v.Kind)})
	})
	return all, failed
}
