package drift

import (
	"fmt"
	"io"
	"strconv"
	"strings"
	"text/tabwriter"

	"github.com/snowman-ml/snowman/internal/visible"
)

// WriteText writes a result for people: one page.
func WriteText(w io.Writer, r Result) error {
	var b strings.Builder
	m := r.Model
	fmt.Fprintf(&b, "model      %.12s", m.SHA256)
	if m.Created != "" {
		fmt.Fprintf(&b, ", made on %s", m.Created)
	}
	if m.TrainedTo != "" {
		fmt.Fprintf(&b, ", malicious rows of %s to %s", m.TrainedFrom, m.TrainedTo)
	}
	if m.AgeMonths >= 0 {
		fmt.Fprintf(&b, ", %d months old", m.AgeMonths)
	}
	against := "benign texts that the model was not trained on; a network's own mixture differs, so -reference FILE says more"
	hasReference := false
	for _, t := range r.Texts {
		hasReference = hasReference || t.Reference > 0
	}
	switch {
	case r.Against == "log":
		against = "the log of -reference"
	case !hasReference:
		against = "none: the model's file has none; -reference FILE takes a log of a good time"
	}
	fmt.Fprintf(&b, "\nreference  %s\n", against)
	for _, t := range r.Texts {
		t.write(&b)
	}
	fmt.Fprintf(&b, "\nverdict: %s\n", r.Verdict)
	for _, f := range r.Findings {
		fmt.Fprintf(&b, "  %s: %s\n", f.Verdict, visible.Text(f.Text))
	}
	_, err := io.WriteString(w, b.String())
	return err
}

func (t Texts) write(b *strings.Builder) {
	fmt.Fprintf(b, "\n%s: %s", t.Texts, thousands(t.Seen))
	if t.Seen == 0 {
		b.WriteString("\n")
		return
	}
	fmt.Fprintf(b, "; compared are %s, one of each registered domain", thousands(t.Compared))
	if t.Sampled {
		b.WriteString(" in a part of them")
	}
	if t.Reference > 0 {
		fmt.Fprintf(b, ", with %s", thousands(t.Reference))
	}
	b.WriteString("\n")
	if t.TooFew {
		fmt.Fprintf(b, "  fewer than %d say nothing\n", fewestTexts)
		return
	}
	if t.TooFewBefore {
		fmt.Fprintf(b, "  the reference has fewer than %d, which say nothing of scores, characters and suffixes\n", fewestTexts)
	}
	table := tabwriter.NewWriter(b, 0, 0, 2, ' ', 0)
	for _, l := range t.Levels {
		fmt.Fprintf(table, "  reach %s\t%s\t(%s, 95 %%: %s to %s)\tlevel: %s", l.Level, percent(l.Share), thousands(l.Count), percent(l.Low), percent(l.High), percent(l.Promise))
		if l.Earlier != nil {
			fmt.Fprintf(table, ", reference: %s", percent(*l.Earlier))
		}
		fmt.Fprint(table, mark(l.Exceeded), "\n")
	}
	table.Flush() // into memory
	if s := t.Scores; s != nil {
		fmt.Fprintf(b, "  scores      population stability index %.3f, by chance %.3f, at most %.3f\n", s.PSI, s.Expected, s.Most)
		for _, p := range s.Parts {
			if p.Moved {
				fmt.Fprintf(b, "              %s\n", p)
			}
		}
	}
	if x := t.Characters; x != nil {
		fmt.Fprintf(b, "  characters  divergence %.4f, by chance at most %.4f", x.Divergence, x.Most)
		if len(x.Changed) > 0 {
			fmt.Fprintf(b, "; most: %s", x.Changed[0])
		}
		b.WriteString("\n")
	}
	if s := t.Suffixes; s != nil && s.Known {
		fmt.Fprintf(b, "  suffixes    %s below one that training had fewer than 20 rows of, reference: %s", percent(s.Share), percent(s.Reference))
		if len(s.Untrained) > 0 {
			fmt.Fprintf(b, "; .%s %s", visible.Text(s.Untrained[0].Suffix), thousands(s.Untrained[0].Count))
		}
		b.WriteString("\n")
	}
	if len(t.Words) > 0 {
		var words []string
		for _, word := range t.Words {
			words = append(words, fmt.Sprintf("%s %d", word.Word, word.Domains))
		}
		fmt.Fprintf(b, "  words       in domains that reach a level, maybe brands that the list of popular names lacks: %s\n", strings.Join(words, ", "))
	}
}

func mark(exceeded bool) string {
	if exceeded {
		return "  <- more"
	}
	return ""
}

// percent writes a share with two digits.
func percent(share float64) string {
	if share >= .995 {
		return fmt.Sprintf("%.0f %%", 100*share)
	}
	return strconv.FormatFloat(100*share, 'g', 2, 64) + " %"
}

// shortScore writes a score so that small ones and those near 1 can be told apart.
func shortScore(score float64) string {
	if score > .9 && score < 1 {
		return fmt.Sprintf("%.5f", score)
	}
	return strconv.FormatFloat(score, 'g', 2, 64)
}

// thousands writes a number with commas between its thousands.
func thousands(n int) string {
	s := strconv.Itoa(n)
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}
