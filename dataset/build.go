package dataset

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	"github.com/snowman-ml/snowman/internal/canon"
)

// builder is a Set on its way.
type builder struct {
	recipe  Recipe
	rows    []*Row // in the order in which they were first read; nil where dropped
	domains []string
	index   map[string]int // of a row, by its text
	dropped map[string]bool
	strings map[string]string // one copy of each family, date and domain
	vetted  vetting
	account Account
}

// Build reads the recipe's files from a directory. The context ends it early.
func (r Recipe) Build(ctx context.Context, directory string) (*Set, error) {
	recipe, err := r.withDefaults()
	if err != nil {
		return nil, err
	}
	b := &builder{
		recipe:  recipe,
		index:   make(map[string]int),
		strings: make(map[string]string),
		vetted:  newVetting(),
		account: Account{SuffixList: canon.SuffixListVersion},
	}
	for _, source := range recipe.Sources {
		if err := b.read(ctx, directory, source); err != nil {
			return nil, err
		}
	}
	b.dropContradictions()
	return b.split(), nil
}

// read adds one source's rows.
func (b *builder) read(ctx context.Context, directory string, source Source) error {
	path, err := source.find(directory)
	if err != nil {
		return err
	}
	file, err := os.Open(path)
	if err != nil {
		return fmt.Errorf("reading source: %w", err)
	}
	defer file.Close()
	sum := sha256.New()
	hashed := io.TeeReader(file, sum)
	reader, err := NewReader(hashed)
	if err != nil {
		return fmt.Errorf("reading source %q: %w", path, err)
	}
	account := SourceAccount{Name: source.name()}
	var u canon.URL
	for reader.Scan() {
		if account.Read%10_000 == 0 && ctx.Err() != nil {
			return ctx.Err()
		}
		account.Read++
		row, err := reader.Row()
		if err == nil {
			err = u.Parse(row.Text)
		}
		if source.Kind != "" {
			row.Kind, row.Malicious = source.Kind, source.Kind != Benign
		}
		if err != nil || row.Kind == "" && !row.Malicious {
			account.Refused++
			continue
		}
		row.Source, row.Weight = account.Name, source.weight()
		b.add(source, row, &u, &account)
	}
	if err := reader.Err(); err != nil {
		return fmt.Errorf("reading source %q after line %d: %w", path, reader.Line(), err)
	}
	if _, err := io.Copy(io.Discard, hashed); err != nil { // what may follow a gzip stream
		return fmt.Errorf("reading source %q: %w", path, err)
	}
	account.SHA256 = hex.EncodeToString(sum.Sum(nil))
	b.account.Sources = append(b.account.Sources, account)
	return nil
}

// add adds a row whose text u holds in canonical form, and its host where the source asks for it.
func (b *builder) add(source Source, row Row, u *canon.URL, account *SourceAccount) {
	domain := b.intern(string(u.RegisteredDomain()))
	row.Kind, row.Family, row.Date = b.intern(row.Kind), b.intern(row.Family), b.intern(row.Date)
	b.vetted.note(source, row, domain)
	row.Text = u.String()
	b.merge(row, domain)
	if source.Hosts && !row.Malicious && u.HasPath() {
		row.Text = string(u.Host())
		if b.merge(row, domain) {
			account.Hosts++
		}
	}
}

// merge adds a row, or joins it with the one of the same text. It reports whether the text is new.
// Of two labels neither can be trusted, of two malicious kinds only that it is malicious.
func (b *builder) merge(row Row, domain string) bool {
	at, known := b.index[row.Text]
	if !known {
		b.index[row.Text] = len(b.rows)
		b.rows = append(b.rows, &row)
		b.domains = append(b.domains, domain)
		return true
	}
	b.account.Duplicates++
	first := b.rows[at]
	switch {
	case first.Malicious != row.Malicious:
		if b.dropped == nil {
			b.dropped = make(map[string]bool)
		}
		b.dropped[row.Text] = true
	case first.Kind != row.Kind && first.Kind != "" && row.Kind != "":
		first.Kind, first.Family = "", ""
		b.account.UnknownKind++
	}
	if first.Date == "" || row.Date != "" && row.Date < first.Date {
		first.Date = row.Date
	}
	return false
}

func (b *builder) dropContradictions() {
	for text := range b.dropped {
		b.rows[b.index[text]] = nil
	}
	b.account.Contradictions = len(b.dropped)
}

