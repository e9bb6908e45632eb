package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// good are clients that do everything right. Each of their requests must get its right answer, or
// 429.
type good struct {
	address  string
	oracle   *oracle
	ledger   *ledger
	killed   bool                      // the service is going to be killed: no answer may be wrong, but any may be missing
	leavesAt atomic.Pointer[time.Time] // when the service was told to end, after which it may take no more requests
}

// goodKinds are the clients, and how many of each there are.
var goodKinds = []struct {
	name    string
	clients int
	ask     func(*good, *connection, *rand.Rand) (result, error)
}{
	{"good: /model", 8, (*good).askModel},
	{"good: /model, pipelined", 1, (*good).askPipelined},
	{"good: /v1/score, JSON", 4, (*good).askBatch},
	{"good: /v1/score, a stream of lines", 2, (*good).askPlain},
	{"good: /v1/score, a stream of NDJSON", 2, (*good).askNDJSON},
	{"good: /v1/score, a stream of lines over HTTP/2", 2, (*good).askHTTP2},
	{"good: /model, a connection each", 1, (*good).askAlone},
}

// A result is what became of a request that was not wrong.
type result struct {
	answers int  // right ones
	busy    bool // it was refused with 429
	last    bool // the service closes the connection
}

// run lets all good clients ask until the context is done, and waits for the answers to the last
// requests. Clients keep their connections until something closes them.
func (g *good) run(ctx context.Context, seed uint64) {
	var clients sync.WaitGroup
	for number, kind := range goodKinds {
		for i := range kind.clients {
			random := rand.New(rand.NewPCG(seed, uint64(100*number+i)))
			clients.Go(func() { g.client(ctx, kind.name, kind.ask, random) })
		}
	}
	clients.Wait()
}

func (g *good) client(ctx context.Context, what string, ask func(*good, *connection, *rand.Rand) (result, error), random *rand.Rand) {
	var c *connection
	defer func() {
		if c != nil {
			c.Close()
		}
	}()
	for ctx.Err() == nil {
		begin := time.Now()
		var err error
		if c == nil {
			if c, err = dial(g.address); err != nil {
				if !g.killed && !g.mayRefuse(begin) {
					g.ledger.fail(what+": connecting", err)
				}
				return
			}
		}
		done, err := ask(g, c, random)
		switch {
		case g.killed && (errors.Is(err, errNoAnswer) || errors.Is(err, errCut)):
			return
		case errors.Is(err, errNoAnswer) && g.mayRefuse(begin) || errors.Is(err, errPipeline) && g.leavesAt.Load() != nil:
			g.ledger.count("requests not taken since the service was told to end", 1)
			return
		case err != nil:
			g.ledger.fail(what, err)
		case done.busy:
			g.ledger.count(what+": refused with 429", 1)
			time.Sleep(10 * time.Millisecond)
		default:
			g.ledger.count(what+": right answers", done.answers)
		}
		if err != nil || done.last {
			c.Close()
			c = nil
		}
	}
}

// mayRefuse reports whether the service may leave a request of that time without an answer: only
// one that was not on its way well before the signal.
func (g *good) mayRefuse(begin time.Time) bool {
	leavesAt := g.leavesAt.Load()
	return leavesAt != nil && begin.After(leavesAt.Add(-time.Second))
}

// errPipeline says that the service has answered only the first of the requests that were sent at
// once, as it may when it ends.
var errPipeline = errors.New("the rest of the pipeline has no answer")

func (g *good) askModel(c *connection, random *rand.Rand) (result, error) {
	s := g.oracle.any(random)
	a, err := c.exchange(request("PUT", "/model", formType, "url="+url.QueryEscape(s.text)))
	return s.result(a, err)
}

func (s *sample) result(a answer, err error) (result, error) {
	if err != nil || a.status == http.StatusTooManyRequests {
		return result{busy: true, last: a.last}, err
	}
	_, err = s.checkModel(a)
	return result{answers: 1, last: a.last}, err
}

// askAlone asks one thing on a connection of its own. Each connection leaves a port in TIME-WAIT
// for a minute, and a client has no more than 28,000 ports.
func (g *good) askAlone(c *connection, random *rand.Rand) (result, error) {
	time.Sleep(10 * time.Millisecond)
	done, err := g.askModel(c, random)
	done.last = true
	return done, err
}

// askPipelined sends many requests at once; their answers must come in their order.
func (g *good) askPipelined(c *connection, random *rand.Rand) (result, error) {
	samples := make([]*sample, 1+random.IntN(100))
	var requests []byte
	for i := range samples {
		samples[i] = g.oracle.any(random)
		requests = append(requests, request("POST", "/model", formType, "url="+url.QueryEscape(samples[i].text))...)
	}
	c.SetDeadline(time.Now().Add(patience))
	if _, err := c.Write(requests); err != nil {
		return result{}, fmt.Errorf("%w: %w", errNoAnswer, err)
	}
	var all result
	for i, s := range samples {
		a, err := c.read()
		if i > 0 && errors.Is(err, errNoAnswer) {
			return all, fmt.Errorf("%w: %w", errPipeline, err)
		}
		one, err := s.result(a, err)
		if err != nil {
			return all, err
		}
		all.answers += one.answers
		if all.last = one.last; all.last {
			break // what else is in the pipe was not taken
		}
	}
	return all, nil
}

