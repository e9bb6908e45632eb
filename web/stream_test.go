package web

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/snowman-ml/snowman"
	"github.com/snowman-ml/snowman/internal/pipeline"
)

// protocols are the versions of HTTP. Over each, lines are answered while they come.
var protocols = map[string]func(*testing.T, http.Handler) (address string, client *http.Client){
	"HTTP/1.1": func(t *testing.T, handler http.Handler) (string, *http.Client) {
		server := httptest.NewServer(handler)
		t.Cleanup(server.Close)
		return server.URL, server.Client()
	},
	"HTTP/2": func(t *testing.T, handler http.Handler) (string, *http.Client) {
		server := httptest.NewUnstartedServer(handler)
		server.EnableHTTP2 = true
		server.StartTLS()
		t.Cleanup(server.Close)
		return server.URL, server.Client()
	},
	"HTTP/2 without TLS": func(t *testing.T, handler http.Handler) (string, *http.Client) {
		server := httptest.NewUnstartedServer(handler)
		server.Config.Protocols = new(http.Protocols)
		server.Config.Protocols.SetUnencryptedHTTP2(true)
		server.Start()
		t.Cleanup(server.Close)
		transport := &http.Transport{Protocols: server.Config.Protocols}
		t.Cleanup(transport.CloseIdleConnections)
		return server.URL, &http.Client{Transport: transport}
	},
}

func overEachProtocol(t *testing.T, service *Service, test func(t *testing.T, address string, client *http.Client)) {
	for name, start := range protocols {
		t.Run(name, func(t *testing.T) {
			address, client := start(t, service)
			test(t, address, client)
		})
	}
}

// stream sends a body of lines and returns the response. Its body is not read yet.
func stream(t *testing.T, client *http.Client, address, contentType string, body io.Reader) *http.Response {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), "POST", address+"/v1/score", body)
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Content-Type", contentType)
	response, err := client.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { response.Body.Close() })
	if response.StatusCode != http.StatusOK || response.Header.Get("Content-Type") != "application/x-ndjson" {
		t.Fatalf("%s, %s, want 200 OK, application/x-ndjson", response.Status, response.Header.Get("Content-Type"))
	}
	return response
}

func TestLinesAreAnsweredWhileTheyCome(t *testing.T) {
	overEachProtocol(t, New(Options{Model: openToy(t)}), func(t *testing.T, address string, client *http.Client) {
		reader, writer := io.Pipe()
		go fmt.Fprintln(writer, "q.com") // the header of the answer comes with the first line
		response := stream(t, client, address, "text/plain", reader)
		answers := bufio.NewScanner(response.Body)
		for range 3 {
			if !answers.Scan() || answers.Text() != `{"text":"q.com",`+toyDGA+`}` {
				t.Fatalf("%q (%v), want the verdict on the line that was sent", answers.Text(), answers.Err())
			}
			fmt.Fprintln(writer, "q.com")
		}
		writer.Close()
		if answers.Scan(); answers.Scan() || answers.Err() != nil {
			t.Errorf("after the last line comes %q (%v)", answers.Text(), answers.Err())
		}
	})
}

func TestManyLinesKeepTheirOrder(t *testing.T) {
	const lines = 20_000
	var plain, ndjson strings.Builder
	for i := range lines {
		fmt.Fprintf(&plain, "%d.tests.net\n", i)
		fmt.Fprintf(&ndjson, []string{"\"%d.tests.net\"\n", "{\"text\":\"%d.tests.net\"}\n", " {\"id\":1, \"text\" : \"%d\\u002etests.net\"}\n"}[i%3], i)
	}
	overEachProtocol(t, New(Options{Model: openToy(t)}), func(t *testing.T, address string, client *http.Client) {
		for contentType, body := range map[string]string{"text/plain; charset=utf-8": plain.String(), "application/x-ndjson": ndjson.String()} {
			response := stream(t, client, address, contentType, strings.NewReader(body))
			answers, line := bufio.NewScanner(response.Body), 0
			for ; answers.Scan(); line++ {
				if want := fmt.Sprintf(`{"text":"%d.tests.net",%s}`, line, toyBenign); answers.Text() != want {
					t.Fatalf("line %d of %s: %s, want %s", line, contentType, answers.Text(), want)
				}
			}
			if line != lines || answers.Err() != nil {
				t.Errorf("%d lines (%v), want %d", line, answers.Err(), lines)
			}
		}
	})
}

