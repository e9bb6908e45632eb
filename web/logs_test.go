package web

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
)

const zeekLog = "#separator \\x09\n#set_separator\t,\n#empty_field\t(empty)\n#unset_field\t-\n#path\tdns\n#fields\tts\tuid\tid.orig_h\tquery\n#types\ttime\tstring\taddr\tstring\n" +
	"1.5\tC1\t10.0.0.1\tx.tests.net\n2.5\tC2\t10.0.0.2\t-\n3.5\tC3\t10.0.0.2\tq.tests.net\nbroken\n"

// askLog sends a log and returns the answer.
func askLog(t *testing.T, server *httptest.Server, query, accept, body string) (*http.Response, string) {
	t.Helper()
	request := must(http.NewRequest("POST", server.URL+"/v1/logs"+query, strings.NewReader(body)))
	if accept != "" {
		request.Header.Set("Accept", accept)
	}
	response := must(server.Client().Do(request))
	defer response.Body.Close()
	answer, err := io.ReadAll(response.Body)
	if err != nil {
		answer = append(answer, "CUT OFF"...)
	}
	return response, string(answer)
}

func TestLogs(t *testing.T) {
	server := newServer(t)
	const tabs = "text/tab-separated-values"
	for _, test := range []struct{ name, query, accept, body, format, want string }{
		{"names", "", "", zeekLog, "zeek", `{"format":"zeek","title":"Zeek log","fit":10,"sampled":11,"records":true}
{"line":8,"client":"10.0.0.1","time":"1.5","text":"x.tests.net","score":0.6276103986040007,"level":"medium","kind":"phishing"}
{"line":10,"client":"10.0.0.2","time":"3.5","text":"q.tests.net","score":0.2880088153628562,"level":"low","kind":"dga"}
{"lines":11,"records":3,"names":2,"nameless":1,"repeats":0,"headers":7,"broken":1,"reasons":{"it has other columns than #fields":1}}
`},
		{"names that reach a level", "?min=medium&format=zeek", "", zeekLog, "zeek", `{"format":"zeek","title":"Zeek log","records":true}
{"line":8,"client":"10.0.0.1","time":"1.5","text":"x.tests.net","score":0.6276103986040007,"level":"medium","kind":"phishing"}
{"lines":11,"records":3,"names":2,"nameless":1,"repeats":0,"headers":7,"broken":1,"reasons":{"it has other columns than #fields":1}}
`},
		{"names with tabs", "", tabs, zeekLog, "zeek", "8\t10.0.0.1\t1.5\t0.62761\tmedium\tphishing\tx.tests.net\n10\t10.0.0.2\t3.5\t0.28801\tlow\tdga\tq.tests.net\n"},
		{"records", "?write=records", "", zeekLog, "zeek", strings.NewReplacer(
			"query\n", "query\tsnowman_score\tsnowman_level\tsnowman_kind\tsnowman_name\n",
			"addr\tstring\n", "addr\tstring\tdouble\tstring\tstring\tstring\n",
			"x.tests.net\n", "x.tests.net\t0.62761\tmedium\tphishing\tx.tests.net\n",
			"q.tests.net\n", "q.tests.net\t0.28801\tlow\tdga\tq.tests.net\n",
			"0.2\t-\n", "0.2\t-\t-\t-\t-\t-\n").Replace(zeekLog)},
		{"records that reach a level", "?write=records&min=medium", "", `{"query":"x.tests.net"}` + "\n" + `{"query":"q.tests.net"}` + "\n", "jsonl",
			`{"query":"x.tests.net","snowman":{"score":0.62761,"level":"medium","kind":"phishing","name":"x.tests.net"}}` + "\n"},
		{"a table, and why", "", tabs, "\ufefftime,domain,note\n1,x.tests.net,\"a\nb\"\n2,q.tests.net,\n", "csv", "2\t\t1\t0.62761\tmedium\tphishing\tx.tests.net\n4\t\t2\t0.28801\tlow\tdga\tq.tests.net\n"},
		{"another column", "?column=seen", tabs, "domain,seen\nx.tests.net,q.tests.net\n", "csv", "2\t\t\t0.28801\tlow\tdga\tq.tests.net\n"},
		{"a table of one row without a line end", "", tabs, "url,n\nx.tests.net,1", "csv", "2\t\t\t0.62761\tmedium\tphishing\tx.tests.net\n"},
		{"several", "?format=csv&column=seen&column=1", tabs, "domain,seen\nx.tests.net,q.tests.net\n", "csv",
			"2\t\t\t0.28801\tlow\tdga\tq.tests.net\n2\t\t\t0.62761\tmedium\tphishing\tx.tests.net\n"},
		{"what fits no format", "", tabs, "See x.tests.net, or\nbad:host\nq.tests.net", "list", "1\t\t\t0.62761\tmedium\tphishing\tx.tests.net\n2\t\t\t\t\t\tbad:host\n3\t\t\t0.28801\tlow\tdga\tq.tests.net\n"},
		{"nothing", "", "", "", "list", `{"format":"list","title":"names, one in each line or among words","records":false}
{"lines":0,"records":0,"names":0,"nameless":0,"repeats":0,"headers":0,"broken":0}
`},
	} {
		t.Run(test.name, func(t *testing.T) {
			response, answer := askLog(t, server, test.query, test.accept, test.body)
			if response.StatusCode != http.StatusOK || response.Header.Get("Snowman-Format") != test.format {
				t.Errorf("%s, format %q", response.Status, response.Header.Get("Snowman-Format"))
			}
			if answer != test.want {
				t.Errorf("%s\nwant\n%s", answer, test.want)
			}
		})
	}
}

