package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"time"
)

func post(path, contentType, body string) string {
	return string(request("POST", path, contentType, body))
}

// streamHead opens a stream whose lines come as chunks.
func streamHead(contentType string) string {
	return "POST /v1/score HTTP/1.1\r\nHost: localhost\r\nContent-Type: " + contentType + "\r\nTransfer-Encoding: chunked\r\n\r\n"
}

func chunk(text string) string { return fmt.Sprintf("%x\r\n%s\r\n", len(text), text) }

// linesOf returns a number of names, one a line.
func (a *attack) linesOf(count int) string {
	var lines []byte
	for range count {
		lines = append(appendName(lines, a.random.Uint32()), '\n')
	}
	return string(lines)
}

func (a *attack) leaveInHeader() error {
	whole := post("/model", formType, "url=q.com")
	a.send(whole[:a.random.IntN(strings.Index(whole, "\r\n\r\n"))])
	return nil
}

func (a *attack) leaveInBody() error {
	if a.random.IntN(2) == 0 {
		a.send("PUT /model HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000\r\n\r\nurl=")
		return nil
	}
	a.send(streamHead(plainType) + chunk(a.linesOf(a.random.IntN(5000))) + "ffff\r\nand no mo")
	return nil
}

func (a *attack) leaveInAnswer() error {
	a.send(post("/v1/score", plainType, a.linesOf(20_000)))
	io.CopyN(io.Discard, a.reader, int64(a.random.IntN(100_000)))
	return nil
}

func (a *attack) leaveAfterRequest() error {
	a.send(post("/v1/score", jsonType, `{"texts":["`+strings.ReplaceAll(strings.TrimSpace(a.linesOf(5000)), "\n", `","`)+`"]}`))
	return nil
}

// dripHeader wants the service to close the connection.
func (a *attack) dripHeader() error {
	if a.drip("PUT /model HTTP/1.1\r\nHost: localhost\r\nX: "+strings.Repeat("x", 1<<20), a.limit()) == nil {
		return fmt.Errorf("the service still waits for a header after %v", a.limit())
	}
	return nil
}

func (a *attack) dripBody() error {
	if a.random.IntN(2) == 0 {
		a.send("PUT /model HTTP/1.1\r\nHost: localhost\r\nContent-Length: 390000\r\n\r\n")
	} else {
		a.send("POST /v1/score HTTP/1.1\r\nHost: localhost\r\nContent-Type: text/plain\r\nContent-Length: 390000\r\n\r\n")
	}
	a.drip(strings.Repeat("q", 390_000), 2*a.stall)
	return nil
}

func (a *attack) sendGarbage() error {
	a.send(a.bytes(1+a.random.IntN(10_000)) + "\r\n\r\n")
	return a.refused()
}

// sendHugeBody wants the service to stop reading long before the end.
func (a *attack) sendHugeBody() error {
	const size = 1 << 30
	piece := strings.Repeat("url=q.com&", 6553)
	body := func() error { return a.send(piece) }
	if a.random.IntN(2) == 0 {
		a.send(fmt.Sprintf("PUT /model HTTP/1.1\r\nHost: localhost\r\nContent-Length: %d\r\n\r\n", size))
	} else {
		a.send("PUT /model HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n")
		body = func() error { return a.send(chunk(piece)) }
	}
	for sent := 0; sent < size; sent += len(piece) {
		if body() != nil {
			return nil
		}
	}
	return errors.New("the service took all of it")
}

func (a *attack) sendManyFields() error {
	var header strings.Builder
	header.WriteString("PUT /model HTTP/1.1\r\nHost: localhost\r\n")
	for i := range 100_000 {
		fmt.Fprintf(&header, "X-%d: %d\r\n", i, i)
	}
	if a.send(header.String()+"\r\n") != nil {
		return nil
	}
	return a.refused()
}

