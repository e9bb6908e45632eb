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
)

// The document, as far as the test asks about it.
type openAPIDocument struct {
	Paths map[string]map[string]struct {
		Security    *[]any `json:"security"`
		RequestBody struct {
			Content map[string]json.RawMessage `json:"content"`
		} `json:"requestBody"`
		Responses map[string]struct {
			Reference string                     `json:"$ref"`
			Content   map[string]json.RawMessage `json:"content"`
		} `json:"responses"`
	} `json:"paths"`
	Components struct {
		Responses map[string]struct {
			Content map[string]json.RawMessage `json:"content"`
		} `json:"responses"`
	} `json:"components"`
}

// TestOpenAPIIsWhatIsAnswered holds the document to the routes, and every answer to a table of requests to
// the schema that the document has for it. Each status and type of body that it promises is among them.
func TestOpenAPIIsWhatIsAnswered(t *testing.T) {
	var document openAPIDocument
	if err := json.Unmarshal(openAPI, &document); err != nil {
		t.Fatal(err)
	}
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
		}
		if len(described) != len(r.methods) {
			t.Errorf("%s: %d methods are described, want %d", r.path, len(described), len(r.methods))
		}
	}
	if got, want := len(document.Paths), programs; got != want {
		t.Errorf("%d paths are described, want %d", got, want)
	}

	const texts, oneText = `{"texts":["q.com","pаypal.com","bad host:x","zis32msdi3.com"]}`, `{"inputs":[{"name":"text","shape":[2],"datatype":"BYTES","data":["q.com","a:b"]}]}`
	long := strings.Repeat("a", 8<<20)
	requests := []struct{ route, path, contentType, body string }{
		{"PUT /model", "/model", formType, "url=q.com"},
		{"POST /model", "/model", "application/json", `{"url":"q.com"}`},
		{"PUT /model", "/model", formType, ""},
		{"POST /model", "/model", formType, ""},
		{"PUT /model", "/model", formType, "url=" + long},
		{"POST /model", "/model", formType, "url=" + long},
		{"PUT /model", "/model?url=" + long[:128<<10], "", ""},
		{"POST /model", "/model?url=" + long[:128<<10], "", ""},
		{"GET /model", "/model", "", ""},
		{"GET /v1/model", "/v1/model", "", ""},
		{"POST /v1/score", "/v1/score?families=true", "application/json", texts},
		{"POST /v1/score", "/v1/score", "text/plain", "q.com\n\nzis32msdi3.com"},
		{"POST /v1/score", "/v1/score?families=true", "application/x-ndjson", "\"q.com\"\n{\"text\":\"x.com\"}\n{}\n[\n"},
		{"POST /v1/score", "/v1/score", "application/json", "["},
		{"POST /v1/score", "/v1/score", "application/json", long},
		{"POST /v1/score", "/v1/score", "image/png", "q.com"},
		{"POST /v1/explain", "/v1/explain", "application/json", `{"text":"https://pаypal.com.q-z.d111111abcdef8.cloudfront.net/\u00fc?a#b"}`},
		{"POST /v1/explain", "/v1/explain?families=true", "application/json", `{"text":"q.com"}`},
		{"POST /v1/explain", "/v1/explain", "application/json", "{}"},
		{"POST /v1/explain", "/v1/explain", "application/json", long},
		{"POST /v1/explain", "/v1/explain", "text/plain", "q.com"},
		{"GET /v2", "/v2", "", ""},
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
			requests = append(requests, []struct{ route, path, contentType, body string }{
				{"GET " + base, path, "", ""},
				{"GET " + base + "/ready", path + "/ready", "", ""},
				{"POST " + base + "/infer", path + "/infer", "application/json", oneText},
				{"POST " + base + "/infer", path + "/infer", "application/json", "{}"},
				{"POST " + base + "/infer", path + "/infer", "application/json", long},
			}...)
		}
	}

	compiler := jsonschema.NewCompiler()
	root, err := jsonschema.UnmarshalJSON(bytes.NewReader(openAPI))
	if err != nil {
		t.Fatal(err)
	}
	if err := compiler.AddResource("openapi.json", root); err != nil {
		t.Fatal(err)
	}
	promised := make(map[string]bool) // route, status and type of body
	for path, operations := range document.Paths {
		for method, operation := range operations {
			for status, response := range operation.Responses {
				content := response.Content
				if name, found := strings.CutPrefix(response.Reference, "#/components/responses/"); found {
					content = document.Components.Responses[name].Content
				}
				for contentType := range content {
					promised[fmt.Sprintf("%s %s %s %s", strings.ToUpper(method), path, status, contentType)] = true
				}
			}
		}
	}
	answered := make(map[string]bool)
	check := func(server *httptest.Server, route, path, contentType string, body io.Reader) {
		t.Helper()
		method, described, _ := strings.Cut(route, " ")
		response, answer := answerOf(t, method, server.URL+path, contentType, body)
		got, _, err := mime.ParseMediaType(response.Header.Get("Content-Type"))
		if err != nil {
			t.Errorf("%s: %v", route, err)
		}
		key := fmt.Sprintf("%s %s %d %s", method, described, response.StatusCode, got)
		answered[key] = true
		if !promised[key] {
			t.Errorf("%s is not described; %s answered %.200q", key, path, answer)
			return
		}
		if response.Header.Get("X-Request-Id") == "" && response.StatusCode != http.StatusRequestHeaderFieldsTooLarge {
			t.Errorf("%s has no X-Request-Id", key)
		}
		if got == "text/plain" {
			return
		}
		operation := document.Paths[described][strings.ToLower(method)]
		place := "/paths/" + strings.ReplaceAll(described, "/", "~1") + "/" + strings.ToLower(method) + "/responses/" + fmt.Sprint(response.StatusCode)
		if reference := operation.Responses[fmt.Sprint(response.StatusCode)].Reference; reference != "" {
			place = strings.TrimPrefix(reference, "#")
		}
		schema, err := compiler.Compile("openapi.json#" + place + "/content/" + strings.ReplaceAll(got, "/", "~1") + "/schema")
		if err != nil {
			t.Fatal(err)
		}
		values := []string{answer}
		if got == "application/x-ndjson" {
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
	service := New(Options{Model: openToy(t)})
	server := httptest.NewUnstartedServer(service)
	server.Config.MaxHeaderBytes = 64 << 10
	server.Start()
	defer server.Close()
	for _, r := range requests {
		check(server, r.route, r.path, r.contentType, strings.NewReader(r.body))
	}
	// A client that does not go on with its body.
	impatient := httptest.NewUnstartedServer(service)
	impatient.Config.ReadTimeout = 50 * time.Millisecond
	impatient.Start()
	defer impatient.Close()
	slowly := map[string]bool{}
	for _, r := range requests {
		if method, _, _ := strings.Cut(r.route, " "); method == "GET" || slowly[r.route] || strings.Contains(r.path, "other") {
			continue
		}
		slowly[r.route] = true
		body, writer := io.Pipe()
		go io.WriteString(writer, "{")
		check(impatient, r.route, r.path, "application/json", body)
		writer.Close()
	}
	service.Drain()
	for _, r := range requests {
		if strings.Contains(r.route, "ready") {
			check(server, r.route, r.path, r.contentType, strings.NewReader(r.body))
		}
	}
	keys, err := ReadKeys(strings.NewReader("a " + strings.Repeat("0", 64)))
	if err != nil {
		t.Fatal(err)
	}
	locked := httptest.NewServer(New(Options{Model: openToy(t), Keys: keys}))
	defer locked.Close()
	slow := httptest.NewServer(New(Options{Model: openToy(t), Rate: 1e-9}))
	defer slow.Close()
	io.Copy(io.Discard, must(http.Get(slow.URL+"/model")).Body) // the one that is allowed
	for _, r := range requests {
		check(locked, r.route, r.path, r.contentType, strings.NewReader(r.body))
		check(slow, r.route, r.path, r.contentType, strings.NewReader(r.body))
	}
	for _, key := range slices.Sorted(maps.Keys(promised)) {
		if !answered[key] {
			t.Errorf("%s is described, but no request of this test is answered so", key)
		}
	}
}

func must[T any](value T, err error) T {
	if err != nil {
		panic(err)
	}
	return value
}
