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
	"strings"
	"time"
)

// Write replaces the content of the file at path by what write writes. After an error the old
// content stays, and no other file is left behind. A symbolic link stays a link. A device or a pipe
// is refused, since a regular file would take its place.
func Write(path string, write func(io.Writer) error) error { return replace(path, 0o644, write) }

// WritePrivate is Write, of a file that nobody else may read if it is new.
func WritePrivate(path string, write func(io.Writer) error) error {
	return replace(path, 0o600, write)
}

// replace is Write, of a file that has this mode if it is new. Else it keeps its mode.
func replace(path string, mode os.FileMode, write func(io.Writer) error) (err error) {
	defer func() {
		if err != nil {
			err = fmt.Errorf("writing %q: %w", path, err)
		}
	}()
	target := path
	if resolved, err := filepath.EvalSymlinks(path); err == nil {
		target = resolved
	}
	if info, err := os.Lstat(target); err == nil {
		if !info.Mode().IsRegular() {
			return errors.New("it is not a regular file")
		}
		mode = info.Mode().Perm()
	}
	sweep(target)
	// In the same directory, a rename stays within one file system.
	file, err := os.CreateTemp(filepath.Dir(target), temporary(target)+"*"+temporaryEnd)
	if err != nil {
		return err
	}
	defer os.Remove(file.Name()) // finds nothing once the file is renamed
	defer file.Close()
	if err := write(file); err != nil {
		return err
	}
	if err := file.Chmod(mode); err != nil {
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

// The name of a temporary file begins with temporary, and ends in temporaryEnd.
const temporaryEnd = ".tmp"

func temporary(target string) string { return "." + filepath.Base(target) + "." }

// sweep removes temporary files of the target that a process which was killed has left, a day ago
// or longer: no other writes as long as that.
func sweep(target string) {
	const longest = 24 * time.Hour
	entries, err := os.ReadDir(filepath.Dir(target))
	if err != nil {
		return
	}
	for _, entry := range entries {
		number, isOurs := strings.CutPrefix(entry.Name(), temporary(target))
		number, hasEnd := strings.CutSuffix(number, temporaryEnd)
		if !isOurs || !hasEnd || strings.Trim(number, "0123456789") != "" {
			continue
		}
		if info, err := entry.Info(); err == nil && info.Mode().IsRegular() && time.Since(info.ModTime()) > longest {
			os.Remove(filepath.Join(filepath.Dir(target), entry.Name()))
		}
	}
}
