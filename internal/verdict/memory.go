package verdict

import (
	"hash/maphash"
	"math"
	"math/bits"
	"slices"

	"github.com/snowman-ml/snowman"
)

const (
	longestFind     = 512     // texts that one find looks up
	rememberedTexts = 1 << 16 // at most; more would not stay in the processor's cache
)

// A memory holds the verdicts on the texts that a Judge scored last: in a log the same names come
// again and again. Verdicts stand in a ring, and the hash of a text leads to its place there. A
// place holds the text itself: two texts that share a hash cost time, but never get each other's
// verdict.
//
// Scoring leaves nothing else in the processor's cache, so what counts is how much memory is
// touched: the ring is written from one end to the other, and most new texts need nothing but their
// tag.
type memory struct {
	kinds         []string
	reasons       []string // those met why a text is no public name, the first is none
	seed          maphash.Seed
	tags          []tag   // by hash
	places        []place // by number; a power of two, as many as tags, or none
	numbers       int     // probabilities of a place: one for each kind, or none
	probabilities []float64

	// Of the texts that find looked up last:
	next       uint32   // number of the first new text
	hashes     []uint64 // of each text
	at         []uint32 // of each text its number, or nowhere
	newIndices []int    // which of the texts are new
	newTexts   []string
	failures   map[uint32]error           // by number
	odd        map[uint32]snowman.Verdict // by number: those that say more than a place holds
	touched    uint32                     // keeps the compiler from dropping the loop that reads the tags
}

// A tag says which text had a hash last.
type tag struct{ hash, number uint32 }

// A place has the size of a cache line.
type place struct {
	score     float64
	level     int8
	kind      uint8 // a model has 64 at most; and popular, isURL
	notPublic uint8 // the reason; there are some dozen
	length    uint8
	text      [52]byte
}

// popular is the bit of a place's kind that says that the text is popular. In a log many are.
const popular = 1 << 7

// isURL is the bit of a place's kind that says that the text has a path.
const isURL = 1 << 6

// nowhere is the number of a text that is not remembered.
const nowhere = 0

// newMemory returns a memory of at most this many bytes.
func newMemory(kinds []string, withProbabilities bool, bytes int) *memory {
	m := &memory{kinds: kinds, reasons: []string{""}, seed: maphash.MakeSeed(), next: nowhere + 1}
	m.failures, m.odd = make(map[uint32]error), make(map[uint32]snowman.Verdict)
	const tagBytes, placeBytes, probabilityBytes = 8, 64, 8
	if withProbabilities {
		m.numbers = len(kinds)
	}
	size := min(bytes/(tagBytes+placeBytes+probabilityBytes*m.numbers), rememberedTexts)
	if size < 2*longestFind {
		return m // too little for what one find may add
	}
	size = 1 << (bits.Len(uint(size)) - 1)
	m.tags, m.places, m.probabilities = make([]tag, size), make([]place, size), make([]float64, size*m.numbers)
	return m
}

// find looks up at most longestFind texts. The new ones, newTexts, are to be scored and given to
// keep. A text that stands twice among them is new once.
func (m *memory) find(texts []string) {
	m.next += uint32(len(m.newTexts))
	if m.next > math.MaxUint32-longestFind {
		clear(m.tags)
		m.next = nowhere + 1
	}
	clear(m.failures) // they hold on to memory, so they are forgotten
	clear(m.odd)
	m.hashes, m.at, m.newIndices, m.newTexts = m.hashes[:0], m.at[:0], m.newIndices[:0], m.newTexts[:0]
	if len(m.places) > 0 {
		for _, text := range texts {
			m.hashes = append(m.hashes, maphash.String(m.seed, text))
		}
		// A loop as short as this waits for memory once. One that also hashes would wait for each
		// text.
		touched := uint32(0)
		for _, hash := range m.hashes {
			touched ^= m.tag(hash).number
		}
		m.touched = touched
	}
	for i, text := range texts {
		number, known := m.findOne(i, text)
		if !known {
			m.newIndices, m.newTexts = append(m.newIndices, i), append(m.newTexts, text)
		}
		m.at = append(m.at, number)
	}
}

// findOne returns the number of the i-th text, and whether it is known.
func (m *memory) findOne(i int, text string) (number uint32, known bool) {
	if len(m.places) == 0 || text == "" || len(text) > len(place{}.text) {
		return nowhere, false
	}
	hash := m.hashes[i]
	t := m.tag(hash)
	if t.hash == uint32(hash>>32) {
		if t.number >= m.next {
			known = m.newTexts[t.number-m.next] == text // it has a verdict by the time that it is asked for
		} else if m.next-t.number <= uint32(len(m.places)-longestFind) { // these texts do not overwrite it
			p := m.place(t.number)
			known = string(p.text[:p.length]) == text
		}
		if known {
			return t.number, true
		}
	}
	*t = tag{uint32(hash >> 32), m.next + uint32(len(m.newTexts))}
	return t.number, false
}

// keep remembers what scoring the i-th text gave.
func (m *memory) keep(i int, text string, verdict snowman.Verdict, err error) {
	number := m.at[i]
	switch {
	case number == nowhere:
	case err != nil:
		m.failures[number] = err
	case verdict.Imitates != "" || verdict.Mentions != "" || verdict.MixedScript || verdict.UserInfo || verdict.UnwrappedFrom != "": // too rare to have room in every place
		verdict.Probabilities.Values = slices.Clone(verdict.Probabilities.Values)
		m.odd[number] = verdict
	default:
		p := m.place(number)
		p.score, p.level, p.kind = verdict.Score, int8(verdict.Level), uint8(slices.Index(m.kinds, verdict.Kind))
		if verdict.Popular {
			p.kind |= popular
		}
		if verdict.IsURL {
			p.kind |= isURL
		}
		p.notPublic = m.reason(verdict.NotPublic)
		p.length = uint8(copy(p.text[:], text))
		copy(m.probabilitiesOf(number), verdict.Probabilities.Values)
	}
}

// verdict returns what was kept of the i-th text. Its probabilities hold until the next find.
func (m *memory) verdict(i int) (snowman.Verdict, error) {
	number := m.at[i]
	if err, failed := m.failures[number]; failed {
		return snowman.Verdict{}, err
	}
	if verdict, odd := m.odd[number]; odd {
		return verdict, nil
	}
	p := m.place(number)
	return snowman.Verdict{
		Score: p.score, Level: snowman.Level(p.level), Kind: m.kinds[p.kind&^(popular|isURL)], Probabilities: snowman.Probabilities{Kinds: m.kinds, Values: m.probabilitiesOf(number)},
		Popular: p.kind&popular != 0, IsURL: p.kind&isURL != 0, NotPublic: m.reasons[p.notPublic],
	}, nil
}

// reason returns the index in reasons of why a text is no public name.
func (m *memory) reason(notPublic string) uint8 {
	i := slices.Index(m.reasons, notPublic)
	if i < 0 {
		i = len(m.reasons)
		m.reasons = append(m.reasons, notPublic)
	}
	return uint8(i)
}

func (m *memory) tag(hash uint64) *tag       { return &m.tags[hash&uint64(len(m.tags)-1)] }
func (m *memory) place(number uint32) *place { return &m.places[int(number)&(len(m.places)-1)] }

func (m *memory) probabilitiesOf(number uint32) []float64 {
	return m.probabilities[int(number)&(len(m.places)-1)*m.numbers:][:m.numbers]
}
