package drift

import (
	"cmp"
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/snowman-ml/snowman/eval"
	"github.com/snowman-ml/snowman/internal/canon"
	"github.com/snowman-ml/snowman/internal/lookalike"
	"github.com/snowman-ml/snowman/internal/modelfile"
)

// A Verdict says what is to be done.
type Verdict int

// The verdicts, the least first.
const (
	Nothing   Verdict = iota // to say
	TooLittle                // was there to hold against each other
	Look                     // at what has changed
	Retrain
)

func (v Verdict) String() string {
	return [...]string{"nothing to say", "too little to say", "look", "retrain"}[v]
}

// MarshalText returns the verdict's words.
func (v Verdict) MarshalText() ([]byte, error) { return []byte(v.String()), nil }

// A Result says whether a model still fits.
type Result struct {
	Verdict  Verdict   `json:"verdict"`
	Findings []Finding `json:"findings"`
	Model    Model     `json:"model"`
	Against  string    `json:"against"` // "model" or "log": where the reference is from
	Texts    []Texts   `json:"texts"`   // names, URLs
}

// A Finding is one reason for a verdict.
type Finding struct {
	Verdict Verdict `json:"verdict"`
	Text    string  `json:"text"`
}

// Model says how old a model is.
type Model struct {
	SHA256      string `json:"sha256"`
	Created     string `json:"created,omitempty"`
	TrainedFrom string `json:"trained_from,omitempty"` // months of malicious rows
	TrainedTo   string `json:"trained_to,omitempty"`
	AgeMonths   int    `json:"age_months"` // since that, or since it was made; -1 if the file says neither
}

// Texts are what was found of names, or of URLs.
type Texts struct {
	Texts        string      `json:"texts"`     // names or URLs
	Seen         int         `json:"seen"`      // as often as they came
	Compared     int         `json:"compared"`  // one of each registered domain
	Sampled      bool        `json:"sampled"`   // there were more domains, of which a part is compared
	Reference    int         `json:"reference"` // how many texts there are to compare with
	TooFew       bool        `json:"too_few,omitempty"`
	TooFewBefore bool        `json:"too_few_in_reference,omitempty"` // if that is a log
	Levels       []Level     `json:"levels"`
	Scores       *Scores     `json:"scores,omitempty"`
	Characters   *Characters `json:"characters,omitempty"`
	Suffixes     *Suffixes   `json:"suffixes,omitempty"`
	Words        []Word      `json:"words,omitempty"`
}

// A Level is the share that reaches it.
type Level struct {
	Level    string   `json:"level"`
	Count    int      `json:"count"`
	Share    float64  `json:"share"`
	Low      float64  `json:"low"` // of the 95 % interval
	High     float64  `json:"high"`
	Promise  float64  `json:"promise"`             // of ordinary texts
	Earlier  *float64 `json:"reference,omitempty"` // share in the log that is the reference
	Exceeded bool     `json:"exceeded"`
}

// Scores say how the scores have moved.
type Scores struct {
	PSI      float64 `json:"population_stability_index"`
	Expected float64 `json:"expected_by_chance"` // of samples as large as these
	Most     float64 `json:"most_by_chance"`     // which chance exceeds once in 10,000
	Ordinary float64 `json:"without_the_upper_tenth"`
	Parts    []Range `json:"parts"`
}

// A Range is a part of the scores.
type Range struct {
	From      float64 `json:"from"`
	To        float64 `json:"to"`
	Share     float64 `json:"share"`
	Reference float64 `json:"reference"`
	Moved     bool    `json:"moved"`
}

// Characters say how the characters have changed.
type Characters struct {
	Divergence float64         `json:"divergence"` // of Jensen and Shannon, in nats: at most ln 2
	Most       float64         `json:"most_by_chance"`
	Changed    []CharacterMove `json:"changed"` // the most first
}

// A CharacterMove is how much more, or less, common a character is.
type CharacterMove struct {
	Character string  `json:"character"`
	Share     float64 `json:"share"`
	Reference float64 `json:"reference"`
}

// Suffixes are the public suffixes that are new.
type Suffixes struct {
	Known     bool          `json:"known"` // the model says which training had
	Count     int           `json:"count"` // texts below one that it did not have
	Share     float64       `json:"share"`
	Reference float64       `json:"reference"`
	Untrained []SuffixCount `json:"untrained"` // the most common first
	Grown     []SuffixCount `json:"grown"`     // more common than in the reference, if that is a log
}

