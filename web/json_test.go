package web

import (
	"encoding/json"
	"errors"
	"net/http"
	"strings"
	"testing"
	"unicode/utf8"
)

func TestRequestsInJSONAreReadStrictly(t *testing.T) {
	server := newServer(t)
	const (
		score, explain, infer = "/v1/score", "/v1/explain", "/v2/models/snowman/infer"
		input                 = `{"name":"text","shape":[1],"datatype":"BYTES","data":["q.com"]}`
	)
	for _, test := range []struct{ path, body, want string }{
		{score, `["a.com"]`, `the request is an array, want {"texts": ["example.com", ...]}`},
		{score, `"a.com"`, `the request is a string, want {"texts": ["example.com", ...]}`},
		{score, `1e3`, `the request is 1e3, want {"texts": ["example.com", ...]}`},
		{score, `{"texts":{"a":"q.com"}}`, "texts is an object, want an array"},
		{score, `{"texts":true}`, "texts is true, want an array"},
		{score, `{"texts":["q.com"],"families":true}`, `there is no member "families", only texts`},
		{score, `{"TEXTS":["q.com"]}`, `there is no member "TEXTS", only texts`},
		{score, `{"texts":["q.com"],"texts":null}`, `the member "texts" stands twice`},
		{explain, `[]`, `the request is an array, want {"text": "example.com"}`},
		{explain, `{"text":["q.com"]}`, "text is an array, want a string"},
		{explain, `{"text":"q.com","a":{}}`, `there is no member "a", only text`},
		{infer, `[]`, `the request is an array, want {"inputs": [...]}`},
		{infer, `{"id":1,"inputs":[]}`, "id is 1, want a string"},
		{infer, `{"inputs":{}}`, "inputs is an object, want an array"},
		{infer, `{"inputs":["q.com"]}`, "inputs[0] is a string, want an object"},
		{infer, `{"inputs":[{"name":1}]}`, "inputs[0].name is 1, want a string"},
		{infer, `{"inputs":[{"shape":[1,"1"]}]}`, "inputs[0].shape[1] is a string, want a whole number below 2^63"},
		{infer, `{"inputs":[{"shape":[1.5]}]}`, "inputs[0].shape[0] is 1.5, want a whole number below 2^63"},
		{infer, `{"inputs":[{"data":"q.com"}]}`, "inputs[0].data is a string, want an array"},
		{infer, `{"inputs":[{"parameters":[]}]}`, "inputs[0].parameters is an array, want an object"},
		{infer, `{"inputs":[{"type":"BYTES"}]}`, `there is no member "type" in inputs[0], only data, datatype, name, parameters and shape`},
		{infer, `{"inputs":[` + input + `],"outputs":[{"name":"score","x":1}]}`, `there is no member "x" in outputs[0], only name and parameters`},
		{infer, `{"model":"snowman"}`, `there is no member "model", only id, inputs, outputs and parameters`},
	} {
		response, answer := answerOf(t, "POST", server.URL+test.path, "application/json", strings.NewReader(test.body))
		var got struct{ Error string }
		if err := json.Unmarshal([]byte(answer), &got); err != nil {
			t.Fatalf("%v in %q", err, answer)
		}
		if want := "reading the request as JSON: " + test.want; response.StatusCode != http.StatusBadRequest || got.Error != want {
			t.Errorf("%s %s: %s\n%s\nwant 400\n%s", test.path, test.body, response.Status, got.Error, want)
		}
	}
	for _, test := range []struct{ path, body, want string }{
		{score, ` {"texts":["q.com"]} `, `"text":"q.com"`},
		{infer, `{"id":null,"parameters":{"a":[{}]},"inputs":[` + strings.Replace(input, "{", `{"parameters":{"a":1},`, 1) + `],"outputs":[{"name":"kind","parameters":{"binary_data":false}}]}`, `"data":["dga"]`},
		{infer, `{"inputs":[` + input + `],"outputs":null,"parameters":null}`, `"data":["dga"]`},
	} {
		response, answer := answerOf(t, "POST", server.URL+test.path, "application/json", strings.NewReader(test.body))
		if response.StatusCode != http.StatusOK || !strings.Contains(answer, test.want) {
			t.Errorf("%s %s: %s, %s, want 200 and %s", test.path, test.body, response.Status, answer, test.want)
		}
	}
}

