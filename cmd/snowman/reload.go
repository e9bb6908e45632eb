package main

import (
	"context"
	"crypto/tls"
	"fmt"
	"log/slog"
	"os"
	"sync"
	"time"
)

// servedFiles are the files that a server answers from, and reads anew on SIGHUP or when they change.
// One that cannot be used changes nothing, and the log and a metric say so.
type servedFiles struct {
	log   *slog.Logger
	files []*servedFile
}

type servedFile struct {
	what  string // model, keys, ...
	paths []string
	use   func() error  // reads them and has them served
	seen  []os.FileInfo // of each path when it was read last; nil where there was none
}

// readAnew reads something from some paths, and each time that they are read anew gives it to set.
func readAnew[T any](files *servedFiles, what string, paths []string, open func() (T, error), set func(T)) (T, error) {
	var first T
	file := &servedFile{what: what, paths: paths}
	file.use = func() (err error) {
		first, err = open()
		return err
	}
	err := file.read()
	file.use = func() error {
		next, err := open()
		if err == nil {
			set(next)
		}
		return err
	}
	files.files = append(files.files, file)
	return first, err
}

// read reads the file. It must be a regular one: reading a pipe may take for ever, and a device may
// have no end.
func (f *servedFile) read() error {
	f.seen = f.state() // before it is read: what changes while it is read is seen again
	for i, info := range f.seen {
		if info != nil && !info.Mode().IsRegular() {
			return fmt.Errorf("reading %q: it is not a regular file", f.paths[i])
		}
	}
	return f.use()
}

// watchInterval is how often files are looked at for changes. Asking costs next to nothing, and works
// on every file system and through every link, where being told of changes does not.
const watchInterval = time.Second

// follow reads files anew until the context ends, and tells each time what, and if that failed why.
func (f *servedFiles) follow(ctx context.Context, hangUp <-chan os.Signal, watch bool, tell func(what string, err error)) {
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

func (f *servedFiles) reload(file *servedFile, tell func(string, error)) {
	err := file.read()
	tell(file.what, err)
	if err != nil {
		f.log.Error("not reloaded; what was read before stays in use", "what", file.what, "error", err)
		return
	}
	f.log.Info("reloaded", "what", file.what)
}

// state looks at the file's paths.
func (f *servedFile) state() []os.FileInfo {
	infos := make([]os.FileInfo, len(f.paths))
	for i, path := range f.paths {
		infos[i], _ = os.Stat(path)
	}
	return infos
}

// changed reports whether one of the paths leads to something else than when it was read last.
func (f *servedFile) changed() bool {
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

// A servedCertificate is what a server shows for itself.
type servedCertificate struct {
	mu      sync.Mutex
	current *tls.Certificate
}

func (c *servedCertificate) set(certificate *tls.Certificate) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.current = certificate
}

// get is for tls.Config.
func (c *servedCertificate) get(*tls.ClientHelloInfo) (*tls.Certificate, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.current, nil
}
