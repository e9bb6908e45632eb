package modelfile

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"io"
	"math"
	"slices"
	"strings"
	"testing"

	"google.golang.org/protobuf/encoding/protowire"

	"github.com/snowman-ml/snowman/internal/cnn"
)

// decoded is a protobuf message: what each field holds, a number or bytes, in the file's order.
type decoded map[protowire.Number][]content

type content struct {
	number uint64
	bytes  []byte
}

func decode(t *testing.T, message []byte) decoded {
	t.Helper()
	fields := decoded{}
	for len(message) > 0 {
		number, kind, length := protowire.ConsumeTag(message)
		if length < 0 {
			t.Fatal(protowire.ParseError(length))
		}
		message = message[length:]
		var c content
		switch kind {
		case protowire.VarintType:
			c.number, length = protowire.ConsumeVarint(message)
		case protowire.BytesType:
			c.bytes, length = protowire.ConsumeBytes(message)
		default:
			t.Fatalf("field %d is of wire type %d", number, kind)
		}
		if length < 0 {
			t.Fatal(protowire.ParseError(length))
		}
		message = message[length:]
		fields[number] = append(fields[number], c)
	}
	return fields
}

func (d decoded) text(field protowire.Number) string { return string(d[field][0].bytes) }

func (d decoded) texts(field protowire.Number) (texts []string) {
	for _, c := range d[field] {
		texts = append(texts, string(c.bytes))
	}
	return texts
}

func (d decoded) integers(field protowire.Number) (integers []int) {
	for _, c := range d[field] {
		integers = append(integers, int(c.number))
	}
	return integers
}

func writeONNX(t *testing.T, m Model) []byte {
	t.Helper()
	var file bytes.Buffer
	if err := m.WriteONNX(&file); err != nil {
		t.Fatal(err)
	}
	return file.Bytes()
}

// withoutHidden returns the small model without its hidden layer.
func withoutHidden(t *testing.T) Model {
	m := newModel(t)
	m.Metadata.Shape.Hidden = 0
	p, err := cnn.NewParameters(m.Metadata.Shape)
	if err != nil {
		t.Fatal(err)
	}
	copy(p.Flat, m.Parameters.Flat)
	m.Parameters = p
	return m
}

// twoViews returns the small model with two views.
func twoViews(t *testing.T, floor float64) Model {
	m := newModel(t)
	withViews(&m)
	m.Metadata.Floor = cnn.Floor{Host: floor / 2, RegisteredDomain: floor}
	m.Parameters.Floor = m.Metadata.Floor
	return m
}

func TestONNXHasTheTensorsOfTheModel(t *testing.T) {
	for name, m := range map[string]Model{"with a hidden layer": newModel(t), "without": withoutHidden(t), "with views": twoViews(t, 1)} {
		t.Run(name, func(t *testing.T) {
			graph := decode(t, decode(t, writeONNX(t, m))[modelGraph][0].bytes)
			tensors := map[string]decoded{}
			for _, c := range graph[graphInitializer] {
				tensor := decode(t, c.bytes)
				size := map[int]int{float32Element: 4, int64Element: 8}[tensor.integers(tensorType)[0]]
				for _, n := range tensor.integers(tensorDimension) {
					size *= n
				}
				if got := len(tensor[tensorData][0].bytes); got != size {
					t.Errorf("tensor %q has %d bytes, want %d", tensor.text(tensorName), got, size)
				}
				tensors[tensor.text(tensorName)] = tensor
			}
			for _, want := range m.Parameters.Tensors() {
				tensor, found := tensors[want.Name]
				if !found {
					t.Errorf("tensor %q is missing", want.Name)
					continue
				}
				shape, data := want.Shape, want.Data
				if len(shape) == 3 { // a convolution: [w][D][F] has become [F][D][w]
					w, d, f := shape[0], shape[1], shape[2]
					shape, data = []int{f, d, w}, make([]float32, len(data))
					for i := range data {
						data[i] = want.Data[(i%w*d+i/w%d)*f+i/w/d]
					}
				}
				if got := tensor.integers(tensorDimension); !slices.Equal(got, shape) {
					t.Errorf("tensor %q has shape %v, want %v", want.Name, got, shape)
				}
				for i, value := range data {
					got := math.Float32frombits(binary.LittleEndian.Uint32(tensor[tensorData][0].bytes[4*i:]))
					if got != value {
						t.Errorf("tensor %q: value %d is %v, want %v", want.Name, i, got, value)
					}
				}
			}
			if _, found := tensors["dense.weight"]; found != (m.Metadata.Shape.Hidden > 0) {
				t.Errorf("it is %v that there is a hidden layer", found)
			}
		})
	}
}

