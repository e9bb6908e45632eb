package web

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"
)

// A textValue is an element of texts: a string, or the reason why it is not one.
type textValue struct {
	text string
	err  error
}

var errNoString = errors.New("a text must be a string")

func (v *textValue) UnmarshalJSON(data []byte) error {
	if data[0] != '"' {
		v.text, v.err = string(data), errNoString
		return nil
	}
	return json.Unmarshal(data, &v.text)
}

// textOfJSON returns the text of a line that is a JSON string, or an object with the member text. A
// line may be a record of the client's own, so other members are ignored.
func textOfJSON(line string) (string, error) {
	if text, ok := strings.CutPrefix(line, `{"text":`); ok && strings.HasSuffix(text, "}") {
		if text, ok = plainString(text[:len(text)-1]); ok {
			return text, nil
		}
	}
	if text, ok := plainString(line); ok {
		return text, nil
	}
	var text *string
	var err error
	if strings.HasPrefix(strings.TrimLeft(line, " \t"), "{") {
		var object struct {
			Text *string `json:"text"`
		}
		err = json.Unmarshal([]byte(line), &object)
		text = object.Text
	} else {
		err = json.Unmarshal([]byte(line), &text)
	}
	_, isWrongType := errors.AsType[*json.UnmarshalTypeError](err)
	switch {
	case isWrongType, err == nil && text == nil:
		return "", errors.New(`want a JSON string or {"text": "..."}`)
	case err != nil:
		return "", fmt.Errorf("reading the line as JSON: %w", err)
	}
	return *text, nil
}

// plainString returns the value of a JSON string that has no escapes.
func plainString(value string) (text string, ok bool) {
	if len(value) < 2 || value[0] != '"' || value[len(value)-1] != '"' {
		return "", false
	}
	text = value[1 : len(value)-1]
	for i := range len(text) {
		if c := text[i]; c < ' ' || c >= utf8.RuneSelf || c == '"' || c == '\\' {
			return "", false
		}
	}
	return text, true
}
