// Package atomicfile replaces files whole.
//
//	err := atomicfile.Write("report.html", func(w io.Writer) error { return report.HTML(w, page) })
//
// A reader sees all of the old content or all of the new, also after a crash.
package atomicfile

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
)

// Write puts what write writes into the file at path, and replaces what was there. After an error
// the old content stays, and no other file is left behind. A symbolic link stays one, to the new
// content. A device or a pipe is refused: a regular file in its place would no longer be one.
func Write(path string, write func(io.Writer) error) (err error) {
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
