package main

import (
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/snowman-ml/snowman"
	"github.com/snowman-ml/snowman/internal/stream"
)

// TestDeployedConfiguration holds the configuration of deploy/kubernetes/stream to the flags.
func TestDeployedConfiguration(t *testing.T) {
	_, lines, found := strings.Cut(string(read(t, "../../deploy/kubernetes/stream/configmap.yaml")), "  stream.conf: |\n")
	if !found {
		t.Fatal("no stream.conf in it")
	}
	path := filepath.Join(t.TempDir(), "stream.conf")
	if err := os.WriteFile(path, []byte(lines), 0o600); err != nil {
		t.Fatal(err)
	}
	var f streamFlags
	flags := flag.NewFlagSet("stream", flag.ContinueOnError)
	f.add(flags)
	if err := setFromFile(flags, path); err != nil {
		t.Fatal(err)
	}
	if err := f.check(); err != nil {
		t.Fatal(err)
	}
	if _, err := stream.New(f.options, snowman.Default(), nil); err != nil {
		t.Fatal(err)
	}
}
