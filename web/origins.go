package web

import (
	"errors"
	"net/http"
	"net/url"
	"slices"
)

// crossOrigin lets pages of Options.Origins read the answer
// (https://fetch.spec.whatwg.org/#http-cors-protocol). It reports whether it has answered the
// request: a browser may ask first whether a page may read.
func (s *Service) crossOrigin(w *response, r *http.Request, allow string) (answered bool) {
	if len(s.options.Origins) == 0 {
		return false
	}
	header := w.Header()
	header.Add("Vary", "Origin")
	origin := r.Header.Get("Origin")
	if origin == "" || !s.allowsOrigin(origin) {
		return false
	}
	header.Set("Access-Control-Allow-Origin", origin)
	header.Set("Access-Control-Expose-Headers", "X-Request-Id, Retry-After, Snowman-Format")
	if r.Method != http.MethodOptions || r.Header.Get("Access-Control-Request-Method") == "" {
		return false
	}
	header.Set("Access-Control-Allow-Methods", allow)
	header.Set("Access-Control-Allow-Headers", "Authorization, Content-Encoding, Content-Type, X-API-Key, X-Request-ID")
	header.Set("Access-Control-Max-Age", "600")
	w.WriteHeader(http.StatusNoContent)
	return true
}

// allowsOrigin reports whether pages of an origin may ask and read answers. The origin is empty
// where the browser does not say it.
func (s *Service) allowsOrigin(origin string) bool {
	return slices.Contains(s.options.Origins, "*") || origin != "" && slices.Contains(s.options.Origins, origin)
}

// CheckOrigin says what is wrong with an element of Options.Origins.
func CheckOrigin(origin string) error {
	if u, err := url.Parse(origin); origin != "*" && (err != nil || u.Host == "" || u.Scheme+"://"+u.Host != origin) {
		return errors.New("want an origin such as https://example.com, without a path, or *")
	}
	return nil
}
