package logs

import (
	"slices"
	"strings"
	"testing"
)

func TestPolicyZones(t *testing.T) {
	const (
		soa  = "$ORIGIN rpz.local.\n@ SOA localhost. hostmaster.localhost. 1 1 1 1 1\n"
		lost = "broken: the $ORIGIN before it is none"
		none = "broken: its name, of which others are below, is empty or longer than 255 octets"
		open = "broken: its parenthesis is not closed within 64 KiB"
	)
	long := strings.Repeat("a.", 127) // and the root: 255 octets
	for _, test := range []struct{ name, text, want string }{
		{"a record without a policy before one with it", "evil.com TXT \"x\"\nevil.com CNAME .\n*.evil.com CNAME .\n", "evil.com"},
		{"an owner that stands in the record before", soa + "evil.com TXT \"x\"\n CNAME .\n A 192.0.2.1\n", "evil.com"},
		{"a wildcard behind an exception", "ok.com CNAME rpz-passthru.\n*.ok.com CNAME .\nb.com CNAME .\n", "b.com"},
		{"a policy behind an exception of what is below", "*.evil.com CNAME rpz-passthru.\nevil.com CNAME .\n", "evil.com"},
		{"the apex is no name", soa + " NS localhost.\n A 192.0.2.1\n@ CNAME .\nrpz.local. CNAME .\n", ""},
		{"no owner at all", " CNAME .\n", "broken: it has no owner, nor has a record before it"},
		{"an origin as owner", soa + "$ORIGIN evil.com.rpz.local.\n@ CNAME .\n", "evil.com"},
		{"parentheses on a line", "evil.com ( CNAME . )\nb.com( CNAME . )\n", "evil.com|b.com"},
		{"parentheses over lines", "evil.com ( ; (\n\n CNAME ; )\n . )\nb.com CNAME .\n", "evil.com|b.com"},
		{"a parenthesis in quotation marks", "x TXT \"(\"\nb.com CNAME .\n", "b.com"},
		{"a parenthesis that is open at the end", "x TXT (\nb.com CNAME .\nc.com CNAME .\n", open + "|b.com|c.com"},
		{"the owner of a record that is open at the end", "a.com CNAME .\nb.com TXT (\n CNAME .\n", "a.com|" + open + "|b.com."},
		{"a parenthesis that is never closed", "x TXT (\n" + strings.Repeat("b.com CNAME .\n", 6000), open + "|b.com"},
		{"quotation marks around an owner", soa + "\"evil.com\" CNAME .\n", "evil.com"},
		{"quotation marks that do not close", "\"evil.com CNAME .\nb.com CNAME .\n", "broken: it is no record of a zone|b.com"},
		{"other files", "$INCLUDE other.zone\nb.com CNAME .\n", "broken: it is not read: give the file that $INCLUDE names too|b.com"},
		{"patterns", "$GENERATE 1-9 a$.com CNAME .\nb.com CNAME .\n", "broken: it is not read: a server writes out what $GENERATE stands for|b.com"},
		{"a comment behind a type", "evil.com CNAME .;x\nb.com;x\n", "evil.com|broken: it is no record of a zone"},
		{"an origin of 255 octets", "$ORIGIN " + long + "\nb.com. CNAME .\n", "b.com."},
		{"escapes in an origin", "$ORIGIN " + strings.ReplaceAll(long, "a", `\097`) + "\nb.com. CNAME .\n", "b.com."},
		{"an origin of 256 octets", "$ORIGIN a" + long + "\nx CNAME .\nb.com. CNAME .\n$ORIGIN y\n$ORIGIN z.\nx CNAME .\n", none + "|" + lost + "|b.com.|" + lost + "|x.z."},
		{"an origin below a long one", "$ORIGIN " + long + "\n$ORIGIN a\nx CNAME .\n", none + "|" + lost},
		{"an apex of 256 octets", "a" + long + " SOA a. b. 1 1 1 1 1\nb.com CNAME .\n", none + "|b.com"},
		{"no origin", "$ORIGIN\n", none},
	} {
		t.Run(test.name, func(t *testing.T) {
			if got, want := namesOf(t, "rpz", test.text), strings.FieldsFunc(test.want, func(c rune) bool { return c == '|' }); !slices.Equal(got, want) {
				t.Errorf("%q, want %q", got, want)
			}
		})
	}
}

func TestPolicyZoneMemory(t *testing.T) {
	s := &rpzStream{zone: rpz{}}
	for range 10_000 {
		s.layout([]byte("$ORIGIN a"))
		if len(s.origin) > longestName {
			t.Fatalf("an origin of %d bytes is kept", len(s.origin))
		}
	}
	line := []byte("evil.com CNAME .")
	other := []byte("b.com CNAME .")
	if n := testing.AllocsPerRun(100, func() { s.layout(line); s.layout(other) }); n > 0 {
		t.Errorf("%v allocations", n)
	}
}
