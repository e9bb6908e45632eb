package retrain

import (
	"cmp"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"hash/fnv"
	"io"
	"io/fs"
	"os"
	"slices"
	"strings"

	"github.com/snowman-ml/snowman/dataset"
	"github.com/snowman-ml/snowman/internal/atomicfile"
)

// acceptedPath is where the rows stand that were set aside when a model was accepted. They count
// the next time, when the feeds may say something else.
func acceptedPath(model string) string { return model + ".accepted.tsv.gz" }

// maxAccepted is how many rows of either label are kept.
const maxAccepted = 50_000

// readAccepted reads the rows that are kept beside the model, but for those that own rows
// contradict. There may be none.
func (r *run) readAccepted(ctx context.Context) error {
	path := acceptedPath(r.Model)
	if _, err := os.Stat(path); errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	rows, _, _, err := dataset.ReadUnseen(ctx, []string{path}, dataset.Seen{})
	own := labels(r.mine)
	r.accepted = slices.DeleteFunc(rows, func(row dataset.Row) bool {
		malicious, isKnown := own[row.Text]
		return isKnown && malicious != row.Malicious
	})
	return err
}

// keepAccepted returns what is to be kept: rows set aside now and earlier. Where there are too many
// of a label, chance decides by the text, so that the same texts stay from run to run.
func keepAccepted(now, earlier []dataset.Row) (kept []dataset.Row) {
	known := labels(now)
	sides := make(map[bool][]dataset.Row)
	for _, row := range now {
		sides[row.Malicious] = append(sides[row.Malicious], row)
	}
	for _, row := range earlier {
		if _, again := known[row.Text]; !again {
			sides[row.Malicious] = append(sides[row.Malicious], row)
		}
	}
	for _, malicious := range []bool{false, true} {
		rows := sides[malicious]
		slices.SortFunc(rows, func(a, b dataset.Row) int {
			return cmp.Or(cmp.Compare(chance(a.Text), chance(b.Text)), strings.Compare(a.Text, b.Text))
		})
		kept = append(kept, rows[:min(len(rows), maxAccepted)]...)
	}
	return kept
}

// chance is a number that looks random and is the same for the same text.
func chance(text string) uint64 {
	sum := fnv.New64a()
	io.WriteString(sum, text)
	h := sum.Sum64()
	return (h ^ h>>32) * 0xd6e8feb86659fd93
}

// writeAccepted replaces the rows beside a model.
func writeAccepted(model string, rows []dataset.Row) error {
	return atomicfile.Write(acceptedPath(model), func(w io.Writer) error {
		packed := gzip.NewWriter(w)
		fmt.Fprintln(packed, "text\tlabel\tkind\tfamily\tdate")
		for _, row := range rows {
			label := 0
			if row.Malicious {
				label = 1
			}
			fmt.Fprintf(packed, "%s\t%d\t%s\t%s\t%s\n", row.Text, label, row.Kind, row.Family, row.Date)
		}
		return packed.Close() // an error of any line before is this one's, too
	})
}
