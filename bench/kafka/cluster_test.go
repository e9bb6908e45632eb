//go:build linux

package kafka_test

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	crand "crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"encoding/pem"
	"fmt"
	"math/big"
	"math/rand/v2"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"text/template"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"
)

// The user that workers log in as.
const (
	user     = "snowman"
	password = "correct-horse"
)

// A cluster is Apache Kafka: brokers that are their own controllers.
type cluster struct {
	brokers []*broker
	folder  string // has ca.pem, password and what workers say
	classes string
	options []string // of Java
	t       *testing.T
}

// A broker is one of a cluster. The exported fields are for its properties.
type broker struct {
	Node                     int
	Port, Secure, Controller int
	Controllers              string // of all brokers
	Replicas, InSync         int
	Folder, Data             string
	running                  *process
}

// address is where a test speaks to a broker; it may do all.
func (b *broker) address() string { return fmt.Sprintf("127.0.0.1:%d", b.Port) }

func (c *cluster) addresses() (all []string) {
	for _, b := range c.brokers {
		all = append(all, b.address())
	}
	return all
}

// secure returns where workers log in over TLS, for -brokers.
func (c *cluster) secure() string {
	var all []string
	for _, b := range c.brokers {
		all = append(all, fmt.Sprintf("127.0.0.1:%d", b.Secure))
	}
	return strings.Join(all, ",")
}

// newCluster starts brokers, or skips the test aloud where they cannot be had. The data of the
// brokers go to a folder, by default one of the test.
func newCluster(t *testing.T, size int, data string, options ...string) *cluster {
	t.Helper()
	classes := fetched(t)
	c := &cluster{folder: t.TempDir(), classes: classes, options: options, t: t}
	var controllers, voters []string
	for node := 1; node <= size; node++ {
		b := &broker{
			Node: node, Port: freePort(t), Secure: freePort(t), Controller: freePort(t), Replicas: size, InSync: (size + 1) / 2,
			Folder: filepath.Join(c.folder, fmt.Sprint("broker", node)),
		}
		b.Data = filepath.Join(b.Folder, "data")
		if data != "" {
			b.Data = filepath.Join(data, fmt.Sprint("data", node))
		}
		c.brokers = append(c.brokers, b)
		controllers = append(controllers, fmt.Sprintf("127.0.0.1:%d", b.Controller))
		voters = append(voters, fmt.Sprintf("%d@127.0.0.1:%d:%s", node, b.Controller, newID()))
	}
	authority, identity := newCertificate(t)
	properties, err := template.ParseFiles("testdata/server.properties")
	if err != nil {
		t.Fatal(err)
	}
	logging, err := os.ReadFile("testdata/log4j2.yaml")
	if err != nil {
		t.Fatal(err)
	}
	write(t, filepath.Join(c.folder, "ca.pem"), authority)
	write(t, filepath.Join(c.folder, "password"), []byte(password+"\n"))
	began, id := time.Now(), newID()
	var all sync.WaitGroup
	for _, b := range c.brokers {
		b.Controllers = strings.Join(controllers, ",")
		var text bytes.Buffer
		if err := properties.Execute(&text, b); err != nil {
			t.Fatal(err)
		}
		write(t, filepath.Join(b.Folder, "server.properties"), text.Bytes())
		write(t, filepath.Join(b.Folder, "log4j2.yaml"), logging)
		write(t, filepath.Join(b.Folder, "broker.pem"), identity)
		all.Go(func() {
			format := exec.Command("java", "-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC", "-cp", classes, "kafka.tools.StorageTool", "format", "-t", id, "-c", "server.properties",
				"--initial-controllers", strings.Join(voters, ","), "--add-scram", fmt.Sprintf("SCRAM-SHA-512=[name=%s,password=%s]", user, password))
			format.Dir = b.Folder
			if said, err := format.CombinedOutput(); err != nil {
				t.Errorf("formatting: %v, %s", err, said)
			}
		})
	}
	all.Wait()
	if t.Failed() {
		t.FailNow()
	}
	t.Logf("folders of %d brokers are ready after %v", size, time.Since(began).Round(time.Second))
	for _, b := range c.brokers {
		c.launch(b)
	}
	for _, b := range c.brokers {
		c.await(t, b)
		t.Cleanup(func() { b.running.stop(syscall.SIGKILL) })
	}
	return c
}

