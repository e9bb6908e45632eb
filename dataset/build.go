package dataset

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"path/filepath"
	"slices"
	"strings"

	"github.com/snowman-ml/snowman/internal/canon"
	"github.com/snowman-ml/snowman/internal/inputfile"
)

// A builder collects what becomes a Set.
type builder struct {
	recipe   Recipe
	rows     []*Row // in the order in which they were first read; nil where dropped
	domains  []string
	index    map[string]int    // of a row, by its text
	dropped  map[string]bool   // texts that are called both benign and malicious
	twoKinds map[string]bool   // texts that two malicious kinds claim
	excluded map[string]bool   // registered domains
	heldOut  map[string]Part   // of registered domains with a name of a held-out family
	apart    map[string]bool   // sources whose rows are only trained on
	final    map[string]bool   // sources whose labels stand
	strings  map[string]string // one copy of each family, date and domain
	vetted   vetting
	popular  *popularity // nil if the recipe wants no popular names
	account  Account
}

// Build reads the recipe's files from a directory. The context ends it early.
func (r Recipe) Build(ctx context.Context, directory string) (*Set, error) {
	b, err := r.collect(ctx, directory)
	if err != nil {
		return nil, err
	}
	return b.split(), nil
}

// collect reads the recipe's files from a directory.
func (r Recipe) collect(ctx context.Context, directory string) (*builder, error) {
	recipe, err := r.withDefaults()
	if err != nil {
		return nil, err
	}
	b := &builder{
		recipe:   recipe,
		index:    make(map[string]int),
		dropped:  make(map[string]bool),
		twoKinds: make(map[string]bool),
		excluded: make(map[string]bool),
		heldOut:  make(map[string]Part),
		apart:    make(map[string]bool),
		final:    make(map[string]bool),
		strings:  make(map[string]string),
		vetted:   newVetting(),
		account:  Account{SuffixList: canon.SuffixListVersion},
	}
	if recipe.Imitated > 0 {
		b.popular = newPopularity()
	}
	for _, file := range recipe.Exclude {
		if err := b.exclude(ctx, directory, file); err != nil {
			return nil, err
		}
	}
	for _, source := range recipe.Sources {
		if err := b.read(ctx, directory, source); err != nil {
			return nil, err
		}
	}
	b.dropContradictions()
	return b, nil
}

// exclude notes the registered domains of a file's rows, which are to be left out.
func (b *builder) exclude(ctx context.Context, directory, file string) error {
	source := Source{File: filepath.ToSlash(file)}
	path, err := source.Path(directory)
	if err != nil {
		return err
	}
	account := SourceAccount{Name: source.ShortName()}
	err = readFile(ctx, path, "", &account, func(_ Row, u *canon.URL) {
		b.excluded[string(u.RegisteredDomain())] = true
	})
	b.account.Exclude = append(b.account.Exclude, account)
	return err
}

// read adds one source's rows.
func (b *builder) read(ctx context.Context, directory string, source Source) error {
	path, err := source.Path(directory)
	if err != nil {
		return err
	}
	account := SourceAccount{Name: source.ShortName(), Group: source.Group}
	b.apart[account.Name], b.apart[hostsOf(account.Name)] = source.TrainOnly, source.TrainOnly
	b.final[account.Name] = source.Overrules
	err = readFile(ctx, path, source.Kind, &account, func(row Row, u *canon.URL) {
		row.Source, row.Weight = account.Name, source.weight()
		row.Family = familyName(b.recipe.FamilyNames, row)
		b.add(source, row, u, &account)
	})
	b.account.Sources = append(b.account.Sources, account)
	return err
}

// readFile counts the rows of a file, and calls use with each that has a label and a canonical
// form, which u holds. A kind that is not empty is the kind of every row, whatever the file says.
func readFile(ctx context.Context, path, kind string, account *SourceAccount, use func(row Row, u *canon.URL)) error {
	file, err := inputfile.Open(ctx, path)
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
		if kind != "" {
			row.Kind, row.Malicious = kind, kind != Benign
		}
		if err != nil || row.Kind == "" && !row.Malicious {
			account.Refused++
			continue
		}
		use(row, &u)
	}
	if err := reader.Err(); err != nil {
		return fmt.Errorf("reading source %q after line %d: %w", path, reader.Line(), err)
	}
	if _, err := io.Copy(io.Discard, hashed); err != nil { // bytes behind a gzip stream
		return fmt.Errorf("reading source %q: %w", path, err)
	}
	account.SHA256 = hex.EncodeToString(sum.Sum(nil))
	return nil
}

