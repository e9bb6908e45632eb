package main

import (
	"bytes"
	"errors"
	"fmt"
	"hash/maphash"
	"math"
	"math/rand/v2"
	"slices"
	"sort"
	"strings"
	"testing"
	"time"
	"unsafe"

	"github.com/snowman-ml/snowman"
	"github.com/snowman-ml/snowman/internal/batch"
	"github.com/snowman-ml/snowman/internal/record"
)

// newScoring returns a run of score with a model.
func newScoring(model *snowman.Model) scoring {
	return scoring{model: model, kinds: model.Kinds(), encoder: record.NewEncoder(model.Kinds()), lineName: "line"}
}

// scorePlainly is scoreChunk without a memory: the definition.
func scorePlainly(j scoring, scorer *snowman.Scorer, c *batch.Chunk) {
	scorer.ClassifyAll(c.Texts, func(i int, verdict snowman.Verdict, err error) {
		if c.Cut[i] {
			err = errTooLong
		}
		(&worker{scoring: j}).put(c, i, verdict, err)
	})
}

// chunksOf cuts lines into chunks, each for two to score.
func chunksOf(t testing.TB, input string) []*batch.Chunk {
	t.Helper()
	var chunks []*batch.Chunk
	if err := batch.Lines(strings.NewReader(input), snowman.MaxLength)(func(c *batch.Chunk) bool {
		chunks = append(chunks, c)
		return true
	}); err != nil {
		t.Fatal(err)
	}
	return chunks
}

// unscored returns a chunk's lines without what scoring them gave.
func unscored(c *batch.Chunk) *batch.Chunk {
	return &batch.Chunk{First: c.First, Texts: c.Texts, Cut: c.Cut, Bytes: c.Bytes}
}

func TestRepeatsAreScoredTheSame(t *testing.T) {
	long := "https://" + strings.Repeat("long-", 9) + ".example/" // longer than what is remembered
	fitting := strings.Repeat("f", len(place{}.text)-len(".example")) + ".example"
	tooLong := strings.Repeat("a.", snowman.MaxLength)
	texts := []string{
		"q.com", "q.com", "x.com", "z.example/login", "", "", "q.com", "bad host", "bad host", "Q.COM", "www.q.com",
		long + "q", long + "x", long + "q", fitting, "f" + fitting, fitting, "f" + fitting, "bad host", "github.com",
		"paypa1.com", "xn--pypal-4ve.com", "zπa.com", "paypa1.com",
	}
	input := new(strings.Builder)
	random := rand.New(rand.NewPCG(1, 2))
	for range 3 * batch.MaxTexts {
		fmt.Fprintln(input, texts[random.IntN(len(texts))])
	}
	fmt.Fprintf(input, "%s\n%[1]s\n", tooLong)
	for line := range 8 * batch.MaxTexts { // more texts than a small memory holds
		fmt.Fprintf(input, "host-%d.example\nq%d.example\nx%d.example\n", line, line%(3*batch.MaxTexts), line%batch.MaxTexts)
	}
	toy, err := snowman.Open(toyPath)
	if err != nil {
		t.Fatal(err)
	}
	for name, set := range map[string]func(*scoring){
		"as text":       func(*scoring) {},
		"as JSON":       func(j *scoring) { j.asJSON = true },
		"on a terminal": func(j *scoring) { j.onTerminal = true },
		"with -min":     func(j *scoring) { j.minimum = snowman.Medium },
		"with float32":  func(j *scoring) { j.model = j.model.Exact() },
		"by the built-in model": func(j *scoring) {
			*j = newScoring(snowman.Default())
			j.asJSON = true
		},
	} {
		for _, workers := range []int{1, 100, 1 << 30} { // the more, the less each remembers: the last ones nothing
			t.Run(fmt.Sprintf("%s/%d workers", name, workers), func(t *testing.T) {
				job := newScoring(toy)
				set(&job)
				w, scorer := job.newWorker(workers), job.model.NewScorer()
				w.repeats.next = math.MaxUint32 - 2*batch.MaxTexts // so that numbers start again
				for _, want := range chunksOf(t, input.String()) {
					got := unscored(want)
					w.scoreChunk(got)
					scorePlainly(job, scorer, want)
					if string(got.Output) != string(want.Output) {
						t.Fatalf("lines from %d on: with repeats looked up\n%s\nwithout\n%s", want.First, got.Output, want.Output)
					}
					if string(got.Errors) != string(want.Errors) || got.Levels != want.Levels {
						t.Fatalf("lines from %d on: errors %q and levels %v, want %q and %v",
							want.First, got.Errors, got.Levels, want.Errors, want.Levels)
					}
				}
			})
		}
	}
}

