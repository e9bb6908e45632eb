//go:build unix

package coredns

import (
	"context"
	"math/rand/v2"
	"syscall"
	"testing"
	"time"

	"github.com/coredns/coredns/plugin"
	"github.com/coredns/coredns/plugin/test"
	"github.com/miekg/dns"
)

// BenchmarkServeDNS measures what a query costs beside one that an empty plugin passes on: in time
// of the processor, collection of garbage included, and in turns, so that a busy machine is as busy
// for both.
func BenchmarkServeDNS(b *testing.B) {
	names := make([]string, 1<<19) // many more than are remembered
	random := rand.New(rand.NewPCG(1, 1))
	for i := range names {
		names[i] = randomLabel(random, 3+random.IntN(12)) + "." + randomLabel(random, 4+random.IntN(8)) + ".com."
	}
	for _, of := range []struct {
		name  string
		names []string
	}{
		{"new", names},
		{"remembered", names[:1000]},
	} {
		b.Run(of.name, func(b *testing.B) {
			next := answering()
			s := load(b, "snowman {\n block high\n}", next)
			empty := emptyPlugin{next}
			r := question(".", dns.TypeA)
			w := &test.ResponseWriter{}
			for _, name := range of.names[:1000] {
				r.Question[0].Name = name
				s.ServeDNS(b.Context(), w, r)
			}
			const turn = 1000
			var times [2]time.Duration
			queries := 0
			for i := 0; b.Loop(); i++ {
				if i%turn != 0 {
					continue
				}
				for k, p := range []plugin.Handler{s, empty} {
					start := processorTime(b)
					for j := range turn {
						r.Question[0].Name = of.names[(i+j)%len(of.names)]
						if code, err := p.ServeDNS(b.Context(), w, r); code != dns.RcodeSuccess || err != nil {
							b.Fatal(code, err)
						}
					}
					times[k] += processorTime(b) - start
				}
				queries += turn
			}
			per := func(d time.Duration) float64 { return float64(d.Nanoseconds()) / float64(queries) }
			b.ReportMetric(per(times[0]), "ns/query")
			b.ReportMetric(per(times[1]), "ns/empty")
			b.ReportMetric(per(times[0]-times[1]), "ns/more")
			b.ReportMetric(float64(times[0])/float64(times[1]), "times-empty")
			b.ReportMetric(0, "ns/op")
		})
	}
}

// processorTime returns how long this process has kept processors busy.
func processorTime(b *testing.B) time.Duration {
	var used syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &used); err != nil {
		b.Fatal(err)
	}
	return time.Duration(used.Utime.Nano() + used.Stime.Nano())
}

// An emptyPlugin passes every query on.
type emptyPlugin struct{ next plugin.Handler }

func (emptyPlugin) Name() string { return "empty" }

func (p emptyPlugin) ServeDNS(ctx context.Context, w dns.ResponseWriter, r *dns.Msg) (int, error) {
	return plugin.NextOrFailure("empty", p.next, ctx, w, r)
}
