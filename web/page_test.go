package web

import (
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"
)

// These tests see a page as any client does. web/browser tests it in a browser.

func TestPageAndItsParts(t *testing.T) {
	server := newServer(t)
	for path, want := range map[string]string{
		"/":                    "text/html; charset=utf-8",
		"/assets/page.js":      "text/javascript; charset=utf-8",
		"/assets/snowman.css":  "text/css; charset=utf-8",
		"/assets/snowman.svg":  "image/svg+xml",
		"/assets/none.js":      "application/json",
		"/assets/index.html":   "application/json",
		"/assets/":             "application/json",
		"/assets/../page.go":   "application/json",
		"/assets/%2e%2e%2fa":   "application/json",
		"/assets/a%2fb%00c.js": "application/json",
	} {
		response, body := answerOf(t, "GET", server.URL+path, "", nil)
		if got := response.Header.Get("Content-Type"); got != want || body == "" {
			t.Errorf("%s is %q, %d bytes, want %q", path, got, len(body), want)
		}
		if isThere := want != "application/json"; (response.StatusCode == http.StatusOK) != isThere {
			t.Errorf("%s is answered with %s", path, response.Status)
		} else if isThere && response.Header.Get("Content-Security-Policy") != pagePolicy {
			t.Errorf("%s may do what it likes: %q", path, response.Header.Get("Content-Security-Policy"))
		}
	}
}

func TestPageIsSentAgainWhenItHasChanged(t *testing.T) {
	server := newServer(t)
	response, _ := answerOf(t, "GET", server.URL+"/", "", nil)
	request, err := http.NewRequest("GET", server.URL+"/", nil)
	if err != nil {
		t.Fatal(err)
	}
	for tag, want := range map[string]int{response.Header.Get("ETag"): http.StatusNotModified, `"other"`: http.StatusOK} {
		request.Header.Set("If-None-Match", tag)
		response, err := http.DefaultClient.Do(request)
		if err != nil {
			t.Fatal(err)
		}
		response.Body.Close()
		if response.StatusCode != want {
			t.Errorf("with the tag %s: %s, want %d", tag, response.Status, want)
		}
	}
}

func TestPageNeedsNoKey(t *testing.T) {
	server := httptest.NewServer(New(Options{Keys: must(ReadKeys(strings.NewReader("analyst " + strings.Repeat("ab", 32))))}))
	defer server.Close()
	for path, want := range map[string]int{"/": 200, "/assets/page.js": 200, "/v1/model": 401} {
		if response, _ := answerOf(t, "GET", server.URL+path, "", nil); response.StatusCode != want {
			t.Errorf("%s: %s, want %d", path, response.Status, want)
		}
	}
}

// TestPageStandsBelowAnyPath checks that a proxy may serve the pages below a path of its own: no
// link starts at the root.
func TestPageStandsBelowAnyPath(t *testing.T) {
	fromRoot := regexp.MustCompile(`(href|src|action)="/|(fetch|URL|Worker)\(["'` + "`" + `]/|from "[^.]`)
	entries, err := pageFiles.ReadDir("page")
	if err != nil {
		t.Fatal(err)
	}
	for _, entry := range entries {
		content, err := pageFiles.ReadFile("page/" + entry.Name())
		if err != nil {
			t.Fatal(err)
		}
		if found := fromRoot.Find(content); found != nil {
			t.Errorf("%s has %q", entry.Name(), found)
		}
	}
}
