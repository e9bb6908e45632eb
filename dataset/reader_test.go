package dataset

import (
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/snowman-ml/snowman/internal/canon"
)

// readAll returns the good rows of a file, and the errors of the others.
func readAll(source io.Reader) (rows []Row, bad []string, err error) {
	r, err := NewReader(source)
	if err != nil {
		return nil, nil, err
	}
	for r.Scan() {
		if row, err := r.Row(); err != nil {
			bad = append(bad, err.Error())
		} else {
			rows = append(rows, row)
		}
	}
	return rows, bad, r.Err()
}

func zipped(t testing.TB, text string) string {
	t.Helper()
	var file bytes.Buffer
	w := gzip.NewWriter(&file)
	if _, err := w.Write([]byte(text)); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return file.String()
}

func TestReader(t *testing.T) {
	good, evil := Row{Text: "good.com", Kind: Benign}, Row{Text: "evil.com", Malicious: true}
	long := strings.Repeat("a", 100_000)
	for _, test := range []struct {
		name, text string
		want       []Row
		bad        []string
	}{
		{"nothing", "", nil, nil},
		{"all columns", "text\tlabel\tkind\tfamily\tdate\nevil.com\t1\tdga\tramdo\t2014-05-01\n",
			[]Row{{Text: "evil.com", Malicious: true, Kind: DGA, Family: "ramdo", Date: "2014-05-01"}}, nil},
		{"columns in another order, and unknown ones", "rank\tlabel\tdate\tdomain\n7\t1\t2014\tevil.com\n",
			[]Row{{Text: "evil.com", Malicious: true, Date: "2014"}}, nil},
		{"a header in capitals", "URL\tLabel\nevil.com\t1\n", []Row{evil}, nil},
		{"a header and no rows", "text\tlabel\n", nil, nil},
		{"comma-separated", "label,url\n1,\"evil.com/a,b\"\n0,good.com\n",
			[]Row{{Text: "evil.com/a,b", Malicious: true}, good}, nil},
		{"every field in quotes", "\"url\",\"label\"\n\"evil.com\",\"1\"\n", []Row{evil}, nil},
		{"spaces in a header", "url, label\nevil.com,1\n", []Row{evil}, nil},
		{"a quote left open costs only itself", "url,label\n\"evil.com,1\ngood.com,0\n",
			[]Row{good}, []string{`line 2: label "", want 0 or 1`}},
		{"labels in words", "text\tlabel\nevil.com\tMalicious\ngood.com\tbenign\n", []Row{evil, good}, nil},
		{"a kind in capitals", "text\tlabel\tkind\nevil.com\t1\tDGA\n", []Row{{Text: "evil.com", Malicious: true, Kind: DGA}}, nil},
		{"kinds without a label", "text\tkind\nevil.com\tphishing\ngood.com\tBenign\nunknown.com\t\n",
			[]Row{{Text: "evil.com", Malicious: true, Kind: Phishing}, good, {Text: "unknown.com"}}, nil},
		{"a kind of another name", "text\tlabel\tkind\nevil.com\t1\tspam\n", []Row{{Text: "evil.com", Malicious: true, Kind: "spam"}}, nil},

		{"one name a line", "a.com\nb.com", []Row{{Text: "a.com"}, {Text: "b.com"}}, nil},
		{"one name a line, with leading dots", ".a.com\n..b.com\n", []Row{{Text: ".a.com"}, {Text: "..b.com"}}, nil},
		{"ranked names, as lists of popular ones have them", "1,a.com\n2,b.com\nc,d.com\n",
			[]Row{{Text: "a.com"}, {Text: "b.com"}, {Text: "c,d.com"}}, nil},
		{"a first name that a header might have", "url\nb.com\n", []Row{{Text: "url"}, {Text: "b.com"}}, nil},
		{"a byte order mark before a header", "\xef\xbb\xbftext\tlabel\r\nevil.com\t1\r\n", []Row{evil}, nil},
		{"a byte order mark before a name", "\xef\xbb\xbfa.com\r\nb.com\r\n", []Row{{Text: "a.com"}, {Text: "b.com"}}, nil},

		{"a bad label costs only itself", "text\tlabel\na.com\t2\nevil.com\t1\nb.com\t\n",
			[]Row{evil}, []string{`line 2: label "2", want 0 or 1`, `line 4: label "", want 0 or 1`}},
		{"an empty line costs only itself", "text\tlabel\n\nevil.com\t1\n", []Row{evil}, []string{`line 2: label "", want 0 or 1`}},
		{"a missing column costs only its row", "text\tlabel\tkind\nevil.com\ngood.com\t0\n",
			[]Row{good}, []string{`line 2: label "", want 0 or 1`}},
		{"a malicious benign row costs only itself", "text\tlabel\tkind\na.com\t1\tbenign\ngood.com\t0\tbenign\n",
			[]Row{good}, []string{`line 2: label "1" and kind "benign" contradict each other`}},
		{"a benign phishing row costs only itself", "text\tlabel\tkind\na.com\t0\tphishing\ngood.com\t0\t\n",
			[]Row{good}, []string{`line 2: label "0" and kind "phishing" contradict each other`}},
		{"a line too long costs only itself", "text\tlabel\n" + long + "\t1\nevil.com\t1\n", []Row{evil}, []string{"line 2 is too long"}},
		{"a first name too long costs only itself", long + "\na.com\n", []Row{{Text: "a.com"}}, []string{"line 1 is too long"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			for name, source := range map[string]io.Reader{
				"plain":        strings.NewReader(test.text),
				"gzip":         strings.NewReader(zipped(t, test.text)),
				"byte by byte": iotest.OneByteReader(strings.NewReader(test.text)),
			} {
				rows, bad, err := readAll(source)
				if err != nil || !slices.Equal(rows, test.want) || !slices.Equal(bad, test.bad) {
					t.Errorf("%s: rows %+v, bad %q, error %v; want %+v, %q", name, rows, bad, err, test.want, test.bad)
				}
			}
		})
	}
}

