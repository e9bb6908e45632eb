//go:build linux

package servers_test

import (
	"bytes"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/snowman-ml/snowman"
	"github.com/snowman-ml/snowman/allow"
)

var atLeast = flag.Int("urls", 1000, "Squid is asked for this `number` of URLs at least, in each way")

// A squidCase is a way to have Squid ask the helper.
type squidCase struct {
	name     string
	protocol string
	section  string   // of docs/helper.md, whose lines are tried
	changes  []string // to these lines, in pairs: regular expression, replacement
	children int      // helpers that Squid starts
	watches  bool     // else the helpers get SIGHUP
	peeks    bool     // clients of tunnels speak TLS, and Squid sees the name that they ask for
	asks     int      // how often the helper is asked when clients ask for the same URL three times
}

var squidCases = []squidCase{
	{name: "as the page says", protocol: "squid-acl", section: "## Squid: deny", children: 1, watches: true, peeks: true, asks: 1},
	{
		name: "two children, SIGHUP, no cache, no TLS, an argument", protocol: "squid-acl", section: "## Squid: deny", children: 2, asks: 3,
		changes: []string{
			`(?m)^(http_port \S+) .*$`, `$1`, `(?m)^.*(SslBump1|ssl_bump).*$`, ``, ` -watch`, ``,
			`ttl=300 negative_ttl=300 children-max=1 concurrency=100`, `ttl=0 negative_ttl=0 cache=0 children-max=2 children-startup=2 concurrency=4`,
			`%ssl::>sni`, `%ssl::>sni %DATA`, `external snowman\b`, `external snowman an-argument`,
		},
	},
	{name: "lead elsewhere, as the page says", protocol: "squid-rewrite", section: "## Squid: lead elsewhere", children: 1, watches: true, asks: 3},
	{
		name: "lead elsewhere, two children, SIGHUP", protocol: "squid-rewrite", section: "## Squid: lead elsewhere", children: 2, asks: 3,
		changes: []string{` -watch`, ``, `url_rewrite_children 1 concurrency=100`, `url_rewrite_children 2 startup=2 concurrency=4`},
	},
}

// TestSquidAsks has Squid ask the helper for each URL while model and allow list are replaced: each
// request gets one answer, which is what the library says of the text that Squid passed, and what
// Squid then does.
func TestSquidAsks(t *testing.T) {
	for _, c := range squidCases {
		t.Run(c.name, func(t *testing.T) { c.run(t) })
	}
}

// Files of a run.
const (
	modelFile = "model.safetensors"
	allowFile = "allow.txt"
)

// A state is what the helper answers from.
type state struct {
	file, content string // what is replaced to get there: modelFile or allowFile
	model         *snowman.Model
	list          *allow.List
}

// The allow lists, and the models, that take turns.
const (
	oneList     = "*.account-verify.top\nfizz.example.org\n"
	anotherList = "*.verify-account.tk\nbuzz.example.org\n"
)

var squidModels = [2]string{"../../models/snowman.safetensors", "../../web/testdata/toy.safetensors"}

// squidStates returns states each of which differs from the one before by one file.
func squidStates(t *testing.T) []state {
	t.Helper()
	var models [2]*snowman.Model
	var files [2]string
	for i, path := range squidModels {
		content, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if models[i], err = snowman.Parse(content); err != nil {
			t.Fatal(err)
		}
		files[i] = string(content)
	}
	var lists [2]*allow.List
	for i, text := range []string{oneList, anotherList} {
		path := filepath.Join(t.TempDir(), allowFile)
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		list, problems, err := allow.Open(path)
		if err != nil || len(problems) > 0 {
			t.Fatal(err, problems)
		}
		lists[i] = list
	}
	return []state{
		{model: models[0], list: lists[0]},
		{modelFile, files[1], models[1], lists[0]},
		{allowFile, anotherList, models[1], lists[1]},
		{modelFile, files[0], models[0], lists[1]},
		{allowFile, oneList, models[0], lists[0]},
	}
}

