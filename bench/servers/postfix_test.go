//go:build linux

package servers_test

import (
	"fmt"
	"net/textproto"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/snowman-ml/snowman"
)

// A mail is what an envelope says of a sender.
type mail struct{ client, unverified, helo, sender string }

// attributes are the names of the policy protocol for the fields of a mail, in their order.
var attributes = []string{"client_name", "reverse_client_name", "helo_name", "sender"}

var mails = []mail{
	{"[UNAVAILABLE]", "[UNAVAILABLE]", "mail.example.com", "me@HOST"},
	{"HOST", "HOST", "mail.example.com", "me@example.com"},
	{"[UNAVAILABLE]", "HOST", "mail.example.com", "me@example.com"},
	{"mail.example.com", "mail.example.com", "HOST", "me@example.org"},
	{"mail.example.com", "mail.example.com", "[203.0.113.7]", ""},
	{"mail.example.com", "mail.example.com", "HOST", "\"odd name@paypa1.com\"@example.org"},
	{"mail.example.com", "mail.example.com", "m+C3+BCnchen.HOST", "a=b'c@HOST"},
	{"www.example.com", "www.example.com", "www.example.com", "me@[203.0.113.7]"},
}

// mailOf returns the envelope of a number.
func mailOf(number int) mail {
	m := mails[number%len(mails)]
	fill := func(text string) string {
		return strings.ReplaceAll(text, "HOST", squidHosts[number/len(mails)%len(squidHosts)])
	}
	return mail{fill(m.client), fill(m.unverified), fill(m.helo), fill(m.sender)}
}

// texts are the names of a mail that have a score, or none, in the order of attributes.
func (m mail) texts() []string {
	client, unverified := m.client, m.unverified
	if client == "[UNAVAILABLE]" {
		client = ""
	}
	if unverified == "[UNAVAILABLE]" {
		unverified = ""
	}
	helo := strings.ReplaceAll(m.helo, "+C3+BC", "\u00fc")
	all := []string{client, unverified, helo, m.sender[strings.LastIndexByte(m.sender, '@')+1:]}
	for i, text := range all {
		if strings.HasPrefix(text, "[") {
			all[i] = ""
		}
	}
	return all
}

// TestPostfixAsks sends mails to Postfix, which asks the helper and writes the header that it gives
// into its log.
func TestPostfixAsks(t *testing.T) {
	path := find(t, "postfix")
	owner, err := user.Lookup("postfix")
	if err != nil || os.Getuid() != 0 {
		t.Skip("NOT TESTED: Postfix, which takes root and its user")
	}
	r := run{Dir: publicFolder(t), Port: freePort(t)}
	t.Cleanup(func() {
		if t.Failed() {
			showFolder(t, r)
		}
	})
	uid, _ := strconv.Atoi(owner.Uid)
	gid, _ := strconv.Atoi(owner.Gid)
	for _, folder := range []string{"queue", "data"} {
		if err := os.Mkdir(filepath.Join(r.Dir, folder), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Chown(filepath.Join(r.Dir, "data"), uid, gid); err != nil {
		t.Fatal(err)
	}
	configurePostfix(t, r)
	if err := os.Chmod(r.Dir, 0o755); err != nil {
		t.Fatal(err)
	}
	if output, err := exec.Command(path, "-c", r.Dir, "check").CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, output)
	}
	t.Setenv("MAIL_CONFIG", r.Dir)
	postfix := startServer(t, server{arguments: []string{"-c", "{{.Dir}}", "-d"}}, r, "/usr/lib/postfix/sbin/master")
	address := fmt.Sprintf("127.0.0.1:%d", r.Port)
	await(t, "Postfix", func() bool {
		connection, err := textproto.Dial("tcp", address)
		if err == nil {
			connection.Close()
		}
		return err == nil || postfix.hasExited()
	})
	if err := send(address, mails[0], -1); err != nil {
		t.Fatal(err)
	}
	const clients = 4
	count := max(len(mails)*len(squidHosts), *atLeast/10)
	var group sync.WaitGroup
	for i := range clients {
		group.Go(func() {
			for number := i; number < count; number += clients {
				if err := send(address, mailOf(number), number); err != nil {
					t.Errorf("%+v: %v", mailOf(number), err)
				}
			}
		})
	}
	group.Wait()
	states := squidStates(t)[:1]
	log := filepath.Join(r.Dir, "mail.log")
	await(t, "the log", func() bool {
		content, _ := os.ReadFile(log)
		return strings.Count(string(content), " removed\n") >= count
	})
	postfix.stop(syscall.SIGTERM)
	content, err := os.ReadFile(log)
	if err != nil {
		t.Fatal(err)
	}
	headers := make(map[string]string)
	for _, found := range regexp.MustCompile(`warning: header X-Snowman: (.*) from [^;]*; from=<.*> to=<n(\d+)n@`).FindAllStringSubmatch(string(content), -1) {
		headers[found[2]] += found[1]
	}
	told := 0
	for number := range count {
		m := mailOf(number)
		want := ""
		if v, isScored := states[0].says(m.texts()...); isScored && v.Level >= snowman.High {
			want = fmt.Sprintf("high; score=%.5f; kind=%s; of=%s", v.Score, v.Kind, m.worst(states[0], v))
			told++
		}
		if got := headers[strconv.Itoa(number)]; got != want {
			t.Errorf("%+v: the header is %q, want %q", m, got, want)
		}
	}
	t.Logf("%d mails, %d with a header", count, told)
	if told == 0 || told == count {
		t.Error("all mails are alike")
	}
}