func TestBadLinesCostOnlyThemselves(t *testing.T) {
	address := newServer(t).URL
	for _, test := range []struct {
		name, contentType, body string
		want                    []string
	}{
		{"text", "text/plain", "q.com\r\n\nbad:host\nq.com", []string{
			`{"text":"q.com",` + toyDGA + `}`, `{"text":"","error":"no host in \"\""}`,
			`{"text":"bad:host","error":"port \"host\" is not a number"}`, `{"text":"q.com",` + toyDGA + `}`}},
		{"JSON", "application/x-ndjson", "\"q.com\"\n\n{}\n{\"text\":1}\n[\"q.com\"]\n\"q\n{\"text\":null}\nnull\n\"q.com\"", []string{
			`{"text":"q.com",` + toyDGA + `}`,
			`{"text":"","error":"reading the line as JSON: unexpected end of JSON input"}`,
			`{"text":"{}","error":"want a JSON string or {\"text\": \"...\"}"}`,
			`{"text":"{\"text\":1}","error":"want a JSON string or {\"text\": \"...\"}"}`,
			`{"text":"[\"q.com\"]","error":"want a JSON string or {\"text\": \"...\"}"}`,
			`{"text":"\"q","error":"reading the line as JSON: unexpected end of JSON input"}`,
			`{"text":"{\"text\":null}","error":"want a JSON string or {\"text\": \"...\"}"}`,
			`{"text":"null","error":"want a JSON string or {\"text\": \"...\"}"}`,
			`{"text":"q.com",` + toyDGA + `}`}},
		{"invalid UTF-8", "text/plain", "q.com/\xff", []string{`{"text":"q.com/\ufffd",` + toyDGA + `}`}},
		{"nothing", "text/plain", "", nil},
	} {
		t.Run(test.name, func(t *testing.T) {
			answer, err := io.ReadAll(stream(t, http.DefaultClient, address, test.contentType, strings.NewReader(test.body)).Body)
			if err != nil {
				t.Fatal(err)
			}
			want := strings.Join(test.want, "\n")
			if want != "" {
				want += "\n"
			}
			// An invalid byte reads as U+FFFD.
			if got := strings.ReplaceAll(string(answer), "\ufffd", `\ufffd`); got != want {
				t.Errorf("%s\nwant\n%s", got, want)
			}
		})
	}
}

func TestLongLinesCostOnlyThemselves(t *testing.T) {
	body := "q.com\n" + strings.Repeat("a", 1<<20) + "\n" + strings.Repeat("a", snowman.MaxLength) + "\nq.com/" + strings.Repeat("a", 1<<20) + "\nq.com\n"
	answers := bufio.NewReader(stream(t, http.DefaultClient, newServer(t).URL, "text/plain", strings.NewReader(body)).Body)
	for i, want := range []string{"", "host is longer than 65536 bytes", "", "", ""} {
		line, err := answers.ReadString('\n')
		var got struct{ Text, Error string }
		if err := errors.Join(err, json.Unmarshal([]byte(line), &got)); err != nil || got.Error != want || len(got.Text) > longestLine {
			t.Errorf("line %d: error %q, %d bytes of text (%v), want %q", i, got.Error, len(got.Text), err, want)
		}
	}
}

