package drift

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/snowman-ml/snowman/internal/modelfile"
	"github.com/snowman-ml/snowman/internal/visible"
)

// Wanted says what somebody wants of levels.
type Wanted struct {
	Alarms      [len(modelfile.Levels)]float64 // a day, at most, of low, medium and high; 0 leaves a level as it is
	Days        float64                        // how many days of traffic were read; default: 1
	NamesPerDay float64                        // how many names and URLs are a day, instead of Days; default: Days says
	Repeats     bool                           // each time that a text comes is an alarm; default: a text is one
	Set         time.Time                      // the day that the file is to name
}

// A Change is what became of a level.
type Change struct {
	Texts         string  `json:"texts"` // names or URLs
	Level         string  `json:"level"`
	Before        float64 `json:"before"` // the lowest score
	Score         float64 `json:"score"`
	AlarmsPerDay  float64 `json:"alarms_per_day"` // of these texts, at most, as was asked; 0 where nothing was
	Alarms        int     `json:"alarms"`         // in the traffic
	Days          float64 `json:"days"`
	Low           float64 `json:"low"`  // between this number a day,
	High          float64 `json:"high"` // and this, the true one lies (95 %)
	Stays         bool    `json:"stays,omitempty"`
	Reason        string  `json:"reason,omitempty"` // why it stays, or is higher than was asked
	isOwn, raised bool
}

// fewestLevelTexts are how many different names, or URLs, it takes to set a level of them: the
// scores of a handful say nothing of others.
const fewestLevelTexts = 1000

// ErrTooLittle says that the traffic is too little for what was asked.
var ErrTooLittle = errors.New("the traffic is too little")

