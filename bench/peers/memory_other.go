//go:build !linux

package main

import (
	"math"
	"os"
)

// residentMegabytes returns NaN: systems count resident memory in different units.
func residentMegabytes(*os.ProcessState) float64 { return math.NaN() }

// peakMegabytes returns NaN, too.
func peakMegabytes(int) float64 { return math.NaN() }
