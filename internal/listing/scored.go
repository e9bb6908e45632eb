package listing

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/snowman-ml/snowman"
	"github.com/snowman-ml/snowman/internal/intake"
	"github.com/snowman-ml/snowman/internal/pipeline"
	"github.com/snowman-ml/snowman/internal/verdict"
)

// Scored records are what snowman score prints: a JSON object a line, or fields with tabs between
// them. Where somebody says that an input has such, their levels count as they are, and only the
// bare hosts of URLs are scored. Where that is guessed, the names are scored anew: the input may be
// of whoever wants a name blocked.

// isScoredSample reports whether a sample has scored records: the first lines all are that.
func isScoredSample(sample []byte) bool {
	const looked = 10
	count := 0
	for line := range bytes.Lines(sample) {
		if count == looked || line[len(line)-1] != '\n' {
			break
		}
		count++
		if _, err := parseScored(string(bytes.TrimRight(line, "\r\n"))); err != nil && !errors.Is(err, errUnscored) {
			return false
		}
	}
	return count > 0
}

const longestName = 253 // bytes in DNS (RFC 1035, section 2.3.4)

var (
	errNotScored = errors.New("not a record that snowman score printed")
	errUnscored  = errors.New("it has no score")
)

// parseScored reads a record.
func parseScored(line string) (r verdict.Record, err error) {
	if strings.HasPrefix(line, "{") {
		return parseScoredJSON(line)
	}
	return parseScoredTabs(line)
}

func parseScoredJSON(line string) (verdict.Record, error) {
	var r struct {
		Text  *string         `json:"text"`
		Score json.RawMessage `json:"score"` // a number
		Level string          `json:"level"`
		Error string          `json:"error"`
		verdict.Record
	}
	if err := json.Unmarshal([]byte(line), &r); err != nil || r.Text == nil {
		return verdict.Record{}, errNotScored
	}
	r.Record.Text = *r.Text
	if r.Error != "" {
		return r.Record, errUnscored
	}
	err := setScored(&r.Record, string(r.Score), r.Level)
	return r.Record, err
}

// parseScoredTabs reads score, level, kind, maybe a family and its probability, and the text.
func parseScoredTabs(line string) (r verdict.Record, err error) {
	var array [6]string
	fields := array[:0]
	for rest, more := line, true; more; {
		var field string
		if field, rest, more = strings.Cut(rest, "\t"); len(fields) == len(array) {
			return r, errNotScored
		}
		fields = append(fields, field)
	}
	if len(fields) != 4 && len(fields) != 6 {
		return r, errNotScored
	}
	r.Text = fields[len(fields)-1]
	if fields[0] == "" && fields[1] == "" && fields[2] == "" && r.Text != "" {
		return r, errUnscored
	}
	r.Kind = fields[2]
	if len(fields) == 6 && fields[3] != "" {
		r.Families = []snowman.Family{{Name: fields[3]}}
	}
	return r, setScored(&r, fields[0], fields[1])
}

// setScored sets the score and the level of a record.
func setScored(r *verdict.Record, score, level string) (err error) {
	if r.Score, err = strconv.ParseFloat(score, 64); err != nil || !(r.Score >= 0 && r.Score <= 1) {
		return errNotScored
	}
	if r.Level, err = snowman.ParseLevel(level); err != nil {
		return errNotScored
	}
	if !isWord(r.Kind) || len(r.Imitates) > longestName || len(r.Mentions) > longestName {
		return errNotScored
	}
	for _, family := range r.Families {
		if !isWord(family.Name) {
			return errNotScored
		}
	}
	return nil
}

// isWord reports whether a text can be the name of a kind or a family, which models may choose.
func isWord(text string) bool {
	const longest = 40
	for _, c := range text {
		if (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') && (c < '0' || c > '9') && !strings.ContainsRune("-_.+ ()/", c) {
			return false
		}
	}
	return text != "" && len(text) <= longest
}

// readScored collects the scored records of a source, or only the names in them if they are not
// trusted.
func (j *Job) readScored(ctx context.Context, source *intake.Source, isTrusted bool, report func([]byte)) error {
	return intake.Run(ctx, source.Lines(longestScored), report, func() func(*pipeline.Chunk[pipeline.Line]) {
		w := j.newWorker()
		return func(c *pipeline.Chunk[pipeline.Line]) {
			w.Begin()
			for i, line := range c.Items {
				w.addScored(intake.Place{Source: c.Source, Item: "line", Number: c.First + i}, line.Text, isTrusted)
			}
			c.Errors = append(c.Errors, w.Finish()...)
		}
	})
}

// addScored takes a scored record, or only the name in it.
func (w *worker) addScored(at intake.Place, line string, isTrusted bool) {
	r, err := parseScored(line)
	switch {
	case errors.Is(err, errUnscored):
		w.counts.Records++
		w.fail(at, r.Text, err)
		return
	case err != nil:
		w.counts.Broken++
		w.complain(at, fmt.Sprintf("the record is left out: %v", err))
		return
	}
	w.counts.Records++
	if !isTrusted {
		w.addText(at, r.Text)
		return
	}
	if r.Level < w.job.options.Minimum || r.Level == snowman.None {
		return
	}
	written := r.Text
	if err := w.url.Parse(written); err != nil {
		w.fail(at, written, err)
		return
	}
	if reason := w.url.NotPublic(); reason != 0 {
		r.NotPublic = reason.String()
	}
	if string(w.url.Bytes()) != written {
		r.Text = w.url.String()
	}
	w.find(&r, written, false)
	w.complainOfMisfit(at)
}
