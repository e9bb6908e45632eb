package web

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"

	"github.com/snowman-ml/snowman"
)

const formType = "application/x-www-form-urlencoded"

// newServer serves the toy model.
func newServer(t *testing.T) *httptest.Server {
	t.Helper()
	server := httptest.NewServer(New(Options{Model: openToy(t)}))
	t.Cleanup(server.Close)
	return server
}

// answerOf sends a request and reads the whole answer.
func answerOf(t *testing.T, method, address, contentType string, body io.Reader) (*http.Response, string) {
	t.Helper()
	return sendCoded(t, address, method, "", contentType, "", body)
}

func TestModelAnswersInTheOriginalsBytes(t *testing.T) {
	server := newServer(t)
	for _, test := range []struct{ name, text, want string }{
		{"a name", "zis32msdi3.com", `{"input query": "zis32msdi3.com", "score": "0.95266"}`},
		{"a benign name", "github.com", `{"input query": "github.com", "score": "0.05209"}`},
		{"&, < and > as they are", "q.com/?a=1&b=<c>", `{"input query": "q.com/?a=1&b=<c>", "score": "0.28801"}`},
		{"a slash as it is", "http://q.com/a", `{"input query": "http://q.com/a", "score": "0.28801"}`},
		{"quotes and backslashes escaped", `q.com/"\`, `{"input query": "q.com/\"\\", "score": "0.28801"}`},
		{"a character beyond ASCII", "q.de/ü", `{"input query": "q.de/\u00fc", "score": "0.28801"}`},
		{"a separator of lines", "q.de/\u2028", `{"input query": "q.de/\u2028", "score": "0.28801"}`},
		{"a character beyond the basic plane", "q.de/😀", `{"input query": "q.de/\ud83d\ude00", "score": "0.28801"}`},
		{"the last character", "q.de/\U0010ffff", `{"input query": "q.de/\udbff\udfff", "score": "0.28801"}`},
		{"a plus and spaces", "q.com/?a=1+1 2", `{"input query": "q.com/?a=1+1 2", "score": "0.28801"}`},
		{"semicolons", "q.com/;a=1;b", `{"input query": "q.com/;a=1;b", "score": "0.28801"}`},
		{"an IDN in Unicode", "bücher.de", `{"input query": "b\u00fccher.de", "score": "0.62761"}`},
	} {
		t.Run(test.name, func(t *testing.T) {
			form := url.Values{"url": {test.text}}.Encode()
			object, err := json.Marshal(map[string]string{"url": test.text})
			if err != nil {
				t.Fatal(err)
			}
			for _, way := range []struct{ name, query, contentType, body string }{
				{"form", "", formType, form},
				{"form with a character set", "", formType + "; charset=utf-8", form},
				{"form without a type", "", "", form},
				{"JSON", "", "application/json", string(object)},
				{"JSON with a character set", "", "application/json; charset=utf-8", string(object)},
				{"query", "?" + form, "", ""},
				{"query beside another form", "?" + form, formType, "a=b"},
				{"query beside another object", "?" + form, "application/json", "{}"},
				{"form before the query", "?url=other.example", formType, form},
			} {
				for _, method := range []string{http.MethodPut, http.MethodPost} {
					response, got := answerOf(t, method, server.URL+"/model"+way.query, way.contentType, strings.NewReader(way.body))
					if response.StatusCode != http.StatusOK || response.Header.Get("Content-Type") != "application/json" {
						t.Errorf("%s, %s: %s, %s", method, way.name, response.Status, response.Header.Get("Content-Type"))
					}
					if got != test.want+"\n" {
						t.Errorf("%s, %s: %q, want %q", method, way.name, got, test.want+"\n")
					}
				}
			}
		})
	}
}

// curl -d sends a form unescaped, and the original read it so.
func TestModelTakesFormsThatAreNotEscaped(t *testing.T) {
	server := newServer(t)
	for _, test := range []struct{ name, form, want string }{
		{"a URL", "url=http://q.com/a?b=c", "http://q.com/a?b=c"},
		{"a semicolon", "url=http://q.com/a;jsessionid=1", "http://q.com/a;jsessionid=1"},
		{"UTF-8", "url=q.com/ü", `q.com/\u00fc`},
		{"an ampersand ends it", "url=q.com/?a=b&c=d", "q.com/?a=b"},
		{"the first url counts", "url=q.com&url=x.com", "q.com"},
		{"other fields", "a=b&url=q.com", "q.com"},
	} {
		t.Run(test.name, func(t *testing.T) {
			want := fmt.Sprintf(`{"input query": "%s", "score": "0.28801"}`+"\n", test.want)
			response, got := answerOf(t, http.MethodPut, server.URL+"/model", formType, strings.NewReader(test.form))
			if response.StatusCode != http.StatusOK || got != want {
				t.Errorf("%s, %q, want 200 OK, %q", response.Status, got, want)
			}
		})
	}
}

func TestModelRefuses(t *testing.T) {
	server := newServer(t)
	const missing = `{"error": "url is missing: send it as a form field, as JSON {\"url\": \"...\"}, or as a query parameter"}`
	for _, test := range []struct {
		name, query, contentType, body string
		status                         int
		want                           string
	}{
		{"nothing", "", "", "", 400, missing},
		{"a form without a url", "", formType, "name=q.com", 400, missing},
		{"a query without a url", "?name=q.com", "", "", 400, missing},
		{"an object without a url", "", "application/json", `{"name": "q.com"}`, 400, missing},
		{"null", "", "application/json", `null`, 400, missing},
		{"an empty url", "", formType, "url=", 400, `{"error": "no host in \"\""}`},
		{"no name", "", formType, "url=/index.html", 400, `{"error": "no host: the text starts with a path"}`},
		{"a line break", "", formType, "url=q.com%0Ax.com", 400, `{"error": "a line end stands in the host"}`},
		{"no name beyond ASCII", "", formType, "url=q.com:ü", 400, `{"error": "port \"\u00fc\" is not a number"}`},
		{"a broken escape", "", formType, "url=%zz", 400, `{"error": "reading the request as a form: invalid URL escape \"%zz\""}`},
		{"a broken escape in the query", "?url=%zz", "", "", 400, `{"error": "reading the query: invalid URL escape \"%zz\""}`},
		{"JSON cut short", "", "application/json", `{"url": "q.com`, 400, `{"error": "reading the request as JSON: unexpected end of JSON input"}`},
		{"a url that is no string", "", "application/json", `{"url": 1}`, 400, `{"error": "reading the request as JSON: want {\"url\": \"...\"}, with a string"}`},
		{"an array", "", "application/json", `["q.com"]`, 400, `{"error": "reading the request as JSON: want {\"url\": \"...\"}, with a string"}`},
		{"a text too long", "", formType, "url=" + strings.Repeat("a", snowman.MaxLength+1), 400, `{"error": "host is longer than 65536 bytes"}`},
		{"a body too large", "", formType, "url=" + strings.Repeat("a", 1<<20), 413, `{"error": "the request body is larger than 394240 bytes"}`},
		{"an object too large", "", "application/json", `{"url": "` + strings.Repeat("a", 1<<20) + `"}`, 413, `{"error": "the request body is larger than 394240 bytes"}`},
	} {
		t.Run(test.name, func(t *testing.T) {
			for _, method := range []string{http.MethodPut, http.MethodPost} {
				// A body of unknown length is sent in chunks.
				for _, body := range []io.Reader{strings.NewReader(test.body), io.MultiReader(strings.NewReader(test.body))} {
					response, got := answerOf(t, method, server.URL+"/model"+test.query, test.contentType, body)
					if response.StatusCode != test.status || response.Header.Get("Content-Type") != "application/json" {
						t.Errorf("%s: %s, %s, want %d, application/json", method, response.Status, response.Header.Get("Content-Type"), test.status)
					}
					if got != test.want+"\n" {
						t.Errorf("%s: %q, want %q", method, got, test.want+"\n")
					}
				}
			}
		})
	}
}

// The longest text fits into a body, even if every byte is escaped.
func TestModelTakesTheLongestText(t *testing.T) {
	server := newServer(t)
	for _, test := range []struct{ name, contentType, body string }{
		{"a form, every byte escaped", formType, "url=" + strings.Repeat("%71", snowman.MaxLength)},
		{"JSON, every byte escaped", "application/json", `{"url": "` + strings.Repeat(`\u0071`, snowman.MaxLength) + `"}`},
	} {
		t.Run(test.name, func(t *testing.T) {
			response, got := answerOf(t, http.MethodPut, server.URL+"/model", test.contentType, strings.NewReader(test.body))
			want := `{"input query": "` + strings.Repeat("q", snowman.MaxLength) + `", "score": "0.28801"}` + "\n"
			if response.StatusCode != http.StatusOK || got != want {
				t.Errorf("%s, %d bytes, want 200 OK, %d bytes", response.Status, len(got), len(want))
			}
		})
	}
}

func TestModelSaysWhatModelItIs(t *testing.T) {
	response, body := answerOf(t, http.MethodGet, newServer(t).URL+"/model", "", nil)
	if response.StatusCode != http.StatusOK || response.Header.Get("Content-Type") != "application/json" {
		t.Errorf("%s, %s, want 200 OK, application/json", response.Status, response.Header.Get("Content-Type"))
	}
	want, err := json.Marshal(openToy(t).Info())
	if err != nil {
		t.Fatal(err)
	}
	if body != string(want)+"\n" {
		t.Errorf("%q, want %q", body, string(want)+"\n")
	}
}

func TestRoutes(t *testing.T) {
	server := newServer(t)
	for _, test := range []struct {
		name, method, path string
		status             int
		allow, body        string
	}{
		{"the server lives", "GET", "/healthz", 200, "", "ok\n"},
		{"it lives, without a body", "HEAD", "/healthz", 200, "", ""},
		{"the model, without a body", "HEAD", "/model", 200, "", ""},
		{"deleting the model", "DELETE", "/model", 405, "GET, HEAD, POST, PUT", `{"error": "DELETE is not allowed, only GET, HEAD, POST, PUT"}` + "\n"},
		{"patching the model", "PATCH", "/model", 405, "GET, HEAD, POST, PUT", `{"error": "PATCH is not allowed, only GET, HEAD, POST, PUT"}` + "\n"},
		{"a method of its own", "SNOW", "/model", 405, "GET, HEAD, POST, PUT", `{"error": "SNOW is not allowed, only GET, HEAD, POST, PUT"}` + "\n"},
		{"posting health", "POST", "/healthz", 405, "GET, HEAD", `{"error": "POST is not allowed, only GET, HEAD"}` + "\n"},
		{"another path", "GET", "/models", 404, "", `{"error": "there is nothing at \"/models\"; GET /openapi.json says what there is"}` + "\n"},
		{"a path below", "PUT", "/model/q.com", 404, "", `{"error": "there is nothing at \"/model/q.com\"; GET /openapi.json says what there is"}` + "\n"},
	} {
		t.Run(test.name, func(t *testing.T) {
			response, body := answerOf(t, test.method, server.URL+test.path, "", nil)
			if response.StatusCode != test.status || body != test.body {
				t.Errorf("%s, %q, want %d, %q", response.Status, body, test.status, test.body)
			}
			if got := response.Header.Get("Allow"); got != test.allow {
				t.Errorf("Allow is %q, want %q", got, test.allow)
			}
		})
	}
}

func TestManyAskAtOnce(t *testing.T) {
	server := newServer(t)
	var group sync.WaitGroup
	for i := range 8 {
		group.Go(func() {
			text, score := fmt.Sprintf("%d.com", i), "0.05209"
			if i%2 == 1 {
				text, score = fmt.Sprintf("q%d.com", i), "0.28801"
			}
			want := fmt.Sprintf(`{"input query": "%s", "score": "%s"}`+"\n", text, score)
			for range 20 {
				response, err := http.PostForm(server.URL+"/model", url.Values{"url": {text}})
				if err != nil {
					t.Error(err)
					return
				}
				got, err := io.ReadAll(response.Body)
				response.Body.Close()
				if err != nil || string(got) != want {
					t.Errorf("%q (%v), want %q", got, err, want)
				}
			}
		})
	}
	group.Wait()
}

// FuzzHandler checks that no request for /model makes the handler panic. Each answer is JSON in
// ASCII with a status that the API documents, and with a score from 0 to 1 if that is 200.
func FuzzHandler(f *testing.F) {
	for _, seed := range []struct{ method, contentType, query, body string }{
		{"PUT", formType, "", "url=zis32msdi3.com"},
		{"POST", "", "url=b%C3%BCcher.de", ""},
		{"PUT", "application/json", "", `{"url": "q.com/\ud83d\ude00\u0000"}`},
		{"PUT", "application/json; charset=utf-8", "", `{"url": "\ud800"}`},
		{"POST", "multipart/form-data; boundary=a", "", "--a\r\nContent-Disposition: form-data; name=\"url\"\r\n\r\nq.com\r\n--a--\r\n"},
		{"GET", "", "url=q.com", ""},
		{"HEAD", "text/plain; =", "", "url=%ff%zz"},
		{"DELETE", "", "", ""},
		{"CONNECT", "", "", ""},
		{"PUT", formType + "; charset=utf-16", "", "url=q.com"},
		{"", "\x00", ";", "url=[::1"},
	} {
		f.Add(seed.method, seed.contentType, seed.query, []byte(seed.body))
	}
	handler := New(Options{Model: openToy(f)})
	f.Fuzz(func(t *testing.T, method, contentType, query string, body []byte) {
		recorder := httptest.NewRecorder()
		handler.ServeHTTP(recorder, &http.Request{
			Method: method,
			URL:    &url.URL{Path: "/model", RawQuery: query},
			Header: http.Header{"Content-Type": {contentType}},
			Body:   io.NopCloser(strings.NewReader(string(body))),

			ContentLength: int64(len(body)),
		})
		answer := recorder.Body.Bytes()
		switch recorder.Code {
		case http.StatusOK, http.StatusBadRequest, http.StatusMethodNotAllowed, http.StatusRequestEntityTooLarge, http.StatusUnsupportedMediaType:
		default:
			t.Errorf("status %d", recorder.Code)
		}
		if got := recorder.Header().Get("Content-Type"); got != "application/json" {
			t.Errorf("Content-Type is %q, want application/json", got)
		}
		var fields struct {
			Text  *string     `json:"input query"`
			Score json.Number `json:"score"`
			Error string
		}
		if err := json.Unmarshal(answer, &fields); err != nil {
			t.Fatalf("%v in %q", err, answer)
		}
		for _, c := range answer[:len(answer)-1] {
			if c < ' ' || c > '~' {
				t.Fatalf("byte %q in %q", c, answer)
			}
		}
		if recorder.Code != http.StatusOK {
			if fields.Error == "" {
				t.Errorf("status %d without an error: %q", recorder.Code, answer)
			}
			return
		}
		if method != http.MethodPut && method != http.MethodPost {
			return
		}
		if score, err := fields.Score.Float64(); fields.Text == nil || err != nil || score < 0 || score > 1 {
			t.Errorf("%q has no text or no score from 0 to 1", answer)
		}
	})
}