// add adds a row whose text u holds in canonical form, and its host if the source asks for hosts.
func (b *builder) add(source Source, row Row, u *canon.URL, account *SourceAccount) {
	domain := b.intern(string(u.RegisteredDomain()))
	if b.excluded[domain] {
		b.account.Excluded++
		return
	}
	row.Kind, row.Family, row.Date = b.intern(row.Kind), b.intern(row.Family), b.intern(row.Date)
	b.vetted.note(source, row, domain, u.IsRegistrable())
	if b.popular != nil {
		b.popular.note(source, row, domain, u)
	}
	if part, held := b.recipe.heldOut(row); held {
		b.heldOut[domain] = max(part, b.heldOut[domain])
	}
	row.Text = u.String()
	if !b.merge(row, domain) {
		b.account.Duplicates++
	}
	if source.Hosts && !row.Malicious && u.HasPath() {
		row.Text, row.Source = string(u.Host()), hostsOf(source.ShortName())
		overruled := b.account.Overruled
		if b.merge(row, domain) {
			account.Hosts++
		}
		b.account.Overruled = overruled // of rows, and no file has this one
	}
}

// merge adds a row, or joins it with the row of the same text. It reports whether the text is new.
// A text with two labels is dropped later; one with two malicious kinds is malicious of unknown
// kind.
func (b *builder) merge(row Row, domain string) bool {
	at, known := b.index[row.Text]
	if !known {
		b.index[row.Text] = len(b.rows)
		b.rows = append(b.rows, &row)
		b.domains = append(b.domains, domain)
		return true
	}
	first := b.rows[at]
	switch {
	case first.Malicious != row.Malicious && b.final[first.Source] && !b.final[row.Source]:
		b.account.Overruled++
		return false // its date is that of another label
	case first.Malicious != row.Malicious:
		b.dropped[row.Text] = true
	case first.Kind == "" && row.Kind != "":
		first.Kind, first.Family = row.Kind, row.Family
	case row.Kind != "" && first.Kind != row.Kind:
		b.twoKinds[row.Text] = true
	}
	if first.Date == "" || row.Date != "" && row.Date < first.Date {
		first.Date = row.Date
	}
	return false
}

