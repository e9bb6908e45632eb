package main

import (
	"bufio"
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"
)

func TestTrainGoesOnWhereItWasStopped(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("no signal ends a process cleanly here")
	}
	folder := t.TempDir()
	var black, white strings.Builder
	for i := range 100 {
		fmt.Fprintf(&black, "qx%dz%d.com\n", i, i*i)
		fmt.Fprintf(&white, "%s-%s.org\n", strings.Repeat("a", 1+i%10), strings.Repeat("b", 1+i/10))
	}
	write := func(name, content string) string {
		path := filepath.Join(folder, name)
		if err := os.WriteFile(path, []byte(content), 0o644); err != nil {
			t.Fatal(err)
		}
		return path
	}
	lists := []string{"-black", write("black.txt", black.String()), "-white", write("white.txt", white.String())}
	arguments := func(model string) []string {
		tiny := []string{"-filters", "8", "-embedding", "4", "-hidden", "8", "-widths", "2,3", "-epochs", "100"}
		return append(append([]string{"train", "-o", model}, lists...), tiny...)
	}

	stopped := filepath.Join(folder, "stopped")
	program := command(t, arguments(stopped)...)
	stderr, err := program.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := program.Start(); err != nil {
		t.Fatal(err)
	}
	log := bufio.NewScanner(stderr)
	for log.Scan() && !strings.HasPrefix(log.Text(), "epoch 2: ") {
	}
	if err := program.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	last := ""
	for log.Scan() {
		last = log.Text()
	}
	program.Wait()
	if code := program.ProcessState.ExitCode(); code != exitFailed {
		t.Errorf("exit code is %d, want %d", code, exitFailed)
	}
	if want := fmt.Sprintf("snowman: stopped; the same command goes on from %q", stopped+".checkpoint"); last != want {
		t.Errorf("it says %q, want %q", last, want)
	}
	if _, err := os.Stat(stopped); !os.IsNotExist(err) {
		t.Errorf("there is a model (%v), want none yet", err)
	}

	output, err := command(t, arguments(stopped)...).CombinedOutput()
	if err != nil {
		t.Fatalf("%v: %s", err, output)
	}
	if bytes.Contains(output, []byte("epoch 1: ")) {
		t.Error("it starts from the beginning, want it to go on")
	}
	whole := filepath.Join(folder, "whole")
	if output, err := command(t, arguments(whole)...).CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, output)
	}
	for _, ending := range []string{"", ".json"} {
		got, err := os.ReadFile(stopped + ending)
		if err != nil {
			t.Fatal(err)
		}
		want, err := os.ReadFile(whole + ending)
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(got, want) {
			t.Errorf("%s%s differs from what one run writes", filepath.Base(stopped), ending)
		}
	}
}
