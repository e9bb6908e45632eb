package main

import (
	"os"
	"syscall"
)

// residentMegabytes returns the peak resident memory of a finished process.
func residentMegabytes(state *os.ProcessState) float64 {
	usage := state.SysUsage().(*syscall.Rusage)
	return float64(usage.Maxrss) * 1024 / 1e6
}