// A client that sends all before it reads gets an answer whose last line says what is missing. Over
// HTTP/2 it gets no such line: the update of its window waits behind the answer that it does not
// read. It is cut off there.
func TestWhoSendsAllBeforeReadingIsTold(t *testing.T) {
	overEachProtocol(t, New(Options{Model: openToy(t), Stall: time.Second}), func(t *testing.T, address string, client *http.Client) {
		sent := make(chan struct{})
		body := &closeReader{strings.NewReader(strings.Repeat("q.com/"+strings.Repeat("a", 1000)+"\n", 40_000)), sent}
		response := stream(t, client, address, "text/plain", body)
		select {
		case <-sent: // 40 MB, far more than all buffers hold, or less if the server gave up
		case <-time.After(time.Minute):
			t.Fatal("the server neither takes what it does not score nor gives up")
		}
		answers := bufio.NewScanner(response.Body)
		answered, last := 0, ""
		for answers.Scan() {
			last = answers.Text()
			answered++
		}
		if response.ProtoMajor == 2 {
			if answers.Err() == nil {
				t.Errorf("after %d lines the answer ends as if it was whole, with %s", answered, last)
			}
			return
		}
		want := fmt.Sprintf(`{"error":"the answer was not read for 1s, so lines after the first %d are not scored; read while you send"}`, answered-1)
		if answers.Err() != nil || last != want {
			t.Errorf("the answer ends (%v) with\n%s\nwant\n%s", answers.Err(), last, want)
		}
	})
}

// count returns how many streams are open.
func (s *openStreams) count() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.open)
}

// closeReader tells when the client closes a body: it has sent all, or gave up.
type closeReader struct {
	io.Reader
	closed chan struct{}
}

func (r *closeReader) Close() error {
	close(r.closed)
	return nil
}

// A client that never reads is cut off, and no goroutine stays behind.
func TestWhoNeverReadsIsCutOff(t *testing.T) {
	service := New(Options{Model: openToy(t), Stall: 50 * time.Millisecond})
	server := httptest.NewServer(service)
	defer server.Close()
	before := runtime.NumGoroutine()
	connection := must(net.Dial("tcp", server.Listener.Addr().String()))
	defer connection.Close()
	fmt.Fprint(connection, "POST /v1/score HTTP/1.1\r\nHost: localhost\r\nContent-Type: text/plain\r\nTransfer-Encoding: chunked\r\n\r\n")
	chunk := strings.Repeat("q.com\n", 1000)
	var err error
	for end := time.Now().Add(20 * time.Second); err == nil && time.Now().Before(end); {
		_, err = fmt.Fprintf(connection, "%x\r\n%s\r\n", len(chunk), chunk)
	}
	if err == nil {
		t.Error("it may send for ever")
	}
	waitFor(t, func() bool { return service.streams.count() == 0 && runtime.NumGoroutine() <= before })
}

func TestWhoLeavesIsForgotten(t *testing.T) {
	service := New(Options{Model: openToy(t)})
	overEachProtocol(t, service, func(t *testing.T, address string, client *http.Client) {
		before := runtime.NumGoroutine()
		for range 10 {
			ctx, cancel := context.WithCancel(t.Context())
			reader, writer := io.Pipe()
			request := must(http.NewRequestWithContext(ctx, "POST", address+"/v1/score", reader))
			request.Header.Set("Content-Type", "text/plain")
			go fmt.Fprintln(writer, "q.com")
			response := must(client.Do(request))
			cancel()
			response.Body.Close()
			writer.Close()
		}
		waitFor(t, func() bool {
			client.CloseIdleConnections()
			return service.streams.count() == 0 && runtime.NumGoroutine() <= before
		})
	})
}

