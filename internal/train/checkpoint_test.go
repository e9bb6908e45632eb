package train

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/snowman-ml/snowman/dataset"
	"github.com/snowman-ml/snowman/internal/modelfile"
)

// stopAfter runs a training that is cancelled after a step.
func stopAfter(t *testing.T, set *dataset.Set, options Options, step int) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	options.Progress = func(p Progress) {
		if p.Step == step {
			cancel()
		}
	}
	if _, err := Run(ctx, set, options); !errors.Is(err, context.Canceled) {
		t.Fatalf("cancelled after step %d, the error is %v", step, err)
	}
}

func TestACancelledRunGoesOnToTheSameBytes(t *testing.T) {
	set := newSet(fourKinds, dataset.DGA, "")
	want := bytesOf(t, mustRun(t, set, small))
	for _, test := range []struct {
		name  string
		stops []int
	}{
		{"after the first step", []int{1}},
		{"within an epoch", []int{6}},
		{"after an epoch", []int{13}},
		{"after an epoch and a step", []int{14}},
		{"before the last step", []int{51}},
		{"many times", []int{3, 4, 12, 26, 40, 51}},
	} {
		t.Run(test.name, func(t *testing.T) {
			options := small
			options.Checkpoint = filepath.Join(t.TempDir(), "checkpoint")
			for i, step := range test.stops {
				options.Workers = 1 + i%3
				stopAfter(t, set, options, step)
			}
			first := 0
			options.Progress = func(p Progress) {
				if first == 0 {
					first = p.Step
				}
			}
			if !bytes.Equal(bytesOf(t, mustRun(t, set, options)), want) {
				t.Error("the bytes differ from those of an undisturbed run")
			}
			if last := test.stops[len(test.stops)-1]; first != last+1 {
				t.Errorf("the run went on with step %d, want %d", first, last+1)
			}
		})
	}
}

