package main

import (
	"runtime"
	"runtime/debug"
	"runtime/metrics"
	"testing"
	"time"
)

// gcPercent returns what debug.SetGCPercent has set, and sets nothing.
func gcPercent() uint64 {
	sample := []metrics.Sample{{Name: "/gc/gogc:percent"}}
	metrics.Read(sample)
	return sample[0].Value.Uint64()
}

func TestOnlyTheFirstCollectionIsPostponed(t *testing.T) {
	t.Setenv("GOGC", "")
	defer debug.SetGCPercent(debug.SetGCPercent(100))
	runtime.GC() // so that no cycle is under way
	postponeCollection()
	if percent := gcPercent(); percent <= 100 {
		t.Errorf("before the first cycle the heap grows by %d %%, want more than 100", percent)
	}
	for deadline := time.Now().Add(10 * time.Second); gcPercent() != 100; runtime.Gosched() {
		runtime.GC()
		if time.Now().After(deadline) {
			t.Fatalf("after the first cycle the heap grows by %d %%, want 100", gcPercent())
		}
	}
}

func TestWhoSetsGOGCDecides(t *testing.T) {
	t.Setenv("GOGC", "50")
	defer debug.SetGCPercent(debug.SetGCPercent(50))
	postponeCollection()
	if percent := gcPercent(); percent != 50 {
		t.Errorf("the heap grows by %d %%, want 50", percent)
	}
}
