package web

import (
	"encoding/json"
	"errors"
	"net/http"
	"strings"
	"testing"
	"unicode/utf8"
)

// noCharacters are JSON strings that encoding/json reads as other texts.
var noCharacters = []string{`"q\ud800.com"`, `"q.com/\udc00"`, `"\ud800\ud800\udc00"`, `"\ud83d\\udc00"`, `"\uD800\u0041"`, `"\ud800` + "\U0001F600\""}

func TestHalfOfASurrogatePairCostsItsTextAlone(t *testing.T) {
	server := newServer(t)
	for _, value := range noCharacters {
		quoted, object := must(json.Marshal(value)), must(json.Marshal(`{"text":`+value+`,"a":1}`))
		for _, test := range []struct {
			path, contentType, body string
			status                  int
			want                    string
		}{
			{"/v1/score", "application/json", `{"texts":["q.com",` + value + `,"q.com"]}`, 200,
				`{"verdicts":[{"text":"q.com",` + toyDGA + `},{"text":` + string(quoted) + `,"error":"` + errorJSON + `"},{"text":"q.com",` + toyDGA + `}]}`},
			{"/v1/score", "application/x-ndjson", value + "\n{\"text\":" + value + ",\"a\":1}\n\"q.com\"\n", 200,
				`{"text":` + string(quoted) + `,"error":"` + errorJSON + "\"}\n" +
					`{"text":` + string(object) + `,"error":"` + errorJSON + "\"}\n" +
					`{"text":"q.com",` + toyDGA + `}`},
			{"/v1/explain", "application/json", `{"text":` + value + `}`, 400, `{"error": "reading the request as JSON: ` + errorJSON + `"}`},
			{"/model", "application/json", `{"url":` + value + `}`, 400, `{"error": "reading the request as JSON: ` + errorJSON + `"}`},
			{"/v2/models/snowman/infer", "application/json",
				`{"inputs":[{"name":"text","shape":[2],"datatype":"BYTES","data":["q.com",` + value + `]}],"outputs":[{"name":"error"}]}`, 200,
				`{"model_name":"snowman","model_version":"2006-01-02","outputs":[{"name":"error","datatype":"BYTES","shape":[2],"data":["","` + errorJSON + `"]}]}`},
			{"/v2/models/snowman/infer", "application/json", `{"id":` + value + `,"inputs":[]}`, 400, `{"error": "reading the request as JSON: ` + errorJSON + `"}`},
		} {
			response, got := answerOf(t, "POST", server.URL+test.path, test.contentType, strings.NewReader(test.body))
			if response.StatusCode != test.status || got != test.want+"\n" {
				t.Errorf("%s %s: %s\n%s\nwant %d\n%s", test.path, test.body, response.Status, got, test.status, test.want)
			}
		}
	}
}

