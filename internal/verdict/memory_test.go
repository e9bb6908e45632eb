package verdict

import (
	"errors"
	"fmt"
	"hash/maphash"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"sort"
	"strings"
	"testing"
	"time"
	"unsafe"

	"github.com/snowman-ml/snowman"
	"github.com/snowman-ml/snowman/allow"
)

func TestARememberedTextHasTheSameRecord(t *testing.T) {
	long := "https://" + strings.Repeat("long-", 9) + ".tests.net/" // longer than what is remembered
	fitting := strings.Repeat("f", len(place{}.text)-len(".tests.net")) + ".tests.net"
	texts := []string{
		"q.com", "q.com", "x.com", "z.tests.net/login", "", "", "q.com", "bad host", "bad host", "Q.COM", "www.q.com",
		long + "q", long + "x", long + "q", fitting, "f" + fitting, fitting, "f" + fitting, "bad host", "github.com",
		"paypa1.com", "xn--pypal-4ve.com", "zπa.com", "paypa1.com",
		"q.local", "z.test", "10.0.0.1", "T1059.001", "q.local", "https://z@q.com", "https://z@q.local",
	}
	var stream []string
	random := rand.New(rand.NewPCG(1, 2))
	for range 3 * longestFind {
		stream = append(stream, texts[random.IntN(len(texts))])
	}
	for i := range 8 * longestFind { // more texts than a small memory holds
		stream = append(stream, fmt.Sprintf("host-%d.tests.net", i), fmt.Sprintf("q%d.tests.net", i%(3*longestFind)), fmt.Sprintf("x%d.tests.net", i%longestFind))
	}
	toy, err := snowman.Open("../../web/testdata/toy.safetensors")
	if err != nil {
		t.Fatal(err)
	}
	list := allowList(t, "github.com\n*.tests.net\n")
	for _, test := range []struct {
		name    string
		model   *snowman.Model
		options Options
	}{
		{"score, level and kind", toy, Options{}},
		{"with probabilities", toy, Options{Probabilities: true}},
		{"with an allow list", toy, Options{Allow: list}},
		{"with families of what is high", snowman.Default(), Options{Families: true, Minimum: snowman.High}},
		{"in float32", toy.Exact(), Options{}},
		{"by the built-in model", snowman.Default(), Options{Probabilities: true, Families: true}},
	} {
		for _, bytes := range []int{rememberedBytes, rememberedBytes / 100, 1} { // the last remembers nothing
			t.Run(fmt.Sprintf("%s/%d bytes", test.name, bytes), func(t *testing.T) {
				want, wantErrors := recordsOf(New(test.model, test.options), stream)
				test.options.Memory = bytes
				judge := New(test.model, test.options)
				judge.memory.next = math.MaxUint32 - 2*longestFind // so that numbers start again
				got, gotErrors := recordsOf(judge, stream)
				for i := range stream {
					if got[i] != want[i] || gotErrors[i] != wantErrors[i] {
						t.Fatalf("text %d, %q: with a memory %s %s, without %s %s", i, stream[i], got[i], gotErrors[i], want[i], wantErrors[i])
					}
				}
			})
		}
	}
}

// rememberedBytes is enough for as many texts as a memory takes.
const rememberedBytes = 12 << 20

// recordsOf returns the records of texts in JSON, and the errors of those that have none.
func recordsOf(judge *Judge, texts []string) (records, errors []string) {
	encoder := NewEncoder(judge.model.Kinds())
	records, errors = make([]string, len(texts)), make([]string, len(texts))
	judge.All(texts, func(i int, r Record, err error) {
		if err != nil {
			errors[i] = err.Error()
			return
		}
		records[i] = string(encoder.Append(nil, r))
	})
	return records, errors
}

func allowList(t *testing.T, entries string) *allow.List {
	t.Helper()
	path := filepath.Join(t.TempDir(), "allow.txt")
	if err := os.WriteFile(path, []byte(entries), 0o644); err != nil {
		t.Fatal(err)
	}
	list, _, err := allow.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	return list
}

func TestTextsAreForgottenInTime(t *testing.T) {
	m := newMemory([]string{"benign", "dga"}, false, rememberedBytes/100)
	find := func(texts []string, wantNew ...int) {
		t.Helper()
		m.find(texts)
		if !slices.Equal(m.newIndices, wantNew) {
			t.Fatalf("texts %v are new, want %v", m.newIndices, wantNew)
		}
	}
	one, two := []string{"one.tests.net"}, []string{"two.tests.net", "one.tests.net", "two.tests.net"}
	for m.tag(maphash.String(m.seed, one[0])) == m.tag(maphash.String(m.seed, two[0])) {
		m.seed = maphash.MakeSeed() // where both have the same tag, one of them is forgotten at once
	}
	find(one, 0)
	m.keep(0, one[0], snowman.Verdict{Score: 0.75, Level: snowman.Low, Kind: "dga"}, nil)
	find(two, 0)
	m.keep(0, two[0], snowman.Verdict{}, errors.New("bad"))
	if verdict, err := m.verdict(1); err != nil || verdict.Score != 0.75 || verdict.Level != snowman.Low || verdict.Kind != "dga" {
		t.Errorf("the verdict is %+v, %v, want what was kept", verdict, err)
	}
	if _, err := m.verdict(2); err == nil {
		t.Error("an error is not kept within its chunk")
	}
	find(two, 0) // no error outlives its chunk

	for range len(m.places) - longestFind - 3 { // three were new so far
		find([]string{strings.Repeat("long-", 11)}, 0)
	}
	find(one)
	find([]string{strings.Repeat("long-", 11)}, 0)
	find(one, 0) // a chunk could overwrite it before it is put out
}

