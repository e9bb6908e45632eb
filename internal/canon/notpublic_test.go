package canon

import (
	"net/netip"
	"os"
	"strings"
	"testing"

	"github.com/weppos/publicsuffix-go/publicsuffix"
)

func TestNotPublic(t *testing.T) {
	for _, test := range []struct {
		name, text string
		want       NotPublic
	}{
		{"an ordinary name", "zis32msdi3.com", Public},
		{"a URL", "https://www.bbc.co.uk/news", Public},
		{"a name below a last label that nobody listed", "shop.newtld", Public},

		{"MD5", "d41d8cd98f00b204e9800998ecf8427e", Hash},
		{"SHA-1 in upper case", "DA39A3EE5E6B4B0D3255BFEF95601890AFD80709", Hash},
		{"SHA-224", strings.Repeat("d14a028c", 7), Hash},
		{"SHA-256", strings.Repeat("e3b0c442", 8), Hash},
		{"SHA-384", strings.Repeat("38b060a7", 12), Hash},
		{"SHA-512", strings.Repeat("cf83e135", 16), Hash},
		{"a hash of letters alone", strings.Repeat("deadbeef", 4), Hash},
		{"a hash of digits alone", strings.Repeat("12345678", 4), Hash},
		{"a hash as a host with a path is a label", "d41d8cd98f00b204e9800998ecf8427e/a", SingleLabel},
		{"a hash below a domain", "d41d8cd98f00b204e9800998ecf8427e.com", Public},
		{"33 hexadecimal digits are a label", "d41d8cd98f00b204e9800998ecf8427e0", SingleLabel},

		{"an integer", "3221225985", Number},
		{"an integer that is an address of the internet", "134744072", Number},
		{"a digit", "7", Number},
		{"a hexadecimal integer", "0x08080808", Number},
		{"an integer with a scheme is the address", "http://134744072", Public},
		{"an integer with a scheme is the address, whichever", "http://3221225985/", ReservedAddress},
		{"an integer with a port is the address", "134744072:8080", Public},
		{"an integer with a path is the address", "134744072/a", Public},

		{"a date", "2026-11-28", Identifier},
		{"a date with dots", "28.11.2026", Identifier},
		{"a date with dots, the year first", "2026.11.28", Identifier},
		{"a date with slashes", "11/28/2026", Identifier},
		{"a date with slashes and two digits of a year", "28/11/26", Identifier},
		{"a date with a month's name", "28-Nov-2026", Identifier},
		{"a day that no month has: an address", "45.11.2026", Public},
		{"three numbers: an address", "8.8.8", Public},
		{"a date and a time", "2026-11-28T05:09:37Z", Identifier},
		{"a time with a fraction and a zone", "2026-11-28T05:09:37.123456+01:00", Identifier},
		{"a time behind a space", "2026-11-28 05:09:37,123", Identifier},
		{"a time without colons", "20261128T050937Z", Identifier},
		{"a time without colons, with a fraction", "20261128T050937.123Z", Identifier},
		{"a time as Apache writes it", "28/Nov/2026:05:09:37 +0000", Identifier},
		{"a time as syslog writes it", "Nov 28 05:09:37", Identifier},
		{"a time as syslog writes it, with two spaces", "Nov  8 05:09:37.001", Identifier},
		{"a time of day", "05:09:37", Identifier},
		{"hour and minute are a host and a port", "8.8.8.8:37", Public},
		{"a name that begins as a date", "2026-11-28.com", Public},
		{"a host of a date with a scheme", "http://2026-11-28", SingleLabel},

		{"a vulnerability", "CVE-2026-12345", Identifier},
		{"a vulnerability in lower case", "cve-1999-0001", Identifier},
		{"a weakness", "CWE-79", Identifier},
		{"an attack pattern", "CAPEC-66", Identifier},
		{"an advisory of GitHub", "GHSA-jfh8-c2jp-5v3q", Identifier},
		{"a technique of ATT&CK", "T1059", Identifier},
		{"a sub-technique of ATT&CK", "T1059.001", Identifier},
		{"a sub-technique in lower case", "t1059.001", Identifier},
		{"a tactic of ATT&CK", "TA0001", Identifier},
		{"a group of ATT&CK", "G0007", Identifier},
		{"a program of ATT&CK", "S0002", Identifier},
		{"an autonomous system", "AS15169", Identifier},
		{"a name that begins as a technique", "t1059.com", Public},
		{"a name as long as a technique", "t1059.org", Public},
		{"a name that begins as a vulnerability", "cve-2026-12345.com", Public},

		{"a MAC address", "00:1B:44:11:3A:B7", Identifier},
		{"a MAC address that begins with letters", "ab:1b:44:11:3a:b7", Identifier},
		{"a MAC address with hyphens", "fe-1b-44-11-3a-b7", Identifier},
		{"a MAC address with dots", "001b.4411.3ab7", Identifier},
		{"a MAC address with dots, of letters", "dead.beef.face", Identifier},
		{"a name below .cafe", "dead.beef.cafe", Public},
		{"eight bytes with colons are an IPv6 address", "26:20:0:0:0:0:0:1", Public},
		{"a UUID", "123e4567-e89b-12d3-a456-426614174000", Identifier},
		{"a UUID that begins with letters", "abcdefab-e89b-12d3-a456-426614174000", Identifier},
		{"a UUID as a URN", "urn:uuid:123e4567-e89b-12d3-a456-426614174000", Identifier},
		{"a name of the length of a UUID", "abcdefab-e89b-12d3-a456-42661417.com", Public},
		{"an object identifier", "1.3.6.1.4.1.311.20.2", Identifier},
		{"four numbers are an address", "1.3.6.1", Public},

		{"a Bitcoin address", "1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNa", Identifier},
		{"a Bitcoin address of a script", "3J98t1WpEZ73CNmQviecrnyiWrnqRhWNLy", Identifier},
		{"a Bitcoin address with a letter changed", "1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNb", SingleLabel},
		{"a Bitcoin address in bech32", "bc1qar0srrr7xfkvy5l643lydnw9re59gtzzwf5mdq", Identifier},
		{"a Bitcoin address in bech32, in upper case", "BC1QW508D6QEJXTDG4Y5R3ZARVARY0C5XW7KV8F3T4", Identifier},
		{"a Bitcoin address in bech32m", "bc1p5cyxnuxmeuwuvkwfem96lqzszd02n6xdcjrs20cac6yqjjwudpxqkedrcr", Identifier},
		{"a Bitcoin address in bech32 with a letter changed", "bc1qar0srrr7xfkvy5l643lydnw9re59gtzzwf5mdp", SingleLabel},
		{"an Ethereum address", "0x742d35Cc6634C0532925a3b844Bc454e4438f44e", Identifier},

		{"a path of Windows", `C:\Windows\System32\cmd.exe`, FilePath},
		{"a path of Windows with slashes", "d:/malware/a.exe", FilePath},
		{"a share", `\\server\share\a.exe`, FilePath},
		{"a share of a public host", `\\zis32msdi3.com\share\a.exe`, Public},
		{"two backslashes and a name", `\\evil.com`, Public},
		{"a path of a home directory", "~/Downloads/a.exe", FilePath},
		{"a path of somebody's home directory", "~alice/a.exe", FilePath},
		{"a path below a variable", `%TEMP%\a.exe`, FilePath},
		{"a file on a host", "file://server/a.exe", FilePath},
		{"a file on a public host", "file://zis32msdi3.com/a.exe", Public},
		{"a key of the registry", `HKLM\Software\Microsoft`, FilePath},
		{"a key of the registry, in full", `HKEY_LOCAL_MACHINE\Software`, FilePath},
		{"a host with a port is no drive", "c:8080", SingleLabel},
		{"a host called file", "file:8080", SingleLabel},

		{"a name without a dot", "intranet-server", SingleLabel},
		{"a name without a dot, with a path", "http://mediawiki/index.php", SingleLabel},
		{"a scheme without its colon", "https//zis32msdi3.com/a", Public},
		{"a label with a bracket", "zis32msdi3[d]com", Public},
		{"a label of a service", "_dmarc", SingleLabel},

		{"a top-level domain", "com", PublicSuffix},
		{"a top-level domain in Unicode", "рф", PublicSuffix},
		{"a suffix of two labels", "co.uk", PublicSuffix},
		{"a suffix with a path", "http://co.uk/a", PublicSuffix},
		{"a suffix by a wildcard", "foo.ck", PublicSuffix},
		{"an exception to a wildcard", "www.ck", Public},
		{"a company's suffix", "github.io", PublicSuffix},
		{"a company's suffix with a path", "s3.amazonaws.com/bucket/a.exe", Public},
		{"a company's suffix with a port", "s3.amazonaws.com:8080", Public},
		{"somebody's host at a company's wildcard", "vacation-family.at.ply.gg", Public},
		{"a name below a company's suffix", "user.github.io", Public},

		{"a name of mDNS", "printer.local", LocalSuffix},
		{"a name of mDNS with a space", "My%20Printer._ipp._tcp.local", LocalSuffix},
		{"a local suffix alone", "local", LocalSuffix},
		{"a name of a home network", "router.home.arpa", LocalSuffix},
		{"a name of a company's network", "DC01.CORP", LocalSuffix},
		{"a URL of a company's network", "http://wiki.internal:8080/a", LocalSuffix},
		{"a name that ends in a local suffix without a dot", "mylocal.com", Public},

		{"a name for tests", "a.test", ReservedSuffix},
		{"a name for examples", "a.example", ReservedSuffix},
		{"a domain for examples", "www.example.com/a", ReservedSuffix},
		{"a domain that is no example", "counterexample.com", Public},
		{"an example of a country", "example.de", Public},
		{"localhost", "http://localhost:8080", ReservedSuffix},
		{"another root", "name.alt", ReservedSuffix},
		{"a name of the internet's infrastructure", "resolver.arpa", ReservedSuffix},
		{"a telephone number", "4.3.2.1.e164.arpa", ReservedSuffix},
		{"an onion service", "duckduckgogg42xjoc72x3sjasowoarfbgcmvfimaftt6twagswzczad.onion", Onion},
		{"the name of an IPv4 address", "8.8.8.8.in-addr.arpa", ReverseZone},
		{"the name of a part of a network", "0-127.2.0.192.in-addr.arpa", ReverseZone},
		{"the name of a service of a network", "lb._dns-sd._udp.0.2.0.192.in-addr.arpa", ReverseZone},
		{"a web page in a zone of names of addresses", "http://d.d.e.0.1.0.0.2.ip6.arpa/login", Public},
		{"another name in a zone of names of addresses", "paypal.d.d.e.0.1.0.0.2.ip6.arpa", Public},
		{"a name with a backslash before its dot", `hku\.hk`, Public},
		{"the name of an IPv6 address", "8.b.d.0.1.0.0.2.ip6.arpa", ReverseZone},
		{"a zone of names of addresses", "in-addr.arpa", ReverseZone},

		{"a private address", "192.168.1.1", PrivateAddress},
		{"a private address in a URL", "http://10.0.0.1:8080/a", PrivateAddress},
		{"an address behind an operator's translation", "100.64.1.1", PrivateAddress},
		{"a link-local address", "169.254.169.254", PrivateAddress},
		{"a unique local address", "[fd00::1]", PrivateAddress},
		{"loopback", "127.0.0.1", ReservedAddress},
		{"loopback in hexadecimal", "0x7f.1", ReservedAddress},
		{"loopback of IPv6", "::1", ReservedAddress},
		{"an address for documentation", "203.0.113.7", ReservedAddress},
		{"multicast", "224.0.0.251", ReservedAddress},
		{"broadcast", "255.255.255.255", ReservedAddress},
		{"an address of the internet", "8.8.8.8", Public},
		{"an IPv6 address of the internet", "[2606:4700::1111]", Public},
		{"a reserved address that can be reached", "192.0.0.9", Public},
		{"a reserved IPv6 address that can be reached", "[2001:1::1]", Public},
		{"a mapped private address", "::ffff:10.0.0.1", PrivateAddress},
	} {
		t.Run(test.name, func(t *testing.T) {
			var u, again URL
			if err := u.Parse(test.text); err != nil {
				t.Fatal(err)
			}
			if got := u.NotPublic(); got != test.want {
				t.Errorf("%q is %q, want %q", test.text, got, test.want)
			}
			if err := again.Parse(u.String()); err != nil || again.String() != u.String() {
				t.Errorf("the canonical form of %q is %q (%v)", &u, &again, err)
			}
			// The form loses the case that a checksum needs, and the start of a path.
			if got := again.NotPublic(); got != test.want && test.want != FilePath && !isBase58Address(test.text) && (got == Public) != (test.want == Public) {
				t.Errorf("%q is %q, its canonical form %q %q", test.text, test.want, &u, got)
			}
		})
	}
}