func TestONNXGraphIsConnected(t *testing.T) {
	const (
		view    = "Gather Transpose Slice Conv Slice Add ReduceMax Conv Slice Add ReduceMax Concat Relu Gemm Relu"
		mask    = " Shape Gather Range Sub Unsqueeze Less Where "
		views   = view + mask + view
		logOdds = " Slice ReduceLogSumExp Slice Sub"
		larger  = " Concat Gemm Add" + logOdds + logOdds + " Greater And Where"
		end     = " Div Softmax Slice ReduceSum Min"
	)
	for name, test := range map[string]struct {
		model Model
		want  string // the operators from the embedding on
	}{
		"with views and no floor": {twoViews(t, 0), views + " Concat Gemm" + end},
		"with views and a floor":  {twoViews(t, 1), views + mask + view + " Unsqueeze Concat Gemm" + larger + larger + end},
		"with a hidden layer": {newModel(t), "Gather Transpose" +
			" Slice Conv Slice Add ReduceMax" + // width 1 leaves out the padding
			" Conv Slice Add ReduceMax" + // width 2 sees it
			" Concat Relu Gemm Relu Gemm Div Softmax Slice ReduceSum Min"},
		"without": {withoutHidden(t), "Gather Transpose" +
			" Slice Conv Slice Add ReduceMax" +
			" Conv Slice Add ReduceMax" +
			" Concat Relu Gemm Div Softmax Slice ReduceSum Min"},
	} {
		t.Run(name, func(t *testing.T) {
			graph := decode(t, decode(t, writeONNX(t, test.model))[modelGraph][0].bytes)
			known := map[string]bool{}
			know := func(name string) {
				if known[name] {
					t.Errorf("the name %q stands twice", name)
				}
				known[name] = true
			}
			for _, c := range graph[graphInput] {
				know(decode(t, c.bytes).text(infoName))
			}
			for _, c := range graph[graphInitializer] {
				know(decode(t, c.bytes).text(tensorName))
			}
			used := map[string]bool{}
			var operators []string
			for _, c := range graph[graphNode] {
				node := decode(t, c.bytes)
				for _, input := range node.texts(nodeInput) {
					if !known[input] {
						t.Errorf("node %q takes %q, which nothing before it gives", node.text(nodeName), input)
					}
					used[input] = true
				}
				know(node.text(nodeOutput))
				operators = append(operators, node.text(nodeOperator))
			}
			for _, c := range graph[graphOutput] {
				used[decode(t, c.bytes).text(infoName)] = true
			}
			for name := range known {
				if !used[name] {
					t.Errorf("nothing uses %q", name)
				}
			}
			for name := range used {
				if !known[name] {
					t.Errorf("nothing gives the output %q", name)
				}
			}
			if got := strings.Join(operators, " "); !strings.HasSuffix(got, " Where "+test.want) {
				t.Errorf("the operators are %s, want %s at their end", got, test.want)
			}
		})
	}
}

func TestONNXDeclaresInputsAndOutputs(t *testing.T) {
	checkInputs(t, newModel(t), "symbols 7 texts positions", "lengths 7 texts")
	views := []string{
		"host_symbols 7 texts host_positions", "host_lengths 7 texts", "whole_symbols 7 texts whole_positions", "whole_lengths 7 texts",
	}
	checkInputs(t, twoViews(t, 0), views...)
	checkInputs(t, twoViews(t, 1), append(views, "domain_symbols 7 texts domain_positions", "domain_lengths 7 texts", "has_floor 9 texts")...)
}

func checkInputs(t *testing.T, m Model, inputs ...string) {
	t.Helper()
	file := decode(t, writeONNX(t, m))
	graph := decode(t, file[modelGraph][0].bytes)
	var got []string
	for _, c := range slices.Concat(graph[graphInput], graph[graphOutput]) {
		value := decode(t, c.bytes)
		tensor := decode(t, decode(t, value[infoType][0].bytes)[typeTensor][0].bytes)
		line := fmt.Sprint(value.text(infoName), " ", tensor.integers(typeElement)[0])
		for _, c := range decode(t, tensor[typeShape][0].bytes)[shapeDimension] {
			dimension := decode(t, c.bytes)
			if size := dimension.integers(dimensionSize); len(size) == 1 {
				line += fmt.Sprint(" ", size[0])
			} else {
				line += " " + dimension.text(dimensionParameter)
			}
		}
		got = append(got, line)
	}
	want := append(inputs, "logits 1 texts 2", "probabilities 1 texts 2", "score 1 texts")
	if !slices.Equal(got, want) {
		t.Errorf("inputs and outputs are %q, want %q", got, want)
	}
}

func TestONNXCarriesTheMetadata(t *testing.T) {
	m := newModel(t)
	m.SHA256 = strings.Repeat("0123", 16)
	file := decode(t, writeONNX(t, m))
	if version, operators := file.integers(modelVersion)[0], decode(t, file[modelOperators][0].bytes).integers(operatorsVersion)[0]; version != 8 || operators != 17 {
		t.Errorf("versions are %d and %d, want 8 and 17", version, operators)
	}
	want := texts(t, func(*Model) {})
	want["sha256"] = m.SHA256
	want["padding"] = "1"
	var names []string
	for _, c := range file[modelMetadata] {
		entry := decode(t, c.bytes)
		name := entry.text(metadataName)
		names = append(names, name)
		if got := entry.text(metadataText); got != want[name] {
			t.Errorf("metadata %q is %q, want %q", name, got, want[name])
		}
	}
	if len(names) != len(want) || !slices.IsSorted(names) {
		t.Errorf("metadata are %q, want %d in order", names, len(want))
	}
}

func TestEqualModelsAreEqualONNX(t *testing.T) {
	first := writeONNX(t, newModel(t))
	for range 10 { // the metadata come from a map
		if !bytes.Equal(writeONNX(t, newModel(t)), first) {
			t.Fatal("written twice, the bytes differ")
		}
	}
}

func TestModelThatCouldNotBeReadIsNotWrittenAsONNX(t *testing.T) {
	for name, test := range map[string]struct {
		change func(*Model)
		want   string
	}{
		"a weight that is not finite":    {func(m *Model) { m.Parameters.Embedding[1] = float32(math.NaN()) }, `tensor "embedding.weight": value 1 is NaN`},
		"parameters of another shape":    {func(m *Model) { m.Metadata.Shape.Filters++ }, "the parameters are not of the shape in the metadata"},
		"a temperature for float64 only": {func(m *Model) { m.Metadata.Temperature = 1e-300 }, "temperature 1e-300 does not fit into a float32"},
	} {
		t.Run(name, func(t *testing.T) {
			m := newModel(t)
			test.change(&m)
			err := m.WriteONNX(io.Discard)
			wantError(t, err, "writing model as ONNX: ")
			wantError(t, err, test.want)
		})
	}
}
