//go:build unix

package sources

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// What stands where a partial file should is not read, if it is none.
func TestAPipeInPlaceOfAPartialFileIsRefused(t *testing.T) {
	f, _ := testFetcher(t, Options{}, []Feed{listFeed("feed", "http://127.0.0.1:1")})
	folder := filepath.Join(f.Store, "feed")
	if err := errors.Join(os.MkdirAll(folder, 0o755), syscall.Mkfifo(filepath.Join(folder, partialFile+".json"), 0o600)); err != nil {
		t.Fatal(err)
	}
	if o := outcome(t, f); o.State != Failed || !strings.Contains(o.Reason, "is not a regular file") {
		t.Errorf("%+v", o)
	}
}
