package main

import (
	"context"
	_ "embed"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/snowman-ml/snowman/bench/internal/markdown"
)

//go:embed names.lua
var script []byte

// wrkNames is how many names wrk sends over and over: more than a cache of answers would hold.
const wrkNames = 50_000

// measureRate loads the empty handler and the service in turn, without the access log and with it.
func measureRate(ctx context.Context, o options, stdout io.Writer) error {
	load, err := newWrk(o)
	if err != nil {
		return err
	}
	defer os.RemoveAll(load.folder)
	self, err := os.Executable()
	if err != nil {
		return err
	}
	empty, err := startService(nil, self, "-empty-server")
	if err != nil {
		return err
	}
	defer empty.kill()
	quiet, err := startSnowman(o, nil, "-model", o.model, "-access-log=false")
	if err != nil {
		return err
	}
	defer quiet.kill()
	logging, err := startSnowman(o, nil, "-model", o.model)
	if err != nil {
		return err
	}
	defer logging.kill()

	rows := []struct {
		title string
		*service
		bar           string
		rates, ratios []float64
	}{
		{title: "empty handler, requests/s", service: empty},
		{title: "PUT /model without the access log, requests/s", service: quiet, bar: "0.8"},
		{title: "PUT /model with it, requests/s", service: logging, bar: "0.8"},
	}
	for repeat := range o.repeats {
		for i := range rows {
			row := &rows[i]
			rate, err := load.run(ctx, row.address)
			if err != nil {
				return fmt.Errorf("%s: %w", row.title, err)
			}
			row.rates = append(row.rates, rate)
			row.ratios = append(row.ratios, rate/rows[0].rates[repeat])
			progress("rate %d of %d: %s: %.0f", repeat+1, o.repeats, row.title, rate)
		}
	}
	half := markdown.Median(rows[1].rates) / 2
	var latencies [2][]time.Duration
	for i, service := range []*service{quiet, empty} {
		if latencies[i], err = openLoop(ctx, service.address, o.connections, half, o.loaded); err != nil {
			return err
		}
	}

	t := markdown.NewTable(stdout, fmt.Sprintf("One text a request, %d connections, %d CPUs for all of it", o.connections, runtime.NumCPU()),
		"", "median", "smallest to largest", "of the empty handler", "smallest to largest", "bar")
	for _, row := range rows {
		t.Row(row.title, fmt.Sprintf("%.0f", markdown.Median(row.rates)), spread("%.0f", row.rates),
			fmt.Sprintf("%.2f", markdown.Median(row.ratios)), spread("%.2f", row.ratios), row.bar)
	}
	t.End()
	t = markdown.NewTable(stdout, fmt.Sprintf("Latency of PUT /model at %.0f requests/s, half of the load above, from the time that each was due", half),
		"", "ms", "bar", "empty handler at the same rate, ms")
	for _, p := range []struct {
		title    string
		quantile float64
		bar      string
	}{{"median", 0.5, ""}, {"p99", 0.99, "5"}, {"p99.9", 0.999, ""}, {"largest", 1, ""}} {
		t.Row(p.title, fmt.Sprintf("%.2f", milliseconds(quantile(latencies[0], p.quantile))), p.bar,
			fmt.Sprintf("%.2f", milliseconds(quantile(latencies[1], p.quantile))))
	}
	t.End()
	return nil
}

// wrk is the load generator of that name.
type wrk struct {
	path, folder string
	connections  int
	duration     time.Duration
}

func newWrk(o options) (w wrk, err error) {
	w = wrk{connections: o.connections, duration: o.loaded}
	if w.path, err = exec.LookPath("wrk"); err != nil {
		return w, errors.New("rate needs wrk, which is not installed: its Debian package has the same name")
	}
	if w.folder, err = os.MkdirTemp("", "soak"); err != nil {
		return w, err
	}
	var names []byte
	for i := range uint32(wrkNames) {
		names = append(appendName(names, i), '\n')
	}
	return w, errors.Join(
		os.WriteFile(filepath.Join(w.folder, "names.lua"), script, 0o600),
		os.WriteFile(filepath.Join(w.folder, "names"), names, 0o600))
}

// run loads an address and returns the answers a second.
func (w wrk) run(ctx context.Context, address string) (float64, error) {
	ctx, cancel := context.WithTimeout(ctx, w.duration+patience)
	defer cancel()
	command := exec.CommandContext(ctx, w.path, "-t", strconv.Itoa(min(2, w.connections)), "-c", strconv.Itoa(w.connections),
		"-d", fmt.Sprintf("%ds", max(1, int(w.duration.Seconds()))), "-s", filepath.Join(w.folder, "names.lua"),
		"http://"+address, "--", filepath.Join(w.folder, "names"))
	output, err := command.CombinedOutput()
	if err != nil {
		return 0, fmt.Errorf("%w: %s", err, output)
	}
	var requests, microseconds, failed float64
	_, line, _ := strings.Cut(string(output), "soak: ")
	if _, err := fmt.Sscan(line, &requests, &microseconds, &failed); err != nil {
		return 0, fmt.Errorf("wrk says %q: %w", output, err)
	}
	if failed > 0 || requests == 0 {
		return 0, fmt.Errorf("%.0f of %.0f requests failed", failed, requests)
	}
	return requests / microseconds * 1e6, nil
}

// spread prints the smallest and the largest of values.
func spread(format string, values []float64) string {
	if len(values) == 0 {
		return "-"
	}
	return fmt.Sprintf(format+" to "+format, slices.Min(values), slices.Max(values))
}
