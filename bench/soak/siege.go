package main

import (
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"os"
	"os/exec"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/snowman-ml/snowman/bench/internal/markdown"
)

// A sieger is many clients that want to fill the service's memory, or to keep others out.
type sieger struct {
	name string
	lay  func(*siege)
}

// siegers are all of them.
var siegers = []sieger{
	{"nobody", nil},
	{"40 HTTP/2 connections of 100 streams ask for 8 KB of texts, with no window", (*siege).askWithoutWindow},
	{"200 HTTP/2 connections of 100 streams ask for /card, with no window", (*siege).askForCard},
	{"300 HTTP/2 connections of 32 streams probe with 470 fields of header, with no window", (*siege).probeWithManyFields},
	{"89 HTTP/2 connections of 32 streams ask for /metrics, most with a body that does not come, with no window", (*siege).askForMetrics},
	{"85 HTTP/2 connections of 32 streams announce bodies that do not come", (*siege).announceBodies},
	{"six clients with 50 connections each ask to explain hosts of 64 and of 8 KiB, and read nothing", (*siege).askToExplain},
	{"60 clients send 4 MiB of bad texts, and read nothing", (*siege).sendBadTexts},
	{"64 streams of lines that grow sixfold, unread", (*siege).streamOddBytes},
	{"64 streams that send a byte each four seconds", (*siege).drip},
	{"64 streams of nothing but empty lines", (*siege).sendEmptyLines},
	{"4,100 idle connections", (*siege).stayIdle},
	{"2,000 connections that announce frames of 1 MiB", (*siege).announceFrames},
	{"4,000 connections that send 60 KB of a header without end", (*siege).sendHalfHeaders},
	{"40 clients send JSON that takes much more memory than it has bytes", (*siege).sendSwellingJSON},
	{"100 HTTP/2 connections take answers in frames of 16 MiB", (*siege).takeHugeFrames},
	{everything, nil},
}

const everything = "all of them at once"

// A siege is one attack by many clients while others ask as they should.
type siege struct {
	ctx     context.Context
	address string
	clients sync.WaitGroup
}

// A siegeResult is what a siege did.
type siegeResult struct {
	before, peak  float64 // resident, MiB
	right, busy   int
	lost          int // requests without an answer
	probes, other probeResult
}

// laySieges measures what each of the siegers does to a service of its own, then all of them to
// one: the most that is ever resident, how long probes take, and what becomes of ordinary requests.
// Only a wrong answer is a failure; the rest is for the reader to judge.
func laySieges(ctx context.Context, o options, stdout io.Writer) error {
	oracle, err := newOracle([2]string{o.model, o.other}, 2000)
	if err != nil {
		return err
	}
	t := markdown.NewTable(stdout, fmt.Sprintf("Sieges of %v each, GOMEMLIMIT=%s; wanted: at most 512 MiB, probes within 100 ms", o.siege, o.memoryLimit), "", "resident before, MiB", "at most",
		"probes: answered, failed", "p50, p99, largest, ms", "on -ops-listen: answered, failed", "p50, p99, largest, ms", "texts answered", "refused with 429", "without an answer")
	l := newLedger()
	for _, one := range siegers {
		if !strings.Contains(one.name, o.besieged) {
			continue
		}
		progress("siege: %s", one.name)
		r, err := besiege(ctx, o, oracle, one, l)
		if err != nil {
			return fmt.Errorf("%s: %w", one.name, err)
		}
		progress("  %.0f MiB, at most %.0f; probes %s, %s; on -ops-listen %s, %s; %d texts answered, %d refused, %d without an answer",
			r.before, r.peak, r.probes.counts(), r.probes.times(), r.other.counts(), r.other.times(), r.right, r.busy, r.lost)
		t.Row(one.name, fmt.Sprintf("%.0f", r.before), fmt.Sprintf("%.0f", r.peak), r.probes.counts(), r.probes.times(), r.other.counts(), r.other.times(),
			fmt.Sprint(r.right), fmt.Sprint(r.busy), fmt.Sprint(r.lost))
	}
	l.print(t)
	t.End()
	return l.err()
}

// layOnce is the program as the hostile clients of a siege. They are a process of their own and
// nice, so that they leave the processors to the service, as clients elsewhere would.
func layOnce(ctx context.Context, address, name string) error {
	s := &siege{ctx: ctx, address: address}
	for _, one := range siegers {
		if one.lay != nil && (one.name == name || name == everything) {
			one.lay(s)
		}
	}
	<-ctx.Done()
	s.clients.Wait()
	return nil
}

