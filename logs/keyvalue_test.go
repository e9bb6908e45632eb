package logs

import (
	"strings"
	"testing"
)

func TestPairsWithKeysInQuotationMarks(t *testing.T) {
	for _, test := range []struct{ name, line, want string }{
		{"a field that was there", `x=1 "snowman_level"=none y="a b" "snowman_name"="x y"`, `x=1 y="a b" snowman_level="low"`},
		{"another key", `"a"=1 b=2`, `"a"=1 b=2 snowman_level="low"`},
		{"a text that is no key", `"a" x"snowman_level"=1 b=2`, `"a" x"snowman_level"=1 b=2 snowman_level="low"`},
	} {
		t.Run(test.name, func(t *testing.T) {
			format, err := Find("fortinet")
			if err != nil {
				t.Fatal(err)
			}
			reader, err := format.NewReader(strings.NewReader(test.line), nil, verdictFields)
			if err != nil || !reader.Scan() {
				t.Fatal(err)
			}
			var r Record
			reader.Layout().Find(reader.Bytes(), &r)
			if got := string(reader.Layout().Append(nil, reader.Bytes(), &r, [][]byte{nil, []byte("low"), nil, nil})); got != test.want {
				t.Errorf("%s, want %s", got, test.want)
			}
		})
	}
}