func TestNotPublicIsOfTheLastText(t *testing.T) {
	var u URL
	for _, text := range []string{"T1059", "q.com"} {
		if err := u.Parse(text); err != nil {
			t.Fatal(err)
		}
	}
	if got := u.NotPublic(); got != Public {
		t.Errorf("%q behind an identifier is %q", &u, got)
	}
}

func TestReasonsHaveWords(t *testing.T) {
	if got := len(notPublicWords); got != int(ReservedAddress)+1 {
		t.Fatalf("%d words for %d reasons", got, ReservedAddress+1)
	}
	if got := ReservedAddress.String(); got != "reserved address" {
		t.Errorf("the last reason is %q", got)
	}
}

func TestEveryReasonIsInItsPage(t *testing.T) {
	page, err := os.ReadFile("../../docs/not-public.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, reason := range notPublicWords[1:] {
		if !strings.Contains(string(page), "\n| `"+reason+"` | ") {
			t.Errorf("docs/not-public.md has no row for %q", reason)
		}
	}
}

// A suffix that becomes a top-level domain is local no more.
func TestNoLocalSuffixIsListed(t *testing.T) {
	options := &publicsuffix.FindOptions{}
	for _, suffix := range []string{
		"local", "intranet", "internal", "private", "corp", "home", "lan", "mail", "localdomain", "localnet", "domain", "workgroup", "intra",
		"priv", "consul", "router", "gateway", "belkin", "dlink", "test", "example", "invalid", "localhost", "alt",
	} {
		if rule := publicsuffix.DefaultList.Find("a."+suffix, options); rule != nil {
			t.Errorf("%q is listed as %q", suffix, rule.Value)
		}
		if reason := unlistedNotPublic([]byte("a." + suffix)); reason != LocalSuffix && reason != ReservedSuffix {
			t.Errorf("%q is %q", suffix, reason)
		}
	}
}

