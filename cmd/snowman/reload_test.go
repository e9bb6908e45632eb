package main

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"io"
	"math/big"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"
)

// write replaces a file whole: nobody reads half of it.
func write(t *testing.T, path string, content []byte) {
	t.Helper()
	if err := os.WriteFile(path+".new", content, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(path+".new", path); err != nil {
		t.Fatal(err)
	}
}

// read returns the content of a file.
func read(t *testing.T, path string) []byte {
	t.Helper()
	content, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return content
}

// answerOf returns the answer to a request for a path.
func answerOf(t *testing.T, client *http.Client, address, path, body string) string {
	t.Helper()
	method := "GET"
	if body != "" {
		method = "POST"
	}
	request, err := http.NewRequestWithContext(t.Context(), method, address+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Content-Type", "text/plain")
	response, err := client.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	answer, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(answer)
}

// logged waits for a line of the log that holds all of these.
func (s *server) logged(t *testing.T, parts ...string) {
	t.Helper()
	for {
		line := s.logLine(t)
		holdsAll := true
		for _, part := range parts {
			holdsAll = holdsAll && strings.Contains(line, part)
		}
		if holdsAll {
			return
		}
	}
}

func TestServeReadsItsFilesAnew(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("there is no signal to send")
	}
	toy, shipped := read(t, toyPath), read(t, "../../models/snowman.safetensors")
	for _, way := range []string{"SIGHUP", "-watch"} {
		t.Run(way, func(t *testing.T) {
			folder := t.TempDir()
			model, list := filepath.Join(folder, "model"), filepath.Join(folder, "allow.txt")
			write(t, model, toy)
			write(t, list, []byte("other.example\n"))
			args := []string{"-listen", "127.0.0.1:0", "-access-log=false", "-model", model, "-allow", list}
			if way == "-watch" {
				args = append(args, "-watch")
			}
			s := serveProgram(t, nil, args...)
			address := "http://" + s.address
			change := func() {
				if way == "SIGHUP" {
					s.Process.Signal(syscall.SIGHUP)
				}
			}
			const name = "z-zis32msdi3.com"
			before := answerOf(t, http.DefaultClient, address, "/v1/score", name)
			if !strings.Contains(before, `"level":"high"`) {
				t.Fatalf("at first the answer is %s", before)
			}

			write(t, list, []byte("*.zis32msdi3.com\n"+name+"\nbad:entry\n"))
			change()
			s.logged(t, "allow list", "problem", "line 3")
			s.logged(t, `"reloaded"`, `"allow"`)
			if got := answerOf(t, http.DefaultClient, address, "/v1/score", name); !strings.Contains(got, `"level":"none"`) || !strings.Contains(got, `"allowed":{"entry":"`+name+`","list":"allow.txt"}`) {
				t.Errorf("allowed, the answer is %s", got)
			}
			write(t, list, []byte{0xff, 0, 1})
			change()
			s.logged(t, "not reloaded", `"allow"`, "allow.txt")
			if got := answerOf(t, http.DefaultClient, address, "/v1/score", name); !strings.Contains(got, `"allowed"`) {
				t.Errorf("after a list that is none, the answer is %s", got)
			}
			write(t, list, []byte("other.example\n"))
			change()
			s.logged(t, `"reloaded"`, `"allow"`)

			write(t, model, toy[:len(toy)/2])
			change()
			s.logged(t, "not reloaded", `"model"`, model)
			if got := answerOf(t, http.DefaultClient, address, "/v1/score", name); got != before {
				t.Errorf("after half a model, the answer is %s, want %s", got, before)
			}
			write(t, model, shipped)
			change()
			s.logged(t, `"msg":"model"`, `"sha256"`, `"levels":"names low 0.`, `, URLs high 0.`)
			s.logged(t, `"reloaded"`, `"model"`)
			after := answerOf(t, http.DefaultClient, address, "/v1/score", name)
			if want := scored(t, jsonLines(), []string{name}); after != want {
				t.Errorf("after another model, the answer is %s, want %s", after, want)
			}
			metrics := answerOf(t, http.DefaultClient, address, "/metrics", "")
			for _, want := range []string{`snowman_reloads_total{result="refused",what="model"} `, `snowman_reloads_total{result="ok",what="model"} `, `snowman_reloads_total{result="refused",what="allow"} `} {
				if !strings.Contains(metrics, want) {
					t.Errorf("metrics lack %s", want)
				}
			}
		})
	}
}

// TestServeReadsMountedVolumesAnew changes files as Kubernetes changes those of a ConfigMap or a
// Secret: each is a link through ..data, which is a link to a folder. A change makes ..data a link
// to another folder.
func TestServeReadsMountedVolumesAnew(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("links need a privilege")
	}
	volume := t.TempDir()
	mount := func(folder, allow, keys string) {
		t.Helper()
		if err := os.Mkdir(filepath.Join(volume, folder), 0o700); err != nil {
			t.Fatal(err)
		}
		write(t, filepath.Join(volume, folder, "allow.txt"), []byte(allow))
		write(t, filepath.Join(volume, folder, "keys.txt"), []byte(keys))
		data := filepath.Join(volume, "..data")
		before, _ := os.Readlink(data) // there is none at first
		if err := os.Symlink(folder, data+"_tmp"); err != nil {
			t.Fatal(err)
		}
		if err := os.Rename(data+"_tmp", data); err != nil {
			t.Fatal(err)
		}
		if before == "" {
			return
		}
		if err := os.RemoveAll(filepath.Join(volume, before)); err != nil {
			t.Fatal(err)
		}
	}
	const one, two = "one 2bb80d537b1da3e38bd30361aa855686bde0eacd7162fef6a25fe97bf527a25b\n", "two 35224d0d3465d74e855f8d69a136e79c744ea35a675d3393360a327cbf6359a2\n"
	mount("..2026_01", "one.example\n", one)
	allow, keys := filepath.Join(volume, "allow.txt"), filepath.Join(volume, "keys.txt")
	for _, path := range []string{allow, keys} {
		if err := os.Symlink(filepath.Join("..data", filepath.Base(path)), path); err != nil {
			t.Fatal(err)
		}
	}
	s := serveProgram(t, nil, "-listen", "127.0.0.1:0", "-model", toyPath, "-watch", "-allow", allow, "-keys", keys)
	mount("..2026_02", "one.example\ntwo.example\n", one+two)
	s.logged(t, `"allow list"`, `"entries":2`)
	s.logged(t, `"keys"`, `"keys":2`)
}

