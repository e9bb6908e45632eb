package judging

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/gob"
	"fmt"
	"io"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"

	"github.com/snowman-ml/snowman/dataset"
	"github.com/snowman-ml/snowman/internal/atomicfile"
	"github.com/snowman-ml/snowman/internal/canon"
	"github.com/snowman-ml/snowman/internal/lookalike"
)

// Made is what a recipe makes of the data, as far as it matters here.
type Made struct {
	Domains []string      // registered domains in train
	Report  []dataset.Row // the part report

	// Copied is how many malicious texts imitate or mention each domain of the list of popular
	// names.
	Copied map[string]int
}

// NewMade returns what matters of a set.
func NewMade(set *dataset.Set) Made {
	return Made{slices.Collect(maps.Keys(set.Seen().Domains)), set.Parts[dataset.Report], copied(set)}
}

// Load returns what a recipe, which is a file, makes of the data. It is built once for the same
// files, recipe and code, and kept in the folder seen.
func Load(ctx context.Context, path, data, seen string, log io.Writer) (Made, error) {
	recipe, err := dataset.ReadRecipe(path)
	if err != nil {
		return Made{}, err
	}
	sources, err := recipe.Paths(data)
	if err != nil {
		return Made{}, err
	}
	identity, err := identify(path, sources)
	if err != nil {
		return Made{}, err
	}
	kept := filepath.Join(seen, identity+".gob")
	if m, err := readMade(kept); err == nil {
		return m, nil
	}
	fmt.Fprintf(log, "reading the data of %s\n", path)
	set, err := recipe.Build(ctx, data)
	if err != nil {
		return Made{}, err
	}
	m := NewMade(set)
	if err := os.MkdirAll(seen, 0o755); err != nil {
		return Made{}, fmt.Errorf("making the folder of what was seen: %w", err)
	}
	return m, atomicfile.Write(kept, func(w io.Writer) error { return gob.NewEncoder(w).Encode(m) })
}

// copied counts the malicious texts of a set that imitate or mention each domain of its list.
func copied(set *dataset.Set) map[string]int {
	counts := make(map[string]int)
	list := lookalike.New(set.Imitated)
	var u canon.URL
	for _, part := range set.Parts {
		for _, row := range part {
			if row.Kind == dataset.Benign || u.Parse(row.Text) != nil {
				continue
			}
			found := list.Look(u.Host(), len(u.Host())-len(u.RegisteredDomain()))
			if domain := cmp.Or(found.Imitates, found.Mentions); domain != "" {
				counts[domain]++
			}
		}
	}
	return counts
}

func readMade(path string) (m Made, err error) {
	f, err := os.Open(path)
	if err != nil {
		return m, err
	}
	defer f.Close()
	return m, gob.NewDecoder(f).Decode(&m)
}

// identify returns a name for what a set depends on: the recipe, its sources by size and time, and
// the code that builds it, where this program runs in its repository.
func identify(recipe string, sources []string) (string, error) {
	sum := sha256.New()
	contents := []string{recipe}
	for _, pattern := range []string{"dataset/*.go", "internal/canon/*.go", "internal/canon/*.txt", "internal/lookalike/*.go"} {
		code, err := filepath.Glob(pattern)
		if err != nil {
			return "", err
		}
		contents = append(contents, code...)
	}
	for _, path := range contents {
		content, err := os.ReadFile(path)
		if err != nil {
			return "", err
		}
		fmt.Fprintf(sum, "%d %s", len(content), content)
	}
	for _, path := range sources {
		info, err := os.Stat(path)
		if err != nil {
			return "", err
		}
		fmt.Fprintf(sum, "%q %d %d\n", path, info.Size(), info.ModTime().UnixNano())
	}
	return fmt.Sprintf("%x", sum.Sum(nil)[:8]), nil
}

// bySource divides rows by source, those of firstSources first, and leaves out the rows whose
// registered domain was seen.
func bySource(report []dataset.Row, known dataset.Seen) []File {
	found := make(map[string]*File)
	var u canon.URL
	for _, row := range report {
		f := found[row.Source]
		if f == nil {
			f = &File{Name: row.Source, Report: true}
			found[row.Source] = f
		}
		if u.Parse(row.Text) == nil && known.Domains[string(u.RegisteredDomain())] {
			f.Seen++
			continue
		}
		f.Rows = append(f.Rows, row)
	}
	place := func(f File) int {
		if i := slices.Index(firstSources, f.Name); i >= 0 {
			return i
		}
		return len(firstSources)
	}
	var files []File
	for _, f := range found {
		files = append(files, *f)
	}
	slices.SortFunc(files, func(a, b File) int {
		return cmp.Or(cmp.Compare(place(a), place(b)), cmp.Compare(a.Name, b.Name))
	})
	return files
}

// sample returns at most wanted of the rows, the same each time.
func sample(rows []dataset.Row, wanted int) []dataset.Row {
	random := rand.New(rand.NewPCG(1, 0x6a75646765))
	random.Shuffle(len(rows), func(i, j int) { rows[i], rows[j] = rows[j], rows[i] })
	return rows[:min(wanted, len(rows))]
}
