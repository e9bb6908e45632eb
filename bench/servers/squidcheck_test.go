//go:build linux

package servers_test

import (
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/snowman-ml/snowman"
)

// An exchanged is a request to the helper and its answer.
type exchanged struct {
	texts  []string // URL, and TLS server name
	answer string
}

// readKept returns what a helper was asked and answered.
func readKept(t *testing.T, asked string) []exchanged {
	t.Helper()
	read := func(path string) []string {
		content, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		return strings.Split(strings.TrimSuffix(string(content), "\n"), "\n")
	}
	requests, answers := read(asked), read(strings.TrimSuffix(asked, ".asked")+".answered")
	if len(requests) != len(answers) {
		t.Fatalf("%d requests and %d answers", len(requests), len(answers))
	}
	var all []exchanged
	for i, line := range requests {
		number, rest, _ := strings.Cut(line, " ")
		answerNumber, answer, _ := strings.Cut(answers[i], " ")
		if _, err := strconv.Atoi(number); err != nil || number != answerNumber {
			t.Fatalf("%.100q is answered by %.100q", line, answers[i])
		}
		all = append(all, exchanged{strings.Split(rest, " "), answer})
	}
	return all
}

// check compares what the helper answered with what the library says, and with what Squid did.
func (c squidCase) check(t *testing.T, r run, states []state, outcomes []outcome) {
	var log map[string]string
	if c.protocol == "squid-acl" {
		log = readTags(t, filepath.Join(r.Dir, "access.log"))
	}
	byText := make(map[string][]exchanged)
	requests, again := 0, 0
	for _, file := range kept(r, ".asked") {
		all := readKept(t, file)
		t.Logf("a helper had %d requests", len(all))
		if len(all) < *atLeast/10 {
			t.Errorf("a helper had %d requests only", len(all))
		}
		requests += len(all)
		for _, e := range all {
			if strings.HasSuffix(e.texts[0], "/again") {
				again++
			}
			key := e.texts[0]
			if c.peeks && strings.HasSuffix(key, ":443") {
				key += " " + e.texts[1]
			}
			byText[key] = append(byText[key], e)
		}
	}
	if again != c.asks {
		t.Errorf("Squid asked %d times for the same URL, want %d", again, c.asks)
	}
	told := make([]int, len(states)) // requests in a state that were told of
	quiet := make([]int, len(states))
	for _, o := range outcomes {
		if o.err != nil {
			t.Errorf("%.100q: %v", o.ask.sent, o.err)
			continue
		}
		if o.ask.isTunnel() && !c.peeks {
			continue // below
		}
		key := o.ask.passed
		if o.ask.isTunnel() {
			key += " " + o.ask.name
		}
		found := byText[key]
		if len(found) == 0 && o.ask.isTunnel() && !o.isThrough {
			continue // denied for host:port, before the client said a name
		}
		if len(found) != 1 {
			t.Errorf("%.100q: the helper was asked %d times", key, len(found))
			continue
		}
		e := found[0]
		if !slices.ContainsFunc(states[o.first:o.last+1], func(s state) bool { return e.answer == c.answer(s, e) }) {
			t.Errorf("%.100q: the answer is %.200q, want %.200q (states %d to %d)", e.texts, e.answer, c.answer(states[o.first], e), o.first, o.last)
		}
		isTold := strings.HasPrefix(e.answer, "OK ")
		if isTold == o.isThrough {
			t.Errorf("%.100q: the answer is %.100q, and the client got through: %v", e.texts, e.answer, o.isThrough)
		}
		if o.first == o.last && isTold {
			told[o.first]++
		} else if o.first == o.last {
			quiet[o.first]++
		}
		if c.protocol == "squid-rewrite" && isTold && !strings.Contains(e.answer, `url="`+o.location+`"`) {
			t.Errorf("%.100q: the answer is %.200q, and the client is led to %q", e.texts, e.answer, o.location)
		}
		if log != nil && !o.ask.isTunnel() {
			want := "- -"
			if isTold {
				fields := strings.Fields(e.answer)
				want = strings.TrimPrefix(fields[1], "tag=") + " " + strings.TrimPrefix(fields[2], "log=")
			}
			if got := log[o.ask.passed]; got != want {
				t.Errorf("%.100q: the log has %q, want %q", o.ask.passed, got, want)
			}
		}
	}
	t.Logf("%d requests over HTTP, %d to the helpers; told of in each state: %d, not: %d", len(outcomes), requests, told, quiet)
	if slices.Min(told) == 0 || slices.Min(quiet) == 0 {
		t.Error("a state was not seen in which some is told of and some is not")
	}
	c.checkTunnels(t, states, byText, outcomes)
}

// checkTunnels checks requests for tunnels that cannot be told from each other: what is asked for
// host:port is what the library says in one of the states.
func (c squidCase) checkTunnels(t *testing.T, states []state, byText map[string][]exchanged, outcomes []outcome) {
	asked, wanted := 0, 0
	for key, found := range byText {
		if !strings.HasSuffix(key, ":443") && !strings.HasSuffix(key, ":443 -") {
			continue
		}
		for _, e := range found {
			asked++
			if !slices.ContainsFunc(states, func(s state) bool { return e.answer == c.answer(s, e) }) {
				t.Errorf("%.100q: the answer is %.200q", e.texts, e.answer)
			}
		}
	}
	for _, o := range outcomes {
		if o.ask.isTunnel() {
			wanted++
			if c.protocol == "squid-rewrite" && !o.isThrough {
				t.Errorf("%.100q: the tunnel is refused", o.ask.sent)
			}
		}
	}
	switch {
	case c.protocol == "squid-rewrite" && asked > 0:
		t.Errorf("the rewriter was asked for %d tunnels", asked)
	case c.protocol == "squid-acl" && !c.peeks && asked != wanted:
		t.Errorf("the helper was asked for %d tunnels, want %d", asked, wanted)
	}
	t.Logf("%d tunnels", wanted)
}

// answer returns what the helper should answer in a state.
func (c squidCase) answer(s state, e exchanged) string {
	texts := e.texts[:1]
	if c.protocol == "squid-acl" && e.texts[1] != "-" {
		texts = e.texts[:2]
	}
	verdict, isScored := s.says(texts...)
	switch {
	case !isScored || verdict.Level < snowman.High:
		return "ERR"
	case c.protocol == "squid-acl":
		return fmt.Sprintf(`OK tag=%s log=score=%.5f,level=high message="snowman: high"`, verdict.Kind, verdict.Score)
	}
	return fmt.Sprintf(`OK status=302 url="http://blocked.example/?url=%s"`, url.QueryEscape(texts[0][:min(len(texts[0]), 682)]))
}

// readTags returns the last two fields of each line of a log, by the URL.
func readTags(t *testing.T, path string) map[string]string {
	t.Helper()
	content, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	tags := make(map[string]string)
	for line := range strings.Lines(string(content)) {
		fields := strings.Fields(line)
		if len(fields) != 12 {
			t.Errorf("a line of the log has %d fields: %.200q", len(fields), line)
			continue
		}
		tags[fields[6]] = fields[10] + " " + fields[11]
	}
	return tags
}
