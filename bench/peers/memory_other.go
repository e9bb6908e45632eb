//go:build !linux

package main

import (
	"math"
	"os"
)

// residentMegabytes would return the most memory that a finished process had resident; systems count
// it in different units.
func residentMegabytes(*os.ProcessState) float64 { return math.NaN() }
