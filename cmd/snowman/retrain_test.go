package main

import (
	"bytes"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/snowman-ml/snowman"
)

// tinyNetwork are flags of a network that is trained in a second.
var tinyNetwork = []string{"-filters", "8", "-embedding", "4", "-hidden", "8", "-widths", "2,3", "-batch", "32", "-rate", "0.01"}

// retraining makes a folder of data, and a model that was trained on them.
type retraining struct{ folder, data, model string }

func newRetraining(t *testing.T) retraining {
	t.Helper()
	folder := t.TempDir()
	r := retraining{folder, filepath.Join(folder, "data"), filepath.Join(folder, "my.safetensors")}
	if err := os.Mkdir(r.data, 0o755); err != nil {
		t.Fatal(err)
	}
	random := rand.New(rand.NewPCG(1, 2))
	letters := func(alphabet string, length int) string {
		var name []byte
		for range length {
			name = append(name, alphabet[random.IntN(len(alphabet))])
		}
		return string(name)
	}
	for _, of := range []struct {
		kind, text string
		label      int
	}{
		{"benign", "%s%d.org", 0}, {"dga", "%s%dq.info", 1}, {"phishing", "login-%s%d.top/verify", 1}, {"malware", "%s%d.ru/mips.sh", 1},
	} {
		rows := "text\tlabel\tkind\tdate\n"
		for i := range 400 {
			rows += fmt.Sprintf(of.text+"\t%d\t%s\t2026-01-%02d\n", letters("abcdefgh", 4), i, of.label, of.kind, 1+i%28)
		}
		write(t, filepath.Join(r.data, of.kind+".tsv"), []byte(rows))
	}
	r.run(t, "train", "-data", r.data, "-o", r.model, "-epochs", "3")
	return r
}

// run runs a verb that trains a tiny network, and wants it to succeed.
func (r retraining) run(t *testing.T, args ...string) string {
	t.Helper()
	output, err := command(t, append(args, tinyNetwork...)...).CombinedOutput()
	if err != nil {
		t.Fatalf("%q: %v\n%s", args, err, output)
	}
	return string(output)
}

// arguments are those of a retraining of so many epochs.
func (r retraining) arguments(epochs string) []string {
	return append([]string{"retrain", "-o", r.model, "-data", r.data, "-accept", "popular=off", "-date", "2026-02-01", "-epochs", epochs}, tinyNetwork...)
}

func TestRetrainingIsKilledAtAnyMoment(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("it is about what a kill leaves")
	}
	kills := 50
	if testing.Short() {
		kills = 5
	}
	r := newRetraining(t)
	old := read(t, r.model)
	whole := r
	whole.model = filepath.Join(r.folder, "whole")
	write(t, whole.model, old)
	started := time.Now()
	if output, err := command(t, whole.arguments("6")...).CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, output)
	}
	took := time.Since(started)
	want := read(t, whole.model)

	random := rand.New(rand.NewPCG(3, 4))
	for kill := range kills {
		program := command(t, r.arguments("6")...)
		if err := program.Start(); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Duration(random.Float64() * float64(took)))
		program.Process.Kill()
		program.Wait()
		model := read(t, r.model)
		if !bytes.Equal(model, old) && !bytes.Equal(model, want) {
			t.Fatalf("after kill %d the model is neither the old one nor the new one", kill+1)
		}
		if _, err := snowman.Parse(model); err != nil {
			t.Fatalf("after kill %d: %v", kill+1, err)
		}
		if bytes.Equal(model, want) { // begin again
			write(t, r.model, old)
			for _, ending := range []string{".accepted.tsv.gz", ".retrained.json", ".checkpoint"} {
				if err := os.RemoveAll(r.model + ending); err != nil {
					t.Fatal(err)
				}
			}
		}
	}
	if output, err := command(t, r.arguments("6")...).CombinedOutput(); err != nil {
		t.Fatalf("after all kills: %v\n%s", err, output)
	}
	if !bytes.Equal(read(t, r.model), want) {
		t.Error("after all kills a run gives another model than one that was never killed")
	}
}

func TestTheSecondRetrainingRefuses(t *testing.T) {
	r := newRetraining(t)
	first := command(t, r.arguments("2000")...)
	stderr, err := first.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := first.Start(); err != nil {
		t.Fatal(err)
	}
	defer func() {
		first.Process.Kill()
		first.Wait()
	}()
	if _, err := io.ReadFull(stderr, make([]byte, len("checking the feeds"))); err != nil {
		t.Fatal(err)
	}
	go io.Copy(io.Discard, stderr)
	second := command(t, r.arguments("1")...)
	output, _ := second.CombinedOutput()
	want := fmt.Sprintf("snowman: another retraining of this model is running (it holds %q)\n", r.model+".lock")
	if string(output) != want || second.ProcessState.ExitCode() != exitFailed {
		t.Errorf("exit code %d, %s\nwant %s", second.ProcessState.ExitCode(), output, want)
	}
}

func TestServeTakesARetrainedModel(t *testing.T) {
	r := newRetraining(t)
	s := serveProgram(t, nil, "-listen", "127.0.0.1:0", "-access-log=false", "-model", r.model, "-watch")
	address := "http://" + s.address
	before := answerOf(t, http.DefaultClient, address, "/v1/model", "")
	if output, err := command(t, r.arguments("4")...).CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, output)
	}
	s.logged(t, `"reloaded"`, `"model"`)
	if after := answerOf(t, http.DefaultClient, address, "/v1/model", ""); after == before || !strings.Contains(after, `"created":"2026-02-01"`) {
		t.Errorf("the model in use is %.300s", after)
	}
}

func TestTheQuickStartOfRetrainingRuns(t *testing.T) {
	shell, err := exec.LookPath("sh")
	if err != nil || runtime.GOOS == "windows" {
		t.Skip("there is no sh")
	}
	program, err := exec.LookPath("snowman") // testscript makes this binary that program
	if err != nil {
		t.Fatal(err)
	}
	script := exec.CommandContext(t.Context(), shell, "docs/retraining/run", program, t.TempDir())
	script.Dir = "../.."
	output, err := script.CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, output)
	}
	for _, want := range []string{
		"The new model has taken the place of the present one.",
		"feed certpl, 2025-03: the labels look flipped",
		"feed certpl: 99999 of 100000 rows of 2025-03-31 repeat others of that day",
		"feed certpl, 2025-03: 300 of 1500 rows contradict popular names",
	} {
		if !bytes.Contains(output, []byte(want)) {
			t.Errorf("it does not say %q\n%s", want, output)
		}
	}
}
