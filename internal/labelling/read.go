package labelling

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"unicode/utf8"

	"github.com/snowman-ml/snowman/internal/lines"
	"github.com/snowman-ml/snowman/internal/plain"
)

// Read reads a table: cells between tabs, commas, semicolons or bars, below a header that names a
// column of texts and one of words; what score prints in a pipe, with a word behind each line; a
// text and a word in each line; or JSON lines. It may be in UTF-16, and compressed by gzip or zstd.
//
// The name of the file stands in what report hears, unless it is empty. Report is called with the
// error of each row that is left out.
func (j *Job) Read(file string, source io.Reader, report func(error)) error {
	in := lines.NewReader(plain.NewReader(source), longestLine)
	t := table{source: in}
	var only byte // what the file says of its commas
	for {
		first, ok := t.line()
		if !ok {
			return in.Err()
		}
		text := strings.TrimSpace(first.text)
		switch {
		case text == "":
			continue
		case len(text) == len("sep=;") && strings.HasPrefix(strings.ToLower(text), "sep="):
			only = text[len(text)-1]
			continue
		case first.cut:
			return errTooLong
		}
		t.ahead = []line{first}
		break
	}
	err := otherFormat(t.ahead[0].text)
	if err != nil {
		return err
	}
	if strings.HasPrefix(strings.TrimSpace(t.ahead[0].text), "{") {
		err = j.readJSON(file, &t, report)
	} else {
		err = j.readTable(file, &t, only, report)
	}
	return errors.Join(err, in.Err())
}

func (j *Job) readTable(file string, t *table, only byte, report func(error)) error {
	l, comma, isHeader, err := j.options.readHeader(t.ahead[0].text, only)
	if err != nil {
		return j.options.withHeaderBelow(err, t, only)
	}
	if t.comma = comma; isHeader {
		t.ahead = nil
	}
	for {
		cells, number, err := t.next(l.columns)
		at := place{file, number}
		switch {
		case number == 0:
			return nil
		case err != nil:
			j.broken(at, err, report)
			continue
		}
		s := l.of(cells)
		if l.isScored && s.word == "" {
			if word, found := j.options.wordBehindBlank(s.text); found {
				j.broken(at, fmt.Errorf("the word %q stands behind a blank, want a tab", word), report)
				continue
			}
		}
		reported, err := j.add(s, l.wordName, at)
		if err != nil {
			return err
		}
		if reported != nil {
			report(reported)
		}
	}
}

// otherFormat says what a file is that is no table of text, by its first line.
func otherFormat(first string) error {
	switch {
	case strings.HasPrefix(first, "PK\x03\x04"):
		return errors.New("it is a workbook (.xlsx, .ods) or another zip file; save its sheet as CSV")
	case strings.HasPrefix(first, "\xd0\xcf\x11\xe0"):
		return errors.New("it is a workbook (.xls); save its sheet as CSV")
	case strings.HasPrefix(strings.TrimSpace(first), "["):
		return errors.New("it is a JSON array; jq -c '.[]' writes an object a line")
	case strings.Contains(first, "\x00"):
		return errors.New("it has zero bytes, as UTF-16 without a byte order mark has; save it as UTF-8")
	}
	return nil
}

// withHeaderBelow adds to the error of a first line that is no header what may help.
func (o Options) withHeaderBelow(err error, t *table, only byte) error {
	if !utf8.ValidString(t.ahead[0].text) {
		return fmt.Errorf("%w; it is not in UTF-8, in which its columns can be told: save it as UTF-8", err)
	}
	const mostAbove = 20
	t.ahead = nil
	for range mostAbove {
		below, ok := t.line()
		if !ok || below.cut {
			break
		}
		if _, _, isHeader, wrong := o.readHeader(below.text, only); isHeader && wrong == nil {
			return fmt.Errorf("%w; line %d does: remove the lines above it", err, below.number)
		}
	}
	return err
}

// broken counts a row that cannot be read, and reports it.
func (j *Job) broken(at place, err error, report func(error)) {
	j.counts.Read++
	j.counts.Broken++
	report(fmt.Errorf("%v: %w", at, err))
}

func (j *Job) readJSON(file string, t *table, report func(error)) error {
	objects, worded := 0, false
	for isFirst := true; ; isFirst = false {
		l, ok := t.line()
		if !ok {
			if objects > 0 && !worded {
				return fmt.Errorf("none of its objects has the member %s", strings.Join(j.options.wordNames(), " or "))
			}
			return nil
		}
		at := place{file, l.number}
		if l.cut {
			j.broken(at, errTooLong, report)
			continue
		}
		if strings.TrimSpace(l.text) == "" {
			continue
		}
		var members map[string]json.RawMessage
		if err := json.Unmarshal([]byte(l.text), &members); err != nil {
			if isFirst && strings.TrimSpace(l.text) == "{" {
				return errors.New("it is JSON over several lines; jq -c writes an object a line")
			}
			j.broken(at, errors.New("it is no JSON object"), report)
			continue
		}
		s, column, err := j.options.ofMembers(members)
		if err != nil {
			return err
		}
		objects++
		worded = worded || column != ""
		reported, err := j.add(s, column, at)
		if err != nil {
			return err
		}
		if reported != nil {
			report(reported)
		}
	}
}

// ofMembers returns what a JSON object says, and the name of the member with the word.
func (o Options) ofMembers(members map[string]json.RawMessage) (s said, column string, err error) {
	names := make([]string, 0, len(members))
	for name := range members {
		names = append(names, name)
	}
	if err := o.checkWord(names); err != nil {
		return said{}, "", err
	}
	var verdict struct{ Name string }
	_, isLog := members["snowman"] // a log that was scored
	if isLog {
		json.Unmarshal(members["snowman"], &verdict) // another "snowman" has no name
	}
	first := func(names ...string) (text, name string) { // the first that is not empty
		for _, candidate := range names {
			if member, ok := members[candidate]; ok && text == "" {
				text, name = textOf(member), candidate
			}
		}
		return text, name
	}
	if s.text = verdict.Name; o.Text != "" || s.text == "" {
		s.text, _ = first(o.textNames()...)
	}
	s.word, column = first(o.wordNames()...)
	s.date, _ = first(o.dateNames()...)
	_, isScored := members["score"]
	if !isLog && !isScored {
		s.kind, _ = first("kind")
		s.family, _ = first("family")
	}
	return s, column, nil
}

// textOf returns a string, or a number or a truth value as JSON writes it; another value is no
// text.
func textOf(value json.RawMessage) string {
	var text string
	switch value = bytes.TrimSpace(value); {
	case len(value) == 0 || value[0] == '{' || value[0] == '[' || string(value) == "null":
		return ""
	case value[0] != '"':
		return string(value)
	case json.Unmarshal(value, &text) != nil:
		return ""
	}
	return text
}
