package canon

import "testing"

func TestHostKind(t *testing.T) {
	for _, test := range []struct{ name, text, want string }{
		{"an IPv4 address", "203.0.113.7:8080/a", "IP address"},
		{"an IPv6 address", "[2001:db8::1]", "IP address"},
		{"below an operator", "d111111abcdef8.cloudfront.net/x", "operator"},
		{"an operator itself", "cloudfront.net", "operator"},
		{"an address below an operator", "ec2-203-0-113-7.us-east-2.compute.amazonaws.com", "operator"},

		{"with hyphens", "203-0-113-7.dsl.example.net", "reverse DNS"},
		{"with dots", "7.113.0.203.example.net", "reverse DNS"},
		{"in the reverse tree", "7.113.0.203.in-addr.arpa", "reverse DNS"},
		{"behind a word", "ip-10-0-0-1.example.net", "reverse DNS"},
		{"behind a word without a hyphen", "host203-0-113-7.example.net", "reverse DNS"},
		{"across labels", "203-0.113-7.example.net", "reverse DNS"},
		{"with an x", "203x0x113x7.example.ne.jp", "reverse DNS"},
		{"with leading zeros", "203-000-113-007.example.net", "reverse DNS"},
		{"twelve digits", "host203000113007.example.net", "reverse DNS"},
		{"hexadecimal", "ip-cb007107.example.net", "reverse DNS"},
		{"hexadecimal behind a letter", "pcb007107.city.example.ne.jp", "reverse DNS"},
		{"of a virtual machine at a host", "203-0-113-7.ip.linodeusercontent.com", "reverse DNS"},

		{"a number above 255", "203-0-113-256.example.net", "other sub-domain"},
		{"three numbers", "api-42-0-0.example.com", "other sub-domain"},
		{"thirteen digits", "2030001130071.example.net", "other sub-domain"},
		{"twelve digits above 255", "999000113007.example.net", "other sub-domain"},
		{"nine hexadecimal digits", "cb0071071.example.net", "other sub-domain"},
		{"hexadecimal, a word", "deadbeef.example.net", "other sub-domain"},
		{"a date", "20261122.example.net", "other sub-domain"},
		{"an identifier that begins so", "27e1187c-9a74-49b3-a94a-06e258588b81.example.net", "other sub-domain"},
		{"hexadecimal in the registered domain", "cb007107.com", "registered domain itself"},

		{"below a private suffix", "name.github.io/a", "free hosting"},
		{"a sub-domain below a private suffix", "a.name.github.io", "free hosting"},
		{"a private suffix itself", "github.io", "free hosting"},
		{"a bucket", "bucket.s3.us-east-2.amazonaws.com", "free hosting"},
		{"an internationalised name", "bücher.example", "internationalised"},
		{"below an internationalised suffix", "a.b.рф", "internationalised"},
		{"a sub-domain", "mail.example.co.uk", "other sub-domain"},
		{"a registered domain", "www.example.co.uk", "registered domain itself"},
		{"below a suffix that nobody listed", "a.b.internal", "other sub-domain"},
		{"one label", "localhost", "registered domain itself"},
	} {
		t.Run(test.name, func(t *testing.T) {
			var u URL
			if err := u.Parse(test.text); err != nil {
				t.Fatal(err)
			}
			if got := u.HostKind(); got != test.want {
				t.Errorf("%q is %q, want %q", test.text, got, test.want)
			}
		})
	}
}
