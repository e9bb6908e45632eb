package retrain

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/snowman-ml/snowman/internal/drift"
	"github.com/snowman-ml/snowman/internal/intake"
	"github.com/snowman-ml/snowman/internal/modelfile"
	"github.com/snowman-ml/snowman/logs"
)

// setOwnLevels sets the levels of the new model again that snowman levels set in the present one,
// by the traffic, which is taken as one day. Where that cannot be done, a note says so.
func (r *run) setOwnLevels(ctx context.Context, file *modelfile.Model) error {
	wanted, isOwn := ownLevels(r.present.file.Metadata)
	const lost = "the present model has levels that were set by snowman levels; those of the new model are from its training, until snowman levels sets them again"
	switch {
	case !isOwn:
		return nil
	case len(r.traffic) == 0:
		r.note(lost + ", or -traffic is given")
		return nil
	case wanted.Repeats:
		r.note(lost + ": each time that a name comes was an alarm, and -traffic has each once")
		return nil
	}
	wanted.Set, _ = time.Parse(time.DateOnly, r.Training.Created)
	if wanted.Set.IsZero() {
		wanted.Set = time.Now()
	}
	n, err := newNext(file)
	if err != nil {
		return err
	}
	if len(n.model.Info().Thresholds) == 0 {
		return nil // which is refused
	}
	job := drift.NewJob(n.model, drift.Options{})
	input := intake.Input{Reader: strings.NewReader(strings.Join(r.traffic, "\n")), Format: logs.Lines}
	if err := job.Read(ctx, input, func([]byte) {}); err != nil {
		return fmt.Errorf("setting levels by the traffic: %w", err)
	}
	changes, err := drift.SetLevels(&file.Metadata, job, wanted)
	if err != nil { // such as of too little traffic, which must not cost a training
		r.note(fmt.Sprintf("%s: %v", lost, err))
		return nil
	}
	r.note("the traffic, taken as one day without an allow list, sets again the levels that snowman levels had set")
	for _, c := range changes {
		if c.Stays && wanted.Alarms[slices.Index(modelfile.Levels[:], c.Level)] > 0 {
			r.note(fmt.Sprintf("level %s of %s is that of the training: %s", c.Level, c.Texts, c.Reason))
		}
	}
	return nil
}

// ownLevels returns what was asked of the levels that are set by traffic. The alarms were divided
// among names and URLs.
func ownLevels(m modelfile.Metadata) (wanted drift.Wanted, isOwn bool) {
	for _, thresholds := range [][]modelfile.Threshold{m.Thresholds, m.URLThresholds} {
		for i, t := range thresholds {
			if t.Own != nil {
				isOwn = true
				wanted.Alarms[i] += t.Own.AlarmsPerDay
				wanted.Repeats = wanted.Repeats || !t.Own.EachOnce
			}
		}
	}
	// What is not round is so by the division.
	for i, alarms := range wanted.Alarms {
		const digits = 1e6
		wanted.Alarms[i] = float64(int64(min(alarms, 1e9)*digits+0.5)) / digits
	}
	return wanted, isOwn && cmp.Or(wanted.Alarms[:]...) > 0
}
