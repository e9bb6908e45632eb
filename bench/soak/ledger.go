package main

import (
	"fmt"
	"maps"
	"slices"
	"sync"

	"github.com/snowman-ml/snowman/bench/internal/markdown"
)

// A ledger counts what happened, by its name, and keeps what must not happen. It is safe for any
// number of goroutines.
type ledger struct {
	mutex    sync.Mutex
	counts   map[string]int
	failures map[string]*failure
}

// A failure is something that must not happen, and how it went the first time.
type failure struct {
	times int
	first error
}

func newLedger() *ledger {
	return &ledger{counts: make(map[string]int), failures: make(map[string]*failure)}
}

func (l *ledger) count(what string, times int) {
	l.mutex.Lock()
	defer l.mutex.Unlock()
	l.counts[what] += times
}

// fail records a failure, and says it the first time.
func (l *ledger) fail(what string, err error) {
	l.mutex.Lock()
	defer l.mutex.Unlock()
	if known := l.failures[what]; known != nil {
		known.times++
		return
	}
	l.failures[what] = &failure{1, err}
	progress("FAILED: %s: %v", what, err)
}

// err returns nil where nothing failed.
func (l *ledger) err() error {
	l.mutex.Lock()
	defer l.mutex.Unlock()
	if len(l.failures) == 0 {
		return nil
	}
	return fmt.Errorf("%d things failed that must not", len(l.failures))
}

// print prints the counts, then the failures.
func (l *ledger) print(t markdown.Table) {
	l.mutex.Lock()
	defer l.mutex.Unlock()
	for _, what := range slices.Sorted(maps.Keys(l.counts)) {
		t.Row(what, fmt.Sprint(l.counts[what]))
	}
	for _, what := range slices.Sorted(maps.Keys(l.failures)) {
		f := l.failures[what]
		t.Row("**FAILED**: "+what, fmt.Sprintf("%d times; first: %.300q", f.times, f.first))
	}
}
