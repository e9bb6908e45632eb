package lines

import (
	"errors"
	"io"
	"slices"
	"strings"
	"testing"
	"testing/iotest"
)

func readAll(source io.Reader, maximum int) (lines []string, cut []int, err error) {
	r := NewReader(source, maximum)
	for r.Scan() {
		lines = append(lines, string(r.Bytes()))
		if r.Cut() {
			cut = append(cut, r.Number())
		}
	}
	return lines, cut, r.Err()
}

func TestReader(t *testing.T) {
	long := strings.Repeat("a", 300_000)
	for _, test := range []struct {
		name, text string
		maximum    int
		want       []string
		cut        []int
	}{
		{"nothing", "", 10, nil, nil},
		{"one line", "a\n", 10, []string{"a"}, nil},
		{"a last line without an end", "a\nb", 10, []string{"a", "b"}, nil},
		{"an empty line", "a\n\nb\n", 10, []string{"a", "", "b"}, nil},
		{"carriage returns", "a\r\nb\r\n", 10, []string{"a", "b"}, nil},
		{"one carriage return goes, not two", "a\r\r\n", 10, []string{"a\r"}, nil},
		{"a carriage return within a line", "a\rb\n", 10, []string{"a\rb"}, nil},
		{"a byte order mark", "\xef\xbb\xbfa\nb", 10, []string{"a", "b"}, nil},
		{"a byte order mark later on", "a\n\xef\xbb\xbfb", 10, []string{"a", "\xef\xbb\xbfb"}, nil},
		{"a line at the maximum", "abc\r\nd", 3, []string{"abc", "d"}, nil},
		{"a line above the maximum", "abcd\nd", 3, []string{"abc", "d"}, []int{1}},
		{"a line above the buffer", long + "\nd", 3, []string{"aaa", "d"}, []int{1}},
		{"a line above the buffer, kept", long + "\nd", 1 << 20, []string{long, "d"}, nil},
		{"a last line above the maximum", "d\n" + long, 3, []string{"d", "aaa"}, []int{2}},
	} {
		t.Run(test.name, func(t *testing.T) {
			for name, source := range map[string]io.Reader{
				"at once":       strings.NewReader(test.text),
				"byte by byte":  iotest.OneByteReader(strings.NewReader(test.text)),
				"data with EOF": iotest.DataErrReader(strings.NewReader(test.text)),
			} {
				got, cut, err := readAll(source, test.maximum)
				if err != nil || !slices.Equal(got, test.want) || !slices.Equal(cut, test.cut) {
					t.Errorf("%s: lines %.60q, cut %v, error %v; want %.60q, cut %v", name, got, cut, err, test.want, test.cut)
				}
			}
		})
	}
}

func TestReaderReportsAnErrorAfterTheLinesBeforeIt(t *testing.T) {
	broken := errors.New("broken")
	got, _, err := readAll(io.MultiReader(strings.NewReader("a\nb\n"), iotest.ErrReader(broken)), 10)
	if !errors.Is(err, broken) || !slices.Equal(got, []string{"a", "b"}) {
		t.Errorf("lines %q and error %v, want a, b and %v", got, err, broken)
	}
}
