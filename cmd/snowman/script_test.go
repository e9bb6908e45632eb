package main

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/snowman-ml/snowman/internal/cnn"
	"github.com/snowman-ml/snowman/internal/modelfile"
)

// toyPath is a model whose answers can be worked out by hand: a q in the host is low and dga, an x
// is medium and phishing, a z is high and malware. The tests of package web make it.
const toyPath = "../../web/testdata/toy.safetensors"

// Built with -race, as the tests may be, the command would wait a second before it exits.
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
	families := toyWithFamilies(t)
	var thousand bytes.Buffer // different names, which reach no level of the toy
	for i := range 1000 {
		fmt.Fprintf(&thousand, "n%d.com\n", i)
	}
	testscript.Run(t, testscript.Params{
		Dir:                 "testdata/script",
		RequireExplicitExec: true,
		RequireUniqueNames:  true,
		Setup: func(env *testscript.Env) error {
			env.Setenv("GORACE", raceOptions)
			if err := os.WriteFile(filepath.Join(env.WorkDir, "families.safetensors"), families, 0o644); err != nil {
				return err
			}
			if err := os.WriteFile(filepath.Join(env.WorkDir, "thousand.txt"), thousand.Bytes(), 0o644); err != nil {
				return err
			}
			return os.WriteFile(filepath.Join(env.WorkDir, "toy.safetensors"), toy, 0o644)
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){"exits": exits},
	})
}

// toyWithFamilies returns the toy model with two families: a q in the host says conficker, no q
// banjori.
func toyWithFamilies(t *testing.T) []byte {
	t.Helper()
	model, err := modelfile.Open(toyPath)
	if err != nil {
		t.Fatal(err)
	}
	families := &modelfile.Families{Names: []string{"banjori", "conficker"}}
	head, err := cnn.NewParameters(families.Shape(model.Metadata.Shape))
	if err != nil {
		t.Fatal(err)
	}
	head.CopyFilters(model.Parameters)
	head.OutputBias[0], head.OutputWeight[1] = 1, 2 // feature 0 is the q
	model.Families, model.Metadata.Families = func() *cnn.Parameters { return head }, families
	var file bytes.Buffer
	if err := model.Write(&file); err != nil {
		t.Fatal(err)
	}
	return file.Bytes()
}

// exits CODE PROGRAM [ARGUMENT...] is exec with this exit code expected.
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