func TestServeStopsAtBadFiles(t *testing.T) {
	folder := t.TempDir()
	bad := filepath.Join(folder, "bad")
	write(t, bad, []byte{0xff, 0, 1})
	for _, test := range []struct{ name, want string }{
		{"-keys", "reading API keys"}, {"-allow", "bad"}, {"-model", "reading model"},
	} {
		output, err := command(t, "serve", "-listen", "127.0.0.1:0", test.name, bad).CombinedOutput()
		if err == nil || !bytes.Contains(output, []byte("snowman: ")) || !bytes.Contains(output, []byte(test.want)) {
			t.Errorf("%s: %v, %s", test.name, err, output)
		}
	}
	for _, args := range [][]string{
		{"-tls-cert", bad}, {"-stall", "0s"}, {"-max-connections", "0"}, {"-rate", "-1"}, {"-rate", "NaN"},
		{"-log-texts", "-access-log=false"}, {"-cors", ""}, {"-cors", "https://a.example/"}, {"-host", ""}, {"-host", "a.example:443"}, {"-drain", "-1s"}, {"-pprof", ":0"}, {"more"},
	} {
		program := command(t, append([]string{"serve", "-listen", "127.0.0.1:0", "-model", toyPath}, args...)...)
		if output, err := program.CombinedOutput(); err == nil || program.ProcessState.ExitCode() != exitUsage {
			t.Errorf("%q: %v, %s, want exit code %d", args, err, output, exitUsage)
		}
	}
}

func TestServeLetsInWhoHasAKey(t *testing.T) {
	keys := filepath.Join(t.TempDir(), "keys")
	write(t, keys, []byte("proxy 2bb80d537b1da3e38bd30361aa855686bde0eacd7162fef6a25fe97bf527a25b\n")) // of "secret"
	s := serveProgram(t, nil, "-listen", "127.0.0.1:0", "-keys", keys)
	for key, want := range map[string]int{"secret": 200, "Secret": 401, "": 401} {
		request, err := http.NewRequest("GET", "http://"+s.address+"/v1/model", nil)
		if err != nil {
			t.Fatal(err)
		}
		request.Header.Set("Authorization", "Bearer "+key)
		response, err := http.DefaultClient.Do(request)
		if err != nil {
			t.Fatal(err)
		}
		response.Body.Close()
		if response.StatusCode != want {
			t.Errorf("key %q: %s, want %d", key, response.Status, want)
		}
	}
}

// certificate writes a certificate for this name and its key.
func certificate(t *testing.T, name, certificatePath, keyPath string) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), DNSNames: []string{name}, NotAfter: time.Now().Add(time.Hour), IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	keyDER, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	write(t, certificatePath, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}))
	write(t, keyPath, pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: keyDER}))
}

