package dataset

import (
	"context"
	"path/filepath"

	"github.com/snowman-ml/snowman/internal/canon"
	"github.com/snowman-ml/snowman/internal/lookalike"
)

// Seen is what a network has met in training. No fair judgement rests on rows that share any of it.
type Seen struct {
	Domains  map[string]bool // registered domains of rows that were trained on
	Families map[string]bool // of DGA
	Names    map[string]bool // that the model itself has in its list of popular names

	FamilyNames map[string]string // the recipe's, for files that it does not read
}

// Seen returns the registered domains and families in the rows of train.
func (s *Set) Seen() Seen {
	seen := Seen{Domains: make(map[string]bool), Families: make(map[string]bool), FamilyNames: s.FamilyNames}
	if len(s.Imitated) > 0 {
		seen.Names = PopularDomains(s.Imitated)
	}
	var u canon.URL
	for _, row := range s.Parts[Train] {
		if u.Parse(row.Text) == nil { // always, since it is in canonical form
			seen.Domains[string(u.RegisteredDomain())] = true
		}
		if row.Kind == DGA && row.Family != "" {
			seen.Families[row.Family] = true
		}
	}
	return seen
}

// PopularDomains returns the registered domains on a list of popular names, such as Set.Imitated or
// a model's.
func PopularDomains(list []string) map[string]bool {
	domains := make(map[string]bool, len(list))
	for _, text := range list {
		if name, err := lookalike.ParseName(text); err == nil {
			domains[name.Domain] = true
		}
	}
	return domains
}

// ReadUnseen reads the rows of files, each text once a file, and leaves out rows whose registered
// domain was seen. leftOut is their number, and refused the number of rows that have no label or
// are neither a name nor a URL.
func ReadUnseen(ctx context.Context, paths []string, seen Seen) (rows []Row, leftOut, refused int, err error) {
	for _, path := range paths {
		account := SourceAccount{Name: Source{File: filepath.ToSlash(path)}.ShortName()}
		texts := make(map[string]bool)
		err := readFile(ctx, path, "", &account, func(row Row, u *canon.URL) {
			row.Text = u.String()
			if texts[row.Text] {
				return
			}
			texts[row.Text] = true
			if seen.Domains[string(u.RegisteredDomain())] {
				leftOut++
				return
			}
			row.Source, row.Family = account.Name, familyName(seen.FamilyNames, row)
			rows = append(rows, row)
		})
		refused += account.Refused
		if err != nil {
			return nil, 0, 0, err
		}
	}
	return rows, leftOut, refused, nil
}