func (a *attack) sendLongTarget() error {
	if a.send("GET /model?url="+strings.Repeat("q", 1<<20)+" HTTP/1.1\r\nHost: localhost\r\n\r\n") != nil {
		return nil
	}
	return a.refused()
}

func (a *attack) sendInvalidText() error {
	text := strings.ReplaceAll(a.bytes(1000), "\n", "\xc0")
	types := []string{formType, jsonType, plainType, ndjsonType, "multipart/form-data; boundary=" + a.bytes(5), a.bytes(10)}
	a.send(post([]string{"/model", "/v1/score", "/v1/explain", "/v2/models/snowman/infer"}[a.random.IntN(4)], types[a.random.IntN(len(types))],
		[]string{"url=", `{"texts":["`, `{"text":"`, `"`, ""}[a.random.IntN(5)]+text))
	return a.survived()
}

func (a *attack) sendChunkedNonsense() error {
	nonsense := []string{
		"zz\r\n", "-1\r\nq\r\n", "ffffffffffffffffffff\r\n", "7fffffffffffffff\r\nq.com\n", "\r\n\r\n", "5\r\nq.com", "5\r\nq.com\n\n\n\n",
		"5;" + strings.Repeat("extension=", 1<<18) + "\r\nq.com\r\n0\r\n\r\n", "0\r\n" + strings.Repeat("Trailer: x\r\n", 1<<16) + "\r\n",
		"5\nq.com\n0\n\n", "0x5\r\nq.com\r\n", "5 \r\nq.com\r\n0\r\n\r\n", "5\r\nq.com\r\n0\r\n",
		strings.Repeat("1;"+strings.Repeat("x", 4000)+"\r\nq\r\n", 1000),
	}[a.random.IntN(14)]
	if a.random.IntN(2) == 0 {
		a.send(streamHead(plainType) + nonsense)
	} else {
		a.send("PUT /model HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n" + nonsense)
	}
	return a.survived()
}

// hideRequest wants the connection to end with the answer to the broken body. Otherwise a proxy in
// front would give the answer to the hidden request to the next client.
func (a *attack) hideRequest() error {
	body := chunk("url=q.com\n") + []string{"zz\r\n", "6\r\nq.com\nXX", "fffffffffffffffff\r\n"}[a.random.IntN(3)]
	head := []string{streamHead(plainType), streamHead(ndjsonType), streamHead(jsonType), "PUT /model HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n"}[a.random.IntN(4)]
	a.send(head + body)
	return a.wantOneAnswer()
}

// wantOneAnswer sends a second request behind a body that is broken or has no end, and wants no
// answer to the second.
func (a *attack) wantOneAnswer() error {
	response, err := http.ReadResponse(a.reader, nil)
	if err == nil {
		_, err = io.Copy(io.Discard, response.Body)
	}
	if err == nil {
		err = a.send("GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n")
	}
	if err == nil {
		response, err = http.ReadResponse(a.reader, nil)
	}
	if err == nil {
		return fmt.Errorf("what stands behind a body that does not end is answered as a request of its own: %s", response.Status)
	}
	return a.ended(err)
}

func (a *attack) sendTwoLengths() error {
	a.send([]string{
		"POST /model HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nurl=q.com",
		"POST /model HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: identity\r\nContent-Length: 9\r\n\r\nurl=q.com",
		"POST /model HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked, chunked\r\n\r\n0\r\n\r\n",
		"POST /model HTTP/1.1\r\nHost: localhost\r\nContent-Length: -1\r\n\r\n",
		"POST /model HTTP/1.1\r\nHost: localhost\r\nContent-Length: 99999999999999999999\r\n\r\n",
	}[a.random.IntN(5)])
	return a.refused()
}

