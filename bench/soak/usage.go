package main

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/snowman-ml/snowman/bench/internal/markdown"
)

// usage is what a service holds.
type usage struct {
	resident                  float64 // MiB
	goroutines, files, series int
}

// exceeds reports whether something is left over that was not there before.
func (u usage) exceeds(before usage) bool {
	return u.goroutines > before.goroutines+slack || u.files > before.files+slack || u.series > before.series+seriesSlack
}

// seriesSlack is how many time series may be added by requests of every kind. Routes and statuses
// are few, unless a client can choose the value of a label.
const seriesSlack = 300

// settle returns what the service holds when it is idle. It waits, but not for ever, until that is
// no more than before; an empty before is not waited for.
func (s *service) settle(ctx context.Context, before usage) (usage, error) {
	for begin := time.Now(); ; {
		select {
		case <-ctx.Done():
			return usage{}, ctx.Err()
		case <-s.exited:
			return usage{}, fmt.Errorf("the service has ended: %w", s.status)
		case <-time.After(2 * time.Second):
		}
		now, err := s.usage()
		if err != nil {
			return usage{}, err
		}
		if before == (usage{}) || !now.exceeds(before) || time.Since(begin) > 2*patience {
			return now, nil
		}
	}
}

func (s *service) usage() (u usage, err error) {
	if u.goroutines, u.series, err = s.metrics(); err != nil {
		return u, err
	}
	if u.files, err = s.files(); err != nil {
		return u, err
	}
	u.resident, err = s.resident()
	return u, err
}

// residents are MiB of resident memory, one figure a second.
type residents []float64

// watch notes what is resident until the context is done.
func (s *service) watch(ctx context.Context, l *ledger) residents {
	var all residents
	for second := time.NewTicker(time.Second); ; {
		select {
		case <-ctx.Done():
			return all
		case <-s.exited:
			l.fail("the service ended under load", fmt.Errorf("%w: %.2000q", s.status, s.errors.Bytes()))
			return all
		case <-second.C:
		}
		mib, err := s.resident()
		if err != nil {
			continue // it has just ended
		}
		all = append(all, mib)
		if len(all)%10 == 0 {
			progress("  %d s, %.0f MiB", len(all), mib)
		}
	}
}

// windows returns the medians of the second tenth and of the last one. In the first tenth the
// service still allocates what it allocates once.
func (r residents) windows() (early, late float64) {
	if len(r) < 2 {
		return 0, 0
	}
	tenth := max(1, len(r)/10)
	return markdown.Median(r[tenth : 2*tenth]), markdown.Median(r[len(r)-tenth:])
}

func (r residents) peak() float64 {
	if len(r) == 0 {
		return 0
	}
	return slices.Max(r)
}
