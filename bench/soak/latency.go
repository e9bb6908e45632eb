package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"slices"
	"strconv"
	"sync"
	"time"
)

// openLoop sends PUT /model at a fixed rate, whether or not the service keeps up, and returns the
// time of each answer after its request was due. A generator that waits for one answer before the
// next request would leave out the requests that a stall delays.
func openLoop(ctx context.Context, address string, connections int, rate float64, duration time.Duration) ([]time.Duration, error) {
	interval := time.Duration(float64(time.Second) / rate)
	total := int(duration / interval)
	latencies := make([][]time.Duration, connections)
	failures := make([]error, connections)
	begin := time.Now().Add(100 * time.Millisecond) // when all have connected
	var clients sync.WaitGroup
	for i := range connections {
		clients.Go(func() {
			c, err := dial(address)
			if err != nil {
				failures[i] = err
				return
			}
			defer c.Close()
			c.SetDeadline(begin.Add(duration + patience))
			latencies[i] = make([]time.Duration, 0, total/connections+1)
			var request, text []byte
			for number := i; number < total && ctx.Err() == nil; number += connections {
				text = appendName(append(text[:0], "url="...), uint32(number))
				request = fmt.Appendf(request[:0], "PUT /model HTTP/1.1\r\nHost: localhost\r\nContent-Type: %s\r\nContent-Length: %d\r\n\r\n%s", formType, len(text), text)
				due := begin.Add(time.Duration(number) * interval)
				time.Sleep(time.Until(due))
				_, err := c.Write(request)
				if err == nil {
					err = c.skipAnswer()
				}
				if err != nil {
					failures[i] = fmt.Errorf("at %.0f requests/s: %w", rate, err)
					return
				}
				latencies[i] = append(latencies[i], time.Since(due))
			}
		})
	}
	clients.Wait()
	all := slices.Concat(latencies...)
	slices.Sort(all)
	return all, errors.Join(failures...)
}

// skipAnswer reads an answer of status 200 and throws it away. It does a tenth of the work of
// http.ReadResponse: the generator and the service share the processors.
func (c *connection) skipAnswer() error {
	length := -1
	for first := true; ; first = false {
		line, err := c.reader.ReadSlice('\n')
		if err != nil {
			return err
		}
		if first && !bytes.HasPrefix(line, []byte("HTTP/1.1 200 ")) {
			return fmt.Errorf("the service says %q", line)
		}
		if value, found := bytes.CutPrefix(line, []byte("Content-Length: ")); found {
			if length, err = strconv.Atoi(string(bytes.TrimSpace(value))); err != nil {
				return err
			}
		}
		if len(line) == len("\r\n") {
			break
		}
	}
	if length < 0 {
		return errors.New("the answer has no length")
	}
	_, err := io.CopyN(io.Discard, c.reader, int64(length))
	return err
}

// quantile returns the smallest of the sorted values that at least this share of them does not
// exceed.
func quantile(sorted []time.Duration, share float64) time.Duration {
	if len(sorted) == 0 {
		return 0
	}
	return sorted[max(0, int(math.Ceil(share*float64(len(sorted))))-1)]
}

func milliseconds(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }
