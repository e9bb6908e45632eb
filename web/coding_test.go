package web

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strings"
	"testing"

	"github.com/klauspost/compress/zstd"
)

func gzipped(parts ...string) string {
	var out bytes.Buffer
	for _, part := range parts { // each a member
		writer := gzip.NewWriter(&out)
		io.WriteString(writer, part)
		writer.Close()
	}
	return out.String()
}

func zstandard(parts ...string) string {
	var out bytes.Buffer
	for _, part := range parts { // each a frame
		writer := must(zstd.NewWriter(&out, zstd.WithEncoderConcurrency(1)))
		io.WriteString(writer, part)
		writer.Close()
	}
	return out.String()
}

// bodies are a request for each route that reads a body.
var bodies = []struct{ name, method, path, contentType, body, want string }{
	{"a form", "PUT", "/model", formType, "url=q.com", `"score": "0.28801"`},
	{"a form without a type", "POST", "/model", "", "url=q.com", `"score": "0.28801"`},
	{"a form of several parts", "PUT", "/model", "multipart/form-data; boundary=b", "--b\r\nContent-Disposition: form-data; name=\"url\"\r\n\r\nq.com\r\n--b--\r\n", `"score": "0.28801"`},
	{"JSON for /model", "POST", "/model", "application/json", `{"url":"q.com"}`, `"score": "0.28801"`},
	{"JSON", "POST", "/v1/score", "application/json", `{"texts":["q.com"]}`, `{"verdicts":[{"text":"q.com",` + toyDGA + `}]}`},
	{"lines", "POST", "/v1/score", "text/plain", "q.com\n", `{"text":"q.com",` + toyDGA + `}`},
	{"lines of JSON", "POST", "/v1/score", "application/x-ndjson", "\"q.com\"\n", `{"text":"q.com",` + toyDGA + `}`},
	{"a text to explain", "POST", "/v1/explain", "application/json", `{"text":"q.com"}`, `"text":"q.com"`},
	{"tensors", "POST", "/v2/models/snowman/infer", "application/json", `{"inputs":[{"name":"text","shape":[1],"datatype":"BYTES","data":["q.com"]}]}`, `"data":["dga"]`},
}

