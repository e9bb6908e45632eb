package helper

import (
	"bytes"
	"context"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/iotest"

	"github.com/snowman-ml/snowman"
	"github.com/snowman-ml/snowman/allow"
	"github.com/snowman-ml/snowman/internal/verdict"
)

// toyPath is a model whose answers can be worked out by hand: a q in the host is low and dga, an x
// is medium and phishing, a z is high and malware.
const toyPath = "../../web/testdata/toy.safetensors"

var toy = sync.OnceValues(func() (*snowman.Model, error) { return snowman.Open(toyPath) })

func openToy(t testing.TB) *snowman.Model {
	t.Helper()
	model, err := toy()
	if err != nil {
		t.Fatal(err)
	}
	return model
}

// run returns what a new helper answers to an input.
func run(t testing.TB, name string, o Options, in io.Reader) string {
	t.Helper()
	h, err := New(name, o, openToy(t), nil)
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	if err := h.Run(t.Context(), in, &out); err != nil {
		t.Fatal(err)
	}
	return out.String()
}

// scoreOf returns the score of a text as answers have it.
func scoreOf(t testing.TB, text string) string {
	t.Helper()
	return fmt.Sprintf("%.5f", mustScore(t, text))
}

func mustScore(t testing.TB, text string) float64 {
	t.Helper()
	score, err := openToy(t).Score(text)
	if err != nil {
		t.Fatal(err)
	}
	return score
}

