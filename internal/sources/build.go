package sources

import (
	"bufio"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/klauspost/compress/gzip"

	"github.com/snowman-ml/snowman/dataset"
	"github.com/snowman-ml/snowman/internal/atomicfile"
)

// RecipeFile is the recipe that Build writes beside the labelled files.
const RecipeFile = "recipe.json"

// vettedYears are the years between two lists of popular names that vet a domain; as in the recipe
// of the shipped model.
const vettedYears = 2

// rowsEnding is the ending of the labelled files.
const rowsEnding = ".tsv.gz"

// A BuildResult says what Build made of a store.
type BuildResult struct {
	Feeds  []BuiltFeed // in the order of the table
	Recipe dataset.Recipe
}

// A BuiltFeed is a feed's part of a BuildResult.
type BuiltFeed struct {
	Feed                string
	File                string // in the folder; empty if the feed gave no row
	First               string // of the days that were read; empty if there is none up to the day
	Last                string
	Rows                int
	Repeated            int      // rows that stood in the feed before
	LastRows, LastTwice int      // of the last day: its rows, and those that stood before on that day
	Refused             int      // rows that are neither a name nor a URL
	Damaged             []string // days that are left out, and why
	TakenOut            []string // days whose files are gone
	Problem             string   // why there is no file, though the store has days
}

// Build makes a labelled file for each feed of a store, as the store knew it at the end of a day
// (UTC), and a recipe for them. A row's date is the feed's own or else that of the day it was first
// in the store; for rows of a list that is older than its first day there, none. A day that is
// damaged costs only itself; one whose file is gone counts as taken out. The error is what kept
// Build from making any file.
func Build(ctx context.Context, store string, asOf time.Time, directory string) (BuildResult, error) {
	date := asOf.UTC().Format(time.DateOnly)
	result := BuildResult{Recipe: dataset.Recipe{Seed: 1, VettedYears: vettedYears}}
	names, err := feedsOf(store)
	if err != nil {
		return result, err
	}
	_, err = os.Stat(directory)
	isNew := errors.Is(err, fs.ErrNotExist)
	if err := os.MkdirAll(directory, 0o755); err != nil {
		return result, fmt.Errorf("making the folder of rows: %w", err)
	}
	inStore := make(map[string]bool)
	for _, name := range names {
		inStore[name] = true
	}
	for i := range Feeds {
		feed := &Feeds[i]
		if !inStore[feed.Name] {
			continue
		}
		built, err := feed.build(ctx, store, date, directory)
		if ctx.Err() != nil {
			return result, ctx.Err()
		}
		if err != nil {
			built = BuiltFeed{Feed: feed.Name, Problem: err.Error()}
		}
		if built.Rows == 0 {
			// A file of an earlier build would be of another day.
			if err := os.Remove(filepath.Join(directory, feed.Name+rowsEnding)); err != nil && !errors.Is(err, fs.ErrNotExist) {
				return result, err
			}
		} else {
			result.Recipe.Sources = append(result.Recipe.Sources, feed.settings(built.Last))
		}
		result.Feeds = append(result.Feeds, built)
	}
	if len(result.Recipe.Sources) == 0 {
		if isNew {
			os.Remove(directory) // an empty one does no harm
		}
		return result, fmt.Errorf("the store %q has no rows as of %s", store, date)
	}
	return result, atomicfile.Write(filepath.Join(directory, RecipeFile), func(w io.Writer) error {
		encoder := json.NewEncoder(w)
		encoder.SetIndent("", "  ")
		return encoder.Encode(result.Recipe)
	})
}

// build makes the labelled file of a feed.
func (f *Feed) build(ctx context.Context, store, date, directory string) (BuiltFeed, error) {
	built := BuiltFeed{Feed: f.Name}
	m, err := ReadManifest(store, f.Name)
	if err != nil {
		return built, err
	}
	days, err := f.readable(ctx, filepath.Join(store, f.Name), m.asOf(date), &built)
	if err != nil {
		return built, err
	}
	if len(days) == 0 {
		if len(built.Damaged) > 0 {
			built.Problem = "no day of it can be read"
		}
		return built, nil
	}
	built.First, built.Last = days[0].Date, days[len(days)-1].Date
	file := f.Name + rowsEnding
	var problem error
	err = atomicfile.Write(filepath.Join(directory, file), func(w io.Writer) error {
		packed := gzip.NewWriter(w)
		out := bufio.NewWriter(packed)
		out.WriteString("text\tlabel\tkind\tfamily\tdate\n")
		seen := make(map[string]string)
		for _, d := range days {
			if problem = f.buildDay(ctx, filepath.Join(store, f.Name), d, d.Date == built.First, seen, out, &built); problem != nil {
				return problem
			}
		}
		return errors.Join(out.Flush(), packed.Close())
	})
	if problem != nil {
		return built, problem
	}
	built.File = file
	return built, err
}

