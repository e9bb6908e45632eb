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

// patience is how long a request waits for its turn.
const patience = 5 * time.Second

// A gate lets so many requests in at a time, and so many more wait for a while; all others are turned away.
type gate struct {
	room    *semaphore.Weighted
	waiting atomic.Int64
	most    int64 // waiting
}

func newGate(room int64, waiting int) *gate {
	return &gate{room: semaphore.NewWeighted(room), most: int64(waiting)}
}

// enter waits for room. Who has entered must leave. It does not ask whether the client still waits: the
// context of a request ends, too, when a client has sent all and says so.
func (g *gate) enter() error {
	if g.room.TryAcquire(1) {
		return nil
	}
	defer g.waiting.Add(-1)
	if g.waiting.Add(1) > g.most {
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

// openStreams are the streams that are being answered. There may be so many at a time; where more come,
// the one that has been silent longest is ended, if that is long.
type openStreams struct {
	gate   *gate
	silent time.Duration // is long

	mu   sync.Mutex
	open map[*streamBody]bool
}

func newOpenStreams(most int, silent time.Duration) *openStreams {
	return &openStreams{gate: newGate(int64(most), most), silent: silent, open: make(map[*streamBody]bool)}
}

// enter waits for room for a stream, which must leave.
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

// endSilent ends the stream that has been silent longest, if there is one.
func (s *openStreams) endSilent() {
	s.mu.Lock()
	defer s.mu.Unlock()
	var longest *streamBody
	since := time.Now().Add(-s.silent).UnixNano()
	for body := range s.open {
		if waits := body.waitsSince.Load(); waits > 0 && waits < since {
			longest, since = body, waits
		}
	}
	if longest != nil {
		delete(s.open, longest) // so that the next one to come ends another
		longest.interrupt(errSilent)
	}
}
