package render

import (
	"fmt"
	"math"
	"strings"
	"unicode/utf8"

	"github.com/snowman-ml/snowman"
	"github.com/snowman-ml/snowman/internal/verdict"
	"github.com/snowman-ml/snowman/internal/visible"
)

// A Drawing says how explanations are drawn for people.
type Drawing struct {
	Width    int  // columns of a line
	InColour bool // colours say what each character contributes, numbers otherwise
}

// longestShown is how many bytes of a canonical form are shown beside the text.
const longestShown = 200

// AppendExplanation appends a record and what its score is made of.
func (d Drawing) AppendExplanation(out []byte, r verdict.Record, x snowman.Explanation) []byte {
	out = columns{}.AppendRecord(out, r)
	if x.Canonical != r.Text {
		out = fmt.Appendf(out, "  read as: %s\n", visible.Text(visible.Abbreviate(x.Canonical, longestShown)))
	}
	out = append(out, '\n')
	if d.InColour {
		out = d.appendColoured(out, x.Characters)
	} else {
		out = d.appendNumbers(out, x.Characters)
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
	out = fmt.Appendf(out, "  %+8.3f  log-odds, which is a score of %.5f in float32\n", x.LogOdds, scoreOf(x.LogOdds))
	return appendViews(out, x)
}

// appendViews appends what each view adds and scores alone, and what the registered domain scores
// alone, unless all are one text, and what the floor does.
func appendViews(out []byte, x snowman.Explanation) []byte {
	domain := x.RegisteredDomain
	if len(x.Views) == 0 || x.Views[0].Text == x.Canonical && (domain == nil || domain.Text == x.Canonical) {
		return out
	}
	out = append(out, "\n  views\n"...)
	alone := make(map[string]float64)
	add := func(contribution, name, text string, logOdds float64) {
		alone[name] = scoreOf(logOdds)
		out = fmt.Appendf(out, "  %8s  %-17s  alone %.5f  %s\n", contribution, name, alone[name], visible.Text(visible.Abbreviate(text, longestShown)))
	}
	if domain != nil {
		add("", "registered domain", domain.Text, domain.LogOdds)
	}
	for _, view := range x.Views {
		add(fmt.Sprintf("%+.3f", view.Contribution), view.View, view.Text, view.LogOdds)
	}
	if x.Floor != nil {
		out = fmt.Appendf(out, "\n  floor: the %s alone scores %.5f, so the whole scores at least %.5f\n",
			x.Floor.View, alone[x.Floor.View], scoreOf(x.Floor.LogOdds))
	}
	return out
}

func scoreOf(logOdds float64) float64 { return 1 / (1 + math.Exp(-logOdds)) }

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

// longestGap is how many characters in a row that are not read are shown.
const longestGap = 40

// cut returns the characters with the end of each longer gap replaced by the number of those left
// out.
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

// unseen returns the parts of a text that are not read.
func unseen(characters []snowman.Character) string {
	var all strings.Builder
	before := true // the character before is read
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
// contributes (of 256 colours, which are the same on dark and on light terminals), or faint and
// struck through.
var (
	reds  = []int{224, 217, 210, 203, 196}
	blues = []int{189, 153, 111, 75, 33}
)

const (
	plainStyle  = "\x1b[0m"
	unseenStyle = "\x1b[2;9m"
)

// AppendLegend appends what the colours mean, to stand before the first explanation.
func (d Drawing) AppendLegend(out []byte) []byte {
	if !d.InColour {
		return out
	}
	return append(out, background(reds[2])+"red"+plainStyle+" speaks for malicious, "+background(blues[2])+"blue"+plainStyle+" for benign\n\n"...)
}

func background(colour int) string { return fmt.Sprintf("\x1b[0;38;5;16;48;5;%dm", colour) }

// style returns how a character is shown, where largest is the largest contribution of any.
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
func (d Drawing) appendColoured(out []byte, characters []snowman.Character) []byte {
	largest := 2.0 // log-odds, so that a text of small contributions stays pale
	for _, character := range characters {
		largest = max(largest, math.Abs(character.Contribution))
	}
	const margin = "  "
	column, current := 0, plainStyle
	for _, character := range cut(characters) {
		text := visible.Text(character.Text)
		columns := utf8.RuneCountInString(text)
		if column == 0 || column+columns > d.Width {
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

// appendNumbers appends rows of characters, and below each its contribution, or - where it is not
// read.
func (d Drawing) appendNumbers(out []byte, characters []snowman.Character) []byte {
	const cell = 7 // columns
	short := cut(characters)
	for len(short) > 0 {
		var texts, numbers []byte
		for len(short) > 0 {
			text := visible.Text(short[0].Text)
			columns := max(cell, utf8.RuneCountInString(text)+1)
			if len(numbers) > 0 && len(numbers)+columns > d.Width {
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