func TestOneTopLevelDomainIsOfFourHexadecimalDigits(t *testing.T) {
	options := &publicsuffix.FindOptions{}
	const letters = "abcdef"
	for i := range 6 * 6 * 6 * 6 {
		word := string([]byte{letters[i/216], letters[i/36%6], letters[i/6%6], letters[i%6]})
		if rule := publicsuffix.DefaultList.Find("a."+word, options); rule != nil && word != "cafe" {
			t.Errorf("%q is listed as %q: a.%s may be a name", word, rule.Value, word)
		}
	}
}

func TestPrivateAndReservedAddresses(t *testing.T) {
	for i, special := range specialAddresses {
		if special.prefix != special.prefix.Masked() {
			t.Errorf("%v has bits behind its length", special.prefix)
		}
		for _, earlier := range specialAddresses[:i] {
			if earlier.prefix.Contains(special.prefix.Addr()) && earlier.prefix.Bits() <= special.prefix.Bits() {
				t.Errorf("%v never decides: %v stands before it", special.prefix, earlier.prefix)
			}
		}
	}
	for _, text := range []string{"9.255.255.255", "11.0.0.0", "172.15.255.255", "172.32.0.0", "192.0.1.0", "192.0.3.0", "198.17.255.255", "198.20.0.0", "223.255.255.255", "2000::", "2001:200::", "2002:c000:204::1", "2620:4f:8000::1", "3ffe::", "fe00::1"} {
		if got := addressNotPublic(netip.MustParseAddr(text)); got != Public {
			t.Errorf("%s, beside what is special, is %q", text, got)
		}
	}
}

