package modelfile

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"math"
	"reflect"
	"runtime"
	"strings"
	"testing"

	"github.com/snowman-ml/snowman/internal/cnn"
)

// frame puts a file together from a header, in which $SHA256 stands for the data section's hash.
func frame(header string, data []byte) []byte {
	header = strings.ReplaceAll(header, "$SHA256", hash(data))
	file := binary.LittleEndian.AppendUint64(nil, uint64(len(header)))
	return append(append(file, header...), data...)
}

// withLength returns the file with another header length.
func withLength(file []byte, length uint64) []byte {
	changed := bytes.Clone(file)
	binary.LittleEndian.PutUint64(changed, length)
	return changed
}

// float32s encodes values as a data section.
func float32s(values ...float32) []byte {
	var data []byte
	for _, value := range values {
		data = binary.LittleEndian.AppendUint32(data, math.Float32bits(value))
	}
	return data
}

func write(t *testing.T, c Container) []byte {
	t.Helper()
	var file bytes.Buffer
	if err := c.Write(&file); err != nil {
		t.Fatal(err)
	}
	return file.Bytes()
}

func wantError(t *testing.T, err error, message string) {
	t.Helper()
	if err == nil || !strings.Contains(err.Error(), message) {
		t.Errorf("error is %v, want one that says %s", err, message)
	}
}

func TestContainerComesBackAsWritten(t *testing.T) {
	for name, c := range map[string]Container{
		"nothing": {},
		"tensors of every rank": {
			Metadata: map[string]string{"state": `{"step":7}`, "": "", "ключ": "<&>\u2028\x00"},
			Tensors: []cnn.Tensor{
				{Name: "z", Shape: []int{2, 3}, Data: []float32{1, -2, 0, math.MaxFloat32, math.SmallestNonzeroFloat32, -0.1}},
				{Name: "scalar", Shape: []int{}, Data: []float32{3}},
				{Name: "empty", Shape: []int{4, 0}, Data: []float32{}},
				{Name: "a \"name\" <&>", Shape: []int{1}, Data: []float32{5}},
			},
		},
	} {
		t.Run(name, func(t *testing.T) {
			file := write(t, c)
			if again := write(t, c); !bytes.Equal(file, again) {
				t.Error("written twice, the bytes differ")
			}
			if length := binary.LittleEndian.Uint64(file); length%8 != 0 {
				t.Errorf("header has %d bytes: the data is not aligned", length)
			}
			got, err := Parse(file)
			if err != nil {
				t.Fatal(err)
			}
			if len(got.Metadata[hashKey]) != 64 {
				t.Errorf("SHA-256 is %q", got.Metadata[hashKey])
			}
			delete(got.Metadata, hashKey)
			if len(got.Metadata) != len(c.Metadata) || !reflect.DeepEqual(got.Tensors, c.Tensors) {
				t.Errorf("got %v, want %v", got, c)
			}
			for key, want := range c.Metadata {
				if got.Metadata[key] != want {
					t.Errorf("metadata %q is %q, want %q", key, got.Metadata[key], want)
				}
			}
		})
	}
}

func TestWriteIsTheSoleSourceOfTheHash(t *testing.T) {
	c := Container{Metadata: map[string]string{hashKey: "stale"}}
	if _, err := Parse(write(t, c)); err != nil {
		t.Error(err)
	}
	if c.Metadata[hashKey] != "stale" {
		t.Error("Write changed its caller's metadata")
	}
}

