package web

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"mime"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/snowman-ml/snowman/internal/canon"
)

// openAPIDocument is what the tests read of the document.
type openAPIDocument struct {
	Paths map[string]map[string]struct {
		Security    *[]any `json:"security"`
		Parameters  []struct{ Name, In string }
		RequestBody struct {
			Content map[string]json.RawMessage `json:"content"`
		} `json:"requestBody"`
		Responses map[string]struct {
			Reference string                     `json:"$ref"`
			Content   map[string]json.RawMessage `json:"content"`
		} `json:"responses"`
	} `json:"paths"`
	Components struct {
		Schemas map[string]struct {
			Properties map[string]struct {
				Enum []string `json:"enum"`
			} `json:"properties"`
		} `json:"schemas"`
		Responses map[string]struct {
			Content map[string]json.RawMessage `json:"content"`
		} `json:"responses"`
	} `json:"components"`
}

func readOpenAPI(t *testing.T) (document openAPIDocument) {
	t.Helper()
	if err := json.Unmarshal(openAPI, &document); err != nil {
		t.Fatal(err)
	}
	return document
}

func TestOpenAPIDescribesTheRoutes(t *testing.T) {
	document := readOpenAPI(t)
	programs := 0
	for _, r := range routes[:len(routes)-1] {
		if r.page {
			continue
		}
		programs++
		described := document.Paths[r.path]
		for method := range r.methods {
			operation, ok := described[strings.ToLower(method)]
			if !ok {
				t.Errorf("%s %s is not described", method, r.path)
			}
			if open := operation.Security != nil && len(*operation.Security) == 0; open != r.open {
				t.Errorf("%s %s: it is described that a key is needed: %v, want %v", method, r.path, !open, !r.open)
			}
			var parameters []string
			for _, p := range operation.Parameters {
				if p.In == "query" {
					parameters = append(parameters, p.Name)
				}
			}
			if r.query != nil && !slices.Equal(parameters, r.query) {
				t.Errorf("%s %s: the query parameters %q are described, want %q", method, r.path, parameters, r.query)
			}
		}
		if len(described) != len(r.methods) {
			t.Errorf("%s: %d methods are described, want %d", r.path, len(described), len(r.methods))
		}
	}
	if got, want := len(document.Paths), programs; got != want {
		t.Errorf("%d paths are described, want %d", got, want)
	}
}

func TestOpenAPIHasEveryReasonWhyATextIsNoPublicName(t *testing.T) {
	var reasons []string
	for reason := canon.Public + 1; reason <= canon.ReservedAddress; reason++ {
		reasons = append(reasons, reason.String())
	}
	document := readOpenAPI(t)
	for _, schema := range []string{"Scored", "Explanation"} {
		if got := document.Components.Schemas[schema].Properties["not_public"].Enum; !slices.Equal(got, reasons) {
			t.Errorf("%s: not_public is one of %q, want %q", schema, got, reasons)
		}
	}
}

// A describedRequest is a request for a route of the document.
type describedRequest struct{ route, path, contentType, body string }

