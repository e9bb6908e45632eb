package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"time"
)

// A connection speaks plain HTTP/1.1. Unlike http.Client it never sends anything twice, so that
// nothing that the service loses goes unnoticed.
type connection struct {
	net.Conn
	reader *bufio.Reader
	http2  *http.ClientConn // where it speaks that instead, or nil
}

func dial(address string) (*connection, error) {
	c, err := net.DialTimeout("tcp", address, patience)
	if err != nil {
		return nil, err
	}
	return &connection{Conn: c, reader: bufio.NewReader(c)}, nil
}

// An answer is a whole response.
type answer struct {
	status int
	body   []byte
	last   bool // the service closes the connection after it
}

// exchange sends a request and reads its whole answer.
func (c *connection) exchange(request []byte) (answer, error) {
	c.SetDeadline(time.Now().Add(patience))
	if _, err := c.Write(request); err != nil {
		return answer{}, fmt.Errorf("%w: sending the request: %w", errNoAnswer, err)
	}
	return c.read()
}

// read reads the next answer.
func (c *connection) read() (answer, error) {
	// Waiting for the first byte by itself tells an answer that was lost from one that was cut
	// short.
	if _, err := c.reader.Peek(1); err != nil {
		return answer{}, fmt.Errorf("%w: %w", errNoAnswer, err)
	}
	response, err := http.ReadResponse(c.reader, nil)
	if err != nil {
		return answer{}, fmt.Errorf("%w in its head: %w", errCut, err)
	}
	body, err := io.ReadAll(response.Body)
	if err != nil {
		return answer{}, fmt.Errorf("%w after %d bytes: %w", errCut, len(body), err)
	}
	return answer{response.StatusCode, body, response.Close}, nil
}

// What is missing of an answer: all of it, or a part.
var (
	errNoAnswer = errors.New("no answer")
	errCut      = errors.New("the answer is cut")
)

// request returns a whole request with a body.
func request(method, path, contentType, body string) []byte {
	return fmt.Appendf(nil, "%s %s HTTP/1.1\r\nHost: localhost\r\nContent-Type: %s\r\nContent-Length: %d\r\n\r\n%s", method, path, contentType, len(body), body)
}

const (
	formType   = "application/x-www-form-urlencoded"
	jsonType   = "application/json"
	plainType  = "text/plain"
	ndjsonType = "application/x-ndjson"
)
