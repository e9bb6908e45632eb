package coredns

import (
	"bytes"
	"context"
	"fmt"
	golog "log"
	"math/rand/v2"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/coredns/caddy"
	"github.com/coredns/coredns/plugin"
	"github.com/coredns/coredns/plugin/metadata"
	"github.com/coredns/coredns/plugin/pkg/dnstest"
	"github.com/coredns/coredns/plugin/ready"
	"github.com/coredns/coredns/plugin/test"
	"github.com/coredns/coredns/request"
	"github.com/miekg/dns"

	"github.com/snowman-ml/snowman"
)

var (
	_ ready.Readiness   = (*Snowman)(nil)
	_ metadata.Provider = (*Snowman)(nil)
)

// benign is a name without a level.
const benign = "github.com."

// nameOf returns a generated name that has this level by the shipped model.
func nameOf(t testing.TB, level snowman.Level) string {
	t.Helper()
	random := rand.New(rand.NewPCG(uint64(level), 1))
	for range 100_000 {
		name := randomLabel(random, 5+random.IntN(14)) + "." + []string{"com", "net", "info", "top"}[random.IntN(4)]
		if v, err := snowman.Default().Classify(name); err == nil && v.Level == level && (level == snowman.None || v.Kind == snowman.DGA) {
			return name + "."
		}
	}
	t.Fatalf("found no name of level %v", level)
	return ""
}

func randomLabel(random *rand.Rand, length int) string {
	label := make([]byte, length)
	for i := range label {
		label[i] = "abcdefghijklmnopqrstuvwxyz"[random.IntN(26)]
	}
	return string(label)
}

// load returns the plugin as a Corefile configures it, before a plugin that answers.
func load(t testing.TB, corefile string, next plugin.HandlerFunc) *Snowman {
	t.Helper()
	c := caddy.NewTestController("dns", corefile)
	c.ServerBlockKeys = []string{"."}
	settings, err := parse(c)
	if err != nil {
		t.Fatal(err)
	}
	s, err := settings.open()
	if err != nil {
		t.Fatal(err)
	}
	s.Next = next
	return s
}

// answering returns a plugin that answers with the records, whose owners are # where they shall be
// the name of the question.
func answering(records ...string) plugin.HandlerFunc {
	return func(_ context.Context, w dns.ResponseWriter, r *dns.Msg) (int, error) {
		m := new(dns.Msg).SetReply(r)
		for _, record := range records {
			parsed, err := dns.NewRR(strings.ReplaceAll(record, "#", r.Question[0].Name))
			if err != nil {
				return dns.RcodeServerFailure, err
			}
			m.Answer = append(m.Answer, parsed)
		}
		return dns.RcodeSuccess, w.WriteMsg(m)
	}
}

// ask returns what the plugin answers, which must fit into a packet.
func ask(t testing.TB, s *Snowman, r *dns.Msg) *dns.Msg {
	t.Helper()
	recorder := dnstest.NewRecorder(&test.ResponseWriter{})
	rcode, err := s.ServeDNS(t.Context(), recorder, r)
	if err != nil || recorder.Msg == nil || !plugin.ClientWrite(rcode) {
		t.Fatalf("%v: code %d, answer %v (%v)", r.Question, rcode, recorder.Msg, err)
	}
	if _, err := recorder.Msg.Pack(); err != nil {
		t.Fatalf("%v: %v", r.Question, err)
	}
	return recorder.Msg
}

func question(name string, t uint16) *dns.Msg { return new(dns.Msg).SetQuestion(name, t) }

// outcome says in a word what a client was answered.
func outcome(m *dns.Msg) string {
	switch {
	case m.Rcode == dns.RcodeNameError:
		return "nxdomain"
	case m.Rcode == dns.RcodeRefused:
		return "refused"
	case len(m.Answer) == 0:
		return "nodata"
	}
	if a, ok := m.Answer[0].(*dns.A); ok && a.A.IsUnspecified() {
		return "null"
	}
	return "answered"
}

