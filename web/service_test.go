package web

import (
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"math"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/snowman-ml/snowman"
	"github.com/snowman-ml/snowman/allow"
	"github.com/snowman-ml/snowman/internal/modelfile"
)

const (
	toyBenign = `"score":0.05208500617248438,"level":"none","kind":"benign","kinds":{"benign":0.9479149938275155,"dga":0.01736166872416146,"phishing":0.01736166872416146,"malware":0.01736166872416146}`
	toyDGA    = `"score":0.2880088153628562,"level":"low","kind":"dga","kinds":{"benign":0.7119911846371437,"dga":0.26192766850330423,"phishing":0.013040573429775985,"malware":0.013040573429775985}`
)

func TestScoreJSON(t *testing.T) {
	server := newServer(t)
	for _, test := range []struct {
		name, body string
		status     int
		want       string
	}{
		{"in their order, each with its own error", `{"texts":["github.com","bad:host","q.com"]}`, 200,
			`{"verdicts":[{"text":"github.com",` + toyBenign + `},{"text":"bad:host","error":"port \"host\" is not a number"},{"text":"q.com",` + toyDGA + `}]}`},
		{"none", `{"texts":[]}`, 200, `{"verdicts":[]}`},
		{"an element that is not a string costs only itself", `{"texts":[1,null,"q.com",{"a":[]}]}`, 200,
			`{"verdicts":[{"text":"1","error":"a text must be a string"},{"text":"null","error":"a text must be a string"},{"text":"q.com",` + toyDGA + `},{"text":"{\"a\":[]}","error":"a text must be a string"}]}`},
		{"a text that would be markup", `{"texts":["q.com<script>\u202e\u0000"]}`, 200,
			`{"verdicts":[{"text":"q.com<script>\u202e\u0000","error":"'<' stands in the host: the text looks like binary data"}]}`},
		{"texts are missing", `{}`, 400, `{"error": "texts is missing: send {\"texts\": [\"example.com\", ...]}"}`},
		{"texts are null", `{"texts":null}`, 400, `{"error": "texts is missing: send {\"texts\": [\"example.com\", ...]}"}`},
		{"texts are no list", `{"texts":"q.com"}`, 400, `{"error": "reading the request as JSON: texts is a string, want an array"}`},
		{"cut short", `{"texts":["q.com"`, 400, `{"error": "reading the request as JSON: unexpected end of JSON input"}`},
		{"too many", `{"texts":["` + strings.Repeat(`","`, maxTexts) + `"]}`, 413, `{"error": "reading the request as JSON: there are more than 10000 elements; send texts as lines, text/plain"}`},
		{"too large", `{"texts":["` + strings.Repeat("a", maxScoreBody) + `"]}`, 413, `{"error": "the request body is larger than 4194304 bytes"}`},
	} {
		t.Run(test.name, func(t *testing.T) {
			for _, body := range []io.Reader{strings.NewReader(test.body), io.MultiReader(strings.NewReader(test.body))} {
				response, got := answerOf(t, "POST", server.URL+"/v1/score", "application/json", body)
				if response.StatusCode != test.status || got != test.want+"\n" {
					t.Errorf("%s, %s, want %d, %s", response.Status, got, test.status, test.want)
				}
			}
		})
	}
}

func TestScoreJSONOfManyTexts(t *testing.T) {
	texts := make([]string, maxTexts)
	for i := range texts {
		texts[i] = fmt.Sprintf("%d.tests.net", i)
		if i%2 == 1 {
			texts[i] = "q" + texts[i]
		}
	}
	body, err := json.Marshal(map[string]any{"texts": texts})
	if err != nil {
		t.Fatal(err)
	}
	response, answer := answerOf(t, "POST", newServer(t).URL+"/v1/score", "application/json", bytes.NewReader(body))
	var got struct {
		Verdicts []struct{ Text, Level string }
	}
	if err := json.Unmarshal([]byte(answer), &got); err != nil || response.StatusCode != http.StatusOK || len(got.Verdicts) != maxTexts {
		t.Fatalf("%s, %d verdicts (%v), want %d", response.Status, len(got.Verdicts), err, maxTexts)
	}
	for i, verdict := range got.Verdicts {
		if want := [...]string{"none", "low"}[i%2]; verdict.Text != texts[i] || verdict.Level != want {
			t.Fatalf("verdict %d is %+v, want %s on %q", i, verdict, want, texts[i])
		}
	}
}

