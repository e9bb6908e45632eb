// Package provenance holds what a model file says of how the model was made: the JSON under
// "training" in its metadata, and the account that stands beside a new model. Training and dataset
// write it; whoever shows a model reads it.
package provenance

// Training is how a model was made.
type Training struct {
	From      string       `json:"from,omitempty"` // SHA-256 of the weights that it went on from
	Options   Options      `json:"options"`
	Epochs    []Validation `json:"epochs"`
	BestEpoch int          `json:"best_epoch"` // counts from 1
	Data      Account      `json:"data"`
}

// Options are those that decide what a training gives. Package train says what their defaults are.
type Options struct {
	Embedding    int     `json:"embedding"`      // numbers that a symbol is embedded in
	Widths       []int   `json:"widths"`         // of the filters, in symbols
	Filters      int     `json:"filters"`        // of each width
	Hidden       int     `json:"hidden"`         // size of the dense layer
	Views        int     `json:"views"`          // of a text that are read side by side: 2 for host and whole, or 1
	Floor        Floor   `json:"floor,omitzero"` // under the verdicts
	SymbolLimit  int     `json:"symbol_limit"`   // symbols read of a text
	Epochs       int     `json:"epochs"`         // passes over the rows
	BatchSize    int     `json:"batch_size"`     // texts in a step
	LearningRate float64 `json:"learning_rate"`  // at its peak
	WeightDecay  float64 `json:"weight_decay"`   // decoupled: times the learning rate
	Dropout      float64 `json:"dropout"`        // share of the pooled features
	WarmUp       float64 `json:"warm_up"`        // share of all steps
	Folds        int     `json:"folds"`          // networks trained only to measure the thresholds
	Seed         uint64  `json:"seed"`           // of weights, order and dropout
}

// A Floor is how far below its host alone and its registered domain alone a text may be, in
// log-odds. Where both are 0 there is none.
type Floor struct {
	Host             float64 `json:"host"`
	RegisteredDomain float64 `json:"registered_domain"`
}

// A Validation is what the part choose says of the network after an epoch, and the mean loss of the
// epoch's steps. Where choose lacks benign or malicious rows, its figures are 0.
type Validation struct {
	Epoch            int     `json:"epoch"` // counts from 1
	Loss             float64 `json:"loss"`
	AUC              float64 `json:"auc"`
	TruePositiveRate float64 `json:"true_positive_rate"` // at a false positive rate of at most 1e-2
}

// An Account is what became of the rows of a data set's files.
type Account struct {
	SuffixList string   `json:"public_suffix_list"`
	Sources    []Source `json:"sources"`

	// Exclude are files whose registered domains were left out, Excluded the rows left out for
	// that.
	Exclude  []Source `json:"exclude,omitempty"`
	Excluded int      `json:"excluded,omitempty"`

	Duplicates     int `json:"duplicates"`          // rows whose text another row has
	Contradictions int `json:"contradictions"`      // texts dropped, called benign and malicious
	Overruled      int `json:"overruled,omitempty"` // rows left out for a label that stands
	UnknownKind    int `json:"unknown_kind"`        // malicious texts that sources give two kinds
	Moved          int `json:"moved"`               // rows moved to train: two parts had their domain
	VettedNames    int `json:"vetted_names"`
	VettedURLs     int `json:"vetted_urls"`
	Imitated       int `json:"imitated,omitempty"`

	Perturbed map[string]int            `json:"perturbed,omitempty"` // rows of train made of others, by how
	Parts     map[string]map[string]int `json:"parts"`               // rows by part and kind
}

// A Source is one file's share of an Account.
type Source struct {
	Name    string `json:"name"`
	Group   string `json:"group,omitempty"` // the kind of site that its benign rows are
	SHA256  string `json:"sha256"`          // of the file as it is, compressed or not
	Read    int    `json:"read"`            // rows
	Refused int    `json:"refused"`         // rows without a canonical form or a label
	Hosts   int    `json:"hosts"`           // rows added: hosts of benign URLs as names
	Kept    int    `json:"kept"`            // after merging
	Used    int    `json:"used"`            // after sampling to the caps of source and family
}