func (a *attack) sendJSONBomb() error {
	bombs := []string{
		strings.Repeat("[", 1<<20), `{"texts":` + strings.Repeat("[", 1<<20), `{"texts":[` + strings.Repeat(`"",`, 1<<20) + `""]}`,
		`{"texts":["` + strings.Repeat("q", 5<<20) + `"]}`, `{"texts":1e999}`, strings.Repeat(`{"texts":`, 1<<16),
		`{"inputs":[{"name":"text","shape":[9223372036854775807],"datatype":"BYTES","data":["q.com"]}]}`,
	}
	path := []string{"/v1/score", "/v1/explain", "/v2/models/snowman/infer"}[a.random.IntN(3)]
	if a.send(post(path, jsonType, bombs[a.random.IntN(len(bombs))])) != nil {
		return nil
	}
	return a.refused()
}

// askForMost asks for the longest answer: as many texts as one list may have, of characters that
// take six bytes each in the error.
func (a *attack) askForMost() error {
	texts := strings.TrimSuffix(strings.Repeat(`"`+strings.Repeat("\x7f", 400)+`",`, 10_000), ",")
	a.send(post("/v1/score", jsonType, `{"texts":[`+texts+`]}`))
	a.pause(a.stall / 2)
	return nil
}

func (a *attack) sendFormBomb() error {
	part := "--a\r\nContent-Disposition: form-data; name=\"x\"\r\n\r\nx\r\n"
	if a.random.IntN(2) == 0 {
		a.send(post("/model", formType, strings.Repeat("a&", 190_000)))
	} else {
		a.send(post("/model", "multipart/form-data; boundary=a", strings.Repeat(part, 390_000/len(part))+"--a--\r\n"))
	}
	return a.refused()
}

// sendNDJSONGarbage wants an error for each bad line, and the right verdict for each good one.
func (a *attack) sendNDJSONGarbage() error {
	garbage := []string{"{", "}", "[]", "null", "1", `{"text":1}`, `{"text":`, `"unterminated`, `"a" "b"`, "{}", strings.Repeat("[", 60_000), "\xff\xfe", `"\ud800`}
	var body strings.Builder
	var want []*sample
	for range 200 {
		if a.random.IntN(2) == 0 {
			body.WriteString(garbage[a.random.IntN(len(garbage))] + "\n")
			want = append(want, nil)
			continue
		}
		s := a.oracle.any(a.random)
		body.Write(append(mustMarshal(s.text), '\n'))
		want = append(want, s)
	}
	return a.wantLines(post("/v1/score", ndjsonType, body.String()), want)
}

// sendLongLine wants the same of a line that is too long.
func (a *attack) sendLongLine() error {
	first, last := a.oracle.any(a.random), a.oracle.any(a.random)
	long := strings.Repeat("q", 1<<20+a.random.IntN(8<<20))
	return a.wantLines(post("/v1/score", plainType, first.text+"\n"+long+"\n"+last.text+"\n"), []*sample{first, nil, last})
}

// wantLines sends a stream and wants a verdict on each line, or an error where the sample is nil.
func (a *attack) wantLines(stream string, want []*sample) error {
	go a.send(stream) // it ends when the connection does
	response, err := http.ReadResponse(a.reader, nil)
	if err != nil {
		return fmt.Errorf("reading the head of the answer: %w", err)
	}
	defer response.Body.Close()
	if response.StatusCode == http.StatusTooManyRequests {
		return nil
	}
	if response.StatusCode != http.StatusOK {
		return errors.New(response.Status)
	}
	return checkLines(response.Body, want)
}

func (a *attack) askForAnything() error {
	method := []string{"GET", "POST", "DELETE", "PATCH", "OPTIONS", "TRACE", "CONNECT", fmt.Sprintf("SNOW%d", a.random.Uint32())}[a.random.IntN(8)]
	target := []string{"/%d", "/v1/%d", "/v2/models/%d/infer", "/metrics/%d", "/model?%d", "http://example.com/%d", "*%d", "//%d/../../etc/passwd"}[a.random.IntN(8)]
	a.send(method + " " + fmt.Sprintf(target, a.random.Uint32()) + " HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0\r\n\r\n")
	return a.survived()
}

