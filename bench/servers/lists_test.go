//go:build linux

package servers_test

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"
)

var (
	madeNames = flag.Int("names", 1000, "the lists have this `number` of names beside the odd ones")
	python    = flag.String("python", "../../build/lists/bin/python", "the `program` that runs Python with the packages of requirements.txt")
)

// TestLists has programs load the lists that snowman list writes.
func TestLists(t *testing.T) {
	if !*start {
		t.Skip("nothing is started without -start")
	}
	dir := listsFolder(t)
	for _, r := range listReaders {
		t.Run(r.program+", "+r.format, func(t *testing.T) { r.read(t, dir) })
	}
	t.Run("suricata", func(t *testing.T) { readBySuricata(t, dir) })
	for _, p := range []string{"adblock", "stix2patterns", "pymisp"} {
		t.Run(p, func(t *testing.T) { readByPython(t, p, dir) })
	}
}

// A listReader is a name server that loads a list.
type listReader struct {
	server
	format  string
	more    string // another file of testdata that configures it
	refuses func(probe) bool
	refusal reply
}

// A reply is what a name server answers.
type reply string

const (
	answered reply = "the address that the upstream has"
	denied   reply = "the name does not exist"
	null     reply = "0.0.0.0"
)

var listReaders = []listReader{
	{server{program: "named", configuration: "rpz-named.conf", arguments: []string{"-f", "-c", "{{.Dir}}/rpz-named.conf"}}, "rpz", "", byZone, denied},
	{server{program: "unbound", configuration: "rpz-unbound.conf", arguments: []string{"-d", "-p", "-c", "{{.Dir}}/rpz-unbound.conf"}}, "rpz", "", byZone, denied},
	{server{program: "pdns_recursor", configuration: "recursor.conf", arguments: []string{"--config-dir={{.Dir}}", "--socket-dir={{.Dir}}", "--lua-config-file={{.Dir}}/rpz-recursor.lua"}}, "rpz", "rpz-recursor.lua", byZone, denied},
	{server{program: "kresd", configuration: "rpz-kresd.lua", arguments: []string{"-n", "-c", "{{.Dir}}/rpz-kresd.lua", "{{.Dir}}"}}, "rpz", "", byZone, denied},
	{server{program: "unbound", configuration: "zones-unbound.conf", arguments: []string{"-d", "-p", "-c", "{{.Dir}}/zones-unbound.conf"}}, "unbound", "", byBelow, denied},
	{server{program: "dnsmasq", configuration: "addresses-dnsmasq.conf", arguments: []string{"-k", "-C", "{{.Dir}}/addresses-dnsmasq.conf"}}, "dnsmasq", "", byBelow, null},
	{server{program: "dnsmasq", configuration: "hosts-dnsmasq.conf", arguments: []string{"-k", "-C", "{{.Dir}}/hosts-dnsmasq.conf"}}, "hosts", "", byAlone, null},
}

// read starts the server with its list, and asks it for the names of probes and of the list.
func (l listReader) read(t *testing.T, lists string) {
	path := find(t, l.program)
	r := run{Dir: publicFolder(t), Port: freePort(t), Upstream: startUpstream(t), List: filepath.Join(lists, "snowman."+l.format), Zone: zone}
	r.configure(t, l.configuration)
	if l.more != "" {
		r.configure(t, l.more)
	}
	t.Cleanup(func() {
		if t.Failed() {
			showFolder(t, r)
		}
	})
	began := time.Now()
	p := startServer(t, l.server, r, path)
	address := fmt.Sprintf("127.0.0.1:%d", r.Port)
	for limit := began.Add(patience); !ask(t, address, ready+".example.com", 300*time.Millisecond); time.Sleep(50 * time.Millisecond) {
		if p.hasExited() || time.Now().After(limit) {
			t.Fatal("the server does not answer")
		}
	}
	t.Logf("it answers after %v", time.Since(began).Round(10*time.Millisecond))
	refused, passing := namesOf(l.refuses)
	texts := sampleOf(t, l.format, r.List)
	// BIND answers while it still takes names of a zone into its policy.
	isServed := func(name string) bool { return lookUp(t, address, name) != l.refusal }
	for limit := time.Now().Add(patience); slices.ContainsFunc(texts, isServed) && time.Now().Before(limit); {
		time.Sleep(50 * time.Millisecond)
	}
	check := func(name string, want reply) {
		t.Helper()
		if got := lookUp(t, address, name); got != want {
			t.Errorf("%.100q: got %q, want %q", name, got, want)
		}
	}
	for _, name := range refused {
		check(name, l.refusal)
	}
	for _, name := range passing {
		check(name, answered)
	}
	for _, name := range texts {
		check(name, l.refusal)
		below := "below-it." + name
		if len(wire(below)) > 255 {
			continue
		}
		want := answered
		if l.refuses(probe{below: true, zone: true}) {
			want = l.refusal
		}
		check(below, want)
	}
	t.Logf("asked for %d names, and for %d of the list", len(probes), len(texts))
	p.stop(syscall.SIGTERM)
}

// lookUp asks a server for a name until it answers.
func lookUp(t *testing.T, address, name string) reply {
	t.Helper()
	const tries = 5
	for range tries {
		message := answerOf(t, address, name, 3*time.Second)
		if message == nil {
			continue
		}
		count := binary.BigEndian.Uint16(message[answersAt:])
		switch code := message[flagsAt+1] & 0xf; {
		case code == nameError:
			return denied
		case code != 0:
			return reply(fmt.Sprintf("response code %d", code))
		case count == 1 && bytes.Contains(message, []byte{0, 4, 203, 0, 113, 5}):
			return answered
		case count == 1 && bytes.Contains(message, []byte{0, 4, 0, 0, 0, 0}):
			return null
		default:
			return reply(fmt.Sprintf("%d other records", count))
		}
	}
	return "nothing"
}

