package web

import (
	"context"
	"errors"
	"sync/atomic"
	"time"
)

// errBusy is why a request is answered with 429.
var errBusy = errors.New("too much is under way; try again later")

// patience is how long a request waits for its turn.
const patience = 5 * time.Second

// A gate lets so many in at a time, and so many more wait for a while; all others are turned away.
type gate struct {
	inside  chan struct{}
	waiting atomic.Int64
	most    int64 // waiting
}

func newGate(inside, waiting int) *gate {
	return &gate{inside: make(chan struct{}, inside), most: int64(waiting)}
}

// enter waits for room. Who has entered must leave.
func (g *gate) enter(ctx context.Context) error {
	select {
	case g.inside <- struct{}{}:
		return nil
	default:
	}
	defer g.waiting.Add(-1)
	if g.waiting.Add(1) > g.most {
		return errBusy
	}
	timer := time.NewTimer(patience)
	defer timer.Stop()
	select {
	case g.inside <- struct{}{}:
		return nil
	case <-timer.C:
		return errBusy
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (g *gate) leave() { <-g.inside }
