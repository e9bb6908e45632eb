package modelfile

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"math"
	"slices"
	"strconv"
	"sync"
	"unicode/utf8"
	"unsafe"

	"github.com/snowman-ml/snowman/internal/cnn"
)

// A Container is the content of a safetensors file: named float32 tensors and a table of strings.
//
// The file is the header's length (8 bytes), the header (JSON) and the data section, all numbers
// little-endian. See https://github.com/huggingface/safetensors#format.
type Container struct {
	Metadata map[string]string
	Tensors  []cnn.Tensor // in the order of their data, empty ones at the same place by name
}

const (
	lengthSize    = 8       // bytes of the header's length
	maxHeader     = 1 << 20 // bytes; ours have 300,000
	maxDimensions = 8       // of a tensor; ours have at most three
	valueSize     = 4       // bytes of a float32
	valueType     = "F32"
	metadataKey   = "__metadata__" // stands among the tensors' names
	hashKey       = "sha256"       // of the data section, in hex, in the metadata
)

// An entry is what the header says of one tensor, and its values.
type entry struct {
	name    string
	Type    string `json:"dtype"`
	Shape   []int  `json:"shape"`
	Offsets []int  `json:"data_offsets"` // first byte and the one after the last, within the data section
	data    []byte // at the offsets
}

// Write writes the container as a safetensors file, equal containers as equal bytes. It adds the
// SHA-256 of the data section to the metadata, and writes nothing that Parse would refuse.
func (c Container) Write(w io.Writer) error {
	file, err := c.encode()
	if err != nil {
		return err
	}
	_, err = w.Write(file)
	return err
}

func (c Container) encode() ([]byte, error) {
	metadata := map[string]string{}
	header := map[string]any{metadataKey: metadata}
	var data []byte
	for _, tensor := range c.Tensors {
		if _, taken := header[tensor.Name]; taken {
			return nil, fmt.Errorf("tensor name %q is taken", tensor.Name)
		}
		if !utf8.ValidString(tensor.Name) { // encoding/json would silently replace what is not
			return nil, fmt.Errorf("tensor name %q is not UTF-8", tensor.Name)
		}
		begin := len(data)
		for _, value := range tensor.Data {
			data = binary.LittleEndian.AppendUint32(data, math.Float32bits(value))
		}
		header[tensor.Name] = entry{Type: valueType, Shape: tensor.Shape, Offsets: []int{begin, len(data)}}
	}
	for key, text := range c.Metadata {
		if !utf8.ValidString(key) || !utf8.ValidString(text) {
			return nil, fmt.Errorf("metadata %q is not UTF-8", key)
		}
	}
	maps.Copy(metadata, c.Metadata)
	metadata[hashKey] = hash(data)

	text, err := json.Marshal(header)
	if err != nil {
		return nil, err
	}
	text = append(text, bytes.Repeat([]byte(" "), -len(text)&7)...) // so that the data is aligned
	file := slices.Concat(binary.LittleEndian.AppendUint64(nil, uint64(len(text))), text, data)
	if _, err := Parse(file); err != nil {
		return nil, err
	}
	return file, nil
}

// Parse reads a safetensors file written by Write, or by a program that adds the same hash. It
// refuses any tensor that is not float32 and any value that is not finite. It takes memory in
// proportion to the file, whatever the file says.
func Parse(file []byte) (Container, error) {
	metadata, entries, err := parse(file)
	if err != nil {
		return Container{}, err
	}
	c := Container{Metadata: metadata}
	for _, e := range entries {
		values := make([]float32, len(e.data)/valueSize)
		e.decode(values)
		c.Tensors = append(c.Tensors, cnn.Tensor{Name: e.name, Shape: e.Shape, Data: values})
	}
	return c, nil
}

