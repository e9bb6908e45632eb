package sources

import (
	"bytes"
	"flag"
	"fmt"
	"io"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/snowman-ml/snowman/dataset"
)

var update = flag.Bool("update", false, "write the golden files and the tables of docs/feeds.md")

func TestFeedsAreComplete(t *testing.T) {
	name := regexp.MustCompile(`^[a-z0-9][a-z0-9-]{0,15}$`)
	seen := make(map[string]bool)
	on := 0
	for i := range Feeds {
		f := &Feeds[i]
		if seen[f.Name] || !name.MatchString(f.Name) || !bundled().MatchString(f.Name+"/"+manifestFile) {
			t.Errorf("%q stands twice, or is no name for a folder and a column", f.Name)
		}
		seen[f.Name] = true
		address, err := url.Parse(f.Address)
		if err != nil || address.Scheme != "https" || address.Host == "" {
			t.Errorf("%s: the address %q is not HTTPS", f.Name, f.Address)
		}
		if f.Is == "" || f.Licence == "" || f.Watch == "" || f.Format.Name == "" || f.Format.Ending == "" || f.Every <= 0 {
			t.Errorf("%s: something is not said", f.Name)
		}
		if !slices.Contains([]Use{Allowed, Denied, Unstated}, f.Commercial) {
			t.Errorf("%s: commercial use is %q", f.Name, f.Commercial)
		}
		if strings.Contains(f.Address+f.Header, "{key}") != f.Key {
			t.Errorf("%s: needs a key: %v, but has a place for one: %v", f.Name, f.Key, !f.Key)
		}
		if f.Key && f.Off == "" {
			t.Errorf("%s needs a key, and is not off", f.Name)
		}
		if (f.Format.read == nil) == (f.Format.readAll == nil) {
			t.Errorf("%s: its format has no reader, or two", f.Name)
		}
		if strings.Contains(markdown(), "\t") || strings.ContainsAny(f.Is+f.Licence+f.Watch+f.Unchecked, "|\n") {
			t.Errorf("%s: its texts do not fit into a table", f.Name)
		}
		if f.Off == "" {
			on++
		}
	}
	if len(Feeds) < 25 || on < 15 {
		t.Errorf("%d feeds, %d of them on", len(Feeds), on)
	}
}

// sample returns the recorded sample of a feed.
func sample(t testing.TB, f *Feed) []byte {
	t.Helper()
	path := (&fetcher{folder: filepath.Join("testdata", "feeds")}).inFolder(f)
	content, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return content
}

func TestSamplesAreRead(t *testing.T) {
	var got strings.Builder
	for i := range Feeds {
		f := &Feeds[i]
		fmt.Fprintf(&got, "%s\n", f.Name)
		refused, err := f.rows(bytes.NewReader(sample(t, f)), func(row dataset.Row) error {
			fmt.Fprintf(&got, "  %s | %v | %s | %s | %s\n", row.Text, row.Malicious, row.Kind, row.Family, row.Date)
			return nil
		})
		if err != nil || refused > 0 {
			t.Errorf("%s: %d rows refused, %v", f.Name, refused, err)
		}
	}
	golden(t, filepath.Join("testdata", "rows.golden"), got.String())
}

func golden(t *testing.T, path, got string) {
	t.Helper()
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("%s differs; -update writes it anew. Got:\n%s", path, got)
	}
}

// The tables of docs/feeds.md are those of Feeds.
func TestThePageHasTheFeeds(t *testing.T) {
	const path, begin, end = "../../docs/feeds.md", "<!-- made: feeds -->\n", "<!-- end -->"
	page, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	before, rest, found := strings.Cut(string(page), begin)
	_, after, ended := strings.Cut(rest, end)
	if !found || !ended {
		t.Fatalf("%s has no place for the tables", path)
	}
	golden(t, path, before+begin+markdown()+end+after)
}