// neverRead wants the service to give up.
func (a *attack) neverRead() error {
	a.Conn.(*net.TCPConn).SetReadBuffer(4096)
	err := a.send(streamHead(plainType))
	lines := chunk(a.linesOf(5000))
	for end := time.Now().Add(a.limit()); err == nil; err = a.send(lines) {
		if time.Now().After(end) {
			return fmt.Errorf("the service still takes lines after %v in which nobody read a verdict", a.limit())
		}
	}
	return a.ended(err)
}

// readLate wants right verdicts, any number of them, and then one line that says why they end.
func (a *attack) readLate() error {
	a.Conn.(*net.TCPConn).SetReadBuffer(4096)
	wakes := time.Now().Add(a.stall * 3 / 2)
	var samples []*sample // of one chunk, which is sent over and over
	var lines strings.Builder
	for range 5000 {
		s := a.oracle.any(a.random)
		samples = append(samples, s)
		lines.WriteString(s.text + "\n")
	}
	go func() {
		err := a.send(streamHead(plainType))
		for err == nil && time.Now().Before(wakes) {
			err = a.send(chunk(lines.String()))
		}
		a.send("0\r\n\r\n")
	}()
	a.pause(time.Until(wakes))
	response, err := http.ReadResponse(a.reader, nil)
	if err != nil {
		return a.ended(err)
	}
	defer response.Body.Close()
	if response.StatusCode == http.StatusTooManyRequests {
		return nil
	}
	return checkUntilError(response.Body, samples)
}

// neverSend wants the service to give up.
func (a *attack) neverSend() error {
	a.send(streamHead(ndjsonType))
	return a.wantOneAnswer()
}

// doNothing wants the service to give up before there is a request.
func (a *attack) doNothing() error { return a.closed() }

func (a *attack) closeHalf() error {
	a.send(post("/model", formType, "url=q.com"))
	a.Conn.(*net.TCPConn).CloseWrite()
	return a.closed()
}

func (a *attack) expectAndStop() error {
	a.send("PUT /model HTTP/1.1\r\nHost: localhost\r\nContent-Length: 9\r\nExpect: 100-continue\r\n\r\n")
	return a.closed()
}

func (a *attack) pipelineAndLeave() error {
	a.send(strings.Repeat(post("/model", formType, "url=q.com"), 1000))
	return nil
}

// crowd opens many connections at once, most of which say little.
func (a *attack) crowd() error {
	var all []*connection
	for i := range 2000 {
		if a.ctx.Err() != nil {
			break
		}
		c, err := net.DialTimeout("tcp", a.address, time.Second)
		if err != nil {
			break
		}
		c.(*net.TCPConn).SetLinger(0)
		all = append(all, &connection{Conn: c})
		io.WriteString(c, []string{"", "P", "PUT /model HTTP/1.1\r\n", post("/model", formType, "url=q.com"), streamHead(plainType)}[i%5])
	}
	a.pause(2 * time.Second)
	for _, c := range all {
		c.Close()
	}
	return nil
}

// checkUntilError holds verdicts to the samples, over and over, until a line says why they end or
// the connection ends.
func checkUntilError(answer io.Reader, samples []*sample) error {
	lines, by := bufio.NewReader(answer), anyModel
	for i := 0; ; i++ {
		v, err := readVerdict(lines)
		switch {
		case err == io.EOF:
			return fmt.Errorf("the answer ends after %d verdicts without saying why", i)
		case errors.Is(err, errCut):
			return nil // which a client that slept for so long must bear
		case err != nil:
			return err
		case v.Text == nil && v.Error != "":
			return wantEnd(lines)
		}
		if err := samples[i%len(samples)].check(v, &by); err != nil {
			return fmt.Errorf("verdict %d: %w", i, err)
		}
	}
}
