package modelfile

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
)

// WriteFile puts what write writes into the file, replacing what was there. Whoever opens the file
// sees all of the old content or all of the new, also after a crash. Where there is an error the old
// content stays, and nothing else. A link stays one, to the new content; what is no file, such as a
// device or a pipe, is refused, since a file in its place would be none any more.
func WriteFile(path string, write func(io.Writer) error) (err error) {
	defer func() {
		if err != nil {
			err = fmt.Errorf("writing %q: %w", path, err)
		}
	}()
	target := path
	if resolved, err := filepath.EvalSymlinks(path); err == nil {
		target = resolved
	}
	if info, err := os.Lstat(target); err == nil && !info.Mode().IsRegular() {
		return errors.New("it is not a regular file")
	}
	// Only within one directory is a rename sure to stay within one file system.
	file, err := os.CreateTemp(filepath.Dir(target), "."+filepath.Base(target)+".*")
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
	return os.Rename(file.Name(), target)
}
