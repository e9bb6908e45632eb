package web

import (
	"bytes"
	"encoding/json"
	"errors"
	"math/rand/v2"
	"net/http"
	"os"
	"strconv"
	"sync"

	"github.com/snowman-ml/snowman/internal/visible"
)

// A response is the http.ResponseWriter of one request. It remembers what the log says of the
// request.
type response struct {
	http.ResponseWriter
	id    string // of the request
	code  int    // 0 until the header is written
	bytes int64
	texts int    // scored, or found to be no name or URL
	key   string // name of the API key that let the request in
	cut   string // why the response is not complete, empty if it is
	page  bool   // people read it, so a refusal is a page
	brief bool   // its status is all, which waits for no window of HTTP/2
}

var responsePool = sync.Pool{New: func() any { return new(response) }}

// newResponse returns the response to a request. Its id is the one that the request brought, or a
// new one.
func newResponse(w http.ResponseWriter, r *http.Request) *response {
	made := responsePool.Get().(*response)
	*made = response{ResponseWriter: w}
	if given := r.Header["X-Request-Id"]; len(given) == 1 && isRequestID(given[0]) {
		made.id = given[0]
	} else {
		made.id = strconv.FormatUint(rand.Uint64()|1<<63, 16)
	}
	w.Header()["X-Request-Id"] = []string{made.id}
	return made
}

// isRequestID reports whether a request's own id can be logged and sent back unchanged.
func isRequestID(id string) bool {
	if id == "" || len(id) > 128 {
		return false
	}
	for i := range len(id) {
		c := id[i]
		if (c < '0' || c > '9') && (c|0x20 < 'a' || c|0x20 > 'z') && c != '-' && c != '_' && c != '.' && c != ':' && c != '/' {
			return false
		}
	}
	return true
}

// free ends the use of a response.
func (w *response) free() { responsePool.Put(w) }

// status returns the status code of the response.
func (w *response) status() int {
	if w.code == 0 {
		return http.StatusOK
	}
	return w.code
}

func (w *response) WriteHeader(code int) {
	if w.code == 0 && code >= 200 {
		w.code = code
	}
	w.ResponseWriter.WriteHeader(code)
}

func (w *response) Write(p []byte) (int, error) {
	if w.code == 0 {
		w.code = http.StatusOK
	}
	if w.brief {
		return len(p), nil
	}
	n, err := w.ResponseWriter.Write(p)
	w.bytes += int64(n)
	return n, err
}

// Unwrap lets http.ResponseController through.
func (w *response) Unwrap() http.ResponseWriter { return w.ResponseWriter }

var jsonType = []string{"application/json"}

// writeJSON answers with a value as JSON.
func (w *response) writeJSON(value any) {
	w.Header()["Content-Type"] = jsonType
	encoder := json.NewEncoder(w)
	encoder.SetEscapeHTML(false)
	encoder.Encode(value) // fails only if the client has left
}

// appendJSON appends a value as JSON, on one line.
func appendJSON(out []byte, value any) ([]byte, error) {
	buffer := bytes.NewBuffer(out)
	encoder := json.NewEncoder(buffer)
	encoder.SetEscapeHTML(false)
	err := encoder.Encode(value)
	return buffer.Bytes(), err
}

// refuse answers that a request cannot be answered, and why.
func (w *response) refuse(status int, reason string) {
	if status == http.StatusTooManyRequests {
		w.Header().Set("Retry-After", "1")
	}
	if w.page {
		w.sendRefusal(status, reason)
		return
	}
	body := appendASCII([]byte(`{"error": `), reason)
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	w.Write(append(body, "}\n"...))
}

var errBodyOfGet = errors.New("GET and HEAD take no body")

// refuseUncounted refuses a request that is not counted. Over HTTP/2 the answer has no body, which
// could wait for the client, and holds no header of the request meanwhile.
func (w *response) refuseUncounted(r *http.Request, status int, err error) {
	w.brief = r.ProtoMajor > 1
	w.refuse(status, err.Error())
	r.Header = nil
}

// refuseError answers with an error, under the status that goes with it.
func (w *response) refuseError(err error) {
	status := http.StatusBadRequest
	var tooLarge tooLargeError
	var unsupported unsupportedError
	switch {
	case errors.Is(err, errBusy):
		status = http.StatusTooManyRequests
	case errors.Is(err, os.ErrDeadlineExceeded):
		status, err = http.StatusRequestTimeout, errTooSlow
	case errors.Is(err, errUnanswered):
		status = http.StatusInternalServerError
	case errors.As(err, &tooLarge):
		status = http.StatusRequestEntityTooLarge
	case errors.As(err, &unsupported):
		status = http.StatusUnsupportedMediaType
		if unsupported.coding {
			w.Header().Set("Accept-Encoding", acceptEncoding)
		}
	}
	w.refuse(status, err.Error())
}

// abbreviate shortens what a client sent for an error.
func abbreviate(text string) string { return visible.Abbreviate(text, 80) }
