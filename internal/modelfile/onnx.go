package modelfile

import (
	"encoding/binary"
	"fmt"
	"io"
	"maps"
	"math"
	"slices"
	"strconv"

	"google.golang.org/protobuf/encoding/protowire"
)

// Numbers of fields, from the messages in https://github.com/onnx/onnx/blob/main/onnx/onnx.proto3.
const (
	modelVersion   protowire.Number = 1
	modelProducer  protowire.Number = 2
	modelText      protowire.Number = 6
	modelGraph     protowire.Number = 7
	modelOperators protowire.Number = 8
	modelMetadata  protowire.Number = 14

	operatorsVersion protowire.Number = 2

	metadataName protowire.Number = 1
	metadataText protowire.Number = 2

	graphNode        protowire.Number = 1
	graphName        protowire.Number = 2
	graphInitializer protowire.Number = 5
	graphInput       protowire.Number = 11
	graphOutput      protowire.Number = 12

	nodeInput     protowire.Number = 1
	nodeOutput    protowire.Number = 2
	nodeName      protowire.Number = 3
	nodeOperator  protowire.Number = 4
	nodeAttribute protowire.Number = 5

	attributeName     protowire.Number = 1
	attributeInteger  protowire.Number = 3
	attributeIntegers protowire.Number = 8
	attributeType     protowire.Number = 20

	tensorDimension protowire.Number = 1
	tensorType      protowire.Number = 2
	tensorName      protowire.Number = 8
	tensorData      protowire.Number = 9

	infoName           protowire.Number = 1
	infoType           protowire.Number = 2
	typeTensor         protowire.Number = 1
	typeElement        protowire.Number = 1
	typeShape          protowire.Number = 2
	shapeDimension     protowire.Number = 1
	dimensionSize      protowire.Number = 1
	dimensionParameter protowire.Number = 2
)

// Values of ONNX's enumerations.
const (
	float32Element = 1
	int64Element   = 7
	boolElement    = 9

	integerAttribute  = 2
	integersAttribute = 7
)

// Version 17 of the operators and 8 of the file are of 2022: programs that read ONNX know them.
const (
	onnxVersion         = 8
	onnxOperatorVersion = 17
)

// onnxText is the file's text for people.
const onnxText = `Snowman: how likely is a URL or a domain name to be malicious.

symbols [texts, positions] are the symbols of each text in its canonical form, with padding symbols 0
before its first character and as many symbols 1 behind its last; padding is in the metadata. lengths
[texts] count them. What stands behind them in a row may be any symbol and does not count. A network
that reads two views of a text has these two inputs for each: of its host and of the whole. Where
there is a floor, it has them of the registered domain as well, and has_floor [texts], which says of
which texts the registered domain was paid for.

The alphabet in the metadata is a list of groups. Group by group, beginning with 2, symbols are
numbered: one for any byte that the group does not list, then one for each of its characters.
`

// WriteONNX writes the network and its metadata as an ONNX file, equal models as equal bytes: the
// network is cnn.Reference, in float32 and not folded. It refuses what Write refuses.
func (m Model) WriteONNX(w io.Writer) error {
	file, err := m.encodeONNX()
	if err != nil {
		return fmt.Errorf("writing model as ONNX: %w", err)
	}
	_, err = w.Write(file)
	return err
}

func (m Model) encodeONNX() ([]byte, error) {
	if _, err := m.encode(); err != nil { // checks everything
		return nil, err
	}
	temperature := float32(m.Metadata.Temperature)
	if temperature == 0 || math.IsInf(float64(temperature), 0) {
		return nil, fmt.Errorf("temperature %v does not fit into a float32", m.Metadata.Temperature)
	}
	texts, err := m.Metadata.encode()
	if err != nil {
		return nil, err
	}
	texts["padding"] = strconv.Itoa(m.Metadata.Shape.Padding())
	texts[hashKey] = m.SHA256

	var operators message
	operators.integer(operatorsVersion, onnxOperatorVersion)
	var file message
	file.integer(modelVersion, onnxVersion)
	file.text(modelProducer, "snowman")
	file.text(modelText, onnxText)
	file.bytes(modelGraph, networkGraph(m.Parameters, temperature))
	file.bytes(modelOperators, operators)
	for _, name := range slices.Sorted(maps.Keys(texts)) {
		var entry message
		entry.text(metadataName, name)
		entry.text(metadataText, texts[name])
		file.bytes(modelMetadata, entry)
	}
	return file, nil
}

