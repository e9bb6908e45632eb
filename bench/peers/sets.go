package main

import (
	"bufio"
	"bytes"
	"cmp"
	"context"
	"encoding/binary"
	"fmt"
	"hash/fnv"
	"io"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/snowman-ml/snowman/dataset"
	"github.com/snowman-ml/snowman/internal/canon"
	"github.com/snowman-ml/snowman/internal/modelfile"
)

// A text is as a source has it, and in its canonical form.
type text struct{ raw, canonical string }

// lengths are the lengths of canonical form at which the cost of one text is measured.
var lengths = []int{10, 20, 40, 75, 100, 150, 200}

func lengthSet(length int) string { return fmt.Sprintf("length%d", length) }

// The two sets that every contender scores.
const (
	names = "names" // of 15 to 20 characters
	urls  = "urls"  // of 75 to 80
)

// samples are texts by the name of their set, and all real names there are.
type samples struct {
	sets     map[string][]text
	allNames []string
}

// readSamples reads all rows of a folder and takes a sample of each set, the same one each time.
func readSamples(directory string, size int) (samples, error) {
	recipe, err := dataset.DefaultRecipe(directory)
	if err != nil {
		return samples{}, err
	}
	found := samples{sets: make(map[string][]text)}
	seen := make(map[string]bool)
	for _, source := range recipe.Sources {
		matches, err := filepath.Glob(filepath.Join(directory, source.File+".*"))
		if err != nil {
			return samples{}, err
		}
		for _, path := range matches {
			if err := found.read(path, seen); err != nil {
				return samples{}, fmt.Errorf("reading %q: %w", path, err)
			}
		}
	}
	for name, texts := range found.sets {
		slices.SortFunc(texts, func(a, b text) int {
			return cmp.Or(cmp.Compare(hash(a.raw), hash(b.raw)), cmp.Compare(a.raw, b.raw))
		})
		for len(texts) < size/10 { // few are longer than 100; a pass over them must take its time
			texts = append(texts, texts...)
		}
		found.sets[name] = texts[:min(size, len(texts))]
	}
	return found, nil
}

func (s *samples) read(path string, seen map[string]bool) error {
	file, err := os.Open(path)
	if err != nil {
		return err
	}
	defer file.Close()
	reader, err := dataset.NewReader(file)
	if err != nil {
		return err
	}
	var u canon.URL
	for reader.Scan() {
		row, err := reader.Row()
		if err != nil || seen[row.Text] || u.Parse(row.Text) != nil {
			continue
		}
		seen[row.Text] = true
		found := text{row.Text, u.String()}
		add := func(set string) { s.sets[set] = append(s.sets[set], found) }
		length := len(found.canonical)
		if isName(found.canonical) {
			s.allNames = append(s.allNames, row.Text)
			if length >= 15 && length <= 20 {
				add(names)
			}
		} else if length >= 75 && length <= 80 {
			add(urls)
		}
		if slices.Contains(lengths, length) {
			add(lengthSet(length))
		}
	}
	return reader.Err()
}

// isName reports whether a canonical form is a name and nothing else.
func isName(canonical string) bool { return !strings.ContainsAny(canonical, "/:@?#") }

func hash(text string) uint64 {
	sum := fnv.New64a()
	io.WriteString(sum, text) // never fails
	return sum.Sum64()
}

// symbolizer turns canonical forms into what the network of a model file reads.
type symbolizer struct {
	alphabet       *canon.Alphabet
	limit, padding int
	kinds          []string
}

func newSymbolizer(path string) (symbolizer, error) {
	model, err := modelfile.Open(path)
	if err != nil {
		return symbolizer{}, err
	}
	alphabet, err := canon.ParseAlphabet(model.Metadata.Alphabet)
	if err != nil {
		return symbolizer{}, err
	}
	metadata := model.Metadata
	return symbolizer{alphabet, metadata.SymbolLimit, metadata.Shape.Padding(), metadata.Kinds}, nil
}

