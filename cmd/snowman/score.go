package main

import (
	"bufio"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"runtime"
	"strings"

	"github.com/snowman-ml/snowman"
	"github.com/snowman-ml/snowman/allow"
	"github.com/snowman-ml/snowman/internal/batch"
	"github.com/snowman-ml/snowman/internal/record"
)

const scoreDescription = `
Scores texts: domain names, URLs, host:port, IP addresses, defanged or not. They are the arguments,
or the lines of -f FILE, or those of standard input. One line comes out for each line in, in the same
order: score, level, likeliest kind, text. A line that is no name or URL keeps its place with empty
fields, and standard error says what is wrong with it.

With -families, two fields stand before the text: of a text whose kind is dga, the likeliest family of
algorithms that the model was trained on, and its probability among them; otherwise they are empty.

With -allow, a text that is on an allow list keeps its score, but its level is none and its kind benign,
and -json and a terminal say which entry of which list it is on. A list is a file of names, one a line
(*.example.com for all below it), a hosts file, or a MISP warning list.

The level says how rarely ordinary names score as high: low 1 in 100, medium 1 in 1,000, high 1 in
10,000.

example:
  $ snowman score zis32msdi3.com github.com
  SCORE    LEVEL   KIND      TEXT
  {{first}}
  {{second}}
  $ snowman score -min high < names.txt

exit code: 0 done, bad lines included; 1 not done; 2 wrong command line; 3 something reached the
level of -fail-on.
`

// never is what -fail-on is without a level. It has a name so that an empty level, as a script's unset
// variable gives, is a mistake and no consent.
const never = "never"

const exactUsage = "compute in float32 instead of int16: half as fast, other digits from the fourth on"

// score is the verb score.
func score(ctx context.Context, args []string, s streams) error {
	flags := newFlags("score", "[flags] [TEXT...]", scoreDescription)
	path := flags.String("f", "", "read the texts from this `file`, one a line")
	modelPath := flags.String("model", "", "score with the model in this `file` (default: the one built in)")
	asJSON := flags.Bool("json", false, "print one JSON object a line, numbers unrounded")
	exact := flags.Bool("exact", false, exactUsage)
	families := flags.Bool("families", false, "name the likeliest family of what is called dga; with -json, the likeliest three")
	minimum := flags.String("min", "none", "print only what reaches this `level`: none, low, medium, high")
	failOn := flags.String("fail-on", never, "exit with 3 if something reaches this `level`")
	allow := allowFlag(flags)
	if err := parse(flags, args, s); err != nil {
		return err
	}
	job := scoring{asJSON: *asJSON, families: *families, onTerminal: isTerminal(s.stdout), lineName: "line"}
	var err error
	if job.minimum, err = snowman.ParseLevel(*minimum); err != nil {
		return usageError{"-min: " + err.Error()}
	}
	failing := snowman.High + 1
	if *failOn != never {
		if failing, err = snowman.ParseLevel(*failOn); err != nil {
			return usageError{"-fail-on: " + err.Error()}
		}
	}
	if *path != "" && flags.NArg() > 0 {
		return usageError{"-f and texts as arguments exclude each other"}
	}
	if err := noFlagsBehindTexts(flags); err != nil {
		return err
	}
	if job.model, err = openModel(*modelPath); err != nil {
		return err
	}

	hasLevels := len(job.model.Info().Thresholds) > 0
	if !hasLevels && (job.minimum > snowman.None || failing <= snowman.High) {
		return errNoLevels
	}
	if *families && len(job.model.FamilyNames()) == 0 {
		return errNoFamilies
	}
	if *exact {
		job.model = job.model.Exact()
	}
	job.kinds = job.model.Kinds()
	job.encoder = record.NewEncoder(job.kinds)
	if job.allowed, err = openAllowed(*allow, s.stderr); err != nil {
		return err
	}

	input := s.stdin
	if flags.NArg() > 0 {
		job.lineName = "argument"
	} else if *path != "" {
		file, err := os.Open(*path)
		if err != nil {
			return fmt.Errorf("reading texts: %w", err)
		}
		defer file.Close()
		input = file
	}
	highest, err := job.run(ctx, flags.Args(), input, s.stdout, s.stderr)
	if err == nil && highest >= failing {
		return errReached
	}
	return err
}

// noFlagsBehindTexts refuses a text that would have been a flag if it came first.
func noFlagsBehindTexts(flags *flag.FlagSet) error {
	for _, text := range flags.Args() {
		if strings.HasPrefix(text, "-") && flags.Lookup(strings.TrimLeft(text, "-")) != nil {
			return usageError{fmt.Sprintf("flag %s stands behind a text; flags come first", text)}
		}
	}
	return nil
}

// errNoLevels says why nothing can be chosen by its level: a verdict would always be none.
var errNoLevels = errors.New("-min, -fail-on: the model has no levels; train it on more benign rows")

// openModel returns the model in the file, or the built-in one where no file is named.
func openModel(path string) (*snowman.Model, error) {
	if path == "" {
		return snowman.Default(), nil
	}
	return snowman.Open(path)
}