// readBySuricata has Suricata read a capture in which the names of probes are asked for.
func readBySuricata(t *testing.T, lists string) {
	path := find(t, "suricata")
	r := run{Dir: publicFolder(t), List: lists}
	r.configure(t, "lists.rules")
	var names []string
	for _, p := range probes {
		names = append(names, p.name)
	}
	for i := range min(*madeNames, fewNames) {
		names = append(names, madeName(i))
	}
	file := filepath.Join(r.Dir, "questions.pcap")
	if err := os.WriteFile(file, questionsCaptured(names), 0o644); err != nil {
		t.Fatal(err)
	}
	for _, mode := range [][]string{{"-T"}, {"-r", file, "-k", "none", "--runmode", "single"}} {
		arguments := append(mode, "-l", r.Dir, "-S", filepath.Join(r.Dir, "lists.rules"))
		// Suricata says in its log alone that it has left out a rule.
		out, err := exec.Command(path, arguments...).CombinedOutput()
		if err != nil || bytes.Contains(out, []byte("<Error>")) || bytes.Contains(out, []byte("E: ")) {
			t.Fatalf("suricata %s: %v\n%s", mode[0], err, out)
		}
	}
	events, err := os.ReadFile(filepath.Join(r.Dir, "eve.json"))
	if err != nil {
		t.Fatal(err)
	}
	alerts := make(map[string][]string)
	type questions []struct {
		Name string `json:"rrname"`
	}
	for line := range bytes.Lines(events) {
		var e struct {
			Type  string `json:"event_type"`
			Alert struct {
				Signature string
			}
			DNS struct {
				Query   questions // of Suricata 7
				Queries questions // of Suricata 8
			}
		}
		if err := json.Unmarshal(line, &e); err != nil {
			t.Fatal(err)
		}
		if e.Type == "alert" {
			for _, q := range append(e.DNS.Query, e.DNS.Queries...) {
				alerts[e.Alert.Signature] = append(alerts[e.Alert.Signature], q.Name)
			}
		}
	}
	want, _ := namesOf(byAlone)
	want = append(want, names[len(probes):]...)
	compareNames(t, alerts["dataset"], want)
	// The rule asks for a reputation above that of this name.
	want = slices.DeleteFunc(want, func(name string) bool { return name == "unsure.net" })
	compareNames(t, alerts["datarep"], want)
}

// questionsCaptured returns a capture of questions for names, each from another port.
func questionsCaptured(names []string) []byte {
	const (
		rawIP   = 101 // link type of packets that begin with IP
		ipBytes = 20
		udp     = 17
	)
	le, be := binary.LittleEndian, binary.BigEndian
	out := le.AppendUint32(nil, 0xa1b2c3d4)
	out = append(out, 2, 0, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0)
	out = le.AppendUint32(le.AppendUint32(out, 1<<16), rawIP)
	for i, name := range names {
		datagram := be.AppendUint16(nil, uint16(10_000+i))
		datagram = be.AppendUint16(datagram, 53)
		question := append([]byte{byte(i >> 8), byte(i), recursionDesired >> 8, 0, 0, 1, 0, 0, 0, 0, 0, 0}, wire(name)...)
		question = append(question, 0, typeA, 0, classIN)
		datagram = be.AppendUint16(datagram, uint16(8+len(question)))
		datagram = append(append(datagram, 0, 0), question...)
		packet := []byte{0x45, 0}
		packet = be.AppendUint16(packet, uint16(ipBytes+len(datagram)))
		packet = append(packet, 0, 0, 0, 0, 64, udp, 0, 0, 192, 0, 2, 1, 192, 0, 2, 53)
		packet = append(packet, datagram...)
		for _, n := range []int{1_800_000_000 + i, 0, len(packet), len(packet)} {
			out = le.AppendUint32(out, uint32(n))
		}
		out = append(out, packet...)
	}
	return out
}

// readByPython has a package of Python read what is for its kind.
func readByPython(t *testing.T, name, lists string) {
	if _, err := os.Stat(*python); err != nil {
		t.Skipf("NOT TESTED: %s, without Python: %v", name, err)
	}
	blocked, passing := namesOf(byBelow)
	texts, _ := namesOf(func(p probe) bool { return p.alone && p.name == strings.ToLower(p.name) })
	for i := range min(*madeNames, fewNames) {
		texts = append(texts, madeName(i))
	}
	texts = append(texts, listedAddresses...)
	expected, err := json.Marshal(map[string][]string{
		"blocked": append(blocked, "45.67.89.10"), "passing": append(passing, "45.67.89.11"),
		"stix": append(slices.Clone(texts), stixURLs...), "misp": append(slices.Clone(texts), mispURLs...),
	})
	if err != nil {
		t.Fatal(err)
	}
	command := exec.Command(*python, filepath.Join("testdata", "lists.py"), name, lists)
	command.Stdin = bytes.NewReader(expected)
	said, err := command.CombinedOutput()
	const isMissing = 77
	var exit *exec.ExitError
	switch {
	case errors.As(err, &exit) && exit.ExitCode() == isMissing:
		t.Skipf("NOT TESTED: %s, which is not installed: %s", name, said)
	case err != nil:
		t.Errorf("%v\n%s", err, said)
	}
}
