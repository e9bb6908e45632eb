package snowman

import (
	"cmp"
	"math"
	"slices"
	"unicode/utf8"

	"github.com/snowman-ml/snowman/internal/cnn"
)

// An Explanation says what a score is made of. Its numbers are log-odds, ln(p / (1 - p)) for a
// score p: 0 is a score of one half, and what speaks for malicious is above 0. Up to rounding, they
// add up in two ways:
//
//	LogOdds = Baseline + Constant + Start + End + the contributions of all Characters
//	LogOdds = Baseline + the contributions of all n-grams, of which NGrams has the strongest
//
// They are integrated gradients (Sundararajan, Taly and Yan 2017, arXiv 1703.01365), from a text in
// which the network finds nothing to this one. There are other ways to divide a score. This one
// speaks of the network alone: a character that counts here is no evidence by itself.
//
// A network that reads two views of a text sees a character of the host twice, and its contribution
// is the sum. What each view adds, Views says:
//
//	LogOdds = Baseline + the contributions of all Views
//
// The score is 1 / (1 + exp(-LogOdds)) or, where a floor holds, 1 / (1 + exp(-Floor.LogOdds)).
type Explanation struct {
	Canonical  string      `json:"canonical"` // what the network was shown
	Verdict    Verdict     `json:"-"`         // that of Classify
	LogOdds    float64     `json:"log_odds"`  // of the whole without a floor, computed in float32, as Exact does
	Baseline   float64     `json:"baseline"`  // of a text in which the network finds nothing
	Constant   float64     `json:"constant"`  // of the filters on symbols as common as in training
	Start      float64     `json:"start"`     // of the padding before the text
	End        float64     `json:"end"`       // of the padding behind the text
	Characters []Character `json:"characters"`
	NGrams     []NGram     `json:"ngrams"` // the strongest ten, in either direction

	Views            []View `json:"views,omitempty"`             // none where the network reads the whole alone
	RegisteredDomain *Alone `json:"registered_domain,omitempty"` // nil where it demands nothing of the text
	Floor            *Floor `json:"floor,omitempty"`             // nil where none holds
}

// A View is one of two texts that a network reads of one.
type View struct {
	View         string  `json:"view"` // "host" or "whole"
	Text         string  `json:"text"`
	Contribution float64 `json:"contribution"`
	LogOdds      float64 `json:"log_odds"` // of this text alone
}

// Alone is what the network says of a text by itself.
type Alone struct {
	Text    string  `json:"text"`
	LogOdds float64 `json:"log_odds"`
}

// A Floor is what keeps a text's score from falling far below that of its host, or of its
// registered domain, which is what somebody paid for.
type Floor struct {
	View    string  `json:"view"`     // the one alone that demands most: "registered domain" or "host"
	LogOdds float64 `json:"log_odds"` // those of that view alone, less what the model allows
}

var viewNames = [...]string{cnn.RegisteredDomain: "registered domain", cnn.Host: "host", cnn.Whole: "whole"}

// A Character is one of the canonical form: a rune, or a byte that is part of none.
type Character struct {
	Text         string  `json:"text"`
	Contribution float64 `json:"contribution"` // beyond that of a symbol as common as in training
	Seen         bool    `json:"seen"`         // false for what is not read: operators' labels, the end of long texts
}

// An NGram is neighbouring characters, Characters[Start:End], that filters of the network answer to
// more than to any others in the text, or in one of its views.
type NGram struct {
	Text         string  `json:"text"` // without what is not read
	Start        int     `json:"start"`
	End          int     `json:"end"`
	AtStart      bool    `json:"at_start,omitempty"` // the filters also see that the text, or a view, starts here
	AtEnd        bool    `json:"at_end,omitempty"`   // or ends
	Contribution float64 `json:"contribution"`
}

// mostNGrams is how many n-grams an explanation names.
const mostNGrams = 10

