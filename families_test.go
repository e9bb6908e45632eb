package snowman

import (
	"bytes"
	"cmp"
	"math"
	"path/filepath"
	"reflect"
	"slices"
	"testing"

	"github.com/snowman-ml/snowman/internal/cnn"
	"github.com/snowman-ml/snowman/internal/modelfile"
)

// withFamilies returns the default model with a head that names six families, at random.
func withFamilies(t testing.TB) *Model {
	t.Helper()
	file := *Default().file
	file.Metadata.Families = &modelfile.Families{Names: []string{"a", "b", "c", "d", "e", "f"}, Hidden: 9}
	head, err := cnn.NewParameters(file.Metadata.Families.Shape(file.Metadata.Shape))
	if err != nil {
		t.Fatal(err)
	}
	head.Initialize(3)
	head.CopyFilters(file.Parameters)
	file.Families = func() *cnn.Parameters { return head }
	m, err := newModel(&file)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func TestFamiliesAreTheReferencesLikeliest(t *testing.T) {
	m := withFamilies(t)
	s := m.NewScorer()
	for _, text := range []string{"zis32msdi3.com", "xjwqpvtzkd.com", "github.com/path", "192.0.2.1"} {
		all, err := s.Families(text, 6)
		if err != nil {
			t.Fatal(err)
		}
		probabilities := make(map[string]float64)
		sum := 0.0
		host := s.batch.Text(int(s.batch.Rows[0].Views[cnn.Host]))
		for i, logit := range cnn.Reference[float64](m.file.Families(), host) {
			probabilities[m.FamilyNames()[i]] = math.Exp(logit)
			sum += math.Exp(logit)
		}
		for _, family := range all {
			if want := probabilities[family.Name] / sum; math.Abs(family.Probability-want) > 1e-5 {
				t.Errorf("%q is of family %q with probability %v, the reference says %v", text, family.Name, family.Probability, want)
			}
		}
		if !slices.IsSortedFunc(all, func(a, b Family) int { return cmp.Compare(b.Probability, a.Probability) }) || len(all) != 6 {
			t.Errorf("%q has the families %v, want six, the likeliest first", text, all)
		}
		all = slices.Clone(all)
		for n := range 8 {
			some, err := m.Families(text, n)
			if err != nil || !slices.Equal(some, all[:min(n, 6)]) {
				t.Errorf("the likeliest %d of %q are %v (%v), want the first of %v", n, text, some, err, all)
			}
		}
	}
}

func TestFamiliesChangeNoScore(t *testing.T) {
	m := withFamilies(t)
	s, plain := m.NewScorer(), Default().NewScorer()
	for _, text := range []string{"zis32msdi3.com", "github.com/path"} {
		if _, err := s.Families(text, 3); err != nil {
			t.Fatal(err)
		}
		got, err := s.Classify(text)
		if err != nil {
			t.Fatal(err)
		}
		want, err := plain.Classify(text)
		if err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("%q has the verdict %v, want %v (%v)", text, got, want, err)
		}
	}
}

func TestFamiliesOfNoText(t *testing.T) {
	if families, err := withFamilies(t).Families("", 3); err == nil || families != nil {
		t.Errorf("families are %v, error %v", families, err)
	}
}

func TestAModelWithoutFamiliesNamesNone(t *testing.T) {
	toy, err := Open(filepath.Join("web", "testdata", "toy.safetensors"))
	if err != nil {
		t.Fatal(err)
	}
	families, err := toy.Families("q.com", 3)
	if err != nil || families != nil || toy.FamilyNames() != nil || toy.Info().Families != nil {
		t.Errorf("families are %v, error %v", families, err)
	}
}

func TestFamiliesWhoseNumbersOverflowAreAnError(t *testing.T) {
	m := withFamilies(t)
	for i := range m.file.Families().Head() {
		m.file.Families().Head()[i] = math.MaxFloat32
	}
	if families, err := m.Families("zis32msdi3.com", 3); err != errOverflow {
		t.Errorf("families are %v, error %v", families, err)
	}
}

func TestNamingFamiliesAllocatesNothing(t *testing.T) {
	s := withFamilies(t).NewScorer()
	if n := testing.AllocsPerRun(20, func() {
		if _, err := s.Families("zis32msdi3.com", 3); err != nil {
			t.Fatal(err)
		}
	}); n != 0 {
		t.Errorf("%v allocations a text", n)
	}
}

func TestAModelWithFamiliesComesBackAsWritten(t *testing.T) {
	m := withFamilies(t)
	var file bytes.Buffer
	if err := m.file.Write(&file); err != nil {
		t.Fatal(err)
	}
	read, err := modelfile.ParseModel(file.Bytes())
	if err != nil {
		t.Fatal(err)
	}
	again, err := newModel(read)
	if err != nil {
		t.Fatal(err)
	}
	want, err := m.Families("zis32msdi3.com", 6)
	if err != nil {
		t.Fatal(err)
	}
	if got, err := again.Families("zis32msdi3.com", 6); err != nil || !slices.Equal(got, want) {
		t.Errorf("read again, families are %v (%v), want %v", got, err, want)
	}
}

func BenchmarkFamilies(b *testing.B) {
	s := withFamilies(b).NewScorer()
	b.ReportAllocs()
	for b.Loop() {
		if families, err := s.Families("zis32msdi3.com", 3); err != nil || len(families) != 3 {
			b.Fatal(families, err)
		}
	}
}
