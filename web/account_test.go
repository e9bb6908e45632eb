package web

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"runtime"
	"strings"
	"testing"
	"unsafe"
)

// A waitingWriter is a client that takes no byte until it is told to.
type waitingWriter struct {
	header  http.Header
	code    int
	asked   chan []byte // gets what is to be written, when it is
	takes   chan bool
	written int
}

func newWaitingWriter() *waitingWriter {
	return &waitingWriter{header: make(http.Header), asked: make(chan []byte), takes: make(chan bool)}
}

func (w *waitingWriter) Header() http.Header  { return w.header }
func (w *waitingWriter) Flush()               {}
func (w *waitingWriter) WriteHeader(code int) { w.code = code }
func (w *waitingWriter) Write(p []byte) (int, error) {
	w.asked <- p
	<-w.takes
	w.written += len(p)
	return len(p), nil
}

// takeAll takes the rest of an answer, of which one piece waits.
func (w *waitingWriter) takeAll(served <-chan struct{}) {
	for {
		select {
		case w.takes <- true:
		case <-w.asked:
		case <-served:
			return
		}
	}
}

// serve lets a handler answer, and returns a channel that is closed when it has.
func serve(handler http.Handler, w http.ResponseWriter, method, path, contentType, body string) <-chan struct{} {
	request := httptest.NewRequest(method, path, strings.NewReader(body))
	request.Header.Set("Content-Type", contentType)
	served := make(chan struct{})
	go func() {
		defer close(served)
		handler.ServeHTTP(w, request)
	}()
	return served
}

const jsonBody = "application/json"

// While an answer waits for its client it is counted, and holds nothing that others wait for.
func TestAnswersThatWait(t *testing.T) {
	long := strings.Repeat("q.", maxExplained/2-2) + "com"
	texts := `["` + strings.Repeat(`q.com","`, 999) + `q.com"]`
	for _, test := range []struct{ name, method, path, contentType, body string }{
		{"many texts", "POST", "/v1/score", jsonBody, `{"texts":` + texts + `}`},
		{"an inference", "POST", "/v2/models/snowman/infer", jsonBody, `{"inputs":[{"name":"text","shape":[1000],"datatype":"BYTES","data":` + texts + `}]}`},
		{"an explanation", "POST", "/v1/explain", jsonBody, `{"text":"` + long + `"}`},
		{"a long text", "PUT", "/model", formType, "url=" + strings.Repeat("q", 30_000) + ".com"},
	} {
		t.Run(test.name, func(t *testing.T) {
			service := New(Options{Model: openToy(t)})
			places := max(2, int64(runtime.GOMAXPROCS(0)))
			w := newWaitingWriter()
			served := serve(service, w, test.method, test.path, test.contentType, test.body)
			select {
			case <-w.asked:
			case <-served:
				t.Fatal("it is answered without a word")
			}
			if !service.work.room.TryAcquire(places) || !service.slow.room.TryAcquire(2*int64(runtime.GOMAXPROCS(0))) {
				t.Error("something that others wait for is held while the client reads")
			}
			held := service.account.held.Load()
			w.takeAll(served)
			if w.code > http.StatusOK || w.written <= smallAnswer {
				t.Fatalf("status %d, %d bytes", w.code, w.written)
			}
			if held < int64(w.written) {
				t.Errorf("%d bytes are counted while an answer of %d waits", held, w.written)
			}
			if held = service.account.held.Load(); held != 0 {
				t.Errorf("afterwards %d bytes are counted", held)
			}
		})
	}
}

// Where others hold most of what there is, what is small is still answered, and probes always are.
func TestWhatIsAnsweredWhenMuchIsHeld(t *testing.T) {
	large := `{"texts":["` + strings.Repeat(`q.com","`, 999) + `q.com"]}`
	unread := `{"texts":["` + strings.Repeat("q", smallBody) + `"]}`
	for _, test := range []struct {
		name, method, path, contentType, body string
		held                                  int64
		want                                  int
	}{
		{"room for large answers", "POST", "/v1/score", jsonBody, large, roomForLarge - 2<<20, 200},
		{"no room for a large answer", "POST", "/v1/score", jsonBody, large, roomForLarge - requestBytes, 429},
		{"no room for a large body", "POST", "/v1/score", jsonBody, unread, roomForLarge - requestBytes, 429},
		{"no room for a stream", "POST", "/v1/score", "text/plain", "q.com", roomForLarge - requestBytes, 429},
		{"room for a small one", "POST", "/v1/score", jsonBody, `{"texts":["q.com"]}`, roomForLarge, 200},
		{"no room for a small one", "PUT", "/model", formType, "url=q.com", roomForSmall, 429},
		{"room for probes", "GET", "/readyz", "", "", roomForSmall, 200},
		{"room for metrics", "GET", "/metrics", "", "", roomForLarge, 200},
		{"no room for metrics", "GET", "/metrics", "", "", roomForSmall, 429},
		{"none for what is no probe", "POST", "/readyz", "", "", roomForSmall, 429},
		{"a body that is none", "GET", "/readyz", "", "q", 0, 400},
		{"no room at all", "GET", "/readyz", "", "", roomForAll, 429},
	} {
		t.Run(test.name, func(t *testing.T) {
			service := New(Options{Model: openToy(t)})
			service.account.take(test.held, roomForAll)
			w := httptest.NewRecorder()
			<-serve(service, w, test.method, test.path, test.contentType, test.body)
			if w.Code != test.want || w.Code == 429 && w.Header().Get("Retry-After") == "" {
				t.Errorf("status %d, want %d: %.200s", w.Code, test.want, w.Body)
			}
			if held := service.account.held.Load(); held != test.held {
				t.Errorf("%d bytes are counted afterwards, %d before", held, test.held)
			}
		})
	}
	t.Run("the other listener", func(t *testing.T) {
		service := New(Options{Model: openToy(t)})
		service.account.take(roomForAll, roomForAll)
		for path, want := range map[string]int{"/healthz": 200, "/readyz": 200, "/metrics": 200, "/v2/health/ready": 200, "/model": 404, "/v1/score": 404, "/": 404} {
			w := httptest.NewRecorder()
			<-serve(service.Probes(), w, "GET", path, "", "")
			if w.Code != want {
				t.Errorf("GET %s: status %d, want %d", path, w.Code, want)
			}
		}
	})
}