// A killed run leaves the checkpoint that it wrote last.
func TestAKilledRunGoesOnToTheSameBytes(t *testing.T) {
	set := newSet(fourKinds, dataset.DGA)
	options := small
	want := bytesOf(t, mustRun(t, set, options))
	directory := t.TempDir()
	options.Checkpoint, options.CheckpointEvery = filepath.Join(directory, "running"), 5
	left := filepath.Join(directory, "left")
	options.Progress = func(p Progress) {
		if p.Step != 18 {
			return
		}
		content, err := os.ReadFile(options.Checkpoint)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(left, content, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	mustRun(t, set, options)
	steps := 0
	options.Checkpoint, options.Progress = left, func(Progress) { steps++ }
	if !bytes.Equal(bytesOf(t, mustRun(t, set, options)), want) {
		t.Error("the bytes differ from those of an undisturbed run")
	}
	if want := 52 - 15; steps != want {
		t.Errorf("%d steps were left, want %d", steps, want)
	}
}

func TestAFinishedRunIsNotRepeated(t *testing.T) {
	set := newSet(fourKinds, dataset.DGA)
	options := small
	options.Checkpoint = filepath.Join(t.TempDir(), "checkpoint")
	want := bytesOf(t, mustRun(t, set, options))
	options.Progress = func(p Progress) { t.Errorf("step %d is run again", p.Step) }
	if !bytes.Equal(bytesOf(t, mustRun(t, set, options)), want) {
		t.Error("the bytes differ")
	}
}

func TestACheckpointBelongsToItsOptionsAndData(t *testing.T) {
	checkpoint := filepath.Join(t.TempDir(), "checkpoint")
	options := small
	options.Checkpoint = checkpoint
	stopAfter(t, newSet(fourKinds, dataset.DGA), options, 1)
	content, err := os.ReadFile(checkpoint)
	if err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		name    string
		change  func(*Options, *dataset.Set)
		refused bool
	}{
		{"another seed", func(o *Options, _ *dataset.Set) { o.Seed = 2 }, true},
		{"more epochs", func(o *Options, _ *dataset.Set) { o.Epochs = 5 }, true},
		{"another learning rate", func(o *Options, _ *dataset.Set) { o.LearningRate = 0.01 }, true},
		{"another shape", func(o *Options, _ *dataset.Set) { o.Widths = []int{2, 4} }, true},
		{"fewer rows", func(_ *Options, s *dataset.Set) { s.Parts[dataset.Train] = s.Parts[dataset.Train][1:] }, true},
		{"another text", func(_ *Options, s *dataset.Set) { s.Parts[dataset.Train][5].Text = "example.com" }, true},
		{"another label", func(_ *Options, s *dataset.Set) { s.Parts[dataset.Train][0].Malicious = true }, true},
		{"another weight", func(_ *Options, s *dataset.Set) { s.Parts[dataset.Train][0].Weight = 2 }, true},
		{"other rows to choose by", func(_ *Options, s *dataset.Set) { s.Parts[dataset.Choose][0].Text = "example.com" }, true},
		{"more workers", func(o *Options, _ *dataset.Set) { o.Workers = 2 }, false},
		{"more checkpoints", func(o *Options, _ *dataset.Set) { o.CheckpointEvery = 1 }, false},
		{"another date", func(o *Options, _ *dataset.Set) { o.Created = "2026-02-01" }, false},
		{"other rows to calibrate on", func(_ *Options, s *dataset.Set) { s.Parts[dataset.Calibrate] = nil }, false},
	} {
		t.Run(test.name, func(t *testing.T) {
			options, set := options, newSet(fourKinds, dataset.DGA)
			options.Checkpoint = filepath.Join(t.TempDir(), "copy")
			if err := os.WriteFile(options.Checkpoint, content, 0o600); err != nil {
				t.Fatal(err)
			}
			test.change(&options, set)
			_, err := Run(context.Background(), set, options)
			if !test.refused {
				if err != nil {
					t.Errorf("the error is %v, want none", err)
				}
				return
			}
			if err == nil || !strings.Contains(err.Error(), "a training with other options or data") || !strings.Contains(err.Error(), options.Checkpoint) {
				t.Errorf("the error is %v, want one that names the checkpoint and what is wrong with it", err)
			}
			if left, _ := os.ReadFile(options.Checkpoint); !bytes.Equal(left, content) {
				t.Error("the checkpoint was changed")
			}
		})
	}
}

func TestADamagedCheckpointIsRefused(t *testing.T) {
	set := newSet(fourKinds, dataset.DGA)
	options := small
	options.Checkpoint = filepath.Join(t.TempDir(), "checkpoint")
	stopAfter(t, set, options, 14)
	content, err := os.ReadFile(options.Checkpoint)
	if err != nil {
		t.Fatal(err)
	}
	// rewritten is a whole file with another content.
	rewritten := func(change func(*modelfile.Container)) []byte {
		checkpoint, err := modelfile.Parse(slices.Clone(content))
		if err != nil {
			t.Fatal(err)
		}
		change(&checkpoint)
		var file bytes.Buffer
		if err := checkpoint.Write(&file); err != nil {
			t.Fatal(err)
		}
		return file.Bytes()
	}
	flipped := slices.Clone(content)
	flipped[len(flipped)-100] ^= 1
	for _, test := range []struct {
		name    string
		content []byte
		want    string
	}{
		{"an empty file", nil, "too short"},
		{"a file larger than any checkpoint of the run", make([]byte, 4<<20+len(content)), "it belongs to a training with other options or data"},
		{"another file", []byte("text\tlabel\nexample.com\t0\n"), "header of"},
		{"a file cut short", content[:len(content)-1000], "data section"},
		{"one bit of a number", flipped, "SHA-256"},
		{"a tensor missing", rewritten(func(c *modelfile.Container) { c.Tensors = c.Tensors[1:] }), `tensor "parameters" is missing`},
		{"a tensor of another size", rewritten(func(c *modelfile.Container) {
			c.Tensors[3].Data, c.Tensors[3].Shape = c.Tensors[3].Data[1:], []int{len(c.Tensors[3].Data) - 1}
		}), "of another size"},
		{"a state that cannot be read", rewritten(func(c *modelfile.Container) { c.Metadata["state"] = "{" }), "state"},
		{"no state", rewritten(func(c *modelfile.Container) { delete(c.Metadata, "state") }), "state"},
		{"a step beyond the last", rewritten(func(c *modelfile.Container) {
			c.Metadata["state"] = strings.Replace(c.Metadata["state"], `"step":14`, `"step":94`, 1)
		}), "state"},
		{"a best epoch that was not run", rewritten(func(c *modelfile.Container) {
			c.Metadata["state"] = strings.Replace(c.Metadata["state"], `"best_epoch":1`, `"best_epoch":7`, 1)
		}), "state"},
	} {
		t.Run(test.name, func(t *testing.T) {
			if err := os.WriteFile(options.Checkpoint, test.content, 0o600); err != nil {
				t.Fatal(err)
			}
			_, err := Run(context.Background(), set, options)
			if err == nil || !strings.Contains(err.Error(), "reading checkpoint") || !strings.Contains(err.Error(), options.Checkpoint) || !strings.Contains(err.Error(), test.want) {
				t.Errorf("the error is %v, want one that names the checkpoint, and %q", err, test.want)
			}
		})
	}
}

func TestACheckpointThatCannotBeWrittenEndsTheRun(t *testing.T) {
	options := small
	options.Checkpoint = filepath.Join(t.TempDir(), "no such folder", "checkpoint")
	_, err := Run(context.Background(), newSet(fourKinds, dataset.DGA), options)
	if err == nil || !strings.Contains(err.Error(), "writing checkpoint") {
		t.Errorf("the error is %v", err)
	}
}
