package report

import (
	"bytes"
	"errors"
	"flag"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/snowman-ml/snowman/eval"
)

var update = flag.Bool("update", false, "write the golden files instead of comparing with them")

func TestText(t *testing.T) {
	tests := []struct {
		name string
		fill func(m *eval.Meter)
	}{
		{"mixture", fillMixture},
		{"few-benign", func(m *eval.Meter) {
			for i := range 500 {
				m.Add(eval.Example{Score: float64(i) / 500, Kind: "benign", Source: "curated"})
				m.Add(eval.Example{Score: math.Sqrt(float64(i) / 500), Malicious: true, Kind: "malware", Source: "feed"})
			}
		}},
		{"no-benign", func(m *eval.Meter) {
			m.Add(eval.Example{Score: .9, Malicious: true, Kind: "dga", Family: "conficker"})
		}},
		{"no-malicious", func(m *eval.Meter) {
			for i := range 1000 {
				m.Add(eval.Example{Score: float64(i) / 1000, Kind: "benign", Source: "curated"})
			}
		}},
		{"levels", func(m *eval.Meter) {
			m.Levels = []eval.Level{{Name: "low", Threshold: .5}, {Name: "medium", Threshold: .9}, {Name: "high", Threshold: .99}}
			for i := range 1000 {
				host := []string{"registered domain itself", "IP address"}[i%2]
				m.Add(eval.Example{Score: float64(i) / 1500, Kind: "benign", Source: "curated", Host: host})
				m.Add(eval.Example{Score: float64(i) / 1000, Malicious: true, Kind: "malware", Source: "feed", Host: host})
			}
		}},
		{"groups", func(m *eval.Meter) {
			m.Levels = []eval.Level{{Name: "low", Threshold: .5}, {Name: "medium", Threshold: .9}, {Name: "high", Threshold: .99}}
			for i := range 1500 {
				group := []string{"small sites", "popular"}[i%2]
				m.Add(eval.Example{Score: float64(i) / 2250, Kind: "benign", Source: "list", Group: group, Country: ".br"})
				m.Add(eval.Example{Score: float64(i) / 1500, Malicious: true, Kind: "malware", Source: "feed"})
			}
			for i := range 20 {
				m.Add(eval.Example{Score: float64(i) / 20, Kind: "benign", Source: "list", Group: "popular", Popular: true})
			}
		}},
		{"nothing", func(*eval.Meter) {}},
		{"hostile-names", func(m *eval.Meter) {
			m.Add(eval.Example{Score: .1})
			m.Add(eval.Example{Score: .9, Malicious: true, Source: "\x1b[31mred\tand\nmore"})
			m.Add(eval.Example{Score: .9, Malicious: true, Source: "Bösewicht"})
		}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			var m eval.Meter
			test.fill(&m)
			var got bytes.Buffer
			if err := Text(&got, m.Result()); err != nil {
				t.Fatal(err)
			}
			for line := range strings.Lines(got.String()) {
				if columns := utf8.RuneCountInString(strings.TrimSuffix(line, "\n")); columns > 100 {
					t.Errorf("%d columns, want at most 100: %s", columns, line)
				}
			}

			checkGolden(t, test.name+".golden", got.Bytes())
		})
	}
}

// checkGolden compares with a file, which -update writes.
func checkGolden(t *testing.T, name string, got []byte) {
	t.Helper()
	golden := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(golden, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

// fillMixture adds what a test set looks like: kinds that are found more and less easily, many
// families and a long tail of small ones, a source with both benign and malicious rows.
func fillMixture(m *eval.Meter) {
	random := rand.New(rand.NewPCG(1, 2))
	months := []string{"2024-01", "2024-02", "2024-03", "2024-04"}
	// The nearest of a million steps, so that the file is the same on machines that round
	// otherwise.
	add := func(e eval.Example, score float64) {
		e.Score = math.Round(score*1e6) / 1e6
		e.Month = months[random.IntN(len(months))]
		m.Add(e)
	}
	for range 120000 {
		source := "curated-links"
		if random.IntN(3) == 0 {
			source = "phishcrawl"
		}
		add(eval.Example{Kind: "benign", Source: source}, math.Pow(random.Float64(), 4))
	}
	families := []struct {
		name string
		rows int
		root float64 // the larger, the easier to find
	}{
		{"conficker", 9000, 60}, {"banjori", 5200, 400}, {"suppobox", 4100, 4}, {"matsnu", 900, 6},
		{"gozi", 350, 12}, {"ramnit", 60, 50}, {"bigviktor", 20, 10}, {"nymaim2", 19, 10},
		{"pitou", 11, 30}, {"sphinx", 3, 90},
	}
	for _, family := range families {
		for range family.rows {
			add(eval.Example{Malicious: true, Kind: "dga", Family: family.name, Source: "dgarchive"},
				math.Pow(random.Float64(), 1/family.root))
		}
	}
	for range 15000 {
		add(eval.Example{Malicious: true, Kind: "phishing", Source: "phishcrawl"}, math.Pow(random.Float64(), 1./15))
	}
	for range 7000 {
		add(eval.Example{Malicious: true, Kind: "malware", Source: "urlhaus"}, math.Pow(random.Float64(), 1./9))
	}
}

func TestTextReportsAWriteError(t *testing.T) {
	failure := errors.New("disk full")
	if err := Text(failingWriter{failure}, eval.Result{}); !errors.Is(err, failure) {
		t.Errorf("got %v, want %v", err, failure)
	}
}

type failingWriter struct{ err error }

func (w failingWriter) Write([]byte) (int, error) { return 0, w.err }

func TestDecimal(t *testing.T) {
	tests := []struct {
		name   string
		x      float64
		digits int
		want   string
	}{
		{"no 0 before the point", .7424, 3, ".742"},
		{"0", 0, 3, ".000"},
		{"1", 1, 3, "1.000"},
		{"rounds up to 1", .9999, 3, "1.000"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			if got := decimal(test.x, test.digits); got != test.want {
				t.Errorf("got %s, want %s", got, test.want)
			}
		})
	}
}

func TestThousands(t *testing.T) {
	tests := []struct {
		name string
		n    int
		want string
	}{
		{"0", 0, "0"},
		{"no comma before three digits", 999, "999"},
		{"one comma", 1000, "1,000"},
		{"two commas", 1234567, "1,234,567"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			if got := Thousands(test.n); got != test.want {
				t.Errorf("got %s, want %s", got, test.want)
			}
		})
	}
}
