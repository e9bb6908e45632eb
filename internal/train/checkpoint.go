package train

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"

	"github.com/snowman-ml/snowman/dataset"
	"github.com/snowman-ml/snowman/internal/atomicfile"
	"github.com/snowman-ml/snowman/internal/canon"
	"github.com/snowman-ml/snowman/internal/cnn"
	"github.com/snowman-ml/snowman/internal/inputfile"
	"github.com/snowman-ml/snowman/internal/modelfile"
)

// ErrOtherRun says that a checkpoint is of a training with other options or data.
var ErrOtherRun = errors.New("it belongs to a training with other options or data")

// ErrDamaged says that a checkpoint cannot be read.
var ErrDamaged = errors.New("it is damaged")

// tensors lists the numbers that a checkpoint holds, sharing memory.
func (r *run) tensors() []cnn.Tensor {
	shape := []int{len(r.best)}
	return []cnn.Tensor{
		{Name: "parameters", Shape: shape, Data: r.parameters.Flat},
		{Name: "first_moment", Shape: shape, Data: r.optimiser.first},
		{Name: "second_moment", Shape: shape, Data: r.optimiser.second},
		{Name: "best", Shape: shape, Data: r.best},
	}
}

// save writes the checkpoint, if the options ask for one.
func (r *run) save() error {
	if r.options.Checkpoint == "" {
		return nil
	}
	state, err := json.Marshal(r.state)
	if err != nil {
		return fmt.Errorf("writing checkpoint: %w", err)
	}
	checkpoint := modelfile.Container{
		Metadata: map[string]string{"run": r.identity, "state": string(state)},
		Tensors:  r.tensors(),
	}
	if err := atomicfile.Write(r.options.Checkpoint, checkpoint.Write); err != nil {
		return fmt.Errorf("writing checkpoint: %w", err)
	}
	return nil
}

// checkpointLimit is the largest size that the run's checkpoint can have: its tensors and a header.
func (r *run) checkpointLimit() int64 {
	const header, valueSize = 2 << 20, 4
	limit := int64(header)
	for _, tensor := range r.tensors() {
		limit += int64(len(tensor.Data)) * valueSize
	}
	return limit
}

// resume continues from the checkpoint, if there is one.
func (r *run) resume() error {
	if r.options.Checkpoint == "" {
		return nil
	}
	if info, err := os.Stat(r.options.Checkpoint); err == nil && info.Size() > r.checkpointLimit() {
		return fmt.Errorf("reading checkpoint %q: %w", r.options.Checkpoint, ErrOtherRun) // of a larger network
	}
	if info, err := os.Stat(r.options.Checkpoint); err == nil && !info.Mode().IsRegular() { // to open a pipe would take for ever
		return fmt.Errorf("reading checkpoint %q: it is not a regular file", r.options.Checkpoint)
	}
	data, err := inputfile.Read(r.options.Checkpoint, r.checkpointLimit())
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("reading checkpoint: %w", err)
	}
	checkpoint, err := modelfile.Parse(data)
	if err != nil {
		return fmt.Errorf("reading checkpoint %q: %w: %w", r.options.Checkpoint, ErrDamaged, err)
	}
	if checkpoint.Metadata["run"] != r.identity {
		return fmt.Errorf("reading checkpoint %q: %w", r.options.Checkpoint, ErrOtherRun)
	}
	if err := json.Unmarshal([]byte(checkpoint.Metadata["state"]), &r.state); err != nil {
		return fmt.Errorf("reading checkpoint %q: %w: state: %w", r.options.Checkpoint, ErrDamaged, err)
	}
	epochs := len(r.state.Validations)
	if r.state.Step < 0 || r.state.Step/r.stepsPerEpoch() != epochs || epochs > r.options.Epochs ||
		r.state.BestEpoch < min(1, epochs) || r.state.BestEpoch > epochs {
		return fmt.Errorf("reading checkpoint %q: %w: state: %d steps, %d epochs and best epoch %d do not go together",
			r.options.Checkpoint, ErrDamaged, r.state.Step, epochs, r.state.BestEpoch)
	}
	for _, tensor := range r.tensors() {
		found := false
		for _, stored := range checkpoint.Tensors {
			if stored.Name == tensor.Name && len(stored.Data) == len(tensor.Data) {
				found = true
				copy(tensor.Data, stored.Data)
			}
		}
		if !found {
			return fmt.Errorf("reading checkpoint %q: %w: tensor %q is missing or of another size", r.options.Checkpoint, ErrDamaged, tensor.Name)
		}
	}
	return nil
}

// fingerprint identifies a run by all that decides its outcome. start are the parameters that it
// starts with.
func fingerprint(options Options, alphabet *canon.Alphabet, start *cnn.Parameters, network int, parts ...encoded) (string, error) {
	sum := sha256.New()
	settings := json.NewEncoder(sum)
	err := errors.Join(settings.Encode(options), settings.Encode(alphabet), settings.Encode(start.Shape),
		settings.Encode(network), binary.Write(sum, binary.LittleEndian, start.Flat))
	if err != nil {
		return "", fmt.Errorf("identifying the training: %w", err)
	}
	for _, texts := range parts {
		texts.hash(sum)
	}
	return hex.EncodeToString(sum.Sum(nil)), nil
}

// hash adds the texts to a sum.
func (e encoded) hash(sum io.Writer) {
	sum.Write(e.symbols)
	for i, r := range e.rows {
		fmt.Fprintln(sum, r.first, r.views, r.hasFloor, e.kinds[i], e.weights[i])
	}
}

// Identity names the model that Run makes of the set: where the options, the rows or the account of
// the set differ, so do the names. The parameters of a model to go on from are part of it, the
// number of workers is not.
func Identity(set *dataset.Set, options Options) (string, error) {
	r, err := newModelRun(set, options)
	if err != nil {
		return "", err
	}
	sum := sha256.New()
	encoder := json.NewEncoder(sum)
	if err := errors.Join(encoder.Encode(r.identity), encoder.Encode(set.Account), encoder.Encode(set.Imitated)); err != nil {
		return "", fmt.Errorf("identifying the training: %w", err)
	}
	r.texts.calibrate.hash(sum)
	r.texts.names.hash(sum)
	r.texts.urls.hash(sum)
	return hex.EncodeToString(sum.Sum(nil)), nil
}
