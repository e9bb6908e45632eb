//go:build !linux

package program

import "os"

// peakMemory is known on Linux alone.
func peakMemory(*os.ProcessState) int64 { return 0 }