// says returns what the library says of the worst of some texts.
func (s state) says(texts ...string) (worst snowman.Verdict, isScored bool) {
	for _, text := range texts {
		v, err := s.model.Classify(text)
		if err != nil {
			continue
		}
		if _, isAllowed := s.list.NewMatcher().Match(text); isAllowed {
			v.Level, v.Kind = snowman.None, "benign"
		}
		if !isScored || v.Level > worst.Level || v.Level == worst.Level && v.Score > worst.Score {
			worst, isScored = v, true
		}
	}
	return worst, isScored
}

// A squidAsk is a request to Squid. Its texts hold the number of the request, NUMBER.
type squidAsk struct {
	sent   string // URL, or host:port of a tunnel
	passed string // what Squid passes of it; default: sent
	name   string // TLS server name of a tunnel
}

// squidHosts are such that some reach the level and some do not, in each state.
var squidHosts = []string{
	"www.example.com", "docs.python.org", "paypal-login-secure.account-verify.top", "secure-login.paypa1.com.verify-account.tk",
	"fizz.example.org", "buzz.example.org", "appleid-signin.verify-account.tk", "kq3v9z7x1bq0fh2.net", "mail.account-verify.top", "github.com",
}

// squidAsks are asked for in turns, with each host.
var squidAsks = []squidAsk{
	{sent: "http://HOST/NUMBER"},
	{sent: "http://HOST/login/NUMBER.php?id=1&x=%20y"},
	{sent: "HOST:443", name: "NUMBER.example.net"},
	{sent: "http://HOST/NUMBER/x~y'z\"q"},
	{sent: "http://HOST/NUMBER/%7e%5B%41[x]{}|\\^`<>#f%5D"},
	{sent: "198.51.100.7:443", name: "NUMBER.HOST"},
	{sent: "http://HOST/NUMBER/a b  c", passed: "http://HOST/NUMBER/abc"},
	{sent: "http://user:pass@HOST/NUMBER", passed: "http://HOST/NUMBER"},
	{sent: "http://UPPER.HOST/NUMBER/Path", passed: "http://upper.HOST/NUMBER/Path"},
	{sent: "http://m\u00fcnchen.HOST/NUMBER/\u00fc"},
	{sent: "http://xn--mnchen-3ya.HOST/NUMBER/%C3%BC"},
	{sent: "http://HOST:80/NUMBER", passed: "http://HOST/NUMBER"},
	{sent: "http://HOST:8080/NUMBER"},
	{sent: "http://HOST./NUMBER", passed: "http://HOST/NUMBER"},
	{sent: "http://HOST?NUMBER", passed: "http://HOST/?NUMBER"},
	{sent: "http://HOST/NUMBER?a=%0a%00%0d%zz%"},
	{sent: "http://HOST/NUMBER/bytes\xfe\xff"},
	{sent: "http://HOST/NUMBER?url=http://other.example.org/%2e%2e/"},
	{sent: "http://[2606:4700::1111]/NUMBER/HOST"},
	{sent: "http://203.0.113.7/NUMBER/HOST"},
	{sent: "http://HOST/NUMBER/" + strings.Repeat("0123456789", 800)},
	{sent: "http://HOST/NUMBER/" + strings.Repeat("\"", 8000)},
	{sent: "ftp://HOST/NUMBER"},
}

// squidAskOf returns the request of a number.
func squidAskOf(number int) squidAsk {
	ask := squidAsks[number%len(squidAsks)]
	if ask.passed == "" {
		ask.passed = ask.sent
	}
	host := squidHosts[(number+number/len(squidAsks))%len(squidHosts)]
	fill := strings.NewReplacer("HOST", host, "NUMBER", fmt.Sprintf("n%dn", number)).Replace
	return squidAsk{fill(ask.sent), fill(ask.passed), fill(ask.name)}
}

// isTunnel reports whether the request is one for a tunnel.
func (a squidAsk) isTunnel() bool { return a.name != "" }

// An outcome is what came of a request.
type outcome struct {
	ask         squidAsk
	first, last int // numbers of the states in which the helper may have answered
	isThrough   bool
	location    string
	err         error
}

