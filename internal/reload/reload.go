// Package reload reads files anew while a program runs on them.
//
//	files := reload.New(log)
//	model, err := reload.Open(files, "model", []string{path}, open, service.SetModel)
//	go files.Follow(ctx, hangUp, watch, tell)
//
// Files that cannot be used change nothing: what was read before stays in use, and the log says so.
package reload

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"time"
)

// Files are what a program was started with. They belong to one goroutine.
type Files struct {
	log   *slog.Logger
	files []*file
}

// New returns no files yet.
func New(log *slog.Logger) *Files { return &Files{log: log} }

// A file is one thing to read, from one or more paths.
type file struct {
	what  string // model, keys, ...
	paths []string
	use   func() error  // reads the paths and puts what they hold into use
	seen  []os.FileInfo // of each path when it was read last; nil where there was none
}

// Open reads paths, by open, and returns what they hold. What Follow reads of them later goes to
// set. What names it in the log.
func Open[T any](files *Files, what string, paths []string, open func() (T, error), set func(T)) (T, error) {
	var first T
	f := &file{what: what, paths: paths}
	f.use = func() (err error) {
		first, err = open()
		return err
	}
	err := f.read()
	f.use = func() error {
		next, err := open()
		if err == nil {
			set(next)
		}
		return err
	}
	files.files = append(files.files, f)
	return first, err
}

// read reads the file. Each path must be a regular one: reading a pipe may take for ever, and a
// device may have no end.
func (f *file) read() error {
	f.seen = f.state() // before it is read: what changes while it is read is seen again
	for i, info := range f.seen {
		if info != nil && !info.Mode().IsRegular() {
			return fmt.Errorf("reading %q: it is not a regular file", f.paths[i])
		}
	}
	return f.use()
}

// watchInterval is how often files are looked at for changes. Looking costs next to nothing, and
// works on every file system and through every link, where notifications of the system do not.
const watchInterval = time.Second

// Follow reads files anew until the context ends: all of them at each signal, and with watch those
// that changed. It tells what it read each time, and the error if that failed.
func (f *Files) Follow(ctx context.Context, hangUp <-chan os.Signal, watch bool, tell func(what string, err error)) {
	var look <-chan time.Time
	if watch {
		ticker := time.NewTicker(watchInterval)
		defer ticker.Stop()
		look = ticker.C
	}
	for {
		select {
		case <-ctx.Done():
			return
		case <-hangUp:
			for _, file := range f.files {
				f.reload(file, tell)
			}
		case <-look:
			for _, file := range f.files {
				if file.changed() {
					f.reload(file, tell)
				}
			}
		}
	}
}

func (f *Files) reload(file *file, tell func(string, error)) {
	err := file.read()
	tell(file.what, err)
	if err != nil {
		f.log.Error("not reloaded; what was read before stays in use", "what", file.what, "error", err)
		return
	}
	f.log.Info("reloaded", "what", file.what)
}

// state looks at the file's paths.
func (f *file) state() []os.FileInfo {
	infos := make([]os.FileInfo, len(f.paths))
	for i, path := range f.paths {
		infos[i], _ = os.Stat(path)
	}
	return infos
}

// changed reports whether one of the paths leads to something else than when it was read last.
func (f *file) changed() bool {
	for i, now := range f.state() {
		before := f.seen[i]
		if now == nil || before == nil {
			if now != before {
				return true
			}
		} else if !os.SameFile(before, now) || before.Size() != now.Size() || !before.ModTime().Equal(now.ModTime()) {
			return true
		}
	}
	return false
}
