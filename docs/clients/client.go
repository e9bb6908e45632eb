// Client asks Snowman's service about names or URLs: the arguments, in one request, or the lines of
// standard input, in a stream whose answers come while it is sent.
//
//	go run client.go github.com
//	go run client.go < names.txt
//
// The service is at $SNOWMAN_ADDRESS, by default http://localhost:5000. $SNOWMAN_KEY is the API
// key, if it needs one.
package main

import (
	"bufio"
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"strconv"
	"time"
)

type verdict struct {
	Text  string  `json:"text"`
	Score float64 `json:"score"`
	Level string  `json:"level"`
	Kind  string  `json:"kind"`
	Error string  `json:"error"` // why the text has no score
}

// A client is safe for any number of goroutines, which share its connections.
type client struct {
	address string
	key     string // empty for none
}

// post sends a body of texts. The answer's body must be closed. Read to its end, it frees the
// connection for another request.
func (c client) post(ctx context.Context, contentType string, body io.Reader) (*http.Response, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, c.address+"/v1/score", body)
	if err != nil {
		return nil, err
	}
	request.Header.Set("Content-Type", contentType)
	if c.key != "" {
		request.Header.Set("Authorization", "Bearer "+c.key)
	}
	return http.DefaultClient.Do(request)
}

// score returns the verdicts on at most 10,000 texts, in order. It tries again if the service, or a
// proxy before it, is busy.
func (c client) score(ctx context.Context, texts []string) ([]verdict, error) {
	body, err := json.Marshal(map[string][]string{"texts": texts})
	if err != nil {
		return nil, err
	}
	const attempts = 5
	for attempt := 1; ; attempt++ {
		response, err := c.post(ctx, "application/json", bytes.NewReader(body))
		if err != nil {
			return nil, err
		}
		answer, err := io.ReadAll(response.Body)
		response.Body.Close()
		if err != nil {
			return nil, err
		}
		switch code := response.StatusCode; {
		case code == http.StatusOK:
			var scored struct{ Verdicts []verdict }
			err := json.Unmarshal(answer, &scored)
			return scored.Verdicts, err
		case code != http.StatusTooManyRequests && code != http.StatusServiceUnavailable, attempt == attempts:
			return nil, fmt.Errorf("%s: %.1000q", response.Status, answer)
		}
		seconds, err := strconv.Atoi(response.Header.Get("Retry-After"))
		if err != nil {
			seconds = 1 << attempt
		}
		select {
		case <-time.After(time.Duration(seconds) * time.Second):
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
}

// stream calls each with the verdict on every text that produce sends, in order, while others are
// being sent. It stops at the first error. There may be any number of texts.
func (c client) stream(ctx context.Context, produce func(send func(text string) error) error, each func(verdict) error) error {
	reader, writer := io.Pipe()
	defer reader.Close() // makes send fail, which ends the goroutine
	go func() {
		lines := bufio.NewWriter(writer) // if texts are rare, flush it after each
		encoder := json.NewEncoder(lines)
		err := produce(func(text string) error { return encoder.Encode(text) })
		writer.CloseWithError(errors.Join(err, lines.Flush()))
	}()
	response, err := c.post(ctx, "application/x-ndjson", reader)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		reason, _ := io.ReadAll(io.LimitReader(response.Body, 1000))
		return fmt.Errorf("%s: %q", response.Status, reason)
	}
	for decoder := json.NewDecoder(response.Body); ; {
		var line struct {
			verdict
			Text *string `json:"text"`
		}
		if err := decoder.Decode(&line); errors.Is(err, io.EOF) {
			return nil
		} else if err != nil {
			return fmt.Errorf("reading verdicts: %w", err)
		}
		if line.Text == nil {
			return fmt.Errorf("the service ended the stream: %s", line.Error)
		}
		line.verdict.Text = *line.Text
		if err := each(line.verdict); err != nil {
			return err
		}
	}
}

// show prints a verdict.
func show(v verdict) error {
	var err error
	if v.Error != "" {
		_, err = fmt.Printf("-\t-\t%s\t%q\n", v.Error, v.Text)
	} else {
		_, err = fmt.Printf("%.5f\t%s\t%s\t%q\n", v.Score, v.Level, v.Kind, v.Text)
	}
	return err
}

func run(ctx context.Context) error {
	c := client{cmp.Or(os.Getenv("SNOWMAN_ADDRESS"), "http://localhost:5000"), os.Getenv("SNOWMAN_KEY")}
	if texts := os.Args[1:]; len(texts) > 0 {
		ctx, cancel := context.WithTimeout(ctx, 30*time.Second)
		defer cancel()
		verdicts, err := c.score(ctx, texts)
		for _, v := range verdicts {
			if err := show(v); err != nil {
				return err
			}
		}
		return err
	}
	return c.stream(ctx, func(send func(string) error) error {
		lines := bufio.NewScanner(os.Stdin)
		lines.Buffer(nil, 1<<20) // longer than a text may be: the service then says so
		for lines.Scan() {
			if err := send(lines.Text()); err != nil {
				return err
			}
		}
		return lines.Err()
	}, show)
}

func main() {
	if err := run(context.Background()); err != nil {
		fmt.Fprintln(os.Stderr, "client:", err)
		os.Exit(1)
	}
}
