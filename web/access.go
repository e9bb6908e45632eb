package web

import (
	"context"
	"log/slog"
	"net"
	"net/http"
	"time"
)

// log writes the line of one request. It names the route, never the path or the query: these may
// hold texts, which are private.
func (s *Service) log(w *response, r *http.Request, route string, took time.Duration) {
	attributes := [...]slog.Attr{
		slog.String("id", w.id),
		slog.String("method", abbreviate(r.Method)),
		slog.String("route", route),
		slog.Int("code", w.status()),
		slog.Float64("ms", float64(took.Microseconds())/1000),
		slog.Int64("bytes", w.bytes),
		slog.Int("texts", w.texts),
		slog.String("client", clientAddress(r)),
		{}, {}, // room for key and end, which not every line has
	}
	named := attributes[:len(attributes)-2]
	if w.key != "" {
		named = append(named, slog.String("key", w.key))
	}
	if w.cut != "" {
		named = append(named, slog.String("end", w.cut))
	}
	s.options.Log.LogAttrs(context.Background(), slog.LevelInfo, "request", named...)
}

// clientAddress returns the address from which a request came, without its port.
func clientAddress(r *http.Request) string {
	host, _, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil {
		return r.RemoteAddr
	}
	return host
}
