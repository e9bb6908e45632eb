package render

import (
	"regexp"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/snowman-ml/snowman"
)

func TestColouredCharactersFitTheTerminal(t *testing.T) {
	var characters []snowman.Character
	for i := range 200 {
		characters = append(characters, snowman.Character{Text: string("ab"[i%2]), Contribution: float64(i%7) - 3, Seen: i < 100})
	}
	characters[50].Text = "\u202e"
	for _, width := range []int{40, 80} {
		out := string(Drawing{InColour: true, Width: width}.appendColoured(nil, characters))
		without := regexp.MustCompile("\x1b\\[[0-9;]*m").ReplaceAllString(out, "")
		for line := range strings.Lines(out) {
			if !strings.HasSuffix(line, plainStyle+"\n") {
				t.Errorf("a colour goes on behind the end of %q", line)
			}
		}
		whole := ""
		for line := range strings.Lines(without) {
			line = strings.TrimSuffix(line, "\n")
			if columns := utf8.RuneCountInString(line); columns > width {
				t.Errorf("a line has %d columns, want at most %d", columns, width)
			}
			whole += strings.TrimPrefix(line, "  ")
		}
		if want := strings.Repeat("ab", 25) + `\u202e` + "b" + strings.Repeat("ab", 24) + strings.Repeat("ab", 10) + "[80 more]"; whole != want {
			t.Errorf("the lines make up %q, want %q", whole, want)
		}
	}
}

func TestColoursGrowWithTheContribution(t *testing.T) {
	const largest = 4
	for _, test := range []struct {
		contribution float64
		want         string
	}{
		{4, background(reds[4])}, {2, background(reds[2])}, {0.5, background(reds[0])}, {0.1, plainStyle}, {0, plainStyle},
		{-0.1, plainStyle}, {-0.5, background(blues[0])}, {-4, background(blues[4])},
	} {
		if got := style(snowman.Character{Contribution: test.contribution, Seen: true}, largest); got != test.want {
			t.Errorf("a contribution of %v has the style %q, want %q", test.contribution, got, test.want)
		}
	}
	if got := style(snowman.Character{}, largest); got != unseenStyle {
		t.Errorf("what was not seen has the style %q, want %q", got, unseenStyle)
	}
}

func TestViewsAndTheFloorAreSaid(t *testing.T) {
	views := []snowman.View{
		{View: "host", Text: "a.evil.com", Contribution: 1, LogOdds: 2},
		{View: "whole", Text: "a.evil.com/b", Contribution: -4, LogOdds: -1},
	}
	domain := &snowman.Alone{Text: "evil.com", LogOdds: 3}
	x := snowman.Explanation{Canonical: "a.evil.com/b", Views: views, RegisteredDomain: domain}
	want := "\n  views\n" +
		"            registered domain  alone 0.95257  evil.com\n" +
		"    +1.000  host               alone 0.88080  a.evil.com\n" +
		"    -4.000  whole              alone 0.26894  a.evil.com/b\n"
	if got := string(appendViews(nil, x)); got != want {
		t.Errorf("without a floor:\n%s\nwant\n%s", got, want)
	}
	x.Floor = &snowman.Floor{View: "registered domain", LogOdds: 2}
	want += "\n  floor: the registered domain alone scores 0.95257, so the whole scores at least 0.88080\n"
	if got := string(appendViews(nil, x)); got != want {
		t.Errorf("with a floor:\n%s\nwant\n%s", got, want)
	}
	x.RegisteredDomain = nil
	x.Floor = &snowman.Floor{View: "host", LogOdds: 1}
	want = "\n  views\n" +
		"    +1.000  host               alone 0.88080  a.evil.com\n" +
		"    -4.000  whole              alone 0.26894  a.evil.com/b\n" +
		"\n  floor: the host alone scores 0.88080, so the whole scores at least 0.73106\n"
	if got := string(appendViews(nil, x)); got != want {
		t.Errorf("without a registered domain:\n%s\nwant\n%s", got, want)
	}
	for i := range views {
		views[i].Text = "a.evil.com/b"
	}
	x.RegisteredDomain, x.Floor = domain, nil
	if got := string(appendViews(nil, x)); !strings.Contains(got, "evil.com\n") {
		t.Errorf("of a name that is not its registered domain is said %q", got)
	}
	domain.Text = "a.evil.com/b"
	if got := appendViews(nil, x); got != nil {
		t.Errorf("of views that are one text is said %q", got)
	}
}
