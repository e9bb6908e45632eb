package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/snowman-ml/snowman/bench/internal/markdown"
)

// knownTexts is the number of names that the oracle of faults and kill knows.
const knownTexts = 20_000

// slack is how many goroutines or files a service may have more than before the load: what a
// connection that is just being closed still holds.
const slack = 8

// injectFaults runs good clients, hostile ones and reloads against the service at once, then
// measures what it still holds, and ends it while good clients ask.
func injectFaults(ctx context.Context, o options, stdout io.Writer) error {
	folder, err := os.MkdirTemp("", "soak")
	if err != nil {
		return err
	}
	defer os.RemoveAll(folder)
	oracle, swapper, err := newModels(o, folder)
	if err != nil {
		return err
	}
	l := newLedger()
	service, err := startSnowman(o, checkLog(l), "-model", swapper.path, "-watch", "-stall", o.stall.String())
	if err != nil {
		return err
	}
	defer service.kill()
	clients := &good{address: service.address, oracle: oracle, ledger: l}

	progress("faults: a second of good clients alone, so that all that starts late has started")
	clients.runFor(ctx, time.Second, 1)
	before, err := service.settle(ctx, usage{})
	if err != nil {
		return err
	}
	progress("faults: %v of everything", o.faults)
	memory := attackAll(ctx, o, service, clients, swapper, l)
	progress("faults: the load has ended")
	after, err := service.settle(ctx, before)
	if err != nil {
		l.fail("the service after the load", err)
	} else if after.exceeds(before) {
		l.fail("things left after the load", fmt.Errorf("%+v, before it %+v", after, before))
	}
	if ctx.Err() == nil {
		progress("faults: SIGTERM while good clients ask")
		if err := clients.terminate(ctx, service); err != nil {
			l.fail("the end", err)
		}
	}
	service.kill() // where it still lives
	if text := bytes.TrimSpace(service.errors.Bytes()); len(text) > 0 {
		l.fail("standard error", fmt.Errorf("%.2000q", text))
	}

	early, late := memory.windows()
	// The load is random, and so is what is resident: medians of a minute differ by a tenth.
	if o.faults >= 5*time.Minute && late > 1.25*early {
		l.fail("memory grows", fmt.Errorf("%.1f MiB in the second tenth of the load, %.1f in the last", early, late))
	}
	t := markdown.NewTable(stdout, fmt.Sprintf("Faults, %v", o.faults), "", "")
	t.Row("resident, MiB: before, median of the second tenth, of the last, peak, after",
		fmt.Sprintf("%.0f, %.0f, %.0f, %.0f, %.0f", before.resident, early, late, memory.peak(), after.resident))
	t.Row("goroutines before, after", fmt.Sprintf("%d, %d", before.goroutines, after.goroutines))
	t.Row("open files before, after", fmt.Sprintf("%d, %d", before.files, after.files))
	t.Row("series of /metrics before, after", fmt.Sprintf("%d, %d", before.series, after.series))
	l.print(t)
	t.End()
	return l.err()
}

// attackAll runs everything at once and returns what was resident each second.
func attackAll(ctx context.Context, o options, service *service, clients *good, swapper *swapper, l *ledger) residents {
	ctx, cancel := context.WithTimeout(ctx, o.faults)
	defer cancel()
	var memory residents
	var all sync.WaitGroup
	all.Go(func() { clients.run(ctx, 2) })
	all.Go(func() { runHostile(ctx, o, service.address, clients.oracle, l) })
	all.Go(func() { swapper.run(ctx, service, rand.New(rand.NewPCG(3, 3)), l) })
	all.Go(func() {
		memory = service.watch(ctx, l)
		cancel() // where the service has ended, there is nothing more to load
	})
	all.Wait()
	return memory
}

// checkLog wants each line of the log to be a JSON object, whatever clients send, and no line to
// tell of a panic.
func checkLog(l *ledger) func([]byte) {
	return func(line []byte) {
		var entry struct{ Msg, Level string }
		if err := json.Unmarshal(line, &entry); err != nil || entry.Msg == "" {
			l.fail("log: a line that is no entry", fmt.Errorf("%.1000q", line))
		}
		if bytes.Contains(line, []byte("panic")) {
			l.fail("log: panic", fmt.Errorf("%.4000q", line))
		}
		if entry.Msg != "request" {
			what, _, _ := strings.Cut(entry.Msg, " from ") // net/http names each client
			l.count("log: "+entry.Level+" "+what, 1)
		}
	}
}

// runFor runs the good clients for a time.
func (g *good) runFor(ctx context.Context, d time.Duration, seed uint64) {
	ctx, cancel := context.WithTimeout(ctx, d)
	defer cancel()
	g.run(ctx, seed)
}

// terminate sends SIGTERM while the good clients ask, and wants exit code 0.
func (g *good) terminate(ctx context.Context, service *service) error {
	asking, stop := context.WithTimeout(ctx, patience)
	defer stop()
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		g.run(asking, 4)
	}()
	select {
	case <-ctx.Done():
	case <-ended:
		return errors.New("the good clients ended before it")
	case <-time.After(2 * time.Second):
	}
	now := time.Now()
	g.leavesAt.Store(&now)
	if err := service.command.Process.Signal(syscall.SIGTERM); err != nil {
		return err
	}
	err := service.wait(ctx)
	<-ended // each client, by the connection that it is refused
	return err
}
