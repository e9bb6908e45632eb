package eval

// A Survival says how many verdicts survive a change of the text: of the texts that reached a
// level, how many still reach it.
type Survival struct {
	Change string `json:"change"`

	// Scored is what of the changed text is scored, empty if it is all of it and its host is what
	// it was.
	Scored string `json:"scored,omitempty"`

	Host   Proportion     `json:"host"` // of the verdicts that the host alone carried
	Path   Proportion     `json:"path"` // of the others, which take what stands behind the host
	ByKind []KindSurvival `json:"by_kind"`
}

// A KindSurvival is the part of a Survival that the texts of one kind have.
type KindSurvival struct {
	Kind string     `json:"kind"`
	Host Proportion `json:"host"`
	Path Proportion `json:"path"`
}

// NewSurvival returns the Survival of the kinds' texts, added up.
func NewSurvival(change, scored string, kinds []KindSurvival) Survival {
	s := Survival{Change: change, Scored: scored, ByKind: kinds}
	for _, kind := range kinds {
		s.Host.Count += kind.Host.Count
		s.Host.Total += kind.Host.Total
		s.Path.Count += kind.Path.Count
		s.Path.Total += kind.Path.Total
	}
	return s
}