// parse is Parse that leaves the tensors' values as they are in the file.
func parse(file []byte) (metadata map[string]string, entries []entry, err error) {
	if len(file) < lengthSize {
		return nil, nil, fmt.Errorf("file of %d bytes, too short for a header", len(file))
	}
	length, rest := binary.LittleEndian.Uint64(file), file[lengthSize:]
	if length > maxHeader {
		return nil, nil, fmt.Errorf("header of %d bytes, want at most %d", length, maxHeader)
	}
	if length > uint64(len(rest)) {
		return nil, nil, fmt.Errorf("header of %d bytes, but the file ends after %d", length, len(rest))
	}
	data := rest[length:]
	var sum string
	var hashing sync.WaitGroup
	hashing.Go(func() { sum = hash(data) }) // takes as long as the header
	metadata, entries, err = parseHeader(rest[:length])
	hashing.Wait()
	if err != nil {
		return nil, nil, fmt.Errorf("header: %w", err)
	}
	if err := checkLayout(entries, len(data)); err != nil {
		return nil, nil, err
	}
	if sum != metadata[hashKey] {
		return nil, nil, fmt.Errorf("data section has SHA-256 %q, the metadata says %q", sum, metadata[hashKey])
	}
	for i := range entries {
		e := &entries[i]
		e.data = data[e.Offsets[0]:e.Offsets[1]]
		if err := e.checkFinite(); err != nil {
			return nil, nil, err
		}
	}
	return metadata, entries, nil
}

// checkFinite returns an error if a value of the tensor is not finite. It looks at two at a time.
func (e *entry) checkFinite() error {
	const (
		exponents = 0x7f800000_7f800000 // all set in infinities and NaNs
		lowest    = 0x00800000_00800000 // bits of the exponents
		carries   = 0x80000000_80000000
	)
	sum, rest := uint64(0), e.data
	for ; len(rest) >= 2*valueSize; rest = rest[2*valueSize:] {
		sum |= binary.LittleEndian.Uint64(rest)&exponents + lowest
	}
	if len(rest) > 0 {
		sum |= uint64(binary.LittleEndian.Uint32(rest))&exponents + lowest
	}
	if sum&carries == 0 {
		return nil
	}
	for i := 0; ; i++ {
		if value := e.value(i); value-value != 0 {
			return fmt.Errorf("tensor %q: value %d is %v, want a finite number", e.name, i, value)
		}
	}
}

func (e *entry) value(i int) float32 {
	return math.Float32frombits(binary.LittleEndian.Uint32(e.data[i*valueSize:]))
}

// flat returns the values of tensors, one after the other. Where the file has them so, it is the
// memory of the file: what is not copied is not touched at a start.
func flat(tensors []entry) []float32 {
	first, end := tensors[0].Offsets[0], tensors[0].Offsets[0]
	isWhole := true
	for _, e := range tensors {
		isWhole = isWhole && e.Offsets[0] == end
		end += len(e.data)
	}
	count := (end - first) / valueSize
	start := unsafe.SliceData(tensors[0].data)
	isLittleEndian := binary.NativeEndian.Uint16([]byte{1, 0}) == 1
	if isWhole && isLittleEndian && uintptr(unsafe.Pointer(start))%valueSize == 0 {
		return unsafe.Slice((*float32)(unsafe.Pointer(start)), count)[:count:count]
	}
	values := make([]float32, count)
	rest := values
	for _, e := range tensors {
		e.decode(rest[:len(e.data)/valueSize])
		rest = rest[len(e.data)/valueSize:]
	}
	return values
}

// decode sets values to those of the tensor.
func (e *entry) decode(values []float32) {
	rest := e.data
	for i := range values {
		values[i] = math.Float32frombits(binary.LittleEndian.Uint32(rest))
		rest = rest[valueSize:]
	}
}

func hash(data []byte) string {
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:])
}

// parseHeader reads the header.
func parseHeader(header []byte) (map[string]string, []entry, error) {
	if metadata, entries, ok := scanHeader(header); ok {
		return metadata, entries, nil
	}
	return decodeHeader(header)
}

