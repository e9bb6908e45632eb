package lookalike

import (
	"bytes"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"testing"
	"unicode/utf8"

	"golang.org/x/net/idna"
)

var popular = []string{
	"google.com", "microsoft.com", "paypal.com", "facebook.com", "amazon.com", "apple.com", "wikipedia.org",
	"linkedin.com", "twitter.com", "telegram.org", "1and1.com", "coinbase.com", "metamask.io", "modern.com", "corel.com",
	"bank0fail.net", "sante.fr", "netflix.com", "southernwater.co.uk",
}

// lookTwice looks at a host with a glance and without one.
func lookTwice(t testing.TB, list *List, host string, domain int) Found {
	t.Helper()
	slow := visit{list: list, host: []byte(host), domain: domain}
	if len(host) <= maxHost && 0 <= domain && domain <= len(host) {
		slow.walkSlowly()
	}
	found := list.Look([]byte(host), domain)
	if found != slow.Found {
		t.Errorf("%q: found %+v with a glance, want %+v", host, found, slow.Found)
	}
	return found
}

// look looks at a host in Unicode, whose registered domain stands behind the bar, if there is one.
func look(t testing.TB, list *List, host string) (imitates string, mixes bool) {
	t.Helper()
	sub, domain, found := strings.Cut(host, "|")
	if !found {
		sub, domain = "", host
	}
	encode := func(name string) string {
		labels := strings.Split(name, ".")
		for i, label := range labels {
			if !isASCII([]byte(label)) {
				var err error
				if labels[i], err = idna.Punycode.ToASCII(label); err != nil {
					t.Fatal(err)
				}
			}
		}
		return strings.Join(labels, ".")
	}
	sub = encode(sub)
	result := lookTwice(t, list, sub+encode(domain), len(sub))
	return result.Imitates, result.MixesScripts
}

func TestWhatImitates(t *testing.T) {
	list := New(popular)
	for _, test := range []struct{ name, host, want string }{
		{"a Cyrillic letter", "pаypal.com", "paypal.com"},
		{"its A-label", "xn--pypal-4ve.com", "paypal.com"},
		{"a whole label of Cyrillic", "аррӏе.com", "apple.com"},
		{"Greek", "gοοgle.com", "google.com"},
		{"an accent", "metamàsk.io", "metamask.io"},
		{"a mark below", "nẹtflix.com", "netflix.com"},
		{"a mark that no letter carries as one character", "gooِgle.com", "google.com"},
		{"a bar through a letter", "googłe.com", "google.com"},
		{"i without its dot", "coınbase.com", "coinbase.com"},
		{"a digit for a letter", "paypa1.com", "paypal.com"},
		{"two of them", "g00gle.com", "google.com"},
		{"rn", "rnicrosoft.com", "microsoft.com"},
		{"vv", "tvvitter.com", "twitter.com"},
		{"cl", "linkeclin.com", "linkedin.com"},
		{"a letter for a digit", "1andl.com", "1and1.com"},
		{"several kinds", "rnicr0ѕoft.com", "microsoft.com"},
		{"another suffix", "paypa1.net", "paypal.com"},
		{"a suffix of two labels", "paypa1.co.uk", "paypal.com"},
		{"a name with rn of its own", "southernvvater.com", "southernwater.co.uk"},
		{"a part between hyphens", "paypa1-login.com", "paypal.com"},
		{"a part in another script", "verify-pаypal.com", "paypal.com"},
		{"a sub-domain", "pаypal.com.|evil.net", "paypal.com"},
		{"a sub-domain of a sub-domain", "www.paypa1.com.|evil.net", "paypal.com"},
		{"a part of a sub-domain", "secure-arnazon.|evil.net", "amazon.com"},
		{"the registered domain before its sub-domains", "paypa1.|g00gle.com", "google.com"},

		{"the name itself", "paypal.com", ""},
		{"its other suffixes", "paypal.de", ""},
		{"another name with a digit", "2google.com", ""},
		{"a name that differs by a letter", "paypax.com", ""},
		{"a digit that looks like no letter", "paypa7.com", ""},
		{"a name on the list that looks like another form", "bank0fail.net", ""},
		{"its other suffixes again", "1and1.de", ""},
		{"an ordinary word that looks like another", "modem.com", ""},
		{"an ordinary IDN", "münchen.de", ""},
		{"an IDN in Japanese", "例え.jp", ""},
		{"an IDN in Russian", "россия.рф", ""},
		{"a word with its accent between hyphens", "ma-santé.fr", ""},
		{"a short label of a sub-domain", "core1.|example.com", ""},
		{"a short part", "la1-core1.|example.com", ""},
		{"a label that is no A-label", "xn--paypa1.com", ""},
		{"another", "xn--99999999.com", ""},
		{"an empty label", ".|example1.com", ""},
		{"an address", "127.0.0.1", ""},
		{"nothing", "", ""},
	} {
		if got, _ := look(t, list, test.host); got != test.want {
			t.Errorf("%s: %q imitates %q, want %q", test.name, test.host, got, test.want)
		}
	}
	if got := new(List).Look([]byte("paypa1.com"), 0).Imitates; got != "" {
		t.Errorf("without a list, paypa1.com imitates %q", got)
	}
}

