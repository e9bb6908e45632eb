package snowman

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/snowman-ml/snowman/internal/canon"
)

// What a text costs before the network: its canonical form, its symbols, and what a verdict says
// beside the score. All texts differ, as those of a log do: a processor learns the way of one.
func BenchmarkSymbols(b *testing.B) {
	random := rand.New(rand.NewPCG(1, 2))
	for _, set := range []struct {
		name string
		text func(*rand.Rand) string
	}{{"names", madeUpName}, {"URLs", madeUpURL}} {
		texts := make([]string, 4096)
		var u canon.URL
		length := 0
		for i := range texts {
			texts[i] = set.text(random)
			if err := u.Parse(texts[i]); err != nil || u.NotPublic() != canon.Public {
				b.Fatalf("%q is no public name: %v, error %v", texts[i], u.NotPublic(), err)
			}
			length += len(u.Bytes())
		}
		b.Run(set.name, func(b *testing.B) {
			s := Default().NewScorer()
			run := func() {
				for i, text := range texts {
					if i%batchTexts == 0 {
						s.clear(nil)
					}
					if err := s.add(text); err != nil {
						b.Fatal(err)
					}
				}
			}
			run()
			b.ReportAllocs()
			for b.Loop() {
				run()
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*len(texts)), "ns/text")
			b.ReportMetric(float64(length)/float64(len(texts)), "characters/text")
		})
	}
}

// madeUpName returns a name, or at times a name with www. before it.
func madeUpName(random *rand.Rand) string {
	suffixes := strings.Fields("com com com com com com com com net net org org info ru de xyz top cn io app " +
		"co.uk com.br com.au github.io blogspot.com pages.dev cloudfront.net")
	labels := []string{madeUpLabel(random, 6, 16), suffixes[random.IntN(len(suffixes))]}
	for random.IntN(3) == 0 {
		labels = append([]string{madeUpLabel(random, 2, 8)}, labels...)
	}
	if random.IntN(8) == 0 {
		labels = append([]string{"www"}, labels...)
	}
	return strings.Join(labels, ".")
}

// madeUpURL returns a URL with a path and at times a query.
func madeUpURL(random *rand.Rand) string {
	var text strings.Builder
	text.WriteString([]string{"https://", "http://", ""}[random.IntN(3)] + madeUpName(random))
	for range 1 + random.IntN(4) {
		text.WriteString("/" + madeUpLabel(random, 3, 14))
	}
	if random.IntN(3) == 0 {
		text.WriteString(".html")
	}
	for i := range max(0, random.IntN(5)-2) {
		fmt.Fprintf(&text, "%c%s=%d", "?&"[min(i, 1)], madeUpLabel(random, 1, 6), random.Uint32())
	}
	return text.String()
}

// madeUpLabel returns a label that reads like words, or one of letters and digits by chance.
func madeUpLabel(random *rand.Rand, shortest, longest int) string {
	syllables := strings.Fields("a al an ar be ber bo ca com con da de den di do el en er es fi for ga go ha he hi in ing " +
		"is ka ki la le li lo ma man me mi mo na ne new ni no on or pa per po pro ra re ri ro sa se shop si so sta ta te ter " +
		"the ti to tra un ur va ve vi web wi")
	length := shortest + random.IntN(longest-shortest+1)
	isRandom := random.IntN(3) == 0
	var label []byte
	for len(label) < length {
		switch {
		case isRandom:
			label = append(label, "abcdefghijklmnopqrstuvwxyz0123456789"[random.IntN(36)])
		case len(label) > 2 && len(label)+3 < length && random.IntN(12) == 0:
			label = append(label, '-')
		default:
			label = append(label, syllables[random.IntN(len(syllables))]...)
		}
	}
	label = label[:length]
	if label[0] <= '9' || label[length-1] == '-' {
		label[0], label[length-1] = 'x', 'n'
	}
	return string(label)
}
