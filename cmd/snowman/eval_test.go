package main

import (
	"io"
	"strings"
	"testing"

	"github.com/snowman-ml/snowman/eval"
)

func TestEvalFailsWhereInt16IsOutOfBounds(t *testing.T) {
	apart := eval.Compare([]float64{0.1, 0.9}, []float64{0.1, 0.8}, []bool{false, true}, nil, nil)
	for name, want := range map[string]string{"as text": "\nint8 is out of its bounds.\n", "as JSON": `"within_bounds": false`} {
		var stdout strings.Builder
		err := writeComparison(&stdout, apart, name == "as JSON")
		if code := exitCode(err, io.Discard); code != exitFailed {
			t.Errorf("%s: exit code is %d with %v, want %d", name, code, err, exitFailed)
		}
		if !strings.Contains(stdout.String(), want) {
			t.Errorf("%s: got %q, want %q in it", name, stdout.String(), want)
		}
	}
}
