package main

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"testing"
)

// bench/soak measures and tortures this build of the service for some seconds, under the race
// detector if the test is. The figures do not matter.
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
		{"faults", []string{"-faults", "5s", "-stall", "3s"}}, // a good client may wait on a busy machine
		{"siege", []string{"-siege", "2s", "-besieged", "no window"}},
		{"kill", []string{"-kills", "5"}},
	} {
		t.Run(test.part, func(t *testing.T) {
			if _, err := exec.LookPath("wrk"); err != nil && test.part == "rate" {
				t.Skip("wrk is not installed")
			}
			ctx, cancel := context.WithTimeout(t.Context(), 5*hangs)
			defer cancel()
			command := exec.CommandContext(ctx, soak, append([]string{"-snowman", program, "-only", test.part}, test.flags...)...)
			// An interrupt ends the service too.
			command.Cancel = func() error { return command.Process.Signal(os.Interrupt) }
			command.WaitDelay = hangs
			command.Dir = "../.." // where the models are
			if output, err := command.CombinedOutput(); err != nil {
				t.Errorf("%v\n%s", err, output)
			}
		})
	}
}
