package main

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/snowman-ml/snowman/bench/internal/markdown"
	"github.com/snowman-ml/snowman/bench/internal/program"
)

// A loader is a program that reads a list when it starts. In its files and arguments LIST is the
// path of the list, DIR the folder of the files, PORT where it has to listen on loopback.
type loader struct {
	title, program, format string
	args                   []string
	files                  map[string]string // by their names
}

const (
	forwardUnbound = "forward-zone:\n name: \".\"\n forward-addr: 127.0.0.1@9\nremote-control:\n control-enable: no\n"
	serverUnbound  = "server:\n interface: 127.0.0.1@PORT\n do-ip6: no\n do-daemonize: no\n username: \"\"\n chroot: \"\"\n directory: \"DIR\"\n pidfile: \"\"\n use-syslog: no\n"
)

var loaders = []loader{
	{"BIND, policy zone", "named", "rpz", []string{"-f", "-c", "DIR/named.conf"}, map[string]string{
		"named.conf": `options { directory "DIR"; listen-on port PORT { 127.0.0.1; }; listen-on-v6 { none; }; pid-file none; session-keyfile none; dnssec-validation no;
 forward only; forwarders { 127.0.0.1 port 9; }; response-policy { zone "rpz"; } qname-wait-recurse no; };
controls { }; zone "rpz" { type primary; file "LIST"; };`}},
	{"Unbound, policy zone", "unbound", "rpz", []string{"-d", "-c", "DIR/unbound.conf"}, map[string]string{
		"unbound.conf": serverUnbound + " module-config: \"respip iterator\"\nrpz:\n name: rpz.\n zonefile: \"LIST\"\n" + forwardUnbound}},
	{"Unbound, local zones", "unbound", "unbound", []string{"-d", "-c", "DIR/unbound.conf"}, map[string]string{
		"unbound.conf": serverUnbound + " module-config: iterator\n include: \"LIST\"\n" + forwardUnbound}},
	{"dnsmasq", "dnsmasq", "dnsmasq", []string{"-k", "--conf-file=LIST", "--port=PORT", "--listen-address=127.0.0.1", "--bind-interfaces", "--no-resolv", "--no-hosts", "--pid-file=DIR/pid", "--user=", "--group="}, nil},
	{"PowerDNS Recursor, policy zone", "pdns_recursor", "rpz", []string{"--config-dir=DIR"}, map[string]string{
		"recursor.conf": "local-address=127.0.0.1\nlocal-port=PORT\nsocket-dir=DIR\ndaemon=no\nsecurity-poll-suffix=\nlua-config-file=DIR/rpz.lua\n",
		"rpz.lua":       `rpzFile("LIST", {policyName="rpz"})`}},
	{"Knot Resolver, policy zone", "kresd", "rpz", []string{"-n", "-c", "DIR/kresd.conf", "DIR"}, map[string]string{
		"kresd.conf": "net.listen('127.0.0.1', PORT, { kind = 'dns' })\ncache.size = 16 * MB\npolicy.add(policy.rpz(policy.DENY, 'LIST'))\n"}},
}

// measureLoading prints how long each program takes from its start until it answers by the list.
func (o options) measureLoading(ctx context.Context, stdout, stderr io.Writer, listed string) error {
	table := markdown.NewTable(stdout, "Loading them", "program", "first answer, s", "processor time, s", "memory, MiB")
	defer table.End()
	for _, l := range loaders {
		path, err := exec.LookPath(l.program)
		if err != nil {
			fmt.Fprintf(stderr, "NOT MEASURED: %s: there is no %s\n", l.title, l.program)
			continue
		}
		var passes []program.Pass
		for range o.times {
			p, err := o.load(ctx, l, path, listed)
			if err != nil {
				return fmt.Errorf("%s: %w", l.title, err)
			}
			passes = append(passes, p)
		}
		p := program.Median(passes)
		table.Row(l.title, fmt.Sprintf("%.1f", p.Seconds), fmt.Sprintf("%.1f", p.CPU), fmt.Sprint(p.Memory>>20))
	}
	return nil
}

// load starts a program, and ends it once it answers for a listed name.
func (o options) load(ctx context.Context, l loader, path, listed string) (p program.Pass, err error) {
	folder, err := os.MkdirTemp(o.folder, l.program)
	if err != nil {
		return p, err
	}
	port, err := freePort()
	if err != nil {
		return p, err
	}
	fill := strings.NewReplacer("LIST", o.path(l.format), "DIR", folder, "PORT", port)
	for name, content := range l.files {
		if err := os.WriteFile(filepath.Join(folder, name), []byte(fill.Replace(content)), 0o644); err != nil {
			return p, err
		}
	}
	var args []string
	for _, arg := range l.args {
		args = append(args, fill.Replace(arg))
	}
	const longest = 5 * time.Minute
	ctx, cancel := context.WithTimeout(ctx, longest)
	defer cancel()
	command := exec.CommandContext(ctx, path, args...)
	var said bytes.Buffer
	command.Stdout, command.Stderr = &said, &said
	started := time.Now()
	if err := command.Start(); err != nil {
		return p, err
	}
	ended := make(chan error, 1)
	go func() { ended <- command.Wait() }()
	for {
		if isDenied("127.0.0.1:"+port, listed) {
			took := time.Since(started)
			command.Process.Kill()
			<-ended
			return program.Ended(command.ProcessState, took), nil
		}
		select {
		case err := <-ended:
			return p, errors.Join(fmt.Errorf("it ended before it answered; it said: %.1000s", said.String()), err)
		case <-time.After(20 * time.Millisecond):
		}
	}
}

// freePort returns a port on which nothing listens, and which no socket gets by chance: those are
// above 32767.
func freePort() (string, error) {
	const first, last = 20_000, 32_000
	for port := first; port < last; port++ {
		address := fmt.Sprintf("127.0.0.1:%d", port)
		datagrams, err := net.ListenPacket("udp", address)
		if err != nil {
			continue
		}
		datagrams.Close()
		streams, err := net.Listen("tcp", address)
		if err != nil {
			continue
		}
		streams.Close()
		return strconv.Itoa(port), nil
	}
	return "", errors.New("no port is free")
}

// isDenied reports whether a server says at once that a name does not exist, or gives it an
// address.
func isDenied(server, name string) bool {
	connection, err := net.Dial("udp", server)
	if err != nil {
		return false
	}
	defer connection.Close()
	connection.SetDeadline(time.Now().Add(time.Second))
	// A question for an address (RFC 1035, section 4.1): a header, labels, type A, class IN.
	question := []byte{0x53, 0x4e, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0}
	for label := range strings.SplitSeq(name, ".") {
		question = append(append(question, byte(len(label))), label...)
	}
	if _, err := connection.Write(append(question, 0, 0, 1, 0, 1)); err != nil {
		return false
	}
	answer := make([]byte, 4096)
	n, err := connection.Read(answer)
	if err != nil || n < len("header of 12") {
		return false
	}
	const noError, nameError = 0, 3
	switch answer[3] & 0xf {
	case nameError:
		return true
	case noError:
		return binary.BigEndian.Uint16(answer[6:]) > 0
	}
	return false
}
