package labelling

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/snowman-ml/snowman/dataset"
	"github.com/snowman-ml/snowman/internal/canon"
)

// read reads tables, and returns the rows as Write writes them, without the header, and what was
// reported.
func read(t *testing.T, o Options, tables ...string) (rows, reports string, j *Job) {
	t.Helper()
	j = NewJob(o)
	var said []string
	for _, table := range tables {
		if err := j.Read("", strings.NewReader(table), func(err error) { said = append(said, err.Error()) }); err != nil {
			t.Fatal(err)
		}
	}
	return written(t, j), strings.Join(said, "\n"), j
}

func written(t *testing.T, j *Job) string {
	t.Helper()
	var out bytes.Buffer
	if err := Write(&out, j.Rows()); err != nil {
		t.Fatal(err)
	}
	return strings.TrimPrefix(out.String(), header+"\n")
}

func TestTables(t *testing.T) {
	const malicious, benign = "a.com\t1\t\t\t\n", "a.com\t0\tbenign\t\t\n"
	for _, test := range []struct {
		name, table string
		options     Options
		want        string
	}{
		{"commas", "text,label\na.com,malicious\n", Options{}, malicious},
		{"tabs", "text\tlabel\na.com\tmalicious\n", Options{}, malicious},
		{"semicolons, as a spreadsheet of Germany writes", "text;score;label\r\na.com;0,5;malicious\r\n", Options{}, malicious},
		{"a line that says what separates", "sep=~\r\ntext~label\r\na.com~malicious\r\n", Options{}, malicious},
		{"other columns, in other cases", "Analyst , URL\nTP,a.com\n", Options{Word: "analyst"}, malicious},
		{"texts in a column that is named", "query,text,label\na.com,b.com,tp\n", Options{Text: "query"}, malicious},
		{"a log that was scored", "time,domain,note,snowman_score,snowman_level,snowman_kind,snowman_name,word\n1,b.com,x,0.9,low,dga,a.com,tp\n", Options{}, malicious},
		{"what score prints, with words", "0.50000\tnone\tbenign\tb.com\n0.90000\tlow\tdga\ta.com\ttp\n\t\t\tno name\n", Options{}, malicious},
		{"the same with families", "0.90000\tlow\tdga\tsuppobox\t0.81\ta.com\ttp\n0.5\tnone\tbenign\t\t\tb.com\n", Options{}, malicious},
		{"a text and a word", "a.com,false positive\n", Options{}, benign},
		{"quotation marks", "text,note,label\n\"a.com\",\"he said \"\"no\"\", and\",\"fp\"\n", Options{}, benign},
		{"a note of several lines", "text,note,label\na.com,\"one,\ntwo,\n\nthree\",fp\nb.com,,\n", Options{}, benign},
		{"a row that is shorter", "text,note,label\nb.com\na.com,,fp\n", Options{}, benign},
		{"a row with empty cells behind it", "text,label\na.com,fp,,\n", Options{}, benign},
		{"blank lines", "\n\ntext,label\n\na.com,fp\n\n", Options{}, benign},
		{"a kind that the table tells", "text,label,kind,family,date\na.com,1,malware,emotet,2026-11-02\n", Options{}, "a.com\t1\tmalware\temotet\t2026-11-02\n"},
		{"a kind that the model tells", "text,score,level,kind,label\na.com,0.9,low,dga,bad\n", Options{}, malicious},
		{"a kind in the word", "text,label\na.com,Phish\n", Options{}, "a.com\t1\tphishing\t\t\n"},
		{"a time", "text,label,date\na.com,fp,2026-11-02T10:00:00Z\n", Options{Today: "2026-11-28"}, "a.com\t0\tbenign\t\t2026-11-02\n"},
		{"a time as people write it", "Text;Label;Datum\na.com;fp;02.11.2026 09:14\n", Options{Today: "2026-11-28"}, "a.com\t0\tbenign\t\t2026-11-02\n"},
		{"dates in a column that is named", "text,label,date,closed\na.com,fp,2026-01-01,2026-11-03\n", Options{Date: "Closed"}, "a.com\t0\tbenign\t\t2026-11-03\n"},
		{"a word that is asked", "text,label\na.com,ok\nb.com,FP?\n", Options{}, benign},
		{"an empty URL beside a domain", "domain,url,label\na.com,,fp\n", Options{}, benign},
		{"an empty URL beside a domain, in JSON", `{"url":"","domain":"a.com","label":"fp"}`, Options{}, benign},
		{"JSON lines", `{"text":"a.com","score":0.9,"kind":"dga","label":"tp"}` + "\n\n" + `{"text":"b.com","label":null}`, Options{}, malicious},
		{"JSON lines of a log", `{"dns":{},"text":"x","snowman":{"name":"a.com","kind":"dga"},"why":"tp"}`, Options{Word: "why"}, malicious},
		{"JSON lines that are rows", `{"text":"a.com","label":1,"kind":"dga","family":"a\tb","date":"2026"}`, Options{}, "a.com\t1\tdga\tab\t2026\n"},
		{"a byte order mark", "\ufefftext,label\na.com,fp\n", Options{}, benign},
		{"UTF-16", "\xff\xfet\x00,\x00l\x00a\x00b\x00e\x00l\x00,\x00t\x00e\x00x\x00t\x00\n\x00,\x00f\x00p\x00,\x00a\x00.\x00c\x00o\x00m\x00\n\x00", Options{}, benign},
		{"the canonical form, once", "text,label\nhxxps://www[.]A[.]com/,fp\na.com,ok\nhttp://a.com:80,benign\n", Options{}, benign},
		{"the earliest date", "text,label,date\na.com,fp,2026-02\na.com,fp,2026-01-05\n", Options{}, "a.com\t0\tbenign\t\t2026-01-05\n"},
		{"a kind that another row tells", "text,label\na.com,bad\na.com,malware\n", Options{}, "a.com\t1\tmalware\t\t\n"},
		{"two kinds", "text,label\na.com,dga\na.com,malware\na.com,dga\n", Options{}, malicious},
		{"an empty file", "", Options{}, ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			rows, reports, _ := read(t, test.options, test.table)
			if rows != test.want || reports != "" {
				t.Errorf("got %q, want %q; reported: %s", rows, test.want, reports)
			}
		})
	}
}

