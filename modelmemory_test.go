package snowman

import (
	"bytes"
	"runtime"
	"strings"
	"testing"

	"github.com/snowman-ml/snowman/internal/cnn"
	"github.com/snowman-ml/snowman/internal/modelfile"
)

// widest returns a model file with a network of this many filters, whose folded tables are as large
// as they can be beside its parameters.
func widest(filters int) ([]byte, error) {
	metadata := Default().file.Metadata
	metadata.Shape = cnn.Shape{
		Symbols: metadata.Shape.Symbols, Embedding: 1, Widths: []int{1, 2, 3, 4, 5, 6, 7, 8}, Filters: filters, Kinds: len(metadata.Kinds),
	}
	metadata.Families, metadata.Floor = nil, cnn.Floor{} // one view has no floor
	parameters, err := cnn.NewParameters(metadata.Shape)
	if err != nil {
		return nil, err
	}
	for i := range parameters.Flat {
		parameters.Flat[i] = float32(i%7) / 7
	}
	var file bytes.Buffer
	err = modelfile.Model{Parameters: parameters, Metadata: metadata}.Write(&file)
	return file.Bytes(), err
}

// TestASmallFileTakesLittleMemory holds that a model takes memory in proportion to its file, though
// it is folded into tables: once to score, once to explain.
func TestASmallFileTakesLittleMemory(t *testing.T) {
	if _, err := widest(4096); err == nil || !strings.Contains(err.Error(), "folded tables") {
		t.Errorf("the largest tables of the smallest embedding: error %v, want one that says so", err)
	}
	var file []byte
	for filters := 64; ; filters += 64 {
		larger, err := widest(filters)
		if err != nil {
			break
		}
		file = larger
	}
	heap := func() uint64 {
		var m runtime.MemStats
		runtime.GC()
		runtime.ReadMemStats(&m)
		return m.HeapAlloc
	}
	before := heap()
	model, err := Parse(file)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := model.Explain("example.com"); err != nil {
		t.Fatal(err)
	}
	const most = 64 << 20
	if grown := int64(heap() - before); grown > most {
		t.Errorf("a file of %d bytes takes %d, want at most %d", len(file), grown, most)
	} else {
		t.Logf("a file of %d bytes takes %d", len(file), grown)
	}
	runtime.KeepAlive(model)
}
