package retrain

import (
	"cmp"
	"context"
	"fmt"

	"github.com/snowman-ml/snowman/dataset"
	"github.com/snowman-ml/snowman/internal/canon"
	"github.com/snowman-ml/snowman/internal/inputfile"
)

// readMine reads the user's own labelled rows, each text once a file.
func (r *run) readMine(ctx context.Context) error {
	rows, _, refused, err := dataset.ReadUnseen(ctx, r.Mine, dataset.Seen{})
	if err != nil {
		return err
	}
	if refused > 0 && len(rows) == 0 {
		return fmt.Errorf("reading own rows: none of %d has a name or URL and a label; snowman label makes such rows of what analysts say", refused)
	}
	if refused > 0 {
		r.note(fmt.Sprintf("%d own rows have no label, or are neither a name nor a URL", refused))
	}
	r.mine = rows
	popular := popularDomains(r.present)
	var called []string
	for _, row := range rows {
		if row.Malicious && popular[row.Text] {
			called = append(called, row.Text)
		}
	}
	if len(called) > 0 {
		r.note(fmt.Sprintf("own rows call %d popular names malicious, the bare names and not only URLs below them: %s", len(called), someOf(called)))
	}
	return nil
}

// maxTexts is how many unlabelled texts are compared: a day of a network of some size.
const maxTexts = 2_000_000

// readTexts reads unlabelled texts, one a line or in a column, each once and in canonical form.
func readTexts(ctx context.Context, paths []string) (texts []string, err error) {
	seen := make(map[string]bool)
	for _, path := range paths {
		if err := readTextsOf(ctx, path, func(text string) bool {
			if !seen[text] {
				seen[text] = true
				texts = append(texts, text)
			}
			return len(texts) < maxTexts
		}); err != nil {
			return nil, err
		}
	}
	if len(paths) > 0 && len(texts) == 0 {
		return nil, fmt.Errorf("reading traffic: there is no name or URL in %q; want one a line; of a log: snowman score -names -f LOG | cut -f 4", paths[0])
	}
	return texts, nil
}

func readTextsOf(ctx context.Context, path string, use func(text string) (more bool)) error {
	file, err := inputfile.Open(ctx, path)
	if err != nil {
		return fmt.Errorf("reading traffic: %w", err)
	}
	defer file.Close()
	reader, err := dataset.NewReader(file)
	if err != nil {
		return fmt.Errorf("reading traffic %q: %w", path, err)
	}
	var u canon.URL
	for reader.Scan() {
		row, err := reader.Row()
		if err == nil && u.Parse(row.Text) == nil && !use(u.String()) {
			return nil
		}
	}
	if err := cmp.Or(reader.Err(), ctx.Err()); err != nil {
		return fmt.Errorf("reading traffic %q: %w", path, err)
	}
	return nil
}

// labels returns which texts are malicious.
func labels(rows []dataset.Row) map[string]bool {
	malicious := make(map[string]bool, len(rows))
	for _, row := range rows {
		malicious[row.Text] = row.Malicious
	}
	return malicious
}