func TestRowsThatAreLeftOut(t *testing.T) {
	for _, test := range []struct{ name, table, want string }{
		{"a word that is not known", "text,label\na.com,maybe\n", `line 2: the word "maybe" is not known`},
		{"a word of suspicion", "text,label\na.com,suspicious\n", `line 2: the word "suspicious" is not known`},
		{"a comment in place of a word", "text,label\na.com," + strings.Repeat("ok ", 30) + "\n", `line 2: the word "` + strings.Repeat("ok ", 20) + `..." is not known`},
		{"the first word of a list without a header", "a.com,maybe\nb.com,fp\n", `line 1: the word "maybe" is not known`},
		{"a word behind a blank", "0.9\tlow\tdga\ta.com fp\n0.9\tlow\tdga\tb.com false positive\n", `line 1: the word "fp" stands behind a blank, want a tab` + "\n" + `line 2: the word "false positive" stands behind a blank`},
		{"a yes where nobody asks", "text,word\na.com,yes\n", `line 2: the word "yes" is not known`},
		{"no name", "text,label\nno name,fp\n", "line 2: a space stands in the host"},
		{"no public name", "text,label\nprinter.local,fp\n", `line 2: "printer.local" is no public name (local suffix), so no model gives it a level`},
		{"hosts on which programs do not agree", "text,label\nhttps://a.com\\@b.com/,fp\n", `line 2: programs do not agree on the host of "https://a.com\\@b.com/"`},
		{"more columns", "text,label\na.com,fp,x\n", "line 2: it has more columns than the first line"},
		{"a quotation mark that is never closed costs its line", "text,label,note\na.com,fp,\"x\nb.com,fp,\n", "line 2: a quotation mark in it is never closed"},
		{"a quotation mark that takes rows in costs its line", "text,label,note\na.com,fp,\"x\nb.com,fp,\"y\nc.com,fp,\n", "line 2: a quotation mark in it is never closed\nline 3: a quotation mark in it is never closed"},
		{"a line that is too long", "text,label\n" + strings.Repeat("x", longestLine) + ".com,fp\na.com,fp\n", "line 2: it is too long"},
		{"no JSON", `{"text":"a.com","label":"fp"}` + "\n{\n[]\n", "line 2: it is no JSON object\nline 3: it is no JSON object"},
	} {
		t.Run(test.name, func(t *testing.T) {
			_, reports, j := read(t, Options{}, test.table)
			lines := len(strings.Split(test.want, "\n"))
			if !strings.HasPrefix(reports, test.want) || j.Counts().Refused() != lines {
				t.Errorf("reported %.300q and %d refused, want %q", reports, j.Counts().Refused(), test.want)
			}
		})
	}
}

