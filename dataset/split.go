package dataset

import (
	"context"
	"path/filepath"

	"github.com/snowman-ml/snowman/internal/canon"
)

// ReadSplit makes a set of files that others have divided into parts, one file a part. A part
// without a file is empty. Every row that has a label and a canonical form is in its file's part.
// Nothing is merged, moved, sampled or weighed, so that figures can be compared with those that
// others measured.
func ReadSplit(ctx context.Context, kinds []string, files map[Part]string) (*Set, error) {
	set := &Set{Kinds: kinds, Account: Account{SuffixList: canon.SuffixListVersion, Parts: make(map[string]map[string]int)}}
	for part := range parts {
		path, given := files[part]
		if !given {
			continue
		}
		account := SourceAccount{Name: Source{File: filepath.ToSlash(path)}.ShortName()}
		counts := make(map[string]int)
		err := readFile(ctx, path, "", &account, func(row Row, u *canon.URL) {
			row.Text, row.Source, row.Weight = u.String(), account.Name, 1
			set.Parts[part] = append(set.Parts[part], row)
			counts[kindName(row)]++
		})
		if err != nil {
			return nil, err
		}
		account.Kept = len(set.Parts[part])
		account.Used = account.Kept
		set.Account.Sources = append(set.Account.Sources, account)
		set.Account.Parts[part.String()] = counts
	}
	return set, nil
}
