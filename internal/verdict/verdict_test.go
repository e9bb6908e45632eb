package verdict

import (
	"testing"

	"github.com/snowman-ml/snowman"
)

func TestWhatARecordHolds(t *testing.T) {
	list := allowList(t, "*.allowed.com\n")
	const generated, allowed = "qzxkvbtrwj.info", "xjwqpvtzkd.allowed.com" // the first is medium
	for _, test := range []struct {
		name                              string
		text                              string
		options                           Options
		probabilities, families, isOnList bool
	}{
		{"nothing more", generated, Options{}, false, false, false},
		{"probabilities", generated, Options{Probabilities: true}, true, false, false},
		{"families", generated, Options{Families: true}, false, true, false},
		{"families of what reaches a level", generated, Options{Families: true, Minimum: snowman.Medium}, false, true, false},
		{"no families below a level", generated, Options{Families: true, Minimum: snowman.High}, false, false, false},
		{"a text on no list", generated, Options{Allow: list}, false, false, false},
		{"what is no public name has no families", "xjwqpvtzkd.local", Options{Families: true}, false, false, false},
		{"a text on a list has no level and no families", allowed, Options{Allow: list, Families: true}, false, false, true},
	} {
		t.Run(test.name, func(t *testing.T) {
			judge := New(snowman.Default(), test.options)
			check := func(r Record) {
				t.Helper()
				if got := !r.Probabilities.IsZero(); got != test.probabilities {
					t.Errorf("there are probabilities: %v, want %v", got, test.probabilities)
				}
				if got := len(r.Families) == namedFamilies; got != test.families {
					t.Errorf("families are %v, want them: %v", r.Families, test.families)
				}
				if got := r.Allowed != nil; got != test.isOnList || got && (r.Level != snowman.None || r.Kind != snowman.Benign) {
					t.Errorf("allowed by %v with level %v and kind %s, want it: %v", r.Allowed, r.Level, r.Kind, test.isOnList)
				}
			}
			judge.All([]string{test.text}, func(_ int, r Record, err error) {
				if err != nil {
					t.Fatal(err)
				}
				check(r)
			})
			r, x, err := judge.Explain(test.text)
			if err != nil || len(x.Characters) == 0 {
				t.Fatalf("%d characters are explained (%v)", len(x.Characters), err)
			}
			check(r)
		})
	}
}
