package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"net/http"
	"time"

	"github.com/snowman-ml/snowman"
	"github.com/snowman-ml/snowman/bench/internal/markdown"
)

// sampled says how often a score is held to the library's: once in this many lines. The text of
// every line is checked.
const sampled = 1009

// measureStream sends distinct names through one connection to POST /v1/score, in each format.
func measureStream(ctx context.Context, o options, stdout io.Writer) error {
	model, err := snowman.Open(o.model)
	if err != nil {
		return err
	}
	s, err := startSnowman(o, nil, "-model", o.model)
	if err != nil {
		return err
	}
	defer s.kill()
	formats := []struct {
		contentType, quote string
		rates              []float64
	}{{contentType: ndjsonType, quote: `"`}, {contentType: plainType}}
	for repeat := range o.repeats {
		for i := range formats {
			f := &formats[i]
			rate, err := streamOnce(ctx, s.address, model, f.contentType, f.quote, o.names)
			if err != nil {
				return fmt.Errorf("%s: %w", f.contentType, err)
			}
			f.rates = append(f.rates, rate)
			progress("stream %d of %d: %s: %.0f names/s", repeat+1, o.repeats, f.contentType, rate)
		}
	}
	mib, err := s.resident()
	if err != nil {
		return err
	}
	t := markdown.NewTable(stdout, fmt.Sprintf("POST /v1/score, %d distinct names on one connection", o.names), "names/s", "median", "smallest to largest", "bar")
	for _, f := range formats {
		t.Row(f.contentType, fmt.Sprintf("%.0f", markdown.Median(f.rates)), spread("%.0f", f.rates), "500000")
	}
	t.End()
	fmt.Fprintf(stdout, "Resident in the service afterwards: %.0f MiB.\n\n", mib)
	return nil
}

// streamOnce sends names and returns how many were answered a second, from the first byte of the
// request to the last of the answer.
func streamOnce(ctx context.Context, address string, model *snowman.Model, contentType, quote string, names int) (float64, error) {
	var body []byte
	for i := range uint32(names) {
		body = append(body, quote...)
		body = appendName(body, i)
		body = append(body, quote...)
		body = append(body, '\n')
	}
	head := fmt.Appendf(nil, "POST /v1/score HTTP/1.1\r\nHost: localhost\r\nContent-Type: %s\r\nContent-Length: %d\r\n\r\n", contentType, len(body))
	c, err := dial(address)
	if err != nil {
		return 0, err
	}
	defer c.Close()
	stop := context.AfterFunc(ctx, func() { c.Close() })
	defer stop()
	c.SetDeadline(time.Now().Add(10 * patience))
	c.reader = bufio.NewReaderSize(c.Conn, 1<<20)

	begin := time.Now()
	sent := make(chan error, 1)
	go func() {
		_, err := c.Write(head)
		if err == nil {
			_, err = c.Write(body)
		}
		sent <- err
	}()
	response, err := http.ReadResponse(c.reader, nil)
	if err != nil {
		return 0, err
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		return 0, errors.New(response.Status)
	}
	if err := checkNames(response.Body, model, names); err != nil {
		return 0, err
	}
	elapsed := time.Since(begin)
	return float64(names) / elapsed.Seconds(), <-sent
}

// checkNames holds the answer to the names in their order.
func checkNames(answer io.Reader, model *snowman.Model, names int) error {
	lines := bufio.NewReaderSize(answer, 1<<20)
	var want []byte
	for i := range uint32(names) {
		line, err := lines.ReadSlice('\n')
		if err != nil {
			return fmt.Errorf("%d verdicts for %d names: %w", i, names, err)
		}
		want = appendName(append(want[:0], `{"text":"`...), i)
		want = append(want, '"')
		if !bytes.HasPrefix(line, want) {
			return fmt.Errorf("verdict %d is %q, want one that starts with %q", i, line, want)
		}
		if i%sampled != 0 {
			continue
		}
		var verdict struct{ Score *float64 }
		if err := json.Unmarshal(line, &verdict); err != nil || verdict.Score == nil {
			return fmt.Errorf("verdict %d is %q: no score (%v)", i, line, err)
		}
		score, err := model.Score(name(i))
		if err != nil || math.Abs(*verdict.Score-score) > rounding {
			return fmt.Errorf("verdict %d is %q, want the score %v (%v)", i, line, score, err)
		}
	}
	if extra, err := lines.ReadSlice('\n'); err != io.EOF {
		return fmt.Errorf("%q after the last verdict (%v)", extra, err)
	}
	return nil
}
