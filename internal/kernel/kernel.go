// Package kernel holds the few loops in which Snowman spends its time.
//
// Each function here is plain Go and is the definition: whatever replaces it on some processor must
// return the same values. The functions know slices of numbers and no type of this project's.
// They check nothing but what the language checks; callers hold the stated lengths.
package kernel

// ConvolveMax convolves one text with a block of folded filters and pools the result over time.
//
// The table has a row of len(maxima) filters for every tap and symbol, [width][vocabulary][filters];
// the convolution at position t is the sum of the rows table[tap][symbols[t+tap]], taps in ascending
// order, and maxima receives each filter's largest sum. There must be at least width symbols, each
// below vocabulary.
func ConvolveMax(maxima, table []float32, vocabulary, width int, symbols []uint8) {
	filters := len(maxima)
	var buffer [64]float32
	sums := buffer[:]
	if filters > len(sums) {
		sums = make([]float32, filters)
	}
	sums = sums[:filters]
	for t := 0; t+width <= len(symbols); t++ {
		sumRows(sums, table, vocabulary, symbols[t:t+width])
		if t == 0 {
			copy(maxima, sums)
			continue
		}
		for f, sum := range sums {
			if sum > maxima[f] {
				maxima[f] = sum
			}
		}
	}
}

// ConvolveArgMax is ConvolveMax that also stores, for each filter, the position at which the
// maximum stands; of equal ones, the first.
func ConvolveArgMax(maxima []float32, positions []int32, table []float32, vocabulary, width int, symbols []uint8) {
	filters := len(maxima)
	positions = positions[:filters]
	var buffer [64]float32
	sums := buffer[:]
	if filters > len(sums) {
		sums = make([]float32, filters)
	}
	sums = sums[:filters]
	for t := 0; t+width <= len(symbols); t++ {
		sumRows(sums, table, vocabulary, symbols[t:t+width])
		if t == 0 {
			copy(maxima, sums)
			clear(positions)
			continue
		}
		for f, sum := range sums {
			if sum > maxima[f] {
				maxima[f] = sum
				positions[f] = int32(t)
			}
		}
	}
}

// sumRows sets sums to the sum of one table row for each tap, in the order of the taps.
func sumRows(sums, table []float32, vocabulary int, window []uint8) {
	filters := len(sums)
	copy(sums, table[int(window[0])*filters:])
	for tap := 1; tap < len(window); tap++ {
		row := table[(tap*vocabulary+int(window[tap]))*filters:][:filters]
		for f, entry := range row {
			sums[f] += entry
		}
	}
}

// AddScaledRows adds to sum, for every k in ascending order, the row indices[k] of rows times scales[k].
// A row has len(sum) entries.
func AddScaledRows(sum, rows []float32, indices []int32, scales []float32) {
	width := len(sum)
	scales = scales[:len(indices)]
	k := 0
	// Four rows a pass save three of four loads and stores of sum; each entry still receives the
	// same additions in the same order.
	for ; k+4 <= len(indices); k += 4 {
		row0 := rows[int(indices[k])*width:][:width]
		row1 := rows[int(indices[k+1])*width:][:width]
		row2 := rows[int(indices[k+2])*width:][:width]
		row3 := rows[int(indices[k+3])*width:][:width]
		scale0, scale1, scale2, scale3 := scales[k], scales[k+1], scales[k+2], scales[k+3]
		for i := range sum {
			sum[i] = sum[i] + scale0*row0[i] + scale1*row1[i] + scale2*row2[i] + scale3*row3[i]
		}
	}
	for ; k < len(indices); k++ {
		AddScaled(sum, rows[int(indices[k])*width:], scales[k])
	}
}

// AddScaled adds to each entry of sum the same entry of row times scale.
func AddScaled(sum, row []float32, scale float32) {
	row = row[:len(sum)]
	for i, entry := range row {
		sum[i] += scale * entry
	}
}

// Dot returns the inner product of a and b, which have the same length, summed in four interleaved parts.
func Dot(a, b []float32) float32 {
	b = b[:len(a)]
	var sum0, sum1, sum2, sum3 float32
	i := 0
	for ; i+4 <= len(a); i += 4 {
		sum0 += a[i] * b[i]
		sum1 += a[i+1] * b[i+1]
		sum2 += a[i+2] * b[i+2]
		sum3 += a[i+3] * b[i+3]
	}
	for ; i < len(a); i++ {
		sum0 += a[i] * b[i]
	}
	return (sum0 + sum1) + (sum2 + sum3)
}
