package modelfile

import (
	"fmt"
	"math"

	"github.com/snowman-ml/snowman/internal/cnn"
)

// networkGraph returns the network as a GraphProto. In the comments of this file B are texts and T
// positions; the other letters are in the legend of package cnn.
func networkGraph(p *cnn.Parameters, temperature float32) message {
	g := &graph{}
	g.fields.text(graphName, "snowman")
	g.shared(p)
	var logits string
	if p.Shape.HasViews() {
		logits = g.logitsOfViews(p)
	} else {
		logits = g.output("logits", g.features(p, "", "positions"))
	}
	g.value(graphOutput, "logits", float32Element, "texts", p.Shape.Kinds)
	g.value(graphOutput, "probabilities", float32Element, "texts", p.Shape.Kinds)
	g.value(graphOutput, "score", float32Element, "texts")

	scaled := g.node("Div", "scaled", []string{logits, g.floats("temperature", nil, temperature)})
	probabilities := g.node("Softmax", "probabilities", []string{scaled}, integer("axis", 1))
	malicious := g.slice("malicious", probabilities, 1, 1, 0)
	sum := g.node("ReduceSum", "sum", []string{malicious, g.integers("sum.axes", 1)}, integer("keepdims", 0))
	g.node("Min", "score", []string{sum, g.floats("certain", nil, 1)}) // rounded, the sum may be above 1
	return g.fields
}

// shared adds the tensors that the nodes of every view take.
func (g *graph) shared(p *cnn.Parameters) {
	s := p.Shape
	for _, t := range p.Tensors() {
		if len(t.Shape) < 3 { // not the weights of a convolution
			g.floats(t.Name, t.Shape, t.Data...)
		}
	}
	for _, c := range p.Convolutions {
		g.floats(fmt.Sprintf("conv.%d.weight", c.Width), []int{s.Filters, s.Embedding, c.Width}, filtersFirst(c, s)...)
	}
	g.scalar("zero", 0)
	g.scalar("one", 1)
	g.scalar("padding", int64(s.Padding()))
	g.integers("ends.axes", 1, 2)
	// Not minus infinity, which some programs that run ONNX may not read.
	g.floats("mask.window", nil, 0)
	g.floats("mask.fill", nil, -math.MaxFloat32)
}

// features declares the inputs symbols and lengths, and adds the nodes from there to what the
// output layer reads: [B, H], or [B, P] without a hidden layer. All names begin with the view's.
func (g *graph) features(p *cnn.Parameters, view, positionsOf string) string {
	s := p.Shape
	symbols, lengths := view+"symbols", view+"lengths"
	g.value(graphInput, symbols, int64Element, "texts", positionsOf)
	g.value(graphInput, lengths, int64Element, "texts")

	// A window of any width may start before the padding that stands behind the text: [B, 1, T].
	shape := g.node("Shape", view+"shape", []string{symbols})
	positions := g.node("Range", view+"all", []string{"zero", g.node("Gather", view+"count", []string{shape, "one"}), "one"})
	ends := g.node("Sub", view+"ends", []string{lengths, "padding"})
	ends = g.node("Unsqueeze", view+"ends.columns", []string{ends, "ends.axes"})
	isWindow := g.node("Less", view+"is_window", []string{positions, ends})
	mask := g.node("Where", view+"mask", []string{isWindow, "mask.window", "mask.fill"})

	embedded := g.node("Gather", view+"embedded", []string{"embedding.weight", symbols})
	embedded = g.node("Transpose", view+"embedded.columns", []string{embedded}, integerList("perm", 0, 2, 1)) // [B, D, T]
	var pooled []string
	for _, c := range p.Convolutions {
		tensors := fmt.Sprintf("conv.%d", c.Width)
		name := view + tensors
		spare := s.Padding() - (c.Width - 1) // narrower filters see less of the padding: as in cnn
		visible := g.slice(name+".symbols", embedded, 2, spare, spare)
		windows := g.node("Conv", name+".windows", []string{visible, tensors + ".weight", tensors + ".bias"}) // [B, F, T - 2 spare - w + 1]
		windows = g.node("Add", name+".masked", []string{windows, g.slice(name+".mask", mask, 2, spare, s.Padding())})
		pooled = append(pooled, g.node("ReduceMax", name+".maximum", []string{windows}, integerList("axes", 2), integer("keepdims", 0)))
	}
	features := g.node("Concat", view+"maximum", pooled, integer("axis", 1))
	features = g.node("Relu", view+"pooled", []string{features}) // [B, P]
	if s.Hidden > 0 {
		features = g.node("Gemm", view+"dense", []string{features, "dense.weight", "dense.bias"})
		features = g.node("Relu", view+"hidden", []string{features})
	}
	return features
}