func (c squidCase) run(t *testing.T) {
	path := find(t, "squid")
	states := squidStates(t)
	r := run{Dir: publicFolder(t), Port: freePort(t), Upstream: startProxy(t)}
	t.Cleanup(func() {
		if t.Failed() {
			showFolder(t, r)
		}
	})
	c.configure(t, r)
	squid := startServer(t, server{arguments: []string{"-N", "-f", "{{.Dir}}/squid.conf"}}, r, path)
	address := fmt.Sprintf("127.0.0.1:%d", r.Port)
	await(t, "Squid and its helpers", func() bool {
		err := request(address, visit{ready + ".example.com", "/"}.toProxy())
		return squid.hasExited() || err == nil && len(pids(r)) == c.children
	})

	if squid.hasExited() {
		t.Fatal("Squid has ended")
	}

	// Clients ask without a break.
	var reached, begun atomic.Int64 // states
	var next atomic.Int64
	var isOver atomic.Bool
	const clients = 8
	var outcomes [clients][]outcome
	var group sync.WaitGroup
	for i := range clients {
		group.Go(func() {
			client := squidClient{address: address, peeks: c.peeks}
			defer client.close()
			for !isOver.Load() {
				o := outcome{ask: squidAskOf(int(next.Add(1) - 1)), first: int(reached.Load())}
				client.do(&o)
				o.last = int(begun.Load())
				outcomes[i] = append(outcomes[i], o)
			}
		})
	}
	defer group.Wait()
	defer isOver.Store(true)
	for i, s := range states {
		if i > 0 {
			begun.Store(int64(i))
			c.replace(t, r, s)
			reached.Store(int64(i))
		}
		goal := next.Load() + int64(*atLeast/len(states))
		await(t, "answers of each helper", func() bool {
			return next.Load() >= goal && haveAnswered(r) == c.children || squid.hasExited()
		})
	}
	isOver.Store(true)
	group.Wait()

	// The same again: whether Squid remembers answers.
	again := squidAsk{sent: "http://www.example.com/again"}
	client := squidClient{address: address}
	for range 3 {
		o := outcome{ask: again}
		if client.do(&o); o.err != nil {
			t.Error(o.err)
		}
	}
	client.close()
	squid.stop(syscall.SIGTERM)
	c.check(t, r, states, slices.Concat(outcomes[:]...))
}

// await waits until something is so.
func await(t *testing.T, what string, isSo func() bool) {
	t.Helper()
	for limit := time.Now().Add(patience); !isSo(); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(limit) {
			t.Fatalf("waiting for %s", what)
		}
	}
}

// recorder runs a helper, and keeps what it is asked, what it answers, what it logs and its number.
const recorder = `#!/bin/sh
cd {{.Dir}} || exit 1
tee "$$.asked" | sh -c 'echo $$ >"$0.new"; mv "$0.new" "$0.pid"; exec "$@" 2>"$0.log"' "$$" "$@" | tee "$$.answered"
`

// configure writes what Squid and its helpers read.
func (c squidCase) configure(t *testing.T, r run) {
	t.Helper()
	text := linesOf(t, c.section)
	if !strings.Contains(text, "http_port") {
		text += "http_port 3128\n"
	}
	places := []string{
		`http_port 3128`, fmt.Sprintf("http_port 127.0.0.1:%d", r.Port),
		`/etc/squid/ca\.pem`, r.Dir + "/ca.pem",
		`/var/log/squid/`, "stdio:" + r.Dir + "/",
		`/usr/local/bin/snowman helper (\S+)`, r.Dir + "/record " + r.Dir + "/snowman helper $1 -model " + r.Dir + "/" + modelFile,
		`/etc/snowman/`, r.Dir + "/",
	}
	for i := 0; i < len(places); i += 2 {
		text = regexp.MustCompile(places[i]).ReplaceAllString(text, places[i+1])
	}
	for i := 0; i < len(c.changes); i += 2 {
		pattern := regexp.MustCompile(c.changes[i])
		if !pattern.MatchString(text) {
			t.Fatalf("docs/helper.md has no line with %q", c.changes[i])
		}
		text = pattern.ReplaceAllString(text, c.changes[i+1])
	}
	rest, err := os.ReadFile("testdata/squid-helper.conf")
	if err != nil {
		t.Fatal(err)
	}
	model, err := os.ReadFile(squidModels[0])
	if err != nil {
		t.Fatal(err)
	}
	writeFile(t, r, "squid.conf", []byte(text+r.fill(t, string(rest))), 0o644)
	writeFile(t, r, "record", []byte(r.fill(t, recorder)), 0o755)
	writeFile(t, r, modelFile, model, 0o644)
	writeFile(t, r, allowFile, []byte(oneList), 0o644)
	writeFile(t, r, "ca.pem", newAuthority(t), 0o644)
	writeProgram(t, r)
}

