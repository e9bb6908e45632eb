package retrain

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
)

// checkBeside refuses, before long work, what cannot be read or replaced among the files beside a
// model: a folder, a pipe that nobody writes, or a link, which has a file elsewhere replaced.
func checkBeside(model string) error {
	for _, path := range []string{acceptedPath(model), recordPath(model), model + ".json", checkpointPath(model)} {
		info, err := os.Lstat(path)
		switch {
		case errors.Is(err, fs.ErrNotExist):
		case err != nil:
			return fmt.Errorf("looking at what is beside the model: %w", err)
		case !info.Mode().IsRegular():
			return fmt.Errorf("%q is where a file beside the model belongs, and is not a regular file", path)
		}
	}
	return nil
}
