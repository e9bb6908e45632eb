package drift

import (
	"bytes"
	"encoding/json"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/snowman-ml/snowman/internal/intake"
	"github.com/snowman-ml/snowman/internal/modelfile"
)

// Whatever is read, it is compared with itself without a finding, its result can be written, and
// the levels that are set by it are levels of a model.
func FuzzTraffic(f *testing.F) {
	r := rand.New(rand.NewPCG(12, 12))
	f.Add([]byte(strings.Join(ordinary(r, 200), "\n")), 1.0, 0.5)
	f.Add([]byte("a.com\nz.com/path\n10.0.0.1\n\nb c\n"), 2.0, 1e9)
	f.Add([]byte("#separator \\x09\n#fields\tts\tquery\n1\tz.org\n2\tfoo\\x20z.org\n"), 0.1, 3.0)
	model := toy(f)
	f.Fuzz(func(t *testing.T, log []byte, alarms, days float64) {
		job := NewJob(model, Options{})
		if err := job.Read(t.Context(), intake.Input{Reader: bytes.NewReader(log), IsFile: true}, func([]byte) {}); err != nil {
			return
		}
		same := NewJob(model, Options{})
		if err := same.Read(t.Context(), intake.Input{Reader: bytes.NewReader(log), IsFile: true}, func([]byte) {}); err != nil {
			t.Fatal(err)
		}
		result := Compare(job, same, day.AddDate(-20, -10, 0)) // when the model was made
		if result.Verdict > TooLittle {
			t.Errorf("against itself it says %+v", result.Findings)
		}
		if _, err := json.Marshal(result); err != nil {
			t.Error(err)
		}
		if !(alarms > 0 && alarms < 1e12 && days > 0 && days < 1e12) {
			return
		}
		file, err := modelfile.Open(toyPath)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := SetLevels(&file.Metadata, job, Wanted{Alarms: [3]float64{0, 0, alarms}, Days: days, Set: day}); err == nil {
			if err := file.Metadata.Validate(); err != nil {
				t.Error(err)
			}
		}
	})
}
