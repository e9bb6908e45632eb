package canon

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
)

func TestOperatorsFile(t *testing.T) {
	suffixes := ownOperators()
	if len(suffixes) == 0 {
		t.Fatal("no suffixes")
	}
	if _, err := newOperators(suffixes); err != nil {
		t.Error(err)
	}
	for line := range strings.Lines(operatorsFile) {
		suffix, reason, _ := strings.Cut(line, "#")
		if strings.TrimSpace(reason) == "" && strings.TrimSpace(suffix+reason) != "" {
			t.Errorf("%q has no reason", strings.TrimSpace(suffix))
		}
	}
}

// readOf returns the canonical host and the part of it that the default alphabet reads.
func readOf(t *testing.T, text string) (host, read string) {
	t.Helper()
	var u URL
	if err := u.Parse(text); err != nil {
		t.Fatal(err)
	}
	host = string(u.Host())
	start, _ := DefaultAlphabet().operators.find(u.Host())
	return host, host[start:]
}

func TestTheSuffixOfAnOperatorIsWhatIsRead(t *testing.T) {
	for text, want := range map[string]string{
		"d111111abcdef8.cloudfront.net/x":                 "cloudfront.net",
		"a.b.cloudfront.net:8443":                         "cloudfront.net",
		"https://user@D111111ABCDEF8.CloudFront.net./":    "cloudfront.net",
		"cloudfront.net":                                  "cloudfront.net",
		"ec2-203-0-113-7.eu-west-1.compute.amazonaws.com": "compute.amazonaws.com",
		"ec2-203-0-113-7.compute-1.amazonaws.com":         "compute-1.amazonaws.com",
		"front-1590165977.us-west-2.elb.amazonaws.com":    "elb.amazonaws.com",
		"front-a653f8.elb.us-west-2.amazonaws.com":        "elb.us-west-2.amazonaws.com",
		"0hvgipjs29.execute-api.us-east-1.amazonaws.com":  "execute-api.us-east-1.amazonaws.com",
		"www.example.com.edgekey.net":                     "edgekey.net",
		"7.113.0.203.bc.googleusercontent.com":            "bc.googleusercontent.com",
	} {
		if _, got := readOf(t, text); got != want {
			t.Errorf("of %q %q is read, want %q", text, got, want)
		}
	}
}

// A label that a customer chose must be read: otherwise anybody with an account could hide a name
// below the suffix.
func TestALabelThatACustomerChoseIsRead(t *testing.T) {
	for _, text := range []string{
		"bucket.s3.amazonaws.com", "bucket.s3.us-east-2.amazonaws.com", "bucket.s3-us-west-2.amazonaws.com",
		"bucket.s3.dualstack.us-east-2.amazonaws.com", "bucket.s3-website-us-east-1.amazonaws.com",
		"bucket.s3-website.eu-central-1.amazonaws.com", "bucket.s3-accelerate.amazonaws.com",
		"name.auth.us-east-1.amazoncognito.com", "name.us-east-1.elasticbeanstalk.com", "name.awsapprunner.com",
		"name.us-east-1.amazonaws.com", "name.amazonaws.com", "name.elb.a.b.amazonaws.com",
		"name.azurewebsites.net", "name.blob.core.windows.net", "name.z13.web.core.windows.net", "name.cloudapp.net",
		"name.eastus.cloudapp.azure.com", "name.trafficmanager.net", "name.azurefd.net", "name.azurestaticapps.net",
		"name.b-cdn.net", "name-1a2b.kxcdn.com", "name.global.ssl.fastly.net", "name-a.akamaihd.net",
		"name.example.com.w.kunlunca.com", "name.example.com.cdn.dnsv1.com", "name.googleusercontent.com",
		"name.github.io", "name.pages.dev", "name.workers.dev", "name.web.app", "name.firebaseapp.com", "name.vercel.app",
		"name.netlify.app", "name.herokuapp.com", "name.r2.dev", "name.onrender.com", "name.blogspot.com", "name.appspot.com",
		"name.run.app", "name.trycloudflare.com", "name.ngrok.io", "name.weebly.com", "name.wixsite.com",
		"notcloudfront.net", "cloudfront.net.example.com", "cloudfront.com", "amazonaws.com", "net",
	} {
		if host, got := readOf(t, text); got != host {
			t.Errorf("of %q only %q is read", text, got)
		}
	}
}

