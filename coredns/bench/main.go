// Command bench measures how many queries a second CoreDNS answers with the plugin snowman and
// without it. Either server runs on one processor and the client on another; they take turns. The
// plugin behind is whoami, which does next to nothing, so the share that snowman takes is the
// largest that it can be. Linux only.
//
//	go run ./bench -coredns ./coredns
package main

import (
	"bytes"
	"errors"
	"flag"
	"fmt"
	"log"
	"math/rand/v2"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"sync"
	"time"

	"github.com/miekg/dns"
)

func main() {
	log.SetFlags(0)
	program := flag.String("coredns", "coredns", "CoreDNS with the plugin, as cmd/coredns is")
	rounds := flag.Int("rounds", 5, "turns of each server")
	length := flag.Duration("length", 3*time.Second, "length of a turn")
	client := flag.Bool("client", false, "run as the client: for the program itself")
	flag.Parse()
	run := func() error { return again(*program, *rounds, *length) }
	if *client {
		run = func() error { return measure(*program, *rounds, *length) }
	}
	if err := run(); err != nil {
		log.Fatal(err)
	}
}

// again runs this program once more, on the second processor.
func again(coredns string, rounds int, length time.Duration) error {
	self, err := os.Executable()
	if err != nil {
		return err
	}
	command := exec.Command("taskset", "-c", "1", self, "-client", "-coredns", coredns, "-rounds", strconv.Itoa(rounds), "-length", length.String())
	command.Stdout, command.Stderr = os.Stdout, os.Stderr
	return command.Run()
}

// A workload is a kind of names, and how they follow each other.
type workload struct {
	name string
	next func(i uint64, random *rand.Rand) string
}

var workloads = []workload{
	{"10,000 names, in Zipf order", func(_ uint64, random *rand.Rand) string { return zipfName(random) }},
	{"new names", func(i uint64, random *rand.Rand) string { return word(random) + strconv.FormatUint(i, 36) + ".com." }},
}

func zipfName(random *rand.Rand) string {
	rank := rand.NewZipf(random, 1.1, 1, 10_000-1).Uint64()
	return word(rand.New(rand.NewPCG(rank, 1))) + ".example-" + strconv.FormatUint(rank%100, 10) + ".com."
}

// word returns a word that can be pronounced.
func word(random *rand.Rand) string {
	var w []byte
	for range 2 + random.IntN(3) {
		w = append(w, "bcdfghklmnprstvw"[random.IntN(16)], "aeiou"[random.IntN(5)])
	}
	return string(w)
}

// A server is a running CoreDNS.
type server struct {
	command *exec.Cmd
	address string
	rates   []float64 // queries a second, of each turn
	costs   []float64 // microseconds of processor time a query, of each turn
}

func measure(coredns string, rounds int, length time.Duration) error {
	dir, err := os.MkdirTemp("", "bench")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	fmt.Println("| names | queries/s without | with | share | µs/query without | with | more |")
	fmt.Println("|---|---|---|---|---|---|---|")
	for _, load := range workloads {
		if err := compare(load, coredns, dir, rounds, length); err != nil {
			return fmt.Errorf("%s: %w", load.name, err)
		}
	}
	return nil
}

// compare prints a row: medians of the turns.
func compare(load workload, coredns, dir string, rounds int, length time.Duration) error {
	var servers []*server
	for i, properties := range []string{"", "snowman {\nblock high\n}\n"} {
		s, err := start(coredns, filepath.Join(dir, strconv.Itoa(i)), properties)
		if err != nil {
			return err
		}
		defer s.stop()
		servers = append(servers, s)
	}
	for round := range rounds + 1 { // the first does not count
		for _, s := range servers {
			if err := s.turn(load, round, length, round > 0); err != nil {
				return err
			}
		}
	}
	without, with := servers[0], servers[1]
	fmt.Printf("| %s | %.0f | %.0f | %.2f | %.1f | %.1f | %.1f |\n", load.name, median(without.rates), median(with.rates), median(with.rates)/median(without.rates),
		median(without.costs), median(with.costs), median(with.costs)-median(without.costs))
	return nil
}

func median(figures []float64) float64 {
	slices.Sort(figures)
	return figures[len(figures)/2]
}

