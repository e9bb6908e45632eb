package cnn

import "github.com/snowman-ml/snowman/internal/kernel"

// A Network is a folded, immutable network, safe for use by any number of goroutines.
type Network struct {
	parameters *Parameters
	blocks     []block
	tables     [][]float32 // one for each block
	pooled     []int32     // 0 ... P-1
	features   []int32     // 0 ... features-1
}

// NewNetwork folds the parameters, which must not change afterwards.
func NewNetwork(p *Parameters) *Network {
	n := &Network{parameters: p, blocks: p.Shape.blocks(), pooled: count(p.Shape.Pooled()), features: count(p.Shape.features())}
	for _, b := range n.blocks {
		table := make([]float32, b.tableSize(p.Shape))
		b.fold(table, p)
		n.tables = append(n.tables, table)
	}
	return n
}

// Parameters returns what the network was folded from.
func (n *Network) Parameters() *Parameters { return n.parameters }

// Shape returns the network's shape.
func (n *Network) Shape() Shape { return n.parameters.Shape }

// Scratch is the memory that scoring one text needs. It belongs to one goroutine.
type Scratch struct {
	pooled, hidden, logits []float32
}

// NewScratch returns scratch memory for this network.
func (n *Network) NewScratch() *Scratch {
	s := n.Shape()
	return &Scratch{pooled: make([]float32, s.Pooled()), hidden: make([]float32, s.Hidden), logits: make([]float32, s.Kinds)}
}

// Logits returns the K logits of one padded text. They lie in the scratch memory and hold until its
// next use.
func (n *Network) Logits(scratch *Scratch, symbols []uint8) []float32 {
	p := n.parameters
	for i, b := range n.blocks {
		pooled := scratch.pooled[b.pooled:][:b.filters]
		kernel.ConvolveMax(pooled, n.tables[i], p.Shape.Symbols, b.width, p.Shape.window(symbols, b.width))
		for f, bias := range b.bias(p) {
			pooled[f] = max(pooled[f]+bias, 0)
		}
	}
	features, indices := scratch.pooled, n.pooled
	if p.Shape.Hidden > 0 {
		copy(scratch.hidden, p.DenseBias)
		kernel.AddScaledRows(scratch.hidden, p.DenseWeight, indices, features)
		for i, h := range scratch.hidden {
			scratch.hidden[i] = max(h, 0)
		}
		features, indices = scratch.hidden, n.features
	}
	copy(scratch.logits, p.OutputBias)
	kernel.AddScaledRows(scratch.logits, p.OutputWeight, indices, features)
	return scratch.logits
}

// count returns 0 ... n-1.
func count(n int) []int32 {
	indices := make([]int32, n)
	for i := range indices {
		indices[i] = int32(i)
	}
	return indices
}