// Over HTTP/2 a refusal that is not counted has no body, which could wait for the client.
func TestRefusalsThatAreNotCounted(t *testing.T) {
	service := New(Options{Model: openToy(t)})
	service.account.take(roomForAll, roomForAll)
	overEachProtocol(t, service, func(t *testing.T, address string, client *http.Client) {
		response, err := client.Get(address + "/healthz")
		if err != nil {
			t.Fatal(err)
		}
		defer response.Body.Close()
		body, err := io.ReadAll(response.Body)
		if err != nil || response.StatusCode != http.StatusTooManyRequests || (len(body) > 0) != (response.ProtoMajor == 1) {
			t.Errorf("%s, %q (%v)", response.Status, body, err)
		}
	})
}

// One client leaves room for the others.
func TestWhatOneClientMayHold(t *testing.T) {
	var a account
	if !a.takeLarge("a", roomForOne) || a.takeLarge("a", 1) {
		t.Errorf("a client holds %d bytes, want %d at most", a.held.Load(), roomForOne)
	}
	if !a.takeLarge("b", roomForLarge-roomForOne) || a.takeLarge("c", 1) {
		t.Errorf("all hold %d bytes, want %d", a.held.Load(), roomForLarge)
	}
	a.giveLarge("a", roomForOne)
	if a.takeLarge("b", roomForOne) || !a.takeLarge("a", roomForOne) {
		t.Error("what one gives back is not its own to take again")
	}
	a.giveLarge("a", roomForOne)
	a.giveLarge("b", roomForLarge-roomForOne)
	if a.held.Load() != 0 || len(a.byClient) > 0 {
		t.Errorf("%d bytes of %v are left", a.held.Load(), a.byClient)
	}
}

func TestBadTextsAreNotEchoedWhole(t *testing.T) {
	bad := strings.Repeat(`\u007f`, 20_000)
	w := httptest.NewRecorder()
	<-serve(New(Options{Model: openToy(t)}), w, "POST", "/v1/score", jsonBody, `{"texts":["`+bad+`","`+bad+`"]}`)
	if w.Code != 200 || strings.Count(w.Body.String(), `"error"`) != 2 || w.Body.Len() > 2<<10 {
		t.Errorf("status %d, %d bytes: %.300s", w.Code, w.Body.Len(), w.Body)
	}
}

// All clients share the bytes of a page.
func TestPagesAreNotCopied(t *testing.T) {
	service := New(Options{})
	for _, path := range []string{"/card", "/", "/assets/snowman.css", "/assets/picture.css"} {
		var first *byte
		for range 2 {
			w := newWaitingWriter()
			served := serve(service, w, "GET", path, "", "")
			piece := <-w.asked
			if data := unsafe.SliceData(piece); first == nil {
				first = data
			} else if data != first {
				t.Errorf("%s is copied for each client", path)
			}
			w.takeAll(served)
			if length := w.header.Get("Content-Length"); length != fmt.Sprint(w.written) {
				t.Errorf("%s: Content-Length %q, %d bytes are written", path, length, w.written)
			}
		}
	}
}

func TestJSONThatSwells(t *testing.T) {
	service := New(Options{Model: openToy(t)})
	var members strings.Builder
	for i := range maxMembers + 1 {
		fmt.Fprintf(&members, `"%d":0,`, i)
	}
	for name, body := range map[string]string{
		"many inputs":  `{"inputs":[` + strings.Repeat(`{"data":["q.com"]},`, maxInputs) + `{}]}`,
		"many outputs": `{"outputs":[` + strings.Repeat(`{"name":"score"},`, maxInputs) + `{}]}`,
		"many members": `{"parameters":{` + members.String() + `"last":0}}`,
	} {
		w := httptest.NewRecorder()
		<-serve(service, w, "POST", "/v2/models/snowman/infer", jsonBody, body)
		if w.Code != http.StatusRequestEntityTooLarge {
			t.Errorf("%s: status %d: %.200s", name, w.Code, w.Body)
		}
	}
}