// Explain says what the text's score is made of. It computes in float32, also where the model
// scores in int8. The first call folds the network for it, which takes some milliseconds.
func (m *Model) Explain(text string) (Explanation, error) {
	s := m.scorer()
	defer m.scorers.Put(s)
	verdict, err := s.classifyOne(text, nil)
	if err != nil {
		return Explanation{}, err
	}
	verdict.Probabilities.Values = slices.Clone(verdict.Probabilities.Values)
	parts := m.explainer().Explain(&s.batch, 0)
	if math.IsNaN(parts.LogOdds) {
		return Explanation{}, errOverflow // nothing is said of the views
	}
	x := Explanation{
		Canonical: s.Canonical(),
		Verdict:   verdict,
		LogOdds:   parts.LogOdds,
		Baseline:  parts.Baseline,
	}
	positions := m.alphabet.AppendPositions(nil, &s.url, m.limit)
	hostSymbols := len(parts.Views[0].Symbols) // if there is one view only, it may be more than the host
	endOfHost := func(symbols int) string { return x.Canonical[positions[hostSymbols-symbols]:len(s.url.Host())] }
	x.addViews(parts, endOfHost)
	if row := s.batch.Rows[0]; row.HasFloor && m.file.Metadata.Floor.Exists() {
		x.RegisteredDomain = &Alone{endOfHost(len(s.batch.Text(int(row.Views[cnn.RegisteredDomain])))), parts.DomainAlone}
	}
	characters := x.addCharacters(positions, len(s.url.Host()))
	var windows []window
	for _, view := range parts.Views {
		x.Constant += view.Constant
		x.Start += view.Start
		x.End += view.End
		read := characters[:len(view.Symbols)]
		for symbol, contribution := range view.Symbols {
			x.Characters[read[symbol].start].Contribution += contribution
		}
		for _, w := range view.Windows {
			windows = append(windows, window{w, read})
		}
	}
	x.addNGrams(windows)
	if !x.isFinite() {
		return Explanation{}, errOverflow
	}
	return x, nil
}

// addViews adds the views, if there are several, and the floor. endOfHost is the text of the last
// symbols of the host.
func (x *Explanation) addViews(parts cnn.Explanation, endOfHost func(symbols int) string) {
	if len(parts.Views) > 1 {
		host, whole := parts.Views[0], parts.Views[1]
		x.Views = []View{
			{viewNames[cnn.Host], endOfHost(len(host.Symbols)), host.Sum, host.Alone},
			{viewNames[cnn.Whole], x.Canonical, whole.Sum, whole.Alone},
		}
	}
	if parts.FloorOf >= 0 {
		x.Floor = &Floor{viewNames[parts.FloorOf], parts.Floor}
	}
}

// A span is the characters start to end-1 of an explanation.
type span struct{ start, end int }

// addCharacters adds all characters of the canonical form. It returns those that each symbol of the
// whole is read from: more than one in an A-label that is decoded. Such a label is in the host, of
// which everything is read behind the first symbol.
func (x *Explanation) addCharacters(positions []int, host int) []span {
	last := max(host-1, positions[len(positions)-1])
	spans := make([]span, 0, len(positions))
	for at := 0; at < len(x.Canonical); {
		_, size := utf8.DecodeRuneInString(x.Canonical[at:])
		character := Character{Text: x.Canonical[at : at+size], Seen: positions[0] < at+size && at <= last}
		at += size
		for i := len(spans); i < len(positions) && positions[i] < at; i++ {
			spans = append(spans, span{start: len(x.Characters)})
		}
		x.Characters = append(x.Characters, character)
		if character.Seen {
			spans[len(spans)-1].end = len(x.Characters)
		}
	}
	return spans
}

// A window is one of a view, whose symbols are read from these characters.
type window struct {
	cnn.Window
	characters []span
}

// addNGrams adds the n-grams of the strongest windows. Windows that differ only in how far they
// reach beyond a view, in the bytes that they hold of a character, or in their view, are the same
// n-gram.
func (x *Explanation) addNGrams(windows []window) {
	type place struct {
		start, end     int
		atStart, atEnd bool
	}
	known := make(map[place]int)
	all := []NGram{}
	for _, w := range windows {
		first, last := max(w.Start, 0), min(w.Start+w.Width, len(w.characters))
		if first >= last {
			continue
		}
		at := place{w.characters[first].start, w.characters[last-1].end, w.Start < first, w.Start+w.Width > last}
		i, found := known[at]
		if !found {
			i = len(all)
			known[at] = i
			all = append(all, NGram{Start: at.start, End: at.end, AtStart: at.atStart, AtEnd: at.atEnd})
		}
		all[i].Contribution += w.Contribution
	}
	slices.SortStableFunc(all, func(a, b NGram) int {
		return cmp.Compare(math.Abs(b.Contribution), math.Abs(a.Contribution))
	})
	x.NGrams = slices.Clip(all[:min(len(all), mostNGrams)])
	for i := range x.NGrams {
		for _, character := range x.Characters[x.NGrams[i].Start:x.NGrams[i].End] {
			if character.Seen {
				x.NGrams[i].Text += character.Text
			}
		}
	}
}

// isFinite reports whether all numbers are finite.
func (x *Explanation) isFinite() bool {
	sum := x.LogOdds + x.Baseline + x.Constant + x.Start + x.End
	for _, character := range x.Characters {
		sum += character.Contribution
	}
	for _, ngram := range x.NGrams {
		sum += ngram.Contribution
	}
	for _, view := range x.Views {
		sum += view.Contribution + view.LogOdds
	}
	if x.RegisteredDomain != nil {
		sum += x.RegisteredDomain.LogOdds
	}
	if x.Floor != nil {
		sum += x.Floor.LogOdds
	}
	return !math.IsNaN(sum) && !math.IsInf(sum, 0)
}
