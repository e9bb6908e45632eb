package retrain

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"

	"github.com/snowman-ml/snowman"
	"github.com/snowman-ml/snowman/internal/modelfile"
	"github.com/snowman-ml/snowman/internal/provenance"
	"github.com/snowman-ml/snowman/models"
)

// present is the model that may be replaced.
type present struct {
	model    *snowman.Model
	file     *modelfile.Model
	training provenance.Training // zero where its file does not say how it was made
	builtIn  bool                // there is no model file yet
}

// openPresent opens the model file or, where there is none, the built-in model.
func openPresent(path string) (*present, error) {
	p := &present{}
	var err error
	if _, missing := os.Stat(path); errors.Is(missing, fs.ErrNotExist) {
		p.builtIn, p.model = true, snowman.Default()
		p.file, err = modelfile.ParseModel(models.Default)
	} else if p.model, err = snowman.Open(path); err == nil {
		p.file, err = modelfile.Open(path)
	}
	if err != nil {
		return nil, err
	}
	if len(p.file.Metadata.Training) > 0 {
		if err := json.Unmarshal(p.file.Metadata.Training, &p.training); err != nil {
			return nil, fmt.Errorf("reading how model %q was made: %w", path, err)
		}
	}
	return p, nil
}

// hasSeen reports whether the model was trained on this very file.
func (p *present) hasSeen(name, sum string) bool {
	for _, source := range p.training.Data.Sources {
		if source.Name == name && source.SHA256 == sum {
			return true
		}
	}
	return false
}

// next is the model that was just trained.
type next struct {
	model *snowman.Model // as somebody would who opens its file
	file  *modelfile.Model
}

func newNext(file *modelfile.Model) (*next, error) {
	var content bytes.Buffer
	if err := file.Write(&content); err != nil {
		return nil, err
	}
	model, err := snowman.Parse(content.Bytes())
	if err != nil {
		return nil, err
	}
	return &next{model, file}, nil
}