// describedRequests returns requests that, together, get every answer that a healthy service
// promises.
func describedRequests() []describedRequest {
	const texts, oneText = `{"texts":["q.com","pаypal.com","bad host:x","zis32msdi3.com"]}`, `{"inputs":[{"name":"text","shape":[2],"datatype":"BYTES","data":["q.com","a:b"]}]}`
	long := strings.Repeat("a", 8<<20)
	requests := []describedRequest{
		{"PUT /model", "/model", formType, "url=q.com"},
		{"POST /model", "/model", "application/json", `{"url":"q.com"}`},
		{"PUT /model", "/model", formType, ""},
		{"POST /model", "/model", formType, ""},
		{"PUT /model", "/model", formType, "url=" + long},
		{"POST /model", "/model", formType, "url=" + long},
		{"PUT /model", "/model?url=" + long[:128<<10], "", ""},
		{"POST /model", "/model?url=" + long[:128<<10], "", ""},
		{"PUT /model", "/model", formType + "; charset=utf-16", "url=q.com"},
		{"POST /model", "/model", formType + "; charset=utf-16", "url=q.com"},
		{"GET /model", "/model", "", ""},
		{"GET /v1/model", "/v1/model", "", ""},
		{"GET /v1/model", "/v1/model?a=b", "", ""},
		{"POST /v1/score", "/v1/score?families=true", "application/json", texts},
		{"POST /v1/score", "/v1/score", "text/plain", "q.com\n\nzis32msdi3.com\nhttps://me@q.local"},
		{"POST /v1/score", "/v1/score?families=true", "application/x-ndjson", "\"q.com\"\n{\"text\":\"x.com\"}\n{}\n[\n"},
		{"POST /v1/score", "/v1/score#tabs", "text/plain", "q.com\n"},
		{"POST /v1/logs", "/v1/logs?skip=1&more=true&format=zeek", "", zeekLog + "x"},
		{"POST /v1/logs", "/v1/logs#tabs", "", "q.com\n"},
		{"POST /v1/score", "/v1/score", "application/json", "["},
		{"POST /v1/score", "/v1/score", "application/json", long},
		{"POST /v1/score", "/v1/score", "image/png", "q.com"},
		{"POST /v1/logs", "/v1/logs", "", "{\"host\":\"a\",\"query\":\"x.tests.net\"}\n{\"query\":\"xyz.tests.net\",\"client\":\"1\",\"time\":\"2\"}\n{\"query\":\"http://me@pаypal.local\"}\n{\"query\":\"a:b\"}\n{\n"},
		{"POST /v1/logs", "/v1/logs?write=records&format=zeek", "", zeekLog},
		{"POST /v1/logs", "/v1/logs?format=x", "", ""},
		{"POST /v1/logs", "/v1/logs?skip=0", "", long},
		{"POST /v1/logs", "/v1/logs", "text/plain; charset=utf-16", ""},
		{"POST /v1/explain", "/v1/explain", "application/json", `{"text":"https://pаypal.com.q-z.d111111abcdef8.cloudfront.net/\u00fc?a#b"}`},
		{"POST /v1/explain", "/v1/explain?families=true", "application/json", `{"text":"q.com"}`},
		{"POST /v1/explain", "/v1/explain", "application/json", `{"text":"https://me@10.0.0.1"}`},
		{"POST /v1/explain", "/v1/explain", "application/json", "{}"},
		{"POST /v1/explain", "/v1/explain", "application/json", long},
		{"POST /v1/explain", "/v1/explain", "text/plain", "q.com"},
		{"GET /modules", "/modules", "", ""},
		{"GET /modules", "/modules?a=b", "", ""},
		{"POST /query", "/query", "application/json", `{"module":"snowman","attribute":{"type":"domain","value":"q.com","uuid":"5f6a1b2c-0000-4000-8000-000000000001","category":"Network activity","to_ids":true,"Tag":[]}}`},
		{"POST /query", "/query", "application/json", `{"module":"snowman","attribute":{"type":"url","value":"http://q.com/"},"config":{}}`},
		{"POST /query", "/query", "application/json", `{"module":"snowman","domain":"q.com"}`},
		{"POST /query", "/query", "application/json", "["},
		{"POST /query", "/query?a=b", "application/json", "{}"},
		{"POST /query", "/query", "application/json", long},
		{"POST /query", "/query", "application/json; charset=utf-16", "{}"},
		{"GET /v2", "/v2", "", ""},
		{"GET /v2", "/v2?a=b", "", ""},
		{"GET /v2/health/live", "/v2/health/live", "", ""},
		{"GET /v2/health/ready", "/v2/health/ready", "", ""},
		{"GET /openapi.json", "/openapi.json", "", ""},
		{"GET /healthz", "/healthz", "", ""},
		{"GET /readyz", "/readyz", "", ""},
		{"GET /metrics", "/metrics", "", ""},
	}
	for _, base := range []string{"/v2/models/{model}", "/v2/models/{model}/versions/{version}"} {
		path := strings.NewReplacer("{model}", "snowman", "{version}", "2006-01-02").Replace(base)
		for _, path := range []string{path, strings.Replace(path, "snowman", "other", 1)} {
			requests = append(requests, []describedRequest{
				{"GET " + base, path, "", ""},
				{"GET " + base, path + "?a=b", "", ""},
				{"GET " + base + "/ready", path + "/ready", "", ""},
				{"GET " + base + "/ready", path + "/ready?a=b", "", ""},
				{"POST " + base + "/infer", path + "/infer", "application/json", oneText},
				{"POST " + base + "/infer", path + "/infer", "application/json", "{}"},
				{"POST " + base + "/infer", path + "/infer", "application/json; charset=utf-16", oneText},
				{"POST " + base + "/infer", path + "/infer", "application/json", long},
			}...)
		}
	}
	return requests
}

