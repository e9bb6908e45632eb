package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strings"
	"time"

	"github.com/snowman-ml/snowman"
	"github.com/snowman-ml/snowman/dataset"
	"github.com/snowman-ml/snowman/internal/atomicfile"
	"github.com/snowman-ml/snowman/internal/inputfile"
	"github.com/snowman-ml/snowman/internal/labelling"
	"github.com/snowman-ml/snowman/internal/visible"
)

const labelDescription = `
Makes rows to train on of tables in which somebody has said what each text is: text, label (0 or 1), kind,
family and date, in the canonical form, each text once. A FILE is what the page downloads; a CSV or TSV
file with a header, such as score makes of a log; what score prints in a pipe, with a word behind each
line; a text and a word in each line; or JSON lines. - is standard input.

Words are benign, malicious, phishing, malware, dga, and what people write: false positive, fp, ok, good,
allow, true positive, tp, bad, block, c2 and others; -means adds some. A row without a word, or with one
that is asked ("fp?"), says nothing. What the model says of a text is never taken for a word. A date that
can be read in two ways (11/03/2026) is not read, and told of.

Left out and told of: words that are not known, what is called both benign and malicious, and what is no
name or URL, or no public name. Kept and told of: a registered domain with names on both sides, and names
of popular domains that are called malicious.

-o adds to a file of an earlier run, whole or not at all. Where both say something of a text, the word
that is read now stays.

example:
  $ snowman label -o mine.tsv snowman.csv snowman-labels.csv
  $ snowman score -f dns.csv > scored.csv  # somebody adds a column "analyst"
  $ snowman label -word analyst -o mine.tsv scored.csv

exit code: 0 done; 1 not done; 2 wrong command line; 3 done, but for what was left out.
`

// errLeftOut says that label left rows out.
var errLeftOut = errors.New("rows were left out")

// runLabel is the verb label.
func runLabel(ctx context.Context, args []string, s streams) error {
	options := labelling.Options{Today: time.Now().UTC().Format(time.DateOnly), IsPopular: snowman.Default().IsPopular}
	var out string
	flags := newFlags("label", "[flags] FILE...", labelDescription)
	flags.StringVar(&out, "o", "", "add the rows to this `file`, which there may be (default: standard output)")
	flags.StringVar(&options.Word, "word", "", "the words are in this `column` (default: label or word)")
	flags.StringVar(&options.Text, "text", "", "the texts are in this `column` (default: snowman_name, text, url or domain)")
	flags.StringVar(&options.Date, "date", "", "the dates are in this `column` (default: date, datum or created)")
	flags.Func("means", "a word of your own and one that is known: `WORD=benign`; several may be given", func(value string) error {
		word, meaning, _ := strings.Cut(value, "=")
		return options.AddWord(word, meaning)
	})
	if err := parse(flags, args, s); err != nil {
		return err
	}
	if flags.NArg() == 0 {
		return usageError{"no file given; - is standard input"}
	}
	if err := flagsComeFirst(flags, "a file"); err != nil {
		return err
	}
	job := labelling.NewJob(options)
	if err := readTables(ctx, job, flags.Args(), s); err != nil {
		return err
	}
	if out != "" {
		if err := addRows(ctx, job, out); err != nil {
			return err
		}
	} else if err := labelling.Write(s.stdout, job.Rows()); err != nil {
		return fmt.Errorf("writing rows: %w", err)
	}
	sayFindings(s.stderr, job)
	if job.Counts().Refused() > 0 {
		return errLeftOut
	}
	return nil
}

// readTables has a job read files, and says which rows are left out.
func readTables(ctx context.Context, job *labelling.Job, paths []string, s streams) error {
	said := firstLines{w: s.stderr}
	for _, path := range paths {
		name, source := "", s.stdin
		if len(paths) > 1 {
			name = visible.Text(path)
		}
		if path != "-" {
			file, err := inputfile.Open(ctx, path)
			if err != nil {
				return fmt.Errorf("reading labels: %w", err)
			}
			defer file.Close()
			source = file
		}
		if err := job.Read(name, source, func(err error) { said.say(err.Error()) }); err != nil {
			return fmt.Errorf("reading labels of %q: %w", path, err)
		}
	}
	said.end()
	return nil
}

// addRows adds a job's rows to a file, which there need not be.
func addRows(ctx context.Context, job *labelling.Job, path string) error {
	was, _ := os.Stat(path) // readRows says what is wrong
	before, err := readRows(ctx, path)
	if err != nil {
		return fmt.Errorf("reading %q, to which rows are added: %w", path, err)
	}
	if err := job.Merge(before); err != nil {
		return err
	}
	return replaceRows(path, was, job.Rows())
}

// replaceRows writes rows in the place of a file that must be what it was, or must not be there if
// was is nil.
func replaceRows(path string, was fs.FileInfo, rows []dataset.Row) error {
	return atomicfile.Write(path, func(w io.Writer) error {
		if err := labelling.Write(w, rows); err != nil {
			return err
		}
		now, err := os.Stat(path)
		if was == nil && errors.Is(err, fs.ErrNotExist) || was != nil && err == nil && os.SameFile(was, now) && was.ModTime().Equal(now.ModTime()) {
			return nil
		}
		return errors.New("somebody else has written it meanwhile; run it again")
	})
}

// readRows returns the rows of a file, which there need not be.
func readRows(ctx context.Context, path string) ([]dataset.Row, error) {
	file, err := inputfile.Open(ctx, path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	defer file.Close()
	return labelling.ReadRows(file)
}

// sayFindings says what is odd about a job's rows, and what came of it all.
func sayFindings(stderr io.Writer, job *labelling.Job) {
	found := job.Findings()
	for _, all := range [][]string{found.Contradictions, found.Changed, found.BothSides, found.Popular} {
		said := firstLines{w: stderr}
		for _, line := range all {
			said.say(line)
		}
		said.end()
	}
	for _, line := range job.Summaries(found) {
		fmt.Fprintf(stderr, "snowman: %s\n", line)
	}
}

// firstLines says the first lines of many, and how many more there are.
type firstLines struct {
	w io.Writer
	n int
}

func (f *firstLines) say(line string) {
	if f.n++; f.n <= shownFailures {
		fmt.Fprintf(f.w, "snowman: %s\n", visible.Text(line))
	}
}

func (f *firstLines) end() {
	if f.n > shownFailures {
		fmt.Fprintf(f.w, "snowman: and %d more like these\n", f.n-shownFailures)
	}
}
