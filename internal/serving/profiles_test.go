package serving

import (
	"net/http"
	"net/http/httptest"
	"testing"
)

func TestProfilesAreForHostsOfLoopback(t *testing.T) {
	handler := ofLoopback(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	for host, want := range map[string]int{
		"localhost:6060": http.StatusOK, "LocalHost": http.StatusOK, "127.0.0.1:6060": http.StatusOK, "[::1]:6060": http.StatusOK, "[::1]": http.StatusOK,
		"rebound.zis32msdi3.com:6060": http.StatusMisdirectedRequest, "127.0.0.1.zis32msdi3.com": http.StatusMisdirectedRequest, "8.8.8.8": http.StatusMisdirectedRequest,
	} {
		r := httptest.NewRequest("GET", "/debug/pprof/", nil)
		r.Host = host
		w := httptest.NewRecorder()
		handler.ServeHTTP(w, r)
		if w.Code != want {
			t.Errorf("a request to %q is answered with %d, want %d", host, w.Code, want)
		}
	}
}
