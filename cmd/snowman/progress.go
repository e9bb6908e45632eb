package main

import (
	"fmt"
	"io"
	"time"
)

// progress shows on a terminal how far a long work is, its rate and the time left. In a pipe it is silent.
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

// add notes count more units done, and that step of steps is reached.
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

// clear removes what is shown, for other lines to follow.
func (p *progress) clear() {
	if p.visible {
		fmt.Fprint(p.w, "\r\x1b[K")
	}
}