func TestAnswers(t *testing.T) {
	high, medium := scoreOf(t, "z.com"), scoreOf(t, "x.com")
	isHigh := fmt.Sprintf("OK tag=malware log=score=%s,level=high message=\"snowman: high\"\n", high)
	header := "action=PREPEND X-Snowman: high; score=" + high + "; kind=malware; of="
	whenHigh := Options{Minimum: snowman.High}
	unrounded := strconv.FormatFloat(mustScore(t, "z.com"), 'g', -1, 64)
	record, x, err := verdict.New(openToy(t), verdict.Options{Probabilities: true}).Explain("z.com")
	if err != nil {
		t.Fatal(err)
	}
	explained := string(verdict.NewEncoder(openToy(t).Kinds()).AppendExplanation(nil, record, x))
	kinds, err := record.Probabilities.MarshalJSON()
	if err != nil {
		t.Fatal(err)
	}
	tests := []struct {
		name, protocol string
		options        Options
		in, want       string
	}{
		{"a channel, and its number before the answer", "squid-acl", whenHigh, "0 http://a.com/ GET\n17 http://z.com/ GET\n", "0 ERR\n17 " + isHigh},
		{"no channels", "squid-acl", whenHigh, "http://a.com/ -\nhttp://z.com/ -\n", "ERR\n" + isHigh},
		{"below the minimum", "squid-acl", whenHigh, "1 http://x.com/\n", "1 ERR\n"},
		{"a lower minimum", "squid-acl", Options{Minimum: snowman.Medium}, "1 http://x.com/\n", "1 OK tag=phishing log=score=" + medium + ",level=medium message=\"snowman: medium\"\n"},
		{"CONNECT", "squid-acl", whenHigh, "1 z.com:443 CONNECT\n2 a.com:443 CONNECT\n", "1 " + isHigh + "2 ERR\n"},
		{"what has no score", "squid-acl", Options{}, "1 -\n2 \n3\n4 error:invalid-request\n\n", "1 ERR\n2 ERR\n3 ERR\n4 ERR\nERR\n"},
		{"the TLS server name", "squid-acl", Options{Minimum: snowman.High, SNI: 2}, "1 198.51.100.7:443 z.com CONNECT\n2 a.com:443 - CONNECT\n3 z.com:443 a.com\n", "1 " + isHigh + "2 ERR\n3 " + isHigh},
		{"other tokens are not looked at", "squid-acl", whenHigh, "1 http://a.com/ z.com z.net\n", "1 ERR\n"},
		{"brackets that Squid escapes", "squid-acl", Options{Minimum: snowman.None}, "1 http://%5B2606:4700::1%5d/%5\n", "1 OK tag=benign log=score=" + scoreOf(t, "http://[2606:4700::1]/%5") + ",level=none message=\"snowman: none\"\n"},
		{"brackets that Squid escapes, of a tunnel", "squid-acl", Options{Minimum: snowman.None}, "1 %5B2606:4700::1%5d:443\n", "1 OK tag=benign log=score=" + scoreOf(t, "[2606:4700::1]:443") + ",level=none message=\"snowman: none\"\n"},
		{"escapes of the client", "squid-acl", Options{Minimum: snowman.None}, "1 http://a.com/?%5Bx%5D\n", "1 OK tag=benign log=score=" + scoreOf(t, "http://a.com/?%5Bx%5D") + ",level=none message=\"snowman: none\"\n"},
		{"half a line at the end is no request", "squid-acl", whenHigh, "1 http://a.com/\n2 http://z.com/", "1 ERR\n"},

		{"what reaches the level leads elsewhere", "squid-rewrite", Options{Minimum: snowman.High, Redirect: "http://stop.test/"}, "0 http://z.com/a?b 127.0.0.1/- - GET myip=127.0.0.1 myport=3128\n1 http://a.com/ 127.0.0.1/- - GET\n", "0 OK status=302 url=\"http://stop.test/\"\n1 ERR\n"},
		{"the page is told the URL", "squid-rewrite", Options{Minimum: snowman.High, Redirect: "http://stop.test/?u={url}&by=us"}, "0 http://z.com/\"ü&%20\\\x1b - - GET\n", "0 OK status=302 url=\"http://stop.test/?u=http%3A%2F%2Fz.com%2F%22%C3%BC%26%2520%5C%1B&by=us\"\n"},
		{"a URL that is too long for an answer", "squid-rewrite", Options{Minimum: snowman.High, Redirect: "http://stop.test/{url}"}, "0 http://z.com/" + strings.Repeat("a", 5000) + " - - GET\n", "0 OK status=302 url=\"http://stop.test/http%3A%2F%2Fz.com%2F" + strings.Repeat("a", 682-13) + "\"\n"},
		{"CONNECT is let pass", "squid-rewrite", Options{Redirect: "http://stop.test/"}, "0 z.com:443 127.0.0.1/- - CONNECT\n", "0 ERR\n"},

		{"the envelope's names", "postfix", whenHigh, "request=smtpd_access_policy\nclient_name=a.com\nhelo_name=z.com\nsender=me@b.com\n\nclient_name=z.com\n\n", header + "helo_name\n\n" + header + "client_name\n\n"},
		{"the sender's domain", "postfix", whenHigh, "sender=z.com@a.com\n\nsender=\"a@b\"@z.com\n\nsender=\n\n", "action=DUNNO\n\n" + header + "sender\n\naction=DUNNO\n\n"},
		{"what is no name", "postfix", Options{}, "client_name=unknown\nhelo_name=[203.0.113.7]\nsender=\nz=z.com\nsender\n\n\n", "action=DUNNO\n\naction=DUNNO\n\n"},
		{"the first of two is meant", "postfix", whenHigh, "sender=a@a.com\nsender=a@z.com\n\n", "action=DUNNO\n\n"},
		{"half a request at the end is none", "postfix", whenHigh, "sender=a@a.com\n\nsender=a@z.com\n", "action=DUNNO\n\n"},

		{"columns", "clickhouse", Options{}, "a.com\nz.com\textra\n\n\\N\n", scoreOf(t, "a.com") + "\tnone\tbenign\n" + high + "\thigh\tmalware\nnan\t\t\nnan\t\t\n"},
		{"escapes", "clickhouse", Options{Return: []string{"score"}}, `z.com\\\t\'x\n\0` + "\n", scoreOf(t, "z.com\\\t'x\n\x00") + "\n"},
		{"one column", "clickhouse", Options{Return: []string{"level"}}, "z.com\n", "high\n"},
		{"no escapes", "clickhouse", Options{Format: "LineAsString"}, "z.com\nz.com/\\t\n \n", high + "\thigh\tmalware\n" + scoreOf(t, `z.com/\t`) + "\thigh\tmalware\nnan\t\t\n"},
		{"objects", "clickhouse", Options{Format: "JSONEachRow"}, "{\"c1\":\"z.com\"}\n{\"c1\":null}\n{}\nz.com\n{ \"c1\" : \"\\u007a.com\", \"c2\": 1 }\n",
			`{"result":{"score":` + high + `,"level":"high","kind":"malware"}}` + strings.Repeat("\n"+`{"result":{"score":null,"level":"","kind":""}}`, 3) + "\n" + `{"result":{"score":` + high + `,"level":"high","kind":"malware"}}` + "\n"},
		{"one value", "clickhouse", Options{Format: "JSONEachRow", Return: []string{"score"}}, "{\"c1\":\"z.com\"}\n{\"a\":1,\"b\":\"z.com\"}\n", `{"result":` + high + "}\n" + `{"result":null}` + "\n"},
		{"the last line may lack its end", "clickhouse", Options{Return: []string{"level"}}, "a.com\nz.com", "none\nhigh\n"},

		{"columns that are to be filled", "splunk", Options{}, "url,snowman_score,snowman_level,snowman_kind\r\nz.com,,,\r\n\"a.com\",,,\r\n,0.5,x,y\r\n", "url,snowman_score,snowman_level,snowman_kind\nz.com," + high + ",high,malware\n\"a.com\"," + scoreOf(t, "a.com") + ",none,benign\n,,,\n"},
		{"some columns, in another order", "splunk", Options{Field: "my name"}, "snowman_level,\"my name\",other\n,z.com,\"a \"\"b\"\", c\nd\"\n", "snowman_level,\"my name\",other\nhigh,z.com,\"a \"\"b\"\", c\nd\"\n"},
		{"rows that are longer and shorter", "splunk", Options{}, "domain,snowman_level\nz.com\nz.com,,1\n\nz.com,", "domain,snowman_level\nz.com\nz.com,high,1\n\nz.com,high\n"},
		{"a quote within a field is a byte as others", "splunk", Options{}, "domain,snowman_level,a\nz.com,,5\" disk\nz.com,,\n", "domain,snowman_level,a\nz.com,high,\"5\"\" disk\"\nz.com,high,\n"},
		{"the column of a name before that of an address", "splunk", Options{}, "dest,src,dest_host,snowman_level\n192.0.2.1,192.0.2.2,z.com,\n", "dest,src,dest_host,snowman_level\n192.0.2.1,192.0.2.2,z.com,high\n"},
		{"a carriage return does not end a row", "splunk", Options{}, "domain,snowman_level,a\nz.com,,b\rc\n", "domain,snowman_level,a\nz.com,high,\"b\rc\"\n"},

		{"scores", "binding", Options{}, "score\tz.com\r\nscore\t\nscore\ta\tb\nscore\tz\\\\x\nscore\tz.com", unrounded + "\nnan\tno host in \"\"\nnan\ta tab stands in the host: the text looks like several fields\n" + strconv.FormatFloat(mustScore(t, `z\x`), 'g', -1, 64) + "\n" + unrounded + "\n"},
		{"rows", "binding", Options{}, "row\tz.com\nrow\ta b\nrow\ta\\nb.com\nrow", unrounded + "\thigh\tmalware\t\nnan\t\t\ta space stands in the host: the text looks like several fields\nnan\t\t\ta line end stands in the host\nnan\t\t\tno host in \"\"\n"},
		{"verdicts", "binding", Options{}, "verdict\thttp://u@z.com\nverdict\ta\\nb.com\n", `{"text":"http://u@z.com","score":` + unrounded + `,"level":"high","kind":"malware","kinds":` + string(kinds) + `,"user_info":true}` + "\n" + `{"error":"a line end stands in the host"}` + "\n"},
		{"explanations", "binding", Options{}, "explain\tz.com\nexplain\t\n", explained + "\n" + `{"error":"no host in \"\""}` + "\n"},
		{"what is not understood", "binding", Options{}, "\nsmile\tz.com\nscore", strings.Repeat(`{"error":"a request is one of score, row, verdict, explain, a tab, and a text"}`+"\n", 2) + "nan\tno host in \"\"\n"},

		{"lines", "lines", Options{}, "z.com\r\n\nbad\x1b[2J\tname z\nz.com", high + "\thigh\tmalware\tz.com\n\t\t\t\n\t\t\tbad\\x1b[2J\\tname z\n" + high + "\thigh\tmalware\tz.com\n"},
	}
	for _, test := range tests {
		t.Run(test.protocol+": "+test.name, func(t *testing.T) {
			if got := run(t, test.protocol, test.options, strings.NewReader(test.in)); got != test.want {
				t.Errorf("got\n%q\nwant\n%q", got, test.want)
			}
			if got := run(t, test.protocol, test.options, iotest.OneByteReader(strings.NewReader(test.in))); got != test.want {
				t.Errorf("byte by byte, got\n%q\nwant\n%q", got, test.want)
			}
		})
	}
}