// A SuffixCount is how often a public suffix came.
type SuffixCount struct {
	Suffix    string  `json:"suffix"`
	Count     int     `json:"count"`
	Share     float64 `json:"share"`
	Reference float64 `json:"reference"`
}

// A Word stands in the labels of several registered domains that reach a level, and rarely in
// others: it may be a brand that the list of popular names lacks.
type Word struct {
	Word    string `json:"word"`
	Domains int    `json:"domains"`
}

// What counts as a change. Whatever is below could have been found by chance, or is too small to
// act on: docs/drift.md.
const (
	chance      = 1e-4 // of each test, if nothing has changed
	fewestTexts = 100

	smallPSI, largePSI               = .1, .25
	smallDivergence, largeDivergence = .01, .05
	smallSuffixes, largeSuffixes     = .02, .1
	grownSuffixes                    = .25 // of all texts, in suffixes that have grown, by a log
	lookMonths, oldMonths            = 6, 12
	mostShown                        = 5
)

// profile is what was found of names, or of URLs: one of each registered domain, by weight.
type profile struct {
	total       float64 // as many texts say as much, if all have the same weight
	logOdds     [modelfile.Bins]float64
	characters  [modelfile.Characters]float64
	newSuffixes float64
	reached     [len(modelfile.Levels)]float64
	kinds       []float64 // of those that reach a level, by kind
	suffixes    map[string]float64
	texts       []judged
}

// profile returns what there would be in a fraction of the traffic. The more is read, the more
// domains are new that come rarely, and the mixture of domains changes with that: two logs are
// alike only as far as both are read equally far. A domain that came so many times is in the
// fraction with the chance 1 - (1 - fraction)^times (rarefaction).
func (t *traffic) profile(kinds int, fraction float64, isNew func(suffix string) bool) *profile {
	p := &profile{suffixes: make(map[string]float64), texts: t.sample.all(), kinds: make([]float64, kinds)}
	sum, squares := 0.0, 0.0
	weight := func(j *judged) float64 {
		if fraction >= 1 {
			return 1
		}
		return -math.Expm1(float64(j.times) * math.Log1p(-fraction))
	}
	for i := range p.texts {
		w := weight(&p.texts[i])
		sum, squares = sum+w, squares+w*w
	}
	if sum == 0 {
		return p
	}
	p.total = sum * sum / squares // L. Kish, Survey Sampling, 1965
	var u canon.URL
	for i := range p.texts {
		j := &p.texts[i]
		w := weight(j) * p.total / sum
		p.logOdds[modelfile.Bin(j.score)] += w
		for at := range len(j.text) {
			p.characters[modelfile.Character(j.text[at])] += w
		}
		for level := range int(j.level) {
			p.reached[level] += w
		}
		if j.level > 0 {
			p.kinds[j.kind] += w
		}
		if u.Parse(j.text) != nil {
			continue
		}
		if suffix := string(u.PublicSuffix()); suffix != "" {
			p.suffixes[suffix] += w
			if isNew(suffix) {
				p.newSuffixes += w
			}
		}
	}
	return p
}

// profileOf returns that of a model's reference.
func profileOf(r *modelfile.ReferenceTexts) *profile {
	p := &profile{total: float64(r.Texts), newSuffixes: float64(r.NewSuffixes)}
	for i, count := range r.LogOdds {
		p.logOdds[i] = float64(count)
	}
	for i, count := range r.Characters {
		p.characters[i] = float64(count)
	}
	return p
}

// came returns how many texts came, also those of which a record before had told.
func (t *traffic) came() float64 { return float64(t.seen + t.again) }

// parts returns the parts of the scores, as Parts of modelfile.ReferenceTexts divides them.
func (p *profile) parts() []modelfile.Part {
	var r modelfile.ReferenceTexts
	r.LogOdds = make([]int, modelfile.Bins)
	for i, weight := range p.logOdds {
		r.LogOdds[i] = int(math.Round(weight))
		r.Texts += r.LogOdds[i]
	}
	return r.Parts()
}

