package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"runtime"
	"strings"
	"unicode/utf8"

	"golang.org/x/term"

	"github.com/snowman-ml/snowman"
	"github.com/snowman-ml/snowman/allow"
	"github.com/snowman-ml/snowman/internal/batch"
	"github.com/snowman-ml/snowman/internal/record"
	"github.com/snowman-ml/snowman/internal/visible"
)

const explainDescription = `
Says what the score of each text is made of. The texts are the arguments, or the lines of standard
input. For each comes its verdict, what the network was shown, how much each character of it
contributes, the n-grams that contribute most, and the sum.

Contributions are log-odds: 0 is a score of one half, above 0 speaks for malicious, below 0 for benign,
and they add up. On a terminal red characters speak for malicious and blue ones for benign, the stronger
the darker; elsewhere, and where NO_COLOR is set, numbers say it. What is struck through was not read:
labels that an operator hands out, and the end of long texts.

  baseline    what is left where the network finds nothing at all
  constant    what its filters have on common characters, mostly far below 0
  start, end  that the text starts and ends where it does
  characters  what these characters add to common ones, so that even a benign name has red ones

The n-grams keep the constant of their filters, and say more plainly what the network went by. All adds
up, but there are other ways to divide a score that do, and a character that counts is no evidence by
itself.

example:
  $ snowman explain zis32msdi3.com
  {{first}}
  ...
  $ snowman explain -json zis32msdi3.com

exit code: 0 done, bad lines included; 1 not done; 2 wrong command line.
`

// explain is the verb explain.
func explain(ctx context.Context, args []string, s streams) error {
	flags := newFlags("explain", "[flags] [TEXT...]", explainDescription)
	modelPath := flags.String("model", "", "explain the scores of the model in this `file` (default: the one built in)")
	allowPaths := allowFlag(flags)
	asJSON := flags.Bool("json", false, "print one JSON object a line, numbers unrounded")
	if err := parse(flags, args, s); err != nil {
		return err
	}
	if err := noFlagsBehindTexts(flags); err != nil {
		return err
	}
	model, err := openModel(*modelPath)
	if err != nil {
		return err
	}
	allowed, err := openAllowed(*allowPaths, s.stderr)
	if err != nil {
		return err
	}
	job := explaining{allowed: allowed, benign: model.Kinds()[0], model: model, encoder: record.NewEncoder(model.Kinds()), asJSON: *asJSON, lineName: "line"}
	feed := batch.Lines(s.stdin, snowman.MaxLength)
	if flags.NArg() > 0 {
		feed, job.lineName = batch.Texts(flags.Args()), "argument"
	}
	job.width, job.inColour = terminalColumns(s.stdout)

	out := bufio.NewWriter(s.stdout)
	write := func(c *batch.Chunk, idle bool) error {
		out.Write(c.Output) // its error is the next flush's too
		if err := out.Flush(); err != nil {
			return fmt.Errorf("writing explanations: %w", err)
		}
		s.stderr.Write(c.Errors)
		return nil
	}
	err = batch.Run(ctx, feed, job.newWorker, write)
	if errors.Is(err, context.Canceled) {
		err = errors.New("interrupted")
	}
	return err
}

// terminalColumns returns how many columns a line has, and whether it may be coloured.
func terminalColumns(w io.Writer) (columns int, inColour bool) {
	const usual = 80
	if !isTerminal(w) {
		return usual, false
	}
	columns, _, err := term.GetSize(int(w.(*os.File).Fd()))
	if err != nil || columns < usual/2 {
		columns = usual
	}
	oldConsole := runtime.GOOS == "windows" && os.Getenv("WT_SESSION") == ""
	return columns, os.Getenv("NO_COLOR") == "" && os.Getenv("TERM") != "dumb" && !oldConsole
}

// explaining is one run of explain.
type explaining struct {
	model    *snowman.Model
	benign   string // the kind
	allowed  *allow.List
	encoder  *record.Encoder
	asJSON   bool
	inColour bool
	width    int    // columns of a line
	lineName string // what an error calls a line
}

