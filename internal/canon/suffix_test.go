package canon

import (
	"bytes"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/weppos/publicsuffix-go/publicsuffix"
)

// oracleSplit is splitSuffix by publicsuffix-go, whose list the table is made from.
func oracleSplit(host []byte) (domain, suffix int, rule suffixRule) {
	options := &publicsuffix.FindOptions{DefaultRule: publicsuffix.DefaultRule}
	found := publicsuffix.DefaultList.Find(string(host), options)
	labels := found.Length
	switch {
	case found == publicsuffix.DefaultRule:
		labels = 1
	case found.Type == publicsuffix.ExceptionType:
		labels--
		rule = listedRule | exceptionRule
	case found.Type == publicsuffix.WildcardType:
		rule = listedRule | wildcardRule
	default:
		rule = listedRule
	}
	if found.Private {
		rule |= privateRule
	}
	suffix = len(host)
	for range labels {
		suffix = bytes.LastIndexByte(host[:suffix], '.')
		if suffix < 0 {
			return 0, len(host), rule
		}
	}
	return bytes.LastIndexByte(host[:suffix], '.') + 1, suffix, rule
}

func checkSplit(t *testing.T, host string) {
	t.Helper()
	var dots uint64
	for i := range min(len(host), 64) {
		if host[i] == '.' {
			dots |= 1 << i
		}
	}
	if len(host) < 64 {
		checkSplitAt(t, host, dots)
	}
	checkSplitAt(t, host, 0)
}

// checkSplitAt checks a host, given the places of its dots, or 0.
func checkSplitAt(t *testing.T, host string, dots uint64) {
	t.Helper()
	domain, suffix, rule := splitSuffix([]byte(host), dots)
	rule &^= hasBelow | specialRule
	if wantDomain, wantSuffix, wantRule := oracleSplit([]byte(host)); domain != wantDomain || suffix != wantSuffix || rule != wantRule {
		t.Errorf("%q: domain at %d, suffix at %d, rule %b, want %d, %d, %b", host, domain, suffix, rule, wantDomain, wantSuffix, wantRule)
	}
}

func TestSuffixesAreThoseOfTheList(t *testing.T) {
	if SuffixListVersion != publicsuffix.ListVersion {
		t.Errorf("the table is of %q, want %q: run go generate", SuffixListVersion, publicsuffix.ListVersion)
	}
	random := rand.New(rand.NewPCG(1, 1))
	for _, rule := range publicsuffix.DefaultRules() {
		value := rule.Value
		for _, before := range []string{
			"", ".", "a.", "b.a.", "ab.cd.ef.", "xn--a.", "*.", "..", ".a.", "-", "x", "com.", "co.uk.", "www.", "city.kawasaki.jp.", strings.Repeat("a", 70) + ".",
		} {
			checkSplit(t, before+value)
		}
		checkSplit(t, value+".")
		checkSplit(t, value+".a")
		changed := []byte(value)
		changed[random.IntN(len(changed))] = byte('a' + random.IntN(26))
		checkSplit(t, "a."+string(changed))
		_, rest, _ := strings.Cut(value, ".")
		checkSplit(t, rest)
		checkSplit(t, "a.b."+rest)
	}
	for _, host := range []string{"", ".", "..", "a", "a.", ".a", "com", ".com", "1.2.3.4", "A.COM", strings.Repeat("a.", 40_000) + "co.uk"} {
		checkSplit(t, host)
	}
}

func TestSuffixesOfRandomLabelsAreThoseOfTheList(t *testing.T) {
	var labels []string
	for _, rule := range publicsuffix.DefaultRules() {
		labels = append(labels, strings.Split(rule.Value, ".")...)
	}
	labels = append(labels, "", "a", "example", "*")
	random := rand.New(rand.NewPCG(1, 2))
	rules := publicsuffix.DefaultRules()
	for range 100_000 {
		host := make([]string, random.IntN(4))
		for i := range host {
			host[i] = labels[random.IntN(len(labels))]
		}
		if random.IntN(2) == 0 {
			host = append(host, rules[random.IntN(len(rules))].Value)
		}
		checkSplit(t, strings.Join(host, "."))
	}
}

// The table gives what publicsuffix-go gives.
func FuzzSplitSuffix(f *testing.F) {
	for _, host := range []string{"a.example.co.uk", "a.b.kawasaki.jp", "city.kawasaki.jp", "x.github.io", "..", "com", "xn--p1ai"} {
		f.Add(host)
	}
	f.Fuzz(func(t *testing.T, host string) {
		if len(host) > 1<<10 {
			t.Skip() // the oracle takes time that grows with the square of the length
		}
		checkSplit(t, host)
	})
}

func BenchmarkSplitSuffix(b *testing.B) {
	for _, test := range []struct {
		host string
		want int
	}{{"zis32msdi3.com", 0}, {"accounts.example.co.uk", 9}, {"somebody.github.io", 0}, {"a.very.long.name.below.no-known-suffix", 17}, {"www.city.kawasaki.jp", 4}} {
		b.Run(test.host, func(b *testing.B) {
			host := []byte(test.host)
			for b.Loop() {
				if domain, _, _ := splitSuffix(host, 0); domain != test.want {
					b.Fatalf("the domain starts at %d, want %d", domain, test.want)
				}
			}
		})
	}
}