// Compare says whether the model of a job still fits what the job has read. The reference is a job
// of the same model that has read a log of a good time, or nil: then it is the model's own. Of a
// log, the mixture is that of the network, so much less counts as a change, and more is worth a
// training.
func Compare(here, reference *Job, now time.Time) Result {
	own := here.model.Reference()
	r := Result{Against: "model", Findings: []Finding{}}
	isNew := func(string) bool { return false }
	if own != nil && len(own.Suffixes) > 0 {
		isNew = func(suffix string) bool {
			_, known := slices.BinarySearch(own.Suffixes, suffix)
			return !known
		}
	}
	r.judgeAge(here, own, now)
	if reference != nil {
		r.Against = "log"
		reference.mu.Lock()
		defer reference.mu.Unlock()
	}
	here.mu.Lock()
	defer here.mu.Unlock()
	info := here.model.Info()
	for _, of := range []struct {
		texts  string
		t      *traffic
		isURLs bool
	}{{"names", &here.names, false}, {"URLs", &here.urls, true}} {
		c := comparison{result: &r, kinds: here.kinds, isNew: isNew, hasSuffixes: own != nil && len(own.Suffixes) > 0}
		c.texts = Texts{Texts: of.texts, Seen: times(of.t.seen, of.t.again), Sampled: of.t.sample.above != 0, Levels: []Level{}}
		fraction := 1.0
		switch {
		case reference != nil:
			before := &reference.names
			if of.isURLs {
				before = &reference.urls
			}
			c.before = before.profile(len(here.kinds), min(of.t.came()/max(before.came(), 1), 1), isNew)
			fraction = before.came() / max(of.t.came(), 1)
		case own != nil && of.isURLs:
			c.before = profileOf(&own.URLs)
		case own != nil:
			c.before = profileOf(&own.Names)
		default:
			c.before = &profile{}
		}
		if fraction <= 0 {
			fraction = 1 // nothing to compare with
		}
		c.here = of.t.profile(len(here.kinds), fraction, isNew)
		c.isLog = reference != nil
		for i, t := range info.Thresholds {
			if of.isURLs && len(info.URLThresholds) > 0 {
				t = info.URLThresholds[i]
			}
			c.promises = append(c.promises, t.FalsePositiveRate)
		}
		c.compare()
		r.Texts = append(r.Texts, c.texts)
	}
	r.judgeSize()
	for _, f := range r.Findings {
		r.Verdict = max(r.Verdict, f.Verdict)
	}
	slices.SortStableFunc(r.Findings, func(a, b Finding) int { return cmp.Compare(b.Verdict, a.Verdict) })
	return r
}

func (r *Result) find(v Verdict, format string, values ...any) {
	r.Findings = append(r.Findings, Finding{v, fmt.Sprintf(format, values...)})
}

// judgeSize says if most of what came could not be held against anything: there were too few of
// it, or in the log that is the reference.
func (r *Result) judgeSize() {
	all, compared := 0, 0
	var few []string
	for _, t := range r.Texts {
		all += t.Seen
		switch {
		case t.TooFew && t.Seen > 0, t.TooFewBefore:
			few = append(few, fmt.Sprintf("of %s, %s are held against %s", t.Texts, thousands(t.Compared), thousands(t.Reference)))
		case !t.TooFew:
			compared += t.Seen
		}
	}
	switch {
	case all == 0:
		r.find(TooLittle, "no public name came")
	case 2*compared <= all:
		r.find(TooLittle, "%s: it takes %d registered domains here, and in a log that is the reference", strings.Join(few, "; "), fewestTexts)
	}
}

// judgeAge says how old the model is.
func (r *Result) judgeAge(here *Job, own *modelfile.Reference, now time.Time) {
	info := here.model.Info()
	r.Model = Model{SHA256: info.SHA256, Created: info.Created, AgeMonths: -1}
	known := ""
	if len(info.Created) >= len("2006-01") {
		known = info.Created[:len("2006-01")]
	}
	if own != nil && len(own.Months) > 0 {
		r.Model.TrainedFrom, r.Model.TrainedTo = own.Months[0].Month, own.Months[len(own.Months)-1].Month
		known = r.Model.TrainedTo
	}
	since, err := time.Parse("2006-01", known)
	if err != nil {
		return
	}
	r.Model.AgeMonths = max((now.Year()-since.Year())*12+int(now.Month()-since.Month()), 0)
	switch age := r.Model.AgeMonths; {
	case age >= oldMonths:
		r.find(Retrain, "the model is %d months old: what came up since, it was not trained on", age)
	case age >= lookMonths:
		r.find(Look, "the model is %d months old: a new one finds more of what came up since", age)
	}
}