func (b *builder) dropContradictions() {
	for text := range b.twoKinds {
		row := b.rows[b.index[text]]
		row.Kind, row.Family = "", ""
	}
	for text := range b.dropped {
		b.rows[b.index[text]] = nil
	}
	b.account.UnknownKind, b.account.Contradictions = len(b.twoKinds), len(b.dropped)
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

// split makes a set of the rows.
func (b *builder) split() *Set {
	set := &Set{Kinds: b.recipe.Kinds, FamilyNames: b.recipe.FamilyNames}
	partOf := b.partsOfDomains()
	for part, rows := range b.divide(partOf) {
		rows = b.recipe.sample(rows, Part(part))
		if Part(part) == Train {
			rows = append(rows, b.perturb(rows, partOf)...)
		}
		for _, row := range rows {
			set.Parts[part] = append(set.Parts[part], *row)
		}
	}
	set.Groups = b.recipe.groups()
	set.Vetted = b.vettedTexts(partOf, set.Groups)
	if b.popular != nil {
		set.Imitated = b.popularNames()
	}
	b.count(set)
	set.Account = b.account
	return set
}

// partsOfDomains returns the part of each registered domain: that of its rows, or train if they
// belong in several.
func (b *builder) partsOfDomains() map[string]Part {
	partOf := make(map[string]Part)
	for i, row := range b.rows {
		if row == nil {
			continue
		}
		part := b.part(row, b.domains[i])
		if other, seen := partOf[b.domains[i]]; seen && other != part {
			part = Train
		}
		partOf[b.domains[i]] = part
	}
	return partOf
}

// divide returns the rows of each part, by the part of their registered domain.
func (b *builder) divide(partOf map[string]Part) (divided [parts][]*Row) {
	for i, row := range b.rows {
		if row == nil {
			continue
		}
		part := partOf[b.domains[i]]
		if b.part(row, b.domains[i]) != part {
			b.account.Moved++
		}
		divided[part] = append(divided[part], row)
	}
	return divided
}

// perturb returns perturbed rows of those of train.
func (b *builder) perturb(rows []*Row, partOf map[string]Part) []*Row {
	perturber := newPerturber(b.recipe.Seed, rows, func(text, domain string) bool {
		_, known := b.index[text]
		return known || partOf[domain] != Train
	})
	perturber.run(b.recipe.Perturb)
	b.account.Perturbed = perturber.counts
	return perturber.rows
}

// vettedTexts returns the texts of the vetted registered domains, and those of trusted sources.
func (b *builder) vettedTexts(partOf map[string]Part, groups map[string]string) (texts []Vetted) {
	trusted := make(map[string]bool)
	for _, source := range b.recipe.Sources {
		trusted[source.ShortName()], trusted[hostsOf(source.ShortName())] = source.Trusted, source.Trusted
	}
	var u canon.URL
	for i, row := range b.rows {
		domain, years := b.domains[i], b.recipe.VettedYears
		if row == nil || row.Malicious || b.apart[row.Source] || !b.vetted.has(domain, years) && !(trusted[row.Source] && !b.vetted.malicious[domain]) {
			continue
		}
		if u.Parse(row.Text) != nil || u.NotPublic() != canon.Public {
			continue
		}
		texts = append(texts, Vetted{
			Text: row.Text, Domain: domain, Group: groups[row.Source], Part: partOf[domain],
			Popular: b.vetted.isPopular(domain, years),
		})
	}
	return texts
}

// popularNames returns the most popular names, as lookalike.New reads them.
func (b *builder) popularNames() []string {
	return b.popular.names(b.recipe.Imitated, b.recipe.VettedYears, b.rows, b.domains)
}

// count completes the account with the numbers of a set that is otherwise complete.
func (b *builder) count(set *Set) {
	kept, used := make(map[string]int), make(map[string]int)
	for _, row := range b.rows {
		if row != nil {
			kept[row.Source]++
		}
	}
	b.account.Parts = make(map[string]map[string]int)
	for part, rows := range set.Parts {
		counts := make(map[string]int)
		for _, row := range rows {
			used[row.Source]++
			counts[kindName(row)]++
		}
		b.account.Parts[Part(part).String()] = counts
	}
	for i := range b.account.Sources {
		account := &b.account.Sources[i]
		hosts := hostsOf(account.Name)
		account.Kept, account.Used = kept[account.Name]+kept[hosts], used[account.Name]+used[hosts]
	}
	for _, vetted := range set.Vetted {
		if vetted.IsURL() {
			b.account.VettedURLs++
		} else {
			b.account.VettedNames++
		}
	}
	b.account.Imitated = len(set.Imitated)
}

// heldOut returns the part for which a row's family is held out, if it is.
func (r Recipe) heldOut(row Row) (part Part, held bool) {
	for part := Choose; part < parts && row.Kind == DGA; part++ {
		if slices.Contains(r.HeldOut[part], row.Family) {
			return part, true
		}
	}
	return Train, false
}

// familyName returns a row's family by the name that names has for the source's name.
func familyName(names map[string]string, row Row) string {
	if name, renamed := names[row.Family]; renamed && row.Kind == DGA {
		return name
	}
	return row.Family
}

// part returns the part of a row by itself, whatever other rows its domain has. The exception is a
// domain with a name of a held-out family: other sources may have that name with another label, and
// the network must not meet it there.
func (b *builder) part(row *Row, domain string) Part {
	r := b.recipe
	if part, held := b.heldOut[domain]; held {
		return part
	}
	if b.apart[row.Source] {
		return Train
	}
	if row.Malicious && row.Kind != DGA && r.ReportFrom != "" && row.Date >= r.ReportFrom {
		return Report
	}
	position := float64(hash(r.Seed, domain)>>11) / (1 << 53)
	for _, part := range []Part{Choose, Calibrate, Report} {
		if position -= r.Share[part]; position < 0 {
			return part
		}
	}
	return Train
}

// sample leaves out, at random, rows above the caps of sources and families. The caps are for
// train. The other parts have caps in proportion to their share, so that all parts are the same
// mixture. The rows come back in the order of their texts' hashes, which is as good as shuffled.
func (r Recipe) sample(rows []*Row, part Part) []*Row {
	type family struct{ source, name string }
	trainShare := 1.0
	for other := Choose; other < parts; other++ { // a sum of floats depends on the order
		trainShare -= r.Share[other]
	}
	scale := 1.0
	if share := r.Share[part]; share > 0 {
		scale = share / trainShare
	}
	sources := make(map[string]Source)
	for _, source := range r.Sources {
		sources[source.ShortName()] = source
	}
	sortByHash(r.Seed+1, rows)
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

func (s Source) collection() string {
	if s.Collection != "" {
		return s.Collection
	}
	return s.File
}

// groups returns the group of each source that has one, and of the hosts taken from it.
func (r Recipe) groups() map[string]string {
	groups := make(map[string]string)
	for _, source := range r.Sources {
		if source.Group != "" {
			groups[source.ShortName()], groups[hostsOf(source.ShortName())] = source.Group, source.Group
		}
	}
	return groups
}

// ShortName is the source's name in rows and accounts.
func (s Source) ShortName() string {
	if s.Name != "" {
		return s.Name
	}
	name := s.File[strings.LastIndexByte(s.File, '/')+1:]
	for _, ending := range endings {
		if short, found := strings.CutSuffix(name, ending); found {
			return short
		}
	}
	return name
}

// hostsOf names the hosts that were taken from a source's URLs. They are a source of their own,
// without the caps of the first.
func hostsOf(source string) string { return source + "_hosts" }
