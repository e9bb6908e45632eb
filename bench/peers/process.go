package main

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"sync/atomic"
	"time"
)

// ready is a worker's first line.
type ready struct {
	Version     string            `json:"version"`
	Choice      map[string]string `json:"choice"` // how it scores each set
	Bytes       int               `json:"bytes"`  // of its model
	Unavailable string            `json:"unavailable,omitempty"`
}

// pass is a worker's answer to a request.
type pass struct {
	Seconds     float64 `json:"seconds"`
	Texts       int     `json:"texts"`
	Unavailable string  `json:"unavailable,omitempty"`
}

// A process is a contender with a number of threads, and what was measured of it.
type process struct {
	contender
	threads int
	ready   ready
	missing string // why there is nothing to measure

	folder  string
	command *exec.Cmd
	input   io.WriteCloser
	output  *bufio.Scanner
	rates   map[string][]float64 // texts a second, by set
	largest map[string]float64   // the largest difference of a score from the reference
	result  map[string][]float64 // what the last pass over each set returned
	texts   map[string]int       // how many the clock counted in it
	memory  float64              // at most, in megabytes; known when it has ended
}

// notMeasured is what stands in a row instead of figures.
func notMeasured(why string) string { return "NOT MEASURED: " + why }

// start starts the worker and waits until it is ready.
func (c contender) start(folder, python string, threads int, sets []string) *process {
	p := &process{
		contender: c, threads: threads, folder: folder,
		rates: make(map[string][]float64), largest: make(map[string]float64), result: make(map[string][]float64), texts: make(map[string]int),
	}
	program := []string{python, "bench/peers/worker.py"}
	if c.isSnowman {
		program = []string{os.Args[0], workerVerb}
	}
	args := slices.Concat(program, []string{c.kind, strconv.Itoa(threads), folder}, sets)
	if taskset, err := exec.LookPath("taskset"); err == nil && threads == 1 {
		// One thread is one core: whatever else a peer starts must run there too.
		args = append([]string{taskset, "-c", strconv.Itoa(runtime.NumCPU() - 1)}, args...)
	}
	p.command = exec.Command(args[0], args[1:]...)
	number := strconv.Itoa(threads)
	p.command.Env = append(os.Environ(), "GOMAXPROCS="+number, "OMP_NUM_THREADS="+number, "MKL_NUM_THREADS="+number)
	errorOutput := new(bytes.Buffer)
	p.command.Stderr = errorOutput
	var err error
	if p.input, err = p.command.StdinPipe(); err != nil {
		p.missing = err.Error()
		return p
	}
	output, err := p.command.StdoutPipe()
	if err == nil {
		err = p.command.Start()
	}
	if err != nil {
		p.missing = err.Error()
		return p
	}
	p.output = bufio.NewScanner(output)
	if err := p.read(&p.ready); err != nil {
		p.missing = fmt.Sprintf("%v %s", err, lastLine(errorOutput.Bytes()))
	} else {
		p.missing = p.ready.Unavailable
	}
	if p.missing != "" {
		p.stop()
	}
	return p
}

// patience is how long a worker may take to answer.
const patience = 6 * time.Minute

// read reads the worker's next line of JSON. Other lines are what libraries print. A worker that
// does not answer is killed.
func (p *process) read(answer any) error {
	var late atomic.Bool
	timer := time.AfterFunc(patience, func() {
		late.Store(true)
		p.command.Process.Kill()
	})
	defer timer.Stop()
	for p.output.Scan() {
		if line := p.output.Bytes(); bytes.HasPrefix(line, []byte("{")) {
			return json.Unmarshal(line, answer)
		}
	}
	if late.Load() {
		return fmt.Errorf("no answer within %v", patience)
	}
	return errors.Join(errors.New("the worker ended"), p.output.Err())
}

// run lets the worker do one pass. Its time counts if its scores equal those of the reference,
// which is another process or nil.
func (p *process) run(set string, reference *process) {
	if p.missing != "" {
		return
	}
	path := filepath.Join(p.folder, "scores")
	var done pass
	_, err := fmt.Fprintf(p.input, "run %s %s\n", set, path)
	if err == nil {
		err = p.read(&done)
	}
	if err == nil && done.Unavailable == "" {
		p.result[set], err = readScores(path)
	}
	if err == nil && done.Unavailable == "" && reference != nil {
		err = p.check(set, done.Texts, reference.result[set])
	}
	if err != nil {
		done.Unavailable = err.Error()
	}
	if done.Unavailable != "" {
		p.missing = done.Unavailable
		p.stop()
		return
	}
	p.texts[set] = done.Texts
	p.rates[set] = append(p.rates[set], float64(done.Texts)/done.Seconds)
}

// check compares the scores of a pass over so many texts with those of the reference. Whichever is
// slower may have scored the first texts of the set alone.
func (p *process) check(set string, texts int, want []float64) error {
	got := p.result[set]
	if len(got) != texts || texts == 0 {
		return fmt.Errorf("%d scores of %d texts of %s", len(got), texts, set)
	}
	for i, score := range got[:min(len(got), len(want))] {
		difference := math.Abs(score - want[i])
		if math.IsNaN(difference) || difference > p.tolerance {
			return fmt.Errorf("score %d of %s is %v, want %v", i, set, score, want[i])
		}
		p.largest[set] = max(p.largest[set], difference)
	}
	return nil
}

// stop ends the worker.
func (p *process) stop() {
	if p.command == nil || p.command.Process == nil {
		return
	}
	p.memory = peakMegabytes(p.command.Process.Pid)
	p.input.Close()
	p.command.Process.Kill()
	p.command.Wait() // the error says that it was killed
	p.command = nil
}

func readScores(path string) ([]float64, error) {
	content, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	scores := make([]float64, len(content)/8)
	_, err = binary.Decode(content, binary.LittleEndian, scores)
	return scores, err
}

func lastLine(text []byte) []byte {
	text = bytes.TrimSpace(text)
	return text[bytes.LastIndexByte(text, '\n')+1:]
}
