package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"

	"github.com/snowman-ml/snowman"
	"github.com/snowman-ml/snowman/internal/atomicfile"
	"github.com/snowman-ml/snowman/internal/card"
	"github.com/snowman-ml/snowman/internal/provenance"
	"github.com/snowman-ml/snowman/internal/visible"
	"github.com/snowman-ml/snowman/web"
)

const modelDescription = `
Shows what a model is: its network, its levels with the false positive rate measured for each, and the
files that it was trained on. Of the built-in one it also shows the card: all that was measured of the
model, and what the model cannot do. -html writes the page about the model that the service has at /card.

example:
  $ snowman model show
  $ snowman model show -json my.safetensors
  $ snowman model show -html > model.html

snowman model export -h says how to write a model for other programs.
`

const exportDescription = `
Writes a model, the built-in one if none is named, as an ONNX file, for programs in other languages.
It scores the symbols of texts in their canonical form: of the whole or, where the network has two
views, of host and whole and, for the floor, of the registered domain. docs/onnx.md says how to come by
them, and has examples in Go and Python.

example:
  $ snowman model export -onnx snowman.onnx
  $ snowman model export -onnx my.onnx my.safetensors
`

// runModel is the verb model.
func runModel(ctx context.Context, args []string, s streams) error {
	if len(args) > 0 && args[0] == "export" {
		return exportModel(ctx, args[1:], s)
	}
	flags := newFlags("model", "show [-json | -html] [FILE]", modelDescription)
	asJSON := flags.Bool("json", false, "print all that the model file says, as JSON")
	asHTML := flags.Bool("html", false, "print a page for browsers, which needs no other file")
	if len(args) > 0 && args[0] == "show" {
		args = args[1:]
	} else if len(args) > 0 && !strings.HasPrefix(args[0], "-") {
		return usageError{fmt.Sprintf("unknown verb %q; want model show or model export", "model "+args[0])}
	}
	if err := parse(flags, args, s); err != nil {
		return err
	}
	if flags.NArg() > 1 {
		return usageError{fmt.Sprintf("unexpected argument %q; want one model file", flags.Arg(1))}
	}
	if *asJSON && *asHTML {
		return usageError{"-json and -html exclude each other"}
	}
	m, err := openModel(ctx, flags.Arg(0))
	if err != nil {
		return err
	}
	switch {
	case *asJSON:
		return writeJSON(s.stdout, m.Info())
	case *asHTML:
		page, err := card.File(m.Info(), programVersion(), web.CardStyle())
		if err != nil {
			return err
		}
		_, err = s.stdout.Write(page)
		return err
	}
	if err := showModel(s.stdout, m.Info(), m.Reference()); err != nil || flags.NArg() > 0 {
		return err
	}
	_, err = fmt.Fprint(s.stdout, "\n", card.Words())
	return err
}

// exportModel is the verb model export.
func exportModel(ctx context.Context, args []string, s streams) error {
	flags := newFlags("model export", "-onnx FILE [MODEL]", exportDescription)
	output := flags.String("onnx", "", "the ONNX `file` to write")
	if err := parse(flags, args, s); err != nil {
		return err
	}
	if *output == "" {
		return usageError{"model export needs -onnx, the file to write"}
	}
	if *output == "-" {
		return usageError{"-onnx -: want a file; standard output is not written to"}
	}
	if flags.NArg() > 1 {
		return usageError{fmt.Sprintf("unexpected argument %q; want one model file", flags.Arg(1))}
	}
	if isSameFile(*output, flags.Arg(0)) {
		return usageError{fmt.Sprintf("-onnx %q is the model to read", *output)}
	}
	m, err := openModel(ctx, flags.Arg(0))
	if err != nil {
		return err
	}
	return atomicfile.Write(*output, m.WriteONNX)
}

// showModel prints what a model is for people to read.
func showModel(w io.Writer, info snowman.Info, reference *snowman.Reference) error {
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	line := func(name, format string, values ...any) {
		fmt.Fprintf(table, "%s\t%s\n", name, visible.Text(fmt.Sprintf(format, values...)))
	}
	line("model", "%s", info.SHA256)
	if info.Created != "" {
		line("created", "%s", info.Created)
	}
	line("kinds", "%s", strings.Join(info.Kinds, ", "))
	if len(info.Families) > 0 {
		line("families", "%d: %s", len(info.Families), strings.Join(info.Families, ", "))
	}
	line("network", "%d symbols, embedding %d, widths %v x %d filters, hidden %d: %d parameters",
		info.Symbols, info.Embedding, info.Widths, info.Filters, info.Hidden, info.Parameters)
	line("reads", "%d characters, and the whole host", info.SymbolLimit)
	if info.Views > 1 {
		line("views", "%d, host and whole, side by side", info.Views)
	}
	if info.HostFloor > 0 {
		line("floor", "log-odds at most %g below those of the host alone, %g below those of the registered domain", info.HostFloor, info.DomainFloor)
	}
	if info.Imitated > 0 {
		line("knows", "%d popular names", info.Imitated)
	}
	line("temperature", "%.4f", info.Temperature)
	levels := func(name, texts string, thresholds []snowman.Threshold) {
		for _, t := range thresholds {
			if t.Own != nil {
				line(fmt.Sprintf(name, t.Level), "score %.6f and above; %s", t.Score, ownLevel(t, texts))
				continue
			}
			line(fmt.Sprintf(name, t.Level), "score %.6f and above; %d of %d benign %s (for a false positive rate of %g)",
				t.Score, t.FalsePositives, t.Benign, texts, t.FalsePositiveRate)
			for _, g := range t.Exceeding() {
				line("", "more than that of %s: %d of %d", visible.Text(g.Name), g.FalsePositives, g.Benign)
			}
		}
	}
	levels("level %v", "names", info.Thresholds)
	levels("level %v of URLs", "URLs", info.URLThresholds)
	if r := reference; r != nil {
		months := ""
		if len(r.Months) > 0 {
			months = fmt.Sprintf("; trained on malicious rows of %s to %s", r.Months[0].Month, r.Months[len(r.Months)-1].Month)
		}
		line("reference", "%d names and %d URLs, %d public suffixes%s", r.Names.Texts, r.URLs.Texts, len(r.Suffixes), months)
	}
	var training provenance.Training
	if len(info.Training) > 0 && json.Unmarshal(info.Training, &training) == nil {
		line("trained on", "%d files", len(training.Data.Sources))
		for _, source := range training.Data.Sources {
			hosts := ""
			if source.Hosts > 0 {
				hosts = fmt.Sprintf(" and %d hosts of theirs", source.Hosts)
			}
			line("", "%s: %d used of %d rows%s", source.Name, source.Used, source.Read, hosts)
		}
	}
	return table.Flush()
}

// ownLevel says of a level that somebody set it on traffic of their own.
func ownLevel(t snowman.Threshold, texts string) string {
	asked := "raised to the level below"
	if t.Own.AlarmsPerDay > 0 {
		asked = fmt.Sprintf("at most %.4g alarms a day", t.Own.AlarmsPerDay)
	}
	days := "1 day"
	if t.Own.Days != 1 {
		days = fmt.Sprintf("%.4g days", t.Own.Days)
	}
	return fmt.Sprintf("set on own traffic on %s: %s; alarms were %d of %d %s in %s, malicious ones included",
		t.Own.Set, asked, t.FalsePositives, t.Benign, texts, days)
}
