package report

import (
	"fmt"
	"io"
	"strconv"
	"strings"

	"github.com/snowman-ml/snowman/eval"
)

// Comparison writes how far int8 is from float32, and whether that is within bounds.
func Comparison(w io.Writer, c eval.Comparison) error {
	plain := func(x float64) string { return strconv.FormatFloat(x, 'f', -1, 64) }
	number := func(x float64) string { return strconv.FormatFloat(x, 'f', 6, 64) }
	areas := [3]string{"-", "-", "-"}
	if c.AUC != nil && c.ExactAUC != nil {
		areas = [3]string{number(*c.AUC), number(*c.ExactAUC), number(c.AUCDifference)}
	}
	var b strings.Builder
	fmt.Fprintf(&b, "%s rows, scored in int8 and in float32\n\n", Thousands(c.Differing.Total))
	table{
		{"", "measured", "at most"},
		{"largest difference of a score", number(c.LargestDifference), "-"},
		{"scores that differ by more than " + plain(eval.ScoreTolerance), outOf(c.Differing), "1 in " + Thousands(int(1/eval.MaxDifferingRate))},
		{"rows that change their level", outOf(c.LevelChanges), "-"},
		{"AUC in int8", areas[0], "-"},
		{"AUC in float32", areas[1], "-"},
		{"difference of both", areas[2], plain(eval.MaxAUCDifference)},
	}.write(&b)
	verdict := "int8 is within its bounds."
	if !c.WithinBounds {
		verdict = "int8 is out of its bounds."
	}
	fmt.Fprintf(&b, "\n%s\n", verdict)
	if _, err := io.WriteString(w, b.String()); err != nil {
		return fmt.Errorf("writing the comparison: %w", err)
	}
	return nil
}