// write writes the symbols of canonical texts one after the other, each text within its padding,
// and the length of each.
func (s symbolizer) write(path string, texts []string) error {
	var symbols, lengths []byte
	var u canon.URL
	for _, text := range texts {
		if err := u.Parse(text); err != nil {
			return err
		}
		before := len(symbols)
		symbols = append(symbols, bytes.Repeat([]byte{canon.Start}, s.padding)...)
		symbols = s.alphabet.Append(symbols, &u, s.limit)
		symbols = append(symbols, bytes.Repeat([]byte{canon.End}, s.padding)...)
		lengths = binary.LittleEndian.AppendUint32(lengths, uint32(len(symbols)-before))
	}
	if err := os.WriteFile(path+".symbols", symbols, 0o666); err != nil {
		return err
	}
	return os.WriteFile(path+".lengths", lengths, 0o666)
}

// writeLines writes a text a line.
func writeLines(path string, texts []string) error {
	return os.WriteFile(path, []byte(strings.Join(texts, "\n")+"\n"), 0o666)
}

// writeSet writes one sample: as found, in canonical form, and as symbols.
func (s symbolizer) writeSet(path string, texts []text) error {
	raw, canonical := make([]string, len(texts)), make([]string, len(texts))
	for i, text := range texts {
		raw[i], canonical[i] = text.raw, text.canonical
	}
	if err := writeLines(path+".txt", raw); err != nil {
		return err
	}
	if err := writeLines(path+".canonical.txt", canonical); err != nil {
		return err
	}
	return s.write(path, canonical)
}

// readRows returns the recipe's rows.
func readRows(ctx context.Context, recipePath, directory string) (*dataset.Set, error) {
	recipe, err := dataset.ReadRecipe(recipePath)
	if err != nil {
		return nil, err
	}
	return recipe.Build(ctx, directory)
}

// writeTraining writes a random sample of rows for both trainings. Malicious rows of unknown kind
// are left out: frameworks have no loss for them.
func (s symbolizer) writeTraining(path string, rows []dataset.Row, size int) error {
	var table strings.Builder
	var texts []string
	var kinds, weights []byte
	for _, i := range rand.New(rand.NewPCG(1, 1)).Perm(len(rows)) {
		row := rows[i]
		kind := slices.Index(s.kinds, row.Kind)
		if kind < 0 || len(texts) == size {
			continue
		}
		fmt.Fprintf(&table, "%s\t%v\t%s\n", row.Kind, row.Weight, row.Text)
		texts = append(texts, row.Text)
		kinds = append(kinds, byte(kind))
		weights = binary.LittleEndian.AppendUint32(weights, math.Float32bits(row.Weight))
	}
	for ending, content := range map[string][]byte{".tsv": []byte(table.String()), ".kinds": kinds, ".weights": weights} {
		if err := os.WriteFile(path+ending, content, 0o666); err != nil {
			return err
		}
	}
	return s.write(path, texts)
}

// writeNames writes the names from first to end of an endless list that repeats the real ones.
// Distinct ones begin with a character that says how often the name came before.
func writeNames(path string, allNames []string, first, end int, distinct bool) error {
	const rounds = "abcdefghijklmnopqrstuvwxyz0123456789"
	if len(allNames) == 0 || distinct && end > len(rounds)*len(allNames) {
		return fmt.Errorf("%d real names do not make %d", len(allNames), end)
	}
	return writeFile(path, func(w *bufio.Writer) {
		for i := first; i < end; i++ {
			if distinct {
				w.WriteByte(rounds[i/len(allNames)])
			}
			w.WriteString(allNames[i%len(allNames)])
			w.WriteByte('\n')
		}
	})
}

// writeFile writes a file. The writer keeps the first error until the end.
func writeFile(path string, write func(*bufio.Writer)) error {
	file, err := os.Create(path)
	if err != nil {
		return err
	}
	defer file.Close()
	w := bufio.NewWriterSize(file, 1<<20)
	write(w)
	if err := w.Flush(); err != nil {
		return err
	}
	return file.Close()
}