// TestOpenAPIIsWhatIsAnswered checks that every answer fits its schema in the document, and that
// each status and type of body that the document promises is answered to some request.
func TestOpenAPIIsWhatIsAnswered(t *testing.T) {
	check := newAnswerCheck(t)
	requests := describedRequests()
	service := New(Options{Model: openToy(t)})
	server := httptest.NewUnstartedServer(service)
	server.Config.MaxHeaderBytes = 64 << 10
	server.Start()
	defer server.Close()
	for _, r := range requests {
		check.ask(t, server, r)
	}

	impatient := httptest.NewUnstartedServer(service)
	impatient.Config.ReadTimeout = 50 * time.Millisecond
	impatient.Start()
	defer impatient.Close()
	slowly := map[string]bool{}
	for _, r := range requests { // each route once, from a client that does not finish its body
		if method, _, _ := strings.Cut(r.route, " "); method == "GET" || slowly[r.route] || strings.Contains(r.path, "other") {
			continue
		}
		slowly[r.route] = true
		body, writer := io.Pipe()
		go io.WriteString(writer, "{")
		check.answer(t, impatient, describedRequest{r.route, r.path, "application/json", ""}, body)
		writer.Close()
	}

	service.Drain()
	for _, r := range requests {
		if strings.Contains(r.route, "ready") {
			check.ask(t, server, r)
		}
	}

	keys := must(ReadKeys(strings.NewReader("a " + strings.Repeat("0", 64))))
	locked := httptest.NewServer(New(Options{Model: openToy(t), Keys: keys}))
	defer locked.Close()
	slow := httptest.NewServer(New(Options{Model: openToy(t), Rate: 1e-9}))
	defer slow.Close()
	io.Copy(io.Discard, must(http.Get(slow.URL+"/model")).Body) // uses up the rate
	strict := New(Options{Model: openToy(t), Hosts: []string{"localhost"}})
	misdirected := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		r.Host = "a.example"
		strict.ServeHTTP(w, r)
	}))
	defer misdirected.Close()
	foreign := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		r.Header.Set("Sec-Fetch-Site", "cross-site")
		strict.ServeHTTP(w, r)
	}))
	defer foreign.Close()
	for _, r := range requests {
		for _, server := range []*httptest.Server{locked, slow, misdirected, foreign} {
			check.ask(t, server, r)
		}
	}

	for _, key := range slices.Sorted(maps.Keys(check.promised)) {
		if !check.answered[key] {
			t.Errorf("%s is described, but no request of this test is answered so", key)
		}
	}
}

// An answerCheck compares answers with what the document promises. A key is a route, a status and a
// type of body.
type answerCheck struct {
	document           openAPIDocument
	compiler           *jsonschema.Compiler
	promised, answered map[string]bool
}

func newAnswerCheck(t *testing.T) *answerCheck {
	t.Helper()
	c := &answerCheck{readOpenAPI(t), jsonschema.NewCompiler(), map[string]bool{}, map[string]bool{}}
	root, err := jsonschema.UnmarshalJSON(bytes.NewReader(openAPI))
	if err != nil {
		t.Fatal(err)
	}
	if err := c.compiler.AddResource("openapi.json", root); err != nil {
		t.Fatal(err)
	}
	for path, operations := range c.document.Paths {
		for method, operation := range operations {
			for status, response := range operation.Responses {
				content := response.Content
				if name, found := strings.CutPrefix(response.Reference, "#/components/responses/"); found {
					content = c.document.Components.Responses[name].Content
				}
				for contentType := range content {
					c.promised[fmt.Sprintf("%s %s %s %s", strings.ToUpper(method), path, status, contentType)] = true
				}
			}
		}
	}
	return c
}

func (c *answerCheck) ask(t *testing.T, server *httptest.Server, r describedRequest) {
	t.Helper()
	c.answer(t, server, r, strings.NewReader(r.body))
}

