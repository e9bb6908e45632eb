package web

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

// discardWriter is an http.ResponseWriter that costs nothing.
type discardWriter struct{ header http.Header }

func (w discardWriter) Header() http.Header         { return w.header }
func (w discardWriter) Write(p []byte) (int, error) { return len(p), nil }
func (w discardWriter) WriteHeader(int)             {}

// BenchmarkModel measures a request without the HTTP server, with and without a text to score.
func BenchmarkModel(b *testing.B) {
	service := New(Options{})
	for name, path := range map[string]string{"score": "/model", "nothing": "/healthz"} {
		b.Run(name, func(b *testing.B) {
			body := strings.NewReader("")
			request := httptest.NewRequest("GET", path, body)
			if path == "/model" {
				request.Method = "PUT"
				request.Header.Set("Content-Type", formType)
				request.Body, request.ContentLength = io.NopCloser(body), int64(len("url=zis32msdi3.com"))
			}
			w := discardWriter{make(http.Header)}
			b.ReportAllocs()
			for b.Loop() {
				clear(w.header)
				body.Reset("url=zis32msdi3.com")
				service.ServeHTTP(w, request)
			}
		})
	}
}
