package main

import (
	"fmt"
	"math"
)

// thousands writes a count with commas. From a thousand on it keeps three digits: speed cannot be
// measured better.
func thousands(count float64) string {
	if !(count < 1e15) {
		return "-"
	}
	if count >= 1000 {
		unit := math.Pow(10, math.Floor(math.Log10(count))-2)
		count = math.Round(count/unit) * unit
	}
	digits := fmt.Sprintf("%.0f", count)
	for i := len(digits) - 3; i > 0; i -= 3 {
		digits = digits[:i] + "," + digits[i:]
	}
	return digits
}

func ratio(x float64) string {
	switch {
	case math.IsNaN(x): // what it is divided by is not available
		return "-"
	case x >= 10:
		return fmt.Sprintf("%.0f", x)
	}
	return fmt.Sprintf("%.2f", x)
}
