package web

import (
	"cmp"
	"context"
	"errors"
	"sync"
	"time"

	"golang.org/x/sync/semaphore"
)

// errBusy is why a request is answered with 429.
var errBusy = errors.New("too much is under way; try again later")

// patience is how long a request waits at a gate.
const patience = 5 * time.Second

// A gate limits how many requests do something at a time. Some more wait for up to patience, of one
// client at most half as many as of all; others are refused.
type gate struct {
	room       *semaphore.Weighted
	maxWaiting int

	mu       sync.Mutex
	waiting  int
	byClient map[string]int // of those that wait
}

func newGate(room int64, maxWaiting int) *gate {
	return &gate{room: semaphore.NewWeighted(room), maxWaiting: maxWaiting, byClient: make(map[string]int)}
}

// enter waits for room, until leave gives it back. It does not ask whether the client still waits:
// the context of a request also ends when the client closes its side after sending all.
func (g *gate) enter(client string) error {
	if g.room.TryAcquire(1) {
		return nil
	}
	if !g.queue(client) {
		return errBusy
	}
	defer g.unqueue(client)
	patient, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	if g.room.Acquire(patient, 1) != nil {
		return errBusy
	}
	return nil
}

// queue takes a place among those that wait, until unqueue gives it back.
func (g *gate) queue(client string) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.waiting >= g.maxWaiting || g.byClient[client] >= (g.maxWaiting+1)/2 {
		return false
	}
	g.waiting++
	g.byClient[client]++
	return true
}

func (g *gate) unqueue(client string) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.waiting--
	if g.byClient[client]--; g.byClient[client] == 0 {
		delete(g.byClient, client)
	}
}

// wait waits for room for as long as it takes.
func (g *gate) wait() { g.room.Acquire(context.Background(), 1) }

func (g *gate) leave() { g.room.Release(1) }

// openStreams are the streams that are being answered. Their number is limited. When another one
// comes, one that makes little progress is ended for it: see slowest.
type openStreams struct {
	gate    *gate
	maxSlow time.Duration

	mu   sync.Mutex
	open map[*streamBody]bool
}

const maxStreams = 64

func newOpenStreams(room int, maxSlow time.Duration) *openStreams {
	return &openStreams{gate: newGate(int64(room), room), maxSlow: maxSlow, open: make(map[*streamBody]bool)}
}

// enter waits for room for a stream, until leave gives it back.
func (s *openStreams) enter(body *streamBody) error {
	if !s.gate.room.TryAcquire(1) {
		s.endSlowest(body.client)
		if err := s.gate.enter(body.client); err != nil {
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

// endSlowest makes room for a stream of a client.
func (s *openStreams) endSlowest(client string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if body := s.slowest(client); body != nil {
		delete(s.open, body) // so that the next call ends another
		body.end()
	}
}

// slowest returns the stream that is to end for another one of a client, or nil. First come those
// that have been slow for longer than maxSlow, then those of a client that has at least two more
// than this one, so that the two do not end each other's for ever. Of these it is one of the client
// that has the most, and of that client's the one that has been slow longest, or else sent least.
func (s *openStreams) slowest(client string) *streamBody {
	streams := make(map[string]int)
	for body := range s.open {
		streams[body.client]++
	}
	type rank struct {
		tooSlow int // 1 where it is
		streams int
		slow    time.Duration
		texts   int64
	}
	var found *streamBody
	var best rank
	for body := range s.open {
		r := rank{streams: streams[body.client], slow: body.slow(), texts: body.texts.Load()}
		if r.slow > s.maxSlow {
			r.tooSlow = 1
		}
		if r.tooSlow == 0 && r.streams < streams[client]+2 {
			continue
		}
		if found == nil || cmp.Or(cmp.Compare(r.tooSlow, best.tooSlow), cmp.Compare(r.streams, best.streams),
			cmp.Compare(r.slow, best.slow), cmp.Compare(best.texts, r.texts)) > 0 {
			found, best = body, r
		}
	}
	return found
}