// errorJSON is errNoUnicode within a JSON string.
var errorJSON = strings.ReplaceAll(errNoUnicode.Error(), `\`, `\\`)

func TestTextsInJSONComeBackAsTheyCame(t *testing.T) {
	server := newServer(t)
	for _, value := range []string{`"q.com/\u0000"`, `"q.com/\u001b[2J"`, `"q.com/\u202e"`, `"q.com/😀"`, `"q.com/\"\\"`} {
		_, batch := answerOf(t, "POST", server.URL+"/v1/score", "application/json", strings.NewReader(`{"texts":[`+value+`]}`))
		_, line := answerOf(t, "POST", server.URL+"/v1/score", "application/x-ndjson", strings.NewReader(value))
		var want string
		var got struct{ Verdicts []struct{ Text string } }
		var record struct{ Text string }
		if err := errors.Join(json.Unmarshal([]byte(value), &want), json.Unmarshal([]byte(batch), &got), json.Unmarshal([]byte(line), &record)); err != nil {
			t.Fatalf("%s: %v in %s and %s", value, err, batch, line)
		}
		if got.Verdicts[0].Text != want || record.Text != want {
			t.Errorf("%s comes back as %q and, of a line, %q", value, got.Verdicts[0].Text, record.Text)
		}
	}
}

func TestMembersOfALineOfJSON(t *testing.T) {
	const none = `want a JSON string or {"text": "..."}`
	for _, test := range []struct{ name, line, want, err string }{
		{"a string", `"q.com"`, "q.com", ""},
		{"an object", `{"text":"q.com"}`, "q.com", ""},
		{"a record", ` {"a":[{"text":"a"}],"text" : "q\u002ecom" ,"n":-1.5e3,"b":{"]":"}"} } `, "q.com", ""},
		{"a record whose text is first", `{"text":"q.com","b":null}`, "q.com", ""},
		{"an escaped name", `{"\u0074ext":"q.com"}`, "q.com", ""},
		{"a member twice that is not the text", `{"a":1,"a":2,"text":"q.com"}`, "q.com", ""},
		{"another case", `{"TEXT":"q.com"}`, "", none},
		{"both cases", `{"Text":"x.com","text":"q.com","TEXT":"x.com"}`, "q.com", ""},
		{"the text twice", `{"text":"q.com","text":"x.com"}`, "", `reading the line as JSON: the member "text" stands twice`},
		{"the text twice, once escaped", `{"text":"q.com","tex\u0074":"x.com"}`, "", `reading the line as JSON: the member "text" stands twice`},
		{"the text twice, once null", `{"text":null,"text":"x.com"}`, "", `reading the line as JSON: the member "text" stands twice`},
		{"a null", `{"text":null}`, "", none},
		{"no text", `{"a":"\""}`, "", none},
		{"an empty object", `{ }`, "", none},
		{"no UTF-8", "\"q.com/\xff\"", "", "a text in JSON must be UTF-8"},
	} {
		got, err := textOfJSON(test.line)
		if got != test.want || err == nil && test.err != "" || err != nil && err.Error() != test.err {
			t.Errorf("%s: %q, %v, want %q, %q", test.name, got, err, test.want, test.err)
		}
	}
}

func TestMembersOfARequestForModel(t *testing.T) {
	server := newServer(t)
	for _, test := range []struct {
		body   string
		status int
		want   string
	}{
		{`{"a":{"url":1},"url":"q.com"}`, 200, `"q.com"`},
		{`{"URL":"q.com"}`, 400, "url is missing"},
		{`{"URL":"x.com","url":"q.com"}`, 200, `"q.com"`},
		{`{"url":"q.com","url":"x.com"}`, 400, `the member \"url\" stands twice`},
		{`{"url":null}`, 400, "url is missing"},
		{`null`, 400, "url is missing"},
		{`"q.com"`, 400, `want {\"url\": \"...\"}, with a string`},
		{`[]`, 400, `want {\"url\": \"...\"}, with a string`},
		{`{"url":["q.com"]}`, 400, `want {\"url\": \"...\"}, with a string`},
		{`{"url":"q.com"`, 400, "unexpected end of JSON input"},
	} {
		response, got := answerOf(t, http.MethodPut, server.URL+"/model", "application/json", strings.NewReader(test.body))
		if response.StatusCode != test.status || !strings.Contains(got, test.want) {
			t.Errorf("%s: %s, %s, want %d, %s", test.body, response.Status, got, test.status, test.want)
		}
	}
}

// FuzzTextOfJSON checks that a line is read as encoding/json reads it into a map, or is an error: a
// member twice, or a text that encoding/json would change.
func FuzzTextOfJSON(f *testing.F) {
	for _, seed := range append(noCharacters, `"q.com"`, `{"text":"q.com"}`, `{"text":"a","text":"b"}`, `{"text":"a\u0062"}`, "\"\xff\"", `{}`, `[`, `null`, ` "a" `,
		`{"TEXT":"a"}`, `{"text":"a"}}`, `{"text":"a","b":"c"}`, "\"a\tb\"", `{"a":[1,{"b":"\\\""}],"text":"a","c":true}`, `1`, `{"a" :-1.5e3 , "text": "a" }`) {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, line string) {
		got, err := textOfJSON(line)
		var object map[string]any
		var text string
		isText := json.Unmarshal([]byte(line), &text) == nil && strings.TrimSpace(line) != "null"
		if !isText && json.Unmarshal([]byte(line), &object) == nil {
			text, isText = object["text"].(string)
		}
		switch {
		case err == nil && (!isText || got != text || !utf8.ValidString(got)):
			t.Errorf("%q is read as %q, want %q", line, got, text)
		case err == nil || !isText:
		case errors.Is(err, errNoUnicode), errors.Is(err, errNoUTF8):
			if !strings.ContainsRune(text, utf8.RuneError) && strings.Count(line, "text") < 2 {
				t.Errorf("%q: %v, want %q", line, err, text)
			}
		case !strings.Contains(err.Error(), "stands twice"):
			t.Errorf("%q: %v, want %q", line, err, text)
		}
	})
}