// Bytes that follow a broken body are never read as a request.
func TestBrokenChunksEndTheAnswer(t *testing.T) {
	server := newServer(t)
	for name, broken := range map[string]string{
		"a length that is none":      "zz\r\n",
		"a length beyond all":        "fffffffffffffffff\r\n",
		"a chunk without its end":    "1\r\na0",
		"a line that does not end":   "1" + strings.Repeat(";", 5000) + "\r\n",
		"the end of a chunk missing": "5\r\nq.comxx\r\n",
	} {
		t.Run(name, func(t *testing.T) {
			connection := must(net.Dial("tcp", server.Listener.Addr().String()))
			defer connection.Close()
			fmt.Fprint(connection, "POST /v1/score HTTP/1.1\r\nHost: localhost\r\nContent-Type: text/plain\r\nTransfer-Encoding: chunked\r\n\r\n6\r\nq.com\n\r\n"+
				broken+"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n")
			reader := bufio.NewReader(connection)
			response := must(http.ReadResponse(reader, nil))
			answer, err := io.ReadAll(response.Body)
			first, last, _ := strings.Cut(strings.TrimSuffix(string(answer), "\n"), "\n")
			if err != nil || first != `{"text":"q.com",`+toyDGA+`}` || !strings.Contains(last, `{"error":"reading texts: `) {
				t.Errorf("%q (%v), want the verdict on the line that came, and then an error", answer, err)
			}
			if next, err := io.ReadAll(reader); len(next) > 0 || err != nil {
				t.Errorf("then comes %q (%v), want the end", next, err)
			}
		})
	}
}

func TestTheSilentMakeRoom(t *testing.T) {
	service := New(Options{Model: openToy(t)})
	service.streams = newOpenStreams(1, time.Millisecond)
	server := httptest.NewServer(service)
	defer server.Close()
	reader, writer := io.Pipe()
	defer writer.Close()
	go fmt.Fprintln(writer, "q.com")
	silent := bufio.NewScanner(stream(t, http.DefaultClient, server.URL, "text/plain", reader).Body)
	if !silent.Scan() {
		t.Fatal(silent.Err())
	}
	time.Sleep(10 * time.Millisecond)
	answer, err := io.ReadAll(stream(t, http.DefaultClient, server.URL, "text/plain", strings.NewReader("q.com")).Body)
	if err != nil || string(answer) != `{"text":"q.com",`+toyDGA+"}\n" {
		t.Errorf("the one that comes gets %q (%v)", answer, err)
	}
	if want := `{"error":"reading texts: little came, and others wait; 1 lines are answered"}`; !silent.Scan() || silent.Text() != want {
		t.Errorf("the silent one gets %q (%v), want %q", silent.Text(), silent.Err(), want)
	}
}

// A client that leaves while a long answer is written causes no further work.
func TestWhoLeavesALongAnswer(t *testing.T) {
	service := New(Options{Model: openToy(t)})
	written := 0
	request := httptest.NewRequest("POST", "/v1/score", strings.NewReader(`{"texts":["`+strings.Repeat(`q.com","`, maxTexts-1)+`"]}`))
	request.Header.Set("Content-Type", "application/json")
	service.ServeHTTP(failingWriter{httptest.NewRecorder(), &written}, request)
	if most := 512 << 10; written == 0 || written > most {
		t.Errorf("%d bytes are made for a client that has left, want at most %d", written, most)
	}
}

// failingWriter counts the bytes, and fails.
type failingWriter struct {
	http.ResponseWriter
	bytes *int
}

func (w failingWriter) Write(p []byte) (int, error) {
	*w.bytes += len(p)
	return 0, io.ErrClosedPipe
}

// A client that has sent all and closed its side still gets the whole answer.
func TestWhoHasSentAllStillReads(t *testing.T) {
	server := newServer(t)
	connection := must(net.Dial("tcp", server.Listener.Addr().String()))
	defer connection.Close()
	const lines = 50_000
	body := strings.Repeat("q.com\n", lines)
	fmt.Fprintf(connection, "POST /v1/score HTTP/1.1\r\nHost: localhost\r\nContent-Type: text/plain\r\nContent-Length: %d\r\n\r\n", len(body))
	go func() {
		io.WriteString(connection, body)
		connection.(*net.TCPConn).CloseWrite()
	}()
	response := must(http.ReadResponse(bufio.NewReader(connection), nil))
	answer, err := io.ReadAll(response.Body)
	if got := strings.Count(string(answer), "\n"); err != nil || got != lines {
		t.Errorf("%d lines (%v), want %d", got, err, lines)
	}

	other := must(net.Dial("tcp", server.Listener.Addr().String()))
	defer other.Close()
	body = `{"texts":["q.com"` + strings.Repeat(`,"q.com"`, maxTexts-1) + `]}`
	fmt.Fprintf(other, "POST /v1/score HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s", len(body), body)
	other.(*net.TCPConn).CloseWrite()
	response = must(http.ReadResponse(bufio.NewReader(other), nil))
	answer, err = io.ReadAll(response.Body)
	if got := strings.Count(string(answer), `"score"`); err != nil || got != maxTexts {
		t.Errorf("%d verdicts (%v), want %d", got, err, maxTexts)
	}
}

