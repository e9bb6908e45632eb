package atomicfile

import (
	"context"
	"errors"
	"path/filepath"
	"testing"
	"time"
)

func TestLockIsForOne(t *testing.T) {
	path := filepath.Join(t.TempDir(), "state")
	unlock, err := Lock(t.Context(), path, 0, nil)
	if err != nil {
		t.Fatal(err)
	}
	_, err = Lock(t.Context(), path, 0, nil)
	if errors.Is(err, nil) {
		t.Skip("no locks on this system")
	}
	wantError(t, err, `locking "`+path+`": another run uses it`)
	if other, err := Lock(t.Context(), path+"2", 0, nil); err != nil {
		t.Errorf("another file: %v", err)
	} else {
		other()
	}
	stopped, stop := context.WithCancel(t.Context())
	if _, err := Lock(stopped, path, time.Hour, stop); !errors.Is(err, context.Canceled) {
		t.Errorf("a wait that is ended: %v", err)
	}
	waited := 0
	again, err := Lock(t.Context(), path, time.Hour, func() { waited++; unlock() })
	if err != nil || waited != 1 {
		t.Fatalf("%d calls while it waited, %v", waited, err)
	}
	again()
	wantError(t, func() error { _, err := Lock(t.Context(), filepath.Join(path, "no", "folder"), 0, nil); return err }(), "locking ")
}
