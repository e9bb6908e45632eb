// Package program measures whole programs for the benches: time, processor time and memory.
package program

import (
	"cmp"
	"context"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"strings"
	"time"
)

// A Pass is one run of a program.
type Pass struct {
	Seconds float64
	CPU     float64 // seconds of all cores
	Memory  int64   // bytes, at most
}

// Run runs a program whose output nobody reads.
func Run(ctx context.Context, args []string) (Pass, error) {
	program := exec.CommandContext(ctx, args[0], args[1:]...)
	var stderr strings.Builder
	program.Stderr = &stderr
	started := time.Now()
	if err := program.Run(); err != nil {
		return Pass{}, fmt.Errorf("%s: %w: %.500s", strings.Join(args, " "), err, stderr.String())
	}
	return Ended(program.ProcessState, time.Since(started)), nil
}

// Ended returns the pass of a program that ended, which took so long.
func Ended(state *os.ProcessState, took time.Duration) Pass {
	return Pass{took.Seconds(), (state.UserTime() + state.SystemTime()).Seconds(), peakMemory(state)}
}

// Median returns the pass of middle length, with the most memory of all.
func Median(passes []Pass) Pass {
	passes = slices.SortedFunc(slices.Values(passes), func(a, b Pass) int { return cmp.Compare(a.Seconds, b.Seconds) })
	middle := passes[len(passes)/2]
	for _, p := range passes {
		middle.Memory = max(middle.Memory, p.Memory)
	}
	return middle
}
