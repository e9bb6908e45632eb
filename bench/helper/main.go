// Command helper measures snowman helper through pipes: lines a second in batches, and how long one
// line takes to come back when nothing else is asked. Beside it stand cat, for what pipes cost, and
// snowman score. A name is asked once, so nothing is remembered, and every answer in a batch is
// checked. What else the machine does counts, too: only ratios of one run mean anything.
package main

import (
	"bufio"
	"errors"
	"flag"
	"fmt"
	"io"
	"log"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"time"
)

func main() {
	log.SetFlags(0)
	program := flag.String("snowman", "build/snowman", "the `program`")
	count := flag.Int("n", 500_000, "lines in batches")
	asked := flag.Int("one", 3000, "lines one by one")
	flag.Parse()
	var levels []string // of the lines, as helper lines says
	for _, r := range []run{
		{args: []string{"cat"}},
		{args: []string{*program, "score", "-format", "lines"}, check: checkLines},
		{args: []string{*program, "helper", "lines"}, check: func(i int, answer string) error {
			levels = append(levels, levelOf(answer))
			return checkLines(i, answer)
		}},
		{args: []string{*program, "helper", "squid-acl"}, hasChannel: true, check: func(i int, answer string) error {
			isBlocked := strings.HasPrefix(answer, strconv.Itoa(i)+" OK tag=")
			if isHigh := levels[i] == "high"; isBlocked != isHigh || !isHigh && answer != strconv.Itoa(i)+" ERR" {
				return fmt.Errorf("helper lines says %q", levels[i])
			}
			return nil
		}},
		{args: []string{*program, "helper", "clickhouse", "-return", "score"}, check: func(_ int, answer string) error {
			score, err := strconv.ParseFloat(answer, 64)
			if err == nil && !(score >= 0 && score <= 1) {
				err = errors.New("it is no score")
			}
			return err
		}},
	} {
		perSecond, err := r.rate(*count)
		if err != nil {
			log.Fatalf("%q: %v", r.args, err)
		}
		median, err := r.latency(*asked)
		if err != nil {
			log.Fatalf("%q: %v", r.args, err)
		}
		fmt.Printf("%-24.24s %9.0f lines/s  %8v for one\n", fmt.Sprint(r.args[max(0, len(r.args)-2):]), perSecond, median)
	}
	if !slices.Contains(levels, "high") || !slices.Contains(levels, "none") {
		log.Fatal("the lines are not both names that squid-acl blocks and others")
	}
}

// A run is a program that is asked.
type run struct {
	args       []string
	hasChannel bool                             // the number of a line stands before it
	check      func(i int, answer string) error // to the i-th line; may be nil
}

// line appends the i-th request, a name that was not asked before. One in sixteen looks malicious.
func (r *run) line(out []byte, i int) []byte {
	if r.hasChannel {
		out = strconv.AppendInt(out, int64(i), 10)
		out = append(out, ' ')
	}
	return append(append(out, name(i)...), '\n')
}

func name(i int) string {
	if i%16 == 0 {
		return fmt.Sprintf("paypal-login-secure%d.com", i)
	}
	return fmt.Sprintf("name%d.example%d.com", i*7919%1_000_003, i)
}

// levelOf returns the level in an answer of score, or of helper lines.
func levelOf(answer string) string {
	fields := strings.Split(answer, "\t")
	return fields[min(1, len(fields)-1)]
}

func checkLines(i int, answer string) error {
	if fields := strings.Split(answer, "\t"); len(fields) != 4 || fields[0] == "" || fields[3] != name(i) {
		return fmt.Errorf("it is no score of %q", name(i))
	}
	return nil
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
func (r *run) rate(count int) (float64, error) {
	command, in, out, err := start(r.args)
	if err != nil {
		return 0, err
	}
	answers := bufio.NewReaderSize(out, 1<<16)
	if _, err := in.Write(r.line(nil, count)); err != nil {
		return 0, err
	}
	if _, err := answers.ReadSlice('\n'); err != nil {
		return 0, err
	}
	var all []byte
	for i := range count {
		all = r.line(all, i)
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
	answered := 0
	for answer := range strings.Lines(string(rest)) {
		if r.check != nil && answered < count {
			if err := r.check(answered, strings.TrimSuffix(answer, "\n")); err != nil {
				return 0, fmt.Errorf("line %d, %q, is answered with %q: %w", answered, name(answered), answer, err)
			}
		}
		answered++
	}
	if answered != count {
		return 0, fmt.Errorf("%d answers to %d lines", answered, count)
	}
	return float64(count) / elapsed.Seconds(), command.Wait()
}

// latency returns the median time until one line is answered.
func (r *run) latency(count int) (time.Duration, error) {
	command, in, out, err := start(r.args)
	if err != nil {
		return 0, err
	}
	answers := bufio.NewReader(out)
	var times []time.Duration
	var request []byte
	for i := range count {
		request = r.line(request[:0], i)
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