func TestContainerThatCouldNotBeReadIsNotWritten(t *testing.T) {
	nan, inf := float32(math.NaN()), float32(math.Inf(-1))
	for name, test := range map[string]struct {
		container Container
		want      string
	}{
		"a name twice":               {Container{Tensors: []cnn.Tensor{{Name: "x", Shape: []int{0}}, {Name: "x", Shape: []int{0}}}}, `"x" is taken`},
		"the name of the metadata":   {Container{Tensors: []cnn.Tensor{{Name: "__metadata__", Shape: []int{0}}}}, `"__metadata__" is taken`},
		"a name that is not UTF-8":   {Container{Tensors: []cnn.Tensor{{Name: "x\xff", Shape: []int{0}}}}, `"x\xff" is not UTF-8`},
		"metadata that is not UTF-8": {Container{Metadata: map[string]string{"x": "\xff"}}, `"x" is not UTF-8`},
		"no shape":                   {Container{Tensors: []cnn.Tensor{{Name: "x", Data: []float32{1}}}}, `tensor "x": found <nil>, want an array`},
		"a negative shape":           {Container{Tensors: []cnn.Tensor{{Name: "x", Shape: []int{-1}, Data: []float32{1}}}}, `tensor "x": found -1, want a whole number`},
		"another shape than data":    {Container{Tensors: []cnn.Tensor{{Name: "x", Shape: []int{2}, Data: []float32{1}}}}, `tensor "x" has 4 bytes, want 8 for shape [2]`},
		"NaN":                        {Container{Tensors: []cnn.Tensor{{Name: "x", Shape: []int{2}, Data: []float32{0, nan}}}}, `tensor "x": value 1 is NaN`},
		"infinity":                   {Container{Tensors: []cnn.Tensor{{Name: "x", Shape: []int{2}, Data: []float32{0, inf}}}}, `tensor "x": value 1 is -Inf`},
		"a header beyond the limit":  {Container{Metadata: map[string]string{"x": strings.Repeat("x", maxHeader)}}, "want at most 1048576"},
	} {
		t.Run(name, func(t *testing.T) {
			var file bytes.Buffer
			wantError(t, test.container.Write(&file), test.want)
			if file.Len() > 0 {
				t.Errorf("wrote %d bytes", file.Len())
			}
		})
	}
}