// marked has names that others mention and misspell.
var marked = []string{
	"paypal.com me", "amazon.com me", "apple.com m", "linkedin.com e", "vinted.com me", "google.com me", "ledger.com me",
	"facebook.com me", "trezor.io me", "metamask.io me", "dhl.com m", "orange.fr", "googleusercontent.com", "credit-suisse.com me", "payeer.com e", "amazon.de",
}

func TestWhatImitatesWithASlip(t *testing.T) {
	list := New(marked)
	for _, test := range []struct{ name, host, want string }{
		{"i for l", "paypai.com", "paypal.com"},
		{"l for i", "linkedln.com", "linkedin.com"},
		{"l for i in a shop", "vlnted.com", "vinted.com"},
		{"9 for g", "goo9le.com", "google.com"},
		{"a digit in a part", "amaz0n-account.shop", "amazon.com"},
		{"two digits in a part", "faceb00k-live.com", "facebook.com"},
		{"3 for e", "m3tamask.io", "metamask.io"},
		{"a letter doubled", "paypall.com", "paypal.com"},
		{"a letter left out", "paypl.com", "paypal.com"},
		{"one of a double letter left out", "gogle.com", "google.com"},
		{"two letters swapped", "legder.com", "ledger.com"},
		{"a letter from beside it on a keyboard", "goigle.com", "google.com"},
		{"a letter added", "faceboook.com", "facebook.com"},
		{"in a part of a longer name", "faecbook-login.com", "facebook.com"},
		{"a short name beside a companion", "payapl-login.com", "paypal.com"},
		{"a short name behind one", "login-payapl.com", "paypal.com"},
		{"a look-alike with a companion", "amaz0nlogin.com", "amazon.com"},
		{"a name with a hyphen", "credlt-suisse.com", "credit-suisse.com"},

		{"a name that is too short", "appel.com", ""},
		{"a short name in a part", "payapl-and-friends.com", ""},
		{"a name that nobody misspells", "aplpe.com", ""},
		{"the last letter left out", "googl.com", ""},
		{"another letter at the end", "googles.com", ""},
		{"the first letter left out", "oogle.com", ""},
		{"a letter from elsewhere", "gozgle.com", ""},
		{"two slips", "faecboook.com", ""},
		{"in a sub-domain", "faecbook.|example.com", ""},
		{"a companion", "new-payee.com", ""},
		{"the name itself", "paypal.com", ""},
		{"all digits", "9009137.com", ""},
	} {
		if got, _ := look(t, list, test.host); got != test.want {
			t.Errorf("%s: %q imitates %q, want %q", test.name, test.host, got, test.want)
		}
	}
}