// A request whose client is gone ends, though there is more to score, and the server's end does not
// wait for it.
func TestRequestsOfClientsThatAreGoneEnd(t *testing.T) {
	const few, many = 1000, 100_000 // lines, of which the service reads all at once
	for _, test := range []struct {
		name, path string
		lines      int
	}{
		{"a log in one piece", "/v1/logs?format=list&more=true&min=high", many},
		{"a log that comes", "/v1/logs?format=list&min=high", few},
		{"lines", "/v1/score", few},
	} {
		t.Run(test.name, func(t *testing.T) {
			service := New(Options{Model: openToy(t), Stall: 50 * time.Millisecond})
			for range runtime.GOMAXPROCS(0) + 1 { // all places: nothing can be scored
				if !service.work.room.TryAcquire(1) {
					break
				}
				t.Cleanup(service.work.leave)
			}
			overEachProtocol(t, service, func(t *testing.T, address string, client *http.Client) {
				ctx, leave := context.WithCancel(t.Context())
				defer leave()
				request := must(http.NewRequestWithContext(ctx, "POST", address+test.path, strings.NewReader(strings.Repeat("q.com\n", test.lines))))
				request.Header.Set("Content-Type", "text/plain")
				answered := make(chan error, 1)
				go func() {
					response, err := client.Do(request)
					if err == nil {
						_, err = io.Copy(io.Discard, response.Body)
						response.Body.Close()
					}
					answered <- err
				}()
				waitFor(t, func() bool { return service.streams.count() == 1 })
				time.Sleep(20 * time.Millisecond)
				leave()
				<-answered
				waitFor(t, func() bool { return service.streams.count() == 0 })
			})
		})
	}
}

func TestStreamsEndWithTheServer(t *testing.T) {
	for name, start := range protocols {
		t.Run(name, func(t *testing.T) {
			service := New(Options{Model: openToy(t)})
			address, client := start(t, service)
			reader, writer := io.Pipe()
			defer writer.Close()
			go fmt.Fprintln(writer, "q.com")
			answers := bufio.NewScanner(stream(t, client, address, "text/plain", reader).Body)
			if !answers.Scan() {
				t.Fatal(answers.Err())
			}
			service.EndStreams()
			if want := `{"error":"reading texts: the server is shutting down; 1 lines are answered"}`; !answers.Scan() || answers.Text() != want {
				t.Errorf("%q (%v), want %q", answers.Text(), answers.Err(), want)
			}
			if answers.Scan() {
				t.Errorf("then comes %q", answers.Text())
			}
		})
	}
}

// A stream may be silent for longer than Options.Stall.
func TestQuietStreamsGoOn(t *testing.T) {
	overEachProtocol(t, New(Options{Model: openToy(t), Stall: 50 * time.Millisecond}), func(t *testing.T, address string, client *http.Client) {
		reader, writer := io.Pipe()
		go fmt.Fprintln(writer, "q.com")
		answers := bufio.NewScanner(stream(t, client, address, "text/plain", reader).Body)
		for range 3 {
			if !answers.Scan() || answers.Text() != `{"text":"q.com",`+toyDGA+`}` {
				t.Fatalf("%q (%v), want the verdict on the line that was sent", answers.Text(), answers.Err())
			}
			time.Sleep(150 * time.Millisecond)
			fmt.Fprintln(writer, "q.com")
		}
		writer.Close()
	})
}