// decodeHeader reads the header token by token: json.Unmarshal would accept a repeated key, a key
// in another case, and null for anything.
func decodeHeader(header []byte) (map[string]string, []entry, error) {
	if !bytes.HasPrefix(header, []byte("{")) {
		return nil, nil, errors.New("does not begin with {")
	}
	if !utf8.Valid(header) || !json.Valid(header) {
		return nil, nil, errors.New("is not valid JSON")
	}
	metadata := map[string]string{}
	var entries []entry
	d := json.NewDecoder(bytes.NewReader(header))
	d.UseNumber()
	err := readObject(d, func(name string) error {
		if name == metadataKey {
			return readObject(d, func(key string) error {
				token, err := d.Token()
				if err != nil {
					return err
				}
				text, ok := token.(string)
				if !ok {
					return fmt.Errorf("metadata %q is %v, want a string", key, token)
				}
				metadata[key] = text
				return nil
			})
		}
		e := entry{name: name}
		err := readObject(d, func(key string) (err error) {
			switch key {
			case "dtype":
				err = d.Decode(&e.Type)
			case "shape":
				e.Shape, err = readSizes(d)
			case "data_offsets":
				e.Offsets, err = readSizes(d)
			default:
				err = fmt.Errorf("unknown key %q", key)
			}
			return err
		})
		if err != nil {
			return fmt.Errorf("tensor %q: %w", name, err)
		}
		entries = append(entries, e)
		return nil
	})
	return metadata, entries, err
}

// readObject reads a JSON object and calls readValue after each key. It refuses repeated keys.
func readObject(d *json.Decoder, readValue func(key string) error) error {
	token, err := d.Token()
	if err != nil {
		return err
	}
	if token != json.Delim('{') {
		return fmt.Errorf("found %v, want an object", token)
	}
	seen := map[string]bool{}
	for d.More() {
		token, err := d.Token()
		if err != nil {
			return err
		}
		key := token.(string) // Token returns no other key
		if seen[key] {
			return fmt.Errorf("key %q stands twice", key)
		}
		seen[key] = true
		if err := readValue(key); err != nil {
			return err
		}
	}
	_, err = d.Token() // the closing brace
	return err
}

// readSizes reads a JSON array of a few whole numbers from 0 up.
func readSizes(d *json.Decoder) ([]int, error) {
	token, err := d.Token()
	if err != nil {
		return nil, err
	}
	if token != json.Delim('[') {
		return nil, fmt.Errorf("found %v, want an array", token)
	}
	sizes := []int{}
	for d.More() {
		if len(sizes) == maxDimensions {
			return nil, fmt.Errorf("found more than %d numbers", maxDimensions)
		}
		token, err := d.Token()
		if err != nil {
			return nil, err
		}
		number, _ := token.(json.Number)
		size, err := strconv.ParseUint(number.String(), 10, strconv.IntSize-1)
		if err != nil {
			return nil, fmt.Errorf("found %v, want a whole number from 0 to %d", token, math.MaxInt)
		}
		sizes = append(sizes, int(size))
	}
	_, err = d.Token() // the closing bracket
	return sizes, err
}

// checkLayout sorts the entries by their data. It returns an error unless they have the sizes of
// their shapes and cover the data section without holes or overlaps, as the format demands.
func checkLayout(entries []entry, dataSize int) error {
	for _, e := range entries {
		if e.Type != valueType {
			return fmt.Errorf("tensor %q has dtype %q, want %q", e.name, e.Type, valueType)
		}
		if e.Shape == nil {
			return fmt.Errorf("tensor %q has no shape", e.name)
		}
		if len(e.Offsets) != 2 {
			return fmt.Errorf("tensor %q has %d data offsets, want 2", e.name, len(e.Offsets))
		}
	}
	slices.SortFunc(entries, func(a, b entry) int {
		return cmp.Or(slices.Compare(a.Offsets, b.Offsets), cmp.Compare(a.name, b.name))
	})
	covered := 0
	for _, e := range entries {
		if e.Offsets[0] != covered {
			return fmt.Errorf("tensor %q begins at byte %d of the data section, want %d", e.name, e.Offsets[0], covered)
		}
		size := valueSize
		for _, dimension := range e.Shape {
			if dimension > 0 && size > math.MaxInt/dimension {
				return fmt.Errorf("tensor %q of shape %v is too large", e.name, e.Shape)
			}
			size *= dimension
		}
		if got := e.Offsets[1] - e.Offsets[0]; got != size {
			return fmt.Errorf("tensor %q has %d bytes, want %d for shape %v", e.name, got, size, e.Shape)
		}
		covered = e.Offsets[1]
	}
	if covered != dataSize {
		return fmt.Errorf("data section has %d bytes, the tensors %d", dataSize, covered)
	}
	return nil
}
