package stream

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/sasl/plain"
)

// newCertificate writes a certificate for 127.0.0.1 that signs itself, and its key.
func newCertificate(t *testing.T) (certificate, key string) {
	t.Helper()
	made, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "test"}, IsCA: true, BasicConstraintsValid: true,
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour), IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
	}
	signed, err := x509.CreateCertificate(rand.Reader, template, template, &made.PublicKey, made)
	if err != nil {
		t.Fatal(err)
	}
	private, err := x509.MarshalECPrivateKey(made)
	if err != nil {
		t.Fatal(err)
	}
	folder := t.TempDir()
	certificate, key = filepath.Join(folder, "certificate.pem"), filepath.Join(folder, "key.pem")
	for path, block := range map[string]*pem.Block{certificate: {Type: "CERTIFICATE", Bytes: signed}, key: {Type: "EC PRIVATE KEY", Bytes: private}} {
		if err := os.WriteFile(path, pem.EncodeToMemory(block), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return certificate, key
}

func TestSecurity(t *testing.T) {
	certificate, key := newCertificate(t)
	pair, err := tls.LoadX509KeyPair(certificate, key)
	if err != nil {
		t.Fatal(err)
	}
	ours, err := NewTLS(certificate, certificate, key)
	if err != nil {
		t.Fatal(err)
	}
	authority := x509.NewCertPool()
	authority.AddCert(must(x509.ParseCertificate(pair.Certificate[0])))
	server := &tls.Config{Certificates: []tls.Certificate{pair}, ClientCAs: authority, ClientAuth: tls.RequireAndVerifyClientCert}
	password := filepath.Join(t.TempDir(), "password")
	if err := os.WriteFile(password, []byte("secret\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	const user = "snow"
	_, brokers := newCluster(t, 1, kfake.TLS(server), kfake.EnableSASL(), kfake.Superuser("PLAIN", user, "secret"),
		kfake.Superuser("SCRAM-SHA-256", user, "secret"), kfake.Superuser("SCRAM-SHA-512", user, "secret"))
	other := []kgo.Opt{kgo.DialTLSConfig(ours), kgo.SASL(plain.Auth{User: user, Pass: "secret"}.AsMechanism())}
	client := newClient(t, brokers, append(other, kgo.ConsumeTopics("out"))...)
	for i, mechanism := range Mechanisms {
		if err := client.ProduceSync(t.Context(), &kgo.Record{Topic: "in", Value: []byte("z.tests.net")}).FirstErr(); err != nil {
			t.Fatal(err)
		}
		_, stop := run(t, Options{Brokers: brokers, In: []string{"in"}, Out: "out", ExactlyOnce: i == 0, Security: Security{TLS: ours, Mechanism: mechanism, User: user, Password: PasswordIn(password)}})
		for got := 0; got < 1; {
			fetches := client.PollFetches(t.Context())
			if err := fetches.Err(); err != nil {
				t.Fatal(err)
			}
			got += len(fetches.Records())
		}
		stop()
	}
	wrong := filepath.Join(t.TempDir(), "password")
	if err := os.WriteFile(wrong, []byte("wrong"), 0o600); err != nil {
		t.Fatal(err)
	}
	// A broker would say that the password is wrong. This one closes the connection, as does one
	// that is not ready yet, and the worker waits.
	worker, stop := run(t, Options{Brokers: brokers, In: []string{"in"}, Out: "out", Security: Security{TLS: ours, Mechanism: Mechanisms[0], User: user, Password: PasswordIn(wrong)}})
	for !strings.Contains(worker.health.problem(), "asking for the topics") {
		time.Sleep(10 * time.Millisecond)
	}
	stop()
}

func must[T any](value T, err error) T {
	if err != nil {
		panic(err)
	}
	return value
}

func TestWhatIsNoPasswordAndNoAuthority(t *testing.T) {
	empty := filepath.Join(t.TempDir(), "empty")
	if err := os.WriteFile(empty, []byte("\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := PasswordIn(empty)(); err == nil {
		t.Error("an empty password is taken")
	}
	if _, err := PasswordIn(empty + "-missing")(); err == nil {
		t.Error("a missing file is no error")
	}
	if _, err := NewTLS(empty, "", ""); err == nil {
		t.Error("an empty file has authorities")
	}
	if _, err := NewTLS("", empty, empty); err == nil {
		t.Error("an empty file is a certificate")
	}
}
