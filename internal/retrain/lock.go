package retrain

import (
	"context"
	"errors"
	"fmt"

	"github.com/snowman-ml/snowman/internal/filelock"
)

// ErrBusy says that another run retrains the same model.
var ErrBusy = errors.New("another retraining of this model is running")

// lock keeps other runs away from the model until unlock is called or the process ends.
func lock(ctx context.Context, model string) (unlock func(), err error) {
	path := model + ".lock"
	unlock, err = filelock.Take(ctx, path, 0, nil)
	if errors.Is(err, filelock.ErrHeld) {
		err = fmt.Errorf("%w (it holds %q)", ErrBusy, path)
	}
	return unlock, err
}