func TestOptionsThatCannotBe(t *testing.T) {
	tests := []struct {
		protocol string
		options  Options
		want     string
	}{
		{"carrier-pigeon", Options{}, `protocol "carrier-pigeon", want one of squid-acl, squid-rewrite`},
		{"squid-acl", Options{SNI: 1}, "token 1 is no TLS server name"},
		{"squid-rewrite", Options{}, "the page to redirect to is missing"},
		{"squid-rewrite", Options{Redirect: "stop.test"}, "want a URL of http or https"},
		{"squid-rewrite", Options{Redirect: "http://stop.test/\""}, "want no blanks, quotes"},
		{"squid-rewrite", Options{Redirect: "http://{url}.stop.test/"}, "want {url} in the path or the query"},
		{"squid-rewrite", Options{Redirect: "http://stop.test{url}"}, "want {url} in the path or the query"},
		{"squid-rewrite", Options{Redirect: "http://stop.test/#{url}"}, "want {url} in the path or the query"},
		{"clickhouse", Options{Format: "CSV"}, `format "CSV", want TabSeparated, LineAsString, JSONEachRow`},
		{"clickhouse", Options{Return: []string{"score", "score"}}, `returning "score"`},
		{"clickhouse", Options{Return: []string{}}, "nothing is to be returned"},
	}
	for _, test := range tests {
		if _, err := New(test.protocol, test.options, openToy(t), nil); err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s, %+v: %v, want %s", test.protocol, test.options, err, test.want)
		}
	}
}

