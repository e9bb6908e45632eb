package web

import (
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"slices"
	"strings"
)

// answersFor reports whether a request may name its host (Options.Hosts). A page can have its own
// name resolve to this machine, and its script would then read answers as those of its own origin:
// DNS rebinding. That takes a name of the attacker's domain. So an address, localhost and no host
// at all are no danger.
func (s *Service) answersFor(r *http.Request) bool {
	if len(s.options.Hosts) == 0 || r.Host == "" {
		return true
	}
	host := hostName(r.Host)
	address, err := netip.ParseAddr(host)
	if host == "localhost" || err == nil && address.IsLoopback() || slices.Contains(s.options.Hosts, host) {
		return true
	}
	local, _ := r.Context().Value(http.LocalAddrContextKey).(*net.TCPAddr) // as probes name a pod
	return err == nil && local != nil && local.AddrPort().Addr().Unmap().WithZone("") == address
}

// hostName returns the host that a Host header names (RFC 9110, section 7.2), in its one form:
// without port, brackets, a last dot and capital letters.
func hostName(host string) string {
	if name, _, err := net.SplitHostPort(host); err == nil {
		host = name
	} else {
		host = strings.TrimSuffix(strings.TrimPrefix(host, "["), "]")
	}
	if address, err := netip.ParseAddr(host); err == nil {
		return address.Unmap().WithZone("").String()
	}
	return strings.ToLower(strings.TrimSuffix(host, "."))
}

// CheckHost says what is wrong with an element of Options.Hosts.
func CheckHost(host string) error {
	if _, err := netip.ParseAddr(strings.TrimSuffix(strings.TrimPrefix(host, "["), "]")); err == nil {
		return nil
	}
	isOther := func(c rune) bool {
		return (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') && (c < '0' || c > '9') && c != '-' && c != '.' && c != '_'
	}
	if strings.Trim(host, ".") == "" || strings.ContainsFunc(host, isOther) {
		return errors.New("want a name in ASCII such as snowman.example.com, or an address, without a port")
	}
	return nil
}

// isForeign reports whether a browser says that a page of another origin asks
// (https://www.w3.org/TR/fetch-metadata/), one that Options.Origins does not allow. A link on any
// page works: what it leads to changes nothing here, and that page cannot read it.
func (s *Service) isForeign(r *http.Request) bool {
	switch r.Header.Get("Sec-Fetch-Site") {
	case "", "same-origin", "none": // no browser, this service's own page, an address that was typed
		return false
	}
	isRead := r.Method == http.MethodGet || r.Method == http.MethodHead
	if isRead && r.Header.Get("Sec-Fetch-Mode") == "navigate" && r.Header.Get("Sec-Fetch-Dest") == "document" {
		return false
	}
	return !s.allowsOrigin(r.Header.Get("Origin"))
}

// refuseForeign reports whether it has refused a request for another host, or by a page of another
// origin.
func (s *Service) refuseForeign(w *response, r *http.Request) bool {
	switch {
	case !s.answersFor(r):
		w.refuse(http.StatusMisdirectedRequest, fmt.Sprintf(
			"this service does not answer for the host %q; if a proxy sent the request, start snowman serve with -host NAME for the name that it passes on", abbreviate(r.Host)))
	case s.isForeign(r):
		w.refuse(http.StatusForbidden, fmt.Sprintf(
			"a page of another origin (%q) may not ask; snowman serve -cors ORIGIN lets one", abbreviate(r.Header.Get("Origin"))))
	default:
		return false
	}
	return true
}