// readable returns the days that are whole: of a feed of which only the newest day counts,
// that one.
func (f *Feed) readable(ctx context.Context, folder string, days []Day, built *BuiltFeed) (whole []Day, err error) {
	for _, d := range slices.Backward(days) {
		switch _, _, err := f.readDay(ctx, folder, d, func(dataset.Row) error { return nil }); {
		case ctx.Err() != nil:
			return nil, ctx.Err()
		case errors.Is(err, fs.ErrNotExist):
			built.TakenOut = append(built.TakenOut, d.Date)
		case err != nil:
			built.Damaged = append(built.Damaged, err.Error())
		default:
			whole = append(whole, d)
			if f.Current {
				return whole, nil
			}
		}
	}
	slices.Reverse(whole)
	return whole, nil
}

// readDay reads the rows of a day, and fails if its content is not that of the manifest.
func (f *Feed) readDay(ctx context.Context, folder string, d Day, take func(dataset.Row) error) (rows, refused int, err error) {
	file, err := os.Open(filepath.Join(folder, d.File))
	if err != nil {
		return 0, 0, err
	}
	defer file.Close()
	failed := func(err error) error { return fmt.Errorf("the day %s in %q: %w", d.Date, d.File, err) }
	unpacked, err := gzip.NewReader(bufio.NewReader(file))
	if err != nil {
		return 0, 0, failed(err)
	}
	sum := sha256.New()
	limit := f.maxUnpacked()
	content := io.TeeReader(&counter{ctx: ctx, source: &bounded{source: unpacked, left: limit, limit: limit}}, sum)
	refused, err = f.rows(content, func(row dataset.Row) error {
		rows++
		return take(row)
	})
	if err != nil {
		return 0, 0, failed(err)
	}
	if _, err := io.Copy(io.Discard, content); err != nil {
		return 0, 0, failed(err)
	}
	if got := hex.EncodeToString(sum.Sum(nil)); got != d.SHA256 {
		return 0, 0, failed(errors.New("its checksum is another than the manifest's"))
	}
	return rows, refused, nil
}

// buildDay writes the rows of a day that were not there before. Seen has the day of each row.
func (f *Feed) buildDay(ctx context.Context, folder string, d Day, isFirst bool, seen map[string]string, out *bufio.Writer, built *BuiltFeed) error {
	taken := 0
	built.LastRows, built.LastTwice = 0, 0
	_, refused, err := f.readDay(ctx, folder, d, func(row dataset.Row) error {
		taken++
		if f.First > 0 && taken > f.First {
			return nil // on to the end, for the checksum
		}
		built.LastRows++
		day, repeated := seen[row.Text]
		seen[row.Text] = d.Date
		if day == d.Date {
			built.LastTwice++
		}
		if repeated {
			built.Repeated++
			return nil
		}
		built.Rows++
		return writeRow(out, row, dateOfRow(row.Date, d.Date, f.Backlog && (isFirst || f.Current)))
	})
	built.Refused += refused
	return err
}

// dateOfRow returns the date of a row that was first seen on a day: its own, unless that is later.
func dateOfRow(own, day string, isBacklog bool) string {
	switch {
	case own != "" && own <= day:
		return own
	case own == "" && isBacklog:
		return ""
	}
	return day
}

// writeRow writes a row as package dataset reads it.
func writeRow(out *bufio.Writer, row dataset.Row, date string) error {
	label := "1"
	if !row.Malicious {
		label = "0"
	}
	for i, cell := range []string{row.Text, label, row.Kind, row.Family, date} {
		if i > 0 {
			out.WriteByte('\t')
		}
		out.WriteString(cell)
	}
	return out.WriteByte('\n')
}