// HTTP/1.0 has no chunks, so no last one either.
func TestAnswersInHTTP10(t *testing.T) {
	server := newServer(t)
	connection := must(net.Dial("tcp", server.Listener.Addr().String()))
	defer connection.Close()
	fmt.Fprint(connection, "POST /v1/score HTTP/1.0\r\nContent-Type: text/plain\r\nContent-Length: 100\r\n\r\nq.com\n")
	connection.(*net.TCPConn).CloseWrite()
	response := must(http.ReadResponse(bufio.NewReader(connection), nil))
	answer, err := io.ReadAll(response.Body)
	if want := `{"text":"q.com",` + toyDGA + "}\n" + `{"error":"reading texts: unexpected EOF; 1 lines are answered"}` + "\n"; err != nil || string(answer) != want {
		t.Errorf("%q (%v), want %q", answer, err, want)
	}
}

// After a stream its connection can be used again.
func TestConnectionIsKept(t *testing.T) {
	server := httptest.NewServer(New(Options{Model: openToy(t), Stall: 10 * time.Millisecond}))
	defer server.Close()
	connection := must(net.Dial("tcp", server.Listener.Addr().String()))
	defer connection.Close()
	reader := bufio.NewReader(connection)
	for range 3 {
		fmt.Fprint(connection, "POST /v1/score HTTP/1.1\r\nHost: localhost\r\nContent-Type: text/plain\r\nContent-Length: 5\r\n\r\nq.com")
		response := must(http.ReadResponse(reader, nil))
		if answer, err := io.ReadAll(response.Body); err != nil || string(answer) != `{"text":"q.com",`+toyDGA+"}\n" {
			t.Errorf("%q, %v", answer, err)
		}
		time.Sleep(60 * time.Millisecond) // longer than any deadline of the stream
	}
}

// FuzzService checks that no request makes the service fail: no status is 500 or above, and an
// answer that claims to be JSON is.
func FuzzService(f *testing.F) {
	for _, seed := range []struct{ method, path, query, contentType, coding, body string }{
		{"POST", "/v1/score", "", "application/json", "", `{"texts":["q.com",1]}`},
		{"POST", "/v1/score", "families=true", "text/plain", "", "q.com\n\x00\n"},
		{"POST", "/v1/score", "", "application/x-ndjson", "", "\"q.com\"\n{\"text\":\"\\ud800\"}\n"},
		{"POST", "/v2/models/snowman/infer", "", "application/json", "", `{"id":"1","inputs":[{"name":"text","shape":[1,1],"datatype":"BYTES","data":["q.com"]}],"outputs":[{"name":"kind"}]}`},
		{"POST", "/v1/explain", "", "application/json", "", `{"text":"q.com/\xff"}`},
		{"POST", "/query", "", "application/json", "", `{"module":"snowman","attribute":{"type":"domain|ip","value":"q.com|1.2.3.4","uuid":"5f6a1b2c-0000-4000-8000-000000000001","to_ids":"1"}}`},
		{"POST", "/query", "", "", "", `{"module":"snowman","email":"me@q.com","timeout":5}`},
		{"GET", "/v2/models/snowman/versions/1/ready", "", "", "", ""},
		{"OPTIONS", "/model", "", "", "", ""},
		{"GET", "/metrics", "", "", "", ""},
		{"CONNECT", "//", ";", "a/b;c", "", "\xff"},
		{"POST", "/v1/score", "", "text/plain", "gzip", gzipped("q.com\n", "x.com\n")},
		{"POST", "/v1/score", "", "application/json; charset=utf-8", "zstd", zstandard(`{"texts":["q.com"]}`)},
		{"PUT", "/model", "", "multipart/form-data; boundary=b", "identity, br", "--b\r\n"},
	} {
		f.Add(seed.method, seed.path, seed.query, seed.contentType, seed.coding, []byte(seed.body))
	}
	service := New(Options{Model: openToy(f)})
	f.Fuzz(func(t *testing.T, method, path, query, contentType, coding string, body []byte) {
		if !strings.HasPrefix(path, "/") {
			path = "/" + path
		}
		request := httptest.NewRequest("POST", "/", strings.NewReader(string(body)))
		request.Method, request.URL.Path, request.URL.RawQuery = method, path, query
		request.Header.Set("Content-Type", contentType)
		request.Header.Set("Content-Encoding", coding)
		request.ProtoMajor = 2 // the recorder cannot do what HTTP/1.1 needs for lines
		recorder := httptest.NewRecorder()
		service.ServeHTTP(recorder, request)
		if recorder.Code >= 500 {
			t.Errorf("status %d: %q", recorder.Code, recorder.Body)
		}
		answer := recorder.Body.Bytes()
		switch recorder.Header().Get("Content-Type") {
		case "application/json":
			if len(answer) > 0 && !json.Valid(answer) { // over HTTP/2 some refusals have no body
				t.Errorf("no JSON: %q", answer)
			}
		case "application/x-ndjson":
			for line := range strings.Lines(string(answer)) {
				if !json.Valid([]byte(line)) || !strings.HasSuffix(line, "\n") {
					t.Errorf("no line of JSON: %q", line)
				}
			}
		}
	})
}

