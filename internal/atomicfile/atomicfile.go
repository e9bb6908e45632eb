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

// Write replaces the content of the file at path by what write writes. After an error the old
// content stays, and no other file is left behind. A symbolic link stays a link. A device or a pipe
// is refused, since a regular file would take its place.
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
	// In the same directory, a rename stays within one file system.
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