// What phishers have registered.
func TestNamesOfPhishing(t *testing.T) {
	list := New(append([]string{"appleid.com me"}, marked...))
	for _, test := range []struct{ host, imitates, mentions string }{
		{"paypai.com", "paypal.com", ""},
		{"linkedln.com", "linkedin.com", ""},
		{"vlnted.com", "vinted.com", ""},
		{"goo9le.com", "google.com", ""},
		{"amaz0n-account.shop", "amazon.com", ""},
		{"faceb00k-live.com", "facebook.com", ""},
		{"legder-support.io", "ledger.com", ""},
		{"en-trezor.io", "", "trezor.io"},
		{"soporte-appleid.com", "", "appleid.com"},
	} {
		if found := lookTwice(t, list, test.host, 0); found.Imitates != test.imitates || found.Mentions != test.mentions || found.IsListed {
			t.Errorf("of %q is found %+v, want that it imitates %q and mentions %q", test.host, found, test.imitates, test.mentions)
		}
	}
}

// Every slip is found: no filter is in its way.
func TestEverySlipIsFound(t *testing.T) {
	names := []string{"google.com e", "vinted.com e", "paypal.com e", "facebook.com e", "trendmicro.com e", "walletconnect.org e", "credit-suisse.com e"}
	list, found := New(names), 0
	for _, text := range names {
		domain, _, _ := strings.Cut(text, " ")
		label, _, _ := strings.Cut(domain, ".")
		var slips []string
		for i := range label {
			slips = append(slips, label[:i]+label[i:i+1]+label[i:], label[:i]+"q"+label[i:])
			if i == 0 {
				continue
			}
			slips = append(slips, label[:i]+label[i+1:], label[:i-1]+label[i:i+1]+label[i-1:i]+label[i+1:])
			for c := byte('a'); c <= 'z'; c++ {
				if neighbours[fold[label[i]]]&(1<<(c-'a')) != 0 {
					slips = append(slips, label[:i]+string(c)+label[i+1:])
				}
			}
		}
		for _, slip := range slips {
			var w, name word
			w.set([]byte(slip))
			name.set([]byte(label))
			if !isOneSlip(w.folded[:w.length], string(name.folded[:name.length])) {
				continue // rn, and the like, became one letter
			}
			found++
			if got := lookTwice(t, list, slip+".com", 0).Imitates; got != domain {
				t.Errorf("%s.com imitates %q, want %q", slip, got, domain)
			}
		}
	}
	if found < 300 {
		t.Errorf("only %d slips were tried", found)
	}
}

// Of several names, the one that a token without a letter leads to first is found, or that leads to
// the token without a letter. Names of few letters have many slips in common.
func TestTheFirstSlipIsFound(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 1))
	word := func(shortest int) string {
		letters := make([]byte, shortest+random.IntN(3))
		for i := range letters {
			letters[i] = "asae"[random.IntN(4)]
		}
		return string(letters)
	}
	var names []string
	for range 60 {
		names = append(names, word(6)+".com e")
	}
	list, several := New(names), 0
	without := func(text string, i int) string { return text[:i] + text[i+1:] }
	for range 5_000 {
		token := word(5)
		var found []string
		note := func(shorter string) {
			for _, n := range list.names {
				for i := range n.label {
					if without(n.label, i) == shorter {
						found = append(found, n.label)
						break
					}
				}
			}
		}
		note(token)
		for i := range token {
			if i > 0 && token[i] == token[i-1] {
				continue
			}
			for _, n := range list.names {
				if n.label == without(token, i) {
					found = append(found, n.label)
				}
			}
			note(without(token, i))
		}
		found = slices.DeleteFunc(found, func(label string) bool { return !isOneSlip([]byte(token), label) })
		want := ""
		if len(found) > 0 && !slices.ContainsFunc(list.names, func(n listed) bool { return n.label == token }) {
			want = found[0] + ".com"
		}
		if slices.ContainsFunc(found, func(label string) bool { return label != found[0] }) {
			several++
		}
		if got := lookTwice(t, list, token+".net", 0).Imitates; got != want {
			t.Errorf("%s imitates %q, want %q of %q", token, got, want, found)
		}
	}
	if several < 100 {
		t.Errorf("only %d tokens have several", several)
	}
}

