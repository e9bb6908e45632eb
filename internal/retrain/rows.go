package retrain

import (
	"context"
	"fmt"

	"github.com/snowman-ml/snowman/dataset"
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

// labels returns which texts are malicious.
func labels(rows []dataset.Row) map[string]bool {
	malicious := make(map[string]bool, len(rows))
	for _, row := range rows {
		malicious[row.Text] = row.Malicious
	}
	return malicious
}