func TestAnotherFormatIsNoticed(t *testing.T) {
	for _, test := range []struct{ feed, content, want string }{
		{"urlhaus", "id,dateadded,link\n", `no header with the column "url"`},
		{"urlhaus", "# id,dateadded,link\n\"1\",\"2026\",\"http://a.test/\"\n", `no header with the column "url"`},
		{"phishtank", "<error>limit</error>\n", `no header with the column "url"`},
		{"certpl", "PozycjaRejestru,AdresDomeny,DataWpisu\n1,a.test,2026\n", `no header with the column "adresdomeny"`},
		{"polkadot", `{"block": ["a.test"]}`, `no member "deny"`},
		{"polkadot", `{"deny": ["a.test"]`, "unexpected EOF"},
		{"polkadot", `{"deny": ["a.test"]} more`, "behind the JSON"},
		{"polkadot", strings.Repeat("[", 100), "deeper than"},
		{"jpcert", "date,URL,description\n", "does not begin with a file of an archive"},
	} {
		f, _ := Find(test.feed)
		_, err := f.rows(strings.NewReader(test.content), func(dataset.Row) error { return nil })
		if err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s of %q: %v, want %q", test.feed, test.content, err, test.want)
		}
	}
}

func TestOddRowsCostOnlyThemselves(t *testing.T) {
	for _, test := range []struct {
		feed, content string
		texts         []string
		refused       int
	}{
		{"openphish", "\ufeffhttp://a.test/\r\n\n# comment\n; another\n/only/a/path\n" + strings.Repeat("x", maxLine+5) + "\nb.test",
			[]string{"http://a.test/", "b.test"}, 2},
		{"stalkerware", "127.0.0.1\ta.test # why\n0.0.0.0  b.test\n0.0.0.0\n", []string{"a.test", "b.test", "0.0.0.0"}, 0},
		{"majestic", "GlobalRank,Domain\n1,a.test\n2\n\"3\",\"b.test\"\n4, \"c.test\"\n", []string{"a.test", "b.test", "c.test"}, 1},
		{"phishtank", "phish_id,url,verified,submission_time\n1,\"http://a.test/\"\"b\"\",c\",yes,x\n2,\"http://open.test/,yes,x\n",
			[]string{`http://a.test/"b",c`}, 1},
		{"hsts", "{\"entries\": [{\"name\": \"a.test\"}, {\"name\": 5}, {\"names\": [\"b.test\"]}, {\"name\": \"c\\u0000d.test\\n\"}]}",
			[]string{"a.test", "cd.test"}, 0},
	} {
		f, _ := Find(test.feed)
		var texts []string
		refused, err := f.rows(strings.NewReader(test.content), func(row dataset.Row) error {
			texts = append(texts, row.Text)
			return nil
		})
		if err != nil || !slices.Equal(texts, test.texts) || refused != test.refused {
			t.Errorf("%s: %q and %d refused, %v; want %q and %d", test.feed, texts, refused, err, test.texts, test.refused)
		}
	}
}

func TestDatesOfRows(t *testing.T) {
	for text, want := range map[string]string{
		"2026-05-27 11:52:06": "2026-05-27", "2025/10/01 10:25:00": "2025-10-01", "2026-08-12T12:22:21+00:00": "2026-08-12",
		"01-06-2019": "2019-06-01", "9-7-2026": "2026-07-09", "2026-13-01": "", "": "", "yesterday": "", "2026": "",
	} {
		if got := dateOf(text); got != want {
			t.Errorf("dateOf(%q) is %q, want %q", text, got, want)
		}
	}
}

// FuzzRows: whatever a feed sends, reading it ends, and each row fits into a line of a file.
func FuzzRows(f *testing.F) {
	for i := range Feeds {
		f.Add(uint8(i), sample(f, &Feeds[i]))
	}
	f.Fuzz(func(t *testing.T, number uint8, content []byte) {
		feed := &Feeds[int(number)%len(Feeds)]
		_, err := feed.rows(bytes.NewReader(content), func(row dataset.Row) error {
			if row.Text == "" || strings.ContainsAny(row.Text+row.Kind+row.Family+row.Date, "\t\r\n\x00") {
				t.Errorf("%s: the row %+v", feed.Name, row)
			}
			if row.Malicious == (row.Kind == dataset.Benign) {
				t.Errorf("%s: label and kind of %+v", feed.Name, row)
			}
			return nil
		})
		if err == io.EOF {
			t.Errorf("%s: an end is no error", feed.Name)
		}
	})
}