// sendCoded sends a request with a Content-Encoding, and returns the answer.
func sendCoded(t *testing.T, address, method, path, contentType, coding string, body io.Reader) (*http.Response, string) {
	t.Helper()
	request := must(http.NewRequestWithContext(t.Context(), method, address+path, body))
	if contentType != "" {
		request.Header.Set("Content-Type", contentType)
	}
	if coding != "" {
		request.Header.Set("Content-Encoding", coding)
	}
	if request.URL.Fragment == "tabs" { // which is not sent
		request.Header.Set("Accept", "text/tab-separated-values")
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	answer, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return response, string(answer)
}

func TestCharsets(t *testing.T) {
	server := newServer(t)
	for _, b := range bodies {
		for _, test := range []struct {
			charset string
			status  int
		}{
			{"charset=utf-8", 200}, {"charset=UTF-8", 200}, {`Charset="utf8"`, 200}, {"charset=us-ascii", 200}, {"a=b", 200},
			{"charset=utf-16", 415}, {"charset=UTF-16LE", 415}, {"charset=iso-8859-1", 415}, {"charset=windows-1252", 415}, {`charset="koi8-r"`, 415},
			{"charset*=us-ascii'en'utf-16", 415}, {"charset=utf-8; charset=utf-16", 415}, {`charset="utf-16`, 415}, {"charset=utf-8 utf-16", 415},
		} {
			if b.contentType == "" {
				continue
			}
			response, got := answerOf(t, b.method, server.URL+b.path, b.contentType+"; "+test.charset, strings.NewReader(b.body))
			if response.StatusCode != test.status || test.status == 200 && !strings.Contains(got, b.want) || response.Header.Get("Accept-Encoding") != "" {
				t.Errorf("%s; %s: %s, %s, want %d", b.name, test.charset, response.Status, got, test.status)
			}
		}
	}
	const part = "--b\r\nContent-Disposition: form-data; name=\"url\"\r\nContent-Type: text/plain; charset=utf-16\r\n\r\nq.com\r\n--b--\r\n"
	if response, got := answerOf(t, "PUT", server.URL+"/model", "multipart/form-data; boundary=b", strings.NewReader(part)); response.StatusCode != 415 {
		t.Errorf("a part in UTF-16: %s, %s, want 415", response.Status, got)
	}
	request := must(http.NewRequest("POST", server.URL+"/v1/score", strings.NewReader("q.com")))
	request.Header["Content-Type"] = []string{"text/plain", "text/plain; charset=utf-16"}
	response := must(http.DefaultClient.Do(request))
	response.Body.Close()
	if response.StatusCode != 415 {
		t.Errorf("two types: %s, want 415", response.Status)
	}
}

func TestContentEncodings(t *testing.T) {
	service := New(Options{Model: openToy(t)})
	server := httptest.NewServer(service)
	defer server.Close()
	for _, b := range bodies {
		half := len(b.body) / 2
		for _, test := range []struct {
			name, coding, body string
			status             int
		}{
			{"none", "identity", b.body, 200},
			{"gzip", "gzip", gzipped(b.body), 200},
			{"its old name", "x-gzip", gzipped(b.body), 200},
			{"beside none", "identity, GZIP", gzipped(b.body), 200},
			{"several members", "gzip", gzipped(b.body[:half], "", b.body[half:]), 200},
			{"zstd", "zstd", zstandard(b.body), 200},
			{"several frames", "zstd", "\x50\x2a\x4d\x18\x03\x00\x00\x00abc" + zstandard(b.body[:half], "", b.body[half:]), 200},
			{"a small frame", "zstd", string(must(zstd.NewWriter(nil)).EncodeAll([]byte(b.body), nil)), 200},
			{"brotli", "br", b.body, 415},
			{"deflate", "deflate", b.body, 415},
			{"two", "gzip, zstd", gzipped(b.body), 415},
			{"the same twice", "gzip,gzip", gzipped(gzipped(b.body)), 415},
			{"a window of 128 MiB", "zstd", "\x28\xb5\x2f\xfd\x00\x88", 415},
			{"a frame of 1 GiB in one segment", "zstd", "\x28\xb5\x2f\xfd\xa0\x00\x00\x00\x40", 415},
		} {
			for _, body := range []io.Reader{strings.NewReader(test.body), io.MultiReader(strings.NewReader(test.body))} {
				response, got := sendCoded(t, server.URL, b.method, b.path, b.contentType, test.coding, body)
				if response.StatusCode != test.status || test.status == 200 && !strings.Contains(got, b.want) {
					t.Errorf("%s, %s: %s, %s, want %d", b.name, test.name, response.Status, got, test.status)
				}
				if accepts := response.Header.Get("Accept-Encoding"); (accepts == "gzip, zstd, identity") != (test.status == 415) {
					t.Errorf("%s, %s: Accept-Encoding %q", b.name, test.name, accepts)
				}
			}
		}
	}
	if service.decoding.taken != 0 || len(service.decoding.taking) != 0 {
		t.Errorf("%d bytes of %v are not given back", service.decoding.taken, service.decoding.taking)
	}
}

func TestBrokenContentEncodings(t *testing.T) {
	server := newServer(t)
	const body = "url=q.com"
	for _, test := range []struct{ name, coding, body, want string }{
		{"no gzip", "gzip", body, "the body is no gzip: "},
		{"gzip cut short", "gzip", gzipped(body)[:20], "the body is no gzip: unexpected EOF"},
		{"a wrong sum", "gzip", gzipped(body)[:len(gzipped(body))-5] + "12345", "the body is no gzip: gzip: invalid checksum"},
		{"more behind gzip", "gzip", gzipped(body) + "more behind it", "the body is no gzip: gzip: invalid header"},
		{"no zstd", "zstd", body, "the body is no zstd: "},
		{"zstd cut short", "zstd", zstandard(body)[:14], "the body is no zstd: unexpected EOF"},
		{"a header cut short", "zstd", "\x28\xb5\x2f", "the body is no zstd: unexpected EOF"},
		{"more behind zstd", "zstd", zstandard(body) + "more behind it", "the body is no zstd: "},
		{"a later frame with a larger window", "zstd", zstandard(body) + "\x28\xb5\x2f\xfd\x00\x88", "the zstd of the body needs a window of 134217728 bytes"},
		{"zstd of another dictionary", "zstd", "\x28\xb5\x2f\xfd\x01\x00\x07", "the body is no zstd: "},
		{"nothing", "gzip", "", "url is missing"},
		{"nothing", "zstd", "", "url is missing"},
	} {
		for name, body := range map[string]io.Reader{"": strings.NewReader(test.body), " in chunks": io.MultiReader(strings.NewReader(test.body))} {
			response, got := sendCoded(t, server.URL, "PUT", "/model", formType, test.coding, body)
			want := http.StatusBadRequest
			if strings.Contains(test.want, "needs") {
				want = http.StatusUnsupportedMediaType
			}
			if response.StatusCode != want || !strings.Contains(got, test.want) {
				t.Errorf("%s%s: %s, %s, want %d, %s", test.name, name, response.Status, got, want, test.want)
			}
		}
	}
}

// TestACodedBodyThatIsCutIsNoWholeOne cuts the connection's body, where the decoder would take what
// came for all.
func TestACodedBodyThatIsCutIsNoWholeOne(t *testing.T) {
	service := New(Options{Model: openToy(t)})
	for coding, body := range map[string]string{"gzip": gzipped("url=q.co"), "zstd": zstandard("url=q.co")} {
		request := httptest.NewRequest("PUT", "/model", io.MultiReader(strings.NewReader(body), errorReader{io.ErrUnexpectedEOF}))
		request.Header.Set("Content-Encoding", coding)
		recorder := httptest.NewRecorder()
		service.ServeHTTP(recorder, request)
		if recorder.Code != http.StatusBadRequest {
			t.Errorf("%s: %d, %s, want 400", coding, recorder.Code, recorder.Body)
		}
	}
}

func TestAChunkedBodyThatIsCutIsNoWholeOne(t *testing.T) {
	server := newServer(t)
	connection := must(net.Dial("tcp", server.Listener.Addr().String()))
	defer connection.Close()
	fmt.Fprint(connection, "PUT /model HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n9\r\nurl=q.co")
	connection.(*net.TCPConn).CloseWrite()
	response := must(http.ReadResponse(bufio.NewReader(connection), nil))
	answer := must(io.ReadAll(response.Body))
	if response.StatusCode != http.StatusBadRequest {
		t.Errorf("%s, %s, want 400", response.Status, answer)
	}
}

type errorReader struct{ err error }

func (r errorReader) Read([]byte) (int, error) { return 0, r.err }

func TestCodedLinesAreAnsweredWhileTheyCome(t *testing.T) {
	type flusher interface {
		io.WriteCloser
		Flush() error
	}
	overEachProtocol(t, New(Options{Model: openToy(t)}), func(t *testing.T, address string, client *http.Client) {
		for _, test := range []struct {
			name, coding string
			open         func(io.Writer) flusher
			closes       bool // each line is a member or frame of its own
		}{
			{"flushed gzip", "gzip", func(w io.Writer) flusher { return gzip.NewWriter(w) }, false},
			{"members of gzip", "gzip", func(w io.Writer) flusher { return gzip.NewWriter(w) }, true},
			{"flushed zstd", "zstd", func(w io.Writer) flusher { return must(zstd.NewWriter(w)) }, false},
			{"frames of zstd", "zstd", func(w io.Writer) flusher { return must(zstd.NewWriter(w)) }, true},
		} {
			reader, writer := io.Pipe()
			lines, done := make(chan bool), make(chan bool)
			go func() {
				defer close(done)
				coder := test.open(writer)
				for range lines {
					fmt.Fprintln(coder, `{"text":"q.com"}`)
					if !test.closes {
						coder.Flush()
						continue
					}
					coder.Close()
					coder = test.open(writer)
				}
				coder.Close()
				writer.Close()
			}()
			request := must(http.NewRequestWithContext(t.Context(), "POST", address+"/v1/score", reader))
			request.Header.Set("Content-Type", "application/x-ndjson")
			request.Header.Set("Content-Encoding", test.coding)
			lines <- true
			response := must(client.Do(request))
			answers := bufio.NewScanner(response.Body)
			for range 3 {
				if !answers.Scan() || answers.Text() != `{"text":"q.com",`+toyDGA+`}` {
					t.Fatalf("%s: %q (%v), want the verdict on the line that was sent", test.name, answers.Text(), answers.Err())
				}
				lines <- true
			}
			close(lines)
			<-done
			if answers.Scan(); answers.Scan() || answers.Err() != nil {
				t.Errorf("%s: after the last line comes %q (%v)", test.name, answers.Text(), answers.Err())
			}
			response.Body.Close()
		}
	})
}

// spaces are any number of spaces, which decompress from next to nothing.
type spaces struct{ left int }

func (s *spaces) Read(p []byte) (int, error) {
	if s.left == 0 {
		return 0, io.EOF
	}
	n := min(len(p), s.left)
	for i := range p[:n] {
		p[i] = ' '
	}
	s.left -= n
	return n, nil
}

// TestBombs checks that a body that decompresses to much more takes no memory to speak of.
func TestBombs(t *testing.T) {
	const size, bound = 128 << 20, 24 << 20
	bombs := map[string]string{}
	var out bytes.Buffer
	coder := gzip.NewWriter(&out)
	io.Copy(coder, &spaces{size})
	coder.Close()
	bombs["gzip"] = out.String()
	out.Reset()
	zcoder := must(zstd.NewWriter(&out, zstd.WithWindowSize(mostWindow)))
	io.Copy(zcoder, &spaces{size})
	zcoder.Close()
	bombs["zstd"] = out.String()
	out = bytes.Buffer{}

	server := newServer(t)
	for coding, bomb := range bombs {
		for _, b := range bodies {
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			response, got := sendCoded(t, server.URL, b.method, b.path, b.contentType, coding, strings.NewReader(bomb))
			runtime.ReadMemStats(&after)
			want := http.StatusRequestEntityTooLarge
			if strings.Contains(b.name, "lines") {
				want = http.StatusOK
			}
			if response.StatusCode != want || want == http.StatusOK && !strings.Contains(got, `"error":"`) {
				t.Errorf("%s, %s: %s, %.200s, want %d", coding, b.name, response.Status, got, want)
			}
			if took := after.TotalAlloc - before.TotalAlloc; took > bound {
				t.Errorf("%s, %s: %d bytes are taken, want at most %d", coding, b.name, took, bound)
			}
		}
	}
}

func TestNoClientTakesAllMemoryForDecompressing(t *testing.T) {
	var d decoding
	const window = zstdMemory + mostWindow
	first := &share{of: &d, client: "a"}
	if err := first.take(window); err != nil {
		t.Fatal(err)
	}
	taken := int64(window)
	for (&share{of: &d, client: "a"}).take(window) == nil {
		taken += window
	}
	if taken > mostDecoding/2 || taken < mostDecoding/2-window {
		t.Errorf("a client takes %d bytes, want half of %d", taken, mostDecoding)
	}
	for i := 0; (&share{of: &d, client: fmt.Sprint(i)}).take(window) == nil; i++ {
	}
	if d.taken > mostDecoding || d.taken < mostDecoding-window {
		t.Errorf("all take %d bytes, want up to %d", d.taken, mostDecoding)
	}
	first.give()
	if first.take(1) == nil {
		t.Error("a body that has ended takes more")
	}
	if err := (&share{of: &d, client: "a"}).take(window); err != nil {
		t.Errorf("what was given back cannot be taken: %v", err)
	}

	service := New(Options{Model: openToy(t)})
	service.decoding.taken = mostDecoding
	request := httptest.NewRequest("PUT", "/model", strings.NewReader(gzipped("url=q.com")))
	request.Header.Set("Content-Encoding", "gzip")
	recorder := httptest.NewRecorder()
	if service.ServeHTTP(recorder, request); recorder.Code != http.StatusTooManyRequests {
		t.Errorf("without memory: %d, want 429", recorder.Code)
	}
}

// FuzzDecodedBody checks that a body is decoded as the decoders do it by themselves, or is an
// error, and that the memory for it is given back.
func FuzzDecodedBody(f *testing.F) {
	for _, body := range []string{"", gzipped("a"), gzipped("a", "", "b"), zstandard("a"), zstandard("a", "", "b"), "\x50\x2a\x4d\x18\x03\x00\x00\x00abc" + zstandard("a"), "\x28\xb5\x2f\xfd\x00\x88", zstandard(strings.Repeat("a", 1<<20))} {
		f.Add(true, []byte(body))
		f.Add(false, []byte(body))
	}
	service := New(Options{Model: openToy(f)})
	f.Fuzz(func(t *testing.T, isZstd bool, body []byte) {
		const most = 16 << 20
		request := httptest.NewRequest("POST", "/v1/score", bytes.NewReader(body))
		coding, want, wantErr := "gzip", []byte(nil), error(nil)
		if isZstd {
			coding = "zstd"
			decoder := must(zstd.NewReader(nil, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxMemory(most)))
			want, wantErr = decoder.DecodeAll(body, nil)
		} else if reader, err := gzip.NewReader(bytes.NewReader(body)); err != nil {
			if wantErr = err; err == io.EOF { // an empty body
				wantErr = nil
			}
		} else {
			want, wantErr = io.ReadAll(io.LimitReader(reader, most))
		}
		request.Header.Set("Content-Encoding", coding)
		done, err := service.openBody(new(response), request)
		var got []byte
		if err == nil {
			got, err = io.ReadAll(io.LimitReader(request.Body, most))
			done()
		}
		_, isUnsupported := errors.AsType[unsupportedError](err)
		switch {
		case len(got) == most || len(want) == most || isUnsupported || errors.Is(wantErr, zstd.ErrDecoderSizeExceeded):
		case (err == nil) != (wantErr == nil), err == nil && !bytes.Equal(got, want):
			t.Errorf("%s %q: %d bytes, %v, want %d bytes, %v", coding, body, len(got), err, len(want), wantErr)
		}
		if service.decoding.taken != 0 {
			t.Errorf("%d bytes are not given back", service.decoding.taken)
		}
	})
}