// askBatch sends a JSON list.
func (g *good) askBatch(c *connection, random *rand.Rand) (result, error) {
	samples := g.samples(random, 1000)
	var body struct {
		Texts []string `json:"texts"`
	}
	for _, s := range samples {
		body.Texts = append(body.Texts, s.text)
	}
	content, err := json.Marshal(body)
	if err != nil {
		return result{}, err
	}
	a, err := c.exchange(request("POST", "/v1/score", jsonType, string(content)))
	if err != nil || a.status == http.StatusTooManyRequests {
		return result{busy: true, last: a.last}, err
	}
	var got struct{ Verdicts []verdict }
	if err := json.Unmarshal(a.body, &got); a.status != http.StatusOK || err != nil {
		return result{}, fmt.Errorf("status %d, %.200q (%v)", a.status, a.body, err)
	}
	if len(got.Verdicts) != len(samples) {
		return result{}, fmt.Errorf("%d verdicts for %d texts", len(got.Verdicts), len(samples))
	}
	by := anyModel
	for i, s := range samples {
		if err := s.check(got.Verdicts[i], &by); err != nil {
			return result{}, fmt.Errorf("verdict %d: %w", i, err)
		}
	}
	return result{answers: len(samples), last: a.last}, nil
}

func (g *good) samples(random *rand.Rand, most int) []*sample {
	samples := make([]*sample, 1+random.IntN(most))
	for i := range samples {
		samples[i] = g.oracle.any(random)
	}
	return samples
}

func (g *good) askPlain(c *connection, random *rand.Rand) (result, error) {
	return g.askStream(c, random, plainType, func(text string) string { return text })
}

func (g *good) askNDJSON(c *connection, random *rand.Rand) (result, error) {
	return g.askStream(c, random, ndjsonType, func(text string) string {
		if random.IntN(2) == 0 {
			return string(mustMarshal(text))
		}
		return `{"text":` + string(mustMarshal(text)) + `}`
	})
}

// askStream sends lines in chunks of any size while it reads the verdicts.
func (g *good) askStream(c *connection, random *rand.Rand, contentType string, format func(string) string) (result, error) {
	samples := g.samples(random, 20_000)
	var lines strings.Builder
	for _, s := range samples {
		lines.WriteString(format(s.text))
		lines.WriteByte('\n')
	}
	var body []byte
	for rest := lines.String(); rest != ""; {
		size := min(1+random.IntN(100_000), len(rest))
		body = fmt.Appendf(body, "%x\r\n%s\r\n", size, rest[:size])
		rest = rest[size:]
	}
	body = append(body, "0\r\n\r\n"...)
	c.SetDeadline(time.Now().Add(2 * patience))
	sent := make(chan error, 1)
	go func() {
		_, err := fmt.Fprintf(c, "POST /v1/score HTTP/1.1\r\nHost: localhost\r\nContent-Type: %s\r\nTransfer-Encoding: chunked\r\n\r\n%s", contentType, body)
		sent <- err
	}()
	done, err := g.readStream(c, samples)
	if err != nil || done.busy {
		c.Close() // a write that is still going on ends
		<-sent
		return done, err
	}
	if err := <-sent; err != nil {
		return done, fmt.Errorf("sending the stream, which was answered: %w", err)
	}
	return done, nil
}

// readStream holds the verdicts of a stream to the samples.
func (g *good) readStream(c *connection, samples []*sample) (result, error) {
	if _, err := c.reader.Peek(1); err != nil {
		return result{}, fmt.Errorf("%w: %w", errNoAnswer, err)
	}
	response, err := http.ReadResponse(c.reader, nil)
	if err != nil {
		return result{}, fmt.Errorf("%w in its head: %w", errCut, err)
	}
	return checkStream(response, samples)
}

// askHTTP2 sends lines on a stream of HTTP/2 without TLS.
func (g *good) askHTTP2(c *connection, random *rand.Rand) (result, error) {
	samples := g.samples(random, 20_000)
	var lines strings.Builder
	for _, s := range samples {
		lines.WriteString(s.text + "\n")
	}
	c.SetDeadline(time.Now().Add(2 * patience))
	if c.http2 == nil {
		transport := &http.Transport{
			DialContext: func(context.Context, string, string) (net.Conn, error) { return c.Conn, nil },
			Protocols:   new(http.Protocols),
		}
		transport.Protocols.SetUnencryptedHTTP2(true)
		var err error
		if c.http2, err = transport.NewClientConn(context.Background(), "http", g.address); err != nil {
			return result{}, fmt.Errorf("%w: %w", errNoAnswer, err)
		}
	}
	request, err := http.NewRequest(http.MethodPost, "http://localhost/v1/score", strings.NewReader(lines.String()))
	if err != nil {
		return result{}, err
	}
	request.Header.Set("Content-Type", plainType)
	response, err := c.http2.RoundTrip(request)
	if err != nil {
		return result{}, fmt.Errorf("%w: %w", errNoAnswer, err)
	}
	defer response.Body.Close()
	return checkStream(response, samples)
}

// checkStream holds the verdicts of a whole response to the samples.
func checkStream(response *http.Response, samples []*sample) (result, error) {
	if response.StatusCode == http.StatusTooManyRequests {
		return result{busy: true, last: true}, nil
	}
	if response.StatusCode != http.StatusOK {
		return result{}, errors.New(response.Status)
	}
	return result{answers: len(samples), last: response.Close}, checkLines(response.Body, samples)
}