// A comparison is that of names, or of URLs.
type comparison struct {
	result       *Result
	texts        Texts
	here, before *profile
	isLog        bool // before is one
	hasSuffixes  bool // the model says which it was trained on
	isNew        func(suffix string) bool
	kinds        []string
	promises     []float64 // of levels
}

func (c *comparison) compare() {
	c.texts.Compared, c.texts.Reference = int(math.Round(c.here.total)), int(math.Round(c.before.total))
	c.texts.TooFew = c.texts.Compared < fewestTexts
	c.texts.TooFewBefore = c.isLog && c.texts.Reference < fewestTexts && c.texts.Seen > 0
	c.levels()
	c.words()
	if c.hasSuffixes || c.isLog {
		c.suffixes()
	}
	if c.texts.TooFew || c.texts.Reference < fewestTexts {
		return
	}
	c.scores()
	c.characters()
}

// verdict returns the verdict on a change: only a log of the same network says that the network has
// changed, and not that it never was like training.
func (c *comparison) verdict(isLarge bool) Verdict {
	if isLarge && c.isLog {
		return Retrain
	}
	return Look
}

// noise returns the part of a difference of two samples that chance explains: a chi-squared
// number of so many degrees, times what one of them is worth.
func (c *comparison) noise(degrees int) float64 {
	return chiSquared(degrees, chance) * c.each()
}

// each is what the variance of a share of one text is multiplied by in the difference of both.
func (c *comparison) each() float64 { return 1/c.here.total + 1/c.before.total }

// levels holds the share that reaches each level against the promise or, better, against what it
// was in the log.
func (c *comparison) levels() {
	for i, promise := range c.promises {
		count := share{c.here.reached[i], c.here.total}
		low, high := eval.Proportion{Count: int(math.Round(count.count)), Total: c.texts.Compared}.Wilson()
		l := Level{Level: modelfile.Levels[i], Count: int(math.Round(count.count)), Share: count.rate(), Low: low, High: high, Promise: promise}
		if c.isLog && c.before.total > 0 {
			before := share{c.before.reached[i], c.before.total}
			earlier := before.rate()
			l.Earlier = &earlier
			l.Exceeded = count.exceeds(before, 2, chance)
		} else {
			l.Exceeded = poissonAtLeast(l.Count, modelfile.GroupTolerance*promise*count.of) < chance
		}
		l.Exceeded = l.Exceeded && !c.texts.TooFew
		c.texts.Levels = append(c.texts.Levels, l)
	}
	i := slices.IndexFunc(c.texts.Levels, func(l Level) bool { return l.Exceeded })
	if i < 0 {
		return
	}
	l := c.texts.Levels[i]
	than := fmt.Sprintf("%s that the level says", percent(l.Promise))
	if l.Earlier != nil {
		than = percent(*l.Earlier) + " before"
	}
	c.result.find(Look, "%s of %s reach level %s, against %s: %s; snowman top says which", percent(l.Share), c.texts.Texts, l.Level, than, c.mostKind())
}

// mostKind says of what kind those are that reach a level.
func (c *comparison) mostKind() string {
	all, most := 0.0, 0
	for kind, count := range c.here.kinds {
		all += count
		if count > c.here.kinds[most] {
			most = kind
		}
	}
	return fmt.Sprintf("%s of them are %s", percent(c.here.kinds[most]/max(all, 1)), c.kinds[most])
}