// newWorker returns what one goroutine explains chunks with.
func (j explaining) newWorker() func(*batch.Chunk) {
	var allower *allow.Matcher
	if j.allowed != nil {
		allower = j.allowed.NewMatcher()
	}
	return func(c *batch.Chunk) { j.explainChunk(c, allower) }
}

// explainChunk explains every line of a chunk.
func (j explaining) explainChunk(c *batch.Chunk, allower *allow.Matcher) {
	for i, text := range c.Texts {
		x, err := j.model.Explain(text)
		if c.Cut[i] {
			err = errTooLong
		}
		if err != nil {
			c.Errors = fmt.Appendf(c.Errors, "snowman: %s %d: %v\n", j.lineName, c.First+i, err)
		}
		r := record.Record{Text: text, Verdict: x.Verdict}
		r.Allow(allower, j.benign)
		switch {
		case j.asJSON && err != nil:
			c.Output = append(record.AppendError(c.Output, text, err), '\n')
		case j.asJSON:
			c.Output = append(j.encoder.AppendExplanation(c.Output, r, x), '\n')
		default:
			switch {
			case c.First+i > 1:
				c.Output = append(c.Output, '\n')
			case j.inColour:
				c.Output = append(c.Output, legend()...)
			}
			if err != nil {
				c.Output = scoring{onTerminal: true}.appendError(c.Output, text, err)
			} else {
				c.Output = j.append(c.Output, r, x)
			}
		}
	}
}

// append appends an explanation for people.
func (j explaining) append(out []byte, r record.Record, x snowman.Explanation) []byte {
	out = scoring{onTerminal: true}.appendVerdict(out, r)
	if x.Canonical != r.Text {
		out = fmt.Appendf(out, "  read as: %s\n", visible.Text(visible.Abbreviate(x.Canonical, 200)))
	}
	out = append(out, '\n')
	if j.inColour {
		out = j.appendColoured(out, x.Characters)
	} else {
		out = j.appendNumbers(out, x.Characters)
	}
	if unseen := unseen(x.Characters); unseen != "" {
		out = fmt.Appendf(out, "\n  not read: %s\n", unseen)
	}
	out = append(out, "\n  strongest n-grams\n"...)
	for _, ngram := range x.NGrams {
		line := fmt.Sprintf("  %+8.3f  %-8s  %s", ngram.Contribution, visible.Text(ngram.Text), where(ngram))
		out = append(append(out, strings.TrimRight(line, " ")...), '\n')
	}
	if len(x.NGrams) == 0 {
		out = append(out, "  none: the network finds nothing in it\n"...)
	}
	characters := 0.0
	for _, character := range x.Characters {
		characters += character.Contribution
	}
	out = append(out, "\n  sum\n"...)
	for _, part := range []struct {
		name         string
		contribution float64
	}{
		{"baseline", x.Baseline}, {"constant", x.Constant}, {"start", x.Start}, {"end", x.End}, {"characters", characters},
	} {
		out = fmt.Appendf(out, "  %+8.3f  %s\n", part.contribution, part.name)
	}
	return fmt.Appendf(out, "  %+8.3f  log-odds, which is a score of %.5f in float32\n", x.LogOdds, 1/(1+math.Exp(-x.LogOdds)))
}

// where says where an n-gram stands, if that is part of it.
func where(ngram snowman.NGram) string {
	switch {
	case ngram.AtStart && ngram.AtEnd:
		return "from start to end"
	case ngram.AtStart:
		return "at the start"
	case ngram.AtEnd:
		return "at the end"
	}
	return ""
}

// A gap of more characters than this that were not read is cut short.
const longestGap = 40