func TestAMemoryKeepsToItsBytes(t *testing.T) {
	for _, most := range []int{rememberedBytes, rememberedBytes / 2, rememberedBytes / 3, rememberedBytes / 64, rememberedBytes / 1000} {
		for _, kinds := range []int{2, 4, 64} {
			m := newMemory(make([]string, kinds), true, most)
			bytes := 8*len(m.tags) + int(unsafe.Sizeof(place{}))*len(m.places) + 8*len(m.probabilities)
			if bytes > most || len(m.places) > rememberedTexts {
				t.Errorf("at most %d bytes, %d kinds: %d places, %d bytes", most, kinds, len(m.places), bytes)
			}
		}
	}
}

func TestLookingUpAllocatesNothing(t *testing.T) {
	m := newMemory([]string{"benign"}, true, rememberedBytes)
	texts := make([]string, longestFind)
	for i := range texts {
		texts[i] = fmt.Sprintf("name-%d.tests.net", i%300)
	}
	verdict := snowman.Verdict{Kind: "benign", Probabilities: snowman.Probabilities{Kinds: []string{"benign"}, Values: []float64{1}}}
	if allocated := testing.AllocsPerRun(10, func() {
		m.find(texts)
		for i, line := range m.newIndices {
			m.keep(line, m.newTexts[i], verdict, nil)
		}
		for i := range texts {
			m.verdict(i)
		}
		m.seed = maphash.MakeSeed() // they are new again
	}); allocated > 0 {
		t.Errorf("%d texts are looked up in %v allocations", len(texts), allocated)
	}
}

// BenchmarkAll measures a Judge on streams of names: one whose names are all different, one whose
// names are as popular as Zipf's law says, with exponent 1, of a million, and one in which each
// stands three times in a row, as look-ups of A, AAAA and HTTPS do. A Judge with and one without
// memory take turns, so that both see the same noise; the time of an operation is that of both.
func BenchmarkAll(b *testing.B) {
	const count = 1 << 20
	random := rand.New(rand.NewPCG(1, 2))
	names := make([]string, count)
	weights, sum := make([]float64, count), 0.0
	for i := range names {
		letters := make([]byte, 8+random.IntN(17))
		for l := range letters {
			letters[l] = byte('a' + random.IntN(26))
		}
		names[i] = string(letters) + ".com"
		sum += 1 / float64(i+1)
		weights[i] = sum
	}
	for name, text := range map[string]func(i int) string{
		"all different":  func(i int) string { return names[i] },
		"Zipf":           func(int) string { return names[sort.SearchFloat64s(weights, random.Float64()*sum)] },
		"three in a row": func(i int) string { return names[i/3] },
	} {
		texts := make([]string, count)
		for i := range texts {
			texts[i] = text(i)
		}
		chunks := slices.Collect(slices.Chunk(texts, longestFind))
		b.Run(name, func(b *testing.B) {
			remembering, plain := New(snowman.Default(), Options{Memory: rememberedBytes}), New(snowman.Default(), Options{})
			var scored, known int
			var with, without time.Duration
			remembered, computed := make([]float64, longestFind), make([]float64, longestFind)
			timed := func(judge *Judge, chunk []string, scores []float64) time.Duration {
				start := time.Now()
				judge.All(chunk, func(i int, r Record, _ error) { scores[i] = r.Score })
				return time.Since(start)
			}
			for i := 0; b.Loop(); i++ {
				chunk := chunks[i%len(chunks)]
				if i%2 == 0 {
					with += timed(remembering, chunk, remembered)
				}
				without += timed(plain, chunk, computed)
				if i%2 == 1 {
					with += timed(remembering, chunk, remembered)
				}
				if !slices.Equal(remembered, computed) {
					b.Fatalf("chunk %d has other scores with memory than without", i)
				}
				scored += len(chunk)
				known += len(chunk) - len(remembering.memory.newTexts)
			}
			b.ReportMetric(float64(known)/float64(scored), "known")
			b.ReportMetric(float64(scored)/with.Seconds(), "texts/s")
			b.ReportMetric(without.Seconds()/with.Seconds(), "times-as-fast")
		})
	}
}
