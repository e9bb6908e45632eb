package serving

import (
	"crypto/tls"
	"fmt"
	"sync"
)

// OpenCertificate reads a certificate and its private key from PEM files.
func OpenCertificate(certificate, key string) (*tls.Certificate, error) {
	pair, err := tls.LoadX509KeyPair(certificate, key)
	if err != nil {
		return nil, fmt.Errorf("reading the certificate %q and its key %q: %w", certificate, key, err)
	}
	return &pair, nil
}

// A Certificate is what a server shows for itself, and can be replaced while it serves. It is safe
// for any number of goroutines.
type Certificate struct {
	mu      sync.Mutex
	current *tls.Certificate
}

// Set replaces the certificate.
func (c *Certificate) Set(certificate *tls.Certificate) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.current = certificate
}

// Get is GetCertificate of a tls.Config.
func (c *Certificate) Get(*tls.ClientHelloInfo) (*tls.Certificate, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.current, nil
}
