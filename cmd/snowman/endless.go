package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"sync/atomic"

	"github.com/snowman-ml/snowman/internal/enrich"
	"github.com/snowman-ml/snowman/internal/follow"
	"github.com/snowman-ml/snowman/internal/pipeline"
	"github.com/snowman-ml/snowman/internal/plain"
	"github.com/snowman-ml/snowman/internal/unixsocket"
	"github.com/snowman-ml/snowman/internal/visible"
	"github.com/snowman-ml/snowman/logs"
)

// What has no end, a file that grows and a socket, ends with the first signal, which is no failure.

// socketPrefix stands before the name of a socket in -f.
const socketPrefix = "unix:"

// followedSample is how many lines of a file that grows are waited for to tell its format.
const followedSample = 2

// checkEndless says what is wrong with flags for what has no end.
func (f *recordFlags) checkEndless(in *textInput) error {
	isSocket := false
	for _, path := range in.files {
		isSocket = isSocket || strings.HasPrefix(path, socketPrefix)
	}
	switch {
	case f.follow && (len(in.files) != 1 || in.files[0] == "-" || isSocket):
		return usageError{"-follow follows one file: -f names it"}
	case f.follow && f.given != nil && f.given.Sort == logs.Messages:
		return usageError{"-follow is for text; -f unix:SOCKET reads dnstap as it comes"}
	case isSocket && len(in.files) > 1:
		return usageError{"-f unix:SOCKET stands alone"}
	case isSocket && f.given != nil && f.given.Name != "dnstap":
		return usageError{"-f unix:SOCKET reads dnstap, not " + f.formatName}
	}
	return nil
}

// runEndless scores what comes of a socket or a growing file.
func (j *scoring) runEndless(ctx context.Context, s streams, w *lineWriter, path string) error {
	if socket, ok := strings.CutPrefix(path, socketPrefix); ok {
		return j.runSocket(ctx, w, socket)
	}
	file, err := follow.Open(ctx, path, func(problem string) { fmt.Fprintf(s.stderr, "snowman: %s\n", problem) })
	if err != nil {
		return fmt.Errorf("reading texts: %w", err)
	}
	defer file.Close()
	if file.IsMissing() {
		fmt.Fprintf(s.stderr, "snowman: %s is not there yet; waiting for it\n", visible.Text(path))
	}
	return j.runInput(context.WithoutCancel(ctx), w, input{pipeline.Source{Input: plain.NewReader(file)}, true, true, false})
}

// runSocket scores the dnstap that servers write to a socket.
func (j *scoring) runSocket(ctx context.Context, w *lineWriter, path string) error {
	listener, err := unixsocket.Listen(ctx, path)
	if err != nil {
		return fmt.Errorf("reading dnstap: %w", err)
	}
	defer listener.Close()
	format, err := logs.Find("dnstap")
	if err != nil {
		return err
	}
	job, err := j.jobOf(w, format)
	if err != nil {
		return err
	}
	fmt.Fprintf(w.stderr, "snowman: waiting for dnstap at %s\n", visible.Text(path))
	var said atomic.Int64
	failed := func(err error) {
		if errors.Is(err, io.ErrUnexpectedEOF) { // a server that was stopped leaves half a frame
			return
		}
		switch n := said.Add(1); {
		case n <= shownFailures:
			fmt.Fprintf(w.stderr, "snowman: %v\n", err)
		case n == shownFailures+1:
			fmt.Fprintln(w.stderr, "snowman: more connections fail, and are not named")
		}
	}
	return j.runJob(context.WithoutCancel(ctx), w, job, enrich.NewConnections(listener.Accept, format, job.Reading(nil), failed))
}
