package allow

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"runtime"
	"strings"
	"testing"
)

// millionNames is a list of a million names of the shape of real ones, one in four a wildcard.
func millionNames() []string {
	random := rand.New(rand.NewPCG(1, 2))
	label := func(shortest, longest int) []byte {
		l := make([]byte, shortest+random.IntN(longest-shortest+1))
		for i := range l {
			l[i] = "aeiouetaoinshrdlucmfwypvbgkjqxz0123456789-"[random.IntN(30)]
		}
		return l
	}
	suffixes := []string{"com", "com", "com", "net", "org", "de", "co.uk", "com.br", "ru", "info"}
	names := make([]string, 1_000_000)
	for i := range names {
		name := fmt.Sprintf("%s.%s", label(5, 16), suffixes[random.IntN(len(suffixes))])
		if i%2 == 0 {
			name = fmt.Sprintf("%s.%s", label(2, 8), name)
		}
		if i%4 == 0 {
			name = "*." + name
		}
		names[i] = name
	}
	return names
}

func BenchmarkMatch(b *testing.B) {
	names := millionNames()
	var file bytes.Buffer
	for _, name := range names {
		fmt.Fprintln(&file, name)
	}
	list := build(b, file.String())
	// Names that repeat, as most in a log do, stay in the processor's caches. With a new name of
	// the million each time, the list does not.
	for _, of := range []struct {
		name  string
		texts int
	}{{"again", 1 << 9}, {"other", 1 << 16}} {
		hits, below, misses, urls := make([]string, of.texts), make([]string, of.texts), make([]string, of.texts), make([]string, of.texts)
		random := rand.New(rand.NewPCG(3, 4))
		for i := range of.texts {
			name := names[random.IntN(len(names)/4)*4+1] // a plain one
			wildcard := names[random.IntN(len(names)/4)*4][len("*."):]
			hits[i], below[i] = strings.Clone(name), "cdn."+wildcard // a text just read is in the cache
			misses[i] = "x" + name
			urls[i] = "https://www." + name + "/index.php?id=1"
		}
		for _, kind := range []struct {
			name   string
			texts  []string
			onList bool
		}{{"hit", hits, true}, {"below", below, true}, {"miss", misses, false}, {"www", urls, true}} {
			b.Run(of.name+"/"+kind.name, func(b *testing.B) {
				matcher := list.NewMatcher()
				for _, text := range kind.texts {
					if _, onList := matcher.Match(text); onList != kind.onList {
						b.Fatalf("Match(%q) is %v", text, onList)
					}
				}
				b.ReportAllocs()
				for i := 0; b.Loop(); i++ {
					matcher.Match(kind.texts[i%of.texts])
				}
			})
		}
	}
}

func BenchmarkRead(b *testing.B) {
	var plain, misp bytes.Buffer
	misp.WriteString(`{"name":"a million","type":"hostname","version":1,"description":"","list":[`)
	for i, name := range millionNames() {
		fmt.Fprintln(&plain, name)
		if i > 0 {
			misp.WriteString(",\n")
		}
		fmt.Fprintf(&misp, "%q", name)
	}
	misp.WriteString("]}")
	for _, of := range []struct{ name, file string }{{"plain", plain.String()}, {"misp", misp.String()}} {
		b.Run(of.name, func(b *testing.B) {
			var list *List
			var before, after runtime.MemStats
			runtime.GC()
			runtime.ReadMemStats(&before)
			for b.Loop() {
				list = build(b, of.file)
			}
			runtime.GC()
			runtime.ReadMemStats(&after)
			if _, onList := list.NewMatcher().Match(millionNames()[1]); !onList {
				b.Fatal("the list does not hold its second name")
			}
			b.ReportMetric(float64(after.HeapAlloc-before.HeapAlloc)/(1<<20), "MiB")
			b.SetBytes(int64(len(of.file)))
		})
	}
}
