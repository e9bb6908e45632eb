// Command logs measures how fast snowman score reads logs: each text format, beside what it takes
// to count the lines of the same file, and to score the bare names that stand in it.
//
//	build/bench-logs -snowman build/snowman -records 5000000
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"

	"github.com/snowman-ml/snowman/bench/internal/markdown"
	"github.com/snowman-ml/snowman/bench/internal/program"
)

// samples are the files that records are made from, by their format. Those of the web are held to
// the rate of bare URLs, the others to a rate of their own.
var samples = []struct {
	file, format string
	isWeb        bool
}{
	{"zeek-dns.log", "zeek", false}, {"zeek-dns.json", "zeek", false}, {"zeek-http.log", "zeek", true}, {"zeek-http.json", "zeek", true}, {"zeek-ssl.json", "zeek", false},
	{"suricata-7.json", "suricata", false}, {"suricata-8.json", "suricata", false}, {"pihole.log", "pihole", false}, {"pihole-db.tsv", "pihole-db", false},
	{"dnsmasq.log", "dnsmasq", false}, {"unbound.log", "unbound", false}, {"adguard.json", "adguard", false}, {"bind-query.log", "bind", false},
	{"bind-responses.log", "bind", false}, {"powerdns-pairs.log", "powerdns", false}, {"powerdns-text.log", "powerdns", false}, {"dnsdist-logaction.log", "dnsdist", false},
	{"coredns.log", "coredns", false}, {"knot-resolver.log", "knot-resolver", false}, {"windows-dns.log", "windows-dns", false},
	{"route53.json", "route53", false}, {"umbrella.csv", "umbrella", false}, {"zscaler.json", "zscaler", true}, {"paloalto.log", "paloalto", true}, {"fortinet.log", "fortinet", true},
	{"squid-native.log", "squid", true}, {"nginx-host.log", "access", true}, {"nginx.json", "access", true}, {"apache-proxy.log", "access", true},
	{"haproxy.log", "haproxy", true}, {"envoy.log", "envoy", true}, {"envoy.json", "envoy", true},
}

// What must be reached, on two cores.
const (
	wantDNS    = 400_000   // records a second
	wantWeb    = 0.7       // of the rate of bare URLs
	wantMemory = 200 << 20 // bytes, at most
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, os.Args[1:], os.Stdout, os.Stderr); err != nil && !errors.Is(err, flag.ErrHelp) {
		fmt.Fprintf(os.Stderr, "logs: %v\n", err)
		os.Exit(1)
	}
}

type options struct {
	snowman, samples, folder, model, only string
	records, times                        int
}

func run(ctx context.Context, args []string, stdout, stderr io.Writer) error {
	var o options
	flags := flag.NewFlagSet("logs", flag.ContinueOnError)
	flags.SetOutput(stderr)
	flags.StringVar(&o.snowman, "snowman", "build/snowman", "measure this `program`")
	flags.StringVar(&o.samples, "samples", "logs/testdata", "make records from the files in this `folder`")
	flags.StringVar(&o.folder, "folder", "", "write them into this `folder`; default: a new one in the folder for temporary files")
	flags.StringVar(&o.model, "model", "", "score with the model in this `file`; default: the built-in model")
	flags.StringVar(&o.only, "only", "", "measure this `file` or format alone")
	flags.IntVar(&o.records, "records", 5_000_000, "make so `many` records of each format")
	flags.IntVar(&o.times, "times", 3, "measure so `many` times, in turns, and take the median")
	if err := flags.Parse(args); err != nil {
		return err
	}
	folder, err := os.MkdirTemp(o.folder, "bench-logs")
	if err != nil {
		return err
	}
	defer os.RemoveAll(folder)
	o.folder = folder
	title := fmt.Sprintf("Logs, %d records of each format, %d cores", o.records, runtime.NumCPU())
	table := markdown.NewTable(stdout, title, "sample", "records/s", "bare names/s", "of bare names", "by CPU time", "of zcat and wc -l", "MiB", "")
	defer table.End()
	for _, sample := range samples {
		if o.only != "" && o.only != sample.file && o.only != sample.format {
			continue
		}
		fmt.Fprintf(stderr, "%s\n", sample.file)
		m, err := o.measure(ctx, sample.file, sample.format)
		if err != nil {
			return fmt.Errorf("%s: %w", sample.file, err)
		}
		table.Row(sample.file, fmt.Sprintf("%.0f", m.perSecond(m.log)), fmt.Sprintf("%.0f", float64(m.names)/m.bare.Seconds), fmt.Sprintf("%.2f", m.ofBare()), fmt.Sprintf("%.2f", m.bare.CPU/m.log.CPU),
			fmt.Sprintf("%.2f", m.count.Seconds/m.log.Seconds), fmt.Sprint(m.log.Memory>>20), m.verdict(sample.isWeb))
	}
	return nil
}

// measured is what was measured of a format.
type measured struct {
	records, names   int
	count, log, bare program.Pass
}

func (m measured) perSecond(p program.Pass) float64 { return float64(m.records) / p.Seconds }

// ofBare returns the rate of names in records, as a part of that of bare names.
func (m measured) ofBare() float64 { return m.bare.Seconds / m.log.Seconds }

// verdict says what was not reached.
func (m measured) verdict(isWeb bool) string {
	var missed []string
	switch {
	case isWeb && m.ofBare() < wantWeb:
		missed = append(missed, fmt.Sprintf("below %.1f of bare URLs", wantWeb))
	case !isWeb && m.perSecond(m.log) < wantDNS:
		missed = append(missed, fmt.Sprintf("below %d records/s", wantDNS))
	}
	if m.log.Memory > wantMemory {
		missed = append(missed, fmt.Sprintf("above %d MiB", wantMemory>>20))
	}
	return strings.Join(missed, ", ")
}

// measure makes the files of a format and measures what reads them, in turns.
func (o options) measure(ctx context.Context, sample, format string) (measured, error) {
	log, bare := filepath.Join(o.folder, "log.gz"), filepath.Join(o.folder, "names.gz")
	records, names, err := makeFiles(filepath.Join(o.samples, sample), format, o.records, log, bare)
	if err != nil {
		return measured{}, err
	}
	score := func(format, file string) []string {
		args := []string{o.snowman, "score", "-format", format, "-f", file}
		if o.model != "" {
			args = append(args, "-model", o.model)
		}
		return args
	}
	ways := [][]string{{"sh", "-c", `zcat "$0" | wc -l`, log}, score(format, log), score("lines", bare)}
	passes := make([][]program.Pass, len(ways))
	for range o.times {
		for i, way := range ways {
			p, err := program.Run(ctx, way)
			if err != nil {
				return measured{}, err
			}
			passes[i] = append(passes[i], p)
		}
	}
	return measured{records, names, program.Median(passes[0]), program.Median(passes[1]), program.Median(passes[2])}, nil
}
