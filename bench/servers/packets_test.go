//go:build linux

package servers_test

import (
	"bytes"
	"crypto/tls"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// packetAddress is where the test answers on the ports that captures are searched for names on.
const packetAddress = "127.53.0.1"

// captureEnd is a label of the last name that is asked for.
const captureEnd = "the-capture-ends"

// What is asked for over HTTP and TLS.
var (
	webVisit = visit{host: "UPPER.example.org", target: "/path?q=1"}
	tlsName  = "tls-kq3v9z7x1bq0fh2.example.org"
)

// TestPackets has tcpdump capture questions, a request and a handshake, and Suricata read the
// capture.
func TestPackets(t *testing.T) {
	t.Cleanup(func() {
		if t.Skipped() && *start {
			t.Log("NOT TESTED: Suricata, which reads what tcpdump writes")
		}
	})
	path := find(t, "tcpdump")
	dns, err := net.ListenPacket("udp", packetAddress+":53")
	if err != nil {
		t.Skipf("NOT TESTED: tcpdump, without the rights to listen on port 53: %v", err)
	}
	t.Cleanup(func() { dns.Close() })
	go answerAll(dns)
	origin, err := net.Listen("tcp", packetAddress+":80")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { origin.Close() })
	go serveAll(origin)
	secure := httptest.NewUnstartedServer(http.NotFoundHandler())
	secure.Listener.Close()
	if secure.Listener, err = net.Listen("tcp", packetAddress+":443"); err != nil {
		t.Fatal(err)
	}
	secure.StartTLS()
	t.Cleanup(secure.Close)
	dir := publicFolder(t)
	file := filepath.Join(dir, "all.pcap")
	dump := exec.Command(path, "-i", "lo", "-s", "4096", "-B", "65536", "-U", "--immediate-mode", "-Z", "root", "-w", file, "host", packetAddress)
	said, err := os.Create(filepath.Join(dir, "tcpdump.log"))
	if err != nil {
		t.Fatal(err)
	}
	defer said.Close()
	dump.Stderr = said
	capture := launch(t, dump)
	awaitText(t, said.Name(), "listening on")
	t.Cleanup(func() {
		if t.Failed() {
			showFolder(t, run{Dir: dir})
		}
	})
	for _, e := range questioning(t).exchanges {
		e.do(packetAddress + ":53")
	}
	if err := request(packetAddress+":80", webVisit.toServer()); err != nil {
		t.Error(err)
	}
	handshake(t, packetAddress+":443", tlsName)
	ask(t, packetAddress+":53", ready+"."+captureEnd+".example.com", patience)
	awaitText(t, file, captureEnd)
	capture.stop(syscall.SIGINT)
	want := append(wanted(whole), webVisit.host+webVisit.target, tlsName)
	t.Run("tcpdump", func(t *testing.T) {
		log{file: "all.pcap", format: "pcap", names: want, tells: tellsClient | tellsCode}.check(t, run{Dir: dir}, nil)
	})
	t.Run("suricata", func(t *testing.T) {
		if !*suricata {
			t.Skip("NOT TESTED: Suricata, by -suricata=false")
		}
		path := find(t, "suricata")
		// The request is in the events of HTTP and of the file that it got.
		url := strings.ToLower(webVisit.host) + webVisit.target
		l := log{
			file: "eve.json", format: "suricata", names: append(wanted(bySuricata), url, url, tlsName),
			tells: tellsClient | tellsCode,
		}
		r := run{Dir: dir}
		followed := l.follow(t, r)
		out, err := exec.Command(path, "-r", file, "-l", dir, "-k", "none", "-S", "/dev/null", "--runmode", "single").CombinedOutput()
		if err != nil {
			t.Fatalf("suricata: %v\n%s", err, out)
		}
		if !followed.await(func(name string) bool { return strings.Contains(name, captureEnd) }) {
			t.Error("eve.json: its last name was not read")
		}
		l.check(t, r, followed)
	})
}

// awaitText waits until a file has a text in it.
func awaitText(t *testing.T, file, text string) {
	t.Helper()
	for limit := time.Now().Add(patience); time.Now().Before(limit); time.Sleep(50 * time.Millisecond) {
		if content, err := os.ReadFile(file); err == nil && bytes.Contains(content, []byte(text)) {
			return
		}
	}
	t.Errorf("%s: %q is not in it", filepath.Base(file), text)
}

// handshake begins and ends a TLS connection.
func handshake(t *testing.T, address, name string) {
	t.Helper()
	connection, err := tls.Dial("tcp", address, &tls.Config{ServerName: name, InsecureSkipVerify: true})
	if err != nil {
		t.Fatal(err)
	}
	connection.Close()
}
