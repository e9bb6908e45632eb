package logs

import (
	"slices"
	"strings"
	"testing"
)

func TestDnstapFramesThatTellNoOneMessage(t *testing.T) {
	field := func(number byte, data string) string {
		return string([]byte{number<<3 | 2, byte(len(data))}) + data
	}
	const question = "\x00\x01\x01\x00\x00\x01\x00\x00\x00\x00\x00\x00\x01a\x03com\x00\x00\x01\x00\x01"
	message := func(kind string) string {
		return field(dnstapMessage, kind+field(tapQuery, question))
	}
	const broken = "broken: it is no message of dnstap"
	for _, test := range []struct{ name, frame, want string }{
		{"a question", message("\x08\x05"), "a.com"},
		{"a type that is not known, with a question", message("\x08\x0f"), broken},
		{"no type, with a question", message(""), broken},
		{"a type that is not known", field(dnstapMessage, "\x08\x0f"), ""},
		{"two messages", message("\x08\x05") + message("\x08\x05"), broken},
		{"a message below an empty one", field(dnstapMessage, "") + message("\x08\x05"), broken},
	} {
		t.Run(test.name, func(t *testing.T) {
			stream := string(appendControl(nil, frameStart, dnstapContent)) + string(frame(test.frame))
			if got, want := namesOf(t, "dnstap", stream), strings.FieldsFunc(test.want, func(c rune) bool { return c == '|' }); !slices.Equal(got, want) {
				t.Errorf("%q, want %q", got, want)
			}
		})
	}
}
