package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/snowman-ml/snowman/blocklist"
	"github.com/snowman-ml/snowman/internal/atomicfile"
	"github.com/snowman-ml/snowman/internal/filelock"
	"github.com/snowman-ml/snowman/internal/inputfile"
	"github.com/snowman-ml/snowman/internal/intake"
	"github.com/snowman-ml/snowman/internal/listing"
	"github.com/snowman-ml/snowman/internal/visible"
)

// longestWait is how long a run waits for another that has the state.
const longestWait = 10 * time.Minute

// openState opens the state, or returns nil where none is asked for. Before, it finds out whether
// the files can be written. No other run has the state until unlock is called.
func (f *listFlags) openState(ctx context.Context, job *listing.Job, s streams) (_ *listing.State, unlock func(), err error) {
	unlock = func() {}
	outputs := []output{{"-state", f.state}}
	if f.target.Main == "" && f.out != "-" {
		outputs = append(outputs, output{"-o", f.out})
	}
	if err := checkOutputs(outputs, f.files); err != nil || f.state == "" {
		return nil, unlock, err
	}
	unlock, err = filelock.Take(ctx, stateLock(f.state), longestWait, func() {
		fmt.Fprintf(s.stderr, "snowman: another run has the state %s; this one waits for it, at most %v\n", visible.Text(f.state), longestWait)
	})
	if err != nil {
		return nil, func() {}, err
	}
	state, err := inputfile.Await(ctx, func() (*listing.State, error) {
		return listing.OpenState(f.state, job, f.days, time.Now())
	})
	if err != nil {
		unlock()
		return nil, func() {}, fmt.Errorf("%w; move the file away, and the next run begins anew", err)
	}
	return state, unlock, nil
}

// stateLock returns the lock of a state: beside the file itself, whatever links lead to it.
func stateLock(state string) string {
	if resolved, err := filepath.EvalSymlinks(state); err == nil {
		state = resolved
	}
	return state + ".lock"
}

// read reads all inputs, and says on standard error what is wrong with their records.
func (f *listFlags) read(ctx context.Context, job *listing.Job, s streams) error {
	warn := firstFailures(s.stderr)
	inputs, closeInputs, err := (&textInput{files: f.files}).openInputs(ctx, s)
	if err != nil {
		return err
	}
	defer closeInputs()
	for _, in := range inputs {
		err := job.Read(ctx, listing.Input{Scored: f.formatName == scoredFormat, Input: intake.Input{
			Name: in.Name, Reader: in.Input, Format: f.given, IsFile: in.isFile, Columns: f.columns,
		}}, warn)
		if err != nil {
			return err
		}
	}
	return nil
}

// write writes the list: into the files of -o, or to standard output unless that has what changed.
func (f *listFlags) write(list *blocklist.List, state *listing.State, s streams) (leftOut blocklist.LeftOut, err error) {
	o := blocklist.Options{Serial: uint32(f.serial)}
	if f.serial == 0 && state != nil {
		o.Serial = state.Serial
	}
	write := func(w io.Writer) (err error) {
		leftOut, err = f.target.Write(w, list, o)
		return err
	}
	switch {
	case f.target.Main != "":
		if err := os.MkdirAll(f.out, 0o755); err != nil {
			return nil, fmt.Errorf("writing the list as %s: %w", f.target.Title, err)
		}
		return f.target.WriteFolder(f.out, atomicfile.Write, list, o)
	case f.out != "" && f.out != "-":
		err = atomicfile.Write(f.out, write)
	case f.diff != "":
		err = write(io.Discard)
	default:
		err = write(s.stdout)
	}
	return leftOut, err
}

// readDiff returns the texts of the list of -diff, none where there is no file yet.
func (f *listFlags) readDiff(ctx context.Context, s streams) ([]string, error) {
	path := f.diff
	if f.target.Main != "" {
		path = filepath.Join(path, f.target.Main)
	}
	file, err := inputfile.Open(ctx, path)
	if errors.Is(err, fs.ErrNotExist) {
		fmt.Fprintf(s.stderr, "snowman: %s is not there yet, so all is new\n", visible.Text(path))
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("reading the list of -diff: %w", err)
	}
	defer file.Close()
	texts, err := f.target.Read(file)
	if err != nil {
		return nil, fmt.Errorf("-diff %q: %w", f.diff, err)
	}
	return texts, nil
}