// scores holds the scores against those of the reference, part by part.
func (c *comparison) scores() {
	type part struct {
		first, end   int // bins
		here, before float64
	}
	var parts []part
	const fewest = 5 // expected in a part (W. G. Cochran, Annals of Mathematical Statistics 23, 1952)
	ratio := c.here.total / c.before.total
	join := func(p *part, more part) {
		p.first, p.end = min(p.first, more.first), max(p.end, more.end)
		p.before, p.here = p.before+more.before, p.here+more.here
	}
	for _, p := range c.before.parts() {
		next := part{first: p.First, end: p.End}
		for bin := p.First; bin < p.End; bin++ {
			next.here += c.here.logOdds[bin]
			next.before += c.before.logOdds[bin]
		}
		if n := len(parts); n > 0 && parts[n-1].before*min(ratio, 1) < fewest {
			join(&parts[n-1], next)
			continue
		}
		parts = append(parts, next)
	}
	for n := len(parts); n > 1 && parts[n-1].before*min(ratio, 1) < fewest; n = len(parts) {
		join(&parts[n-2], parts[n-1])
		parts = parts[:n-1]
	}
	index := func(parts []part) float64 {
		here, before := 0.0, 0.0
		for _, p := range parts {
			here, before = here+p.here, before+p.before
		}
		sum, count := 0.0, float64(len(parts))
		for _, p := range parts {
			now, then := (p.here+.5)/(here+.5*count), (p.before+.5)/(before+.5*count)
			sum += (now - then) * math.Log(now/then)
		}
		return sum
	}
	degrees := max(len(parts)-1, 1)
	s := &Scores{
		PSI: index(parts), Most: c.noise(degrees),
		Expected: float64(len(parts)-1) * c.each(),
	}
	below := 0.0
	var ordinary []part
	for _, p := range parts {
		if below < .89*c.before.total { // the rounding of parts
			ordinary = append(ordinary, p)
		}
		below += p.before
	}
	s.Ordinary = index(ordinary)
	for _, p := range parts {
		now, then := share{p.here, c.here.total}, share{p.before, c.before.total}
		to := 1.0
		if p.end < modelfile.Bins {
			to = modelfile.BinStart(p.end)
		}
		s.Parts = append(s.Parts, Range{
			From: modelfile.BinStart(p.first), To: to, Share: now.rate(), Reference: then.rate(),
			Moved: now.exceeds(then, 1.25, chance) || then.exceeds(now, 1.25, chance),
		})
	}
	c.texts.Scores = s
	if s.PSI <= s.Most || s.PSI-s.Expected <= smallPSI {
		return
	}
	var moved []string
	for _, p := range s.Parts {
		if p.Moved {
			moved = append(moved, p.String())
		}
	}
	isBroad := s.Ordinary > s.Most && s.Ordinary-s.Expected > smallPSI
	where := "at all scores"
	if !isBroad {
		where = "at high scores alone"
	}
	c.result.find(c.verdict(isBroad && s.PSI-s.Expected > largePSI), "the scores of %s have moved, %s (population stability index %.2f, by chance up to %.2f): %s",
		c.texts.Texts, where, s.PSI, s.Most, firstOf(moved, 3))
}

// String says how many are in a range.
func (r Range) String() string {
	return fmt.Sprintf("%s score %s to %s, against %s", percent(r.Share), shortScore(r.From), shortScore(r.To), percent(r.Reference))
}

// characters holds the frequencies of characters against those of the reference. Characters of one
// text depend on each other, so chance is counted as if each text had one.
func (c *comparison) characters() {
	sumOf := func(counts []float64) (sum float64) {
		for _, count := range counts {
			sum += count
		}
		return max(sum, 1)
	}
	here, before := sumOf(c.here.characters[:]), sumOf(c.before.characters[:])
	x := &Characters{Changed: []CharacterMove{}}
	divergences := make(map[string]float64)
	used := 0
	for i := range modelfile.Characters {
		now, then := c.here.characters[i]/here, c.before.characters[i]/before
		middle := (now + then) / 2
		if middle == 0 {
			continue
		}
		used++
		d := 0.0
		for _, p := range []float64{now, then} {
			if p > 0 {
				d += p / 2 * math.Log(p/middle)
			}
		}
		x.Divergence += d
		name := "others"
		if i < modelfile.Characters-1 {
			name = string(rune('!' + i))
		}
		divergences[name] = d
		x.Changed = append(x.Changed, CharacterMove{name, now, then})
	}
	x.Most = c.noise(max(used-1, 1)) / 8
	slices.SortStableFunc(x.Changed, func(a, b CharacterMove) int { return cmp.Compare(divergences[b.Character], divergences[a.Character]) })
	x.Changed = x.Changed[:min(len(x.Changed), mostShown)]
	c.texts.Characters = x
	small := smallDivergence
	if !c.isLog {
		small = largeDivergence
	}
	if x.Divergence <= x.Most || x.Divergence <= small {
		return
	}
	var changed []string
	for _, m := range x.Changed {
		changed = append(changed, m.String())
	}
	c.result.find(c.verdict(x.Divergence > largeDivergence), "the characters of %s have changed (divergence %.3f, by chance up to %.3f): %s", c.texts.Texts, x.Divergence, x.Most, firstOf(changed, 3))
}

