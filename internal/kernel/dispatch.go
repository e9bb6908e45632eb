package kernel

// These directives stand in a file without build constraints, so that every machine generates all
// assembly.
//go:generate go run -C _asm . -out ../kernel_amd64.s -stubs ../kernel_amd64_stubs.go -pkg kernel
//go:generate go run -C _asm ./neon -out ../kernel_arm64.s -stubs ../kernel_arm64_stubs.go

// Backend names what the kernels run on: go, avx2, avx512, neon or dotprod.
func Backend() string { return backend }

// ConvolveMax convolves texts with a block of filters and pools each filter over time.
//
// The convolution at position t of a text, 1-Width <= t < length, is the sum over taps, in
// ascending order, of the table's row for the symbol at t+tap. Each text's features receive every
// filter's largest sum plus its bias, or 0 where that is not above 0.
func ConvolveMax(features Rows, filters Filters, texts Texts) {
	if !convolveMaxFast(features, filters, texts) {
		convolveMax(features, filters, texts)
	}
}

// ConvolveArgMax is ConvolveMax that also stores, laid out as the features, the position of each
// largest sum: of equal ones, the first.
func ConvolveArgMax(features Rows, positions []int32, filters Filters, texts Texts) {
	if !convolveArgMaxFast(features, positions, filters, texts) {
		convolveArgMax(features, positions, filters, texts)
	}
}

// ConvolveBackward is the way back through ConvolveArgMax: from the gradient by the features, and
// the positions, laid out alike, to that by the filters, to which it adds. A text has an entry in
// live with a bit for each feature that counts: the others were 0, and nothing went through them.
//
// For each of these features, in the order of texts, what it receives is added to the bias and, for
// each tap, to the table's row for the symbol under it.
func ConvolveBackward(gradient Filters, dFeatures Rows, positions []int32, live []uint32, texts Padded) {
	if !convolveBackwardFast(gradient, dFeatures, positions, live, texts) {
		convolveBackward(gradient, dFeatures, positions, live, texts)
	}
}

// ConvolveMax8 is ConvolveMax in int8. Sums saturate after each tap.
func ConvolveMax8(features Rows8, filters Filters8, texts Texts) {
	if !convolveMax8Fast(features, filters, texts) {
		convolveMax8(features, filters, texts)
	}
}

// Drop sets to 0 the features of each text that have a bit in dropped.
func Drop(features Rows, dropped []uint32) {
	if !dropFast(features, dropped) {
		drop(features, dropped)
	}
}

// Dense adds to each text's sums, one a column, the products of its Lanes features with their rows
// of weights. It leaves out features that are not above 0 and takes the others in ascending order.
// Rows of weights that no feature needs may be missing.
func Dense(sums Rows, weights Weights, features Rows, texts int) {
	done := denseFast(sums, weights, features, texts)
	if done < weights.Columns {
		dense(sums, weights, features, texts, done)
	}
}

// DenseBackward is the way back through Dense: from the gradient by the sums to those by the
// features and by the weights. There is a text for each entry of gradient.Live.
//
// For each feature other than 0, gradient.Features receives the inner product of its row of weights
// with the text's dSums, and the dSums times the feature are added to its row of gradient.Weights.
// A feature of 0 receives 0, and its rows may be missing. The inner product is summed in 16 parts,
// entry i in part i mod 16, and the second half of the parts is added to the first until one is
// left.
func DenseBackward(gradient DenseGradient, dSums Rows, weights Weights, features Rows) {
	if !denseBackwardFast(gradient, dSums, weights, features) {
		denseBackward(gradient, dSums, weights, features)
	}
}

// Dense8 is Dense for Lanes8 features of ConvolveMax8. The products of a column are added as int32.
// Their sum, as float32 and times the column's scale, is added to sums.
func Dense8(sums Rows, weights Weights8, features Rows8, texts int) {
	if !dense8Fast(sums, weights, features, texts) {
		dense8(sums, weights, features, texts)
	}
}

// convolveDense8 is ConvolveMax8 for one block and Dense8 for the features of another, previous,
// with strides of Lanes8. The two are independent, but one waits for memory while the other
// multiplies, so together they take little longer than one.
func convolveDense8(features []uint8, filters Filters8, texts Texts, sums Rows, weights Weights8, previous []uint8) {
	done := convolveDense8Fast(features, filters, texts, sums, weights, previous)
	left := len(texts.Ends) - done
	if left == 0 {
		return
	}
	var end [1]int32 // of what is left: one text, where any are done
	if done > 0 {
		first := texts.Ends[done-1]
		end[0] = texts.Ends[done] - first
		texts.Symbols, texts.Ends = texts.Symbols[first:], end[:]
	}
	sums.Data = sums.Data[done*sums.Stride:]
	ConvolveMax8(Rows8{features[done*Lanes8:], Lanes8}, filters, texts)
	Dense8(sums, weights, Rows8{previous[done*Lanes8:], Lanes8}, left)
}

// Blocks8 adds to each text's sums, one a column, what Dense8 makes of ConvolveMax8, for all
// blocks. The memory has room for 2*Lanes8 features of each text.
//
// All texts run through one block before the next, so that a block's table and weights stay in the
// caches near the core. One to three texts, as many as one has views, would wait for both to come
// there, and take another way.
func Blocks8(sums Rows, filters []Filters8, weights []Weights8, x Texts, memory []uint8) {
	const few = 3
	texts := len(x.Ends)
	if texts <= few && fewTexts8Fast(sums, filters, weights, x) {
		return
	}
	features, previous := memory[:texts*Lanes8], memory[texts*Lanes8:]
	ConvolveMax8(Rows8{features, Lanes8}, filters[0], x)
	for i, block := range filters[1:] {
		features, previous = previous, features
		convolveDense8(features, block, x, sums, weights[i], previous)
	}
	Dense8(sums, weights[len(weights)-1], Rows8{features, Lanes8}, texts)
}

// Fold sets the rows of some symbols in a table with as many columns as the weights, [D][Columns].
// A symbol's row is the sum, from 0 on and for every d in ascending order, of row d of the weights
// times entry d of the symbol's embedding.
func Fold(table []float32, symbols []int32, embedding Rows, weights Weights) {
	done := foldFast(table, symbols, embedding, weights)
	if done < weights.Columns {
		fold(table, symbols, embedding, weights, done)
	}
}

// Add adds to each entry of sum the same entry of row.
func Add(sum, row []float32) {
	row = row[:len(sum)]
	done := addFast(sum, row)
	add(sum[done:], row[done:])
}

// Adam takes one step of Adam with decoupled weight decay: it changes the weights and the two
// moments of the gradient. All four have the same length.
func Adam(weights, gradient, first, second []float32, step *AdamStep) {
	done := adamFast(weights, gradient, first, second, step)
	adam(weights[done:], gradient[done:], first[done:], second[done:], step)
}