// FuzzReadJSON checks that texts are read as encoding/json reads them, and that no error names a
// type of Go.
func FuzzReadJSON(f *testing.F) {
	for _, seed := range []string{`{"texts":["a","\ud800",null,{}]}`, `{"texts":null}`, `null`, `[`, `{"texts":[]}{}`, `{"a":1}`, "{\"texts\":[\"\xff\"]}"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, body string) {
		var got []textValue
		err := readJSON([]byte(body), "{}", func(d *document) members {
			return members{"texts": func() error { return d.texts(&got) }}
		})
		if err != nil {
			if strings.Contains(err.Error(), "Go ") || strings.Contains(err.Error(), "json:") {
				t.Errorf("%q: %v", body, err)
			}
			return
		}
		var want struct{ Texts []any }
		if err := json.Unmarshal([]byte(body), &want); err != nil {
			t.Fatalf("%q is read as %v, and has the error %v", body, got, err)
		}
		if strings.Count(body, "texts") > 1 {
			return // the last one counts, unless it is null
		}
		for i, value := range want.Texts {
			text, is := value.(string)
			if is && errors.Is(got[i].err, errNoUnicode) && strings.ContainsRune(text, utf8.RuneError) {
				continue
			}
			if is && errors.Is(got[i].err, errNoUTF8) && !utf8.ValidString(body) {
				continue
			}
			if is != (got[i].err == nil) || is && text != got[i].text {
				t.Errorf("%q is read as %v, want %v", body, got, want.Texts)
			}
		}
	})
}

func TestQueryParametersAreKnown(t *testing.T) {
	server := newServer(t)
	for _, test := range []struct{ method, path, body, want string }{
		{"POST", "/v1/score?families=yes", `{"texts":["q.com"]}`, `the query parameter families is "yes", want true or false`},
		{"POST", "/v1/score?familes=true", `{"texts":["q.com"]}`, `there is no query parameter "familes", only families`},
		{"POST", "/v1/explain?families=true&b&a=1", `{"text":"q.com"}`, `there is no query parameter "a", only families`},
		{"GET", "/v1/model?verbose", "", `there is no query parameter "verbose", and no other`},
		{"POST", "/v2/models/snowman/infer?families=true", `{}`, `there is no query parameter "families", and no other`},
		{"POST", "/v1/score?families=%zz", `{"texts":["q.com"]}`, `reading the query: invalid URL escape "%zz"`},
		{"POST", "/v1/score?families=false&families=xx", `{"texts":["q.com"]}`, `the query parameter families is given several times, want it once`},
		{"POST", "/v1/score?families=true", `{"texts":["q.com"]}`, ""},
		{"PUT", "/model?url=q.com&a=b", "", ""},
		{"GET", "/model?a=b", "", ""},
		{"GET", "/readyz?verbose", "", ""},
		{"GET", "/v2/health/live?a=b", "", ""},
		{"GET", "/metrics?a=b", "", ""},
		{"GET", "/card?utm_source=mail", "", ""},
	} {
		contentType := ""
		if test.method == "POST" {
			contentType = "application/json"
		}
		response, answer := answerOf(t, test.method, server.URL+test.path, contentType, strings.NewReader(test.body))
		if test.want == "" {
			if response.StatusCode != http.StatusOK {
				t.Errorf("%s %s: %s, %s, want 200", test.method, test.path, response.Status, answer)
			}
			continue
		}
		var got struct{ Error string }
		if err := json.Unmarshal([]byte(answer), &got); err != nil || response.StatusCode != http.StatusBadRequest || got.Error != test.want {
			t.Errorf("%s %s: %s, %s (%v), want 400 and %s", test.method, test.path, response.Status, answer, err, test.want)
		}
	}
}