func TestFilesThatAreNotRead(t *testing.T) {
	for _, test := range []struct {
		name, table string
		options     Options
		want        string
	}{
		{"no columns", "name;note\na.com;x\n", Options{}, `its first line does not name a column of texts (snowman_name, text, url, domain; -text names another) and a column of words (label, word; -word names another); it has "name", "note"`},
		{"another column", "text,label\na.com,x\n", Options{Word: "analyst"}, `the column "analyst" of -word; it has "text", "label"`},
		{"the model's word", "text,score,kind\na.com,1,dga\n", Options{Word: "Kind"}, `column "Kind" has what the model says`},
		{"the model's word in JSON", `{"text":"a.com","score":1,"kind":"dga"}`, Options{Word: "kind"}, `column "kind" has what the model says`},
		{"JSON without words", `{"text":"a.com","score":1}`, Options{}, "none of its objects has the member label or word"},
		{"JSON over several lines", "{\n\"text\":\"a.com\"\n}", Options{}, "jq -c writes an object a line"},
		{"the words alone are missing", "URL;Verdict\na.com;x\n", Options{}, `its first line does not name a column of words (label, word; -word names another); it has "URL", "Verdict"`},
		{"a column twice", "URL,Label,label\na.com,x,fp\n", Options{}, `its first line names the column "Label" twice`},
		{"no dates in the column that is named", "url,label\na.com,fp\n", Options{Date: "closed"}, `its first line does not name the column "closed" of -date`},
		{"lines above the header", "Export of 2026-11-28\n\nurl,label\na.com,fp\n", Options{}, "line 3 does: remove the lines above it"},
		{"a workbook", "PK\x03\x04\x14\x00", Options{}, "it is a workbook"},
		{"a JSON array", `[{"text":"a.com","label":"fp"}]`, Options{}, "it is a JSON array; jq -c '.[]'"},
		{"UTF-16 without a mark", "t\x00,\x00l\x00", Options{}, "save it as UTF-8"},
		{"a header in Latin-1", "url,pr\xfcfung\na.com,fp\n", Options{Word: "prüfung"}, "it is not in UTF-8"},
		{"one long line", strings.Repeat("x", longestLine+1), Options{}, "it is too long"},
	} {
		t.Run(test.name, func(t *testing.T) {
			err := NewJob(test.options).Read("", strings.NewReader(test.table), func(error) {})
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("got %v, want %q", err, test.want)
			}
		})
	}
}

func TestADamagedFileIsAnError(t *testing.T) {
	var packed bytes.Buffer
	w := gzip.NewWriter(&packed)
	for i := range 10_000 {
		fmt.Fprintf(w, "name%d.com,fp\n", i*7919)
	}
	w.Close()
	if err := NewJob(Options{}).Read("", bytes.NewReader(packed.Bytes()[:packed.Len()/2]), func(error) {}); err == nil {
		t.Error("half a file was read as a whole one")
	}
}

func TestContradictionsAreLeftOut(t *testing.T) {
	j := NewJob(Options{})
	for _, file := range []struct{ name, table string }{{"a.csv", "text,label\na.com,fp\nb.com,fp\n"}, {"b.csv", "text,label\nA.com/,tp\na.com,fp\n"}} {
		if err := j.Read(file.name, strings.NewReader(file.table), func(err error) { t.Error(err) }); err != nil {
			t.Fatal(err)
		}
	}
	if got, want := written(t, j), "b.com\t0\tbenign\t\t\n"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	const said = "a.com is called benign in a.csv, line 2 and malicious in b.csv, line 2"
	if got := j.Findings().Contradictions; !slices.Equal(got, []string{said}) || j.Counts().Contradictions != 1 {
		t.Errorf("found %q and %d, want %q", got, j.Counts().Contradictions, said)
	}
}

