package web

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"sync"
)

var errTooSlow = errors.New("the request body did not come in time")

// tooLargeError says that a body is too large.
type tooLargeError struct{ message string }

func (e tooLargeError) Error() string { return e.message }

// smallBody is the size up to which a body counts as part of its request.
const smallBody = 8 << 10

var bodyPool = sync.Pool{New: func() any { return new([smallBody]byte) }}

// withBody reads the body of a request, at most limit bytes, and calls use with it. A body above
// smallBody is counted as it arrives, a length that is announced and not sent is not, until use
// returns.
func (s *Service) withBody(w *response, r *http.Request, limit int64, use func(body []byte) error) error {
	if r.ContentLength > limit {
		return tooLargeError{fmt.Sprintf("the request body is larger than %d bytes", limit)}
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
	body, taken := make([]byte, 0, smallBody), int64(0)
	client := clientOf(w, r)
	defer func() { s.account.giveLarge(client, taken) }()
	for {
		n, err := io.ReadFull(wholeBody{r.Body}, body[len(body):cap(body)])
		body = body[:len(body)+n]
		switch {
		case err == io.EOF || err == io.ErrUnexpectedEOF && r.ContentLength < 0 || int64(len(body)) == r.ContentLength:
			return use(body)
		case err != nil:
			return fmt.Errorf("reading the request: %w", err)
		case int64(len(body)) > limit:
			return tooLargeError{fmt.Sprintf("the request body is larger than %d bytes", limit)}
		}
		more := min(int64(len(body)), limit+1-int64(len(body))) // doubles the buffer
		if !s.account.takeLarge(client, bytesOfBodyByte*more) {
			return errBusy
		}
		taken += bytesOfBodyByte * more
		body = append(make([]byte, 0, len(body)+int(more)), body...)
	}
}

// A wholeBody is a body whose own io.ErrUnexpectedEOF, of a connection that ended in a chunk, is
// not that of io.ReadFull.
type wholeBody struct{ io.Reader }

var errCutShort = errors.New("the body was cut short")

func (b wholeBody) Read(p []byte) (int, error) {
	n, err := b.Reader.Read(p)
	if err == io.ErrUnexpectedEOF {
		err = errCutShort
	}
	return n, err
}