func TestWhatMentions(t *testing.T) {
	list := New(marked)
	for _, test := range []struct{ name, host, want string }{
		{"a part", "en-trezor.io", "trezor.io"},
		{"a short one", "dhl-parcel.example", "dhl.com"},
		{"with a companion behind", "soporte-appleid.com", "apple.com"},
		{"with one before", "securepaypal.com", "paypal.com"},
		{"with digits", "paypal24.com", "paypal.com"},
		{"a sub-domain", "paypal.com.|evil.net", "paypal.com"},
		{"a part of one", "secure.metamask.|io-login.xyz", "metamask.io"},
		{"on free hosting", "paypal-login.|weebly.com", "paypal.com"},

		{"the domain itself", "paypal.com", ""},
		{"below it", "paypal.|paypal.com", ""},
		{"its label under another suffix", "paypal.de", ""},
		{"its other domain", "amazon.de", ""},
		{"before its own operator", "google.|googleusercontent.com", ""},
		{"an ordinary word", "orange-county.com", ""},
		{"of an institution", "paypal.|town.gov", ""},
		{"of one of a country", "paypal.|town.gov.uk", ""},
		{"within another word", "snapple.com", ""},
		{"with what is no companion", "applebees.com", ""},
	} {
		sub, domain, found := strings.Cut(test.host, "|")
		if !found {
			sub, domain = "", test.host
		}
		if got := lookTwice(t, list, sub+domain, len(sub)).Mentions; got != test.want {
			t.Errorf("%s: %q mentions %q, want %q", test.name, test.host, got, test.want)
		}
	}
}

func TestWhichDomainsAreListed(t *testing.T) {
	list := New(append(slices.Clone(marked), "cl.ly"))
	for host, want := range map[string]bool{"cl.ly": true, "d.ly": false, "paypal.com": true, "www1.|paypal.com": true, "amazon.de": true, "dhl.com": true, "paypal.de": false, "x.|evil.net": false, "paypai.com": false, "": false} {
		sub, domain, found := strings.Cut(host, "|")
		if !found {
			sub, domain = "", host
		}
		if got := lookTwice(t, list, sub+domain, len(sub)).IsListed; got != want || list.Has([]byte(domain)) != want {
			t.Errorf("that %q is listed is %v and %v, want %v", host, got, list.Has([]byte(domain)), want)
		}
	}
}

func TestWhereNamesStand(t *testing.T) {
	list := New(marked)
	for _, test := range []struct{ host, want string }{
		{"paypal.com", ""},
		{"en-trezor.io", "trezor"},
		{"secure-amaz0n.login.|paypal-arnazon.com", "paypal arnazon amaz0n"},
		{"soporte-appleid.com", "apple"},
		{"legder.com", "legder"},
		{"www.|xn--pypal-4ve.com", "xn--pypal-4ve"},
	} {
		sub, domain, found := strings.Cut(test.host, "|")
		if !found {
			sub, domain = "", test.host
		}
		host := []byte(sub + domain)
		var got []string
		for _, span := range list.Spans(nil, host, len(sub)) {
			got = append(got, string(host[span.Start:span.End]))
		}
		if want := strings.Fields(test.want); !slices.Equal(got, want) {
			t.Errorf("names in %q are %q, want %q", test.host, got, want)
		}
	}
}

func TestTheMorePopularOfLookAlikesIsImitated(t *testing.T) {
	list := New([]string{"modern.com", "modem.net"})
	if got, _ := look(t, list, "m0dern.org"); got != "modern.com" {
		t.Errorf("m0dern.org imitates %q, want modern.com", got)
	}
	if got, _ := look(t, list, "modern.org"); got != "" {
		t.Errorf("modern.org, the name itself, imitates %q", got)
	}
}

