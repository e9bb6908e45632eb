// Command lists measures block lists of a million entries: how long snowman list writes each
// format, alone and from scored records to the file, and how long the programs that read them take
// to answer by them. make bench-lists runs it. Programs that are not installed are named.
package main

import (
	"bufio"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"iter"
	"math/rand/v2"
	"os"
	"os/signal"
	"path/filepath"
	"runtime"
	"slices"
	"syscall"
	"time"

	"github.com/snowman-ml/snowman/bench/internal/markdown"
	"github.com/snowman-ml/snowman/bench/internal/program"
	"github.com/snowman-ml/snowman/blocklist"
)

// wantSeconds is how long a million entries may take, from records to the file, on two cores.
const wantSeconds = 5

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, os.Args[1:], os.Stdout, os.Stderr); err != nil && !errors.Is(err, flag.ErrHelp) {
		fmt.Fprintf(os.Stderr, "lists: %v\n", err)
		os.Exit(1)
	}
}

type options struct {
	snowman, folder string
	entries, times  int
}

func run(ctx context.Context, args []string, stdout, stderr io.Writer) error {
	var o options
	flags := flag.NewFlagSet("lists", flag.ContinueOnError)
	flags.SetOutput(stderr)
	flags.StringVar(&o.snowman, "snowman", "build/snowman", "measure this `program`")
	flags.IntVar(&o.entries, "entries", 1_000_000, "write lists of so `many` entries")
	flags.IntVar(&o.times, "times", 3, "measure so `many` times, and take the median")
	if err := flags.Parse(args); err != nil {
		return err
	}
	if o.entries < 1 || o.times < 1 {
		return errors.New("want 1 or more of -entries and -times")
	}
	var err error
	if o.folder, err = os.MkdirTemp("", "bench-lists"); err != nil {
		return err
	}
	defer os.RemoveAll(o.folder)
	entries := makeEntries(o.entries)
	if err := o.writeScored(entries); err != nil {
		return err
	}
	if err := o.measureWriting(ctx, stdout); err != nil {
		return err
	}
	for first := range entries {
		if err := o.measureLoading(ctx, stdout, stderr, first.Text); err != nil {
			return err
		}
		break
	}
	// Last: Linux counts the memory of this program as that of each that it starts.
	return o.measureFormats(stdout, blocklist.New(slices.Collect(entries), nil))
}

// makeEntries makes different names, the same each time: generated ones, a fifth of them below a
// domain of four letters.
func makeEntries(count int) iter.Seq[blocklist.Entry] {
	return func(yield func(blocklist.Entry) bool) {
		random := rand.New(rand.NewPCG(1, 2))
		kinds := []blocklist.Entry{{Kind: "dga", Family: "necurs"}, {Kind: "dga", Family: "tinba"}, {Kind: "phishing"}, {Kind: "malware"}}
		suffixes := []string{"com", "net", "org", "info", "xyz", "top", "cn", "ru", "co.uk", "de"}
		for i := range count {
			label := fmt.Appendf(nil, "%x", i) // makes the name another than all others
			for range 4 + random.IntN(12) {
				label = append(label, byte('g'+random.IntN(20)))
			}
			if random.IntN(5) == 0 {
				label = append(label, '.')
				for range 4 {
					label = append(label, byte('a'+random.IntN(26)))
				}
			}
			e := kinds[random.IntN(len(kinds))]
			e.Text, e.Level, e.Score = string(label)+"."+suffixes[random.IntN(len(suffixes))], "high", 0.9+random.Float64()/10
			if !yield(e) {
				return
			}
		}
	}
}

func (o options) path(format string) string { return filepath.Join(o.folder, "list."+format) }

// writeScored writes the entries as snowman score prints records.
func (o options) writeScored(entries iter.Seq[blocklist.Entry]) error {
	file, err := os.Create(o.path("scored"))
	if err != nil {
		return err
	}
	defer file.Close()
	out := bufio.NewWriter(file)
	for e := range entries {
		probability := ""
		if e.Family != "" {
			probability = "0.9"
		}
		fmt.Fprintf(out, "%.5f\t%s\t%s\t%s\t%s\t%s\n", e.Score, e.Level, e.Kind, e.Family, probability, e.Text)
	}
	return errors.Join(out.Flush(), file.Close())
}

// measureWriting prints how long the program takes for each format, and leaves the lists in the
// folder.
func (o options) measureWriting(ctx context.Context, stdout io.Writer) error {
	table := markdown.NewTable(stdout, fmt.Sprintf("Lists of %d entries, %d cores", o.entries, runtime.NumCPU()),
		"format", "from records to the file, s", "processor time, s", "memory, MiB", "file, MiB", "")
	defer table.End()
	for _, format := range blocklist.Formats {
		var passes []program.Pass
		for range o.times {
			p, err := program.Run(ctx, []string{o.snowman, "list", "-to", format.Name, "-format", "scored", "-f", o.path("scored"), "-o", o.path(format.Name)})
			if err != nil {
				return err
			}
			passes = append(passes, p)
		}
		info, err := os.Stat(filepath.Join(o.path(format.Name), format.Main))
		if err != nil {
			return err
		}
		p, missed := program.Median(passes), ""
		if p.Seconds > wantSeconds {
			missed = fmt.Sprintf("above %d s", wantSeconds)
		}
		table.Row(format.Name, fmt.Sprintf("%.1f", p.Seconds), fmt.Sprintf("%.1f", p.CPU), fmt.Sprint(p.Memory>>20), fmt.Sprint(info.Size()>>20), missed)
	}
	return nil
}

// measureFormats prints how long it takes to write a list that is there already, to nowhere.
func (o options) measureFormats(stdout io.Writer, list *blocklist.List) error {
	table := markdown.NewTable(stdout, "Writing alone", "format", "s")
	defer table.End()
	for _, format := range blocklist.Formats {
		if format.Main != "" {
			continue // a folder
		}
		var seconds []float64
		for range o.times {
			started := time.Now()
			if _, err := format.Write(io.Discard, list, blocklist.Options{}); err != nil {
				return err
			}
			seconds = append(seconds, time.Since(started).Seconds())
		}
		table.Row(format.Name, fmt.Sprintf("%.2f", markdown.Median(seconds)))
	}
	return nil
}
