package retrain

import (
	"fmt"
	"strings"
	"testing"

	"github.com/snowman-ml/snowman/internal/modelfile"
	"github.com/snowman-ml/snowman/models"
)

func TestOwnLevelsAreSetAgain(t *testing.T) {
	own := func(alarms float64, once bool) *modelfile.OwnLevel {
		return &modelfile.OwnLevel{AlarmsPerDay: alarms, Days: 7, EachOnce: once, Set: "2026-01-02"}
	}
	var traffic []string
	for i := range 5000 {
		traffic = append(traffic, fmt.Sprintf("host-%d.network%d.org", i, i*7))
	}
	for _, test := range []struct {
		name    string
		own     *modelfile.OwnLevel
		traffic []string
		want    bool
		note    string
	}{
		{"by the traffic", own(5, true), traffic, true, "sets again the levels"},
		{"without traffic", own(5, true), nil, false, "until snowman levels sets them again, or -traffic is given"},
		{"each time was an alarm", own(5, false), traffic, false, "until snowman levels sets them again: each time"},
		{"less than one alarm", own(0.1, true), traffic, false, "until snowman levels sets them again: the traffic is too little"},
		{"more alarms than names", own(10_000, true), traffic, false, "until snowman levels sets them again: level"},
		{"none is own", nil, traffic, false, ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			present, err := openPresent("no such file")
			if err != nil {
				t.Fatal(err)
			}
			present.file.Metadata.Thresholds[2].Own = test.own
			file, err := modelfile.ParseModel(models.Default)
			if err != nil {
				t.Fatal(err)
			}
			before := file.Metadata.Thresholds[2].Score
			r := &run{present: present, traffic: test.traffic}
			if err := r.setOwnLevels(t.Context(), file); err != nil {
				t.Fatal(err)
			}
			high := file.Metadata.Thresholds[2]
			if isSet := high.Own != nil && high.Own.AlarmsPerDay == 5 && high.FalsePositives <= 5 && high.Score != before; isSet != test.want {
				t.Errorf("the level is %+v", high)
			}
			if notes := strings.Join(r.compared.Notes, "\n"); !strings.Contains(notes, test.note) || test.note == "" && notes != "" {
				t.Errorf("the notes are %q, want %q", notes, test.note)
			}
		})
	}
}