// String says how common a character is.
func (m CharacterMove) String() string {
	return fmt.Sprintf("%q %s, against %s", m.Character, percent(m.Share), percent(m.Reference))
}

// suffixes finds public suffixes that training did not have, and those that a log had less.
func (c *comparison) suffixes() {
	now, then := share{c.here.newSuffixes, c.here.total}, share{c.before.newSuffixes, c.before.total}
	s := &Suffixes{Known: c.hasSuffixes, Count: int(math.Round(now.count)), Share: now.rate(), Reference: then.rate(), Untrained: []SuffixCount{}, Grown: []SuffixCount{}}
	c.texts.Suffixes = s
	grown := 0.0
	for _, suffix := range slices.Sorted(maps.Keys(c.here.suffixes)) {
		of, before := share{c.here.suffixes[suffix], c.here.total}, share{c.before.suffixes[suffix], c.before.total}
		count := SuffixCount{suffix, int(math.Round(of.count)), of.rate(), before.rate()}
		if c.isNew(suffix) {
			s.Untrained = append(s.Untrained, count)
		}
		if c.isLog && of.rate()-before.rate() > smallSuffixes && of.exceeds(before, 2, chance/float64(len(c.here.suffixes))) {
			s.Grown = append(s.Grown, count)
			grown += of.rate() - before.rate()
		}
	}
	for _, counts := range []*[]SuffixCount{&s.Untrained, &s.Grown} {
		slices.SortStableFunc(*counts, func(a, b SuffixCount) int { return cmp.Compare(b.Count, a.Count) })
		*counts = (*counts)[:min(len(*counts), mostShown)]
	}
	if c.texts.TooFew || c.texts.Reference < fewestTexts {
		return
	}
	if more := now.rate() - then.rate(); c.hasSuffixes && more > smallSuffixes && now.exceeds(then, 1, chance) {
		v := Look
		if more > largeSuffixes {
			v = Retrain
		}
		c.result.find(v, "%s of %s are below public suffixes that training had fewer than 20 rows of, against %s: %s", percent(now.rate()), c.texts.Texts, percent(then.rate()), listSuffixes(s.Untrained))
	}
	if len(s.Grown) > 0 {
		c.result.find(c.verdict(grown > grownSuffixes), "%s are below public suffixes that were rarer before: %s", c.texts.Texts, listSuffixes(s.Grown))
	}
}

func listSuffixes(counts []SuffixCount) string {
	var all []string
	for _, s := range counts {
		all = append(all, fmt.Sprintf(".%s %s, against %s", s.Suffix, percent(s.Share), percent(s.Reference)))
	}
	return firstOf(all, 3)
}

// words finds words in the names of registered domains that reach a level, of which the list of
// popular names knows none.
func (c *comparison) words() {
	const shortest, fewest = 5, 5
	suspicious, all := make(map[string]int), make(map[string]int)
	var u canon.URL
	for _, j := range c.here.texts {
		if u.Parse(j.text) != nil || !u.IsRegistrable() {
			continue
		}
		label, _, _ := strings.Cut(string(u.RegisteredDomain()), ".")
		seen := make(map[string]bool)
		for word := range strings.FieldsFuncSeq(label, func(r rune) bool { return r < 'a' || r > 'z' }) {
			if len(word) < shortest || seen[word] || lookalike.IsCompanion(word) {
				continue
			}
			seen[word] = true
			all[word]++
			if j.level > 0 && !j.looksLike && !j.popular {
				suspicious[word]++
			}
		}
	}
	for word, domains := range suspicious {
		if domains >= fewest && 2*domains > all[word] {
			c.texts.Words = append(c.texts.Words, Word{word, domains})
		}
	}
	slices.SortFunc(c.texts.Words, func(a, b Word) int {
		return cmp.Or(cmp.Compare(b.Domains, a.Domains), strings.Compare(a.Word, b.Word))
	})
	c.texts.Words = c.texts.Words[:min(len(c.texts.Words), mostShown)]
}

// firstOf joins the first of some texts.
func firstOf(texts []string, most int) string {
	if len(texts) > most {
		return strings.Join(texts[:most], "; ") + fmt.Sprintf("; and %d more", len(texts)-most)
	}
	return strings.Join(texts, "; ")
}