func TestParseNamesWhatIsWrong(t *testing.T) {
	small := frame(`{"__metadata__":{"sha256":"$SHA256"}}`, nil)
	eight := make([]byte, 8)
	for name, test := range map[string]struct {
		file []byte
		want string
	}{
		"an empty file":                   {nil, "file of 0 bytes"},
		"half a length":                   {small[:4], "file of 4 bytes"},
		"a web page":                      {[]byte("<!DOCTYPE html>"), "header of 5789751444030890300 bytes, want at most 1048576"},
		"a header of 10 GB":               {withLength(small, 10e9), "header of 10000000000 bytes, want at most 1048576"},
		"a header of 2^63 bytes":          {withLength(small, 1<<63), "header of 9223372036854775808 bytes, want at most 1048576"},
		"a header of -1 bytes":            {withLength(small, math.MaxUint64), "header of 18446744073709551615 bytes, want at most 1048576"},
		"a header longer than the file":   {withLength(small, uint64(len(small))), "but the file ends after"},
		"no header":                       {frame("", nil), "header: does not begin with {"},
		"a header after a space":          {frame(" {}", nil), "header: does not begin with {"},
		"a header that is no object":      {frame("[]", nil), "header: does not begin with {"},
		"a header that breaks off":        {frame(`{"x":`, nil), "header: is not valid JSON"},
		"a header of two objects":         {frame("{}{}", nil), "header: is not valid JSON"},
		"a header nested too deeply":      {frame(`{"x":`+strings.Repeat("[", maxHeader/2), nil), "header: is not valid JSON"},
		"a header that is not UTF-8":      {frame("{\"\xff\":{}}", nil), "header: is not valid JSON"},
		"no hash":                         {frame("{}", nil), `the metadata says ""`},
		"another hash":                    {frame(`{"__metadata__":{"sha256":"00"}}`, nil), `data section has SHA-256 "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855", the metadata says "00"`},
		"metadata twice":                  {frame(`{"__metadata__":{},"__metadata__":{}}`, nil), `key "__metadata__" stands twice`},
		"metadata that is no object":      {frame(`{"__metadata__":"x"}`, nil), "found x, want an object"},
		"a metadata key twice":            {frame(`{"__metadata__":{"x":"1","x":"2"}}`, nil), `key "x" stands twice`},
		"a metadata key twice, escaped":   {frame(`{"__metadata__":{"x":"1","\u0078":"2"}}`, nil), `key "x" stands twice`},
		"metadata that is no string":      {frame(`{"__metadata__":{"x":1}}`, nil), `metadata "x" is 1, want a string`},
		"metadata that is null":           {frame(`{"__metadata__":{"x":null}}`, nil), `metadata "x" is <nil>, want a string`},
		"a tensor that is no object":      {frame(`{"x":[]}`, nil), `tensor "x": found [, want an object`},
		"a tensor twice":                  {frame(`{"x":{"dtype":"F32","shape":[0],"data_offsets":[0,0]},"x":{}}`, nil), `key "x" stands twice`},
		"a dtype twice":                   {frame(`{"x":{"dtype":"F32","dtype":"F64"}}`, nil), `tensor "x": key "dtype" stands twice`},
		"an unknown key":                  {frame(`{"x":{"DType":"F32"}}`, nil), `tensor "x": unknown key "DType"`},
		"no dtype":                        {frame(`{"x":{"shape":[0],"data_offsets":[0,0]}}`, nil), `tensor "x" has dtype "", want "F32"`},
		"another dtype":                   {frame(`{"x":{"dtype":"BF16","shape":[0],"data_offsets":[0,0]}}`, nil), `tensor "x" has dtype "BF16", want "F32"`},
		"a dtype that is no string":       {frame(`{"x":{"dtype":32}}`, nil), `tensor "x": json: cannot unmarshal number`},
		"no shape":                        {frame(`{"x":{"dtype":"F32","data_offsets":[0,0]}}`, nil), `tensor "x" has no shape`},
		"a shape that is no array":        {frame(`{"x":{"dtype":"F32","shape":{}}}`, nil), `tensor "x": found {, want an array`},
		"a negative dimension":            {frame(`{"x":{"dtype":"F32","shape":[-1],"data_offsets":[0,0]}}`, nil), `tensor "x": found -1, want a whole number`},
		"nine dimensions":                 {frame(`{"x":{"dtype":"F32","shape":[1,1,1,1,1,1,1,1,1],"data_offsets":[0,4]}}`, eight), `tensor "x": found more than 8 numbers`},
		"half a dimension":                {frame(`{"x":{"dtype":"F32","shape":[0.5],"data_offsets":[0,0]}}`, nil), `tensor "x": found 0.5, want a whole number`},
		"a dimension that is null":        {frame(`{"x":{"dtype":"F32","shape":[null],"data_offsets":[0,0]}}`, nil), `tensor "x": found <nil>, want a whole number`},
		"a dimension of 2^63":             {frame(`{"x":{"dtype":"F32","shape":[9223372036854775808],"data_offsets":[0,0]}}`, nil), `tensor "x": found 9223372036854775808, want a whole number`},
		"a shape that overflows to 0":     {frame(`{"x":{"dtype":"F32","shape":[65536,65536,65536,65536],"data_offsets":[0,0]}}`, nil), `tensor "x" of shape [65536 65536 65536 65536] is too large`},
		"bytes that overflow to 0":        {frame(`{"x":{"dtype":"F32","shape":[1073741824,1073741824,4],"data_offsets":[0,0]}}`, nil), `tensor "x" of shape [1073741824 1073741824 4] is too large`},
		"no offsets":                      {frame(`{"x":{"dtype":"F32","shape":[0]}}`, nil), `tensor "x" has 0 data offsets, want 2`},
		"three offsets":                   {frame(`{"x":{"dtype":"F32","shape":[0],"data_offsets":[0,0,0]}}`, nil), `tensor "x" has 3 data offsets, want 2`},
		"a negative offset":               {frame(`{"x":{"dtype":"F32","shape":[0],"data_offsets":[0,-4]}}`, nil), `tensor "x": found -4, want a whole number`},
		"offsets that go backwards":       {frame(`{"x":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},"y":{"dtype":"F32","shape":[1],"data_offsets":[4,0]}}`, eight), `tensor "y" has -4 bytes, want 4`},
		"a hole before the first tensor":  {frame(`{"x":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}}`, eight), `tensor "x" begins at byte 4 of the data section, want 0`},
		"a hole after the last tensor":    {frame(`{"x":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}`, eight), "data section has 8 bytes, the tensors 4"},
		"two tensors that overlap":        {frame(`{"x":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},"y":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}}`, eight), `tensor "y" begins at byte 4 of the data section, want 8`},
		"two tensors at one place":        {frame(`{"x":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},"y":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}`, eight), `tensor "y" begins at byte 0 of the data section, want 8`},
		"a tensor larger than the file":   {frame(`{"x":{"dtype":"F32","shape":[268435456],"data_offsets":[0,1073741824]}}`, eight), "data section has 8 bytes, the tensors 1073741824"},
		"a shape smaller than its data":   {frame(`{"x":{"dtype":"F32","shape":[1],"data_offsets":[0,8]}}`, eight), `tensor "x" has 8 bytes, want 4 for shape [1]`},
		"an empty shape with data":        {frame(`{"x":{"dtype":"F32","shape":[0],"data_offsets":[0,8]}}`, eight), `tensor "x" has 8 bytes, want 0 for shape [0]`},
		"data that ends within a value":   {frame(`{"x":{"dtype":"F32","shape":[1],"data_offsets":[0,5]}}`, eight[:5]), `tensor "x" has 5 bytes, want 4 for shape [1]`},
		"NaN":                             {frame(`{"__metadata__":{"sha256":"$SHA256"},"x":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}`, float32s(1, float32(math.NaN()))), `tensor "x": value 1 is NaN, want a finite number`},
		"infinity":                        {frame(`{"__metadata__":{"sha256":"$SHA256"},"x":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}`, float32s(float32(math.Inf(1)), 1)), `tensor "x": value 0 is +Inf, want a finite number`},
		"infinity after the first tensor": {frame(`{"__metadata__":{"sha256":"$SHA256"},"y":{"dtype":"F32","shape":[1],"data_offsets":[4,8]},"x":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}`, float32s(1, float32(math.Inf(1)))), `tensor "y": value 0 is +Inf`},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := Parse(test.file)
			wantError(t, err, test.want)
		})
	}
}

