package program

import (
	"os"
	"syscall"
)

// peakMemory returns how many bytes a program had in memory at most.
func peakMemory(state *os.ProcessState) int64 {
	return state.SysUsage().(*syscall.Rusage).Maxrss << 10
}
