package retrain

import (
	"errors"
	"fmt"
	"syscall"
)

// lock keeps other runs away from the model until unlock is called or the process ends: a file that
// is open without sharing cannot be opened twice.
func lock(model string) (unlock func(), err error) {
	const sharingViolation = syscall.Errno(32)
	path := lockPath(model)
	name, err := syscall.UTF16PtrFromString(path)
	if err != nil {
		return nil, fmt.Errorf("locking %q: %w", path, err)
	}
	handle, err := syscall.CreateFile(name, syscall.GENERIC_READ|syscall.GENERIC_WRITE, 0, nil, syscall.OPEN_ALWAYS, syscall.FILE_ATTRIBUTE_NORMAL, 0)
	if errors.Is(err, sharingViolation) {
		return nil, fmt.Errorf("%w (it holds %q)", ErrBusy, path)
	}
	if err != nil {
		return nil, fmt.Errorf("locking %q: %w", path, err)
	}
	return func() { syscall.CloseHandle(handle) }, nil
}
