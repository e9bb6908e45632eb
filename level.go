package snowman

import (
	"fmt"

	"github.com/snowman-ml/snowman/internal/modelfile"
)

// A Level says how rarely ordinary texts score as high as one: low 1 in 100, medium 1 in 1,000,
// high 1 in 10,000. Names and URLs with a path have levels of their own, measured on texts that the
// network was not trained on.
type Level int

// The levels, from low scores to high ones.
const (
	None Level = iota
	Low
	Medium
	High
)

var levelNames = append([]string{"none"}, modelfile.Levels[:]...)

// String returns the level's name, as ParseLevel reads it.
func (l Level) String() string {
	if l < None || l > High {
		return fmt.Sprintf("Level(%d)", int(l))
	}
	return levelNames[l]
}

// MarshalText returns the level's name.
func (l Level) MarshalText() ([]byte, error) { return []byte(l.String()), nil }

// UnmarshalText reads a level's name.
func (l *Level) UnmarshalText(name []byte) (err error) {
	*l, err = ParseLevel(string(name))
	return err
}

// ParseLevel returns the level of this name.
func ParseLevel(name string) (Level, error) {
	for level, known := range levelNames {
		if name == known {
			return Level(level), nil
		}
	}
	return None, fmt.Errorf("level %q, want none, low, medium or high", name)
}

// thresholds are the lowest score of each level above None.
type thresholds [High]float64

func newThresholds(measured []modelfile.Threshold) thresholds {
	var t thresholds
	for i := range t {
		t[i] = 2 // no score reaches it
		if i < len(measured) {
			t[i] = measured[i].Score
		}
	}
	return t
}

// level returns the level of a score.
func (m *Model) level(score float64, isURL bool) Level {
	thresholds := &m.thresholds
	if isURL {
		thresholds = &m.urlThresholds
	}
	level := None
	for i, threshold := range thresholds {
		if score >= threshold {
			level = Level(i + 1)
		}
	}
	return level
}