// linesOf returns the lines of configuration that a section of docs/helper.md has.
func linesOf(t *testing.T, section string) string {
	t.Helper()
	page, err := os.ReadFile("../../docs/helper.md")
	if err != nil {
		t.Fatal(err)
	}
	_, text, _ := strings.Cut(string(page), section+"\n")
	text, _, _ = strings.Cut(text, "\n## ")
	var lines strings.Builder
	for line := range strings.Lines(text) {
		if code, isCode := strings.CutPrefix(line, "    "); isCode && !strings.HasPrefix(code, "$ ") {
			lines.WriteString(code)
		}
	}
	return lines.String()
}

// writeFile writes a file into the folder of a run.
func writeFile(t *testing.T, r run, name string, content []byte, mode os.FileMode) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(r.Dir, name), content, mode); err != nil {
		t.Fatal(err)
	}
}

// writeProgram writes the program where every user can run it.
func writeProgram(t *testing.T, r run) {
	t.Helper()
	content, err := os.ReadFile(*program)
	if err != nil {
		t.Fatal(err)
	}
	writeFile(t, r, "snowman", content, 0o755)
}

// replace gets to a state, and waits until all helpers have.
func (c squidCase) replace(t *testing.T, r run, s state) {
	t.Helper()
	before := c.reloads(r, s)
	path := filepath.Join(r.Dir, s.file)
	if err := os.WriteFile(path+".new", []byte(s.content), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(path+".new", path); err != nil {
		t.Fatal(err)
	}
	if !c.watches {
		for _, pid := range pids(r) {
			if err := syscall.Kill(pid, syscall.SIGHUP); err != nil {
				t.Error(err)
			}
		}
	}
	await(t, "the helpers to read "+s.file, func() bool {
		for i, now := range c.reloads(r, s) {
			if now == before[i] {
				return false
			}
		}
		return true
	})
}

// reloads returns how often each helper read the file of a state anew.
func (c squidCase) reloads(r run, s state) []int {
	what, _, _ := strings.Cut(s.file, ".")
	var counts []int
	for _, file := range kept(r, ".log") {
		content, _ := os.ReadFile(file)
		counts = append(counts, bytes.Count(content, []byte(`"msg":"reloaded","what":"`+what+`"`)))
	}
	return counts
}

// kept returns the files that the recorders keep, in the order of the recorders' numbers.
func kept(r run, ending string) []string {
	files, _ := filepath.Glob(filepath.Join(r.Dir, "[0-9]*"+ending))
	return files
}

// haveAnswered returns how many helpers have answered something: before that, SIGHUP may end them.
func haveAnswered(r run) int {
	count := 0
	for _, file := range kept(r, ".answered") {
		if info, err := os.Stat(file); err == nil && info.Size() > 0 {
			count++
		}
	}
	return count
}

// pids returns the process of each helper.
func pids(r run) []int {
	var all []int
	for _, file := range kept(r, ".pid") {
		content, _ := os.ReadFile(file)
		if pid, err := strconv.Atoi(strings.TrimSpace(string(content))); err == nil {
			all = append(all, pid)
		}
	}
	return all
}