func TestSplunkWithoutTheColumn(t *testing.T) {
	for _, o := range []Options{{}, {Field: "url"}} {
		h, err := New("splunk", o, openToy(t), nil)
		if err != nil {
			t.Fatal(err)
		}
		if err := h.Run(t.Context(), strings.NewReader("a,b\nz.com,\n"), io.Discard); err == nil || !strings.Contains(err.Error(), `the header "a,b" has no`) {
			t.Errorf("%+v: %v", o, err)
		}
	}
}

// TestLongRequests asks with 10 MB, behind which another one is understood as usual.
func TestLongRequests(t *testing.T) {
	long := strings.Repeat("a", 10<<20)
	tests := []struct {
		protocol string
		options  Options
		in, want string // a regular expression
	}{
		{"squid-acl", Options{}, "7 http://z.com/" + long + " GET\n8 http://z.com/ GET\n", `^7 OK [^\n]*\n8 OK [^\n]*\n$`},
		{"squid-acl", Options{}, "7 " + long + "\n8 http://z.com/ GET\n", `^7 ERR\n8 OK [^\n]*\n$`},
		{"squid-rewrite", Options{Redirect: "http://stop.test/{url}"}, "7 http://z.com/" + long + " GET\n8 http://z.com/ GET\n", `^7 OK [^\n]{0,1000}\n8 OK [^\n]*\n$`},
		{"postfix", Options{}, "sender=me@z.com\nx=" + long + "\n\nsender=me@z.com\n\n", `^action=PREPEND [^\n]*\n\naction=PREPEND [^\n]*\n\n$`},
		{"clickhouse", Options{Return: []string{"level"}}, "z.com/" + long + "\nz.com\n", `^high\nhigh\n$`},
		{"clickhouse", Options{Return: []string{"level"}, Format: "JSONEachRow"}, `{"a":"z.com/` + long + "\"}\n{\"a\":\"z.com\"}\n", `^{"result":""}\n{"result":"high"}\n$`},
		{"splunk", Options{}, "url,snowman_level\n\"z.com/\n" + long + "\n\",\nz.com,\n", `^url,snowman_level\n,\nz.com,high\n$`},
		{"binding", Options{}, "score\tz.com/" + long + "\nscore\t" + long + "\nrow\t" + long + "\nverdict\t" + long + "\nexplain\t" + long + "\nscore\tz.com\n", `^0[.0-9]+\nnan\t[^\n]{0,200}\nnan\t\t\t[^\n]{0,200}\n\{"error":[^\n]{0,200}\n\{"error":[^\n]{0,200}\n0[.0-9]+\n$`},
		{"lines", Options{}, "z.com/" + long + "\nz.com\n", `^[^\n]*\thigh\tmalware\tz.com/a*\n[^\n]*\thigh\tmalware\tz.com\n$`},
	}
	for _, test := range tests {
		t.Run(test.protocol, func(t *testing.T) {
			got := run(t, test.protocol, test.options, strings.NewReader(test.in))
			if !regexp.MustCompile(test.want).MatchString(got) {
				t.Errorf("%d bytes that begin with %.200q", len(got), got)
			}
		})
	}
}

