package visible

import (
	"bytes"
	"encoding/json"
	"fmt"
	"unicode/utf16"
	"unicode/utf8"
)

// AppendJSON appends a text as a JSON string. It leaves <, > and & as they are. A byte that is no
// UTF-8 becomes U+FFFD.
func AppendJSON(out []byte, text string) []byte {
	for i := range len(text) {
		if c := text[i]; c < ' ' || c > '~' || c == '"' || c == '\\' {
			return AppendJSONValue(out, text)
		}
	}
	out = append(out, '"')
	out = append(out, text...)
	return append(out, '"')
}

// AppendJSONValue appends a value that encoding/json can encode, all strings in it as AppendJSON
// writes them. It appends "" for any other value.
func AppendJSONValue(out []byte, value any) []byte {
	var buffer bytes.Buffer
	encoder := json.NewEncoder(&buffer)
	encoder.SetEscapeHTML(false)
	if encoder.Encode(value) != nil {
		return append(out, `""`...)
	}
	for _, r := range string(bytes.TrimSuffix(buffer.Bytes(), []byte("\n"))) {
		switch {
		case isVisible(r):
			out = utf8.AppendRune(out, r)
		case r > 0xffff:
			high, low := utf16.EncodeRune(r)
			out = fmt.Appendf(out, `\u%04x\u%04x`, high, low)
		default:
			out = fmt.Appendf(out, `\u%04x`, r)
		}
	}
	return out
}
