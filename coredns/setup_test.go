package coredns

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/coredns/caddy"
	"github.com/prometheus/client_golang/prometheus/testutil"

	"github.com/snowman-ml/snowman"
)

func TestWhatACorefileMaySay(t *testing.T) {
	for _, test := range []struct{ corefile, want string }{
		{"snowman", ""},
		{"snowman example.org 10.0.0.0/8", ""},
		{"snowman {\n}", ""},
		{"snowman {\n block high\n block medium null\n block low refused\n log low\n ttl 0\n fallthrough\n}", ""},
		{"snowman {\n fallthrough example.org example.net\n ttl 86400\n}", ""},
		{"snowman {\n model ../models/snowman.safetensors\n}", ""},
		{"snowman {\n deny high\n}", `Testfile:2 - Error during parsing: unknown property "deny"`},
		{"snowman {\n block\n}", `property "block" has 0 arguments, want block LEVEL [nxdomain|refused|null]`},
		{"snowman {\n block high null null\n}", `property "block" has 3 arguments`},
		{"snowman {\n block none\n}", `level "none", want low, medium or high`},
		{"snowman {\n block High\n}", `level "High", want low, medium or high`},
		{"snowman {\n block high drop\n}", `response "drop", want nxdomain, refused or null`},
		{"snowman {\n block high\n block high null\n}", "there are two lines block high"},
		{"snowman {\n log\n}", `property "log" has 0 arguments, want log LEVEL`},
		{"snowman {\n log all\n}", `level "all", want low, medium or high`},
		{"snowman {\n ttl -1\n}", `ttl "-1", want a number of seconds, at most 86400`},
		{"snowman {\n ttl 86401\n}", `ttl "86401"`},
		{"snowman {\n model\n}", `property "model" has 0 arguments, want model FILE`},
		{"snowman {\n allow\n}", `property "allow" has 0 arguments, want allow FILE...`},
		{"snowman {\n model nothing.safetensors\n}", "nothing.safetensors"},
		{"snowman {\n allow nothing.txt\n}", "nothing.txt"},
		{"snowman {\n allow .\n}", "not a regular file"},
		{"snowman\nsnowman", "this plugin can only be used once per Server Block"},
	} {
		settings, err := parse(caddy.NewTestController("dns", test.corefile))
		if err == nil {
			_, err = settings.open()
		}
		if (err == nil) != (test.want == "") || err != nil && !strings.Contains(err.Error(), test.want) {
			t.Errorf("%q: error %v, want %q in it", test.corefile, err, test.want)
		}
	}
}

// TestFilesAreReadAnew changes a model and an allow list under a running plugin.
func TestFilesAreReadAnew(t *testing.T) {
	dir := t.TempDir()
	model, list := filepath.Join(dir, "model"), filepath.Join(dir, "allow")
	put := func(path string, content []byte) {
		t.Helper()
		if err := os.WriteFile(path+".new", content, 0o644); err != nil {
			t.Fatal(err)
		}
		if err := os.Rename(path+".new", path); err != nil {
			t.Fatal(err)
		}
	}
	read := func(path string) []byte {
		t.Helper()
		content, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		return content
	}
	put(model, read("../web/testdata/toy.safetensors"))
	put(list, []byte("example.org\n"))
	s := load(t, "snowman {\n model "+model+"\n allow "+list+"\n}", nil)
	first := s.judge.Load()
	high := nameOf(t, snowman.High)
	s.judge.Load().verdict(high) // and remember it
	ctx, stop := context.WithCancel(t.Context())
	followed := make(chan struct{})
	go func() { s.files.Follow(ctx, nil, true, tell); close(followed) }()
	defer func() { stop(); <-followed }()

	put(model, read("../models/snowman.safetensors"))
	eventually(t, "a new model", func() bool { return s.judge.Load().model.Info().SHA256 == snowman.Default().Info().SHA256 })
	if got := s.judge.Load().verdict(high).level; got != snowman.High {
		t.Errorf("level %v by the new model, want high", got)
	}
	if s.judge.Load().list != first.list {
		t.Error("the allow list is another")
	}
	put(list, []byte(high))
	eventually(t, "a new allow list", func() bool { v := s.judge.Load().verdict(high); return v.allowed && v.level == snowman.None })
	failed := testutil.ToFloat64(reloadFailedCount.WithLabelValues("allow"))
	put(list, []byte("broken \x00"))
	eventually(t, "a failure", func() bool { return testutil.ToFloat64(reloadFailedCount.WithLabelValues("allow")) > failed })
	if !s.judge.Load().verdict(high).allowed {
		t.Error("a broken list took the place of a good one")
	}
}

// eventually waits for what a goroutine does. The time only ends a test that would never end.
func eventually(t *testing.T, what string, happened func() bool) {
	t.Helper()
	for deadline := time.Now().Add(time.Minute); !happened(); time.Sleep(10 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("%s did not come", what)
		}
	}
}