// cut returns the characters without the end of long gaps, in the place of which stand their numbers.
func cut(characters []snowman.Character) []snowman.Character {
	var short []snowman.Character
	for first := 0; first < len(characters); {
		last := first
		for last < len(characters) && !characters[last].Seen {
			last++
		}
		if gap := last - first; gap > longestGap {
			short = append(short, characters[first:first+longestGap/2]...)
			short = append(short, snowman.Character{Text: fmt.Sprintf("[%d more]", gap-longestGap/2)})
		} else {
			short = append(short, characters[first:last]...)
		}
		if last < len(characters) {
			short = append(short, characters[last])
		}
		first = last + 1
	}
	return short
}

// unseen returns the parts that were not read, or nothing.
func unseen(characters []snowman.Character) string {
	var all strings.Builder
	before := true // the character before was read
	for _, character := range cut(characters) {
		if !character.Seen {
			if before && all.Len() > 0 {
				all.WriteString("  and  ")
			}
			all.WriteString(visible.Text(character.Text))
		}
		before = character.Seen
	}
	return all.String()
}

// What a terminal is told: black on a background that is redder, or bluer, the more a character
// contributes (of 256 colours, which are the same on dark and on light terminals), or faint and struck
// through.
var (
	reds  = []int{224, 217, 210, 203, 196}
	blues = []int{189, 153, 111, 75, 33}
)

const (
	plainStyle  = "\x1b[0m"
	unseenStyle = "\x1b[2;9m"
)

// legend says once what the colours mean.
func legend() string {
	return background(reds[2]) + "red" + plainStyle + " speaks for malicious, " + background(blues[2]) + "blue" + plainStyle + " for benign\n\n"
}

func background(colour int) string { return fmt.Sprintf("\x1b[0;38;5;16;48;5;%dm", colour) }

// style returns how a character is shown where this is the largest contribution of any.
func style(character snowman.Character, largest float64) string {
	if !character.Seen {
		return unseenStyle
	}
	colours := reds
	if character.Contribution < 0 {
		colours = blues
	}
	step := int(math.Abs(character.Contribution)/largest*(float64(len(colours))+0.5)+0.5) - 1
	if step < 0 {
		return plainStyle
	}
	return background(colours[min(step, len(colours)-1)])
}

// appendColoured appends the characters in colours, wrapped at the width of a line.
func (j explaining) appendColoured(out []byte, characters []snowman.Character) []byte {
	largest := 2.0 // log-odds: where there is less, all is pale
	for _, character := range characters {
		largest = max(largest, math.Abs(character.Contribution))
	}
	const margin = "  "
	column, current := 0, plainStyle
	for _, character := range cut(characters) {
		text := visible.Text(character.Text)
		columns := utf8.RuneCountInString(text)
		if column == 0 || column+columns > j.width {
			if column > 0 {
				out = append(out, plainStyle+"\n"...)
			}
			out = append(out, margin...)
			column, current = len(margin), plainStyle
		}
		if next := style(character, largest); next != current {
			out = append(out, next...)
			current = next
		}
		out = append(out, text...)
		column += columns
	}
	return append(out, plainStyle+"\n"...)
}

// appendNumbers appends rows of characters, and below each its contribution, or - where it was not read.
func (j explaining) appendNumbers(out []byte, characters []snowman.Character) []byte {
	const cell = 7 // columns
	short := cut(characters)
	for len(short) > 0 {
		var texts, numbers []byte
		for len(short) > 0 {
			text := visible.Text(short[0].Text)
			columns := max(cell, utf8.RuneCountInString(text)+1)
			if len(numbers) > 0 && len(numbers)+columns > j.width {
				break
			}
			number := "-"
			if short[0].Seen {
				number = fmt.Sprintf("%+.3f", short[0].Contribution)
			}
			texts = fmt.Appendf(texts, "%*s", columns, text)
			numbers = fmt.Appendf(numbers, "%*s", columns, number)
			short = short[1:]
		}
		out = append(append(append(append(out, texts...), '\n'), numbers...), '\n')
	}
	return out
}