func TestLongTextsAreNotExplained(t *testing.T) {
	for length, want := range map[int]int{maxExplained: 200, maxExplained + 1: 413} {
		w := httptest.NewRecorder()
		text := "q.com/" + strings.Repeat("q", length-len("q.com/"))
		<-serve(New(Options{Model: openToy(t)}), w, "POST", "/v1/explain", jsonBody, `{"text":"`+text+`"}`)
		if w.Code != want {
			t.Errorf("%d bytes: status %d, want %d: %.200s", length, w.Code, want, w.Body)
		}
	}
}

// A flushedWriter is a client over HTTP/2 whose window lets an answer through when it is flushed.
type flushedWriter struct {
	*httptest.ResponseRecorder
	flush func()
}

func (w *flushedWriter) FlushError() error {
	w.flush()
	return nil
}

// net/http would keep a small answer over HTTP/2 until the window opens, and the handler would end.
func TestSmallAnswersOverHTTP2AreCountedUntilTheyAreWritten(t *testing.T) {
	for path, want := range map[string]int{"/healthz": 200, "/": 200, "/nothing": 404, "/v1/score": 405} {
		service := New(Options{Model: openToy(t)})
		request := httptest.NewRequest("GET", path, nil)
		request.ProtoMajor, request.ProtoMinor = 2, 0
		var held []int64
		w := &flushedWriter{ResponseRecorder: httptest.NewRecorder()}
		w.flush = func() { held = append(held, service.account.held.Load()) }
		service.ServeHTTP(w, request)
		if w.Code != want || len(held) != 1 || held[0] < requestBytes {
			t.Errorf("%s: status %d, want %d; %v bytes are counted when it is flushed", path, w.Code, want, held)
		}
		if left := service.account.held.Load(); left != 0 {
			t.Errorf("%s: afterwards %d bytes are counted", path, left)
		}
	}
}

// Where all else is taken, probes over HTTP/2 are answered with what waits for no window.
func TestProbesOverHTTP2WaitForNothing(t *testing.T) {
	service := New(Options{Model: openToy(t)})
	service.account.take(roomForSmall, roomForSmall)
	for path, want := range map[string]int{"/healthz": 200, "/readyz": 200, "/v2/health/live": 200, "/metrics": 429} {
		request := httptest.NewRequest("GET", path, nil)
		request.ProtoMajor, request.ProtoMinor = 2, 0
		w := &flushedWriter{ResponseRecorder: httptest.NewRecorder(), flush: func() { t.Error("it waits for its client") }}
		service.ServeHTTP(w, request)
		if w.Code != want || w.Body.Len() > 0 {
			t.Errorf("%s: status %d, want %d, and %d bytes", path, w.Code, want, w.Body.Len())
		}
	}
}

// The requests of one address leave room for those of others, whatever else it holds.
func TestRequestsOfOneAddress(t *testing.T) {
	service := New(Options{Model: openToy(t)})
	service.account.takeLarge("192.0.2.1", roomForOne)
	service.account.takeRequest(netip.MustParsePrefix("192.0.2.1/32"), roomForAddress)
	for address, want := range map[string]int{"192.0.2.1:1": 429, "192.0.2.2:1": 200} {
		request := httptest.NewRequest("POST", "/model?url=q.com", nil)
		request.RemoteAddr = address
		w := httptest.NewRecorder()
		service.ServeHTTP(w, request)
		if w.Code != want {
			t.Errorf("%s: status %d, want %d: %s", address, w.Code, want, w.Body)
		}
	}
}

// A header of 16 KiB was measured to take 72 KiB where it has many fields, and 36 where it has one.
func TestBytesOfRequests(t *testing.T) {
	many, long := make(http.Header), http.Header{"X": {strings.Repeat("x", 16<<10)}}
	for i := range 470 {
		many[fmt.Sprint(i)] = []string{""}
	}
	for _, test := range []struct {
		name        string
		header      http.Header
		least, most int64
	}{
		{"none", nil, requestBytes, requestBytes + 1<<10},
		{"many fields", many, 72 << 10, 96 << 10},
		{"a long one", long, 36 << 10, 64 << 10},
	} {
		request := httptest.NewRequest("GET", "/", nil)
		request.Header = test.header
		if bytes := bytesOfRequest(request); bytes < test.least || bytes > test.most {
			t.Errorf("%s: %d bytes", test.name, bytes)
		}
	}
}

// One client leaves places at a gate for others to wait in.
func TestPlacesOfOneClientAtAGate(t *testing.T) {
	g := newGate(1, 4)
	for i, test := range []struct {
		client string
		want   bool
	}{{"a", true}, {"a", true}, {"a", false}, {"b", true}, {"c", true}, {"d", false}} {
		if g.queue(test.client) != test.want {
			t.Errorf("%d: that %s may wait is %v, want %v", i, test.client, !test.want, test.want)
		}
	}
	g.unqueue("a")
	if g.queue("b") != true || g.queue("a") {
		t.Error("a place that one gives back is not for the next")
	}
}