func TestLogsSayWhereNamesMayStand(t *testing.T) {
	_, answer := askLog(t, newServer(t), "", "", "domain,seen with\nx.tests.net,q.tests.net\n")
	if want := `{"format":"csv","title":"comma-separated values","fit":2,"sampled":2,"records":true,"columns":["domain","seen with"],"found":["domain"]}` + "\n"; !strings.HasPrefix(answer, want) {
		t.Errorf("%s, want first %s", answer, want)
	}
}

func TestLogsRefuse(t *testing.T) {
	server := newServer(t)
	table := "a,b\nx.tests.net,1\n"
	for _, test := range []struct {
		name, query, body string
		status            int
		want              string
	}{
		{"a format that there is not", "?format=zek", "", 400, `unknown format \"zek\"`},
		{"a list of bare names", "?format=lines", "", 400, "POST /v1/score reads a name or URL a line"},
		{"a level that there is not", "?min=hi", "", 400, "min: "},
		{"neither names nor records", "?write=x", "", 400, "want names or records"},
		{"records of what has none", "?format=text&write=records", "x", 400, "format text has no records to write into"},
		{"a column of a format that knows", "?format=zeek&column=query", zeekLog, 400, "knows where its names stand"},
		{"a column of what fits no format", "?column=a", "x.tests.net\n", 400, "the first lines do not tell the format"},
		{"a column that there is not", "?format=csv&column=z", table, 400, `no column \"z\"`},
		{"too many columns", "?format=csv" + strings.Repeat("&column=a", 17), table, 400, "more than 16 columns"},
		{"no number of lines", "?skip=-1", "", 400, "want a number of lines"},
		{"neither true nor false", "?more=x", "", 400, "want true or false"},
		{"a part of what is whole", "?format=stix&more=true", "{", 400, "cannot be read in parts"},
		{"an unknown parameter", "?a=b", "", 400, "only format, column"},
		{"a format given twice", "?format=csv&format=tsv", "", 400, "given several times"},
		{"gzip that nobody spoke of", "", "\x1f\x8b\x08", 415, "say Content-Encoding: gzip"},
		{"UTF-16", "", "\xff\xfea\x00", 415, "in UTF-16"},
		{"a part that is too large", "?skip=0", strings.Repeat("x.tests.net\n", 400_000), 413, "larger than"},
	} {
		t.Run(test.name, func(t *testing.T) {
			response, answer := askLog(t, server, test.query, "", test.body)
			if response.StatusCode != test.status || !strings.Contains(answer, test.want) {
				t.Errorf("%s, %s, want %d, %s", response.Status, answer, test.status, test.want)
			}
		})
	}
}

func TestLogsAreNoForms(t *testing.T) {
	server := newServer(t)
	for _, form := range []string{"multipart/form-data; boundary=b", formType} { // as curl -F and curl -d say
		response, answer := answerOf(t, "POST", server.URL+"/v1/logs", form, strings.NewReader(zeekLog))
		if response.StatusCode != http.StatusUnsupportedMediaType || !strings.Contains(answer, "curl -X POST -T FILE") {
			t.Errorf("%s: %s, %s", form, response.Status, answer)
		}
	}
}

