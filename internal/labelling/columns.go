package labelling

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/snowman-ml/snowman"
	"github.com/snowman-ml/snowman/internal/canon"
	"github.com/snowman-ml/snowman/internal/visible"
)

// The names of columns and members, the first that a table has before the others. A table that a
// model scored has the name of each record's verdict; the record may hold others.
var (
	textColumns = []string{"snowman_name", "text", "url", "domain"}
	wordColumns = []string{"label", "word"}
	dateColumns = []string{"date", "datum", "created"}

	// A table with one of these is of a model, whose kinds are nobody's word.
	scoreColumns = []string{"score", "snowman_score"}
	modelColumns = []string{"score", "level", "kind", "snowman_score", "snowman_level", "snowman_kind"}
)

// A layout says where in a record what is said of a text stands; -1 where nothing does.
type layout struct {
	texts                    []int // of which the first that is not empty counts
	word, kind, family, date int
	columns                  int
	wordName                 string
	isScored                 bool // as score prints it in a pipe
}

// textNames returns the names that the column of texts may have, the first that there is first.
func (o Options) textNames() []string { return oneOf(o.Text, textColumns) }

// wordNames is textNames for the column of words.
func (o Options) wordNames() []string { return oneOf(o.Word, wordColumns) }

// dateNames is textNames for the column of dates.
func (o Options) dateNames() []string { return oneOf(o.Date, dateColumns) }

func oneOf(wanted string, usual []string) []string {
	if wanted != "" {
		return []string{wanted}
	}
	return usual
}

// position returns the place of the first column that has one of these names, or -1.
func position(header, names []string) int {
	for _, name := range names {
		if at := slices.IndexFunc(header, func(cell string) bool { return isNamed(cell, name) }); at >= 0 {
			return at
		}
	}
	return -1
}

// isNamed reports whether a cell of a header names a column, in whatever case.
func isNamed(cell, name string) bool {
	return strings.EqualFold(strings.TrimSpace(cell), strings.TrimSpace(name))
}

// layoutOf returns the layout of a table whose header has these cells, or false if it has not the
// columns that are needed.
func (o Options) layoutOf(header []string) (layout, bool) {
	column := func(name string) int { return position(header, []string{name}) }
	l := layout{
		word: position(header, o.wordNames()), kind: column("kind"), family: column("family"),
		date: position(header, o.dateNames()), columns: len(header),
	}
	for _, name := range o.textNames() {
		if at := column(name); at >= 0 {
			l.texts = append(l.texts, at)
		}
	}
	if len(l.texts) == 0 || l.word < 0 || slices.Contains(l.texts, l.word) {
		return l, false
	}
	if isNamed(header[l.texts[0]], textColumns[0]) { // a record without a name has none to fall back to
		l.texts = l.texts[:1]
	}
	l.wordName = header[l.word]
	if position(header, scoreColumns) >= 0 {
		l.kind, l.family = -1, -1
	}
	return l, true
}

// checkWord refuses a column in which a model speaks.
func (o Options) checkWord(names []string) error {
	isModels := slices.ContainsFunc(modelColumns, func(name string) bool { return isNamed(o.Word, name) })
	if isModels && position(names, []string{o.Word}) >= 0 && position(names, scoreColumns) >= 0 {
		return fmt.Errorf("column %q has what the model says; label takes what somebody says", o.Word)
	}
	return nil
}

// checkHeader refuses a header that leaves open which of its columns is meant.
func (o Options) checkHeader(header []string, l layout) error {
	for _, at := range append([]int{l.word}, l.texts...) {
		name := header[at]
		if slices.ContainsFunc(header[at+1:], func(other string) bool { return isNamed(other, name) }) {
			return fmt.Errorf("its first line names the column %q twice; give one of the two another name", strings.TrimSpace(name))
		}
	}
	if o.Date != "" && l.date < 0 {
		return fmt.Errorf("its first line does not name the column %q of -date", o.Date)
	}
	return o.checkWord(header)
}

// commas are what may stand between cells.
var commas = []byte{'\t', ';', ',', '|'}