// fetched returns the classes of Kafka, which are fetched the first time.
func fetched(t *testing.T) string {
	t.Helper()
	classes, err := filepath.Abs("../../build/kafka")
	if err != nil {
		t.Fatal(err)
	}
	for _, program := range []string{"java", "mvn"} {
		if _, err := exec.LookPath(program); err != nil {
			t.Skipf("NOT TESTED: Kafka (no %s)", program)
		}
	}
	if found, _ := filepath.Glob(filepath.Join(classes, "kafka_*.jar")); len(found) == 0 {
		t.Log("fetching Kafka from Maven")
		pom, err := filepath.Abs("testdata/pom.xml")
		if err != nil {
			t.Fatal(err)
		}
		if said, err := exec.Command("mvn", "-q", "-B", "-f", pom, "dependency:copy-dependencies", "-DoutputDirectory="+classes, "-DincludeScope=runtime").CombinedOutput(); err != nil {
			t.Skipf("NOT TESTED: Kafka (%v: %.300s)", err, said)
		}
	}
	return classes + "/*"
}

// launch starts a broker.
func (c *cluster) launch(b *broker) {
	arguments := append([]string{"java", "-Xmx512m", "-Dlog4j2.configurationFile=log4j2.yaml"}, c.options...)
	b.running = launch(c.t, b.Folder, "broker.log", append(arguments, "-cp", c.classes, "kafka.Kafka", "server.properties")...)
}

// await waits until a broker answers.
func (c *cluster) await(t *testing.T, b *broker) {
	t.Helper()
	client, err := kgo.NewClient(kgo.SeedBrokers(b.address()))
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	for started := time.Now(); ; time.Sleep(time.Second / 5) {
		ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
		err := client.Ping(ctx)
		cancel()
		if err == nil {
			t.Logf("broker %d answers after %v", b.Node, time.Since(started).Round(time.Second))
			return
		}
		if b.running.hasExited() || time.Since(started) > 2*patience {
			said, _ := os.ReadFile(filepath.Join(b.Folder, "broker.log"))
			t.Fatalf("broker %d does not answer: %v; %s", b.Node, err, said[max(0, len(said)-2000):])
		}
	}
}

// restart ends a broker by a signal and starts it again.
func (c *cluster) restart(t *testing.T, b *broker, signal syscall.Signal) {
	t.Helper()
	began := time.Now()
	b.running.stop(signal)
	t.Logf("broker %d has ended by %v, after %v", b.Node, signal, time.Since(began).Round(time.Second/10))
	c.launch(b)
	c.await(t, b)
}

// newID returns an identifier as Kafka writes it.
func newID() string {
	for {
		id := make([]byte, 16)
		crand.Read(id)
		if text := base64.RawURLEncoding.EncodeToString(id); text[0] != '-' {
			return text
		}
	}
}

// newCertificate returns a certificate for 127.0.0.1 that signs itself, and the same with its key.
func newCertificate(t *testing.T) (authority, identity []byte) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), crand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	of := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "test"}, IsCA: true, BasicConstraintsValid: true,
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(24 * time.Hour), IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
	}
	signed, err := x509.CreateCertificate(crand.Reader, of, of, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	private, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	authority = pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: signed})
	return authority, append(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: private}), authority...)
}

// write writes a file, and makes its folder.
func write(t *testing.T, path string, content []byte) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, content, 0o600); err != nil {
		t.Fatal(err)
	}
}

// freePort returns a port that nobody listens on, below those that systems give to connections: one
// of a client that tries to connect to a broker that is down could take the broker's own.
func freePort(t *testing.T) int {
	t.Helper()
	for {
		port := 20_000 + rand.IntN(12_000)
		if listener, err := net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", port)); err == nil {
			listener.Close()
			return port
		}
	}
}
