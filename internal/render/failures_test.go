package render

import (
	"strings"
	"testing"
)

func TestFailures(t *testing.T) {
	squid := "1795827309.136     11 127.0.0.1 TCP_MISS/200 233 GET http://example.com/ - HIER_DIRECT/127.0.0.1 text/plain"
	tests := []struct {
		name   string
		texts  int
		failed []string
		want   string
	}{
		{"none failed", 3, nil, ""},
		{"no texts", 0, nil, ""},
		{"one", 3, []string{"0.0.0.0 evil.com"}, "1 of 3 lines is no name or URL; it looks like a hosts file"},
		{"all, of one look", 2, []string{squid, squid}, "2 of 2 lines are no names or URLs; they look like a Squid log"},
		{"more than half of one look", 9, []string{squid, squid, ""}, "3 of 9 lines are no names or URLs; they look like a Squid log"},
		{"half of one look", 9, []string{squid, ""}, "2 of 9 lines are no names or URLs"},
		{"nothing comes to mind", 9, []string{"", "/"}, "2 of 9 lines are no names or URLs"},
		{"several looks", 9, []string{squid, "0.0.0.0 evil.com", "{}"}, "3 of 9 lines are no names or URLs"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			var f Failures
			f.Add(test.texts, test.failed)
			if got := f.Summary("line"); got != test.want {
				t.Errorf("got %q, want %q", got, test.want)
			}
			if texts, failed := f.Count(); texts != test.texts || failed != len(test.failed) {
				t.Errorf("counted %d of %d, want %d of %d", failed, texts, len(test.failed), test.texts)
			}
			if f.Add(1, nil); test.want != "" && !strings.Contains(f.Summary("argument"), " arguments ") {
				t.Errorf("%q does not call them arguments", f.Summary("argument"))
			}
		})
	}
}
