package filelock

import (
	"context"
	"errors"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func TestALockIsForOne(t *testing.T) {
	path := filepath.Join(t.TempDir(), "state.lock")
	unlock, err := Take(t.Context(), path, 0, nil)
	if err != nil {
		t.Fatal(err)
	}
	_, err = Take(t.Context(), path, 0, nil)
	if err == nil {
		t.Skip("no locks on this system")
	}
	if !errors.Is(err, ErrHeld) || !strings.Contains(err.Error(), `locking "`) {
		t.Errorf("a second lock: %v", err)
	}
	if other, err := Take(t.Context(), path+"2", 0, nil); err != nil {
		t.Errorf("another file: %v", err)
	} else {
		other()
	}
	stopped, stop := context.WithCancel(t.Context())
	if _, err := Take(stopped, path, time.Hour, stop); !errors.Is(err, context.Canceled) {
		t.Errorf("a wait that is ended: %v", err)
	}
	waited := 0
	again, err := Take(t.Context(), path, time.Hour, func() { waited++; unlock() })
	if err != nil || waited != 1 {
		t.Fatalf("%d calls while it waited, %v", waited, err)
	}
	again()
	if _, err := Take(t.Context(), filepath.Join(path, "no", "folder"), 0, nil); err == nil || errors.Is(err, ErrHeld) {
		t.Errorf("a lock in no folder: %v", err)
	}
}
