// Command retraining writes made-up feeds of two months, and poisoned ones, to try retraining with:
// every file in the format of the feed that it is named after.
//
//	go run ./docs/retraining FOLDER
//
// Benign names have consonants and vowels in turn, or are popular names of the program's own list.
package main

import (
	"fmt"
	"log"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/snowman-ml/snowman/dataset"
	"github.com/snowman-ml/snowman/internal/modelfile"
	"github.com/snowman-ml/snowman/models"
)

func main() {
	log.SetFlags(0)
	if len(os.Args) != 2 {
		log.Fatal("usage: retraining FOLDER")
	}
	if err := write(os.Args[1]); err != nil {
		log.Fatal(err)
	}
}

// write writes all files into a folder.
func write(folder string) error {
	builtIn, err := modelfile.ParseModel(models.Default)
	if err != nil {
		return err
	}
	var popular []string
	for name := range dataset.PopularDomains(builtIn.Metadata.Imitated) {
		popular = append(popular, name)
	}
	slices.Sort(popular)
	m := maker{rand.New(rand.NewPCG(1, 2))}
	m.Shuffle(len(popular), func(i, j int) { popular[i], popular[j] = popular[j], popular[i] })

	january := m.many(1200, m.phishing)
	for path, lines := range map[string][]string{
		"january/tranco.csv":       ranked(slices.Concat(popular[:6000], m.many(3000, m.benign))),
		"january/certpl.csv":       certPolska(january, "2025-01"),
		"january/dga-bambenek.csv": bambenek(m.many(1500, m.generated)),
		"january/maltrail.txt":     m.many(1500, m.malware),
		"february/certpl.csv":      certPolska(slices.Concat(january, m.many(1200, m.phishing)), "2025-02"),
		"poisoned/benign.csv":      certPolska(m.many(1200, m.benign), "2025-03"),
		"poisoned/repeated.csv":    certPolska(slices.Repeat([]string{"login-rival.shop"}, 100_000), "2025-03"),
		"poisoned/popular.csv":     certPolska(slices.Concat(popular[:300], m.many(1200, m.phishing)), "2025-03"),
		"traffic.txt":              m.many(3000, m.benign),
	} {
		path = filepath.Join(folder, filepath.FromSlash(path))
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			return err
		}
		if err := os.WriteFile(path, []byte(strings.Join(lines, "\n")+"\n"), 0o644); err != nil {
			return err
		}
	}
	return nil
}

// A maker makes names.
type maker struct{ *rand.Rand }

func (m maker) many(count int, make func() string) (names []string) {
	for range count {
		names = append(names, make())
	}
	return names
}

func (m maker) word() string {
	var word []byte
	for range 3 + m.IntN(4) {
		word = append(word, "bdfgklmnprst"[m.IntN(12)], "aeiou"[m.IntN(5)])
	}
	return string(word)
}

func (m maker) benign() string { return m.word() + []string{".com", ".org", ".net"}[m.IntN(3)] }

func (m maker) phishing() string { return "secure-login-" + m.word() + ".top" }

func (m maker) malware() string { return fmt.Sprintf("%d%s%d.ru", m.IntN(100), m.word(), m.IntN(1000)) }

func (m maker) generated() string {
	var name []byte
	for range 12 + m.IntN(8) {
		name = append(name, "bcdfghjklmnpqrstvwxz0123456789"[m.IntN(30)])
	}
	return string(name) + ".info"
}

// The formats of feeds.

func ranked(names []string) (lines []string) {
	for i, name := range names {
		lines = append(lines, fmt.Sprintf("%d,%s", i+1, name))
	}
	return lines
}

func certPolska(names []string, month string) []string {
	lines := []string{"PozycjaRejestru\tAdresDomeny\tDataWpisu\tDataWykreslenia"}
	for i, name := range names {
		lines = append(lines, fmt.Sprintf("%d\t%s\t%s-%02dT12:00:00+00:00\t", i+1, name, month, 1+i%28))
	}
	return lines
}

func bambenek(names []string) (lines []string) {
	for _, name := range names {
		lines = append(lines, name+",Domain used by example,2025-01-15 00:00,example")
	}
	return lines
}
