package blocklist

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"strconv"
	"strings"

	"github.com/snowman-ml/snowman/internal/visible"
)

// STIX 2.1 (https://docs.oasis-open.org/cti/stix/v2.1/os/stix-v2.1-os.html): a bundle of
// indicators, whose identifiers come of their texts and whose times are always the same.

const stixTime = "2026-01-01T00:00:00.000Z"

func beginSTIX(out []byte, _ Options) []byte {
	out = append(out, `{"type":"bundle","id":"bundle--`...)
	out = appendUUID(out, "bundle", "")
	return append(out, `","objects":[`+"\n"...)
}

func appendSTIX(out []byte, r row) []byte {
	e := r.entry
	out = append(out, `{"type":"indicator","spec_version":"2.1","id":"indicator--`...)
	out = appendUUID(out, "indicator", e.Text)
	out = append(out, `","created":"`+stixTime+`","modified":"`+stixTime+`","name":`...)
	out = visible.AppendJSON(out, e.Text)
	out = append(out, `,"description":"`...)
	out = e.appendComment(out)
	out = append(out, `","indicator_types":["malicious-activity"],"pattern":`...)
	out = visible.AppendJSON(out, e.pattern())
	out = append(out, `,"pattern_type":"stix","pattern_version":"2.1","valid_from":"`+stixTime+`","confidence":`...)
	out = strconv.AppendInt(out, int64(math.Round(100*e.probability())), 10)
	return append(out, '}')
}

func endSTIX(out []byte, _ Options) []byte { return append(out, "\n]}\n"...) }

var patternEscapes = strings.NewReplacer(`\`, `\\`, `'`, `\'`)

// pattern returns what an entry is compared with. A URL of which no scheme is known has either.
func (e *Entry) pattern() string {
	switch e.kind {
	case ipv4:
		return "[ipv4-addr:value = '" + e.Text + "']"
	case ipv6:
		return "[ipv6-addr:value = '" + e.Text + "']"
	case name:
		if e.WWW {
			return "[domain-name:value = '" + e.Text + "' OR domain-name:value = 'www." + e.Text + "']"
		}
		return "[domain-name:value = '" + e.Text + "']"
	}
	var comparisons []string
	e.paths(func(text string) {
		for _, scheme := range e.schemes() {
			comparisons = append(comparisons, "url:value = '"+scheme+"://"+patternEscapes.Replace(text)+"'")
		}
	})
	return "[" + strings.Join(comparisons, " OR ") + "]"
}

func readSTIX(source io.Reader) (texts []string, err error) {
	decoder := json.NewDecoder(source)
	decoder.DisallowUnknownFields()
	for _, want := range []json.Token{json.Delim('{'), "type", "bundle", "id", nil, "objects", json.Delim('[')} {
		if token, err := decoder.Token(); err != nil || want != nil && token != want {
			return nil, errors.Join(errForeign, err)
		}
	}
	for decoder.More() {
		var o struct {
			Type           string   `json:"type"`
			SpecVersion    string   `json:"spec_version"`
			ID             string   `json:"id"`
			Created        string   `json:"created"`
			Modified       string   `json:"modified"`
			Name           string   `json:"name"`
			Description    string   `json:"description"`
			Types          []string `json:"indicator_types"`
			Pattern        string   `json:"pattern"`
			PatternType    string   `json:"pattern_type"`
			PatternVersion string   `json:"pattern_version"`
			ValidFrom      string   `json:"valid_from"`
			Confidence     int      `json:"confidence"`
		}
		if err := decoder.Decode(&o); err != nil {
			return nil, err
		}
		if o.Type != "indicator" || o.Confidence < 0 || o.Confidence > 100 {
			return nil, errForeign
		}
		text, err := printable(o.Name)
		if err != nil {
			return nil, err
		}
		if err := checkPattern(o.Pattern); err != nil {
			return nil, err
		}
		texts = append(texts, text)
	}
	return texts, endJSON(decoder, ']', '}')
}

// checkPattern refuses a pattern that is not one to four comparisons of whole texts.
func checkPattern(pattern string) error {
	rest, ok := strings.CutPrefix(pattern, "[")
	for range 4 {
		var found bool
		for _, object := range []string{"domain-name", "url", "ipv4-addr", "ipv6-addr"} {
			if behind, is := strings.CutPrefix(rest, object+":value = '"); is {
				rest, found = behind, true
			}
		}
		end := 0
		for end < len(rest) && rest[end] != '\'' {
			if rest[end] == '\\' {
				end++
			}
			end++
		}
		if !ok || !found || end >= len(rest) {
			break
		}
		if rest = rest[end+1:]; rest == "]" {
			return nil
		}
		rest, ok = strings.CutPrefix(rest, " OR ")
	}
	return fmt.Errorf("%w: pattern %.80q", errForeign, pattern)
}

// endJSON reads the ends of a document.
func endJSON(decoder *json.Decoder, ends ...json.Delim) error {
	for _, want := range ends {
		if token, err := decoder.Token(); err != nil || token != want {
			return errors.Join(errForeign, err)
		}
	}
	if _, err := decoder.Token(); err != io.EOF {
		return errForeign
	}
	return nil
}
