package uts46

import (
	"bufio"
	"encoding/json"
	"flag"
	"fmt"
	"html"
	"math/rand/v2"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "ask Chromium (CHROMIUM, or /usr/bin/chromium) and write the golden file again")

const golden = "testdata/chromium.txt"

// TestChromium holds Append to what Chromium made of hosts that it takes: one a line, the host and
// what it is.
func TestChromium(t *testing.T) {
	if *update {
		record(t)
	}
	file, err := os.Open(golden)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	hosts := 0
	for scanner := bufio.NewScanner(file); scanner.Scan(); {
		if strings.HasPrefix(scanner.Text(), "#") {
			continue
		}
		quoted, want, _ := strings.Cut(scanner.Text(), "\t")
		host, err := strconv.Unquote(quoted)
		if err != nil {
			t.Fatal(err)
		}
		raw, err := url.PathUnescape(want) // what Chromium escapes differs
		if err != nil {
			t.Fatal(err)
		}
		hosts++
		if got := canonical(host); got != write([]byte(raw)) {
			t.Errorf("%s is %s, in Chromium %s", quoted, got, want)
		}
	}
	if hosts < 2000 {
		t.Errorf("there are %d hosts", hosts)
	}
}

// record asks Chromium about hosts of two labels, whose characters are drawn from several kinds.
func record(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	var composites, mappedOnes, hidden, marks []rune
	for _, c := range compositions {
		composites = append(composites, c.composite)
	}
	for r := rune(0x80); r <= 0x3FFFF; r++ {
		switch value := lookUp(r); {
		case value == ignored:
			hidden = append(hidden, r)
		case value > mark && value < mapped:
			marks = append(marks, r)
		case value >= mapped:
			mappedOnes = append(mappedOnes, r)
		}
	}
	between := func(low, high rune) func() rune { return func() rune { return low + random.Int32N(high-low+1) } }
	oneOf := func(characters []rune) func() rune {
		return func() rune { return characters[random.IntN(len(characters))] }
	}
	kinds := []func() rune{
		between('a', 'z'), between('a', 'z'), between('0', '9'), oneOf([]rune("-_")), between(0xDF, 0x24F),
		between(0x300, 0x345), oneOf(marks), oneOf(composites), oneOf(composites), oneOf(mappedOnes), oneOf(mappedOnes),
		oneOf(hidden), between(0x370, 0x52F), between(0x900, 0xDFF), between(0x1100, 0x11FF), between(0x1161, 0x11C2),
		between(0x1E00, 0x1FFF), between(0x2000, 0x206F), between(0x3040, 0x30FF), between(0x4E00, 0x9FFF),
		between(0xAC00, 0xD7A3), between(0xFF01, 0xFF9F), between(0x1F300, 0x1F6FF), between(0x1CCD6, 0x1CCF9),
	}
	label := func() string {
		var text strings.Builder
		some := kinds[random.IntN(len(kinds)):]
		some = some[:min(len(some), 3)]
		for range 1 + random.IntN(6) {
			text.WriteRune(some[random.IntN(len(some))]())
		}
		return strings.ToLower(text.String())
	}
	var hosts []string
	for range 2000 {
		hosts = append(hosts, "a"+label()+string([]rune(".。.｡")[random.IntN(4)])+"b"+label())
	}
	for _, c := range compositions { // taken apart, with a mark in between
		hosts = append(hosts, string([]rune{c.first, 0x323, c.second}))
	}

	const page = `<meta charset=utf-8><pre id=answers></pre><script>
document.getElementById("answers").textContent = %s.map(host => {
	try { return new URL("http://" + host + "/").hostname } catch { return "" }
}).join("\n")</script>`
	list, err := json.Marshal(hosts)
	if err != nil {
		t.Fatal(err)
	}
	folder := t.TempDir()
	path := filepath.Join(folder, "page.html")
	if err := os.WriteFile(path, fmt.Appendf(nil, page, list), 0o644); err != nil {
		t.Fatal(err)
	}
	browser := os.Getenv("CHROMIUM")
	if browser == "" {
		browser = "/usr/bin/chromium"
	}
	version, err := exec.Command(browser, "--version").Output()
	if err != nil {
		t.Fatal(err)
	}
	dom, err := exec.Command(browser, "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
		"--disable-background-networking", "--disable-component-update", "--disable-sync",
		"--user-data-dir="+filepath.Join(folder, "profile"), "--dump-dom", "file://"+path).Output()
	if err != nil {
		t.Fatal(err)
	}
	_, answers, _ := strings.Cut(string(dom), `<pre id="answers">`)
	answers, _, _ = strings.Cut(answers, "</pre>")
	lines := strings.Split(html.UnescapeString(answers), "\n")
	if len(lines) != len(hosts) {
		t.Fatalf("Chromium answered with %d lines for %d hosts", len(lines), len(hosts))
	}
	name := strings.Join(strings.Fields(string(version))[:2], " ")
	text := fmt.Appendf(nil, "# Hosts that %s takes, and what they are there. Written by go test ./internal/uts46 -update.\n", name)
	for i, host := range hosts {
		if lines[i] != "" {
			text = fmt.Appendf(text, "%s\t%s\n", strconv.QuoteToASCII(host), lines[i])
		}
	}
	if err := os.WriteFile(golden, text, 0o644); err != nil {
		t.Fatal(err)
	}
}
