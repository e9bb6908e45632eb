package allow

import (
	"errors"
	"hash/maphash"
	"math"
	"math/bits"
	"strings"
)

// A table finds entries by their key, the canonical form of a host or a text. Entries whose keys
// share bits of their hash are a bucket: some three entries, side by side in one string. So a
// look-up that finds something waits for memory once; nearly all others end at the bucket's filter.
// A name of 16 bytes takes 27. The hash is seeded, so nobody can craft names for one bucket. Keys
// are compared byte by byte.
type table struct {
	seed    maphash.Seed
	buckets []bucket // a power of two, and one more that says where the last one ends
	text    string
}

// A bucket's filter has two bits set for each key.
type bucket struct{ start, filter uint32 }

// An entry in the text is a head, what is written in the file and, in the rare case that this does
// not end with the key, the key. The head is, in bytes:
//
//	0     a part of the key's hash
//	1     the reach, plus keyIsApart
//	2, 3  the number of the file
//	4, 5  the length of what is written
//	6, 7  the length of the key
type entry struct {
	written, key string
	file         uint16
	reach        reach
}

const (
	headBytes  = 8
	keyIsApart = 1 << 7
	maxKey     = math.MaxUint16 // bytes, also of what is written
)

// reach says what a key matches. If a key has several, the farthest counts.
type reach uint8

const (
	wholeText reach = iota // a text that is the key
	atHost                 // any text at this host
	below                  // any text at this host or at one below it
)

// find returns the entry with this key.
func (t *table) find(key []byte) (entry, bool) {
	if len(t.buckets) == 0 {
		return entry{}, false
	}
	hash := maphash.Bytes(t.seed, key)
	number := t.bucketOf(hash)
	b := t.buckets[number]
	if filter := filterBits(hash); b.filter&filter != filter {
		return entry{}, false
	}
	for at, end := b.start, t.buckets[number+1].start; at < end; {
		next, e := t.entry(at)
		if t.text[at] == tagOf(hash) && e.key == string(key) {
			return e, true
		}
		at = next
	}
	return entry{}, false
}

// entry returns the entry that begins here, and where the next one begins.
func (t *table) entry(at uint32) (next uint32, e entry) {
	head := t.text[at : at+headBytes]
	written, key := uint32(head[4])|uint32(head[5])<<8, uint32(head[6])|uint32(head[7])<<8
	behind := at + headBytes + written
	next = behind
	if head[1]&keyIsApart != 0 {
		next += key
	}
	return next, entry{
		written: t.text[at+headBytes : behind],
		key:     t.text[next-key : next],
		file:    uint16(head[2]) | uint16(head[3])<<8,
		reach:   reach(head[1] &^ keyIsApart),
	}
}

// The parts of a hash are its upper half, the bucket, two bits of the filter, and the tag.
func (t *table) bucketOf(hash uint64) int { return int(hash >> 32 & uint64(len(t.buckets)-2)) }
func filterBits(hash uint64) uint32       { return 1<<(hash&31) | 1<<(hash>>5&31) }
func tagOf(hash uint64) byte              { return byte(hash >> 10) }

// tableBuilder collects the entries of a table.
type tableBuilder struct {
	entries []entry
	bytes   uint64 // of the table's text
}

var errTooMuch = errors.New("the lists hold more than 4 GiB")

func (b *tableBuilder) add(written string, key []byte, reach reach, file uint16) error {
	e := entry{written: written, file: file, reach: reach}
	b.bytes += uint64(headBytes + len(written))
	if tail := written[max(0, len(written)-len(key)):]; tail == string(key) {
		e.key = tail
	} else {
		e.key = string(key)
		b.bytes += uint64(len(key))
	}
	b.entries = append(b.entries, e)
	if b.bytes > math.MaxUint32 {
		return errTooMuch
	}
	return nil
}

// build returns the table. Of entries with the same key and reach it holds the first.
func (b *tableBuilder) build() table {
	t := table{seed: maphash.MakeSeed()}
	count := len(b.entries)
	if count == 0 {
		return t
	}
	const perBucket = 4 // at most, on average
	t.buckets = make([]bucket, 1<<bits.Len(uint(count/perBucket))+1)

	// A counting sort by bucket.
	hashes := make([]uint64, count)
	ends := make([]int, len(t.buckets))
	for i, e := range b.entries {
		hashes[i] = maphash.String(t.seed, e.key)
		ends[t.bucketOf(hashes[i])+1]++
	}
	for number := range ends[1:] {
		ends[number+1] += ends[number]
	}
	sorted := make([]int, count)
	for i := range b.entries {
		end := &ends[t.bucketOf(hashes[i])]
		sorted[*end] = i
		*end++
	}

	var text strings.Builder
	text.Grow(int(b.bytes))
	first := 0
	for number := range t.buckets {
		into := &t.buckets[number]
		into.start = uint32(text.Len())
		if number == len(t.buckets)-1 {
			break
		}
		for _, i := range farthest(b.entries, sorted[first:ends[number]]) {
			into.filter |= filterBits(hashes[i])
			writeEntry(&text, b.entries[i], hashes[i])
		}
		first = ends[number]
	}
	t.text = text.String()
	return t
}

// farthest keeps one entry for each key: the one that reaches farthest, of equal ones the first.
func farthest(entries []entry, bucket []int) []int {
	kept := bucket[:0]
next:
	for _, i := range bucket {
		for at, other := range kept {
			if entries[other].key == entries[i].key {
				if entries[i].reach > entries[other].reach {
					kept[at] = i
				}
				continue next
			}
		}
		kept = append(kept, i)
	}
	return kept
}

func writeEntry(text *strings.Builder, e entry, hash uint64) {
	kind, key := byte(e.reach), ""
	if !strings.HasSuffix(e.written, e.key) {
		kind, key = kind|keyIsApart, e.key
	}
	text.Write([]byte{
		tagOf(hash), kind, byte(e.file), byte(e.file >> 8),
		byte(len(e.written)), byte(len(e.written) >> 8), byte(len(e.key)), byte(len(e.key) >> 8),
	})
	text.WriteString(e.written)
	text.WriteString(key)
}
