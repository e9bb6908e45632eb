package main

import (
	"bufio"
	"context"
	"io"
	"os/exec"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"
)

// hangs is the time after which a test gives up waiting and fails. No result depends on it.
const hangs = time.Minute

// command returns the program with these arguments. It is ended if it hangs.
func command(t *testing.T, args ...string) *exec.Cmd {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), hangs)
	t.Cleanup(cancel)
	return exec.CommandContext(ctx, "snowman", args...)
}

func TestScoreAnswersBeforeItsInputEnds(t *testing.T) {
	const q, x = "0.28801\tlow\tdga\tq.com\n", "0.62761\tmedium\tphishing\tx.com\n"
	type exchange struct{ written, want string }
	for _, test := range []struct {
		name      string
		exchanges []exchange
	}{
		{"one line", []exchange{{"q.com\n", q}}},
		{"one line after the other", []exchange{{"q.com\n", q}, {"x.com\n", x}, {"q.com\n", q}}},
		{"two lines at once", []exchange{{"q.com\nx.com\n", q + x}}},
		{"a line and the beginning of the next", []exchange{{"q.com\nx.", q}, {"com\n", x}}},
		{"a bad line", []exchange{{"\n", "\t\t\t\n"}, {"q.com\n", q}}},
	} {
		t.Run(test.name, func(t *testing.T) {
			program := command(t, "score", "-model", toyPath)
			input, output := pipes(t, program)
			if err := program.Start(); err != nil {
				t.Fatal(err)
			}
			for _, e := range test.exchanges {
				if _, err := io.WriteString(input, e.written); err != nil {
					t.Fatal(err)
				}
				answer := make([]byte, len(e.want))
				if _, err := io.ReadFull(output, answer); err != nil {
					t.Fatalf("%q is not answered: %v", e.written, err)
				}
				if string(answer) != e.want {
					t.Fatalf("%q is answered by %q, want %q", e.written, answer, e.want)
				}
			}
			input.Close()
			if err := program.Wait(); err != nil {
				t.Error(err)
			}
		})
	}
}

func TestScoreEndsAtASignal(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("no signal ends a process cleanly here")
	}
	program := command(t, "score", "-model", toyPath)
	input, output := pipes(t, program)
	var stderr strings.Builder
	program.Stderr = &stderr
	if err := program.Start(); err != nil {
		t.Fatal(err)
	}
	io.WriteString(input, "q.com\n")
	if _, err := output.ReadString('\n'); err != nil {
		t.Fatal(err)
	}
	if err := program.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	program.Wait()
	if code := program.ProcessState.ExitCode(); code != exitFailed || stderr.String() != "snowman: interrupted\n" {
		t.Errorf("it ends with %v and %q, want exit code %d and that it was interrupted", program.ProcessState, stderr.String(), exitFailed)
	}
}

// While its output is blocked, the program cannot see the first signal.
func TestScoreEndsAtTheSecondSignalWhereItsOutputIsBlocked(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("no signal ends a process cleanly here")
	}
	program := command(t, "score", "-model", toyPath)
	input, output := pipes(t, program)
	if err := program.Start(); err != nil {
		t.Fatal(err)
	}
	go func() {
		lines := strings.Repeat("q.com\n", 1<<10)
		for {
			if _, err := io.WriteString(input, lines); err != nil {
				return
			}
		}
	}()
	if _, err := output.ReadString('\n'); err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- program.Wait() }()
	for again := time.NewTicker(time.Millisecond); ; {
		select {
		case err := <-ended:
			if err == nil || err.Error() == "signal: killed" {
				t.Errorf("it ends with %v, want it to end at the signal", err)
			}
			return
		case <-again.C:
			program.Process.Signal(syscall.SIGTERM)
		}
	}
}

// pipes connects the program's input and output.
func pipes(t *testing.T, program *exec.Cmd) (io.WriteCloser, *bufio.Reader) {
	t.Helper()
	input, err := program.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	output, err := program.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	return input, bufio.NewReader(output)
}
