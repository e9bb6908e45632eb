package kernel

// Backend names what the kernels run on: go, avx2 or avx512.
func Backend() string { return backend }

// ConvolveMax convolves one text with a block of folded filters and pools the result over time.
//
// The table has a row of len(maxima) filters for every tap and symbol, [width][vocabulary][filters];
// the convolution at position t is the sum of the rows table[tap][symbols[t+tap]], taps in ascending
// order, and maxima receives each filter's largest sum. There must be at least width symbols.
func ConvolveMax(maxima, table []float32, vocabulary, width int, symbols []uint8) {
	filters := len(maxima)
	done := convolveMaxFast(maxima, table, vocabulary, width, symbols)
	convolveMax(maxima[done:], table[done:], filters, vocabulary, width, symbols)
}

// ConvolveArgMax is ConvolveMax that also stores, for each filter, the position at which the
// maximum stands; of equal ones, the first.
func ConvolveArgMax(maxima []float32, positions []int32, table []float32, vocabulary, width int, symbols []uint8) {
	filters := len(maxima)
	done := convolveArgMaxFast(maxima, positions, table, vocabulary, width, symbols)
	convolveArgMax(maxima[done:], positions[done:], table[done:], filters, vocabulary, width, symbols)
}

// AddScaledRows adds to sum, for every k in ascending order, the row indices[k] of rows times
// scales[k]. A row has len(sum) entries.
func AddScaledRows(sum, rows []float32, indices []int32, scales []float32) {
	scales = scales[:len(indices)]
	done := addScaledRowsFast(sum, rows, indices, scales)
	addScaledRows(sum[done:], rows[done:], len(sum), indices, scales)
}

// AddScaled adds to each entry of sum the same entry of row times scale.
func AddScaled(sum, row []float32, scale float32) {
	AddScaledRows(sum, row[:len(sum)], []int32{0}, []float32{scale})
}

// Dot returns the inner product of a and b, which have the same length: entry i counts to part
// i mod 16, and the parts are added in halves.
func Dot(a, b []float32) float32 {
	b = b[:len(a)]
	var parts [dotParts]float32
	done := dotFast(&parts, a, b)
	dot(&parts, a[done:], b[done:])
	for half := dotParts / 2; half > 0; half /= 2 {
		for i := range half {
			parts[i] += parts[i+half]
		}
	}
	return parts[0]
}
