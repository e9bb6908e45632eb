package web

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/sync/semaphore"
)

// errBusy is why a request is answered with 429.
var errBusy = errors.New("too much is under way; try again later")

// patience is how long a request waits at a gate.
const patience = 5 * time.Second

// A gate limits how many requests do something at a time. Some more wait for up to patience; others
// are refused.
type gate struct {
	room       *semaphore.Weighted
	waiting    atomic.Int64
	maxWaiting int64
}

func newGate(room int64, maxWaiting int) *gate {
	return &gate{room: semaphore.NewWeighted(room), maxWaiting: int64(maxWaiting)}
}

// enter waits for room, until leave gives it back. It does not ask whether the client still waits:
// the context of a request also ends when the client closes its side after sending all.
func (g *gate) enter() error {
	if g.room.TryAcquire(1) {
		return nil
	}
	defer g.waiting.Add(-1)
	if g.waiting.Add(1) > g.maxWaiting {
		return errBusy
	}
	patient, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	if g.room.Acquire(patient, 1) != nil {
		return errBusy
	}
	return nil
}

func (g *gate) leave() { g.room.Release(1) }

// openStreams are the streams that are being answered. Their number is limited. When another one
// comes, the one that has been silent longest is ended, if it has been so for longer than
// maxSilence.
type openStreams struct {
	gate       *gate
	maxSilence time.Duration

	mu   sync.Mutex
	open map[*streamBody]bool
}

func newOpenStreams(room int, maxSilence time.Duration) *openStreams {
	return &openStreams{gate: newGate(int64(room), room), maxSilence: maxSilence, open: make(map[*streamBody]bool)}
}

// enter waits for room for a stream, until leave gives it back.
func (s *openStreams) enter(body *streamBody) error {
	if !s.gate.room.TryAcquire(1) {
		s.endSilent()
		if err := s.gate.enter(); err != nil {
			return err
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.open[body] = true
	return nil
}

func (s *openStreams) leave(body *streamBody) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.open, body)
	s.gate.leave()
}

// endSilent ends the stream that has been silent longest, if any was silent for longer than
// maxSilence.
func (s *openStreams) endSilent() {
	s.mu.Lock()
	defer s.mu.Unlock()
	var longest *streamBody
	since := time.Now().Add(-s.maxSilence).UnixNano()
	for body := range s.open {
		if waits := body.waitsSince.Load(); waits > 0 && waits < since {
			longest, since = body, waits
		}
	}
	if longest != nil {
		delete(s.open, longest) // so that the next call ends another
		longest.interrupt(errSilent)
	}
}