func (b *builder) intern(text string) string {
	if text == "" {
		return ""
	}
	if known, ok := b.strings[text]; ok {
		return known
	}
	text = strings.Clone(text)
	b.strings[text] = text
	return text
}

// split divides the rows into parts, finds the vetted ones, and samples what is above the caps.
func (b *builder) split() *Set {
	set := &Set{Kinds: b.recipe.Kinds}
	byDomain := make(map[string]Part) // of every row of a domain, as far as they agree
	mixed := make(map[string]bool)
	for i, row := range b.rows {
		if row == nil {
			continue
		}
		part := b.recipe.part(row, b.domains[i])
		if other, seen := byDomain[b.domains[i]]; seen && other != part {
			mixed[b.domains[i]] = true
		}
		byDomain[b.domains[i]] = part
	}
	kept := make(map[string]int)
	var divided [parts][]*Row
	for i, row := range b.rows {
		if row == nil {
			continue
		}
		kept[row.Source]++
		part := byDomain[b.domains[i]]
		if mixed[b.domains[i]] {
			if b.recipe.part(row, b.domains[i]) != Train {
				b.account.Moved++
			}
			part = Train
		}
		divided[part] = append(divided[part], row)
		isName := !strings.Contains(row.Text, "/")
		if part == Calibrate && !row.Malicious && isName && b.vetted.has(b.domains[i], b.recipe.VettedYears) {
			set.Vetted = append(set.Vetted, row.Text)
		}
	}
	used := make(map[string]int)
	b.account.Parts = make(map[string]map[string]int)
	for part := range parts {
		counts := make(map[string]int)
		for _, row := range b.recipe.sample(divided[part], part) {
			set.Parts[part] = append(set.Parts[part], *row)
			used[row.Source]++
			counts[kindName(*row)]++
		}
		b.account.Parts[part.String()] = counts
	}
	for i := range b.account.Sources {
		account := &b.account.Sources[i]
		account.Kept, account.Used = kept[account.Name], used[account.Name]
	}
	b.account.Vetted = len(set.Vetted)
	set.Account = b.account
	return set
}

// part returns the part in which a row belongs by itself, whatever else its domain holds.
func (r Recipe) part(row *Row, domain string) Part {
	if row.Kind == DGA {
		for name, families := range r.HeldOut {
			if slices.Contains(families, row.Family) {
				part, _ := ParsePart(name)
				return part
			}
		}
	} else if row.Malicious && r.ReportFrom != "" && row.Date >= r.ReportFrom {
		return Report
	}
	position := float64(hash(r.Seed, domain)>>11) / (1 << 53)
	for _, part := range []Part{Choose, Calibrate, Report} {
		if position -= r.Share[part.String()]; position < 0 {
			return part
		}
	}
	return Train
}

// sample leaves out, at random, what is above the caps of sources and families. The caps are meant
// for train; the other parts are sampled down by as much, so that all are the same mixture. The rows
// come back in the order of their texts' hashes, which is as good as shuffled.
func (r Recipe) sample(rows []*Row, part Part) []*Row {
	type family struct{ source, name string }
	trainShare := 1.0
	for _, share := range r.Share {
		trainShare -= share
	}
	scale := 1.0
	if part != Train {
		scale = r.Share[part.String()] / trainShare
	}
	sources := make(map[string]Source)
	for _, source := range r.Sources {
		sources[source.name()] = source
	}
	slices.SortFunc(rows, byHash(r.Seed+1))
	bySource, byFamily := make(map[string]int), make(map[family]int)
	kept := make([]*Row, 0, len(rows))
	for _, row := range rows {
		source, key := sources[row.Source], family{row.Source, row.Family}
		isFull := func(count, limit int) bool { return limit > 0 && float64(count) >= scale*float64(limit) }
		if isFull(bySource[row.Source], source.Rows) || isFull(byFamily[key], source.FamilyRows) {
			continue
		}
		bySource[row.Source]++
		byFamily[key]++
		kept = append(kept, row)
	}
	return kept
}

func (s Source) weight() float32 {
	if s.Weight == 0 {
		return 1
	}
	return s.Weight
}

// name is what rows and accounts call the source: its file without folder and ending.
func (s Source) name() string {
	name := s.File[strings.LastIndexByte(s.File, '/')+1:]
	for _, ending := range endings {
		if short, found := strings.CutSuffix(name, ending); found {
			return short
		}
	}
	return name
}