// output adds the output layer, of features or of those of two views.
func (g *graph) output(name string, features ...string) string {
	if len(features) > 1 {
		features = []string{g.node("Concat", name+".views", features, integer("axis", 1))}
	}
	return g.node("Gemm", name, []string{features[0], "output.weight", "output.bias"})
}

// logitsOfViews adds the nodes of a network with two views up to the logits, [B, K].
func (g *graph) logitsOfViews(p *cnn.Parameters) string {
	host := g.features(p, "host_", "host_positions")
	whole := g.features(p, "whole_", "whole_positions")
	if !p.Floor.Exists() {
		return g.output("logits", host, whole)
	}
	// As in cnn: the largest of what the whole, the host and the registered domain say.
	domain := g.features(p, "domain_", "domain_positions")
	g.value(graphInput, "has_floor", boolElement, "texts")
	hasFloor := g.node("Unsqueeze", "has_floor.column", []string{"has_floor", g.integers("column", 1)})
	g.floor("host_floor", p.Floor.Host, p.Shape.Kinds)
	g.floor("domain_floor", p.Floor.RegisteredDomain, p.Shape.Kinds)
	best := g.output("whole", host, whole)
	host = g.node("Add", "host.raised", []string{g.output("host", host, host), "host_floor"})
	best = g.larger("whole_or_host", best, host, hasFloor, p.Shape.Kinds)
	domain = g.node("Add", "domain.raised", []string{g.output("domain", domain, domain), "domain_floor"})
	return g.larger("logits", best, domain, hasFloor, p.Shape.Kinds)
}

// floor adds a constant that raises the benign logit.
func (g *graph) floor(name string, logOdds float64, kinds int) {
	benign := make([]float32, kinds)
	benign[0] = float32(logOdds)
	g.floats(name, []int{kinds}, benign...)
}

// larger adds the nodes for the raised logits of one view alone, where they are more malicious than
// the best so far and there is a floor.
func (g *graph) larger(name, best, raised, hasFloor string, kinds int) string {
	isMore := g.node("Greater", name+".is_more", []string{g.logOdds(name+".alone", raised, kinds), g.logOdds(name+".best", best, kinds)})
	holds := g.node("And", name+".holds", []string{hasFloor, isMore})
	return g.node("Where", name, []string{holds, raised, best})
}

// logOdds adds the nodes for log sum_{k>0} exp l_k - l_0 of logits l, [B, 1].
func (g *graph) logOdds(name, logits string, kinds int) string {
	malicious := g.slice(name+".malicious", logits, 1, 1, 0)
	malicious = g.node("ReduceLogSumExp", name+".sum", []string{malicious}, integerList("axes", 1), integer("keepdims", 1))
	return g.node("Sub", name+".odds", []string{malicious, g.slice(name+".benign", logits, 1, 0, kinds-1)})
}

// filtersFirst returns the weights [F][D][w], as Conv wants them.
func filtersFirst(c cnn.Convolution, s cnn.Shape) []float32 {
	weights := make([]float32, 0, len(c.Weight))
	for f := range s.Filters {
		for d := range s.Embedding {
			for j := range c.Width {
				weights = append(weights, c.Weight[(j*s.Embedding+d)*s.Filters+f])
			}
		}
	}
	return weights
}
