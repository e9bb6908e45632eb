package render

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/snowman-ml/snowman"
	"github.com/snowman-ml/snowman/allow"
	"github.com/snowman-ml/snowman/internal/verdict"
)

func TestFormats(t *testing.T) {
	kinds := []string{snowman.Benign, snowman.DGA}
	plain := verdict.Record{Text: "q.com", Verdict: snowman.Verdict{
		Score: 0.75, Level: snowman.Low, Kind: snowman.DGA, Probabilities: snowman.Probabilities{Kinds: kinds, Values: []float64{0.25, 0.75}},
	}}
	odd := plain
	odd.Text, odd.Imitates, odd.Mentions, odd.MixedScript, odd.Popular, odd.Allowed = "q\u202e.com", "q0.com", "r.com", true, true, &allow.Match{Entry: "q.com", List: "mine"}
	named := plain
	named.Families = []snowman.Family{{Name: "banjori", Probability: 0.5}}
	local := plain
	local.Level, local.Kind, local.NotPublic, local.UserInfo, local.UnwrappedFrom = snowman.None, snowman.Benign, "local suffix", true, "links.com"
	failure := errors.New("no host")
	for _, test := range []struct {
		name     string
		output   Output
		families bool
		want     string
	}{
		{"columns", Columns, false, "" +
			"SCORE    LEVEL   KIND      TEXT\n" +
			"0.75000  low     dga       q.com\n" +
			`0.75000  low     dga       q\u202e.com  (imitates q0.com, mentions r.com, mixes scripts, popular, allowed by q.com in mine)` + "\n" +
			"0.75000  low     dga       q.com\n" +
			"0.75000  none    benign    q.com  (not public: local suffix, had user-info, unwrapped from links.com)\n" +
			`                           a\t\u202eb` + "\n"},
		{"columns with families", Columns, true, "" +
			"SCORE    LEVEL   KIND      FAMILY           PROB TEXT\n" +
			"0.75000  low     dga                             q.com\n" +
			`0.75000  low     dga                             q\u202e.com  (imitates q0.com, mentions r.com, mixes scripts, popular, allowed by q.com in mine)` + "\n" +
			"0.75000  low     dga       banjori          0.50 q.com\n" +
			"0.75000  none    benign                          q.com  (not public: local suffix, had user-info, unwrapped from links.com)\n" +
			`                                                 a\t\u202eb` + "\n"},
		{"tabs", Tabs, false, "" +
			"0.75000\tlow\tdga\tq.com\n" +
			"0.75000\tlow\tdga\t" + `q\u202e.com` + "\n" +
			"0.75000\tlow\tdga\tq.com\n" +
			"0.75000\tnone\tbenign\tq.com\n" +
			"\t\t\t" + `a\t\u202eb` + "\n"},
		{"tabs with families", Tabs, true, "" +
			"0.75000\tlow\tdga\t\t\tq.com\n" +
			"0.75000\tlow\tdga\t\t\t" + `q\u202e.com` + "\n" +
			"0.75000\tlow\tdga\tbanjori\t0.50\tq.com\n" +
			"0.75000\tnone\tbenign\t\t\tq.com\n" +
			"\t\t\t\t\t" + `a\t\u202eb` + "\n"},
		{"JSON lines", outputOf(t, "json"), true, "" +
			`{"text":"q.com","score":0.75,"level":"low","kind":"dga","kinds":{"benign":0.25,"dga":0.75}}` + "\n" +
			`{"text":"q\u202e.com","score":0.75,"level":"low","kind":"dga","kinds":{"benign":0.25,"dga":0.75},"imitates":"q0.com","mentions":"r.com","mixed_script":true,"popular":true,"allowed":{"entry":"q.com","list":"mine"}}` + "\n" +
			`{"text":"q.com","score":0.75,"level":"low","kind":"dga","kinds":{"benign":0.25,"dga":0.75},"families":[{"name":"banjori","probability":0.5}]}` + "\n" +
			`{"text":"q.com","score":0.75,"level":"none","kind":"benign","kinds":{"benign":0.25,"dga":0.75},"not_public":"local suffix","user_info":true,"unwrapped_from":"links.com"}` + "\n" +
			`{"text":"a\t\u202eb","error":"no host"}` + "\n"},
	} {
		t.Run(test.name, func(t *testing.T) {
			format := test.output.New(Options{Kinds: kinds, Families: test.families})
			out := format.AppendHeader(nil)
			for _, r := range []verdict.Record{plain, odd, named, local} {
				out = format.AppendRecord(out, r)
			}
			out = format.AppendFailure(out, "a\t\u202eb", failure)
			if string(out) != test.want {
				t.Errorf("got\n%s\nwant\n%s", out, test.want)
			}
		})
	}
}

// outputOf returns the output that a flag asks for.
func outputOf(t *testing.T, flag string) Output {
	t.Helper()
	i := slices.IndexFunc(Outputs, func(o Output) bool { return o.Flag == flag })
	if i < 0 {
		t.Fatalf("no output has the flag %q", flag)
	}
	return Outputs[i]
}

// Whatever a text holds, an output gives it one line.
func TestEveryOutputWritesOneLine(t *testing.T) {
	kinds := []string{snowman.Benign, snowman.DGA}
	for _, output := range Outputs {
		format := output.New(Options{Kinds: kinds, Families: true})
		for _, text := range []string{"q.com", "", "a\x1b[2J", "\xff", "\u2028"} {
			r := verdict.Record{Text: text, Verdict: snowman.Verdict{Kind: snowman.Benign}}
			for _, line := range [][]byte{format.AppendRecord(nil, r), format.AppendFailure(nil, text+"\n", errors.New("no host"))} {
				if strings.Count(string(line), "\n") != 1 || !strings.HasSuffix(string(line), "\n") {
					t.Errorf("%q becomes %q, want one line", text, line)
				}
			}
		}
	}
}