func TestReasonsAllocateNothing(t *testing.T) {
	var u URL
	for _, text := range []string{"zis32msdi3.com", "2026-11-28T05:09:37.123Z", "00:1b:44:11:3a:b7", "1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNa", "10.0.0.1", "a.local", "t1059.001", "360.cn"} {
		if allocated := testing.AllocsPerRun(100, func() {
			if err := u.Parse(text); err != nil {
				t.Fatal(err)
			}
			u.NotPublic()
		}); allocated != 0 {
			t.Errorf("%q costs %v allocations", text, allocated)
		}
	}
}

// The reason of a text that is one as a whole outlives its canonical form, or becomes another.
func FuzzNotPublic(f *testing.F) {
	for _, text := range []string{"d41d8cd98f00b204e9800998ecf8427e", "0x10", "2026-11-28T05:09:37Z", "ab:cd:ef:01:23:45", "28/Nov/2026:05:09:37 +0000", "%36:1", "1.2.3.4.5", `\\a\b`, "bc1q", "t1059%2e001", "00:00:0010"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		whole := notPublicText(text)
		var u, again URL
		if err := u.Parse(text); err != nil {
			if whole == Hash || whole == Number && len(text) <= MaxLength || whole == Identifier {
				t.Fatalf("%q is a %s, and refused: %v", text, whole, err)
			}
			return
		}
		if err := again.Parse(u.String()); err != nil || again.String() != u.String() {
			t.Fatalf("%q has the form %q, and that %q (%v)", text, &u, &again, err)
		}
		if whole != Public && whole != FilePath && again.NotPublic() == Public {
			t.Errorf("%q is a %s, its form %q a public name", text, whole, &u)
		}
	})
}

func BenchmarkNotPublicText(b *testing.B) {
	for _, test := range []struct {
		name, text string
		want       NotPublic
	}{
		{"name", "www.wikipedia.org", Public},
		{"short name", "q.com", Public},
		{"name with a digit", "s3.amazonaws.com", Public},
		{"name with a hyphen", "my-site.com", Public},
		{"name that begins with a digit", "360.cn", Public},
		{"URL", "https://www.wikipedia.org/wiki/Snowman", Public},
		{"address", "192.168.100.1", Public},
		{"hash", "d41d8cd98f00b204e9800998ecf8427e", Hash},
		{"date", "2026-11-28T05:09:37Z", Identifier},
	} {
		b.Run(test.name, func(b *testing.B) {
			for b.Loop() {
				if got := notPublicText(test.text); got != test.want {
					b.Fatalf("%q is %q", test.text, got)
				}
			}
		})
	}
}