// SetLevels sets the levels of names and of URLs by the traffic that a job has read, and says what
// became of each: the lowest score that no more texts reach than was asked. Malicious texts in the
// traffic are among its alarms. The alarms are divided among names and URLs as often as they come.
// A level that would be below the one before it is raised to that: then fewer reach it than may.
//
// The error is ErrTooLittle where no level could be set, since less than one alarm is asked of all
// the traffic, or fewer than 1,000 different texts came. Then, as after any error, the metadata are
// as they were.
func SetLevels(m *modelfile.Metadata, job *Job, w Wanted) ([]Change, error) {
	job.mu.Lock()
	defer job.mu.Unlock()
	names, urls := times(job.names.seen, job.names.again), times(job.urls.seen, job.urls.again)
	days := w.Days
	switch {
	case len(m.Thresholds) == 0:
		return nil, errors.New("the model has no levels; train it on more benign rows")
	case names+urls == 0:
		return nil, fmt.Errorf("%w: it has no public name", ErrTooLittle)
	case w.NamesPerDay > 0:
		days = float64(names+urls) / w.NamesPerDay
	case days == 0:
		days = 1
	}
	before := [2][]modelfile.Threshold{m.Thresholds, m.URLThresholds}
	if len(m.URLThresholds) == 0 {
		before[1] = m.Thresholds
	}
	var after [2][]modelfile.Threshold
	var changes []Change
	var tooLittle []string
	isSet := false
	for i, of := range []struct {
		texts   string
		seen    int
		traffic *traffic
	}{{"names", names, &job.names}, {"URLs", urls, &job.urls}} {
		after[i] = slices.Clone(before[i])
		part := float64(of.seen) / float64(names+urls)
		different := len(of.traffic.upper.texts) // or, of very many, those that are kept
		lowest := 0.0
		for level := range after[i] {
			t := &after[i][level]
			c := Change{Texts: of.texts, Level: t.Level, Before: t.Score, AlarmsPerDay: w.Alarms[level] * part, Days: days}
			most := c.AlarmsPerDay * days
			switch {
			case w.Alarms[level] == 0:
				c.Reason = "as it was"
			case of.seen == 0:
				c.Reason = "as it was: the traffic has no " + of.texts
			case most < 1, different < fewestLevelTexts:
				why := fmt.Sprintf("%s: too few to set a level by, it takes %s different ones", counted(different, of.texts), thousands(fewestLevelTexts))
				if most < 1 {
					why = fmt.Sprintf("%s: too few, %.2g alarms are asked of them, and it takes %s to ask for 1",
						counted(of.seen, of.texts), most, number(math.Ceil(float64(of.seen)/most*(1-1e-9))))
				}
				c.Reason = "as it was: " + why
				tooLittle = append(tooLittle, fmt.Sprintf("level %s of %s: %s", t.Level, of.texts, why))
			default:
				score, err := of.traffic.upper.lowest(most, t.Level != modelfile.Levels[0], w.Repeats)
				if err != nil {
					return nil, fmt.Errorf("level %s of %s: %w", t.Level, of.texts, err)
				}
				t.Score, c.isOwn, isSet = score, true, true
			}
			if t.Score < lowest {
				t.Score, c.raised = lowest, true
				c.Reason = fmt.Sprintf("raised to level %s, which it would be below", modelfile.Levels[level-1])
			}
			lowest = t.Score
			c.Score, c.Stays = t.Score, !c.isOwn && !c.raised
			if of.seen > 0 {
				c.Alarms = of.traffic.upper.reach(t.Score, t.Level != modelfile.Levels[0], w.Repeats)
				low, high := poissonInterval(c.Alarms)
				c.Low, c.High = low/days, high/days
			}
			if c.isOwn || c.raised {
				rate := w.Alarms[level] * days / float64(names+urls)
				if !c.isOwn {
					rate = t.FalsePositiveRate
				}
				if level > 0 {
					rate = min(rate, after[i][level-1].FalsePositiveRate)
				}
				if !(rate < 1) {
					return nil, fmt.Errorf("level %s of %s: as many alarms are asked as there are names", t.Level, of.texts)
				}
				*t = modelfile.Threshold{
					Level: t.Level, Score: t.Score, FalsePositiveRate: rate, FalsePositives: c.Alarms, Benign: of.seen,
					Own: &modelfile.OwnLevel{AlarmsPerDay: c.AlarmsPerDay, Days: days, EachOnce: !w.Repeats, Set: w.Set.UTC().Format(time.DateOnly)},
				}
				if !c.isOwn {
					t.Own.AlarmsPerDay = 0
				}
			}
			changes = append(changes, c)
		}
	}
	if !isSet {
		return changes, fmt.Errorf("%w: %s", ErrTooLittle, strings.Join(tooLittle, "; "))
	}
	m.Thresholds, m.URLThresholds = after[0], after[1]
	return changes, nil
}

