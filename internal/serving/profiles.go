package serving

import (
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/http/pprof"
	"net/netip"
	"strings"
	"time"
)

// Beside serves on addresses of their own, until stop is called: profiles of the program, and for
// probes and what else must get through when clients have taken all connections, a handler. Either
// address may be empty.
func Beside(profilesAddress, probesAddress string, probes http.Handler, log *slog.Logger) (stop func(), err error) {
	var servers []*http.Server
	stop = func() {
		for _, server := range servers {
			server.Close()
		}
	}
	if profilesAddress != "" {
		server, err := serveProfiles(profilesAddress, log)
		if err != nil {
			return nil, err
		}
		servers = append(servers, server)
	}
	if probesAddress != "" {
		server, err := serveProbes(probesAddress, probes, log)
		if err != nil {
			stop()
			return nil, err
		}
		servers = append(servers, server)
	}
	return stop, nil
}

// serveProbes speaks HTTP/1.1 alone: over HTTP/2 one connection can ask much at a time.
func serveProbes(address string, probes http.Handler, log *slog.Logger) (*http.Server, error) {
	listener, err := net.Listen("tcp", address)
	if err != nil {
		return nil, fmt.Errorf("listening on %q for probes: %w", address, err)
	}
	server := NewServer(probes, log)
	server.Protocols.SetHTTP2(false)
	server.Protocols.SetUnencryptedHTTP2(false)
	const connections = 256
	go server.Serve(NewListener(listener, connections))
	log.Info("listening for probes", "address", listener.Addr().String())
	return server, nil
}

// ErrNotLoopback is why Beside serves no profiles on an address.
var ErrNotLoopback = errors.New("want a loopback address, such as localhost:6060")

// serveProfiles serves the profiles of net/http/pprof. The address must be one of loopback:
// profiles show what is in memory.
func serveProfiles(address string, log *slog.Logger) (*http.Server, error) {
	listener, err := net.Listen("tcp", address)
	if err != nil {
		return nil, fmt.Errorf("listening on %q for profiles: %w", address, err)
	}
	if !listener.Addr().(*net.TCPAddr).IP.IsLoopback() {
		listener.Close()
		return nil, ErrNotLoopback
	}
	mux := http.NewServeMux()
	mux.HandleFunc("/debug/pprof/", pprof.Index)
	mux.HandleFunc("/debug/pprof/cmdline", pprof.Cmdline)
	mux.HandleFunc("/debug/pprof/profile", pprof.Profile)
	mux.HandleFunc("/debug/pprof/symbol", pprof.Symbol)
	mux.HandleFunc("/debug/pprof/trace", pprof.Trace)
	server := &http.Server{Handler: ofLoopback(mux), ReadHeaderTimeout: 10 * time.Second}
	go server.Serve(listener)
	log.Info("serving profiles", "address", listener.Addr().String())
	return server, nil
}

// ofLoopback answers only requests that name a host of loopback. A page can have its own name
// resolve to this machine (DNS rebinding).
func ofLoopback(handler http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		host := r.Host
		if name, _, err := net.SplitHostPort(host); err == nil {
			host = name
		}
		address, err := netip.ParseAddr(strings.Trim(host, "[]"))
		if !strings.EqualFold(host, "localhost") && (err != nil || !address.IsLoopback()) {
			http.Error(w, "want localhost or an address of loopback as the host", http.StatusMisdirectedRequest)
			return
		}
		handler.ServeHTTP(w, r)
	})
}
