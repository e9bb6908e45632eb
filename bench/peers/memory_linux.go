package main

import (
	"os"
	"syscall"
)

// residentMegabytes returns the most memory that a finished process had resident.
func residentMegabytes(state *os.ProcessState) float64 {
	usage := state.SysUsage().(*syscall.Rusage)
	return float64(usage.Maxrss) * 1024 / 1e6
}
