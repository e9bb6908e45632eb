//go:build linux

package kafka_test

import (
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"syscall"
	"testing"
	"time"
)

var (
	long   = flag.Bool("long", false, "fill a broker's disk as well")
	steady = flag.Duration("steady", 0, "watch the memory of workers for this `duration`; 0: do not")
)

// A disk fills up under a broker, which ends; when there is room again and it is started, all goes
// on. The disk is one of memory, which only root can have.
func TestDiskThatIsFull(t *testing.T) {
	snowman := snowman(t)
	if !*long {
		t.Skip("part of the long form: make check-kafka KAFKAFLAGS=-long")
	}
	*records = min(*records, 100_000)
	disk := t.TempDir()
	if err := syscall.Mount("tmpfs", disk, "tmpfs", 0, fmt.Sprintf("size=%d", 128<<20+*records*1000)); err != nil {
		t.Skipf("NOT TESTED: a disk that is full (mounting one: %v)", err)
	}
	t.Cleanup(func() {
		if err := syscall.Unmount(disk, 0); err != nil {
			t.Error(err)
		}
	})
	c := newCluster(t, 1, disk, quick...)
	runs := []*run{newRun(t, c, snowman, true), newRun(t, c, snowman, false)}
	begin(t, runs...)
	for _, r := range runs {
		r.awaitFed(t, *records/3)
	}
	ballast := filepath.Join(disk, "ballast")
	fill(t, ballast)
	b, began := c.brokers[0], time.Now()
	select {
	case <-b.running.exited:
		t.Logf("the broker ends %v after its disk was full: %v", time.Since(began).Round(time.Second/10), b.running.err)
	case <-time.After(patience):
		t.Error("the broker works on without a disk")
	}
	for _, r := range runs {
		for i, worker := range r.workers {
			if worker.hasExited() {
				t.Errorf("%s: worker %d has ended", r.promise(), i)
			}
		}
	}
	if err := os.Remove(ballast); err != nil {
		t.Fatal(err)
	}
	c.restart(t, b, syscall.SIGKILL)
	for _, r := range runs {
		t.Run(r.promise(), r.finish)
	}
}

// fill writes a file until there is no room.
func fill(t *testing.T, path string) {
	t.Helper()
	file, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	for block := make([]byte, 1<<20); len(block) > 0; {
		if _, err := file.Write(block); errors.Is(err, syscall.ENOSPC) {
			block = block[:len(block)/2] // down to the last byte
		} else if err != nil {
			t.Fatal(err)
		}
	}
}

// The memory of workers stays as it is while names come that are all different.
func TestMemoryStaysFlat(t *testing.T) {
	snowman := snowman(t)
	if *steady == 0 {
		t.Skip("part of the long form: make check-kafka KAFKAFLAGS='-steady 10m'")
	}
	*records = int(steady.Seconds()) * *rate
	c := newCluster(t, 1, "")
	runs := []*run{newRun(t, c, snowman, true), newRun(t, c, snowman, false)}
	begin(t, runs...)
	const parts = 10
	most := make([][parts]int64, 2**workers) // MiB of each worker, in each tenth of the time
	for began := time.Now(); ; time.Sleep(time.Second / 2) {
		part := int(parts * time.Since(began) / *steady)
		if part >= parts {
			break
		}
		for i := range most {
			most[i][part] = max(most[i][part], memoryOf(t, runs[i / *workers].workers[i%*workers]))
		}
	}
	for i, of := range most {
		promise := runs[i / *workers].promise()
		t.Logf("%s, worker %d: MiB %v", promise, i%*workers, of)
		if before, after := slices.Max(of[1:parts/2]), slices.Max(of[parts/2:]); after > before+before/5 {
			t.Errorf("%s, worker %d: %d MiB at most in the first half, %d in the second", promise, i%*workers, before, after)
		}
	}
	for _, r := range runs {
		t.Run(r.promise(), r.finish)
	}
}

// memoryOf returns the MiB of a process that are in memory.
func memoryOf(t *testing.T, p *process) int64 {
	t.Helper()
	statm, err := os.ReadFile(fmt.Sprintf("/proc/%d/statm", p.command.Process.Pid))
	if err != nil {
		t.Fatal(err)
	}
	var all, resident int64 // pages
	if _, err := fmt.Sscan(string(statm), &all, &resident); err != nil {
		t.Fatal(err)
	}
	return resident * int64(os.Getpagesize()) >> 20
}
