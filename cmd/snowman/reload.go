package main

import (
	"context"
	"crypto/tls"
	"fmt"
	"log/slog"
	"os"
	"os/signal"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/snowman-ml/snowman/web"
)

// servedFiles are the files that a server answers from, and reads anew on SIGHUP or when they change.
// One that cannot be used changes nothing, and the log and a metric say so.
type servedFiles struct {
	service *web.Service
	log     *slog.Logger
	hangUp  chan os.Signal
	files   []*servedFile
}

type servedFile struct {
	what  string // model, keys, ...
	paths []string
	read  func() error
	seen  []os.FileInfo // of each path when it was read last; nil where there was none
}

func newServedFiles(service *web.Service, log *slog.Logger) *servedFiles {
	f := &servedFiles{service: service, log: log, hangUp: make(chan os.Signal, 1)}
	signal.Notify(f.hangUp, syscall.SIGHUP)
	return f
}

// add adds something that has just been read from some paths.
func (f *servedFiles) add(what string, paths []string, read func() error) {
	file := &servedFile{what: what, paths: paths, read: read}
	file.seen = file.state()
	f.files = append(f.files, file)
}

// watchInterval is how often files are looked at for changes. Asking costs next to nothing, and works
// on every file system and through every link, where being told of changes does not.
const watchInterval = time.Second

// follow reads files anew until the context ends.
func (f *servedFiles) follow(ctx context.Context, watch bool) {
	defer signal.Stop(f.hangUp)
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
		case <-f.hangUp:
			for _, file := range f.files {
				f.reload(file)
			}
		case <-look:
			for _, file := range f.files {
				if file.changed() {
					f.reload(file)
				}
			}
		}
	}
}

func (f *servedFiles) reload(file *servedFile) {
	file.seen = file.state() // before it is read: what changes while it is read is seen again
	err := file.read()
	f.service.CountReload(file.what, err)
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

// changed reports whether one of the paths leads to something else than when it was read last. One that
// leads nowhere has not changed: it is about to be replaced.
func (f *servedFile) changed() bool {
	for i, now := range f.state() {
		before := f.seen[i]
		if now == nil || before != nil && os.SameFile(before, now) && before.Size() == now.Size() && before.ModTime().Equal(now.ModTime()) {
			continue
		}
		return true
	}
	return false
}

// A servedCertificate is what a server shows for itself.
type servedCertificate struct {
	certificatePath, keyPath string
	current                  atomic.Pointer[tls.Certificate]
}

func newServedCertificate(certificatePath, keyPath string) (*servedCertificate, error) {
	c := &servedCertificate{certificatePath: certificatePath, keyPath: keyPath}
	return c, c.read()
}

func (c *servedCertificate) read() error {
	certificate, err := tls.LoadX509KeyPair(c.certificatePath, c.keyPath)
	if err != nil {
		return fmt.Errorf("reading the certificate %q and its key %q: %w", c.certificatePath, c.keyPath, err)
	}
	c.current.Store(&certificate)
	return nil
}

// get is for tls.Config.
func (c *servedCertificate) get(*tls.ClientHelloInfo) (*tls.Certificate, error) {
	return c.current.Load(), nil
}