func TestRepeatsAreForgottenInTime(t *testing.T) {
	r := newRepeats([]string{"benign", "dga"}, false, 100)
	find := func(texts []string, wantNew ...int) {
		t.Helper()
		r.find(texts)
		if !slices.Equal(r.newLines, wantNew) {
			t.Fatalf("lines %v are new, want %v", r.newLines, wantNew)
		}
	}
	one, two := []string{"one.example"}, []string{"two.example", "one.example", "two.example"}
	for r.tag(maphash.String(r.seed, one[0])) == r.tag(maphash.String(r.seed, two[0])) {
		r.seed = maphash.MakeSeed() // where both have the same tag, one of them is forgotten at once
	}
	find(one, 0)
	r.keep(0, one[0], snowman.Verdict{Score: 0.75, Level: snowman.Low, Kind: "dga"}, nil)
	find(two, 0)
	r.keep(0, two[0], snowman.Verdict{}, errors.New("bad"))
	if verdict, err := r.verdict(1); err != nil || verdict.Score != 0.75 || verdict.Level != snowman.Low || verdict.Kind != "dga" {
		t.Errorf("the verdict is %+v, %v, want what was kept", verdict, err)
	}
	if _, err := r.verdict(2); err == nil {
		t.Error("an error is not kept within its chunk")
	}
	find(two, 0) // no error outlives its chunk

	for range len(r.places) - batch.MaxTexts - 3 { // three were new so far
		find([]string{strings.Repeat("long-", 11)}, 0)
	}
	find(one)
	find([]string{strings.Repeat("long-", 11)}, 0)
	find(one, 0) // a chunk could overwrite it before it is put out
}

func TestMemoryForRepeatsIsBounded(t *testing.T) {
	for _, workers := range []int{1, 2, 3, 64, 1000} {
		for _, kinds := range []int{2, 4, 64} {
			r := newRepeats(make([]string, kinds), true, workers)
			bytes := workers * (8*len(r.tags) + int(unsafe.Sizeof(place{}))*len(r.places) + 8*len(r.probabilities))
			if bytes > rememberedBytes || len(r.places) > rememberedTexts {
				t.Errorf("%d workers, %d kinds: %d places each, %d bytes together", workers, kinds, len(r.places), bytes)
			}
		}
	}
}

func TestLookingUpAllocatesNothing(t *testing.T) {
	r := newRepeats([]string{"benign"}, true, 1)
	texts := make([]string, batch.MaxTexts)
	for i := range texts {
		texts[i] = fmt.Sprintf("name-%d.example", i%300)
	}
	verdict := snowman.Verdict{Kind: "benign", Probabilities: []float64{1}}
	if allocated := testing.AllocsPerRun(10, func() {
		r.find(texts)
		for i, line := range r.newLines {
			r.keep(line, r.newTexts[i], verdict, nil)
		}
		for i := range texts {
			r.verdict(i)
		}
		r.seed = maphash.MakeSeed() // they are new again
	}); allocated > 0 {
		t.Errorf("%d texts are looked up in %v allocations", len(texts), allocated)
	}
}

// BenchmarkScoreChunk measures one worker on streams of names: one whose names are all different, one
// whose names are as popular as Zipf's law says, with exponent 1, of a million, and one in which each
// stands three times in a row, as look-ups of A, AAAA and HTTPS do. Each chunk is scored with and without
// memory, in turns, so that both see the same noise; the time of an operation is that of both.
func BenchmarkScoreChunk(b *testing.B) {
	const lines = 1 << 20
	random := rand.New(rand.NewPCG(1, 2))
	names := make([]string, lines)
	weights, sum := make([]float64, lines), 0.0
	for i := range names {
		letters := make([]byte, 8+random.IntN(17))
		for l := range letters {
			letters[l] = byte('a' + random.IntN(26))
		}
		names[i] = string(letters) + ".com"
		sum += 1 / float64(i+1)
		weights[i] = sum
	}
	for name, text := range map[string]func(line int) string{
		"all different":  func(line int) string { return names[line] },
		"Zipf":           func(int) string { return names[sort.SearchFloat64s(weights, random.Float64()*sum)] },
		"three in a row": func(line int) string { return names[line/3] },
	} {
		var input strings.Builder
		for line := range lines {
			fmt.Fprintln(&input, text(line))
		}
		chunks := chunksOf(b, input.String())
		b.Run(name, func(b *testing.B) {
			job := newScoring(snowman.Default())
			w, scorer := job.newWorker(1), job.model.NewScorer()
			var texts, known int
			var with, without time.Duration
			for i := 0; b.Loop(); i++ {
				got, want := unscored(chunks[i%len(chunks)]), unscored(chunks[i%len(chunks)])
				remember := func() {
					start := time.Now()
					w.scoreChunk(got)
					with += time.Since(start)
				}
				if i%2 == 0 {
					remember()
				}
				start := time.Now()
				scorePlainly(job, scorer, want)
				without += time.Since(start)
				if i%2 == 1 {
					remember()
				}
				if !bytes.Equal(got.Output, want.Output) {
					b.Fatalf("with memory the output is\n%s\nwithout\n%s", got.Output, want.Output)
				}
				texts += len(got.Texts)
				known += len(got.Texts) - len(w.repeats.newTexts)
			}
			b.ReportMetric(float64(known)/float64(texts), "known")
			b.ReportMetric(float64(texts)/with.Seconds(), "texts/s")
			b.ReportMetric(without.Seconds()/with.Seconds(), "times-as-fast")
		})
	}
}
