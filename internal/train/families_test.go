package train

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/snowman-ml/snowman/dataset"
	"github.com/snowman-ml/snowman/internal/canon"
	"github.com/snowman-ml/snowman/internal/cnn"
)

// familyLetters are what the families of newFamilySet make their names of.
var familyLetters = map[string]string{"consonants": "bcdfghjklmnpqrstvwxz", "digits": "0123456789", "few": "xyz"}

func familyName(random *rand.Rand, letters string) string {
	name := make([]byte, 10+random.IntN(4))
	for i := range name {
		name[i] = letters[random.IntN(len(letters))]
	}
	return string(name) + ".com"
}

// newFamilySet returns a set whose generated names are of three families, and of others that cannot
// be named.
func newFamilySet() *dataset.Set {
	set := newSet(fourKinds, dataset.Phishing)
	random := rand.New(rand.NewPCG(3, 4))
	add := func(family, letters string, rows int) {
		for range rows {
			set.Parts[dataset.Train] = append(set.Parts[dataset.Train], dataset.Row{
				Text: familyName(random, letters), Malicious: true, Kind: dataset.DGA, Family: family, Weight: 1})
		}
	}
	for _, family := range slices.Sorted(maps.Keys(familyLetters)) {
		add(family, familyLetters[family], 400)
	}
	add("small", "aeiou", familyRows-1)
	add("", "aeiou", familyRows)
	add("rings\a", "aeiou", familyRows)
	return set
}

func TestFamiliesAreNamed(t *testing.T) {
	model := mustRun(t, newFamilySet(), small)
	names := []string{"consonants", "digits", "few"}
	if f := model.Metadata.Families; f == nil || !slices.Equal(f.Names, names) {
		t.Fatalf("families are %v, want %q", f, names)
	}
	alphabet, err := canon.ParseAlphabet(model.Metadata.Alphabet)
	if err != nil {
		t.Fatal(err)
	}
	network := cnn.NewNetwork(model.Families())
	var scratch cnn.Scratch
	random := rand.New(rand.NewPCG(5, 6))
	right, rows := 0, 0
	logits := make([]float32, len(names))
	for range 50 {
		for i, name := range names {
			var u canon.URL
			if err := u.Parse(familyName(random, familyLetters[name])); err != nil {
				t.Fatal(err)
			}
			symbols := alphabet.Append(nil, &u, model.Metadata.SymbolLimit)
			network.Logits(logits, &scratch, &cnn.Batch{Texts: cnn.Texts{Symbols: symbols, Ends: []int32{int32(len(symbols))}}})
			rows++
			if logits[i] == slices.Max(logits) {
				right++
			}
		}
	}
	if right < rows*9/10 {
		t.Errorf("%d of %d names are given to their family, want nearly all", right, rows)
	}
}

func TestFamiliesChangeNothingElse(t *testing.T) {
	set := newFamilySet()
	model := mustRun(t, set, small)
	for i := range set.Parts[dataset.Train] {
		set.Parts[dataset.Train][i].Family = ""
	}
	plain := mustRun(t, set, small)
	if plain.Families != nil || plain.Metadata.Families != nil {
		t.Error("rows without a family train a head")
	}
	if !slices.Equal(model.Parameters.Flat, plain.Parameters.Flat) {
		t.Error("the network differs")
	}
	model.Families, model.Metadata.Families = nil, nil
	if !bytes.Equal(bytesOf(t, model), bytesOf(t, plain)) {
		t.Error("the model differs in more than its families")
	}
}

func TestTheBytesOfFamiliesFollowFromSetAndOptions(t *testing.T) {
	set := newFamilySet()
	want := bytesOf(t, mustRun(t, set, small))
	options := small
	options.Workers = 3
	if !bytes.Equal(bytesOf(t, mustRun(t, set, options)), want) {
		t.Error("three workers make another model")
	}
}

func TestTrainingStoppedWhileFamiliesAreNamedGoesOn(t *testing.T) {
	set := newFamilySet()
	want := bytesOf(t, mustRun(t, set, small))
	options := small
	options.Checkpoint = t.TempDir() + "/checkpoint"
	ctx, stop := context.WithCancel(context.Background())
	options.Progress = func(p Progress) {
		if p.Families && p.Step == 3 {
			stop()
		}
	}
	if _, err := Run(ctx, set, options); !errors.Is(err, context.Canceled) {
		t.Fatalf("error is %v, want that it was stopped", err)
	}
	options.Progress = func(p Progress) {
		if !p.Families {
			t.Fatalf("step %d of the network is run again", p.Step)
		}
	}
	if !bytes.Equal(bytesOf(t, mustRun(t, set, options)), want) {
		t.Error("the model that went on is another one")
	}
}

func TestTheFamiliesOfTheMostRowsAreNamed(t *testing.T) {
	var rows []dataset.Row
	for family := range familyLimit + 2 {
		for range familyRows + family {
			rows = append(rows, dataset.Row{Kind: dataset.DGA, Family: fmt.Sprintf("family%02d", family)})
		}
	}
	names, ofFamilies := namedFamilies(rows)
	if len(names) != familyLimit || names[0] != "family02" || !slices.IsSorted(names) {
		t.Errorf("%d families from %q on, want %d from %q on", len(names), names[0], familyLimit, "family02")
	}
	if left := len(rows) - len(ofFamilies); left != 2*familyRows+1 {
		t.Errorf("%d rows are left out, want those of the two smallest families", left)
	}
}
