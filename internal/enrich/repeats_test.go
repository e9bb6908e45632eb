package enrich

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/snowman-ml/snowman/internal/render"
)

// An answer is left out if an earlier record told of its name, and stays if none did.
func TestAnswersAloneStay(t *testing.T) {
	const (
		question = `{"event_type":"dns","dns":{"version":3,"type":"request","queries":[{"rrname":"NAME"}]}}` + "\n"
		answer   = `{"event_type":"dns","dns":{"version":3,"type":"response","rcode":"NXDOMAIN","queries":[{"rrname":"NAME"}]}}` + "\n"
	)
	ask := func(name string) string { return strings.ReplaceAll(question, "NAME", name) }
	tell := func(name string) string { return strings.ReplaceAll(answer, "NAME", name) }
	var apart []string // more than a chunk lies between a question and its answer
	for i := range 2000 {
		apart = append(apart, ask(fmt.Sprintf("n%d.tests.net", i)))
	}
	for _, test := range []struct {
		name, format, input string
		want                []string
		repeats             int
	}{
		{"an answer behind its question", "suricata", ask("a.tests.net") + tell("a.tests.net"), []string{"a.tests.net"}, 1},
		{"in other case", "suricata", ask("a.tests.net") + tell("A.tests.NET"), []string{"a.tests.net"}, 1},
		{"an answer whose question is not there", "suricata", ask("a.tests.net") + tell("b.tests.net"), []string{"a.tests.net", "b.tests.net"}, 0},
		{"answers whose question is not there count each", "suricata", ask("a.tests.net") + tell("b.tests.net") + tell("b.tests.net"), []string{"a.tests.net", "b.tests.net", "b.tests.net"}, 0},
		{"two questions and two answers", "suricata", ask("a.tests.net") + ask("a.tests.net") + tell("a.tests.net") + tell("a.tests.net"), []string{"a.tests.net", "a.tests.net"}, 2},
		{"chunks apart", "suricata", strings.Join(apart, "") + tell("n0.tests.net") + tell("b.tests.net"), nil, 1},
		{"what a policy zone dropped", "unbound", `[1] unbound[1:0] query: 127.0.0.1 a.tests.net. A IN
[1] unbound[1:0] info: rpz: applied [x] a.tests.net. rpz-drop 127.0.0.1@1 a.tests.net. A IN
`, []string{"a.tests.net"}, 1},
		{"what Pi-hole blocks that nobody asked for", "pihole", `Nov 28 00:55:53 dnsmasq[1]: query[A] a.tests.net from 192.0.2.1
Nov 28 00:55:53 dnsmasq[1]: gravity blocked a.tests.net is 0.0.0.0
Nov 28 00:55:54 dnsmasq[1]: gravity blocked b.tests.net is NODATA
`, []string{"a.tests.net", "b.tests.net"}, 1},
	} {
		t.Run(test.name, func(t *testing.T) {
			output, errors, counts := run(t, test.format, test.input, Options{Names: render.Tabs.New(render.Options{})})
			var names []string
			for line := range strings.Lines(output) {
				names = append(names, strings.TrimSpace(line[strings.LastIndexByte(line, '\t'):]))
			}
			want := test.want
			if want == nil {
				for i := range apart {
					want = append(want, fmt.Sprintf("n%d.tests.net", i))
				}
				want = append(want, "b.tests.net")
			}
			if !slices.Equal(names, want) || counts.Repeats != test.repeats {
				t.Errorf("%d names, %.200q, %d repeat, want %d and %d; errors %q", len(names), names, counts.Repeats, len(want), test.repeats, errors)
			}
		})
	}
}