func TestNewOperatorsRefuses(t *testing.T) {
	var tooMany []string
	for i := range maxOperators + 1 {
		tooMany = append(tooMany, fmt.Sprintf("cdn%05d.net", i))
	}
	for _, test := range []struct {
		name     string
		suffixes []string
		want     string
	}{
		{"too many", tooMany, "1001 operator suffixes, want at most 1000"},
		{"an empty one", []string{""}, `operator suffix "": no host`},
		{"a path", []string{"example.net/a"}, "not a name in canonical form"},
		{"upper case", []string{"Example.net"}, "not a name in canonical form"},
		{"www.", []string{"www.example.net"}, "not a name in canonical form"},
		{"a leading dot", []string{".example.net"}, "not a name in canonical form"},
		{"a port", []string{"example.net:8080"}, "not a name in canonical form"},
		{"user-info", []string{"user@example.net"}, "not a name in canonical form"},
		{"an address", []string{"203.0.113.7"}, "not a name in canonical form"},
		{"one label", []string{"localhost"}, "want two labels or more"},
		{"too short", []string{"ab.net"}, "of 8 to 255 bytes"},
		{"too long", []string{strings.Repeat("a.", 130) + "net"}, "of 8 to 255 bytes"},
		{"the first label *", []string{"*.example.net"}, "a * must not be the first label"},
		{"half a label *", []string{"cdn.e*.example.net"}, "not a name in canonical form"},
		{"a * near the end", []string{"cdn.*.ab.net"}, "a * within the last 8 bytes"},
		{"out of order", []string{"b.example.net", "a.example.net"}, `"a.example.net" follows "b.example.net"`},
		{"twice", []string{"example.net", "example.net"}, `"example.net" follows "example.net"`},
	} {
		t.Run(test.name, func(t *testing.T) {
			_, err := newOperators(test.suffixes)
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("the error is %v, want %q in it", err, test.want)
			}
		})
	}
}

func TestTheLongestOfSeveralSuffixesCounts(t *testing.T) {
	o, err := newOperators([]string{"cdn.*.example.net", "cdn.example.net", "example.net"})
	if err != nil {
		t.Fatal(err)
	}
	for host, want := range map[string]string{
		"a.example.net": "example.net", "a.cdn.example.net": "cdn.example.net", "a.cdn.b.example.net": "cdn.b.example.net",
		"cdn.example.net": "cdn.example.net", "a.cdn.b.c.example.net": "example.net", "a.cdn..example.net": "cdn..example.net",
	} {
		start, found := o.find([]byte(host))
		if got := host[start:]; !found || got != want {
			t.Errorf("of %q %q is found (%v), want %q", host, got, found, want)
		}
	}
}