// start starts CoreDNS on the first processor, and waits until it answers.
func start(coredns, corefile, properties string) (*server, error) {
	free, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	address := free.LocalAddr().String()
	free.Close()
	_, port, err := net.SplitHostPort(address)
	if err != nil {
		return nil, err
	}
	content := fmt.Sprintf(".:%s {\nbind 127.0.0.1\n%swhoami\n}\n", port, properties)
	if err := os.WriteFile(corefile, []byte(content), 0o644); err != nil {
		return nil, err
	}
	s := &server{command: exec.Command("taskset", "-c", "0", coredns, "-conf", corefile, "-quiet"), address: address}
	s.command.Env = append(os.Environ(), "GOMAXPROCS=1")
	s.command.Stderr = os.Stderr
	if err := s.command.Start(); err != nil {
		return nil, err
	}
	for range 100 {
		if _, err = dns.Exchange(new(dns.Msg).SetQuestion("example.org.", dns.TypeA), address); err == nil {
			return s, nil
		}
		time.Sleep(50 * time.Millisecond)
	}
	s.stop()
	return nil, fmt.Errorf("starting %q: %w", coredns, err)
}

func (s *server) stop() {
	s.command.Process.Kill()
	s.command.Wait()
}

const (
	sockets = 8
	window  = 16      // queries under way on each
	queries = 1 << 15 // of each in a turn, more than are answered
)

// turn asks the server for some time, and keeps the figures if they count. The queries are made
// before, so that the client is the faster one.
func (s *server) turn(load workload, round int, length time.Duration, counts bool) error {
	var sets [sockets][][]byte
	for i := range sets {
		first := uint64(round*sockets+i) * queries
		random := rand.New(rand.NewPCG(first, 2))
		for k := range uint64(queries) {
			m := new(dns.Msg).SetQuestion(load.next(first+k, random), dns.TypeA)
			packed, err := m.Pack()
			if err != nil {
				return err
			}
			sets[i] = append(sets[i], packed)
		}
	}
	before, err := s.processorTime()
	if err != nil {
		return err
	}
	var answers [sockets]int
	var errs [sockets]error
	var workers sync.WaitGroup
	begin := time.Now()
	for i := range sets {
		workers.Go(func() { answers[i], errs[i] = ask(s.address, sets[i], begin.Add(length)) })
	}
	workers.Wait()
	took := time.Since(begin)
	after, err := s.processorTime()
	if err := errors.Join(append(errs[:], err)...); err != nil {
		return err
	}
	if counts {
		n := 0
		for _, answered := range answers {
			n += answered
		}
		s.rates = append(s.rates, float64(n)/took.Seconds())
		s.costs = append(s.costs, float64((after-before).Microseconds())/float64(n))
	}
	return nil
}

// ask keeps a window of queries under way until the end, and returns how many were answered.
func ask(address string, queries [][]byte, end time.Time) (answers int, err error) {
	conn, err := net.Dial("udp", address)
	if err != nil {
		return 0, err
	}
	defer conn.Close()
	answer := make([]byte, 1500)
	for next := 0; time.Now().Before(end); next += window {
		for i := range window {
			if _, err := conn.Write(queries[(next+i)%len(queries)]); err != nil {
				return answers, err
			}
		}
		conn.SetReadDeadline(time.Now().Add(10 * time.Second))
		for range window {
			n, err := conn.Read(answer)
			if err != nil {
				return answers, fmt.Errorf("waiting for an answer: %w", err)
			}
			if n < 12 || answer[2]&0x80 == 0 {
				return answers, fmt.Errorf("no answer: %x", answer[:n])
			}
			answers++
		}
	}
	return answers, nil
}

// processorTime returns how long the server has kept the processor busy: fields 14 and 15 of
// proc_pid_stat(5), in hundredths of a second.
func (s *server) processorTime() (time.Duration, error) {
	path := fmt.Sprintf("/proc/%d/stat", s.command.Process.Pid)
	stat, err := os.ReadFile(path)
	if err != nil {
		return 0, err
	}
	fields := bytes.Fields(stat[bytes.LastIndexByte(stat, ')')+1:])
	if len(fields) < 13 {
		return 0, fmt.Errorf("reading %q: it has %d fields", path, len(fields))
	}
	user, err := strconv.ParseInt(string(fields[11]), 10, 64)
	if err != nil {
		return 0, fmt.Errorf("reading %q: %w", path, err)
	}
	system, err := strconv.ParseInt(string(fields[12]), 10, 64)
	if err != nil {
		return 0, fmt.Errorf("reading %q: %w", path, err)
	}
	return time.Duration(user+system) * (time.Second / 100), nil
}
