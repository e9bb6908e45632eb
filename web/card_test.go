package web

import (
	"bytes"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/snowman-ml/snowman"
	"github.com/snowman-ml/snowman/internal/modelfile"
)

// internal/card tests what the page says. These tests are about how it is served.

// toyWith is the toy model, changed.
func toyWith(t *testing.T, change func(*modelfile.Model)) *snowman.Model {
	t.Helper()
	model := newToy(t)
	change(&model)
	var file bytes.Buffer
	if err := model.Write(&file); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "model.safetensors")
	if err := os.WriteFile(path, file.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	opened, err := snowman.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	return opened
}

func TestCardLinksToWhatIsServed(t *testing.T) {
	server := newServer(t)
	response, page := answerOf(t, "GET", server.URL+"/card", "", nil)
	if response.StatusCode != http.StatusOK || response.Header.Get("Content-Security-Policy") != pagePolicy {
		t.Errorf("%s, with the policy %q", response.Status, response.Header.Get("Content-Security-Policy"))
	}
	links := regexp.MustCompile(`(?:href|src)="([^#"]+)"`).FindAllStringSubmatch(page, -1)
	if len(links) < 5 {
		t.Errorf("%d links, want the pages, styles and charts", len(links))
	}
	for _, link := range links {
		if response, _ := answerOf(t, "GET", server.URL+"/"+strings.TrimPrefix(link[1], "./"), "", nil); response.StatusCode != http.StatusOK {
			t.Errorf("%q: %s", link[1], response.Status)
		}
	}
}

func TestCardStyleIsWhole(t *testing.T) {
	style := CardStyle()
	for _, selector := range []string{":root", ".document h2", ".chart"} {
		if !strings.Contains(style, selector) {
			t.Errorf("nothing is said of %s", selector)
		}
	}
}

func TestCardFollowsTheModel(t *testing.T) {
	service := New(Options{Model: openToy(t)})
	server := httptest.NewServer(service)
	defer server.Close()
	first, _ := answerOf(t, "GET", server.URL+"/card", "", nil)
	again, _ := answerOf(t, "GET", server.URL+"/card", "", nil)
	service.SetModel(toyWith(t, func(m *modelfile.Model) { m.Metadata.Created = "2007-01-02" }))
	other, page := answerOf(t, "GET", server.URL+"/card", "", nil)
	if tag := first.Header.Get("ETag"); tag == "" || tag != again.Header.Get("ETag") || tag == other.Header.Get("ETag") {
		t.Errorf("the tags are %q, %q and, of another model, %q", tag, again.Header.Get("ETag"), other.Header.Get("ETag"))
	}
	if !strings.Contains(page, "2007-01-02") {
		t.Error("the page is not about the new model")
	}
}

func TestPageAboutAModelOfOnesOwnNeedsAKeyWhereThereAreKeys(t *testing.T) {
	keys, err := ReadKeys(strings.NewReader("a 2bb80d537b1da3e38bd30361aa855686bde0eacd7162fef6a25fe97bf527a25b")) // of "secret"
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(New(Options{Model: openToy(t), Keys: keys}))
	defer server.Close()
	response, page := answerOf(t, "GET", server.URL+"/card", "", nil)
	if response.StatusCode != http.StatusUnauthorized || response.Header.Get("WWW-Authenticate") != "Bearer" ||
		response.Header.Get("Content-Type") != "text/html; charset=utf-8" || response.Header.Get("Content-Security-Policy") == "" {
		t.Errorf("%s, %v", response.Status, response.Header)
	}
	if !strings.Contains(page, "an API key is needed") || strings.Contains(page, openToy(t).Info().SHA256) {
		t.Errorf("it answers %s", page)
	}

	shipped := httptest.NewServer(New(Options{Keys: keys}))
	defer shipped.Close()
	if response, _ := answerOf(t, "GET", shipped.URL+"/card", "", nil); response.StatusCode != http.StatusOK {
		t.Errorf("of the shipped model it answers %s", response.Status)
	}

	request := must(http.NewRequestWithContext(t.Context(), "GET", server.URL+"/card", nil))
	request.Header.Set("Authorization", "Bearer secret")
	response = must(http.DefaultClient.Do(request))
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		t.Errorf("with a key it answers %s", response.Status)
	}
}
