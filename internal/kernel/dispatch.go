package kernel

// These stand here, where no build constraint hides them, so that any machine generates all assembly.
//go:generate go run -C _asm . -out ../kernel_amd64.s -stubs ../kernel_amd64_stubs.go -pkg kernel
//go:generate go run -C _asm ./neon -out ../kernel_arm64.s -stubs ../kernel_arm64_stubs.go

// Backend names what the kernels run on: go, avx2, avx512 or neon.
func Backend() string { return backend }

// ConvolveMax convolves texts with a block of folded filters and pools each over time.
//
// The table has a row of Lanes filters for every symbol and tap, [symbols][width][Lanes]. The
// convolution at position t of a text, 1-width <= t < length, is the sum over taps, in ascending order,
// of the row of the symbol at t+tap. features[text*stride:] receives each filter's largest sum plus
// its bias, or 0 where that is not above 0.
func ConvolveMax(features []float32, stride int, table, bias []float32, width int, texts Texts) {
	if !convolveMaxFast(features, stride, table, bias, width, texts) {
		convolveMax(features, stride, table, bias, width, texts)
	}
}

// ConvolveArgMax is ConvolveMax that also stores, laid out as the features, the position at which each
// largest sum stands; of equal ones, the first.
func ConvolveArgMax(features []float32, positions []int32, stride int, table, bias []float32, width int, texts Texts) {
	if !convolveArgMaxFast(features, positions, stride, table, bias, width, texts) {
		convolveArgMax(features, positions, stride, table, bias, width, texts)
	}
}

// ConvolveMax16 is ConvolveMax for a table of int16, [symbols][width][Lanes16], in which the bias is
// part of the first tap's rows. No sum over taps may overflow.
func ConvolveMax16(features []int16, stride int, table []int16, width int, texts Texts) {
	if !convolveMax16Fast(features, stride, table, width, texts) {
		convolveMax16(features, stride, table, width, texts)
	}
}

// Dense adds to each text's sums, columns of them from sums[text*sumStride], the products of its
// features, Lanes of them from features[text*stride], with their rows of weights, [Lanes][columns].
// Features at or below 0 are left out, the others taken in ascending order; the rows of what is left out
// need not be there.
func Dense(sums []float32, columns, sumStride int, weights, features []float32, stride, texts int) {
	done := denseFast(sums, columns, sumStride, weights, features, stride, texts)
	if done < columns {
		dense(sums[done:], columns-done, sumStride, weights[done:], columns, features, stride, texts)
	}
}

// DenseBackward is the way back through Dense: from the gradient by sums to those by features, laid out
// as these, and by weights. For each feature other than 0, dFeatures receives the inner product of its row of
// weights with the text's dSums, and to its row of dWeights the dSums times the feature are added; for a
// feature of 0, dFeatures receives 0, and its rows need not be there. live[text] receives a bit for each feature other than 0. The product is
// summed in 16 parts, entry i in part i mod 16, and the parts are added in halves.
func DenseBackward(dFeatures, dWeights []float32, live []uint32, dSums []float32, columns, sumStride int, weights, features []float32, stride, texts int) {
	if !denseBackwardFast(dFeatures, dWeights, live, dSums, columns, sumStride, weights, features, stride, texts) {
		denseBackward(dFeatures, dWeights, live, dSums, columns, sumStride, weights, features, stride, texts)
	}
}

// Dense16 is Dense for Lanes16 features of int16, none below 0. The products of a column are
// added as int32, which must not overflow; the sum, as float32 and times the column's scale, is
// added to sums. Weights of neighbouring features lie side by side, [Lanes16/2][columns][2]; columns
// are a multiple of 64.
func Dense16(sums []float32, columns, sumStride int, weights []int16, scales []float32, features []int16, stride, texts int) {
	if !dense16Fast(sums, columns, sumStride, weights, scales, features, stride, texts) {
		dense16(sums, columns, sumStride, weights, 2*columns, scales, features, stride, texts)
	}
}

// ConvolveDense16 is ConvolveMax16 for one block and Dense16 for the features of another, previous, with
// strides of Lanes16 and columns. They have nothing to do with each other but that one waits for the
// memory while the other multiplies, so together they take little longer than one.
func ConvolveDense16(features, table []int16, width int, texts Texts, sums []float32, columns int, weights []int16, scales []float32, previous []int16) {
	done := convolveDense16Fast(features, table, width, texts, sums, columns, weights, scales, previous)
	left := len(texts.Ends) - done
	if left == 0 {
		return
	}
	var ends [4]int32 // of fewer than 4 texts that are left
	if done > 0 {
		first := texts.Ends[done-1]
		for i, end := range texts.Ends[done:] {
			ends[i] = end - first
		}
		texts.Symbols, texts.Ends = texts.Symbols[first:], ends[:left]
	}
	ConvolveMax16(features[done*Lanes16:], Lanes16, table, width, texts)
	Dense16(sums[done*columns:], columns, columns, weights, scales, previous[done*Lanes16:], Lanes16, left)
}

// AddScaledRows adds to sum, for every k in ascending order, the row indices[k] of rows times
// scales[k]. A row has len(sum) entries.
func AddScaledRows(sum, rows []float32, indices []int32, scales []float32) {
	scales = scales[:len(indices)]
	done := addScaledRowsFast(sum, rows, indices, scales)
	if done < len(sum) {
		addScaledRows(sum[done:], rows[done:], len(sum), indices, scales)
	}
}

// AddScaled adds to each entry of sum the same entry of row times scale.
func AddScaled(sum, row []float32, scale float32) {
	AddScaledRows(sum, row[:len(sum)], []int32{0}, []float32{scale})
}

// Adam changes the weights by one step of Adam with decoupled weight decay, and the two moments of the
// gradient. All have the same length.
func Adam(weights, gradient, first, second []float32, step *AdamStep) {
	done := adamFast(weights, gradient, first, second, step)
	adam(weights[done:], gradient[done:], first[done:], second[done:], step)
}
