package serving

import (
	"net"
	"slices"
	"testing"
)

func TestHosts(t *testing.T) {
	given := []string{"snowman.example"}
	for _, test := range []struct {
		name, address string
		allowed, want []string
	}{
		{"loopback", "127.0.0.1", nil, []string{"localhost"}},
		{"loopback of IPv6", "::1", nil, []string{"localhost"}},
		{"loopback, and a name", "127.0.0.1", given, given},
		{"all addresses", "::", nil, nil},
		{"all addresses, and a name", "::", given, given},
		{"one address", "192.0.2.1", nil, nil},
	} {
		if got := Hosts(&net.TCPAddr{IP: net.ParseIP(test.address)}, test.allowed); !slices.Equal(got, test.want) {
			t.Errorf("%s: %q, want %q", test.name, got, test.want)
		}
	}
}
