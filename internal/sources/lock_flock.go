//go:build linux || darwin || freebsd || netbsd || openbsd || dragonfly

package sources

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"syscall"
)

// lock makes sure that nobody else writes into a store until unlock. The lock ends with the
// process, however that ends.
func lock(store string) (unlock func(), err error) {
	file, err := os.OpenFile(filepath.Join(store, lockFile), os.O_CREATE|os.O_RDWR, 0o644)
	if err != nil {
		return nil, fmt.Errorf("locking the store: %w", err)
	}
	err = syscall.Flock(int(file.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
	if err != nil {
		file.Close()
		if errors.Is(err, syscall.EWOULDBLOCK) {
			return nil, fmt.Errorf("the store %q is in use by another run", store)
		}
		return nil, fmt.Errorf("locking the store %q: %w", store, err)
	}
	return func() { file.Close() }, nil
}
