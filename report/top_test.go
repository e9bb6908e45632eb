package report

import (
	"bytes"
	"fmt"
	"strings"
	"testing"
	"time"

	"golang.org/x/net/html"

	"github.com/snowman-ml/snowman/internal/ranking"
)

// ranked returns the rankings of a small log, in which texts of others are as given.
func ranked(client, name, domain, family string) ranking.Result {
	table := ranking.New(ranking.Options{
		Levels: []ranking.Level{{Name: "low", Rate: 1e-2}, {Name: "medium", Rate: 1e-3}, {Name: "high", Rate: 1e-4}},
		Kinds:  []string{"benign", "dga", "phishing"},
	})
	at := time.Date(2026, 11, 28, 6, 0, 0, 0, time.UTC).UnixMicro()
	for c := range 40 {
		for i := range 25 {
			n := (c*7 + i*i) % 300
			table.Add(ranking.Observation{
				Client: fmt.Sprintf("192.0.2.%d", c), Time: at + int64(c*1000+i)*1e6, Response: ranking.Exists,
				Name: fmt.Sprintf("www.site%d.example", n), Domain: fmt.Sprintf("site%d.example", n), Score: float64(n) / 1000,
			})
		}
	}
	for i := range 12 {
		o := ranking.Observation{
			Client: client, Time: at + int64(i)*3600e6, Response: ranking.NXDomain, Family: family,
			Name: fmt.Sprintf("%s%d.example", name, i), Domain: fmt.Sprintf("%s%d.example", domain, i), Score: .8, Level: 1, Kind: 1,
		}
		if i == 11 {
			o.Level, o.Score, o.Response = 2, .95, ranking.Exists
		}
		table.Add(o)
	}
	table.Add(ranking.Observation{
		Client: "192.0.2.3", Time: at + 5e6, Response: ranking.Exists,
		Name: "login.bank-check.example", Domain: "bank-check.example", Score: .9991, Level: 3, Kind: 2,
	})
	table.LeaveOut(7, 1200)
	return table.Result(3)
}

func smallTop() ranking.Result { return ranked("192.0.2.9", "kq3v9z7x", "kq3v9z7x", "conficker") }

func TestTopText(t *testing.T) {
	for name, result := range map[string]ranking.Result{
		"top": smallTop(), "top-nothing": ranking.New(ranking.Options{}).Result(20),
	} {
		var b bytes.Buffer
		if err := TopText(&b, result); err != nil {
			t.Fatal(err)
		}
		checkGolden(t, name+".golden", b.Bytes())
	}
}

func TestTopHTML(t *testing.T) {
	var b bytes.Buffer
	if err := TopHTML(&b, []Fact{{"model", "toy.safetensors"}}, smallTop()); err != nil {
		t.Fatal(err)
	}
	checkGolden(t, "top.html", b.Bytes())
}

func TestTopOfHostileNamesBreaksNothing(t *testing.T) {
	for _, h := range hostile {
		t.Run(h.name, func(t *testing.T) {
			r := ranked(h.text, h.text, h.text, h.text)
			var page, text bytes.Buffer
			if err := TopHTML(&page, []Fact{{"model", h.text}}, r); err != nil {
				t.Fatal(err)
			}
			if err := TopText(&text, r); err != nil {
				t.Fatal(err)
			}
			if strings.Contains(page.String(), h.never) {
				t.Errorf("the page contains %q", h.never[:min(len(h.never), 40)])
			}
			for _, c := range text.String() {
				if c != '\n' && (c < ' ' || c == 0x7f || c == '\u202e') {
					t.Fatalf("the text contains %q", c)
				}
			}
			if _, err := html.Parse(bytes.NewReader(page.Bytes())); err != nil {
				t.Error(err)
			}
		})
	}
}

func TestSpansOfTime(t *testing.T) {
	at := time.Date(2026, 11, 28, 6, 30, 0, 0, time.UTC)
	for _, test := range []struct {
		last time.Time
		want string
	}{
		{at, "2026-11-28 06:30"},
		{at.Add(2 * time.Hour), "2026-11-28 06:30 to 08:30"},
		{at.Add(48 * time.Hour), "2026-11-28 06:30 to 2026-11-30 06:30"},
	} {
		if got := span(at, test.last); got != test.want {
			t.Errorf("got %q, want %q", got, test.want)
		}
	}
}

func TestFewInPlainNotation(t *testing.T) {
	for x, want := range map[float64]string{12.4: "12", 1.5: "1.5", .0091: ".0091", .00012: ".00012", .00001: ".00001", .000042: ".00004", .000001: "less than .00001", 0: "less than .00001"} {
		if got := few(x); got != want {
			t.Errorf("%v: %q, want %q", x, got, want)
		}
	}
}
