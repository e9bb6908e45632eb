package cnn

import "github.com/snowman-ml/snowman/internal/kernel"

// A Network is a folded, immutable network, safe for use by any number of goroutines.
type Network struct {
	parameters *Parameters
	blocks     []block
	tables     [][]float32 // one for each block
}

// NewNetwork folds the parameters, which must not change afterwards.
func NewNetwork(p *Parameters) *Network {
	n := &Network{parameters: p, blocks: p.Shape.blocks()}
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
	live                   []int32   // the indices of features above 0
	scales                 []float32 // those features
}

// NewScratch returns scratch memory for this network.
func (n *Network) NewScratch() *Scratch {
	s := n.Shape()
	most := max(s.Pooled(), s.Hidden)
	return &Scratch{
		pooled: make([]float32, s.Pooled()),
		hidden: make([]float32, s.Hidden),
		logits: make([]float32, s.Kinds),
		live:   make([]int32, most),
		scales: make([]float32, most),
	}
}

// Logits returns the K logits of one padded text. They lie in the scratch memory and hold until its
// next use.
func (n *Network) Logits(scratch *Scratch, symbols []uint8) []float32 {
	p := n.parameters
	for i, b := range n.blocks {
		pooled := scratch.pooled[b.pooled:][:b.filters]
		kernel.ConvolveMax(pooled, n.tables[i], p.Shape.Symbols, b.width, p.Shape.window(symbols, b.width))
		for f, bias := range b.bias(p) {
			pooled[f] += bias
		}
	}
	features := scratch.pooled
	if p.Shape.Hidden > 0 {
		scratch.relu(scratch.hidden, features, p.DenseWeight, p.DenseBias)
		features = scratch.hidden
	}
	scratch.relu(scratch.logits, features, p.OutputWeight, p.OutputBias)
	return scratch.logits
}

// relu sets out to bias + relu(in) . weight. Of features at or below 0, which are about half, the
// rows are not even loaded.
func (s *Scratch) relu(out, in, weight, bias []float32) {
	live := kernel.Positive(s.live, s.scales, in)
	copy(out, bias)
	kernel.AddScaledRows(out, weight, s.live[:live], s.scales[:live])
}

// count returns 0 ... n-1.
func count(n int) []int32 {
	indices := make([]int32, n)
	for i := range indices {
		indices[i] = int32(i)
	}
	return indices
}