// A graph is a GraphProto to which nodes and tensors are added, each by a unique name.
type graph struct{ fields message }

// value declares an input or an output; a dimension is a size or, where it is free, a name.
func (g *graph) value(field protowire.Number, name string, element int, dimensions ...any) {
	var shape message
	for _, d := range dimensions {
		var dimension message
		switch d := d.(type) {
		case int:
			dimension.integer(dimensionSize, int64(d))
		case string:
			dimension.text(dimensionParameter, d)
		}
		shape.bytes(shapeDimension, dimension)
	}
	var tensor, kind, value message
	tensor.integer(typeElement, int64(element))
	tensor.bytes(typeShape, shape)
	kind.bytes(typeTensor, tensor)
	value.text(infoName, name)
	value.bytes(infoType, kind)
	g.fields.bytes(field, value)
}

// node adds a node with one output, which has the node's name, and returns it.
func (g *graph) node(operator, name string, inputs []string, attributes ...message) string {
	var node message
	for _, input := range inputs {
		node.text(nodeInput, input)
	}
	node.text(nodeOutput, name)
	node.text(nodeName, name)
	node.text(nodeOperator, operator)
	for _, attribute := range attributes {
		node.bytes(nodeAttribute, attribute)
	}
	g.fields.bytes(graphNode, node)
	return name
}

// slice leaves out the first and the last values of an axis, by a node if there are any, and
// returns the output.
func (g *graph) slice(name, input string, axis int64, first, last int) string {
	if first == 0 && last == 0 {
		return input
	}
	end := int64(math.MaxInt64)
	if last > 0 {
		end = int64(-last)
	}
	return g.node("Slice", name, []string{
		input, g.integers(name+".starts", int64(first)), g.integers(name+".ends", end), g.integers(name+".axes", axis),
	})
}

// floats adds a tensor, without dimensions a scalar, and returns its name.
func (g *graph) floats(name string, dimensions []int, values ...float32) string {
	data := make([]byte, 0, len(values)*valueSize)
	for _, value := range values {
		data = binary.LittleEndian.AppendUint32(data, math.Float32bits(value))
	}
	return g.tensor(name, float32Element, dimensions, data)
}

// integers adds a list and returns its name.
func (g *graph) integers(name string, values ...int64) string {
	var data []byte
	for _, value := range values {
		data = binary.LittleEndian.AppendUint64(data, uint64(value))
	}
	return g.tensor(name, int64Element, []int{len(values)}, data)
}

// scalar adds an integer and returns its name.
func (g *graph) scalar(name string, value int64) string {
	return g.tensor(name, int64Element, nil, binary.LittleEndian.AppendUint64(nil, uint64(value)))
}

func (g *graph) tensor(name string, element int, dimensions []int, data []byte) string {
	var tensor message
	for _, size := range dimensions {
		tensor.integer(tensorDimension, int64(size))
	}
	tensor.integer(tensorType, int64(element))
	tensor.text(tensorName, name)
	tensor.bytes(tensorData, data)
	g.fields.bytes(graphInitializer, tensor)
	return name
}

// integer returns a node's attribute.
func integer(name string, value int64) message {
	var attribute message
	attribute.text(attributeName, name)
	attribute.integer(attributeInteger, value)
	attribute.integer(attributeType, integerAttribute)
	return attribute
}

// integerList returns a node's attribute that is a list.
func integerList(name string, values ...int64) message {
	var attribute message
	attribute.text(attributeName, name)
	for _, value := range values {
		attribute.integer(attributeIntegers, value)
	}
	attribute.integer(attributeType, integersAttribute)
	return attribute
}

// A message is the encoded fields of a protobuf message.
type message []byte

func (m *message) integer(field protowire.Number, value int64) {
	*m = protowire.AppendVarint(protowire.AppendTag(*m, field, protowire.VarintType), uint64(value))
}

func (m *message) text(field protowire.Number, text string) {
	*m = protowire.AppendString(protowire.AppendTag(*m, field, protowire.BytesType), text)
}

func (m *message) bytes(field protowire.Number, content []byte) {
	*m = protowire.AppendBytes(protowire.AppendTag(*m, field, protowire.BytesType), content)
}
