package eval_test

import (
	"fmt"

	"github.com/snowman-ml/snowman/eval"
)

func ExampleMeter() {
	var m eval.Meter
	for i := range 1000 {
		m.Add(eval.Example{Score: float64(i) / 2000})
	}
	m.Add(eval.Example{Score: .97, Malicious: true, Family: "conficker"})
	m.Add(eval.Example{Score: .12, Malicious: true, Family: "suppobox"})

	for _, family := range m.Result().ByFamily {
		point := family.OperatingPoints[0]
		fmt.Printf("%s: AUC %.3f, found %d of %d at FPR %g\n",
			family.Name, *family.AUC, point.TruePositives.Count, point.TruePositives.Total, point.Limit)
	}
	// Output:
	// conficker: AUC 1.000, found 1 of 1 at FPR 0.01
	// suppobox: AUC 0.240, found 0 of 1 at FPR 0.01
}