// worst returns the first attribute of a mail that has a verdict.
func (m mail) worst(s state, v snowman.Verdict) string {
	for i, text := range m.texts() {
		if one, isScored := s.says(text); isScored && one.Level == v.Level && one.Score == v.Score {
			return attributes[i]
		}
	}
	return ""
}

// configurePostfix writes what Postfix and the helper read.
func configurePostfix(t *testing.T, r run) {
	t.Helper()
	text := strings.ReplaceAll(linesOf(t, "## Postfix"), "/etc/snowman/", r.Dir+"/")
	text = strings.ReplaceAll(text, "/usr/local/bin/snowman", r.Dir+"/snowman")
	var added [2]string
	for line := range strings.Lines(text) {
		switch {
		case strings.Contains(line, " spawn "):
			added[0] += line
		case strings.Contains(line, " = "):
			added[1] += line
		}
	}
	for i, name := range []string{"master.cf", "main.cf"} {
		content, err := os.ReadFile("testdata/postfix-" + name)
		if err != nil {
			t.Fatal(err)
		}
		writeFile(t, r, name, []byte(r.fill(t, string(content))+added[i]), 0o644)
	}
	writeProgram(t, r)
	writeFile(t, r, allowFile, []byte(oneList), 0o644)
}

// send sends a mail, and says who would have sent it.
func send(address string, m mail, number int) error {
	connection, err := textproto.Dial("tcp", address)
	if err != nil {
		return err
	}
	defer connection.Close()
	limit := time.AfterFunc(patience, func() { connection.Close() })
	defer limit.Stop()
	if _, _, err := connection.ReadResponse(220); err != nil {
		return err
	}
	for _, step := range []struct {
		line string
		code int
	}{
		{"EHLO first.example.com", 250},
		{"XCLIENT NAME=" + m.client + " REVERSE_NAME=" + m.unverified + " ADDR=203.0.113.9 HELO=" + m.helo, 220},
		{"MAIL FROM:<" + m.sender + ">", 250},
		{fmt.Sprintf("RCPT TO:<n%dn@example.net>", number), 250},
		{"DATA", 354},
		{"Subject: test\r\n\r\ntest\r\n.", 250},
		{"QUIT", 221},
	} {
		if err := connection.PrintfLine("%s", step.line); err != nil {
			return err
		}
		if _, _, err := connection.ReadResponse(step.code); err != nil {
			return fmt.Errorf("%s: %w", step.line, err)
		}
	}
	return nil
}
