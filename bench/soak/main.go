// Command soak measures and tortures snowman serve: make soak builds the program and runs it.
//
// The service is the real program, on a loopback address, and so is every client. Six parts, each
// bounded in time and count:
//
//	rate    PUT /model beside an empty net/http handler, under wrk; latency at half of that load
//	stream  names a second through one connection to POST /v1/score
//	start   from the start of the process to its first answer, and what it then has resident
//	faults  load, reloads and hostile clients at once: no answer wrong or lost, nothing that grows
//	siege   the most that is resident, and how long probes take, while many clients fill memory
//	kill    kill -9 under load and reloads, and the next start on the same port
//
// It prints Markdown tables to standard output, and what it does to standard error. The figures of
// rate, stream, start and siege stand beside the bar that they should reach, for the reader to
// judge, since the machine may be busy. The exit code is 1 where faults or kill found anything at
// all, or siege a wrong answer.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"slices"
	"strings"
	"time"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, os.Args[1:], os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "soak:", err)
		os.Exit(1)
	}
}

// options are the program's flags.
type options struct {
	program, model, other string
	only                  string
	repeats, connections  int
	loaded                time.Duration
	names, starts, kills  int
	faults, stall, siege  time.Duration
	besieged, memoryLimit string
	ops                   bool
	hostile               int
	emptyServer           bool
	siegeOf               string
}

// A part is one of the things that the program can do.
type part struct {
	name string
	run  func(context.Context, options, io.Writer) error
}

// parts stand in the order in which they are done.
var parts = []part{
	{"rate", measureRate},
	{"stream", measureStream},
	{"start", measureStart},
	{"faults", injectFaults},
	{"siege", laySieges},
	{"kill", killOften},
}

func run(ctx context.Context, args []string, stdout io.Writer) error {
	var o options
	flags := flag.NewFlagSet("soak", flag.ExitOnError)
	flags.StringVar(&o.program, "snowman", "build/snowman", "the `program` that serves")
	flags.StringVar(&o.model, "model", "models/snowman.safetensors", "`file` of the model that it serves")
	flags.StringVar(&o.other, "other", "web/testdata/toy.safetensors", "`file` of the model that faults and kill swap for it")
	flags.StringVar(&o.only, "only", "", "do only these `parts`, separated by commas")
	flags.IntVar(&o.repeats, "repeats", 5, "runs of each row of rate and stream")
	flags.DurationVar(&o.loaded, "loaded", 10*time.Second, "how long one run of rate takes")
	flags.IntVar(&o.connections, "connections", 64, "connections of rate")
	flags.IntVar(&o.names, "names", 4_000_000, "names in one run of stream")
	flags.IntVar(&o.starts, "starts", 11, "starts of start")
	flags.DurationVar(&o.faults, "faults", 10*time.Minute, "how long faults loads the service")
	flags.DurationVar(&o.stall, "stall", 10*time.Second, "the service's -stall in faults")
	flags.IntVar(&o.hostile, "hostile", 48, "hostile clients at once")
	flags.DurationVar(&o.siege, "siege", 30*time.Second, "how long each siege takes")
	flags.StringVar(&o.besieged, "besieged", "", "lay only those sieges whose name has this `text`")
	flags.StringVar(&o.memoryLimit, "memory-limit", "450MiB", "GOMEMLIMIT of the service in siege; deploy sets the default, below a limit of 512 MiB")
	flags.BoolVar(&o.ops, "ops", true, "probe on -ops-listen, too, in siege")
	flags.IntVar(&o.kills, "kills", 50, "how often kill kills the service")
	flags.BoolVar(&o.emptyServer, "empty-server", false, "only be the empty handler that rate compares with, until interrupted")
	flags.StringVar(&o.siegeOf, "siege-of", "", "only be the hostile clients of the siege -besieged of the service at this `address`, until killed")
	flags.Parse(args) // exits on an error
	if o.siegeOf != "" {
		return layOnce(ctx, o.siegeOf, o.besieged)
	}
	if o.emptyServer {
		return serveEmpty(ctx, stdout)
	}
	chosen := strings.FieldsFunc(o.only, func(r rune) bool { return r == ',' })
	for _, name := range chosen {
		if !slices.ContainsFunc(parts, func(p part) bool { return p.name == name }) {
			return fmt.Errorf("no part %q", name)
		}
	}
	var failures []error
	for _, part := range parts {
		if len(chosen) > 0 && !slices.Contains(chosen, part.name) {
			continue
		}
		if err := part.run(ctx, o, stdout); err != nil {
			failures = append(failures, fmt.Errorf("%s: %w", part.name, err))
		}
		if ctx.Err() != nil {
			return ctx.Err()
		}
	}
	return errors.Join(failures...)
}

func progress(format string, args ...any) { fmt.Fprintf(os.Stderr, format+"\n", args...) }