func TestFamiliesAreNamedOnDemand(t *testing.T) {
	service := New(Options{})
	server := httptest.NewServer(service)
	defer server.Close()
	for query, want := range map[string]bool{"": false, "?families=true": true, "?families=1": true, "?families=no": false} {
		for _, request := range []struct{ path, contentType, body string }{
			{"/v1/score", "application/json", `{"texts":["xjwqpvtzkd.com"]}`},
			{"/v1/score", "text/plain", "xjwqpvtzkd.com"},
			{"/v1/explain", "application/json", `{"text":"xjwqpvtzkd.com"}`},
		} {
			_, answer := answerOf(t, "POST", server.URL+request.path+query, request.contentType, strings.NewReader(request.body))
			if got := strings.Contains(answer, `"families":[{"name":`); got != want {
				t.Errorf("%s%s, %s: families are named: %v, want %v in %s", request.path, query, request.contentType, got, want, answer)
			}
		}
	}
	path := filepath.Join(t.TempDir(), "mine.txt")
	if err := os.WriteFile(path, []byte("xjwqpvtzkd.com\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	list, _, err := allow.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	service.SetAllow(list)
	for _, text := range []string{"github.com", "paypal-login-secure.com", "xjwqpvtzkd.com"} {
		_, answer := answerOf(t, "POST", server.URL+"/v1/explain?families=true", "application/json", strings.NewReader(`{"text":"`+text+`"}`))
		if !strings.Contains(answer, `"kind":`) || strings.Contains(answer, `"families"`) {
			t.Errorf("%s is not called dga, and is answered %s", text, answer)
		}
	}
}

func TestExplain(t *testing.T) {
	server := httptest.NewServer(New(Options{}))
	defer server.Close()
	const text = "https://paypal-login-secure.com/a"
	_, answer := answerOf(t, "POST", server.URL+"/v1/explain", "application/json", strings.NewReader(`{"text":"`+text+`"}`))
	var got struct {
		Text, Level string
		Score       float64
		snowman.Explanation
	}
	if err := json.Unmarshal([]byte(answer), &got); err != nil {
		t.Fatalf("%v in %s", err, answer)
	}
	want := must(snowman.Default().Explain(text))
	if got.Text != text || got.Score != want.Verdict.Score || got.Level != want.Verdict.Level.String() || got.Canonical != "paypal-login-secure.com/a" {
		t.Errorf("%+v, want the verdict on %q", got, text)
	}
	sum := got.Baseline + got.Constant + got.Start + got.End
	for _, character := range got.Characters {
		sum += character.Contribution
	}
	if math.Abs(sum-got.LogOdds) > 1e-6 || got.LogOdds != want.LogOdds || len(got.NGrams) == 0 {
		t.Errorf("parts add up to %v, want the log-odds %v of %v; %d n-grams", sum, got.LogOdds, want.LogOdds, len(got.NGrams))
	}
}

// A text on the allow list keeps its score and reaches no level, on every route.
func TestAllowedTexts(t *testing.T) {
	path := filepath.Join(t.TempDir(), "mine.txt")
	if err := os.WriteFile(path, []byte("*.z.com\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	list, problems, err := allow.Open(path)
	if err != nil || len(problems) > 0 {
		t.Fatal(err, problems)
	}
	service := New(Options{Model: openToy(t), Allow: list})
	server := httptest.NewServer(service)
	defer server.Close()
	const allowed = `"level":"none","kind":"benign","kinds":{"benign":0.04734`
	requests := []struct{ method, path, contentType, body, want, without string }{
		{"PUT", "/model", formType, "url=www.z.com/a", `{"input query": "www.z.com/a", "score": "0.95266"}`, `"score": "0.95266"`},
		{"POST", "/v1/score", "application/json", `{"texts":["a.z.com"]}`, allowed, `"level":"high"`},
		{"POST", "/v1/score", "text/plain", "a.z.com", allowed, `"level":"high"`},
		{"POST", "/v1/explain", "application/json", `{"text":"a.z.com"}`, allowed, `"level":"high"`},
		{"POST", "/v2/models/snowman/infer", "application/json", `{"inputs":[{"name":"text","shape":[1],"datatype":"BYTES","data":["z.com"]}],"outputs":[{"name":"level"}]}`, `"data":["none"]`, `"data":["high"]`},
	}
	for _, r := range requests {
		_, answer := answerOf(t, r.method, server.URL+r.path, r.contentType, strings.NewReader(r.body))
		if !strings.Contains(answer, r.want) || strings.HasPrefix(r.path, "/v1") && !strings.Contains(answer, `"allowed":{"entry":"*.z.com","list":"mine.txt"}`) {
			t.Errorf("%s %s: %s, want %s", r.method, r.path, answer, r.want)
		}
	}
	_, metrics := answerOf(t, "GET", server.URL+"/metrics", "", nil)
	if want := `snowman_texts_scored_total{level="none"} 5`; !strings.Contains(metrics, want) {
		t.Errorf("metrics lack %s", want)
	}
	service.SetAllow(nil)
	service.SetModel(openToy(t))
	for _, r := range requests {
		if _, answer := answerOf(t, r.method, server.URL+r.path, r.contentType, strings.NewReader(r.body)); !strings.Contains(answer, r.without) {
			t.Errorf("without the list, %s %s: %s, want %s", r.method, r.path, answer, r.without)
		}
	}
}

func TestKeysLetIn(t *testing.T) {
	const secret = "correct horse battery staple"
	keys, err := ReadKeys(strings.NewReader(fmt.Sprintf("# ours\n\nproxy %x # since May\nmail %x\n", sha256.Sum256([]byte(secret)), sha256.Sum256([]byte("other")))))
	if err != nil {
		t.Fatal(err)
	}
	var log bytes.Buffer
	service := New(Options{Model: openToy(t), Keys: keys, Log: slog.New(slog.NewJSONHandler(&log, nil))})
	for _, test := range []struct {
		name, path, header, value string
		want                      int
	}{
		{"a bearer", "/v1/model", "Authorization", "Bearer " + secret, 200},
		{"a bearer in lower case", "/v1/model", "Authorization", "bearer " + secret, 200},
		{"a header", "/v1/model", "X-API-Key", secret, 200},
		{"another key", "/v1/model", "X-API-Key", "other", 200},
		{"none", "/v1/model", "", "", 401},
		{"an empty one", "/v1/model", "X-API-Key", "", 401},
		{"a wrong one", "/v1/model", "Authorization", "Bearer correct", 401},
		{"the hash itself", "/v1/model", "X-API-Key", fmt.Sprintf("%x", sha256.Sum256([]byte(secret))), 401},
		{"another scheme", "/v1/model", "Authorization", "Basic " + secret, 401},
		{"a bearer between blanks", "/v1/model", "Authorization", " Bearer \t" + secret + " ", 200},
		{"a bearer of nothing", "/v1/model", "Authorization", "Bearer", 401},
		{"a bearer of blanks", "/v1/model", "Authorization", "Bearer  \t ", 401},
		{"blanks", "/v1/model", "X-API-Key", " \t", 401},
		{"metrics, too", "/metrics", "", "", 401},
		{"a probe", "/readyz", "", "", 200},
	} {
		t.Run(test.name, func(t *testing.T) {
			log.Reset()
			request := httptest.NewRequest("GET", test.path, nil)
			if test.header != "" {
				request.Header.Set(test.header, test.value)
			}
			recorder := httptest.NewRecorder()
			service.ServeHTTP(recorder, request)
			if recorder.Code != test.want {
				t.Errorf("%d, want %d", recorder.Code, test.want)
			}
			if test.name == "a bearer" && !strings.Contains(log.String(), `"key":"proxy"`) || strings.Contains(log.String(), "correct") {
				t.Errorf("the log says %q, want the key's name, and never the key", log.String())
			}
		})
	}
}

func TestKeysInSeveralHeaders(t *testing.T) {
	keys := must(ReadKeys(strings.NewReader(fmt.Sprintf("a %x\n", sha256.Sum256([]byte("secret"))))))
	service := New(Options{Model: openToy(t), Keys: keys})
	for _, test := range []struct {
		name               string
		authorization, key []string
		want               int
		reason             string
	}{
		{"the same in both", []string{"Bearer secret"}, []string{"secret"}, 200, ""},
		{"a bearer of nothing, and a key", []string{"Bearer"}, []string{"secret"}, 200, ""},
		{"an empty key before a key", nil, []string{"", "secret"}, 200, ""},
		{"another scheme, and a bearer", []string{"Basic dTpw", "Bearer secret"}, nil, 200, ""},
		{"an unknown one before a known one", nil, []string{"guess", "secret"}, 401, "several API keys are given, want one"},
		{"a known one before an unknown one", []string{"Bearer secret", "Bearer guess"}, nil, 401, "several API keys are given, want one"},
		{"an unknown one in the other header", []string{"Bearer guess"}, []string{"secret"}, 401, "several API keys are given, want one"},
		{"nothing in any", []string{"Bearer ", "Bearer"}, []string{"", " "}, 401, "an API key is needed"},
	} {
		request := httptest.NewRequest("GET", "/v1/model", nil)
		request.Header["Authorization"], request.Header["X-Api-Key"] = test.authorization, test.key
		recorder := httptest.NewRecorder()
		service.ServeHTTP(recorder, request)
		if recorder.Code != test.want || !strings.Contains(recorder.Body.String(), test.reason) {
			t.Errorf("%s: %d, %s, want %d, %q", test.name, recorder.Code, recorder.Body, test.want, test.reason)
		}
	}
}

// TestNoEmptyKeyIsKnown holds even where a list could have the hash of nothing.
func TestNoEmptyKeyIsKnown(t *testing.T) {
	keys := &Keys{names: []string{"a"}, hashes: [][sha256.Size]byte{sha256.Sum256(nil)}}
	service := New(Options{Model: openToy(t), Keys: keys})
	for _, header := range []http.Header{{}, {"Authorization": {"Bearer"}}, {"Authorization": {"Bearer "}}, {"X-Api-Key": {""}}, {"X-Api-Key": {" "}}} {
		request := httptest.NewRequest("GET", "/v1/model", nil)
		request.Header = header
		recorder := httptest.NewRecorder()
		service.ServeHTTP(recorder, request)
		if recorder.Code != http.StatusUnauthorized {
			t.Errorf("%v: %d, want 401", header, recorder.Code)
		}
	}
}

// FuzzKeysOfARequest checks that a request is let in only by the key, and not beside another one.
func FuzzKeysOfARequest(f *testing.F) {
	f.Add("Bearer secret", "Basic a", "secret", "")
	f.Add("Bearer", "bearer  ", " ", "\t")
	f.Add("secret", "Bearer secret secret", "", "")
	keys := must(ReadKeys(strings.NewReader(fmt.Sprintf("a %x\n", sha256.Sum256([]byte("secret"))))))
	f.Fuzz(func(t *testing.T, first, second, third, fourth string) {
		header := http.Header{"Authorization": {first, second}, "X-Api-Key": {third, fourth}}
		key, isOne := keyOf(header)
		if _, found := keys.find(key); !found || !isOne {
			return
		}
		for _, given := range header["X-Api-Key"] {
			if given = strings.Trim(given, " \t"); given != "" && given != "secret" {
				t.Errorf("let in beside %q", given)
			}
		}
		if all := first + second + third + fourth; !strings.Contains(all, "secret") {
			t.Errorf("let in by %q", all)
		}
	})
}

func TestReadKeysRefuses(t *testing.T) {
	hash := strings.Repeat("ab", 32)
	nothing := fmt.Sprintf("%x", sha256.Sum256(nil))
	for _, test := range []struct{ name, file, want string }{
		{"nothing", "# none\n", "no key, so nobody could ask"},
		{"a key without a name", hash, "line 1: want a name and the SHA-256 of a key"},
		{"three fields", "\na b " + hash, "line 2: want a name and the SHA-256 of a key"},
		{"a key that is not hashed", "a secret", `line 1: the SHA-256 of key "a" is not 64 hexadecimal digits`},
		{"the hash of nothing", "a " + nothing, `line 1: key "a" is empty`},
		{"the hash of nothing in upper case", "b " + hash + "\na " + strings.ToUpper(nothing), `line 2: key "a" is empty`},
		{"the hash of nothing in both cases", "a E" + nothing[1:], `line 1: key "a" is empty`},
		{"a long one", "a " + hash + "ab", `line 1: the SHA-256 of key "a" is not 64 hexadecimal digits`},
		{"a long line", "a " + strings.Repeat("a", 1<<20), "line 1: want a name and the SHA-256 of a key"},
	} {
		if _, err := ReadKeys(strings.NewReader(test.file)); err == nil || err.Error() != test.want {
			t.Errorf("%s: %v, want %s", test.name, err, test.want)
		}
	}
}

// FuzzReadKeys checks that a list of keys lets in no other key.
func FuzzReadKeys(f *testing.F) {
	f.Add("a " + strings.Repeat("0", 64))
	f.Add("\xff\x00 # \n a b")
	f.Add(fmt.Sprintf("a %X", sha256.Sum256(nil)))
	f.Fuzz(func(t *testing.T, file string) {
		keys, err := ReadKeys(strings.NewReader(file))
		if err != nil {
			return
		}
		if name, found := keys.find("no hash of this is in a corpus"); found {
			t.Errorf("%q lets anybody in as %q", file, name)
		}
		if slices.Contains(keys.hashes, sha256.Sum256(nil)) {
			t.Errorf("%q has the hash of nothing", file)
		}
	})
}

func TestRateOfEachClient(t *testing.T) {
	service := New(Options{Model: openToy(t), Rate: 3})
	ask := func(client, path string) *httptest.ResponseRecorder {
		request := httptest.NewRequest("GET", path, nil)
		request.RemoteAddr = client
		recorder := httptest.NewRecorder()
		service.ServeHTTP(recorder, request)
		return recorder
	}
	for i := range 3 {
		if got := ask(fmt.Sprintf("192.0.2.1:%d", 1000+i), "/v1/model").Code; got != 200 {
			t.Errorf("request %d of a client: %d, want 200", i, got)
		}
	}
	if got := ask("192.0.2.1:2000", "/v1/model"); got.Code != 429 || got.Header().Get("Retry-After") == "" {
		t.Errorf("one too many: %d, Retry-After %q, want 429 and when to try again", got.Code, got.Header().Get("Retry-After"))
	}
	if got := ask("192.0.2.1:2001", "/healthz").Code; got != 200 {
		t.Errorf("a probe: %d, want 200", got)
	}
	for i := range 4 { // one client has all addresses of a network of 64 bits
		want := 200
		if i == 3 {
			want = 429
		}
		if got := ask(fmt.Sprintf("[2001:db8::%d]:2000", i), "/v1/model").Code; got != want {
			t.Errorf("request %d of another client: %d, want %d", i, got, want)
		}
	}
}

func TestClientsAreForgotten(t *testing.T) {
	c := newClients(1)
	for i := range 3 * maxClients {
		c.allow(fmt.Sprint(i))
	}
	if got := len(c.younger) + len(c.older); got > 2*maxClients {
		t.Errorf("%d clients are remembered, want at most %d", got, 2*maxClients)
	}
	if last := fmt.Sprint(3*maxClients - 1); c.allow(last) {
		t.Error("a client that was seen last is forgotten")
	}
}

func TestOrigins(t *testing.T) {
	for _, test := range []struct {
		name            string
		origins         []string
		method, origin  string
		wantCode        int
		wantAllowOrigin string
	}{
		{"off unless asked for", nil, "GET", "https://a.example", 200, ""},
		{"off for a browser that asks first", nil, "OPTIONS", "https://a.example", 405, ""},
		{"one that may", []string{"https://a.example"}, "GET", "https://a.example", 200, "https://a.example"},
		{"one that may asks first", []string{"https://a.example"}, "OPTIONS", "https://a.example", 204, "https://a.example"},
		{"one that may not", []string{"https://a.example"}, "GET", "https://b.example", 200, ""},
		{"one that may not asks first", []string{"https://a.example"}, "OPTIONS", "https://b.example", 405, ""},
		{"all", []string{"*"}, "GET", "https://b.example", 200, "https://b.example"},
		{"no page", []string{"*"}, "GET", "", 200, ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			request := httptest.NewRequest(test.method, "/v1/model", nil)
			if test.origin != "" {
				request.Header.Set("Origin", test.origin)
			}
			if test.method == "OPTIONS" {
				request.Header.Set("Access-Control-Request-Method", "GET")
			}
			recorder := httptest.NewRecorder()
			New(Options{Model: openToy(t), Origins: test.origins}).ServeHTTP(recorder, request)
			if got := recorder.Header().Get("Access-Control-Allow-Origin"); recorder.Code != test.wantCode || got != test.wantAllowOrigin {
				t.Errorf("%d, %q may, want %d, %q", recorder.Code, got, test.wantCode, test.wantAllowOrigin)
			}
		})
	}
}

func TestRequestIDs(t *testing.T) {
	server := newServer(t)
	for given, keeps := range map[string]bool{"": false, "trace-1:2/3.4_5": true, "a b": false, "\"": false, strings.Repeat("a", 129): false} {
		request := must(http.NewRequest("GET", server.URL+"/healthz", nil))
		request.Header.Set("X-Request-ID", given)
		response := must(http.DefaultClient.Do(request))
		response.Body.Close()
		got := response.Header.Get("X-Request-Id")
		if keeps && got != given || !keeps && (got == given || len(got) != 16) {
			t.Errorf("a request that calls itself %q is answered as %q", given, got)
		}
	}
}

// Texts are private.
func TestLogNamesNoTexts(t *testing.T) {
	for _, logTexts := range []bool{false, true} {
		var log lockedBuffer
		service := New(Options{Model: openToy(t), Log: slog.New(slog.NewJSONHandler(&log, nil)), LogTexts: logTexts})
		server := httptest.NewServer(service)
		const text = "private-q.example"
		for _, r := range []struct{ method, path, contentType, body string }{
			{"PUT", "/model", formType, "url=" + text},
			{"PUT", "/model?url=" + text, "", ""},
			{"POST", "/v1/score", "application/json", `{"texts":["` + text + `"]}`},
			{"POST", "/v1/score", "text/plain", text},
			{"POST", "/v2/models/snowman/infer", "application/json", `{"inputs":[{"name":"text","shape":[1],"datatype":"BYTES","data":["` + text + `"]}]}`},
		} {
			log.Reset()
			answerOf(t, r.method, server.URL+r.path, r.contentType, strings.NewReader(r.body))
			waitFor(t, func() bool { return strings.Contains(log.String(), `"msg":"request"`) })
			if got := strings.Contains(log.String(), text); got != logTexts {
				t.Errorf("with LogTexts %v, %s %s is logged as %s", logTexts, r.method, r.path, log.String())
			}
			if !strings.Contains(log.String(), `"texts":1`) {
				t.Errorf("%s %s: the log does not count one text: %s", r.method, r.path, log.String())
			}
		}
		log.Reset()
		answerOf(t, "GET", server.URL+"/"+text+"?"+text, "", nil)
		waitFor(t, func() bool { return strings.Contains(log.String(), `"route":"other"`) })
		if strings.Contains(log.String(), text) {
			t.Errorf("the log names a path that is no route: %s", log.String())
		}
		server.Close()
	}
}

func TestMetrics(t *testing.T) {
	server := httptest.NewServer(New(Options{Model: openToy(t), Version: "v1.2.3"}))
	defer server.Close()
	answerOf(t, "PUT", server.URL+"/model", formType, strings.NewReader("url=q.com"))
	answerOf(t, "PUT", server.URL+"/model", formType, strings.NewReader("url=bad:host"))
	answerOf(t, "POST", server.URL+"/v1/score", "application/json", strings.NewReader(`{"texts":["z.com","github.com","github.com","a:b"]}`))
	answerOf(t, "POST", server.URL+"/v1/score", "text/plain", strings.NewReader("x.com\nx.com\n"))
	answerOf(t, "GET", server.URL+"/nowhere", "", nil)
	var metrics string
	waitFor(t, func() bool { // a request may be answered before it is counted
		_, metrics = answerOf(t, "GET", server.URL+"/metrics", "", nil)
		return strings.Contains(metrics, `snowman_requests_total{code="404",route="other"} 1`)
	})
	for _, want := range []string{
		`snowman_requests_total{code="200",route="/model"} 1`,
		`snowman_requests_total{code="400",route="/model"} 1`,
		`snowman_requests_total{code="200",route="/v1/score"} 2`,
		`snowman_texts_scored_total{level="none"} 2`,
		`snowman_texts_scored_total{level="low"} 1`,
		`snowman_texts_scored_total{level="medium"} 2`,
		`snowman_texts_scored_total{level="high"} 1`,
		`snowman_texts_refused_total 2`,
		`snowman_score_duration_seconds_count 3`,
		`snowman_model_info{sha256="` + openToy(t).Info().SHA256 + `",version="2006-01-02"} 1`,
		`snowman_build_info{goversion="` + runtime.Version() + `",version="v1.2.3"} 1`,
		`snowman_public_texts_total{level="high",texts="names"} 1`,
		`snowman_public_texts_total{level="none",texts="urls"} 0`,
		`snowman_level_share{level="low",texts="names"} 0.6666666666666666`,
		`snowman_level_share{level="high",texts="names"} 0.16666666666666666`,
		`snowman_level_promise{level="medium",texts="urls"} 0.001`,
		`snowman_level_score{level="low",texts="names"} 0.2`,
		`snowman_model_created_timestamp_seconds 1.13616e+09`,
		`go_goroutines `,
	} {
		if !strings.Contains(metrics, want) {
			t.Errorf("metrics lack %s in\n%s", want, metrics)
		}
	}
	if strings.Contains(metrics, "snowman_texts_part_total{") {
		t.Errorf("a model without a reference has parts:\n%s", metrics)
	}
}

func TestTextsAreCountedByPartOfTheReference(t *testing.T) {
	file := newToy(t)
	file.Metadata.Reference = &modelfile.Reference{}
	for range 9 {
		file.Metadata.Reference.Names.Add("a.com", .05)
	}
	file.Metadata.Reference.Names.Add("x.com", .6)
	var written bytes.Buffer
	if err := file.Write(&written); err != nil {
		t.Fatal(err)
	}
	model, err := snowman.Parse(written.Bytes())
	if err != nil {
		t.Fatal(err)
	}
	service := New(Options{Model: model})
	server := httptest.NewServer(service)
	defer server.Close()
	answerOf(t, "POST", server.URL+"/v1/score", "text/plain", strings.NewReader("a.com\nz.com\nz.net\nz.com/path\nprinter.local\n"))
	lacks := func(metrics string, wants ...string) {
		t.Helper()
		for _, want := range wants {
			if !strings.Contains(metrics, want) {
				t.Errorf("metrics lack %s in\n%s", want, metrics)
			}
		}
	}
	_, metrics := answerOf(t, "GET", server.URL+"/metrics", "", nil)
	lacks(metrics,
		`snowman_texts_part_total{part="0",texts="names"} 1`, `snowman_texts_part_total{part="1",texts="names"} 2`,
		`snowman_reference_share{part="0",texts="names"} 0.9`, `snowman_public_texts_total{level="high",texts="urls"} 1`,
		`snowman_level_share{level="high",texts="urls"} 1`)

	// With another model, counters go on and shares begin anew.
	service.SetModel(openToy(t))
	_, metrics = answerOf(t, "GET", server.URL+"/metrics", "", nil)
	lacks(metrics, `snowman_public_texts_total{level="high",texts="names"} 2`)
	if strings.Contains(metrics, "snowman_level_share{") || strings.Contains(metrics, "snowman_reference_share{") {
		t.Errorf("shares are those of the model before:\n%s", metrics)
	}
}

func TestModelIsReplacedWhileRequestsCome(t *testing.T) {
	toy := openToy(t)
	service := New(Options{Model: toy})
	server := httptest.NewServer(service)
	defer server.Close()
	stop := make(chan struct{})
	var group sync.WaitGroup
	group.Go(func() {
		for i := 0; ; i++ {
			select {
			case <-stop:
				return
			default:
				service.SetModel([]*snowman.Model{toy, snowman.Default()}[i%2])
				service.CountReload("model", nil)
			}
		}
	})
	scores := map[string]bool{}
	for range 200 {
		_, got := answerOf(t, "PUT", server.URL+"/model", formType, strings.NewReader("url=zis32msdi3.com"))
		scores[got] = true
	}
	close(stop)
	group.Wait()
	const ofToy = `{"input query": "zis32msdi3.com", "score": "0.95266"}` + "\n"
	score := must(snowman.Default().Score("zis32msdi3.com"))
	ofDefault := fmt.Sprintf(`{"input query": "zis32msdi3.com", "score": "%.5f"}`+"\n", score)
	for answer := range scores {
		if answer != ofToy && answer != ofDefault {
			t.Errorf("%q is the answer of neither model", answer)
		}
	}
}

func TestTooMuchUnderWay(t *testing.T) {
	service := New(Options{Model: openToy(t)})
	service.streams = newOpenStreams(0, time.Second)
	service.account.take(roomForLarge, roomForLarge)
	server := httptest.NewServer(service)
	defer server.Close()
	for name, r := range map[string]struct{ contentType, body string }{
		"lines":                      {"text/plain", "q.com"},
		"a large body":               {"application/json", `{"texts":["` + strings.Repeat("q", smallBody) + `"]}`},
		"a body of unknown length":   {"application/json", "?"},
		"a small body is still read": {"application/json", `{"texts":["q.com"]}`},
	} {
		var body io.Reader = strings.NewReader(r.body)
		if r.body == "?" {
			body = io.MultiReader(strings.NewReader(`{"texts":["` + strings.Repeat("q", smallBody) + `"]}`))
		}
		want := http.StatusTooManyRequests
		if name == "a small body is still read" {
			want = http.StatusOK
		}
		response, answer := answerOf(t, "POST", server.URL+"/v1/score", r.contentType, body)
		if response.StatusCode != want || want != http.StatusOK && response.Header.Get("Retry-After") == "" {
			t.Errorf("%s: %s, Retry-After %q: %s", name, response.Status, response.Header.Get("Retry-After"), answer)
		}
	}
}

func TestDraining(t *testing.T) {
	service := New(Options{Model: openToy(t)})
	server := httptest.NewServer(service)
	defer server.Close()
	service.Drain()
	if response, _ := answerOf(t, "GET", server.URL+"/readyz", "", nil); response.StatusCode != http.StatusServiceUnavailable {
		t.Errorf("/readyz: %s, want 503", response.Status)
	}
	for _, path := range []string{"/healthz", "/v1/model"} {
		if response, _ := answerOf(t, "GET", server.URL+path, "", nil); response.StatusCode != http.StatusOK {
			t.Errorf("%s: %s, want 200", path, response.Status)
		}
	}
}

// Each request gets the verdict on its own text, with any number of requests and leaders.
func TestCombinerMixesNothingUp(t *testing.T) {
	toy := openToy(t)
	for _, leading := range []int{1, 2, 8} {
		c := newCombiner(New(Options{Model: toy}).current.Load())
		c.maxLeading = leading
		var group sync.WaitGroup
		for asker := range 64 {
			group.Go(func() {
				for i := range 200 {
					text := fmt.Sprintf("%d-%d.example", asker, i)
					want, err := toy.Classify(text)
					if i%3 == 1 {
						text = fmt.Sprintf("%d:%d", asker, 70000+i)
						_, err = toy.Classify(text)
					} else if i%3 == 2 {
						text = "q" + text
						want, err = toy.Classify(text)
					}
					got, gotErr := c.classify(text)
					if fmt.Sprint(gotErr) != fmt.Sprint(err) || err == nil && got.Score != want.Score {
						t.Errorf("%q: %v, %v, want %v, %v", text, got.Score, gotErr, want.Score, err)
						return
					}
				}
			})
		}
		group.Wait()
		if c.leading != 0 || len(c.waiting) != 0 {
			t.Errorf("%d lead and %d wait after all is answered", c.leading, len(c.waiting))
		}
	}
}

// waitFor waits until is returns true.
func waitFor(t *testing.T, is func() bool) {
	t.Helper()
	for end := time.Now().Add(10 * time.Second); !is(); time.Sleep(time.Millisecond) {
		if time.Now().After(end) {
			stacks := make([]byte, 1<<16)
			t.Fatalf("it does not happen; goroutines:\n%s", stacks[:runtime.Stack(stacks, true)])
		}
	}
}

// A text that makes the model panic costs only the texts that are scored together with it.
func TestCombinerAfterAPanic(t *testing.T) {
	a := New(Options{Model: openToy(t)}).current.Load()
	c := newCombiner(a)
	sound := c.leaders.New
	c.leaders.New = func() any { return &leader{} } // has no judge, and panics
	func() {
		defer func() {
			if recover() == nil {
				t.Error("the panic is lost, so nobody will know of it")
			}
		}()
		c.classify("q.com")
	}()
	c.leaders = sync.Pool{New: sound}
	if verdict, err := c.classify("q.com"); err != nil || verdict.Level != snowman.Low {
		t.Errorf("then %v, %v, want a verdict", verdict, err)
	}
}

func TestPanicsAreNoSuccess(t *testing.T) {
	service := New(Options{Model: openToy(t)})
	handler := service.handler(route{path: "/panic", methods: methods{"GET": func(*Service, *response, *http.Request) { panic("a bug") }}}, new(account))
	func() {
		defer func() {
			if recover() == nil {
				t.Error("the panic is lost, so nobody will know of it")
			}
		}()
		handler.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest("GET", "/panic", nil))
	}()
	recorder := httptest.NewRecorder()
	service.ServeHTTP(recorder, httptest.NewRequest("GET", "/metrics", nil))
	if want := `snowman_requests_total{code="500",route="/panic"} 1`; !strings.Contains(recorder.Body.String(), want) {
		t.Errorf("metrics lack %s", want)
	}
}

// A body that is announced and not sent takes no room from others.
func TestPromisedBodiesTakeNoRoom(t *testing.T) {
	service := New(Options{Model: openToy(t)})
	server := httptest.NewServer(service)
	defer server.Close()
	for range 32 {
		connection := must(net.Dial("tcp", server.Listener.Addr().String()))
		defer connection.Close()
		fmt.Fprintf(connection, "POST /v1/score HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n{", maxScoreBody)
	}
	body := `{"texts":["` + strings.Repeat("q", 60_000) + `"]}`
	if response, answer := answerOf(t, "POST", server.URL+"/v1/score", "application/json", strings.NewReader(body)); response.StatusCode != http.StatusOK {
		t.Errorf("%s, %s, want 200 OK", response.Status, answer)
	}
}

func TestInferenceRefuses(t *testing.T) {
	server := newServer(t)
	for name, test := range map[string]struct{ body, want string }{
		"a shape that overflows": {`{"inputs":[{"name":"text","shape":[8192,8192,8192,8192,8192,1],"datatype":"BYTES","data":[]}]}`, "has the shape"},
		"a shape of other texts": {`{"inputs":[{"name":"text","shape":[2],"datatype":"BYTES","data":["q.com"]}]}`, "has the shape [2], and 1 texts"},
		"another datatype":       {`{"inputs":[{"name":"text","shape":[1],"datatype":"FP32","data":[1]}]}`, "want BYTES"},
		"an unknown output":      {`{"inputs":[{"name":"text","shape":[1],"datatype":"BYTES","data":["q.com"]}],"outputs":[{"name":"x"}]}`, `there is no output \"x\"`},
		"no inputs":              {`{"inputs":[]}`, "0 inputs, want one"},
		"a name for an output":   {`{"inputs":[{"name":"text","shape":[1],"datatype":"BYTES","data":["q.com"]}],"outputs":["score"]}`, "outputs[0] is a string, want an object"},
		"no data":                {`{"inputs":[{"name":"text","shape":[1],"datatype":"BYTES","parameters":{"binary_data_size":9}}]}`, "binary_data=False"},
	} {
		response, answer := answerOf(t, "POST", server.URL+"/v2/models/snowman/infer", "application/json", strings.NewReader(test.body))
		if response.StatusCode != http.StatusBadRequest || !strings.Contains(answer, test.want) {
			t.Errorf("%s: %s, %s, want 400 and %s", name, response.Status, answer, test.want)
		}
	}
	if _, metrics := answerOf(t, "GET", server.URL+"/metrics", "", nil); !strings.Contains(metrics, `snowman_texts_scored_total{level="low"} 0`) {
		t.Error("texts of refused requests are counted")
	}
}

// The log says why an answer is not complete.
func TestLogSaysHowStreamsEnd(t *testing.T) {
	var log lockedBuffer
	service := New(Options{Model: openToy(t), Log: slog.New(slog.NewJSONHandler(&log, nil))})
	server := httptest.NewServer(service)
	defer server.Close()
	connection := must(net.Dial("tcp", server.Listener.Addr().String()))
	defer connection.Close()
	fmt.Fprint(connection, "POST /v1/score HTTP/1.1\r\nHost: localhost\r\nContent-Type: text/plain\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n")
	io.Copy(io.Discard, connection)
	waitFor(t, func() bool {
		return strings.Contains(log.String(), `"code":200`) && strings.Contains(log.String(), `"end":"reading texts: invalid byte in chunk length; 0 lines are answered"`)
	})
}

// lockedBuffer is a bytes.Buffer for several goroutines.
type lockedBuffer struct {
	mu     sync.Mutex
	buffer bytes.Buffer
}

func (b *lockedBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buffer.Write(p)
}

func (b *lockedBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buffer.String()
}

func (b *lockedBuffer) Reset() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.buffer.Reset()
}