// readHeader returns the layout of the table that begins with a line, what stands between its
// cells, and whether the line is its header.
func (o Options) readHeader(first string, only byte) (l layout, comma byte, isHeader bool, err error) {
	candidates := commas
	if only != 0 {
		candidates = []byte{only}
	}
	var most []string
	for _, comma := range candidates {
		header, isClosed := split(first, comma)
		if !isClosed {
			continue
		}
		if l, ok := o.layoutOf(header); ok {
			return l, comma, true, o.checkHeader(header, l)
		}
		if len(header) > len(most) {
			most = header
		}
	}
	if o.Text == "" && o.Word == "" {
		if l, ok := scoredLayout(first); ok {
			return l, '\t', false, nil
		}
		for _, comma := range candidates {
			cells, _ := split(first, comma)
			if l, ok := o.pairLayout(cells); ok {
				return l, comma, false, nil
			}
		}
	}
	return l, 0, false, o.noColumns(most)
}

// noColumns says which columns the first line of a table does not name.
func (o Options) noColumns(header []string) error {
	quote := func(names []string, limit int) string {
		shown := make([]string, 0, len(names))
		for _, name := range names[:min(len(names), limit)] {
			shown = append(shown, strconv.Quote(visible.Abbreviate(strings.TrimSpace(name), 40)))
		}
		if len(names) > limit {
			shown = append(shown, "...")
		}
		return strings.Join(shown, ", ")
	}
	missing := func(flag, what, wanted string, usual []string) string {
		if wanted != "" {
			return fmt.Sprintf("the column %q of -%s", wanted, flag)
		}
		return fmt.Sprintf("a column of %s (%s; -%s names another)", what, strings.Join(usual, ", "), flag)
	}
	var wanted []string
	if position(header, o.textNames()) < 0 {
		wanted = append(wanted, missing("text", "texts", o.Text, textColumns))
	}
	if position(header, o.wordNames()) < 0 {
		wanted = append(wanted, missing("word", "words", o.Word, wordColumns))
	}
	if len(wanted) == 0 {
		return errors.New("-text and -word name the same column")
	}
	return fmt.Errorf("its first line does not name %s; it has %s", strings.Join(wanted, " and "), quote(header, 20))
}

// scoredLayout returns the layout of what score prints in a pipe, with a word behind each line.
func scoredLayout(first string) (layout, bool) {
	cells := strings.Split(first, "\t")
	l := layout{texts: []int{3}, word: 4, kind: -1, family: -1, date: -1, columns: 5, isScored: true}
	if len(cells) > l.columns { // with -families
		l.texts, l.word, l.columns = []int{5}, 6, 7
	}
	if len(cells) != l.columns && len(cells) != l.columns-1 { // the first line may have no word
		return l, false
	}
	if cells[0] == "" && cells[1] == "" && cells[2] == "" { // a text without a score
		return l, true
	}
	_, errScore := strconv.ParseFloat(cells[0], 64)
	_, errLevel := snowman.ParseLevel(cells[1])
	return l, errScore == nil && errLevel == nil
}

// pairLayout returns the layout of a list without a header: a text and a word in each line.
// Where the first word is not known, the first text tells that there is no header.
func (o Options) pairLayout(cells []string) (layout, bool) {
	l := layout{texts: []int{0}, word: 1, kind: -1, family: -1, date: -1, columns: 2}
	var u canon.URL
	if len(cells) != l.columns || u.Parse(cells[0]) != nil {
		return l, false
	}
	meant, known := o.meaning(cells[1], "")
	return l, known && meant.says || strings.Contains(cells[0], ".") && u.NotPublic() == canon.Public
}

// wordBehindBlank returns the word that ends a text behind a blank, where a tab should stand.
func (o Options) wordBehindBlank(text string) (word string, found bool) {
	for from := strings.LastIndexByte(text, ' '); from >= 0 && len(text)-from <= longestWord; from = strings.LastIndexByte(text[:from], ' ') {
		word = strings.TrimSpace(text[from:])
		if m, known := o.meaning(word, ""); known && m.says {
			return word, true
		}
	}
	return "", false
}

// of returns what a record says.
func (l layout) of(cells []string) said {
	cell := func(column int) string {
		if column < 0 || column >= len(cells) {
			return ""
		}
		return strings.TrimSpace(cells[column])
	}
	text := ""
	for _, column := range l.texts {
		if text = unescape(cell(column)); text != "" {
			break
		}
	}
	return said{text, cell(l.word), cell(l.kind), cell(l.family), cell(l.date)}
}
