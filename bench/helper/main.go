// Command helper measures snowman helper through pipes: lines a second in batches, and how long one
// line takes to come back when nothing else is asked. Beside it stand cat, for what pipes cost, and
// snowman score. A name is asked once, so nothing is remembered. What else the machine does counts,
// too: only ratios of one run mean anything.
//
//	go build -o build/snowman ./cmd/snowman && go run ./bench/helper
package main

import (
	"bufio"
	"bytes"
	"errors"
	"flag"
	"fmt"
	"io"
	"log"
	"os/exec"
	"slices"
	"time"
)

func main() {
	log.SetFlags(0)
	program := flag.String("snowman", "build/snowman", "the `program`")
	count := flag.Int("n", 500_000, "lines in batches")
	asked := flag.Int("one", 3000, "lines one by one")
	flag.Parse()
	for _, args := range [][]string{
		{"cat"},
		{*program, "score", "-format", "lines"},
		{*program, "helper", "lines"},
		{*program, "helper", "squid-acl"},
		{*program, "helper", "clickhouse", "-return", "score"},
	} {
		perSecond, err := rate(args, *count)
		if err != nil {
			log.Fatalf("%q: %v", args, err)
		}
		median, err := latency(args, *asked)
		if err != nil {
			log.Fatalf("%q: %v", args, err)
		}
		fmt.Printf("%-24.24s %9.0f lines/s  %8v for one\n", fmt.Sprint(args[max(0, len(args)-2):]), perSecond, median)
	}
}

// line appends the i-th request, a name that was not asked before.
func line(out []byte, i int) []byte {
	return fmt.Appendf(out, "name%d.example%d.com\n", i*7919%1_000_003, i)
}

// start starts a program between two pipes.
func start(args []string) (*exec.Cmd, io.WriteCloser, io.Reader, error) {
	command := exec.Command(args[0], args[1:]...)
	in, err := command.StdinPipe()
	if err != nil {
		return nil, nil, nil, err
	}
	out, err := command.StdoutPipe()
	if err != nil {
		return nil, nil, nil, err
	}
	return command, in, out, command.Start()
}

// rate returns the lines a second, once the first was answered.
func rate(args []string, count int) (float64, error) {
	command, in, out, err := start(args)
	if err != nil {
		return 0, err
	}
	answers := bufio.NewReaderSize(out, 1<<16)
	if _, err := in.Write(line(nil, count)); err != nil {
		return 0, err
	}
	if _, err := answers.ReadSlice('\n'); err != nil {
		return 0, err
	}
	var all []byte
	for i := range count {
		all = line(all, i)
	}
	begun := time.Now()
	go func() {
		in.Write(all)
		in.Close()
	}()
	rest, err := io.ReadAll(answers)
	elapsed := time.Since(begun)
	if err != nil {
		return 0, err
	}
	if got := bytes.Count(rest, []byte("\n")); got != count {
		return 0, fmt.Errorf("%d answers to %d lines", got, count)
	}
	if bytes.Contains(rest, []byte("nan\n")) || bytes.Contains(rest, []byte("\t\t\t")) {
		return 0, errors.New("a line has no score")
	}
	return float64(count) / elapsed.Seconds(), command.Wait()
}

// latency returns the median time until one line is answered.
func latency(args []string, count int) (time.Duration, error) {
	command, in, out, err := start(args)
	if err != nil {
		return 0, err
	}
	answers := bufio.NewReader(out)
	var times []time.Duration
	var request []byte
	for i := range count {
		request = line(request[:0], i)
		begun := time.Now()
		if _, err := in.Write(request); err != nil {
			return 0, err
		}
		if _, err := answers.ReadSlice('\n'); err != nil {
			return 0, err
		}
		times = append(times, time.Since(begun))
	}
	in.Close()
	slices.Sort(times)
	return times[len(times)/2], command.Wait()
}