func (c *answerCheck) answer(t *testing.T, server *httptest.Server, r describedRequest, body io.Reader) {
	t.Helper()
	method, route, _ := strings.Cut(r.route, " ")
	response, answer := answerOf(t, method, server.URL+r.path, r.contentType, body)
	contentType, _, err := mime.ParseMediaType(response.Header.Get("Content-Type"))
	if err != nil {
		t.Errorf("%s: %v", r.route, err)
	}
	key := fmt.Sprintf("%s %d %s", r.route, response.StatusCode, contentType)
	c.answered[key] = true
	if !c.promised[key] {
		t.Errorf("%s is not described; %s answered %.200q", key, r.path, answer)
		return
	}
	if response.Header.Get("X-Request-Id") == "" && response.StatusCode != http.StatusRequestHeaderFieldsTooLarge {
		t.Errorf("%s has no X-Request-Id", key)
	}
	if contentType == "text/plain" || contentType == "text/tab-separated-values" || contentType == "application/octet-stream" {
		return
	}
	schema, err := c.compiler.Compile(c.schemaOf(method, route, fmt.Sprint(response.StatusCode), contentType))
	if err != nil {
		t.Fatal(err)
	}
	values := []string{answer}
	if contentType == "application/x-ndjson" {
		values = strings.Split(strings.TrimSuffix(answer, "\n"), "\n")
	}
	for _, value := range values {
		decoded, err := jsonschema.UnmarshalJSON(strings.NewReader(value))
		if err != nil {
			t.Errorf("%s: %v in %q", key, err, value)
		} else if err := schema.Validate(decoded); err != nil {
			t.Errorf("%s: %v", key, err)
		}
	}
}

// schemaOf returns where the schema of an answer stands.
func (c *answerCheck) schemaOf(method, path, status, contentType string) string {
	method = strings.ToLower(method)
	place := "#/paths/" + strings.ReplaceAll(path, "/", "~1") + "/" + method + "/responses/" + status
	if reference := c.document.Paths[path][method].Responses[status].Reference; reference != "" {
		place = reference
	}
	return "openapi.json" + place + "/content/" + strings.ReplaceAll(contentType, "/", "~1") + "/schema"
}

// TestOpenAPISaysWhatIsRead checks that the service refuses the bodies that do not fit the schema
// of the request.
func TestOpenAPISaysWhatIsRead(t *testing.T) {
	check := newAnswerCheck(t)
	server := newServer(t)
	const input = `{"name":"text","shape":[1],"datatype":"BYTES","data":["q.com"]}`
	for _, r := range []struct{ route, body string }{
		{"/v1/score", `{"texts":["q.com"]}`},
		{"/v1/score", `{"texts":["q.com"],"a":1}`},
		{"/v1/score", `["q.com"]`},
		{"/v1/explain", `{"text":"q.com"}`},
		{"/v1/explain", `{"text":"q.com","texts":[]}`},
		{"/v1/explain", `{"text":1}`},
		{"/v2/models/{model}/infer", `{"inputs":[` + input + `],"parameters":{"a":1},"outputs":[{"name":"kind","parameters":{}}]}`},
		{"/v2/models/{model}/infer", `{"inputs":[` + input + `],"input":1}`},
		{"/v2/models/{model}/infer", `{"inputs":[` + strings.Replace(input, "{", `{"type":1,`, 1) + `]}`},
		{"/v2/models/{model}/infer", `{"inputs":[` + input + `],"outputs":[{"name":"kind","a":1}]}`},
		{"/v2/models/{model}/infer", `{"inputs":[` + input + `],"parameters":1}`},
	} {
		place := "openapi.json#/paths/" + strings.ReplaceAll(r.route, "/", "~1") + "/post/requestBody/content/application~1json/schema"
		schema, err := check.compiler.Compile(place)
		if err != nil {
			t.Fatal(err)
		}
		isValid := schema.Validate(must(jsonschema.UnmarshalJSON(strings.NewReader(r.body)))) == nil
		response, answer := answerOf(t, "POST", server.URL+strings.Replace(r.route, "{model}", "snowman", 1), "application/json", strings.NewReader(r.body))
		if isRead := response.StatusCode == http.StatusOK; isRead != isValid {
			t.Errorf("%s %s: valid by its schema: %v; %s, %s", r.route, r.body, isValid, response.Status, answer)
		}
	}
}

func must[T any](value T, err error) T {
	if err != nil {
		panic(err)
	}
	return value
}
