package judging

import (
	"fmt"
	"slices"
	"testing"

	"github.com/snowman-ml/snowman/dataset"
)

func TestTheNamesThatMostTextsCopyComeFirst(t *testing.T) {
	m := Model{Popular: []string{"a.com", "b.com", "c.com"}}
	rows := m.MostCopied(map[string]int{"c.com": 2, "b.com": 1})
	for i, want := range []string{"c.com", "b.com", "a.com"} {
		if rows[i].Text != want {
			t.Errorf("name %d is %s, want %s", i, rows[i].Text, want)
		}
	}
}

func TestASampleIsTheSameEachTime(t *testing.T) {
	rows := func() (rows []dataset.Row) {
		for i := range 100 {
			rows = append(rows, dataset.Row{Text: fmt.Sprint(i)})
		}
		return rows
	}
	first, second := sample(rows(), 10), sample(rows(), 10)
	if len(first) != 10 || !slices.Equal(first, second) || slices.Equal(first, rows()[:10]) {
		t.Errorf("the samples are %v and %v", first, second)
	}
}
