package report

import (
	"strings"
	"testing"

	"github.com/snowman-ml/snowman/eval"
)

func TestComparison(t *testing.T) {
	for name, test := range map[string]struct {
		comparison eval.Comparison
		want       string
	}{
		"within bounds": {eval.Comparison{
			LargestDifference: 0.00123456, Differing: eval.Proportion{Count: 2, Total: 30_000}, LevelChanges: eval.Proportion{Count: 5, Total: 30_000},
			AUC: new(0.95), ExactAUC: new(0.950012), AUCDifference: 0.000012, WithinBounds: true,
		}, `30,000 rows, scored in int8 and in float32

                                         measured     at most
largest difference of a score            0.001235           -
scores that differ by more than 0.05  2 of 30,000  1 in 1,000
rows that change their level          5 of 30,000           -
AUC in int8                              0.950000           -
AUC in float32                           0.950012           -
difference of both                       0.000012      0.0005

int8 is within its bounds.
`},
		"out of bounds": {eval.Comparison{
			LargestDifference: 0.25, Differing: eval.Proportion{Count: 1, Total: 10}, LevelChanges: eval.Proportion{Count: 0, Total: 10},
		}, `10 rows, scored in int8 and in float32

                                      measured     at most
largest difference of a score         0.250000           -
scores that differ by more than 0.05   1 of 10  1 in 1,000
rows that change their level           0 of 10           -
AUC in int8                                  -           -
AUC in float32                               -           -
difference of both                           -      0.0005

int8 is out of its bounds.
`},
	} {
		t.Run(name, func(t *testing.T) {
			var got strings.Builder
			if err := Comparison(&got, test.comparison); err != nil {
				t.Fatal(err)
			}
			if got.String() != test.want {
				t.Errorf("got\n%s\nwant\n%s", got.String(), test.want)
			}
		})
	}
}