func TestServeOverTLS(t *testing.T) {
	folder := t.TempDir()
	certificatePath, keyPath := filepath.Join(folder, "cert.pem"), filepath.Join(folder, "key.pem")
	certificate(t, "first.example", certificatePath, keyPath)
	s := serveProgram(t, nil, "-listen", "127.0.0.1:0", "-tls-cert", certificatePath, "-tls-key", keyPath, "-watch")
	names := func() string {
		transport := &http.Transport{TLSClientConfig: &tls.Config{InsecureSkipVerify: true}, ForceAttemptHTTP2: true}
		defer transport.CloseIdleConnections()
		response, err := (&http.Client{Transport: transport}).Get("https://" + s.address + "/healthz")
		if err != nil {
			t.Fatal(err)
		}
		defer response.Body.Close()
		return fmt.Sprint(response.Proto, response.TLS.PeerCertificates[0].DNSNames)
	}
	if got, want := names(), "HTTP/2.0[first.example]"; got != want {
		t.Errorf("%s, want %s", got, want)
	}
	certificate(t, "second.example", certificatePath, keyPath)
	s.logged(t, `"reloaded"`, `"certificate"`)
	if got, want := names(), "HTTP/2.0[second.example]"; got != want {
		t.Errorf("renewed: %s, want %s", got, want)
	}
}

func TestServeShowsProfilesOnLoopback(t *testing.T) {
	s := serveProgram(t, nil, "-listen", "127.0.0.1:0", "-pprof", "127.0.0.1:0")
	match := profiles.FindStringSubmatch(s.profiles)
	if match == nil {
		t.Fatalf("the log says %q, want where profiles are", s.profiles)
	}
	if answer := answerOf(t, http.DefaultClient, "http://"+match[1], "/debug/pprof/cmdline", ""); !strings.Contains(answer, "serve") {
		t.Errorf("the command line is %q", answer)
	}
	if answer := answerOf(t, http.DefaultClient, "http://"+s.address, "/debug/pprof/cmdline", ""); !strings.Contains(answer, "there is nothing") {
		t.Errorf("profiles are on the other listener, too: %q", answer)
	}
}

func TestServeAnswersProbesOnTheirOwnListener(t *testing.T) {
	s := serveProgram(t, nil, "-listen", "127.0.0.1:0", "-ops-listen", "127.0.0.1:0", "-max-connections", "1")
	match := profiles.FindStringSubmatch(s.profiles)
	if match == nil {
		t.Fatalf("the log says %q, want where probes are answered", s.profiles)
	}
	for path, want := range map[string]string{"/healthz": "ok\n", "/readyz": "ok\n", "/metrics": "snowman_build_info", "/v1/model": "there is nothing"} {
		if answer := answerOf(t, http.DefaultClient, "http://"+match[1], path, ""); !strings.Contains(answer, want) {
			t.Errorf("GET %s: %.200q, want %q", path, answer, want)
		}
	}
}

// Streams have no end of their own. They end when the server does, and say why.
func TestServeEndsStreams(t *testing.T) {
	if testing.Short() || runtime.GOOS == "windows" {
		t.Skip("it takes as long as requests may take at the end")
	}
	s := serveProgram(t, nil, "-listen", "127.0.0.1:0", "-access-log=false")
	reader, writer := io.Pipe()
	defer writer.Close()
	go fmt.Fprintln(writer, "q.com")
	response, err := http.Post("http://"+s.address+"/v1/score", "text/plain", reader)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	s.Process.Signal(syscall.SIGTERM)
	answer, err := io.ReadAll(response.Body)
	if err != nil || !strings.HasSuffix(string(answer), `{"error":"reading texts: the server is shutting down; 1 lines are answered"}`+"\n") {
		t.Errorf("the answer is %q (%v)", answer, err)
	}
	for s.log.Scan() {
	}
	if err := s.Wait(); err != nil {
		t.Errorf("it ends with %v, want exit code 0", err)
	}
}

// Before the end, /readyz tells load balancers to send new requests elsewhere.
func TestServeDrains(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("there is no signal to send")
	}
	s := serveProgram(t, nil, "-listen", "127.0.0.1:0", "-drain", "1s")
	address := "http://" + s.address
	s.Process.Signal(syscall.SIGTERM)
	s.logged(t, "shutting down")
	if got := answerOf(t, http.DefaultClient, address, "/readyz", ""); got != "shutting down\n" {
		t.Errorf("/readyz says %q", got)
	}
	if got := answerOf(t, http.DefaultClient, address, "/v1/score", "q.com"); !strings.Contains(got, `"level":"low"`) {
		t.Errorf("a late request gets %q", got)
	}
	for s.log.Scan() {
	}
	if err := s.Wait(); err != nil {
		t.Errorf("it ends with %v, want exit code 0", err)
	}
}
