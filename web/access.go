package web

import (
	"context"
	"log/slog"
	"net"
	"net/http"
	"time"

	"github.com/snowman-ml/snowman"
)

// log writes the line of one request. It names the route, never the path or the query: they may hold
// texts, which are private.
func (s *Service) log(a *answer, r *http.Request, route string, took time.Duration) {
	attributes := [...]slog.Attr{
		slog.String("id", a.id),
		slog.String("method", abbreviate(r.Method)),
		slog.String("route", route),
		slog.Int("code", a.status()),
		slog.Float64("ms", float64(took.Microseconds())/1000),
		slog.Int64("bytes", a.bytes),
		slog.Int("texts", a.texts),
		slog.String("client", clientAddress(r)),
		{}, {}, // room for what is not in every line
	}
	named := attributes[:len(attributes)-2]
	if a.key != "" {
		named = append(named, slog.String("key", a.key))
	}
	if a.end != "" {
		named = append(named, slog.String("end", a.end))
	}
	s.options.Log.LogAttrs(context.Background(), slog.LevelInfo, "request", named...)
}

// logText writes the line of one text of the request of this id, where the operator asked for it.
func (s *Service) logText(id, text string, verdict snowman.Verdict, err error) {
	if !s.options.LogTexts || s.options.Log == nil {
		return
	}
	if err != nil {
		s.options.Log.LogAttrs(context.Background(), slog.LevelInfo, "text", slog.String("id", id),
			slog.String("text", text), slog.String("error", err.Error()))
		return
	}
	s.options.Log.LogAttrs(context.Background(), slog.LevelInfo, "text", slog.String("id", id), slog.String("text", text),
		slog.Float64("score", verdict.Score), slog.String("level", verdict.Level.String()), slog.String("kind", verdict.Kind))
}

// clientAddress returns the address from which a request came, without its port.
func clientAddress(r *http.Request) string {
	host, _, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil {
		return r.RemoteAddr
	}
	return host
}
