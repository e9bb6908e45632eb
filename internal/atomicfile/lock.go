package atomicfile

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"
)

// errLocked is of a lock that another process has.
var errLocked = errors.New("another run uses it")

// Lock waits, for so long at most, until no other process has the lock of the file at path, and
// takes it. Waits is called once where it has to wait. The lock is a file beside it, path.lock,
// that stays: the system gives the lock back when the process ends, however it ends.
func Lock(ctx context.Context, path string, most time.Duration, waits func()) (unlock func(), err error) {
	target := path
	if resolved, err := filepath.EvalSymlinks(path); err == nil {
		target = resolved
	}
	const pause = 50 * time.Millisecond
	for start := time.Now(); ; {
		file, err := tryLock(target + ".lock")
		if err == nil {
			return func() { file.Close() }, nil
		}
		if waited := time.Since(start); !errors.Is(err, errLocked) || waited >= most {
			return nil, fmt.Errorf("locking %q: %w", path, err)
		}
		if waits != nil {
			waits()
			waits = nil
		}
		select {
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-time.After(pause):
		}
	}
}

// openLock opens the file of a lock.
func openLock(path string) (*os.File, error) { return os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600) }
