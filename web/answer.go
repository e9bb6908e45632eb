package web

import (
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"os"
	"strconv"
	"sync"
)

// An answer is the http.ResponseWriter of one request, which remembers what is logged of it.
type answer struct {
	http.ResponseWriter
	id    string // of the request
	code  int    // 0 until the header is written
	bytes int64
	texts int    // scored, or found not to be one
	key   string // name of the API key that let the request in
	end   string // why the answer is not a whole one, empty if it is
	page  bool   // a refusal is for people, too
}

var answerPool = sync.Pool{New: func() any { return new(answer) }}

// newAnswer returns the answer to a request, under the id that the request gave itself, or one of ours.
func newAnswer(w http.ResponseWriter, r *http.Request) *answer {
	a := answerPool.Get().(*answer)
	*a = answer{ResponseWriter: w}
	if given := r.Header["X-Request-Id"]; len(given) == 1 && isRequestID(given[0]) {
		a.id = given[0]
	} else {
		a.id = strconv.FormatUint(rand.Uint64()|1<<63, 16)
	}
	w.Header()["X-Request-Id"] = []string{a.id}
	return a
}

// isRequestID reports whether a request's own id is one that can be logged and sent back as it is.
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

// free ends the use of an answer.
func (a *answer) free() { answerPool.Put(a) }

// status returns the status code that the answer has.
func (a *answer) status() int {
	if a.code == 0 {
		return http.StatusOK
	}
	return a.code
}

func (a *answer) WriteHeader(code int) {
	if a.code == 0 && code >= 200 {
		a.code = code
	}
	a.ResponseWriter.WriteHeader(code)
}

func (a *answer) Write(p []byte) (int, error) {
	if a.code == 0 {
		a.code = http.StatusOK
	}
	n, err := a.ResponseWriter.Write(p)
	a.bytes += int64(n)
	return n, err
}

// Unwrap lets http.ResponseController through.
func (a *answer) Unwrap() http.ResponseWriter { return a.ResponseWriter }

// requestID returns the id of the request that is being answered.
func requestID(w http.ResponseWriter) string { return w.(*answer).id }

// counted counts texts that an answer speaks of.
func counted(w http.ResponseWriter, texts int) {
	w.(*answer).texts += texts
}

// refuse answers that a request cannot be answered, and why.
func refuse(w http.ResponseWriter, status int, reason string) {
	if status == http.StatusTooManyRequests {
		w.Header().Set("Retry-After", "1")
	}
	if w.(*answer).page {
		sendRefusal(w, status, reason)
		return
	}
	body := appendASCII([]byte(`{"error": `), reason)
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	w.Write(append(body, "}\n"...))
}

// refuseError answers with what is the matter, under the status that goes with it.
func refuseError(w http.ResponseWriter, err error) {
	status := http.StatusBadRequest
	var tooLarge tooLargeError
	switch {
	case errors.Is(err, errBusy):
		status = http.StatusTooManyRequests
	case errors.Is(err, os.ErrDeadlineExceeded):
		status, err = http.StatusRequestTimeout, errTooSlow
	case errors.Is(err, errUnanswered):
		status = http.StatusInternalServerError
	case errors.As(err, &tooLarge):
		status = http.StatusRequestEntityTooLarge
	}
	refuse(w, status, err.Error())
}

var errTooSlow = errors.New("the request body did not come in time")

// tooLargeError is a body that is too large.
type tooLargeError struct{ message string }

func (e tooLargeError) Error() string { return e.message }

// A body of at most so many bytes is read without asking whether there is room for it.
const smallBody = 8 << 10

var bodyPool = sync.Pool{New: func() any { return new([smallBody]byte) }}

// withBody reads the body of a request, of at most so many bytes, and calls use with it. There is room
// for so many bytes of large ones at a time, which a body takes as it comes: what was promised and is not
// sent takes none.
func (s *Service) withBody(r *http.Request, most int64, use func(body []byte) error) error {
	if r.ContentLength > most {
		return tooLargeError{fmt.Sprintf("the request body is larger than %d bytes", most)}
	}
	if r.ContentLength >= 0 && r.ContentLength <= smallBody {
		buffer := bodyPool.Get().(*[smallBody]byte)
		defer bodyPool.Put(buffer)
		body := buffer[:r.ContentLength]
		if _, err := io.ReadFull(r.Body, body); err != nil {
			return fmt.Errorf("reading the request: %w", err)
		}
		return use(body)
	}
	body, room := make([]byte, 0, smallBody), int64(0)
	defer func() { s.large.Release(room) }()
	for {
		n, err := io.ReadFull(r.Body, body[len(body):cap(body)])
		body = body[:len(body)+n]
		switch {
		case err == io.EOF || err == io.ErrUnexpectedEOF && r.ContentLength < 0 || int64(len(body)) == r.ContentLength:
			return use(body)
		case err != nil:
			return fmt.Errorf("reading the request: %w", err)
		case int64(len(body)) > most:
			return tooLargeError{fmt.Sprintf("the request body is larger than %d bytes", most)}
		}
		more := min(int64(len(body)), most+1-int64(len(body))) // as much again as has come
		if !s.large.TryAcquire(more) {
			return errBusy
		}
		room += more
		body = append(make([]byte, 0, len(body)+int(more)), body...)
	}
}