// Parse and ParseModel take memory in proportion to the file.
func TestHostileFilesCostLittleMemory(t *testing.T) {
	repeat := func(before, text, after string) []byte {
		return frame(before+strings.Repeat(text, (maxHeader-1000)/len(text))+after, nil)
	}
	var keys, tensors strings.Builder
	for i := range 60_000 {
		fmt.Fprintf(&keys, `"%x":"",`, i)
	}
	for i := range 16_000 {
		fmt.Fprintf(&tensors, `,"%x":{"dtype":"F32","shape":[0],"data_offsets":[0,0]}`, i)
	}
	million := make([]byte, 4_000_000)
	gigabytes := Container{Metadata: texts(t, func(m *Model) {
		m.Metadata.Shape = cnn.Shape{Symbols: 1, Embedding: 256, Widths: []int{14, 15, 16}, Filters: 4096, Hidden: 4096, Kinds: 2}
	})}
	for name, file := range map[string][]byte{
		"a small file with a large header length": withLength(frame("{}", nil), maxHeader),
		"a tensor of terabytes":                   frame(`{"x":{"dtype":"F32","shape":[1099511627776],"data_offsets":[0,4398046511104]}}`, nil),
		"a network of gigabytes":                  write(t, gigabytes),
		"a deep header":                           repeat(`{"x":`, "[", ""),
		"a deep header that is valid":             frame(`{"x":`+strings.Repeat("[", 9000)+strings.Repeat("]", 9000)+"}", nil),
		"many dimensions":                         repeat(`{"x":{"shape":[0`, ",0", "]}}"),
		"many metadata keys":                      frame(`{"__metadata__":{`+keys.String()+`"sha256":"$SHA256"}}`, nil),
		"many empty tensors":                      frame(`{"__metadata__":{"sha256":"$SHA256"}`+tensors.String()+"}", nil),
		"a million values":                        frame(`{"__metadata__":{"sha256":"$SHA256"},"x":{"dtype":"F32","shape":[1000000],"data_offsets":[0,4000000]}}`, million),
	} {
		t.Run(name, func(t *testing.T) {
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			if _, err := ParseModel(file); err == nil {
				t.Error("no error")
			}
			runtime.ReadMemStats(&after)
			allocated := after.TotalAlloc - before.TotalAlloc
			header := min(binary.LittleEndian.Uint64(file), uint64(len(file)))
			if want := 4096 + 64*header + 2*uint64(len(file)); allocated > want {
				t.Errorf("%d bytes allocated for a file of %d, want at most %d", allocated, len(file), want)
			}
		})
	}
}
