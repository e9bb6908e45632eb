//go:build linux

package servers_test

import (
	"bufio"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"io"
	"math/big"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"
)

// A squidClient asks Squid.
type squidClient struct {
	address    string
	peeks      bool
	connection net.Conn // that is open, or nil
	reader     *bufio.Reader
}

func (c *squidClient) close() {
	if c.connection != nil {
		c.connection.Close()
		c.connection = nil
	}
}

// do makes a request, and notes what came of it.
func (c *squidClient) do(o *outcome) {
	if o.ask.isTunnel() {
		c.close()
		defer c.close()
	}
	if c.connection == nil {
		if c.connection, o.err = net.Dial("tcp", c.address); o.err != nil {
			c.connection = nil
			return
		}
		c.reader = bufio.NewReader(c.connection)
	}
	c.connection.SetDeadline(time.Now().Add(patience))
	method := "GET"
	if o.ask.isTunnel() {
		method = "CONNECT"
	}
	if _, o.err = fmt.Fprintf(c.connection, "%s %s HTTP/1.1\r\nHost: ignored.example\r\n\r\n", method, o.ask.sent); o.err != nil {
		return
	}
	response, err := http.ReadResponse(c.reader, &http.Request{Method: method})
	if err != nil {
		o.err = err
		return
	}
	o.isThrough, o.location = response.StatusCode == http.StatusOK, response.Header.Get("Location")
	if o.ask.isTunnel() && o.isThrough {
		o.isThrough = c.isTunnel(o.ask.name)
		return
	}
	body, err := io.ReadAll(response.Body)
	o.err = err
	if o.isThrough && string(body) != "yes" {
		o.err = fmt.Errorf("the answer is not that of the server: %.100q", body)
	}
	if code := response.StatusCode; code != http.StatusOK && code != http.StatusForbidden && code != http.StatusFound {
		o.err = fmt.Errorf("status %s", response.Status)
	}
	if response.Close {
		c.close()
	}
}

// isTunnel reports whether the connection leads to the server.
func (c *squidClient) isTunnel(name string) bool {
	through := net.Conn(c.connection)
	if c.peeks {
		through = tls.Client(buffered{c.connection, c.reader}, &tls.Config{ServerName: name, InsecureSkipVerify: true})
	}
	if _, err := io.WriteString(through, "GET / HTTP/1.1\r\nHost: ignored.example\r\n\r\n"); err != nil {
		return false
	}
	response, err := http.ReadResponse(bufio.NewReader(through), nil)
	return err == nil && response.StatusCode == http.StatusOK
}

// startProxy answers all requests as a proxy would, on a port of 127.0.0.1, and in tunnels too,
// with TLS and without.
func startProxy(t *testing.T) (port int) {
	t.Helper()
	text := newAuthority(t)
	certificate, err := tls.X509KeyPair(text, text)
	if err != nil {
		t.Fatal(err)
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { listener.Close() })
	go func() {
		for {
			connection, err := listener.Accept()
			if err != nil {
				return
			}
			go func() {
				defer connection.Close()
				connection.SetDeadline(time.Now().Add(10 * patience))
				proxy(connection, &tls.Config{Certificates: []tls.Certificate{certificate}})
			}()
		}
	}()
	return listener.Addr().(*net.TCPAddr).Port
}

// proxy answers the requests of a connection.
func proxy(connection net.Conn, config *tls.Config) {
	reader := bufio.NewReader(connection)
	for {
		first, err := reader.ReadString('\n')
		if err != nil {
			return
		}
		for line := first; strings.TrimSpace(line) != ""; {
			if line, err = reader.ReadString('\n'); err != nil {
				return
			}
		}
		if !strings.HasPrefix(first, "CONNECT ") {
			io.WriteString(connection, "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nyes")
			continue
		}
		io.WriteString(connection, "HTTP/1.1 200 OK\r\n\r\n")
		const handshake = 22 // a record of TLS (RFC 8446, section 5.1)
		if begin, err := reader.Peek(1); err != nil {
			return
		} else if begin[0] == handshake {
			connection = tls.Server(buffered{connection, reader}, config)
			reader = bufio.NewReader(connection)
		}
	}
}

// buffered is a connection of which a part has been read.
type buffered struct {
	net.Conn
	reader *bufio.Reader
}

func (b buffered) Read(data []byte) (int, error) { return b.reader.Read(data) }

// newAuthority returns a key and a certificate that it signs itself, in PEM.
func newAuthority(t *testing.T) []byte {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "authority.test"}, IsCA: true, BasicConstraintsValid: true,
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour), KeyUsage: x509.KeyUsageCertSign | x509.KeyUsageDigitalSignature,
	}
	certificate, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	private, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	return append(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: private}), pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: certificate})...)
}
