package main

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"testing"
)

// The program that measures and tortures the service does so for some seconds, with this build of
// it: under the race detector too, where the tests are. What it measures does not matter here.
func TestServeWithstandsASoak(t *testing.T) {
	if testing.Short() {
		t.Skip("half a minute of load")
	}
	if runtime.GOOS != "linux" {
		t.Skip("it reads the system's tables of processes as Linux writes them")
	}
	soak := filepath.Join(t.TempDir(), "soak")
	if output, err := exec.Command("go", "build", "-o", soak, "../../bench/soak").CombinedOutput(); err != nil {
		t.Fatalf("building: %v\n%s", err, output)
	}
	program, err := exec.LookPath("snowman")
	if err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		part  string
		flags []string
	}{
		{"rate", []string{"-repeats", "1", "-loaded", "1s"}},
		{"stream", []string{"-repeats", "1", "-names", "50000"}},
		{"start", []string{"-starts", "1"}},
		{"faults", []string{"-faults", "5s", "-stall", "3s"}}, // where others use the machine a good client may be kept waiting for one
		{"kill", []string{"-kills", "5"}},
	} {
		t.Run(test.part, func(t *testing.T) {
			if _, err := exec.LookPath("wrk"); err != nil && test.part == "rate" {
				t.Skip("wrk is not installed")
			}
			ctx, cancel := context.WithTimeout(t.Context(), 5*hangs)
			defer cancel()
			command := exec.CommandContext(ctx, soak, append([]string{"-snowman", program, "-only", test.part}, test.flags...)...)
			// Interrupted, it takes the service with it.
			command.Cancel = func() error { return command.Process.Signal(os.Interrupt) }
			command.WaitDelay = hangs
			command.Dir = "../.." // where the models are
			if output, err := command.CombinedOutput(); err != nil {
				t.Errorf("%v\n%s", err, output)
			}
		})
	}
}