func TestReaderTakesTheLongestText(t *testing.T) {
	text := "evil.com/" + strings.Repeat("a", canon.MaxLength-len("evil.com/"))
	rows, bad, err := readAll(strings.NewReader("text\tlabel\n" + text + "\t1\n"))
	if err != nil || len(bad) > 0 || len(rows) != 1 || rows[0].Text != text {
		t.Errorf("%d rows, bad %.80q, error %v; want the row", len(rows), bad, err)
	}
}

func TestReaderReportsWhatEndedTheReading(t *testing.T) {
	broken := errors.New("broken")
	file := zipped(t, strings.Repeat("a.com\nb.com\n", 1000))
	for _, test := range []struct {
		name   string
		source io.Reader
		want   error
	}{
		{"a broken source", io.MultiReader(strings.NewReader("a.com\n"), iotest.ErrReader(broken)), broken},
		{"a gzip file cut short", strings.NewReader(file[:len(file)-20]), io.ErrUnexpectedEOF},
		{"a gzip file with a wrong checksum", strings.NewReader(file[:len(file)-8] + "12345678"), gzip.ErrChecksum},
		{"a gzip header cut short", strings.NewReader(file[:5]), io.ErrUnexpectedEOF},
	} {
		t.Run(test.name, func(t *testing.T) {
			if _, _, err := readAll(test.source); !errors.Is(err, test.want) {
				t.Errorf("the error is %v, want %v", err, test.want)
			}
		})
	}
}

// The properties: nothing panics, no two rows are on one line, line numbers ascend, and the error
// of a row names the row's line.
func FuzzReader(f *testing.F) {
	for _, seed := range []string{
		"", "\n", "a.com\nb.com", "text\tlabel\tkind\nevil.com\t1\tdga\ngood.com\t0\n", "url,label\n\"a,b\",1\n\"\n",
		"\xef\xbb\xbfdomain,kind\r\nevil.com,malware\r\n", "\x1f\x8b", zipped(f, "text\tlabel\na.com\t2\n"),
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		r, err := NewReader(bytes.NewReader(data))
		if err != nil {
			return
		}
		plain := data
		if unzipped, err := gzip.NewReader(bytes.NewReader(data)); err == nil {
			plain, _ = io.ReadAll(unzipped) // as much as is whole
		}
		rows, line := 0, 0
		for r.Scan() {
			rows++
			if r.Line() <= line {
				t.Fatalf("row %d stands in line %d, the one before in line %d", rows, r.Line(), line)
			}
			line = r.Line()
			if _, err := r.Row(); err != nil && !strings.HasPrefix(err.Error(), fmt.Sprintf("line %d", line)) {
				t.Fatalf("the error of the row in line %d is %q", line, err)
			}
		}
		if most := bytes.Count(plain, []byte("\n")) + 1; rows > most {
			t.Fatalf("%d rows in %d lines", rows, most)
		}
	})
}
