package serving

import (
	"crypto/tls"
	"fmt"
	"sync"

	"github.com/snowman-ml/snowman/internal/inputfile"
)

// OpenCertificate reads a certificate and its private key from PEM files.
func OpenCertificate(certificate, key string) (*tls.Certificate, error) {
	pair, err := openPair(certificate, key)
	if err != nil {
		return nil, fmt.Errorf("reading the certificate %q and its key %q: %w", certificate, key, err)
	}
	return &pair, nil
}

func openPair(certificate, key string) (pair tls.Certificate, err error) {
	const limit = 1 << 20 // bytes; a chain of four has some 8,000
	certificatePEM, err := inputfile.Read(certificate, limit)
	if err != nil {
		return pair, err
	}
	keyPEM, err := inputfile.Read(key, limit)
	if err != nil {
		return pair, err
	}
	return tls.X509KeyPair(certificatePEM, keyPEM)
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
