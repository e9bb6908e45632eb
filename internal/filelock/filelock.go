// Package filelock locks files for one process at a time. The system gives a lock back when its
// process ends, however it ends.
package filelock

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"
)

// ErrHeld is of a lock that another process has.
var ErrHeld = errors.New("another run uses it")

// Take waits, for so long at most, until no other process has the lock, and takes it. Waits is
// called once where it has to wait; it may be nil. The file at path is the lock. It is made if
// there is none, and it stays: who removes a locked file lets a third process lock a new one.
func Take(ctx context.Context, path string, most time.Duration, waits func()) (unlock func(), err error) {
	const pause = 50 * time.Millisecond
	for start := time.Now(); ; {
		file, err := try(path)
		if err == nil {
			return func() { file.Close() }, nil
		}
		if waited := time.Since(start); !errors.Is(err, ErrHeld) || waited >= most {
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

// open opens the file of a lock.
func open(path string) (*os.File, error) { return os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600) }