// TestManyRequests holds that answers keep their order when they are made by all cores.
func TestManyRequests(t *testing.T) {
	var in, want strings.Builder
	for i := range 20_000 {
		if i%7 == 0 {
			fmt.Fprintf(&in, "%d http://z%d.com/\n", i, i%50)
			fmt.Fprintf(&want, "%d OK\n", i)
		} else {
			fmt.Fprintf(&in, "%d http://a%d.com/\n", i, i)
			fmt.Fprintf(&want, "%d ERR\n", i)
		}
	}
	got := regexp.MustCompile(` OK [^\n]*`).ReplaceAllString(run(t, "squid-acl", Options{Minimum: snowman.High}, strings.NewReader(in.String())), " OK")
	if got != want.String() {
		t.Error("the answers are others, or in another order")
	}
}

// TestAnswersDoNotWait holds that one request is answered while the input is open, from the model
// and the list that were set last.
func TestAnswersDoNotWait(t *testing.T) {
	h, err := New("squid-acl", Options{Minimum: snowman.High}, openToy(t), nil)
	if err != nil {
		t.Fatal(err)
	}
	in, requests := io.Pipe()
	answers, out := io.Pipe()
	done := make(chan error, 1)
	go func() { done <- h.Run(t.Context(), in, out) }()
	ask := func(want string) {
		t.Helper()
		io.WriteString(requests, "1 http://z.com/\n")
		var buffer [1000]byte
		n, err := answers.Read(buffer[:])
		if err != nil || !strings.HasPrefix(string(buffer[:n]), want) {
			t.Fatalf("%q, %v", buffer[:n], err)
		}
	}
	ask("1 OK ")
	path := filepath.Join(t.TempDir(), "list")
	if err := os.WriteFile(path, []byte("z.com\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	list, _, err := allow.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	h.SetAllow(list)
	ask("1 ERR\n")
	h.SetAllow(nil)
	ask("1 OK tag=malware")
	h.SetModel(snowman.Default())
	ask("1 ERR\n")
	requests.Close()
	if err := <-done; err != nil {
		t.Error(err)
	}
}

// TestContextEnds holds that the end does not wait for input, or for somebody who takes answers.
func TestContextEnds(t *testing.T) {
	for _, request := range []string{"", "z.com\n"} {
		h, err := New("lines", Options{}, openToy(t), nil)
		if err != nil {
			t.Fatal(err)
		}
		in, requests := io.Pipe()
		_, out := io.Pipe()
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan error, 1)
		go func() { done <- h.Run(ctx, in, out) }()
		if request != "" {
			io.WriteString(requests, request)
		}
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
	}
}

func TestErrorsOfStreams(t *testing.T) {
	start := func(in io.Reader, out io.Writer) error {
		h, err := New("lines", Options{}, openToy(t), nil)
		if err != nil {
			t.Fatal(err)
		}
		return h.Run(t.Context(), in, out)
	}
	broken := fmt.Errorf("broken")
	if err := start(iotest.ErrReader(broken), io.Discard); err == nil || err.Error() != "reading requests: broken" {
		t.Error(err)
	}
	_, out := io.Pipe()
	out.CloseWithError(broken)
	if err := start(strings.NewReader("a.com\n"), out); err == nil || !strings.HasPrefix(err.Error(), "writing answers: ") {
		t.Error(err)
	}
}

var (
	aclAnswer      = regexp.MustCompile(`^(\d+ )?(ERR|OK tag=[!-~]+ log=score=[0-9.]+,level=[a-z]+ message="snowman: [a-z]+")\n$`)
	rewriteAnswer  = regexp.MustCompile(`^(\d+ )?(ERR|OK status=302 url="http://stop\.test/[0-9A-Za-z%._~-]*")\n$`)
	postfixAnswer  = regexp.MustCompile(`^action=(DUNNO|PREPEND X-Snowman: [ -~]+)\n\n$`)
	columnsAnswer  = regexp.MustCompile(`^([0-9.]+|nan)\t[a-z]*\t[!-~]*\n$`)
	objectsAnswer  = regexp.MustCompile(`^\{"result":\{"score":([0-9.]+|null),"level":"[a-z]*","kind":"[!-~]*"\}\}\n$`)
	bindingAnswer  = regexp.MustCompile(`^([0-9.e-]+(\t[a-z]+\t[^\t\n\r]+\t)?|nan(\t\t)?\t[^\t\n\r]+|\{[^\n]*\})\n$`)
	lineAnswer     = regexp.MustCompile(`^([0-9.]+\t[a-z]+\t[!-~]+|\t\t)\t[^\t\n\r]*\n$`)
	fuzzedOptions  = Options{SNI: 3, Redirect: "http://stop.test/{url}"}
	fuzzedRequests = []string{
		"", "\n", "1 http://z.com/ - CONNECT\n", "2 z.com:443 a b c\n3", "http://z.com/\"\\\x00\x1b\r\n\n", "-\n- -\n", "99999999999999999999999 z.com\n",
		"sender=a@z.com\nhelo_name=z\n\n", "sender=a@z.com\r\n\r\n\n", "z.com\\t\\n\\\n\\N\n", "{\"a\":\"z.com\"}\n{\"a\":\"\\n\"}\n{\"\":\"\"}", "{\"a\n\"}", "z.com/\u2028\u202e\xff\n",
		"score\tz.com\nrow\tz.com\nrow\t \nverdict\tz\\n\\\\.com\nexplain\tz.com\nscore\t\xff\nverdict\nexplain\nscore",
	}
)

// FuzzLines holds for all protocols but splunk that each request gets one answer of the form that
// the protocol has, however the requests come in, and the same one alone as among others.
func FuzzLines(f *testing.F) {
	for _, seed := range fuzzedRequests {
		f.Add(seed)
	}
	model := openToy(f)
	protocols := []struct {
		name, format string
		answer       *regexp.Regexp
	}{
		{"squid-acl", "", aclAnswer}, {"squid-rewrite", "", rewriteAnswer}, {"postfix", "", postfixAnswer}, {"clickhouse", "TabSeparated", columnsAnswer},
		{"clickhouse", "LineAsString", columnsAnswer}, {"clickhouse", "JSONEachRow", objectsAnswer}, {"lines", "", lineAnswer}, {"binding", "", bindingAnswer},
	}
	f.Fuzz(func(t *testing.T, in string) {
		for _, p := range protocols {
			o := fuzzedOptions
			o.Format = p.format
			answers := func(in io.Reader) string {
				h, err := New(p.name, o, model, nil)
				if err != nil {
					t.Fatal(err)
				}
				var out strings.Builder
				if err := h.Run(t.Context(), in, &out); err != nil {
					t.Fatal(err)
				}
				return out.String()
			}
			all := answers(strings.NewReader(in))
			if other := answers(iotest.OneByteReader(strings.NewReader(in))); other != all {
				t.Fatalf("%s: %q byte by byte, %q at once", p.name, other, all)
			}
			requests := strings.SplitAfter(in, "\n")
			if p.name == "postfix" {
				requests = nil
				request := ""
				for _, line := range strings.SplitAfter(in, "\n") {
					if request += line; strings.HasSuffix(line, "\n") && strings.Trim(line, "\r\n") == "" {
						requests, request = append(requests, request), ""
					}
				}
			} else if last := requests[len(requests)-1]; last == "" || strings.HasPrefix(p.name, "squid") {
				requests = requests[:len(requests)-1]
			}
			var each strings.Builder
			for _, request := range requests {
				answer := answers(strings.NewReader(request))
				if !p.answer.MatchString(answer) {
					t.Fatalf("%s: the answer to %q is %q", p.name, request, answer)
				}
				if (p.format == "JSONEachRow" || strings.HasPrefix(answer, "{")) && !json.Valid([]byte(answer)) {
					t.Fatalf("%q is no JSON", answer)
				}
				each.WriteString(answer)
			}
			if each.String() != all {
				t.Fatalf("%s: %q one by one, %q together", p.name, each.String(), all)
			}
		}
	})
}

// FuzzSplunk holds that rows of CSV come back as they were, but for the columns to fill.
func FuzzSplunk(f *testing.F) {
	for _, seed := range []string{"z.com", "a\"b", "a,b", "a\nb", "a\r\nb", "\"", "\r", "\x00\xff", `"a" b`} {
		f.Add(seed, seed)
	}
	model := openToy(f)
	f.Fuzz(func(t *testing.T, text, other string) {
		// A reader takes CR LF in quotes for LF (encoding/csv), which is not what is tested.
		text, other = strings.ReplaceAll(text, "\r\n", "\n"), strings.ReplaceAll(other, "\r\n", "\n")
		var in bytes.Buffer
		rows := [][]string{{"other", "snowman_level", "url", "snowman_score"}, {other, "", text, "1"}, {"", "old", "z.com", ""}, {text, "", other, ""}}
		w := csv.NewWriter(&in)
		if err := w.WriteAll(rows); err != nil {
			t.Fatal(err)
		}
		h, err := New("splunk", Options{}, model, nil)
		if err != nil {
			t.Fatal(err)
		}
		var out bytes.Buffer
		if err := h.Run(t.Context(), &in, &out); err != nil {
			t.Fatal(err)
		}
		got, err := csv.NewReader(&out).ReadAll()
		if err != nil || len(got) != len(rows) {
			t.Fatalf("%d rows, %v", len(got), err)
		}
		for i := range rows {
			if got[i][0] != rows[i][0] || got[i][2] != rows[i][2] || i > 0 && !slices.Contains([]string{"", "none", "low", "medium", "high"}, got[i][1]) {
				t.Errorf("%q became %q", rows[i], got[i])
			}
		}
	})
}

// FuzzStream holds for any bytes as CSV that no row becomes two, or two rows one.
func FuzzStream(f *testing.F) {
	f.Add("z.com,\"a\"\n\"\n\",\"\n")
	model := openToy(f)
	f.Fuzz(func(t *testing.T, in string) {
		h, err := New("splunk", Options{}, model, nil)
		if err != nil {
			t.Fatal(err)
		}
		rows := 0
		read := requests{end: endOfRecord, buffer: make([]byte, firstBuffer)}
		for source := strings.NewReader("url,snowman_level\n" + in); read.read(source, func([]byte, bool) { rows++ }) == nil; {
		}
		var out bytes.Buffer
		if err := h.Run(t.Context(), strings.NewReader("url,snowman_level\n"+in), &out); err != nil {
			t.Fatal(err)
		}
		answers := 0
		read = requests{end: endOfRecord, buffer: make([]byte, firstBuffer)}
		for read.read(&out, func([]byte, bool) { answers++ }) == nil {
		}
		if answers != rows {
			t.Errorf("%d answers to %d rows: %q", answers, rows, out.String())
		}
	})
}

func BenchmarkHelper(b *testing.B) {
	h, err := New("squid-acl", Options{Minimum: snowman.High}, snowman.Default(), nil)
	if err != nil {
		b.Fatal(err)
	}
	var in bytes.Buffer
	for i := range b.N {
		fmt.Fprintf(&in, "%d http://name%d.example.com/ GET\n", i%100, i)
	}
	b.ReportAllocs()
	b.ResetTimer()
	if err := h.Run(b.Context(), &in, io.Discard); err != nil {
		b.Fatal(err)
	}
}
