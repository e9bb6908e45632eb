package modelfile

import (
	"fmt"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/snowman-ml/snowman/internal/cnn"
)

// Families are the outputs of a second head on the network's filters, which says which algorithm
// made a generated name. In the file, its tensors' names begin with "family.".
type Families struct {
	Names  []string `json:"names"`  // of the head's outputs
	Hidden int      `json:"hidden"` // size of its hidden layer
}

const familyPrefix = "family."

// maxName is the length of the longest name of a kind or a family, in bytes.
const maxName = 32

// IsName reports whether a kind or a family can have this name in a model file.
func IsName(name string) bool {
	unprintable := func(r rune) bool { return !unicode.IsPrint(r) }
	return name != "" && len(name) <= maxName && utf8.ValidString(name) && !strings.ContainsFunc(name, unprintable)
}

// Shape returns the shape of this network with the families' head, which reads one view of a text:
// its host.
func (f Families) Shape(network cnn.Shape) cnn.Shape {
	network.Hidden, network.Kinds, network.Views = f.Hidden, len(f.Names), 0
	return network
}

func (f Families) validate(network cnn.Shape) error {
	if err := f.Shape(network).Validate(); err != nil {
		return fmt.Errorf("families: %w", err)
	}
	return checkNames("family", f.Names)
}

// checkNames refuses names that are too long, unprintable or repeated.
func checkNames(what string, names []string) error {
	for i, name := range names {
		if !IsName(name) {
			return fmt.Errorf("%s %q, want 1 to %d printable bytes", what, name, maxName)
		}
		if slices.Contains(names[:i], name) {
			return fmt.Errorf("%s %q stands twice", what, name)
		}
	}
	return nil
}

// familyTensors lists the tensors of the families' head by their names in a file.
func familyTensors(head *cnn.Parameters) []cnn.Tensor {
	tensors := head.HeadTensors()
	for i := range tensors {
		tensors[i].Name = familyPrefix + tensors[i].Name
	}
	return tensors
}