// A line that makes the model panic costs its request: the client is told, and the server logs it.
func TestAPanicEndsItsStreamAlone(t *testing.T) {
	service := New(Options{Model: openToy(t)})
	var logged strings.Builder
	handler := service.handler(route{path: "/", methods: methods{"POST": func(s *Service, w *response, r *http.Request) {
		s.scoreLines(w, r, func(line pipeline.Line) (string, error) {
			if line.Text == "bad" {
				panic("a bug")
			}
			return line.Text, nil
		})
	}}}, &service.account)
	server := httptest.NewUnstartedServer(handler)
	server.Config.ErrorLog = log.New(&logged, "", 0)
	server.Start()
	lines := strings.Repeat("q.com\n", 600) // more than a chunk
	response, err := http.Post(server.URL, "text/plain", strings.NewReader(lines+"bad\n"+lines))
	if err != nil {
		t.Fatal(err)
	}
	answer, err := io.ReadAll(response.Body)
	response.Body.Close()
	if last := `{"error":"scoring failed; the log says why; `; err == nil || !strings.Contains(string(answer), last) {
		t.Errorf("the answer ends with %.200q (%v), want %q and no end", answer[max(0, len(answer)-200):], err, last)
	}
	if response, err = http.Post(server.URL, "text/plain", strings.NewReader("q.com\n")); err != nil || response.StatusCode != 200 {
		t.Errorf("the next one gets %v (%v)", response, err)
	} else {
		io.Copy(io.Discard, response.Body)
		response.Body.Close()
	}
	server.Close()
	if !strings.Contains(logged.String(), "a bug") || !strings.Contains(logged.String(), "stream_test.go") {
		t.Errorf("the log says %.300q, want what panicked and where", logged.String())
	}
	if held := service.account.held.Load(); held != 0 {
		t.Errorf("%d bytes are still counted", held)
	}
}