func TestAnAlphabetCarriesItsOperators(t *testing.T) {
	rest := DefaultAlphabet().groups
	with, err := NewAlphabet(rest, []string{"example.net"}, nil)
	if err != nil {
		t.Fatal(err)
	}
	without, err := NewAlphabet(rest, nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	for name, test := range map[string]struct {
		alphabet *Alphabet
		want     string // a host with the symbols of a.example.net
	}{"with operators": {with, "example.net"}, "without": {without, "a.example.net"}} {
		written, err := json.Marshal(test.alphabet)
		if err != nil {
			t.Fatal(err)
		}
		read, err := ParseAlphabet(written)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		got := symbolsOf(t, read, "a.example.net/b", 100)
		if want := symbolsOf(t, without, test.want+"/b", 100); !slices.Equal(got, want) {
			t.Errorf("%s: a.example.net has other symbols than %s", name, test.want)
		}
		again, err := json.Marshal(read)
		if err != nil || string(again) != string(written) {
			t.Errorf("%s: written again it is %s (%v), want %s", name, again, err, written)
		}
	}
	if written, _ := json.Marshal(without); written[0] != '[' {
		t.Errorf("without operators the JSON is %s, want the groups alone", written)
	}
	if _, err := ParseAlphabet([]byte(`{"groups": [], "operators": ["NET"]}`)); err == nil || !strings.Contains(err.Error(), `alphabet: operator suffix "NET"`) {
		t.Errorf("the error is %v, want one about the operator", err)
	}
}

// splitHost returns an alphabet in which sub-domain, domain and suffix have different symbols.
func splitHost(t testing.TB, operators []string) *Alphabet {
	t.Helper()
	a, err := NewAlphabet([]Group{
		{[]string{"subdomain"}, "abc."}, {[]string{"domain", "port"}, "abc."}, {[]string{"suffix"}, "abc."},
		{[]string{"user", "path", "query", "fragment"}, "abc/"},
	}, operators, nil)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

// The property: a host below an operator's suffix has the symbols of the suffix alone, whatever
// stands around the host.
func FuzzOperators(f *testing.F) {
	for _, seed := range []string{
		"d111111abcdef8.cloudfront.net/x", "user@a.b.cloudfront.net:81/c?d#e", "example.com", "a.elb.b.amazonaws.com", ".cloudfront.net",
		"x.elb..amazonaws.com", "192.0.2.1", "[2001:db8::1]/a", "%2e.azureedge.net", strings.Repeat("a", 120) + "@d.rackcdn.com/" + strings.Repeat("b", 120),
	} {
		f.Add(seed)
	}
	alphabets := []*Alphabet{DefaultAlphabet(), splitHost(f, ownOperators())}
	one := placeless(f)
	f.Fuzz(func(t *testing.T, text string) {
		var u, bare URL
		if u.Parse(text) != nil {
			return
		}
		checkPositions(t, one, &u, 100)
		for _, a := range alphabets {
			start, found := a.operators.find(u.Host())
			if !found {
				continue
			}
			shorter := string(u.text[start:])
			if err := bare.Parse(shorter); err != nil || bare.String() != shorter {
				t.Fatalf("%q without its label is %q, and that %q (%v)", &u, shorter, &bare, err)
			}
			if got, want := a.Append(nil, &u, 100), a.Append(nil, &bare, 100); !slices.Equal(got, want) {
				t.Fatalf("%q has the symbols %v, %q has %v", &u, got, &bare, want)
			}
		}
	})
}

func BenchmarkAppend(b *testing.B) {
	for name, text := range map[string]string{
		"name":     "zis32msdi3.com",
		"URL":      "https://accounts.example.co.uk/signin/v2/identifier?service=mail&flow=web",
		"operator": "d111111abcdef8.cloudfront.net/x",
	} {
		for _, operators := range [][]string{nil, ownOperators()} {
			b.Run(fmt.Sprintf("%s/operators=%d", name, len(operators)), func(b *testing.B) {
				a, err := NewAlphabet(DefaultAlphabet().groups, operators, nil)
				if err != nil {
					b.Fatal(err)
				}
				benchmarkAppend(b, a, text)
			})
		}
	}
}

func benchmarkAppend(b *testing.B, a *Alphabet, text string) {
	var u URL
	if err := u.Parse(text); err != nil {
		b.Fatal(err)
	}
	var symbols []uint8
	b.ReportAllocs()
	for b.Loop() {
		symbols = a.Append(symbols[:0], &u, 200)
	}
	if len(symbols) == 0 {
		b.Fatal("no symbols")
	}
}
