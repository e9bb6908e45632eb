package web

import (
	"net/http"
	"net/netip"
	"sync"

	"golang.org/x/time/rate"
)

// clients limit the rate of each client's requests. A client is the name of its key, or else its
// address. Of IPv6 the address is a network of 64 bits: a client has all addresses of its network.
//
// At most twice maxClients are remembered, in two halves. When the younger half is full it becomes
// the older one, and the clients of the older one are forgotten: they start with a full rate.
type clients struct {
	rate rate.Limit

	mu             sync.Mutex
	younger, older map[string]*rate.Limiter
}

const maxClients = 1 << 15

// clientNetwork returns the address that stands for a client without a key.
func clientNetwork(r *http.Request) string {
	network := networkOf(r)
	switch {
	case !network.IsValid():
		return clientAddress(r)
	case network.Addr().Is4():
		return network.Addr().String()
	}
	return network.String()
}

// networkOf is clientNetwork without its text. It is not valid where the address is none.
func networkOf(r *http.Request) netip.Prefix {
	address, err := netip.ParseAddr(clientAddress(r))
	if err != nil {
		return netip.Prefix{}
	}
	bits := 64
	if address = address.Unmap().WithZone(""); address.Is4() {
		bits = address.BitLen()
	}
	return netip.PrefixFrom(address, bits).Masked()
}

// clientOf returns who asks, of a request that was admitted.
func clientOf(w *response, r *http.Request) string {
	if w.key != "" {
		return w.key
	}
	return clientNetwork(r)
}

// newClients returns nil if any rate is allowed.
func newClients(perSecond float64) *clients {
	if perSecond <= 0 {
		return nil
	}
	return &clients{rate: rate.Limit(perSecond), younger: make(map[string]*rate.Limiter)}
}

func (c *clients) allow(client string) bool {
	c.mu.Lock()
	limiter, known := c.younger[client]
	if !known {
		if limiter, known = c.older[client]; !known {
			limiter = rate.NewLimiter(c.rate, max(1, int(c.rate)))
		}
		if len(c.younger) >= maxClients {
			c.older, c.younger = c.younger, make(map[string]*rate.Limiter)
		}
		c.younger[client] = limiter
	}
	c.mu.Unlock()
	return limiter.Allow()
}