// besiege starts a service, lays a siege to it, and measures it meanwhile.
func besiege(ctx context.Context, o options, oracle *oracle, one sieger, l *ledger) (r siegeResult, err error) {
	self, err := os.Executable()
	if err != nil {
		return r, err
	}
	args := []string{"-model", o.model, "-access-log=false"}
	if o.ops {
		args = append(args, "-ops-listen", loopback)
	}
	os.Setenv("GOMEMLIMIT", o.memoryLimit) // the service inherits it
	service, err := startSnowman(o, checkLog(l), args...)
	if err != nil {
		return r, err
	}
	defer service.kill()
	if r.before, err = service.resident(); err != nil {
		return r, err
	}
	ctx, cancel := context.WithTimeout(ctx, o.siege)
	defer cancel()
	var measuring sync.WaitGroup
	measuring.Go(func() { r.probes = probe(ctx, service.address, "/healthz", "/readyz", "/v2/health/ready") })
	if service.ops != "" {
		measuring.Go(func() { r.other = probe(ctx, service.ops, "/healthz", "/readyz", "/metrics") })
	}
	ordinary := &ordinaryClients{address: service.address, oracle: oracle, ledger: l}
	measuring.Go(func() { ordinary.run(ctx) })
	hostile := exec.CommandContext(ctx, "nice", "-n", "10", self, "-siege-of", service.address, "-besieged", one.name)
	hostile.Stderr = os.Stderr
	if err := hostile.Start(); err != nil {
		return r, err
	}
	measuring.Wait()
	hostile.Wait() // it was killed
	r.right, r.busy, r.lost = ordinary.right, ordinary.busy, ordinary.lost
	select {
	case <-service.exited:
		return r, fmt.Errorf("the service has ended: %w: %.2000s", service.status, service.errors.Bytes())
	default:
	}
	r.peak, err = service.peak()
	return r, err
}

// A probeResult is how probes were answered.
type probeResult struct {
	took   []time.Duration // sorted
	failed int
}

func (p probeResult) counts() string {
	if len(p.took)+p.failed == 0 {
		return ""
	}
	return fmt.Sprintf("%d, %d", len(p.took), p.failed)
}

func (p probeResult) times() string {
	if len(p.took) == 0 {
		return ""
	}
	return fmt.Sprintf("%.0f, %.0f, %.0f", milliseconds(quantile(p.took, .5)), milliseconds(quantile(p.took, .99)), milliseconds(p.took[len(p.took)-1]))
}

// probe asks for these paths in turn, each time on a new connection, ten times a second. A probe is
// due whether or not the one before it was answered, and fails after two seconds.
func probe(ctx context.Context, address string, paths ...string) (r probeResult) {
	const interval, patience = 100 * time.Millisecond, 2 * time.Second
	var mutex sync.Mutex
	var probes sync.WaitGroup
	tick := time.NewTicker(interval)
	defer tick.Stop()
	for i := 0; ; i++ {
		select {
		case <-ctx.Done():
			probes.Wait()
			slices.Sort(r.took)
			return r
		case <-tick.C:
		}
		path := paths[i%len(paths)]
		probes.Go(func() {
			begin := time.Now()
			err := probeOnce(address, path, begin.Add(patience))
			took := time.Since(begin)
			mutex.Lock()
			defer mutex.Unlock()
			if err != nil {
				r.failed++
			} else {
				r.took = append(r.took, took)
			}
		})
	}
}

func probeOnce(address, path string, deadline time.Time) error {
	c, err := net.DialTimeout("tcp", address, time.Until(deadline))
	if err != nil {
		return err
	}
	defer c.Close()
	c.(*net.TCPConn).SetLinger(0)
	c.SetDeadline(deadline)
	if _, err := io.WriteString(c, "GET "+path+" HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"); err != nil {
		return err
	}
	answer, err := io.ReadAll(c)
	if err == nil && !strings.HasPrefix(string(answer), "HTTP/1.1 200 ") {
		err = fmt.Errorf("%.40q", answer)
	}
	return err
}

// ordinaryClients ask what they should during a siege. They may be refused, and may get no answer;
// none that they get may be wrong.
type ordinaryClients struct {
	address string
	oracle  *oracle
	ledger  *ledger

	mutex             sync.Mutex
	right, busy, lost int
}

// run lets the clients ask until the context is done.
func (o *ordinaryClients) run(ctx context.Context) {
	asks := []func(*good, *connection, *rand.Rand) (result, error){
		(*good).askModel, (*good).askModel, (*good).askBatch, (*good).askPlain, (*good).askHTTP2,
	}
	known := &good{address: o.address, oracle: o.oracle, ledger: o.ledger}
	var clients sync.WaitGroup
	for i, ask := range asks {
		random := rand.New(rand.NewPCG(11, uint64(i)))
		clients.Go(func() {
			for ctx.Err() == nil {
				o.ask(ctx, known, ask, random)
			}
		})
	}
	clients.Wait()
}

// ask asks on one connection until something goes wrong.
func (o *ordinaryClients) ask(ctx context.Context, known *good, ask func(*good, *connection, *rand.Rand) (result, error), random *rand.Rand) {
	c, err := dial(o.address)
	if err != nil {
		o.count(result{}, err)
		time.Sleep(100 * time.Millisecond)
		return
	}
	defer c.Close()
	defer context.AfterFunc(ctx, func() { c.Close() })()
	for ctx.Err() == nil {
		done, err := ask(known, c, random)
		if ctx.Err() != nil {
			return
		}
		o.count(done, err)
		switch {
		case err != nil || done.last:
			time.Sleep(10 * time.Millisecond)
			return
		case done.busy:
			time.Sleep(100 * time.Millisecond)
		default:
			time.Sleep(100 * time.Millisecond) // the load is ordinary, not full
		}
	}
}

func (o *ordinaryClients) count(done result, err error) {
	o.mutex.Lock()
	defer o.mutex.Unlock()
	switch {
	case err != nil:
		if o.lost++; o.lost == 1 {
			progress("  the first without an answer: %v", err)
		}
	case done.busy:
		o.busy++
	default:
		o.right += done.answers
	}
}