func TestFindings(t *testing.T) {
	popular := func(text string) bool { return strings.HasSuffix(strings.Split(text, "/")[0], "google.com") }
	const table = `text,label
www.both.com,fp
x.both.com,tp
sites.google.com/a,fp
sites.google.com/b,tp
accounts.google.com,tp
hacked.com,fp
hacked.com/x,tp
alice.github.io,fp
bob.github.io,tp
`
	_, _, j := read(t, Options{IsPopular: popular}, table)
	f := j.Findings()
	if want := []string{"both.com is on both sides: both.com is called benign, x.both.com malicious"}; !slices.Equal(f.BothSides, want) {
		t.Errorf("both sides: %q, want %q", f.BothSides, want)
	}
	if want := []string{"accounts.google.com is called malicious, and its domain is popular"}; !slices.Equal(f.Popular, want) {
		t.Errorf("popular: %q, want %q", f.Popular, want)
	}
	if f.Shared != 2 {
		t.Errorf("%d shared domains, want those of sites.google.com and hacked.com", f.Shared)
	}
	want := []string{
		"2 registered domains are on both sides with a URL, as on shared hosting; all rows are kept",
		"9 rows: 4 benign, 5 malicious",
	}
	if got := j.Summaries(f); !slices.Equal(got, want) {
		t.Errorf("summaries are %q, want %q", got, want)
	}
}

func TestMerge(t *testing.T) {
	before := header + `
changed.com	0	benign		2026-01-01
same.com	1	malware	emotet	2026-01-01
kind.com	1	malware	emotet	2026-01-01
other.com	0	benign		2026-01-01
disputed.com	1	dga		2026-01-01
`
	rows, err := ReadRows(strings.NewReader(before))
	if err != nil {
		t.Fatal(err)
	}
	_, reports, j := read(t, Options{Today: "2026-11-28"}, "changed.com,tp\nsame.com,tp\nkind.com,phish\nnew.com,fp\ndisputed.com,fp\ndisputed.com,tp\n")
	if err := j.Merge(rows); err != nil || reports != "" {
		t.Fatal(err, reports)
	}
	const want = `changed.com	1			2026-11-28
disputed.com	1	dga		2026-01-01
kind.com	1	phishing		2026-01-01
new.com	0	benign		2026-11-28
other.com	0	benign		2026-01-01
same.com	1	malware	emotet	2026-01-01
`
	if got := written(t, j); got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	f := j.Findings()
	if want := []string{"changed.com is called malicious now, and was called benign"}; !slices.Equal(f.Changed, want) {
		t.Errorf("changed: %q, want %q", f.Changed, want)
	}
	if lines := j.Summaries(f); lines[len(lines)-1] != "6 rows: 2 benign, 4 malicious; 1 of them new" {
		t.Errorf("summary is %q", lines)
	}
}

func TestReadRowsRefusesWhatItDidNotWrite(t *testing.T) {
	for _, test := range []struct{ name, file, want string }{
		{"another header", "text,label\na.com,1\n", "it is no file of snowman label"},
		{"a list of names", "a.com\nb.com\n", "it is no file of snowman label"},
		{"another column", header + "\tnote\na.com\t1\t\t\t\tx\n", "it is no file of snowman label"},
		{"a label that is none", header + "\na.com\tx\t\t\t\n", `line 2: label "x", want 0 or 1`},
		{"a text that is none", header + "\na b\t1\t\t\t\n", "line 2: "},
		{"a text twice", header + "\na.com\t1\t\t\t\nwww.a.com\t0\t\t\t\n", "line 3: a.com is called both benign and malicious"},
	} {
		t.Run(test.name, func(t *testing.T) {
			if _, err := ReadRows(strings.NewReader(test.file)); err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("got %v, want %q", err, test.want)
			}
		})
	}
	for _, file := range []string{"", header, header + "\r\n" + "a.com\t1\t\t\t\r\na.com\t1\t\t\t\r\n"} {
		if _, err := ReadRows(strings.NewReader(file)); err != nil {
			t.Errorf("%q: %v", file, err)
		}
	}
}

func TestThereAreNotTooManyRows(t *testing.T) {
	j := NewJob(Options{})
	j.characters = mostCharacters
	if err := j.Read("", strings.NewReader("text,label\na.com,fp\n"), func(error) {}); !errors.Is(err, errTooMuch) {
		t.Errorf("got %v, want %v", err, errTooMuch)
	}
}

