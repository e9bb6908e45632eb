package main

import (
	"bufio"
	"context"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/snowman-ml/snowman"
	"github.com/snowman-ml/snowman/dataset"
	"github.com/snowman-ml/snowman/internal/train"
	"github.com/snowman-ml/snowman/models"
)

// A scoreFunc scores texts, on one goroutine.
type scoreFunc func(texts []string, scores []float64) error

// calls are the ways to call the library that are measured. Each returns a function for one
// goroutine.
var calls = map[string]func(*snowman.Model) scoreFunc{
	"float32":    inBatches,
	"int8":       inBatches,
	"int8-alone": oneAtATime,
}

func inBatches(model *snowman.Model) scoreFunc {
	scorer := model.NewScorer()
	return func(texts []string, scores []float64) error {
		var failed error
		scorer.ClassifyAll(texts, func(i int, verdict snowman.Verdict, err error) {
			scores[i] = verdict.Score
			if err != nil {
				failed = fmt.Errorf("scoring %q: %w", texts[i], err)
			}
		})
		return failed
	}
}

func oneAtATime(model *snowman.Model) scoreFunc {
	scorer := model.NewScorer()
	return func(texts []string, scores []float64) (err error) {
		for i, text := range texts {
			if scores[i], err = scorer.Score(text); err != nil {
				return fmt.Errorf("scoring %q: %w", text, err)
			}
		}
		return nil
	}
}

// shipped stands for the model that comes with the package, where a worker wants a model's name.
const shipped = "shipped"

// openNetwork opens the shipped model or one in the folder.
func openNetwork(folder, network string) (*snowman.Model, error) {
	if network == shipped {
		return snowman.Default(), nil
	}
	return snowman.Open(filepath.Join(folder, network+".safetensors"))
}

// runWorker is Snowman's side of the conversation that worker.py describes, with the same
// arguments. A kind is the name of a call and that of a model file in the folder, or "training".
func runWorker(args []string) error {
	kind, folder, sets := args[0], args[2], args[3:]
	threads, err := strconv.Atoi(args[1])
	if err != nil {
		return err
	}
	start := ready{Version: "Snowman " + snowmanVersion(), Choice: make(map[string]string)}
	var run func(set string) (pass, []float64, error)
	if kind == "training" {
		start.Choice[sets[0]] = "batch 512"
		run = func(set string) (pass, []float64, error) {
			return runTraining(filepath.Join(folder, set+".tsv"), threads)
		}
	} else if run, err = newScoring(kind, threads, folder, sets); err != nil {
		return err
	} else {
		start.Bytes = modelBytes(folder, kind)
	}
	answers := json.NewEncoder(os.Stdout)
	if err := answers.Encode(start); err != nil {
		return err
	}
	for lines := bufio.NewScanner(os.Stdin); lines.Scan(); {
		_, request, _ := strings.Cut(lines.Text(), " ")
		set, path, _ := strings.Cut(request, " ")
		done, scores, err := run(set)
		if err != nil {
			return err
		}
		encoded, err := binary.Append(nil, binary.LittleEndian, scores)
		if err != nil {
			return err
		}
		if err := errors.Join(os.WriteFile(path, encoded, 0o666), answers.Encode(done)); err != nil {
			return err
		}
	}
	return nil
}

// modelBytes returns the size of the model file that a kind of worker reads.
func modelBytes(folder, kind string) int {
	_, network, _ := strings.Cut(kind, ":")
	if network == shipped {
		return len(models.Default)
	}
	info, err := os.Stat(filepath.Join(folder, network+".safetensors"))
	if err != nil {
		return 0 // it was read a moment ago
	}
	return int(info.Size())
}

// newScoring returns what does one pass of scoring, after one pass that does not count.
func newScoring(kind string, threads int, folder string, sets []string) (func(set string) (pass, []float64, error), error) {
	call, network, _ := strings.Cut(kind, ":")
	model, err := openNetwork(folder, network)
	if err != nil {
		return nil, err
	}
	if call == "float32" {
		model = model.Exact()
	}
	texts := make(map[string][]string)
	for _, set := range sets {
		content, err := os.ReadFile(filepath.Join(folder, set+".txt"))
		if err != nil {
			return nil, err
		}
		texts[set] = strings.Split(strings.TrimSuffix(string(content), "\n"), "\n")
	}
	functions := make([]scoreFunc, threads)
	for i := range functions {
		functions[i] = calls[call](model)
	}
	run := func(set string) (pass, []float64, error) {
		texts := texts[set]
		scores, failures := make([]float64, len(texts)), make([]error, threads)
		begin := time.Now()
		var group sync.WaitGroup
		for i, score := range functions {
			first, end := i*len(texts)/threads, (i+1)*len(texts)/threads
			group.Go(func() { failures[i] = score(texts[first:end], scores[first:end]) })
		}
		group.Wait()
		return pass{Seconds: time.Since(begin).Seconds(), Texts: len(texts)}, scores, errors.Join(failures...)
	}
	for _, set := range sets {
		if _, _, err := run(set); err != nil {
			return nil, err
		}
	}
	return run, nil
}

// runTraining does one pass of training. The first step, which also allocates, does not count. It
// returns the first step's loss and the mean of the last quarter's.
func runTraining(path string, threads int) (pass, []float64, error) {
	content, err := os.ReadFile(path)
	if err != nil {
		return pass{}, nil, err
	}
	set := &dataset.Set{Kinds: []string{dataset.Benign, dataset.DGA, dataset.Phishing, dataset.Malware}}
	for line := range strings.Lines(string(content)) {
		fields := strings.SplitN(strings.TrimSuffix(line, "\n"), "\t", 3)
		weight, err := strconv.ParseFloat(fields[1], 32)
		if err != nil {
			return pass{}, nil, err
		}
		row := dataset.Row{Text: fields[2], Kind: fields[0], Malicious: fields[0] != dataset.Benign, Weight: float32(weight)}
		set.Parts[dataset.Train] = append(set.Parts[dataset.Train], row)
	}
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	var done pass
	var begin time.Time
	var first, last float64
	var counted int
	options := train.Options{Workers: threads}
	options.Widths, options.Views, options.Epochs = []int{2, 3, 4, 5}, 1, 2 // the second is not begun
	options.Progress = func(p train.Progress) {
		steps := p.Steps / 2
		switch {
		case p.Step == 1:
			begin, first = time.Now(), p.Loss
			return
		case p.Step < steps: // the last step of an epoch also validates
			done = pass{Seconds: time.Since(begin).Seconds(), Texts: done.Texts + p.Texts}
		default:
			cancel()
		}
		if p.Step > steps*3/4 {
			last += p.Loss
			counted++
		}
	}
	if _, err := train.Run(ctx, set, options); !errors.Is(err, context.Canceled) {
		return pass{}, nil, fmt.Errorf("training was to be cancelled, but: %w", err)
	}
	return done, []float64{first, last / float64(counted)}, nil
}
