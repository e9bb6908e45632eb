//go:build linux

package servers_test

import (
	"strconv"
	"strings"
	"testing"
)

// A question is a name that name servers are asked for.
type question struct {
	name  string // in presentation format (RFC 1035, section 5.1), without the final dot
	shown string // as the program prints it; default: name
}

// The first label of a name that does not exist, and of the names by which the test asks whether a
// server is there.
const (
	absent = "nx"
	ready  = "ready"
)

// Names that are asked for before the logs are rotated, and at the end.
const (
	middleName = "the-middle-one.example.com"
	lastName   = "the-last-one.example.com"
)

var questions = []question{
	{name: "www.example.com"},
	{name: "kq3v9z7x1bq0fh2.net"},
	{name: absent + ".xjwqkzvbpl3hq.biz"},
	{name: absent + ".foo\\032bar.example.com", shown: absent + ".foo bar.example.com"},
	{name: "MiXeD.ExAmPlE.OrG"},
	{name: "_dmarc.example.com"},
	{name: "xn--mnchen-3ya.example.com"},
	{name: "-dash-.example.com"},
	{name: "blank\\032in.example.com", shown: "blank in.example.com"},
	{name: "x\\032from\\032y.example.com", shown: "x from y.example.com"},
	{name: "is\\032NXDOMAIN.example.com", shown: "is NXDOMAIN.example.com"},
	{name: "dot\\.within.example.com"},
	{name: "back\\\\slash.example.com"},
	{name: "nul\\000byte.example.com"},
	{name: "tab\\009stop.example.com"},
	{name: "line\\010end.example.com"},
	{name: "delete\\127.example.com"},
	{name: middleName},
	{name: "quote\\\"s.example.com", shown: "quote\"s.example.com"},
	{name: "it's.example.com"},
	{name: "semi\\;colon.example.com", shown: "semi;colon.example.com"},
	{name: "\\(round\\).example.com", shown: "(round).example.com"},
	{name: "at\\@sign.example.com", shown: "at@sign.example.com"},
	{name: "dollar\\$.example.com", shown: "dollar$.example.com"},
	{name: "pipe|A.example.com"},
	{name: "a=b,c.example.com"},
	{name: "<less>{curly}.example.com"},
	{name: "colon:slash/per%cent#hash.example.com"},
	{name: "*.example.com"},
	{name: "m\\195\\188nchen.example.com", shown: "münchen.example.com"},
	{name: "bytes\\254\\255.example.com"},
	{name: "4.3.2.1.in-addr.arpa"},
	{name: strings.Repeat("l", 63) + ".example.com"},
	{name: strings.Repeat(strings.Repeat("n", 61)+".", 4) + "com.x"},
	{name: strings.Repeat("a.", 120) + "example.com"},
	{name: lastName},
}

// A rule says what is left of a name in a format: as the program shows it, or nothing.
type rule func(q question) string

// whole is the rule of formats that keep each byte.
func whole(q question) string {
	if q.shown != "" {
		return q.shown
	}
	return q.name
}

// lower is the rule of formats that keep each byte but the case.
func lower(q question) string { return strings.ToLower(whole(q)) }

// byUnbound is the rule of Unbound, which writes odd bytes as ? and cuts the longest names: neither
// has a verdict.
func byUnbound(q question) string {
	const longest = 253 // bytes that are written
	for _, c := range q.name {
		isKept := c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || strings.ContainsRune("-_*.", c)
		if !isKept || len(q.name) >= longest {
			return ""
		}
	}
	return q.name
}

// byDnsmasq is the rule of dnsmasq, which writes <name unprintable> for a name with a byte that is
// no printable ASCII, and does not write names with a dot within a label.
func byDnsmasq(q question) string {
	for _, label := range labels(q.name) {
		for _, c := range []byte(label) {
			if c < ' ' || c > '~' || c == '.' {
				return ""
			}
		}
	}
	return whole(q)
}

// bySuricata is the rule of Suricata, for which dots are all alike.
func bySuricata(q question) string { return strings.ReplaceAll(whole(q), "\\.", ".") }

// labels returns the bytes of each label of a name in presentation format.
func labels(name string) []string {
	all := []string{""}
	last := func() *string { return &all[len(all)-1] }
	for i := 0; i < len(name); i++ {
		switch {
		case name[i] == '.':
			all = append(all, "")
		case name[i] != '\\':
			*last() += name[i : i+1]
		case name[i+1] >= '0' && name[i+1] <= '9':
			value, err := strconv.ParseUint(name[i+1:i+4], 10, 8)
			if err != nil {
				panic(err)
			}
			*last() += string([]byte{byte(value)})
			i += 3
		default:
			*last() += name[i+1 : i+2]
			i++
		}
	}
	return all
}

// wire returns a name as it is in messages (RFC 1035, section 3.1).
func wire(name string) string {
	var out strings.Builder
	for _, label := range labels(name) {
		out.WriteByte(byte(len(label)))
		out.WriteString(label)
	}
	out.WriteByte(0)
	return out.String()
}

func TestNamesFitIntoMessages(t *testing.T) {
	seen := make(map[string]bool)
	longest := 0
	for _, q := range questions {
		length := len(wire(q.name))
		longest = max(longest, length)
		if folded := strings.ToLower(q.name); seen[folded] {
			t.Errorf("%q is there twice", q.name)
		} else {
			seen[folded] = true
		}
		if length > 255 {
			t.Errorf("%q has %d bytes, and RFC 1035 allows 255", q.name, length)
		}
	}
	if longest != 255 {
		t.Errorf("the longest name has %d bytes, want one of 255", longest)
	}
	if questions[len(questions)-1].name != lastName {
		t.Errorf("%q is not the last", lastName)
	}
}