// A log in parts has the answers of one that comes whole.
func TestLogsInParts(t *testing.T) {
	server := newServer(t)
	var all strings.Builder
	all.WriteString("#fields\tts\tuid\tid.orig_h\tquery\n")
	for i := range 2000 {
		if i == 1000 {
			all.WriteString("#fields\tquery\tts\n")
		}
		if i < 1000 {
			fmt.Fprintf(&all, "1\tC\t10.0.0.1\tx%d.tests.net\n", i)
		} else {
			fmt.Fprintf(&all, "x%d.tests.net\t1\n", i)
		}
	}
	_, whole := askLog(t, server, "?format=zeek", "", all.String())
	var parts strings.Builder
	begun, skip, lines := "", 0, 0
	for left := all.String(); left != ""; {
		part := left[:min(len(left), 10_000)]
		_, answer := askLog(t, server, fmt.Sprintf("?format=zeek&skip=%d&more=%v", skip, len(part) < len(left)), "", begun+part)
		answered := strings.Split(strings.TrimSuffix(answer, "\n"), "\n")
		for _, line := range answered[1 : len(answered)-1] {
			var record map[string]any
			json.Unmarshal([]byte(line), &record)
			fmt.Fprintf(&parts, "%v %v %v\n", record["line"].(float64)+float64(lines), record["client"], record["text"])
		}
		var last logSummary
		if err := json.Unmarshal([]byte(answered[len(answered)-1]), &last); err != nil {
			t.Fatal(err)
		}
		read := strings.SplitAfter(part[:len(part)-last.Rest.Unread], "\n")
		if begun == "" {
			begun, skip = strings.Join(read[:last.Rest.Sample], ""), last.Rest.Sample
		}
		for _, header := range last.Rest.Headers {
			begun += read[header-1]
			skip++
		}
		lines += last.Lines
		left = left[len(part)-last.Rest.Unread:]
	}
	var want strings.Builder
	answered := strings.Split(strings.TrimSuffix(whole, "\n"), "\n")
	for _, line := range answered[1 : len(answered)-1] {
		var record map[string]any
		json.Unmarshal([]byte(line), &record)
		fmt.Fprintf(&want, "%v %v %v\n", record["line"], record["client"], record["text"])
	}
	if parts.String() != want.String() || lines != 2002 {
		t.Errorf("%d lines, %d bytes, want 2002, %d", lines, parts.Len(), want.Len())
	}
}

// Records are answered while the log is still being written.
func TestLogsAreAnsweredWhileTheyCome(t *testing.T) {
	service := New(Options{Model: openToy(t)})
	overEachProtocol(t, service, func(t *testing.T, address string, client *http.Client) {
		reader, writer := io.Pipe()
		request := must(http.NewRequest("POST", address+"/v1/logs?format=zeek&write=records", reader))
		go fmt.Fprint(writer, zeekLog)
		response := must(client.Do(request))
		defer response.Body.Close()
		first := make([]byte, 10)
		if _, err := io.ReadFull(response.Body, first); err != nil || string(first) != zeekLog[:10] {
			t.Errorf("%q, %v", first, err)
		}
		go func() {
			fmt.Fprint(writer, "4.5\tC4\t10.0.0.3\tz.tests.net\n")
			writer.Close()
		}()
		rest, err := io.ReadAll(response.Body)
		if err != nil || !bytes.HasSuffix(rest, []byte("z.tests.net\t0.95266\thigh\tmalware\tz.tests.net\n")) {
			t.Errorf("%q, %v", rest, err)
		}
	})
}

// An answer in a format of others that is not complete does not end as if it were.
func TestRecordsThatAreCutOffDoNotEndWell(t *testing.T) {
	service := New(Options{Model: openToy(t)})
	overEachProtocol(t, service, func(t *testing.T, address string, client *http.Client) {
		reader, writer := io.Pipe()
		request := must(http.NewRequest("POST", address+"/v1/logs?format=zeek&write=records", reader))
		go fmt.Fprint(writer, zeekLog)
		response := must(client.Do(request))
		defer response.Body.Close()
		time.AfterFunc(50*time.Millisecond, service.EndStreams)
		answer, err := io.ReadAll(response.Body)
		if err == nil || !strings.Contains(string(answer), `{"error":"`) && strings.HasPrefix(response.Proto, "HTTP/1") {
			t.Errorf("%v, %q", err, answer)
		}
		writer.Close()
	})
}