// scoring is one run of score.
type scoring struct {
	model      *snowman.Model
	kinds      []string // of the model
	encoder    *record.Encoder
	asJSON     bool
	families   bool // name them
	onTerminal bool
	minimum    snowman.Level
	allowed    *allow.List // nil where none is given
	lineName   string      // what an error calls a line
}

// run scores the texts, or the lines of input where there are none, and returns the highest level.
func (j scoring) run(ctx context.Context, texts []string, input io.Reader, stdout, stderr io.Writer) (snowman.Level, error) {
	highest := noVerdict
	out := bufio.NewWriterSize(stdout, 64<<10)
	flush := func() error {
		if err := out.Flush(); err != nil {
			return fmt.Errorf("writing scores: %w", err)
		}
		return nil
	}
	if j.onTerminal && !j.asJSON {
		families := ""
		if j.families {
			families = fmt.Sprintf("%-16s %-4s ", "FAMILY", "PROB")
		}
		fmt.Fprintf(out, "%-8s %-7s %-9s %s%s\n", "SCORE", "LEVEL", "KIND", families, "TEXT")
		if err := flush(); err != nil {
			return highest, err
		}
	}
	// Standard output is flushed when no finished chunk is at hand, and always between two lines, so
	// that an interrupted run leaves no half line.
	write := func(c *batch.Chunk, idle bool) error {
		for level, texts := range c.Levels {
			if texts > 0 {
				highest = max(highest, snowman.Level(level))
			}
		}
		if len(c.Output) > out.Available() {
			if err := flush(); err != nil {
				return err
			}
		}
		out.Write(c.Output) // its error is the next flush's too
		if idle || len(c.Errors) > 0 {
			if err := flush(); err != nil {
				return err
			}
		}
		stderr.Write(c.Errors) // behind the line that it speaks of
		return nil
	}
	feed := batch.Lines(input, snowman.MaxLength)
	if len(texts) > 0 {
		feed = batch.Texts(texts)
	}
	err := batch.Run(ctx, feed, func() func(*batch.Chunk) { return j.newWorker(runtime.GOMAXPROCS(0)).scoreChunk }, write)
	if errors.Is(err, context.Canceled) {
		err = errors.New("interrupted")
	}
	return highest, err
}

// noVerdict is the highest level where nothing was scored.
const noVerdict = snowman.None - 1

var errTooLong = fmt.Errorf("text is longer than %d bytes", snowman.MaxLength)

// worker is what one goroutine of a run scores with.
type worker struct {
	scoring
	scorer  *snowman.Scorer
	repeats *repeats
	namer   *snowman.Scorer // of families; nil where none are asked for
	allower *allow.Matcher  // nil where nothing is allowed
}

func (j scoring) newWorker(workers int) *worker {
	w := &worker{scoring: j, scorer: j.model.NewScorer(), repeats: newRepeats(j.kinds, j.asJSON, workers)}
	if j.families {
		w.namer = j.model.NewScorer() // the other one is busy while its verdicts are put out
	}
	if j.allowed != nil {
		w.allower = j.allowed.NewMatcher()
	}
	return w
}

// scoreChunk scores every line of a chunk, and one whose text is known by looking it up.
func (w *worker) scoreChunk(c *batch.Chunk) {
	const verdictBytes = 24 // of a line, beside its text
	c.Output = make([]byte, 0, c.Bytes+len(c.Texts)*verdictBytes)
	w.repeats.find(c.Texts)
	next := 0 // line to put out
	putKnown := func(end int) {
		for ; next < end; next++ {
			verdict, err := w.repeats.verdict(next)
			w.put(c, next, verdict, err)
		}
	}
	w.scorer.ClassifyAll(w.repeats.newTexts, func(i int, verdict snowman.Verdict, err error) {
		putKnown(w.repeats.newLines[i])
		if c.Cut[next] {
			err = errTooLong // what was read of it means nothing
		}
		w.repeats.keep(next, c.Texts[next], verdict, err)
		w.put(c, next, verdict, err)
		next++
	})
	putKnown(len(c.Texts))
}

// put appends what scoring the i-th line gave to the chunk's output.
func (w *worker) put(c *batch.Chunk, i int, verdict snowman.Verdict, err error) {
	r := record.Record{Text: c.Texts[i], Verdict: verdict}
	if err == nil {
		r.Allow(w.allower, w.kinds[0])
		if r.Verdict.Level >= w.minimum {
			r.Families, err = w.likeliestFamilies(r.Text, r.Verdict)
		}
	}
	if err != nil {
		c.Errors = fmt.Appendf(c.Errors, "snowman: %s %d: %v\n", w.lineName, c.First+i, err)
		if w.minimum == snowman.None {
			c.Output = w.appendError(c.Output, c.Texts[i], err)
		}
		return
	}
	c.Levels[r.Verdict.Level]++
	if r.Verdict.Level >= w.minimum {
		c.Output = w.appendVerdict(c.Output, r)
	}
}