func TestWhichStreamEndsForAnother(t *testing.T) {
	stream := func(client string, slow, texts int64) *streamBody {
		b := &streamBody{client: client}
		b.waited.Store(slow)
		b.texts.Store(texts)
		return b
	}
	const hour = int64(time.Hour)
	for _, test := range []struct {
		name    string
		open    []*streamBody
		comes   string
		want    int // index of the stream that ends, or -1
		maxSlow time.Duration
	}{
		{"none where all get on and nobody has many", []*streamBody{stream("a", 0, 5), stream("b", 0, 5)}, "c", -1, time.Minute},
		{"the one that has been slow longest", []*streamBody{stream("a", hour, 5), stream("b", 2*hour, 5), stream("c", 0, 5)}, "d", 1, time.Minute},
		{"of those that are slow, one of who has most", []*streamBody{stream("a", hour, 5), stream("b", 2*hour, 5), stream("a", 0, 5)}, "d", 0, time.Minute},
		{"a slow one before one of who has most", []*streamBody{stream("a", 0, 5), stream("a", 0, 5), stream("a", 0, 5), stream("b", hour, 5)}, "c", 3, time.Minute},
		{"also one of one's own", []*streamBody{stream("a", hour, 5), stream("a", 0, 5)}, "a", 0, time.Minute},
		{"of who has most the one that sent least", []*streamBody{stream("a", 0, 5), stream("a", 0, 3), stream("a", 0, 4), stream("b", 0, 1)}, "b", 1, time.Minute},
		{"of who has most one that waits", []*streamBody{stream("a", 0, 5), stream("a", 1, 9), stream("a", 0, 4)}, "b", 1, time.Hour},
		{"none of who has but one more", []*streamBody{stream("a", 0, 5), stream("a", 0, 3), stream("b", 0, 1)}, "b", -1, time.Minute},
	} {
		t.Run(test.name, func(t *testing.T) {
			s := newOpenStreams(len(test.open), test.maxSlow)
			for _, body := range test.open {
				s.open[body] = true
			}
			got := s.slowest(test.comes)
			want := (*streamBody)(nil)
			if test.want >= 0 {
				want = test.open[test.want]
			}
			if got != want {
				t.Errorf("stream %d ends, want %d", slices.Index(test.open, got), test.want)
			}
		})
	}
}

// Line ends are no progress, and less than slowBytes of text are little.
func TestWhatIsProgress(t *testing.T) {
	parts := []string{"\n", "\r\n\r\n", "q\n", strings.Repeat("\n", 2*slowBytes), strings.Repeat("q", slowBytes), "\n"}
	body := &streamBody{control: http.NewResponseController(httptest.NewRecorder()), moved: true}
	var silentSince time.Time
	for i, moved := range []bool{false, false, true, false, true, false} {
		body.body = strings.NewReader(parts[i])
		before := body.moved
		if _, err := body.Read(make([]byte, 4*slowBytes)); err != nil {
			t.Fatal(err)
		}
		if !before && body.silentSince != silentSince {
			t.Errorf("read %d: it is silent since %v, want %v as before", i, body.silentSince, silentSince)
		}
		silentSince = body.silentSince
		if body.moved != moved || (body.slow() == 0) != (i == 4) {
			t.Errorf("after %.10q: progress %v, slow for %v", parts[i], body.moved, body.slow())
		}
	}
	if sent := body.texts.Load(); sent != slowBytes+1 {
		t.Errorf("%d bytes of text came, want %d", sent, slowBytes+1)
	}
}

// A stream reads no further than its room goes while its client takes nothing.
func TestRoomOfAStream(t *testing.T) {
	w := newWaitingWriter()
	request := httptest.NewRequest("POST", "/", nil)
	o := newStreamOutput(&response{ResponseWriter: w}, request, http.NewResponseController(w), 10*time.Millisecond, streamBytes, func() {})
	if err := o.reserve(t.Context(), streamBytes); err != nil {
		t.Fatal(err)
	}
	if err := o.send(scored{[]byte("q"), streamBytes}); err != nil {
		t.Fatal(err)
	}
	<-w.asked
	if err := o.reserve(t.Context(), 1); !errors.Is(err, errStalled) {
		t.Errorf("there is room while the client does not read: %v", err)
	}
	w.takes <- true
	if err := o.reserve(t.Context(), streamBytes); err != nil {
		t.Errorf("there is no room though all was written: %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := o.reserve(ctx, 1); !errors.Is(err, context.Canceled) {
		t.Errorf("it waits for a stream that has ended: %v", err)
	}
	o.release(streamBytes)
	if err := o.finish(nil); err != nil {
		t.Error(err)
	}
}
