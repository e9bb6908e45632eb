package enrich

import (
	"hash/maphash"

	"github.com/snowman-ml/snowman/internal/pipeline"
)

// told remembers names that records told of, the last few hundred thousand: by the low bits of the
// hash of a name, that hash.
type told [1 << 18]uint64

func (t *told) place(hash uint64) *uint64 { return &t[hash%uint64(len(t))] }

// saying is what the ordered work needs to know of an item whose names are printed.
type saying struct {
	names   []uint64 // hashes
	repeats bool     // another record may have told of them
	end     int      // of its lines in the output, or 0 where it has none
}

// hashNames hashes the names of all items, as they are scored.
func (w *worker) hashNames(items []Item) {
	hashes := make([]uint64, len(w.texts))
	for i, text := range w.texts {
		hashes[i] = maphash.String(w.job.seed, text)
	}
	for start := 0; start < len(hashes); {
		item, end := w.owners[start].item, start+1
		for end < len(hashes) && w.owners[end].item == item {
			end++
		}
		items[item].said.names = hashes[start:end]
		start = end
	}
}

// LeaveRepeatsOut takes out of the output of a chunk what an earlier record told, such as the
// answer to a question that stands in the log: an answer alone stays. It is for jobs with
// Options.Names, and takes all chunks of a source in order.
func (j *Job) LeaveRepeatsOut(c *pipeline.Chunk[Item]) {
	if j.told == nil {
		return
	}
	kept, start, repeats, texts := c.Output[:0], 0, 0, 0
	for _, item := range c.Items {
		end := max(start, item.said.end)
		switch {
		case !item.said.repeats:
			for _, name := range item.said.names {
				*j.told.place(name) = name
			}
		case len(item.said.names) > 0 && j.haveTold(item.said.names):
			repeats++
			texts += len(item.said.names)
			start = end
		}
		kept = append(kept, c.Output[start:end]...)
		start = end
	}
	c.Output = kept
	if repeats > 0 {
		j.mu.Lock()
		j.counts.Repeats += repeats
		j.mu.Unlock()
		j.names.Add(-texts, nil)
	}
}

// haveTold reports whether all names were told.
func (j *Job) haveTold(names []uint64) bool {
	for _, name := range names {
		if *j.told.place(name) != name {
			return false
		}
	}
	return true
}
