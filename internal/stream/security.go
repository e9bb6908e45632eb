package stream

import (
	"bytes"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"

	"github.com/snowman-ml/snowman/internal/inputfile"
	"github.com/snowman-ml/snowman/internal/serving"
)

// NewTLS returns how to speak TLS to brokers: they must have a certificate of an authority in the
// PEM file, or of one that the system trusts where none is named. They are shown the certificate
// and key if these are named, which are read at each connection.
func NewTLS(authorities, certificate, key string) (*tls.Config, error) {
	config := &tls.Config{MinVersion: tls.VersionTLS12}
	if authorities != "" {
		const limit = 16 << 20 // bytes
		pem, err := inputfile.Read(authorities, limit)
		if err != nil {
			return nil, fmt.Errorf("reading authorities: %w", err)
		}
		config.RootCAs = x509.NewCertPool()
		if !config.RootCAs.AppendCertsFromPEM(pem) {
			return nil, fmt.Errorf("reading authorities %q: no certificate in PEM", authorities)
		}
	}
	if certificate != "" {
		if _, err := serving.OpenCertificate(certificate, key); err != nil {
			return nil, err
		}
		config.GetClientCertificate = func(*tls.CertificateRequestInfo) (*tls.Certificate, error) {
			return serving.OpenCertificate(certificate, key)
		}
	}
	return config, nil
}

// PasswordIn returns a function for Security.Password that reads it in a file, each time.
func PasswordIn(path string) func() (string, error) {
	return func() (string, error) {
		const limit = 64 << 10 // bytes
		content, err := inputfile.Read(path, limit)
		if err != nil {
			return "", fmt.Errorf("reading the password: %w", err)
		}
		password := bytes.TrimRight(content, "\r\n")
		if len(password) == 0 {
			return "", errors.New("reading the password: the file is empty")
		}
		return string(password), nil
	}
}
