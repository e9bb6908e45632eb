package main

import (
	"os"
	"runtime"
	"runtime/debug"
)

// postponeCollection lets the heap grow to 12 MB, not 4, before the first cycle of the garbage
// collector, after which everything is as Go has it. Reading the model makes 5 MB, nearly all of
// which stay: a cycle in between finds nothing, and a short run needs none. Who sets GOGC decides.
func postponeCollection() {
	if os.Getenv("GOGC") != "" {
		return
	}
	before := debug.SetGCPercent(300)
	type garbage struct{ _ *garbage } // has a pointer: without, the runtime may keep it with others
	runtime.AddCleanup(new(garbage), func(percent int) { debug.SetGCPercent(percent) }, before)
}