func TestWhatIsBlocked(t *testing.T) {
	low, medium, high := nameOf(t, snowman.Low), nameOf(t, snowman.Medium), nameOf(t, snowman.High)
	dir := t.TempDir()
	allowed := filepath.Join(dir, "allow.txt")
	if err := os.WriteFile(allowed, []byte("*."+strings.TrimSuffix(high, ".")+"\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		shows, corefile, name, want string
	}{
		{"nothing is blocked unasked", "snowman", high, "answered"},
		{"a level", "snowman {\n block high\n}", high, "nxdomain"},
		{"below the level", "snowman {\n block high\n}", medium, "answered"},
		{"above the level", "snowman {\n block low\n}", high, "nxdomain"},
		{"an ordinary name", "snowman {\n block low\n}", benign, "answered"},
		{"the root", "snowman {\n block low\n}", ".", "answered"},
		{"refused", "snowman {\n block high refused\n}", high, "refused"},
		{"null", "snowman {\n block high null\n}", high, "null"},
		{"each level its way, low", "snowman {\n block high refused\n block medium null\n}", low, "answered"},
		{"each level its way, medium", "snowman {\n block high refused\n block medium null\n}", medium, "null"},
		{"each level its way, high", "snowman {\n block high refused\n block medium null\n}", high, "refused"},
		{"upper and lower case", "snowman {\n block high\n}", mixCase(high), "nxdomain"},
		{"below a name", "snowman {\n block high\n}", "www." + high, "nxdomain"},
		{"an allow list", "snowman {\n block high\n allow " + allowed + "\n}", "www." + high, "answered"},
		{"an allow list, upper case", "snowman {\n block high\n allow " + allowed + "\n}", mixCase(high), "answered"},
		{"another zone", "snowman example.org {\n block low\n}", high, "answered"},
		{"its zone", "snowman example.org " + zoneOf(high) + " {\n block low\n}", high, "nxdomain"},
		{"fallthrough for all", "snowman {\n block high\n fallthrough\n}", high, "answered"},
		{"fallthrough for its zone", "snowman {\n block high\n fallthrough " + zoneOf(high) + "\n}", high, "answered"},
		{"fallthrough for another zone", "snowman {\n block high\n fallthrough example.org\n}", high, "nxdomain"},
		{"a name of no public suffix", "snowman {\n block low\n}", strings.TrimSuffix(high, zoneOf(high)) + "corp.", "answered"},
	} {
		t.Run(test.shows, func(t *testing.T) {
			s := load(t, test.corefile, answering("# 60 IN A 192.0.2.1"))
			for range 2 { // the second verdict is a remembered one
				r := question(test.name, dns.TypeA)
				m := ask(t, s, r)
				if got := outcome(m); got != test.want {
					t.Errorf("%s is %s, want %s", test.name, got, test.want)
				}
				if m.Id != r.Id || !slices.Equal(m.Question, r.Question) || !m.Response {
					t.Errorf("answer %v to %v", m, r)
				}
			}
		})
	}
}

func mixCase(name string) string {
	mixed := []byte(name)
	for i := 0; i < len(mixed); i += 2 {
		mixed[i] = strings.ToUpper(name)[i]
	}
	return string(mixed)
}

// zoneOf returns the last label of a name.
func zoneOf(name string) string {
	return name[strings.LastIndexByte(strings.TrimSuffix(name, "."), '.')+1:]
}

func TestNamesInAnswers(t *testing.T) {
	low, high := nameOf(t, snowman.Low), nameOf(t, snowman.High)
	var chain []string // of aliases that end at a bad name
	for i := range 300 {
		chain = append(chain, fmt.Sprintf("# 60 IN CNAME a%d.example.org.", i))
	}
	chain = append(chain, "# 60 IN CNAME "+high)
	for _, test := range []struct {
		shows, properties string
		records           []string
		want              string
	}{
		{"an alias of a bad name", "block high", []string{"# 60 IN CNAME " + high}, "nxdomain"},
		{"the last of some aliases", "block high refused", []string{"# 60 IN CNAME example.org.", "example.org. 60 IN CNAME " + high, high + " 60 IN A 192.0.2.1"}, "refused"},
		{"null", "block high null", []string{"# 60 IN CNAME " + high}, "null"},
		{"in upper case", "block high", []string{"# 60 IN CNAME " + strings.ToUpper(high)}, "nxdomain"},
		{"a lower level", "block high", []string{"# 60 IN CNAME " + low}, "answered"},
		{"an alias of an ordinary name", "block low", []string{"# 60 IN CNAME " + benign}, "answered"},
		{"an HTTPS record", "block high", []string{"# 60 IN HTTPS 0 " + high}, "nxdomain"},
		{"a SVCB record", "block high", []string{"# 60 IN SVCB 1 " + high}, "nxdomain"},
		{"an HTTPS record of the name itself", "block low", []string{"# 60 IN HTTPS 1 . alpn=h2"}, "answered"},
		{"fallthrough of the question", "block high\n fallthrough example.net", []string{"# 60 IN CNAME " + high}, "answered"},
		{"fallthrough of the alias alone", "block high\n fallthrough " + high, []string{"# 60 IN CNAME " + high}, "nxdomain"},
		{"the last of many aliases", "block high", chain, "nxdomain"},
	} {
		t.Run(test.shows, func(t *testing.T) {
			kept := new(dns.Msg)
			next := answering(test.records...)
			s := load(t, "snowman {\n "+test.properties+"\n}", func(ctx context.Context, w dns.ResponseWriter, r *dns.Msg) (int, error) {
				recorder := dnstest.NewRecorder(w)
				code, err := next(ctx, recorder, r)
				kept = recorder.Msg
				return code, err
			})
			m := ask(t, s, question("www.example.net.", dns.TypeA))
			if got := outcome(m); got != test.want {
				t.Errorf("%s, want %s", got, test.want)
			}
			if len(kept.Answer) != len(test.records) || kept.Rcode != dns.RcodeSuccess {
				t.Errorf("the next plugin's message became %v", kept)
			}
		})
	}
}

// TestAnAllowedNameIsNotBlockedForItsAliases holds that they are counted and logged all the same.
func TestAnAllowedNameIsNotBlockedForItsAliases(t *testing.T) {
	high := nameOf(t, snowman.High)
	allowed := filepath.Join(t.TempDir(), "allow.txt")
	if err := os.WriteFile(allowed, []byte("www.example.net\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	var logged bytes.Buffer
	golog.SetOutput(&logged)
	defer golog.SetOutput(os.Stderr)
	s := load(t, "snowman {\n block high\n log high\n allow "+allowed+"\n}", answering("# 60 IN CNAME "+high))
	if got := outcome(ask(t, s, question("www.example.net.", dns.TypeA))); got != "answered" {
		t.Errorf("the allowed name is %s", got)
	}
	if want := `pass "` + high + `"`; !strings.Contains(logged.String(), want) {
		t.Errorf("%q is logged, want %q in it", logged.String(), want)
	}
	if got := outcome(ask(t, s, question("mail.example.net.", dns.TypeA))); got != "nxdomain" {
		t.Errorf("the other name is %s", got)
	}
}

// TestPackedAnswers holds that an answer that another plugin has packed is looked at, too.
func TestPackedAnswers(t *testing.T) {
	high := nameOf(t, snowman.High)
	for target, want := range map[string]string{high: "nxdomain", benign: "answered"} {
		var packed []byte
		s := load(t, "snowman {\n block high\n}", func(_ context.Context, w dns.ResponseWriter, r *dns.Msg) (int, error) {
			m := new(dns.Msg).SetReply(r)
			m.Answer = []dns.RR{&dns.CNAME{Hdr: dns.RR_Header{Name: r.Question[0].Name, Rrtype: dns.TypeCNAME, Class: dns.ClassINET}, Target: target}}
			var err error
			if packed, err = m.Pack(); err == nil {
				_, err = w.Write(packed)
			}
			return dns.RcodeSuccess, err
		})
		w := &packedWriter{}
		if _, err := s.ServeDNS(t.Context(), w, question("www.example.net.", dns.TypeA)); err != nil {
			t.Fatal(err)
		}
		if want == "answered" && !slices.Equal(w.packed, packed) || want == "nxdomain" && (w.packed != nil || outcome(w.message) != want) {
			t.Errorf("%s: %x, %v, want %s", target, w.packed, w.message, want)
		}
	}
}

type packedWriter struct {
	test.ResponseWriter
	packed  []byte
	message *dns.Msg
}

func (w *packedWriter) WriteMsg(m *dns.Msg) error { w.message = m; return nil }

func (w *packedWriter) Write(packed []byte) (int, error) {
	w.packed = slices.Clone(packed)
	return len(packed), nil
}

func TestAnswersToBlockedQueries(t *testing.T) {
	high := nameOf(t, snowman.High)
	for _, test := range []struct {
		shows, how string
		qtype      uint16
		rcode      int
		answer     string // address
		soa        bool
	}{
		{"nxdomain", "nxdomain", dns.TypeA, dns.RcodeNameError, "", true},
		{"nxdomain of another type", "nxdomain", dns.TypeTXT, dns.RcodeNameError, "", true},
		{"refused", "refused", dns.TypeA, dns.RcodeRefused, "", false},
		{"null, IPv4", "null", dns.TypeA, dns.RcodeSuccess, "0.0.0.0", false},
		{"null, IPv6", "null", dns.TypeAAAA, dns.RcodeSuccess, "::", false},
		{"null, no address", "null", dns.TypeHTTPS, dns.RcodeSuccess, "", true},
	} {
		t.Run(test.shows, func(t *testing.T) {
			s := load(t, "snowman {\n block high "+test.how+"\n ttl 7\n}", nil)
			for _, edns := range []bool{false, true} {
				r := question(mixCase(high), test.qtype)
				if edns {
					r.SetEdns0(1232, true)
				}
				m := ask(t, s, r)
				if m.Rcode != test.rcode || m.Authoritative || !m.RecursionAvailable || !m.RecursionDesired {
					t.Errorf("answer %v", m)
				}
				got := ""
				for _, record := range m.Answer {
					address, _ := netip.ParseAddr(dns.Field(record, 1))
					got += address.String()
				}
				if got != test.answer || (len(m.Ns) == 1) != test.soa {
					t.Errorf("answer %v", m)
				}
				for _, record := range append(m.Answer, m.Ns...) {
					if record.Header().Ttl != 7 || record.Header().Name != r.Question[0].Name {
						t.Errorf("record %v", record)
					}
				}
				says := ""
				if opt := m.IsEdns0(); opt != nil {
					for _, option := range opt.Option {
						says += option.String()
					}
				}
				if want := "15 (Blocked): (snowman: high, dga)"; edns && says != want || !edns && says != "" {
					t.Errorf("extended error %q, want %q with EDNS", says, want)
				}
			}
		})
	}
}

// TestQueriesThatAreNoneOfItsBusiness holds that the next plugin gets them, with the same writer.
func TestQueriesThatAreNoneOfItsBusiness(t *testing.T) {
	high := nameOf(t, snowman.High)
	for name, change := range map[string]func(*dns.Msg){
		"no question":    func(m *dns.Msg) { m.Question = nil },
		"class CH":       func(m *dns.Msg) { m.Question[0].Qclass = dns.ClassCHAOS },
		"a notification": func(m *dns.Msg) { m.Opcode = dns.OpcodeNotify },
	} {
		r := question(high, dns.TypeA)
		change(r)
		var got dns.ResponseWriter
		s := load(t, "snowman {\n block low\n}", func(_ context.Context, w dns.ResponseWriter, _ *dns.Msg) (int, error) {
			got = w
			return dns.RcodeSuccess, nil
		})
		if _, err := s.ServeDNS(t.Context(), &test.ResponseWriter{}, r); err != nil || got == nil {
			t.Errorf("%s: the next plugin was not asked (%v)", name, err)
		}
		if _, looked := got.(*query); looked {
			t.Errorf("%s: the answer is looked at", name)
		}
		ctx := s.Metadata(metadata.ContextWithMetadata(t.Context()), request.Request{Req: r, W: &test.ResponseWriter{}})
		if metadata.ValueFunc(ctx, "snowman/score") != nil {
			t.Errorf("%s: there are metadata", name)
		}
	}
}

func TestAQueryOfAnyClassIsLookedAt(t *testing.T) {
	r := question(nameOf(t, snowman.High), dns.TypeA)
	r.Question[0].Qclass = dns.ClassANY
	s := load(t, "snowman {\n block high\n}", answering("# 60 IN A 192.0.2.1"))
	if got := outcome(ask(t, s, r)); got != "nxdomain" {
		t.Errorf("it is %s", got)
	}
}

func TestMetadata(t *testing.T) {
	high := nameOf(t, snowman.High)
	score, err := snowman.Default().Score(high)
	if err != nil {
		t.Fatal(err)
	}
	s := load(t, "snowman "+zoneOf(high), nil)
	for name, want := range map[string]string{high: "high dga " + formatScore(score), "example.org.": ""} {
		ctx := metadata.ContextWithMetadata(t.Context())
		ctx = s.Metadata(ctx, request.Request{Req: question(name, dns.TypeA), W: &test.ResponseWriter{}})
		var got []string
		for _, label := range []string{"level", "kind", "score"} {
			if value := metadata.ValueFunc(ctx, "snowman/"+label); value != nil {
				got = append(got, value())
			}
		}
		if strings.Join(got, " ") != want {
			t.Errorf("%s: %q, want %q", name, got, want)
		}
	}
}

func TestLog(t *testing.T) {
	low, high := nameOf(t, snowman.Low), nameOf(t, snowman.High)
	score := func(name string) string {
		score, err := snowman.Default().Score(name)
		if err != nil {
			t.Fatal(err)
		}
		return formatScore(score)
	}
	for _, test := range []struct{ shows, properties, name, target, want string }{
		{"a name that is blocked", "log low", high, benign, `"A IN ` + high + `" high dga ` + score(high) + " nxdomain"},
		{"a name that is not", "log low", low, benign, `"A IN ` + low + `" low dga ` + score(low) + " pass"},
		{"below the level", "log medium", low, benign, ""},
		{"nothing", "ttl 1", high, benign, ""},
		{"a name in the answer", "log high", benign, high, `"A IN ` + benign + `" high dga ` + score(high) + ` nxdomain "` + high + `"`},
		{"fallthrough", "log high\n fallthrough", high, benign, `"A IN ` + high + `" high dga ` + score(high) + " fallthrough"},
		{"a name with quotes", "log low", `a\"b.` + high, benign, `"A IN a\"b.` + high + `" high`},
	} {
		t.Run(test.shows, func(t *testing.T) {
			s := load(t, "snowman {\n block high\n "+test.properties+"\n}", answering("# 60 IN CNAME "+test.target))
			var got bytes.Buffer
			golog.SetOutput(&got)
			defer golog.SetOutput(os.Stderr)
			ask(t, s, question(test.name, dns.TypeA))
			want := test.want
			if want != "" {
				want = "[INFO] plugin/snowman: 10.240.0.1:40212 " + want
			}
			if !strings.Contains(got.String(), want) || want == "" && got.Len() > 0 || strings.Count(got.String(), "\n") > 1 {
				t.Errorf("%q, want %q in it", got.String(), want)
			}
		})
	}
}

// TestNamesThatShareAHashKeepTheirVerdicts puts a name's verdict where another is looked for.
func TestNamesThatShareAHashKeepTheirVerdicts(t *testing.T) {
	j := newJudge(snowman.Default(), nil)
	high := nameOf(t, snowman.High)
	j.known.Add(hashOf(j, high), knownName{benign, verdict{kind: snowman.Benign}})
	if got := j.verdict(high).level; got != snowman.High {
		t.Errorf("level %v, want high", got)
	}
}

// TestWhatIsRememberedIsBounded asks for more names than are remembered, and for names too long.
func TestWhatIsRememberedIsBounded(t *testing.T) {
	j := newJudge(snowman.Default(), nil)
	long := strings.Repeat("a.", rememberedName/2) + benign
	j.verdict(long)
	if got := j.known.Len(); got != 0 {
		t.Errorf("%d names are remembered, want none", got)
	}
	for i := range rememberedNames + 10_000 {
		name := fmt.Sprintf("n%d.", i)
		j.known.Add(hashOf(j, name), knownName{name: name})
	}
	if got := j.known.Len(); got > rememberedNames {
		t.Errorf("%d names are remembered, want at most %d", got, rememberedNames)
	}
}
