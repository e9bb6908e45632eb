package main

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"runtime"
	"time"

	"golang.org/x/term"

	"github.com/snowman-ml/snowman/internal/train"
)

// isTerminal reports whether a person may be at the other end of a stream, an io.Reader or an
// io.Writer.
func isTerminal(stream any) bool {
	file, ok := stream.(*os.File)
	return ok && term.IsTerminal(int(file.Fd()))
}

// terminalColumns returns how many columns a line has, and whether it may be coloured.
func terminalColumns(w io.Writer) (columns int, inColour bool) {
	const usual = 80
	if !isTerminal(w) {
		return usual, false
	}
	columns, _, err := term.GetSize(int(w.(*os.File).Fd()))
	if err != nil || columns < usual/2 {
		columns = usual
	}
	oldConsole := runtime.GOOS == "windows" && os.Getenv("WT_SESSION") == ""
	return columns, os.Getenv("NO_COLOR") == "" && os.Getenv("TERM") != "dumb" && !oldConsole
}

// writeFigures writes figures as JSON, or as the text that writeText makes of them.
func writeFigures[T any](w io.Writer, figures T, asJSON bool, writeText func(io.Writer, T) error) error {
	if asJSON {
		return writeJSON(w, figures)
	}
	return writeText(w, figures)
}

func writeJSON(w io.Writer, value any) error {
	encoder := json.NewEncoder(w)
	encoder.SetIndent("", "  ")
	return encoder.Encode(value)
}

// progress shows on a terminal how much of a long task is done, its rate and the time left.
// Elsewhere it is silent.
type progress struct {
	w         io.Writer
	what      string
	unit      string
	visible   bool
	started   time.Time
	startStep int
	done      int
	shown     time.Time
}

func newProgress(w io.Writer, what, unit string) *progress {
	return &progress{w: w, what: what, unit: unit, visible: isTerminal(w)}
}

// add counts more units, at step of steps.
func (p *progress) add(count, step, steps int, detail string) {
	if !p.visible {
		return
	}
	now := time.Now()
	if p.started.IsZero() {
		p.started, p.startStep = now, step
		return
	}
	p.done += count
	if now.Sub(p.shown) < time.Second/4 {
		return
	}
	p.shown = now
	elapsed := now.Sub(p.started)
	left := time.Duration(float64(elapsed) / float64(max(1, step-p.startStep)) * float64(steps-step))
	fmt.Fprintf(p.w, "\r\x1b[K%s: %d %%, %.0f %s/s, %v left, %s", p.what, 100*step/steps,
		float64(p.done)/elapsed.Seconds(), p.unit, left.Round(time.Second), detail)
}

// clear removes what is shown, so that other lines can follow.
func (p *progress) clear() {
	if p.visible {
		fmt.Fprint(p.w, "\r\x1b[K")
	}
}

// showTraining returns what shows how far a training is, with a line for each epoch, and what
// removes it.
func showTraining(w io.Writer) (show func(train.Progress), clearShown func()) {
	networks, families := newProgress(w, "training", "texts"), newProgress(w, "naming families", "texts")
	show = func(p train.Progress) {
		meter, network := networks, ""
		if p.Families {
			meter = families
		}
		if p.Networks > 1 {
			network = fmt.Sprintf("network %d of %d, ", p.Network, p.Networks)
		}
		meter.add(p.Texts, p.Step, p.Steps, fmt.Sprintf("%sepoch %d of %d, loss %.4f", network, p.Epoch, p.Epochs, p.Loss))
		if v := p.Validation; v != nil {
			meter.clear()
			fmt.Fprintf(w, "%sepoch %d: loss %.4f; on the rows set aside to choose: AUC %.4f, TPR %.4f at FPR 1e-2\n",
				network, v.Epoch, v.Loss, v.AUC, v.TruePositiveRate)
		}
	}
	return show, networks.clear
}
