package main

import (
	"bytes"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/snowman-ml/snowman"
	"github.com/snowman-ml/snowman/internal/render"
	"github.com/snowman-ml/snowman/internal/verdict"
	"github.com/snowman-ml/snowman/web"
)

// The pages must show what the shipped model says.
func TestTheExamplesInThePagesAreReal(t *testing.T) {
	texts := []string{"zis32msdi3.com", "github.com", "xjwqpvtzkd.com", "paypal-login-secure.com", "paypa1.net", "hxxp://update[.]zis32msdi3[.]com:8080/a.exe"}
	onTerminal := scored(t, render.Columns, texts)
	asJSON := scored(t, jsonLines(), texts[:1])

	server := httptest.NewServer(web.New(web.Options{}))
	defer server.Close()
	response, err := http.PostForm(server.URL+"/model", url.Values{"url": texts[:1]})
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	var served bytes.Buffer
	if _, err := served.ReadFrom(response.Body); err != nil {
		t.Fatal(err)
	}

	explained := explainedAs(t, texts[3])
	for page, shown := range map[string]string{
		"README.md": onTerminal + served.String(), "docs/score.md": asJSON, "docs/explain.md": explained,
	} {
		content, err := os.ReadFile("../../" + page)
		if err != nil {
			t.Fatal(err)
		}
		for line := range strings.Lines(shown) {
			if !strings.Contains(string(content), line) {
				t.Errorf("%s does not show %q", page, line)
			}
		}
	}
}

// scored returns what score prints for texts in an output.
func scored(t *testing.T, output render.Output, texts []string) string {
	t.Helper()
	model := snowman.Default()
	job := &scoring{
		model:   model,
		options: verdict.Options{Probabilities: output.Probabilities},
		format:  output.New(render.Options{Kinds: model.Kinds()}),
	}
	var stdout, stderr bytes.Buffer
	s := streams{stdout: &stdout, stderr: &stderr}
	if err := job.run(t.Context(), s, &textInput{arguments: texts}); err != nil || stderr.Len() > 0 {
		t.Fatalf("score: %v, %s", err, &stderr)
	}
	return stdout.String()
}

// jsonLines returns the output of -json.
func jsonLines() render.Output {
	i := slices.IndexFunc(render.Outputs, func(o render.Output) bool { return o.Flag == "json" })
	return render.Outputs[i]
}

// explainedAs returns what explain prints for a text, up to the third n-gram.
func explainedAs(t *testing.T, text string) string {
	t.Helper()
	var stdout, stderr bytes.Buffer
	if err := run(t.Context(), []string{"explain", text}, nil, &stdout, &stderr); err != nil || stderr.Len() > 0 {
		t.Fatalf("explain: %v, %s", err, &stderr)
	}
	ngrams, sum, found := strings.Cut(stdout.String(), "\n\n  sum\n")
	if !found {
		t.Fatalf("explain shows no sum: %s", &stdout)
	}
	lines := strings.Split(ngrams, "\n")
	const shown = 3
	first := slices.Index(lines, "  strongest n-grams") + 1
	return strings.Join(lines[:first+shown], "\n") + "\n" + sum
}
