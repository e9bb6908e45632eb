package markdown

import (
	"math"
	"strings"
	"testing"
)

func TestARowFillsItsTableAndBreaksNone(t *testing.T) {
	var b strings.Builder
	table := NewTable(&b, "", "a", "b", "c")
	table.Row("x|y", "two\nlines")
	table.End()
	if want := "| a | b | c |\n|---|---|---|\n| x/y | two lines |  |\n\n"; b.String() != want {
		t.Errorf("the table is\n%s, want\n%s", b.String(), want)
	}
}

func TestATableMayHaveATitle(t *testing.T) {
	var b strings.Builder
	NewTable(&b, "Start, 3 times", "")
	if want := "### Start, 3 times\n\n|  |\n|---|\n"; b.String() != want {
		t.Errorf("the table is\n%s, want\n%s", b.String(), want)
	}
}

func TestMedianIsTheMiddle(t *testing.T) {
	for _, test := range []struct {
		values []float64
		want   float64
	}{{[]float64{3, 1, 2}, 2}, {[]float64{4, 1}, 2.5}, {[]float64{7}, 7}} {
		if got := Median(test.values); got != test.want {
			t.Errorf("the median of %v is %v, want %v", test.values, got, test.want)
		}
	}
	if got := Median(nil); !math.IsNaN(got) {
		t.Errorf("the median of nothing is %v, want NaN", got)
	}
}