func TestMeaning(t *testing.T) {
	for _, test := range []struct {
		word, column string
		want         meant
		known        bool
	}{
		{"Benign", "", benign, true},
		{" False-Positive ", "", benign, true},
		{"FALSE_POSITIVE", "", benign, true},
		{"FalsePositive", "", benign, true},
		{"False Negative", "", malicious, true},
		{"Benign Positive", "", benign, true},
		{"TP", "", malicious, true},
		{"C&C", "", malware, true},
		{"n/a", "", nothing, true},
		{"?", "", nothing, true},
		{"-", "", nothing, true},
		{"1", "label", malicious, true},
		{"0", "Label", benign, true},
		{"1", "", nothing, false},
		{"Yes", "is_malicious", malicious, true},
		{"false", "malicious", benign, true},
		{"false", "false positive", nothing, false},
		{"suspicious", "", nothing, false},
		{"FP?", "", nothing, true},
		{"suspicious?", "", nothing, false},
		{"False Positive – Incorrect Analytic Logic", "", benign, true},
		{"True Positive - Suspicious Activity", "", malicious, true},
		{"Malware/C2", "", malware, true},
		{"confirmed phishing", "", phishing, true},
		{"Fehlalarm", "", benign, true},
		{"Bösartig", "", malicious, true},
		{"no benign", "", nothing, false},
		{"bad idea", "", nothing, false},
	} {
		if got, known := (Options{}).meaning(test.word, test.column); got != test.want || known != test.known {
			t.Errorf("%q in %q: got %+v, %v, want %+v, %v", test.word, test.column, got, known, test.want, test.known)
		}
	}
}

