package modelfile

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
)

// WriteFile puts what write writes into the file, replacing what was there. Whoever opens the file
// sees all of the old content or all of the new, also after a crash. Where there is an error the old
// content stays, and nothing else.
func WriteFile(path string, write func(io.Writer) error) (err error) {
	defer func() {
		if err != nil {
			err = fmt.Errorf("writing %q: %w", path, err)
		}
	}()
	// Only within one directory is a rename sure to stay within one file system.
	file, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+".*")
	if err != nil {
		return err
	}
	defer os.Remove(file.Name()) // finds nothing once the file is renamed
	defer file.Close()
	if err := write(file); err != nil {
		return err
	}
	if err := file.Chmod(0o644); err != nil {
		return err
	}
	if err := file.Sync(); err != nil {
		return err
	}
	if err := file.Close(); err != nil {
		return err
	}
	return os.Rename(file.Name(), path)
}
