package snowman

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
)

// A Verdict is all that a model says of one text. What stands behind Probabilities has no effect on
// the score; what is no public name has the level None and the kind Benign. In JSON a Verdict has
// the members that the program and the service write.
type Verdict struct {
	Score         float64       `json:"score"`                  // probability of malicious, 0 to 1
	Level         Level         `json:"level"`                  // how rarely ordinary names score as high
	Kind          string        `json:"kind"`                   // the likeliest malicious kind, or Benign where the level is None
	Probabilities Probabilities `json:"kinds,omitzero"`         // of each kind
	Imitates      string        `json:"imitates,omitempty"`     // the popular registered domain that the host looks like
	Mentions      string        `json:"mentions,omitempty"`     // the popular registered domain whose name the host has, which is another's
	MixedScript   bool          `json:"mixed_script,omitempty"` // a label mixes scripts beyond "highly restrictive" (UTS #39, section 5.2)

	// Popular says that the text is a registered domain on the model's list of popular names, with
	// nothing before or behind it. Whatever its score, its level is at most Low.
	Popular bool `json:"popular,omitempty"`

	// NotPublic says why the text is no name that anybody can look up in the DNS of the internet:
	// "hash", "number", "identifier", "file path", "single label", "public suffix", "local suffix",
	// "reserved suffix", "onion", "reverse zone", "private address" or "reserved address".
	NotPublic     string `json:"not_public,omitempty"`
	IsURL         bool   `json:"-"`                        // the text has a path or a query, so that the levels are those of URLs
	UserInfo      bool   `json:"user_info,omitempty"`      // the URL had user-info, such as a name before an @
	UnwrappedFrom string `json:"unwrapped_from,omitempty"` // the host of the gateway whose link leads to what is scored
}

// Probabilities are those of each of a model's kinds. They add up to 1.
type Probabilities struct {
	Kinds  []string // the model's, benign first
	Values []float64
}

// Of returns the probability of a kind, 0 if the model does not know it.
func (p Probabilities) Of(kind string) float64 {
	if i := slices.Index(p.Kinds, kind); i >= 0 && i < len(p.Values) {
		return p.Values[i]
	}
	return 0
}

// IsZero reports whether there are none, as in a zero Verdict.
func (p Probabilities) IsZero() bool { return len(p.Values) == 0 }

// MarshalJSON returns an object with a member for each kind, in their order.
func (p Probabilities) MarshalJSON() ([]byte, error) {
	if len(p.Kinds) != len(p.Values) {
		return nil, fmt.Errorf("writing probabilities: %d kinds have %d", len(p.Kinds), len(p.Values))
	}
	out := []byte{'{'}
	for i, kind := range p.Kinds {
		name, err := json.Marshal(kind)
		if err != nil {
			return nil, err
		}
		value, err := json.Marshal(p.Values[i])
		if err != nil {
			return nil, fmt.Errorf("writing the probability of %q: %w", kind, err)
		}
		if i > 0 {
			out = append(out, ',')
		}
		out = append(append(append(out, name...), ':'), value...)
	}
	return append(out, '}'), nil
}

// UnmarshalJSON reads what MarshalJSON returns.
func (p *Probabilities) UnmarshalJSON(object []byte) error {
	if string(object) == "null" {
		return nil
	}
	*p = Probabilities{}
	decoder := json.NewDecoder(bytes.NewReader(object))
	if start, err := decoder.Token(); err != nil || start != json.Delim('{') {
		return errors.New("reading probabilities: want an object of kinds")
	}
	for decoder.More() {
		kind, err := decoder.Token()
		if err != nil {
			return fmt.Errorf("reading probabilities: %w", err)
		}
		var value float64
		if err := decoder.Decode(&value); err != nil {
			return fmt.Errorf("reading the probability of %q: %w", kind, err)
		}
		p.Kinds, p.Values = append(p.Kinds, kind.(string)), append(p.Values, value)
	}
	return nil
}

// verdict returns the verdict on the batch's i-th text, for which score was called last.
func (s *Scorer) verdict(i int, score float64) Verdict {
	kinds, facts := s.model.file.Metadata.Kinds, s.facts[i]
	verdict := Verdict{
		Score: score, Level: s.model.level(score, facts.isURL), Kind: kinds[0],
		Probabilities: Probabilities{kinds, s.probabilities},
		Imitates:      facts.imitates, Mentions: facts.mentions, MixedScript: facts.mixedScript, Popular: facts.isPopular,
		NotPublic: facts.notPublic.String(), IsURL: facts.isURL, UserInfo: facts.hasUserInfo, UnwrappedFrom: facts.unwrappedFrom,
	}
	if verdict.NotPublic != "" {
		verdict.Level = None
	}
	if verdict.Popular {
		verdict.Level = min(verdict.Level, Low) // docs/decisions/text.md#a-popular-domain-itself-stays-below-medium
	}
	if verdict.Level > None {
		likeliest := 1
		for k := range s.probabilities {
			if k > 0 && s.probabilities[k] > s.probabilities[likeliest] {
				likeliest = k
			}
		}
		verdict.Kind = kinds[likeliest]
	}
	return verdict
}
