package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"strconv"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/snowman-ml/snowman"
	"github.com/snowman-ml/snowman/web"
)

// An oddInput is a row of testdata/odd_input.tsv; the head of that file explains the columns.
type oddInput struct{ name, text, byScore, byHTTP string }

func readOddInputs(t *testing.T) []oddInput {
	t.Helper()
	const path = "testdata/odd_input.tsv"
	table, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var inputs []oddInput
	for i, line := range strings.Split(strings.TrimSuffix(string(table), "\n"), "\n") {
		if strings.HasPrefix(line, "#") {
			continue
		}
		columns := strings.Split(line, "\t")
		if len(columns) != 4 {
			t.Fatalf("%s:%d: %d columns, want 4", path, i+1, len(columns))
		}
		quoted, count, repeated := strings.Cut(columns[1], " * ")
		text, err := strconv.Unquote(quoted)
		if err != nil {
			t.Fatalf("%s:%d: %s: %v", path, i+1, quoted, err)
		}
		if repeated {
			times, err := strconv.Atoi(count)
			if err != nil {
				t.Fatalf("%s:%d: %v", path, i+1, err)
			}
			text = strings.Repeat(text, times)
		}
		inputs = append(inputs, oddInput{columns[0], text, columns[2], columns[3]})
	}
	return inputs
}

// TestOddInput compares score and the HTTP API with the same table.
func TestOddInput(t *testing.T) {
	api := httptest.NewServer(web.New(web.Options{}))
	defer api.Close()
	for _, input := range readOddInputs(t) {
		t.Run(input.name, func(t *testing.T) {
			if testing.Short() && len(input.text) > 1<<10 {
				t.Skip("long hosts take seconds under the race detector")
			}
			endings := []string{"\n", ""}
			if input.text == "" || input.text == "\ufeff" {
				endings = endings[:1] // without a line end, an empty text is no line
			}
			for _, ending := range endings {
				text, score, message := scoreLine(t, input.text+ending)
				if want := shown(strings.TrimPrefix(strings.TrimSuffix(input.text, "\r"), "\ufeff")); message == "" && text != want[:min(len(want), snowman.MaxLength+1)] {
					t.Errorf("score says that the text is %q, want %q", text, want)
				}
				check(t, "score", input.byScore, score, message, func(text string) string {
					_, score, _ := scoreLine(t, text)
					return score
				})
			}
			for name, send := range requests(api.URL, input.text) {
				text, score, message := ask(t, send)
				if message == "" && text != shown(input.text) {
					t.Errorf("%s: the answer is about %q, want %q", name, text, shown(input.text))
				}
				check(t, name, input.byHTTP, score, message, func(text string) string {
					_, score, _ := ask(t, requests(api.URL, text)["a form"])
					return score
				})
			}
		})
	}
}

// shown returns the text as JSON shows it, with a replacement character for each byte that is not
// UTF-8.
func shown(text string) string { return string([]rune(text)) }

// check compares a score or a message with what the table wants.
func check(t *testing.T, where, want, score, message string, scoreOf func(text string) string) {
	t.Helper()
	verb, text, _ := strings.Cut(want, " ")
	switch {
	case verb == "scored" || verb == "=" || verb == "!":
		if score == "" {
			t.Errorf("%s: %s, want a score", where, message)
		}
		if verb == "=" && score != scoreOf(text) {
			t.Errorf("%s: the score is %s, want %s as of %s", where, score, scoreOf(text), text)
		}
		if verb == "!" && score == scoreOf(text) {
			t.Errorf("%s: the score is %s as of %s, want another", where, score, text)
		}
	case message == "" || !strings.HasPrefix(message, verb+" ") || !strings.Contains(message, text):
		t.Errorf("%s: score %q, message %q, want %q", where, score, message, want)
	}
}

// scoreLine gives score one line. The message is empty if there is a score.
func scoreLine(t *testing.T, line string) (text, score, message string) {
	t.Helper()
	var stdout, stderr bytes.Buffer
	if err := run(t.Context(), []string{"score", "-json"}, strings.NewReader(line), &stdout, &stderr); err != nil {
		t.Fatal(err)
	}
	var answer struct {
		Text  string
		Score json.Number
		Error string
	}
	if err := json.Unmarshal(stdout.Bytes(), &answer); err != nil {
		t.Fatalf("%v in %q", err, stdout.String())
	}
	if answer.Error == "" {
		if stderr.Len() > 0 {
			t.Errorf("standard error says %q, want nothing", stderr.String())
		}
		return answer.Text, answer.Score.String(), ""
	}
	if want := fmt.Sprintf("snowman: line 1: %s\nsnowman: 1 of 1 lines is no name or URL", answer.Error); !strings.Contains(stderr.String(), want) {
		t.Errorf("standard error says %q, want %q and what it looks like", stderr.String(), want)
	}
	return answer.Text, "", "error " + answer.Error
}

// requests returns all ways to ask for the score of a text.
func requests(address, text string) map[string]*http.Request {
	form := url.Values{"url": {text}}.Encode()
	ways := map[string]*http.Request{
		"a form":      newRequest(http.MethodPut, address+"/model", "application/x-www-form-urlencoded", form),
		"POST a form": newRequest(http.MethodPost, address+"/model", "application/x-www-form-urlencoded", form),
	}
	var parts bytes.Buffer
	writer := multipart.NewWriter(&parts)
	writer.WriteField("url", text)
	writer.Close()
	ways["a form of several parts"] = newRequest(http.MethodPost, address+"/model", writer.FormDataContentType(), parts.String())
	if utf8.ValidString(text) {
		body, _ := json.Marshal(map[string]string{"url": text})
		ways["JSON"] = newRequest(http.MethodPut, address+"/model", "application/json", string(body))
	}
	if len(form) < 32<<10 { // the longest that a request's first line may be
		ways["the query"] = newRequest(http.MethodPut, address+"/model?"+form, "", "")
	}
	return ways
}

func newRequest(method, address, contentType, body string) *http.Request {
	request, err := http.NewRequest(method, address, strings.NewReader(body))
	if err != nil {
		panic(err) // both are ours
	}
	request.Header.Set("Content-Type", contentType)
	return request
}

// ask sends a request. The message starts with the status, and is empty if there is a score.
func ask(t *testing.T, request *http.Request) (text, score, message string) {
	t.Helper()
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	if got := response.Header.Get("Content-Type"); got != "application/json" {
		t.Errorf("Content-Type is %q, want application/json", got)
	}
	var answer struct {
		Text  string `json:"input query"`
		Score string
		Error string
	}
	if err := json.Unmarshal(body, &answer); err != nil {
		t.Fatalf("%v in %q", err, body)
	}
	if response.StatusCode != http.StatusOK {
		return "", "", fmt.Sprintf("%d %s", response.StatusCode, answer.Error)
	}
	return answer.Text, answer.Score, ""
}