func TestScoreAnswersWithTabs(t *testing.T) {
	server := newServer(t)
	const want = "0.28801\tlow\tdga\tq.com\n\t\t\ta:b\n0.95266\thigh\tmalware\tzis32msdi3.com\n"
	for _, test := range []struct{ name, accept, query, contentType, body, want string }{
		{"lines", "text/tab-separated-values", "", "text/plain", "q.com\na:b\nzis32msdi3.com\n", want},
		{"a document", "application/json;q=0.5, text/tab-separated-values;q=0.9", "", "application/json", `{"texts":["q.com","a:b","zis32msdi3.com"]}`, want},
		{"none", "text/tab-separated-values", "", "application/json", `{"texts":[]}`, ""},
		{"families", "text/tab-separated-values", "?families=true", "text/plain", "a:b\n", "\t\t\t\t\ta:b\n"},
		{"a tab in a text", "text/tab-separated-values", "", "application/json", `{"texts":["a\tb:c"]}`, "\t\t\ta\\tb:c\n"},
		{"not wanted", "text/tab-separated-values;q=0, */*", "", "application/json", `{"texts":[]}`, `{"verdicts":[]}` + "\n"},
	} {
		t.Run(test.name, func(t *testing.T) {
			request := must(http.NewRequest("POST", server.URL+"/v1/score"+test.query, strings.NewReader(test.body)))
			request.Header.Set("Accept", test.accept)
			request.Header.Set("Content-Type", test.contentType)
			response := must(http.DefaultClient.Do(request))
			defer response.Body.Close()
			answer := string(must(io.ReadAll(response.Body)))
			isTabs := response.Header.Get("Content-Type") == "text/tab-separated-values; charset=utf-8"
			if answer != test.want || isTabs != (test.name != "not wanted") {
				t.Errorf("%q, %s", answer, response.Header.Get("Content-Type"))
			}
		})
	}
}

// One record can hold many names. What they cost is bounded.
func TestALineOfManyNames(t *testing.T) {
	_, answer := askLog(t, newServer(t), "?format=text", "", strings.Repeat("a.co,", 20_000)+"\nx.tests.net\n")
	if !strings.Contains(answer, `"broken":1,"reasons":{"it has more than 10000 names":1}`) || strings.Count(answer, "\n") != 3 {
		t.Errorf("%.500s", answer)
	}
}

// The service says what the program does of a file that is not read as it could be.
func TestLogAdvice(t *testing.T) {
	server := newServer(t)
	const event = `{"event_type":"dns","dns":{"rrname":"x.tests.net"},"timestamp":1}` + "\n"
	for _, test := range []struct{ name, query, body, want string }{
		{"one record", "", event, `"advice":"looks like Suricata EVE: format=suricata"`},
		{"JSON over several lines", "", "{\n\"query\":\"x.tests.net\"\n}\n", `"advice":"looks like JSON over several lines: jq -c . writes each object on a line"`},
		{"a member that is not there", "?format=jsonl&column=nothing", event, `"advice":"has no nothing in its first records; there are dns.rrname, event_type"`},
		{"another log at the end", "?format=zeek", "#fields\tts\tquery\n1.0\tx.tests.net\n" + event + event, `"misfits":"has 2 records that do not fit Zeek log; the last of them look like Suricata EVE: read each log by itself"`},
		{"a list that was asked for", "?format=list", event, `"format":"list","title":"names, one in each line or among words","records":false}`},
	} {
		t.Run(test.name, func(t *testing.T) {
			if _, got := askLog(t, server, test.query, "", test.body); !strings.Contains(got, test.want) {
				t.Errorf("%s\nwant %s", got, test.want)
			}
		})
	}
	if response, got := askLog(t, server, "", "", "SQLite format 3\x00"); response.StatusCode != http.StatusUnsupportedMediaType || !strings.Contains(got, "the body is an SQLite database") {
		t.Errorf("a database: %s, %s", response.Status, got)
	}
}
