package main

import (
	"hash/maphash"
	"math"
	"math/bits"
	"slices"

	"github.com/snowman-ml/snowman"
	"github.com/snowman-ml/snowman/internal/batch"
)

// Together the workers remember at most so many bytes, however many there are, and each at most so
// many texts.
const (
	rememberedBytes = 12 << 20
	rememberedTexts = 1 << 16
)

// repeats is what a worker remembers of the texts that it scored last, since in a log the same names
// come again and again. They stand in a ring, and the hash of a text leads to its place there. A place
// holds the text itself: two that share a hash cost time, but never get each other's verdict.
//
// Scoring leaves nothing else in the processor's cache, so what counts is how much memory is touched:
// the ring is written from one end to the other, and most new texts need nothing but their tag.
type repeats struct {
	kinds         []string
	seed          maphash.Seed
	tags          []tag   // by hash
	places        []place // by number; a power of two, as many as tags, or none
	numbers       int     // probabilities of a place: one for each kind, none where nobody prints them
	probabilities []float64

	next     uint32   // number of the chunk's first new text
	hashes   []uint64 // of each text of the chunk
	at       []uint32 // of each text its number, or nowhere
	newLines []int    // which texts are not known
	newTexts []string
	failures map[uint32]error           // of the chunk, by number
	odd      map[uint32]snowman.Verdict // of the chunk, those on names that look like something
	touched  uint32                     // of no use but to have read the tags
}

// tag says which text had a hash last.
type tag struct{ hash, number uint32 }

// place has the size of a cache line.
type place struct {
	score  float64
	level  int8
	kind   uint8 // a model has 64 at most
	length uint8
	text   [53]byte
}

// nowhere is the number of a text that is not remembered.
const nowhere = 0

// newRepeats returns the memory of one of so many workers.
func newRepeats(kinds []string, withProbabilities bool, workers int) *repeats {
	r := &repeats{kinds: kinds, seed: maphash.MakeSeed(), next: nowhere + 1}
	r.failures, r.odd = make(map[uint32]error), make(map[uint32]snowman.Verdict)
	const tagBytes, placeBytes, probabilityBytes = 8, 64, 8
	if withProbabilities {
		r.numbers = len(kinds)
	}
	size := rememberedBytes / workers / (tagBytes + placeBytes + probabilityBytes*r.numbers)
	if size = min(size, rememberedTexts); size < 2*batch.MaxTexts {
		return r // so many workers each see too little of the stream
	}
	size = 1 << (bits.Len(uint(size)) - 1)
	r.tags, r.places, r.probabilities = make([]tag, size), make([]place, size), make([]float64, size*r.numbers)
	return r
}

// find looks up the texts of the next chunk. Those that are not known, newTexts, are to be scored and
// given to keep. A text that comes twice is new once.
func (r *repeats) find(texts []string) {
	r.next += uint32(len(r.newTexts))
	if r.next > math.MaxUint32-batch.MaxTexts {
		clear(r.tags)
		r.next = nowhere + 1
	}
	clear(r.failures) // they hold on to memory, so they do not outlive their chunk
	clear(r.odd)
	r.hashes, r.at, r.newLines, r.newTexts = r.hashes[:0], r.at[:0], r.newLines[:0], r.newTexts[:0]
	if len(r.places) > 0 {
		for _, text := range texts {
			r.hashes = append(r.hashes, maphash.String(r.seed, text))
		}
		// So short a loop waits for memory once; findOne, and a loop that hashes, would for each text.
		touched := uint32(0)
		for _, hash := range r.hashes {
			touched ^= r.tag(hash).number
		}
		r.touched = touched
	}
	for i, text := range texts {
		number, known := r.findOne(i, text)
		if !known {
			r.newLines, r.newTexts = append(r.newLines, i), append(r.newTexts, text)
		}
		r.at = append(r.at, number)
	}
}

// findOne returns the number of the chunk's i-th text, and whether it is known.
func (r *repeats) findOne(i int, text string) (number uint32, known bool) {
	if len(r.places) == 0 || text == "" || len(text) > len(place{}.text) {
		return nowhere, false
	}
	hash := r.hashes[i]
	t := r.tag(hash)
	if t.hash == uint32(hash>>32) {
		if t.number >= r.next {
			known = r.newTexts[t.number-r.next] == text // has a verdict by the time that it is asked for
		} else if r.next-t.number <= uint32(len(r.places)-batch.MaxTexts) { // this chunk does not overwrite it
			p := r.place(t.number)
			known = string(p.text[:p.length]) == text
		}
		if known {
			return t.number, true
		}
	}
	*t = tag{uint32(hash >> 32), r.next + uint32(len(r.newTexts))}
	return t.number, false
}

// keep remembers what scoring the chunk's i-th text gave.
func (r *repeats) keep(i int, text string, verdict snowman.Verdict, err error) {
	number := r.at[i]
	switch {
	case number == nowhere:
	case err != nil:
		r.failures[number] = err
	case verdict.Imitates != "" || verdict.MixedScript: // too rare to have room in every place
		verdict.Probabilities = slices.Clone(verdict.Probabilities)
		r.odd[number] = verdict
	default:
		p := r.place(number)
		p.score, p.level, p.kind = verdict.Score, int8(verdict.Level), uint8(slices.Index(r.kinds, verdict.Kind))
		p.length = uint8(copy(p.text[:], text))
		copy(r.probabilitiesOf(number), verdict.Probabilities)
	}
}

// verdict returns what was kept of the chunk's i-th text. The probabilities hold until the next chunk.
func (r *repeats) verdict(i int) (snowman.Verdict, error) {
	number := r.at[i]
	if err, failed := r.failures[number]; failed {
		return snowman.Verdict{}, err
	}
	if verdict, odd := r.odd[number]; odd {
		return verdict, nil
	}
	p := r.place(number)
	return snowman.Verdict{
		Score: p.score, Level: snowman.Level(p.level), Kind: r.kinds[p.kind], Probabilities: r.probabilitiesOf(number),
	}, nil
}

func (r *repeats) tag(hash uint64) *tag       { return &r.tags[hash&uint64(len(r.tags)-1)] }
func (r *repeats) place(number uint32) *place { return &r.places[int(number)&(len(r.places)-1)] }

func (r *repeats) probabilitiesOf(number uint32) []float64 {
	return r.probabilities[int(number)&(len(r.places)-1)*r.numbers:][:r.numbers]
}
