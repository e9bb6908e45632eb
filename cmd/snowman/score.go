package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"runtime"
	"strings"

	"github.com/snowman-ml/snowman"
	"github.com/snowman-ml/snowman/internal/lines"
)

const scoreDescription = `
Scores texts: domain names, URLs, host:port, IP addresses, defanged or not. They are the arguments,
or the lines of -f FILE, or those of standard input. One line comes out for each line in, in the same
order: score, level, likeliest kind, text. A line that is no name or URL keeps its place with empty
fields, and standard error says what is wrong with it.

With -families, two fields stand before the text: of a text whose kind is dga, the likeliest family of
algorithms that the model was trained on, and its probability among them; otherwise they are empty.

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
	for _, text := range flags.Args() {
		if strings.HasPrefix(text, "-") && flags.Lookup(strings.TrimLeft(text, "-")) != nil {
			return usageError{fmt.Sprintf("flag %s stands behind a text; flags come first", text)}
		}
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

// errNoLevels says why nothing can be chosen by its level: a verdict would always be none.
var errNoLevels = errors.New("-min, -fail-on: the model has no levels; train it on more benign rows")

// openModel returns the model in the file, or the built-in one where no file is named.
func openModel(path string) (*snowman.Model, error) {
	if path == "" {
		return snowman.Default(), nil
	}
	return snowman.Open(path)
}

// scoring is one run of score: a reader cuts the input into chunks, workers score them, and a writer
// puts out their results in the order of the input. Few chunks are on the way at a time, so memory
// does not grow with the input.
type scoring struct {
	model      *snowman.Model
	kinds      []string // of the model
	asJSON     bool
	families   bool // name them
	onTerminal bool
	minimum    snowman.Level
	lineName   string // what an error calls a line
}

// chunk is some neighbouring lines, then what scoring them gave.
type chunk struct {
	first   int // number of the first line
	lines   []byte
	ends    []int  // of each line in lines
	cut     []bool // of each line: it was longer than a text may be
	texts   []string
	output  []byte
	errors  []byte
	highest snowman.Level
	done    chan struct{}
}

// A chunk is full at so many lines or bytes.
const (
	chunkLines = 512
	chunkBytes = 64 << 10
)

// run scores the texts, or the lines of input where there are none, and returns the highest level.
func (j scoring) run(ctx context.Context, texts []string, input io.Reader, stdout, stderr io.Writer) (snowman.Level, error) {
	workers := runtime.GOMAXPROCS(0)
	work := make(chan *chunk, workers)
	ordered := make(chan *chunk, 4*workers)
	stopped := make(chan struct{}) // closed when nobody writes any more
	defer close(stopped)

	for range workers {
		go func() {
			w := j.newWorker(workers)
			for c := range work {
				w.scoreChunk(c)
				close(c.done)
			}
		}()
	}
	var readError error // set before ordered is closed
	go func() {
		defer close(ordered)
		defer close(work)
		send := func(c *chunk) bool {
			c.done = make(chan struct{})
			select {
			case ordered <- c:
				work <- c
				return true
			case <-stopped:
				return false
			}
		}
		if len(texts) > 0 {
			sendTexts(texts, send)
		} else {
			readError = sendLines(input, send)
		}
	}()

	// After an error the reader is left behind: it may be waiting for input that never comes.
	highest, err := j.write(ctx, ordered, stdout, stderr)
	if err != nil {
		return highest, err
	}
	if readError != nil {
		return highest, fmt.Errorf("reading texts: %w", readError)
	}
	return highest, nil
}

func sendTexts(texts []string, send func(*chunk) bool) {
	for i, text := range texts {
		if !send(&chunk{first: i + 1, lines: []byte(text), ends: []int{len(text)}, cut: []bool{false}}) {
			return
		}
	}
}

// sendLines cuts the input into chunks. One goes out when it is full and before more input is waited
// for, so that someone who types, or a program that waits for an answer, is not kept waiting.
func sendLines(input io.Reader, send func(*chunk) bool) error {
	var reader *lines.Reader
	c := &chunk{first: 1}
	flush := func() bool {
		if len(c.ends) == 0 {
			return true
		}
		complete := c
		c = &chunk{first: reader.Number() + 1}
		return send(complete)
	}
	reader = lines.NewReader(readerFunc(func(p []byte) (int, error) {
		if !flush() {
			return 0, io.EOF
		}
		return input.Read(p)
	}), snowman.MaxLength)
	for reader.Scan() {
		c.lines = append(c.lines, reader.Bytes()...)
		c.ends = append(c.ends, len(c.lines))
		c.cut = append(c.cut, reader.Cut())
		if (len(c.ends) == chunkLines || len(c.lines) >= chunkBytes) && !flush() {
			return nil
		}
	}
	flush()
	return reader.Err()
}

// readerFunc is a function as an io.Reader.
type readerFunc func([]byte) (int, error)

func (f readerFunc) Read(p []byte) (int, error) { return f(p) }

// write puts out the chunks in order. Standard output is flushed when no finished chunk is at hand,
// and always between two lines, so that an interrupted run leaves no half line.
func (j scoring) write(ctx context.Context, ordered <-chan *chunk, stdout, stderr io.Writer) (highest snowman.Level, err error) {
	highest = noVerdict
	out := bufio.NewWriterSize(stdout, 64<<10)
	if j.onTerminal && !j.asJSON {
		families := ""
		if j.families {
			families = fmt.Sprintf("%-16s %-4s ", "FAMILY", "PROB")
		}
		fmt.Fprintf(out, "%-8s %-7s %-9s %s%s\n", "SCORE", "LEVEL", "KIND", families, "TEXT")
	}
	for {
		var c *chunk
		more := true
		select {
		case c, more = <-ordered:
		case <-ctx.Done():
			return highest, errors.New("interrupted")
		}
		if more {
			<-c.done
			highest = max(highest, c.highest)
			if len(c.output) > out.Available() {
				err = out.Flush()
			}
			out.Write(c.output) // its error is the next flush's too
		}
		if !more || len(c.errors) > 0 || len(ordered) == 0 {
			err = errors.Join(err, out.Flush())
		}
		if err != nil {
			return highest, fmt.Errorf("writing scores: %w", err)
		}
		if !more {
			return highest, nil
		}
		stderr.Write(c.errors) // behind the line that it speaks of
	}
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
}

func (j scoring) newWorker(workers int) *worker {
	w := &worker{scoring: j, scorer: j.model.NewScorer(), repeats: newRepeats(j.kinds, j.asJSON, workers)}
	if j.families {
		w.namer = j.model.NewScorer() // the other one is busy while its verdicts are put out
	}
	return w
}

// scoreChunk scores every line of a chunk, and one whose text is known by looking it up.
func (w *worker) scoreChunk(c *chunk) {
	c.split()
	w.repeats.find(c.texts)
	next := 0 // line to put out
	putKnown := func(end int) {
		for ; next < end; next++ {
			verdict, err := w.repeats.verdict(next)
			w.put(c, next, verdict, err)
		}
	}
	w.scorer.ClassifyAll(w.repeats.newTexts, func(i int, verdict snowman.Verdict, err error) {
		putKnown(w.repeats.newLines[i])
		if c.cut[next] {
			err = errTooLong // what was read of it means nothing
		}
		w.repeats.keep(next, c.texts[next], verdict, err)
		w.put(c, next, verdict, err)
		next++
	})
	putKnown(len(c.texts))
}

// split cuts a chunk into its texts.
func (c *chunk) split() {
	all := string(c.lines)
	c.texts = make([]string, len(c.ends))
	start := 0
	for i, end := range c.ends {
		c.texts[i] = all[start:end]
		start = end
	}
	c.highest = noVerdict
	const verdictBytes = 24 // of a line, beside its text
	c.output = make([]byte, 0, len(c.lines)+len(c.texts)*verdictBytes)
}

// put appends what scoring the i-th line gave to the chunk's output.
func (w *worker) put(c *chunk, i int, verdict snowman.Verdict, err error) {
	var families []snowman.Family
	if err == nil && verdict.Level >= w.minimum {
		families, err = w.likeliestFamilies(c.texts[i], verdict)
	}
	if err != nil {
		c.errors = fmt.Appendf(c.errors, "snowman: %s %d: %v\n", w.lineName, c.first+i, err)
		if w.minimum == snowman.None {
			c.output = w.appendError(c.output, c.texts[i], err)
		}
		return
	}
	c.highest = max(c.highest, verdict.Level)
	if verdict.Level >= w.minimum {
		c.output = w.appendVerdict(c.output, c.texts[i], verdict, families)
	}
}