func TestWhatMixesScripts(t *testing.T) {
	list := new(List)
	for _, test := range []struct {
		name, host string
		want       bool
	}{
		{"Latin and Cyrillic", "pаypal.com", true},
		{"Latin and Greek", "zπa451.com", true},
		{"Cyrillic and Greek", "аβв.com", true},
		{"Latin and Thai", "xหี.com", true},
		{"Han and Cyrillic", "東д.com", true},
		{"Bopomofo and Hangul", "ㄅ한.com", true},
		{"a sub-domain", "pаypal.com.|evil.net", true},
		{"a sub-domain of a sub-domain", "pаypal.www.|evil.net", true},

		{"ASCII", "example.com", false},
		{"Latin with marks", "münchen.de", false},
		{"Cyrillic before a Latin suffix", "мвд.cc", false},
		{"Cyrillic alone", "россия.рф", false},
		{"Cyrillic and digits", "дом-70.рф", false},
		{"Japanese in its three scripts, and Latin", "スポーツカーの査定abc.jp", false},
		{"Chinese and Latin", "qq中国.com", false},
		{"Chinese with Bopomofo", "中ㄅ.tw", false},
		{"Korean with Han and Latin", "sk한국韓國.kr", false},
		{"Thai with digits", "ยูแอลบี88.com", false},
		{"Arabic", "نسوانجي.net", false},
		{"a symbol", "i❤.ws", false},
		{"labels of different scripts", "한국.|россия.рф", false},
	} {
		if _, got := look(t, list, test.host); got != test.want {
			t.Errorf("%s: that %q mixes scripts is %v, want %v", test.name, test.host, got, test.want)
		}
	}
}

func TestCheck(t *testing.T) {
	if err := Check(popular); err != nil {
		t.Error(err)
	}
	if err := Check(nil); err != nil {
		t.Error(err)
	}
	for _, test := range []struct {
		name    string
		domains []string
		want    string
	}{
		{"upper case", []string{"PayPal.com"}, `name to imitate "PayPal.com", want`},
		{"Unicode", []string{"münchen.de"}, `name to imitate "münchen.de", want`},
		{"an A-label", []string{"xn--mnchen-3ya.de"}, "want a domain in lower case"},
		{"no suffix", []string{"localhost"}, `"localhost", want`},
		{"an empty suffix", []string{"paypal."}, `"paypal.", want`},
		{"a suffix that is none", []string{"paypal.c!m"}, `"paypal.c!m", want`},
		{"a short label", []string{"x.com"}, `"x.com", want`},
		{"a long one", []string{strings.Repeat("a", 64) + ".com"}, "want a domain"},
		{"a long name", []string{"paypal." + strings.Repeat("a.", 150) + "com"}, "want a domain"},
		{"digits alone", []string{"12345.com"}, `"12345.com", want`},
		{"a use that is none", []string{"paypal.com x"}, `"paypal.com x", want`},
		{"uses in another order", []string{"paypal.com em"}, `"paypal.com em", want`},
		{"too many misspelt", slices.Repeat([]string{"paypal.com e"}, MaxMisspelt+1), "5001 names that others misspell, want at most 5000"},
		{"too many", slices.Repeat([]string{"paypal.com"}, MaxNames+1), "20001 names to imitate, want at most 20000"},
	} {
		if err := Check(test.domains); err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s: the error is %v, want %q", test.name, err, test.want)
		}
	}
}

func TestTheTableIsSortedAndASCII(t *testing.T) {
	for i, p := range prototypes {
		if i > 0 && prototypes[i-1].character >= p.character {
			t.Errorf("%q does not stand behind %q", p.character, prototypes[i-1].character)
		}
		if p.character < utf8.RuneSelf || p.looksLike == "" || strings.Trim(p.looksLike, "abcdefghijklmnopqrstuvwxyz0123456789-") != "" {
			t.Errorf("%q looks like %q", p.character, p.looksLike)
		}
	}
}

func TestLookingAllocatesNothing(t *testing.T) {
	list := New(append(slices.Clone(marked), popular...))
	spans := make([]Span, 0, 100)
	for _, host := range []string{"paypa1.com", "soporte-appleid.com", "secure.faceb00k.legder-support.com", "xn--pypal-4ve.com", "xn--h1alffa9f.xn--p1ai", "www.a1.xn--gogle-mta.example.com", strings.Repeat("m", 62) + "0.com"} {
		domain := strings.LastIndexByte(host[:strings.LastIndexByte(host, '.')], '.') + 1
		text := []byte(host)
		if allocations := testing.AllocsPerRun(20, func() { list.Look(text, domain); list.Spans(spans, text, domain) }); allocations != 0 {
			t.Errorf("%q costs %v allocations, want 0", host, allocations)
		}
	}
}