// TestCellsOfThePage holds what the page writes into a cell to what is read of it. The page's tests
// hold the page to the same file.
func TestCellsOfThePage(t *testing.T) {
	content, err := os.ReadFile("testdata/cells.json")
	if err != nil {
		t.Fatal(err)
	}
	var cells []struct{ Text, Cell string }
	if err := json.Unmarshal(content, &cells); err != nil {
		t.Fatal(err)
	}
	for _, c := range cells {
		got, isClosed := split(c.Cell+",x", ',')
		if !isClosed || len(got) != 2 || unescape(got[0]) != c.Text {
			t.Errorf("the cell %q is read as %q, want %q", c.Cell, got, c.Text)
		}
	}
	for _, text := range []string{`a.com\x40b.com`, `a.com\u0040b.com`, `a.com\x3`, `a.com\news`, `a.com\xzz`, `\`, `a\uff20b`, `a\ud800`, `a\U00110000`, `a\x+1`} {
		if got := unescape(text); got != text {
			t.Errorf("%q is read as %q", text, got)
		}
	}
}

// FuzzRead holds that whatever a table holds, the rows are ones that a dataset reads, in canonical
// form, each text once, and that reading them as a table gives the same rows.
func FuzzRead(f *testing.F) {
	for _, table := range []string{
		"text,label,note\na.com,fp,\"x\ny\"\nb.com,phish,\n", "sep=;\ntext;word\na.com;tp\n", "0.5\tlow\tdga\ta.com\tbad\n",
		"a.com,fp\n'=a.com,tp\n", "{\"text\":\"a.com\",\"label\":\"c2\",\"family\":\"x\ty\"}\n", "text,label,kind,family,date\na.com,1,dga,\"a\",2026-01-01\n",
		"text,label\n\"a.com\\x3b\\u202e/\",malware\n", header + "\nq.com/\\\t1\tdga\t\"x\t2026\n",
	} {
		f.Add(table)
	}
	f.Fuzz(func(t *testing.T, table string) {
		j := NewJob(Options{Today: "2026-11-28"})
		if j.Read("", strings.NewReader(table), func(error) {}) != nil {
			return
		}
		rows := j.Rows()
		j.Summaries(j.Findings())
		var file bytes.Buffer
		if err := Write(&file, rows); err != nil {
			t.Fatal(err)
		}
		again, err := ReadRows(bytes.NewReader(file.Bytes()))
		if err != nil {
			t.Fatalf("%v in %q", err, &file)
		}
		if !slices.Equal(again, rows) {
			t.Fatalf("%v is read as %v", rows, again)
		}
		var u canon.URL
		for _, row := range rows {
			if u.Parse(row.Text) != nil || u.String() != row.Text || row.Malicious == (row.Kind == dataset.Benign) {
				t.Errorf("row %+v is not canonical", row)
			}
		}
		asTable := NewJob(Options{})
		if err := asTable.Read("", bytes.NewReader(file.Bytes()), func(err error) { t.Error(err) }); err != nil {
			t.Fatal(err)
		}
		if !slices.Equal(asTable.Rows(), rows) {
			t.Errorf("%v is read as %v from a table", rows, asTable.Rows())
		}
	})
}

// FuzzReadRows holds that rows that people edited are read, or refused, and stay what they are when
// they are written again.
func FuzzReadRows(f *testing.F) {
	for _, rows := range []string{"a.com\t1\tdga\t\"x\t2026\n", "A.com\t0\t\t\t\nwww.a.com/\tbenign\n", "a.com\tmalicious\tC2\tq\x1b\tyesterday\n", "a.com\tmalicious\t\t\x7f 0\n"} {
		f.Add(rows)
	}
	f.Fuzz(func(t *testing.T, file string) {
		rows, err := ReadRows(strings.NewReader(header + "\n" + file))
		if err != nil {
			return
		}
		var written bytes.Buffer
		if err := Write(&written, rows); err != nil {
			t.Fatal(err)
		}
		again, err := ReadRows(&written)
		if err != nil || !slices.Equal(again, rows) {
			t.Fatalf("%v is read as %v, %v", rows, again, err)
		}
	})
}

func TestDates(t *testing.T) {
	for _, test := range []struct{ name, text, want string }{
		{"ISO 8601", "2026-11-02T10:00:00Z", "2026-11-02"},
		{"a month", "2026-11", "2026-11"},
		{"dots", "2.11.2026", "2026-11-02"},
		{"dots and a time", "02.11.2026, 09:14", "2026-11-02"},
		{"slashes, the year first", "2026/11/02 09:14", "2026-11-02"},
		{"slashes, the day first", "25/11/2026", "2026-11-25"},
		{"slashes, the month first", "11/25/2026 9:14 AM", "2026-11-25"},
		{"slashes that can be read in two ways", "11/03/2026", ""},
		{"slashes that can be read in one way", "3/3/2026", "2026-03-03"},
		{"a month by name", "2-Nov-2026", "2026-11-02"},
		{"a month by name, first", "Nov 2, 2026 9:14 AM", "2026-11-02"},
		{"a date of mail", "Mon, 02 Nov 2026 09:14:00 +0100", "2026-11-02"},
		{"seconds", "1793610840.25", "2026-11-02"},
		{"milliseconds", "1793610840000", "2026-11-02"},
		{"no day", "31.02.2026", ""},
		{"two digits of the year", "02.11.26", ""},
		{"a word", "yesterday", ""},
	} {
		if got := dateOf(test.text); got != test.want {
			t.Errorf("%s: %q is read as %q, want %q", test.name, test.text, got, test.want)
		}
	}
}

func TestWhatIsNotKnownIsCounted(t *testing.T) {
	o := Options{Today: "2026-11-28"}
	if err := o.AddWord("Klaro!", "benign"); err != nil {
		t.Fatal(err)
	}
	if o.AddWord("x", "nice") == nil || o.AddWord("!", "benign") == nil || o.AddWord("x", "") == nil {
		t.Error("a word without a meaning was taken")
	}
	rows, _, j := read(t, o, "text,label,date\na.com,klaro,11/03/2026\nb.com,hm,\nc.com,huh,\nd.com,huh,\n")
	if want := "a.com\t0\tbenign\t\t2026-11-28\n"; rows != want {
		t.Errorf("got %q, want %q", rows, want)
	}
	want := []string{
		"left out: 3 rows with words that are not known",
		`words that are not known: "huh" (2), "hm" (1); -means WORD=benign makes one known`,
		`1 date is not known or can be read in two ways, as "11/03/2026" in line 2: its row is dated 2026-11-28`,
		"1 row: 1 benign, 0 malicious",
	}
	if got := j.Summaries(j.Findings()); !slices.Equal(got, want) {
		t.Errorf("summaries are %q, want %q", got, want)
	}
}
