//go:build darwin || dragonfly || freebsd || linux || netbsd || openbsd

package retrain

import (
	"errors"
	"fmt"
	"os"
	"syscall"
)

// lock keeps other runs away from the model until unlock is called or the process ends.
func lock(model string) (unlock func(), err error) {
	path := lockPath(model)
	file, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o644)
	if err != nil {
		return nil, fmt.Errorf("locking the model: %w", err)
	}
	if err := syscall.Flock(int(file.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		file.Close()
		if errors.Is(err, syscall.EWOULDBLOCK) {
			return nil, fmt.Errorf("%w (it holds %q)", ErrBusy, path)
		}
		return nil, fmt.Errorf("locking %q: %w", path, err)
	}
	return func() { file.Close() }, nil
}
