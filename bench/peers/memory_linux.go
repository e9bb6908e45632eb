package main

import (
	"fmt"
	"math"
	"os"
	"strings"
	"syscall"
)

// residentMegabytes returns the peak resident memory of a finished process, or of the largest one
// that it waited for.
func residentMegabytes(state *os.ProcessState) float64 {
	usage := state.SysUsage().(*syscall.Rusage)
	return float64(usage.Maxrss) * 1024 / 1e6
}

// peakMegabytes returns the peak resident memory of a process that runs, alone. It is NaN if the
// kernel does not tell.
func peakMegabytes(pid int) float64 {
	content, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return math.NaN()
	}
	_, line, _ := strings.Cut(string(content), "VmHWM:")
	var kibibytes float64
	if _, err := fmt.Sscan(line, &kibibytes); err != nil {
		return math.NaN()
	}
	return kibibytes * 1024 / 1e6
}
