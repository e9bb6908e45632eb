package main

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
)

// toyPath is a model whose answers can be worked out by hand: a q in the host is low and dga, an x is
// medium and phishing, a z is high and malware. The tests of package web make it.
const toyPath = "../../web/testdata/toy.safetensors"

// Where the tests are built with -race, so is the command: it would wait a second before it exits.
const raceOptions = "atexit_sleep_ms=0"

// TestMain makes this program, run as snowman, the command itself.
func TestMain(m *testing.M) {
	os.Setenv("GORACE", raceOptions)
	testscript.Main(m, map[string]func(){"snowman": main})
}

func TestScript(t *testing.T) {
	toy, err := os.ReadFile(toyPath)
	if err != nil {
		t.Fatal(err)
	}
	testscript.Run(t, testscript.Params{
		Dir:                 "testdata/script",
		RequireExplicitExec: true,
		RequireUniqueNames:  true,
		Setup: func(env *testscript.Env) error {
			env.Setenv("GORACE", raceOptions)
			return os.WriteFile(filepath.Join(env.WorkDir, "toy.safetensors"), toy, 0o644)
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){"exits": exits},
	})
}

// exits CODE PROGRAM [ARGUMENT...] is exec that wants this exit code.
func exits(ts *testscript.TestScript, negated bool, args []string) {
	if negated || len(args) < 2 {
		ts.Fatalf("usage: exits CODE PROGRAM [ARGUMENT...]")
	}
	want, err := strconv.Atoi(args[0])
	ts.Check(err)
	err = ts.Exec(args[1], args[2:]...)
	got := 0
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		got = exit.ExitCode()
	} else {
		ts.Check(err)
	}
	if got != want {
		ts.Fatalf("exit code is %d, want %d", got, want)
	}
}
