package dataset

import (
	"context"

	"github.com/snowman-ml/snowman/internal/canon"
)

// Scan calls use with each row that Recipe.Build would read of the source's file, in canonical form
// and as often as it stands there, and with its registered domain. It returns the numbers.
func (s Source) Scan(ctx context.Context, directory string, use func(row Row, domain string)) (SourceAccount, error) {
	account := SourceAccount{Name: s.ShortName(), Group: s.Group}
	path, err := s.Path(directory)
	if err != nil {
		return account, err
	}
	err = readFile(ctx, path, s.Kind, &account, func(row Row, u *canon.URL) {
		row.Text, row.Source, row.Weight = u.String(), account.Name, s.weight()
		use(row, string(u.RegisteredDomain()))
	})
	return account, err
}