// The properties: nothing panics, what is found is on the list, names stand within the host
// wherever something is found, and looking changes no host.
func FuzzLook(f *testing.F) {
	list := New(append(slices.Clone(marked), popular...))
	for _, host := range []string{"paypa1.com", "soporte-appleid.com", "secure.faceb00k.legder-support.com", "www.xn--pypal-4ve.com", "xn--.xn---", "a..b", "[::1]", "%D0%B0.com", "", strings.Repeat("xn--a1-", 40), strings.Repeat("1.", 32<<10)} {
		f.Add([]byte(host), len(host)/2)
		f.Add([]byte(host), 0)
	}
	f.Fuzz(func(t *testing.T, host []byte, domain int) {
		before := bytes.Clone(host)
		found := lookTwice(t, list, string(host), domain)
		imitates := found.Imitates
		for _, span := range list.Spans(nil, host, domain) {
			if span.Start < 0 || span.End <= span.Start || span.End > len(host) {
				t.Errorf("a name stands at %v in %q", span, host)
			}
		}
		if (imitates != "" || found.Mentions != "") != (len(list.Spans(nil, host, domain)) > 0) {
			t.Errorf("%q: found %+v, at %v", host, found, list.Spans(nil, host, domain))
		}
		if found.Mentions != "" && !list.Has([]byte(found.Mentions)) {
			t.Errorf("%q mentions %q, which is not on the list", host, found.Mentions)
		}
		if imitates != "" && !list.Has([]byte(imitates)) {
			t.Errorf("%q imitates %q, which is not on the list", host, imitates)
		}
		if !bytes.Equal(host, before) {
			t.Errorf("looking changed %q into %q", before, host)
		}
	})
}

// The property: decode returns the same as golang.org/x/net if that encodes to the label again,
// else nothing. golang.org/x/net decodes half a surrogate pair to U+FFFD, which encodes to another
// label.
func FuzzDecode(f *testing.F) {
	for _, label := range []string{
		"pypal-4ve", "h1alffa9f", "mnchen-3ya", "", "-", "a-", "a--", "99999999", "zzzzzzzzzzzzz", "n3h", "ls8h",
		"000a000bxzc00zxzy0bzxcx0bzxbz00a", // has a real U+FFFD
	} {
		f.Add(label)
	}
	f.Fuzz(func(t *testing.T, encoded string) {
		if encoded == "" || len(encoded) > maxLabel-len("xn--") || strings.Trim(encoded, "abcdefghijklmnopqrstuvwxyz0123456789-") != "" {
			t.Skip("in no canonical host")
		}
		got := decode(nil, []byte("xn--"+encoded))
		want, err := idna.Punycode.ToUnicode("xn--" + encoded)
		if again, _ := idna.Punycode.ToASCII(want); err != nil || again != "xn--"+encoded {
			want = ""
		}
		if string(got) != want {
			t.Errorf("%s is decoded to %s, want %s (%v)", encoded, strconv.QuoteToASCII(string(got)), strconv.QuoteToASCII(want), err)
		}
	})
}

func BenchmarkLook(b *testing.B) {
	list := New(append(slices.Clone(marked), popular...))
	for _, test := range []struct{ host, want string }{{"paypa1.com", "paypal.com"}, {"cdn01.example.com", ""}, {"xn--pypal-4ve.com", "paypal.com"}, {"xn--h1alffa9f.xn--p1ai", ""}} {
		b.Run(test.host, func(b *testing.B) {
			host := append(make([]byte, 0, len(test.host)+8), test.host...)
			b.ReportAllocs()
			for b.Loop() {
				if got := list.Look(host, 0).Imitates; got != test.want {
					b.Fatalf("imitates %q, want %q", got, test.want)
				}
			}
		})
	}
}
