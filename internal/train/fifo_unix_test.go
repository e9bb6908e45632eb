//go:build unix

package train

import (
	"context"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/snowman-ml/snowman/dataset"
)

func TestAPipeAsCheckpointIsRefused(t *testing.T) {
	options := small
	options.Checkpoint = filepath.Join(t.TempDir(), "checkpoint")
	if err := syscall.Mkfifo(options.Checkpoint, 0o600); err != nil {
		t.Skip(err)
	}
	_, err := Run(context.Background(), newSet(fourKinds, dataset.DGA), options)
	if err == nil || !strings.Contains(err.Error(), "it is not a regular file") {
		t.Errorf("the error is %v", err)
	}
}