// WriteLevels writes what became of the levels for people, and the highest names of the traffic.
func WriteLevels(w io.Writer, job *Job, changes []Change, eachOnce bool) error {
	var b strings.Builder
	names, urls := job.Seen()
	counts, _ := job.Counts()
	fmt.Fprintf(&b, "%s and %s are %s", counted(names, "names"), counted(urls, "URLs"), daysOf(changes[0].Days))
	if counts.Allowed+counts.NotPublic > 0 {
		fmt.Fprintf(&b, "; left out: %s on an allow list, %s that are no public names", thousands(counts.Allowed), thousands(counts.NotPublic))
	}
	b.WriteString("\n")
	for _, c := range changes {
		fmt.Fprintln(&b, c)
	}
	if names > 0 && urls > 0 {
		b.WriteString("The alarms are divided among names and URLs as often as each comes; parts of an alarm are dropped.\n")
	}
	once := "Each text is one alarm, however often it comes."
	if !eachOnce {
		once = "Each time that a text comes is an alarm."
	}
	fmt.Fprintf(&b, "%s Malicious texts in the traffic are among the alarms.\n", once)
	if highest := job.highest(mostShown); len(highest) > 0 {
		fmt.Fprintf(&b, "The highest are %s.\n", strings.Join(highest, ", "))
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// counted writes a number of names, or of URLs.
func counted(n int, texts string) string {
	if n == 1 {
		texts = strings.TrimSuffix(texts, "s")
	}
	return thousands(n) + " " + texts
}

func daysOf(days float64) string {
	if days == 1 {
		return "1 day"
	}
	return number(days) + " days"
}

// highest returns the texts of the highest scores, of different registered domains.
func (j *Job) highest(most int) []string {
	j.mu.Lock()
	defer j.mu.Unlock()
	all := append(j.names.sample.all(), j.urls.sample.all()...)
	slices.SortStableFunc(all, func(a, b judged) int {
		return cmp.Or(cmp.Compare(b.score, a.score), strings.Compare(a.text, b.text))
	})
	var texts []string
	for _, judged := range all[:min(most, len(all))] {
		if judged.level > 0 {
			texts = append(texts, visible.Abbreviate(judged.text, 80))
		}
	}
	return texts
}

// lowest returns the lowest score that texts reach at most so many times. Popular domains
// themselves are not above low, whatever their score.
func (u *upper) lowest(most float64, withoutPopular, repeats bool) (float64, error) {
	all := u.descending()
	reached, first := 0.0, 0
	for first < len(all) {
		last, more := first, 0.0
		for ; last < len(all) && all[last].score == all[first].score; last++ {
			more += float64(all[last].alarms(withoutPopular, repeats))
		}
		if reached+more > most {
			return math.Nextafter(all[first].score, math.Inf(1)), nil
		}
		reached, first = reached+more, last
	}
	if u.floor != (rank{}) {
		return 0, fmt.Errorf("more than the %d highest scores, which are kept, would be alarms; ask for fewer, or give less traffic", len(all))
	}
	return 0, errors.New("as many alarms are asked as there are names")
}

// reach returns how many alarms a score gives.
func (u *upper) reach(score float64, withoutPopular, repeats bool) (alarms int) {
	for _, h := range u.texts {
		if h.score >= score {
			alarms += h.alarms(withoutPopular, repeats)
		}
	}
	return alarms
}

// alarms returns how many alarms a text gives if it reaches a level.
func (h high) alarms(withoutPopular, repeats bool) int {
	switch {
	case withoutPopular && h.popular:
		return 0
	case repeats:
		return times(h.seen, h.again)
	}
	return 1
}

// String says in words what became of the level, and what the traffic allows to say.
func (c Change) String() string {
	if c.Stays {
		said := fmt.Sprintf("level %s of %s: %s, score %.6f", c.Level, c.Texts, c.Reason, c.Score)
		if c.High > 0 {
			said += fmt.Sprintf("; %s", c.rests())
		}
		return said
	}
	said := fmt.Sprintf("level %s of %s: score %.6f, was %.6f; ", c.Level, c.Texts, c.Score, c.Before)
	if c.AlarmsPerDay > 0 {
		said += fmt.Sprintf("at most %s a day, ", alarms(c.AlarmsPerDay))
	}
	said += c.rests()
	if c.Reason != "" {
		said += "; " + c.Reason
	}
	return said
}

func (c Change) rests() string {
	if c.Alarms == 0 {
		return fmt.Sprintf("no alarm in this traffic: the true number is below %s a day (95 %%)", alarms(c.High))
	}
	said := alarms(float64(c.Alarms)) + " in this traffic"
	if c.Days != 1 {
		said += fmt.Sprintf(" of %s, %s a day", daysOf(c.Days), number(float64(c.Alarms)/c.Days))
	}
	return fmt.Sprintf("%s: the true number lies between %s and %s a day (95 %%)", said, number(c.Low), number(c.High))
}

func alarms(n float64) string {
	if n == 1 {
		return "1 alarm"
	}
	return number(n) + " alarms"
}

// number writes a number with one decimal where that says something.
func number(n float64) string {
	switch {
	case n >= 1e15: // beyond what an int is sure to hold
		return fmt.Sprintf("%.2g", n)
	case n >= 100 || n == math.Trunc(n):
		return thousands(int(math.Round(n)))
	case n >= 1:
		return fmt.Sprintf("%.1f", n)
	}
	return fmt.Sprintf("%.2g", n)
}
