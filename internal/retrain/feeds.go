package retrain

import (
	"context"
	"fmt"
	"math/rand/v2"

	"github.com/snowman-ml/snowman/dataset"
	"github.com/snowman-ml/snowman/eval"
	"github.com/snowman-ml/snowman/internal/visible"
	"github.com/snowman-ml/snowman/report"
)

// A checkedFeed is a feed, and what decides whether it is trained on.
type checkedFeed struct {
	report.CheckedFeed
	isNew             bool   // the present model was not trained on this very file
	benign, malicious sample // of its rows
	failure           error  // it cannot be read
}

// checkFeeds holds the feeds that are new against what is known, before an hour of training.
func (r *run) checkFeeds(ctx context.Context) error {
	r.Tell("checking the feeds")
	k := r.known()
	var feeds []*checkedFeed
	for _, source := range r.plan.feeds {
		feed := r.checkFeed(ctx, source, k)
		if ctx.Err() != nil {
			return ctx.Err()
		}
		feeds = append(feeds, feed)
	}
	var reasons []string
	for _, feed := range feeds {
		if !feed.isNew {
			continue
		}
		feed.order(feeds)
		r.compared.Feeds = append(r.compared.Feeds, feed.CheckedFeed)
		reasons = append(reasons, r.Rules.refuseFeed(feed)...)
	}
	if len(reasons) > 0 {
		return Refusal{reasons}
	}
	return nil
}

// known is what rows of feeds may contradict.
type known struct {
	popular        map[string]bool // registered domains
	accepted, mine map[string]bool // texts, and whether they are malicious
}

func (r *run) known() known {
	return known{popularDomains(r.present), labels(r.accepted), labels(r.mine)}
}

// checkFeed reads a feed.
func (r *run) checkFeed(ctx context.Context, source dataset.Source, k known) *checkedFeed {
	feed := &checkedFeed{benign: newSample(), malicious: newSample()}
	names, domains := newFrequent(), newFrequent()
	contradicts := func(labels map[string]bool, row dataset.Row) int {
		if malicious, isKnown := labels[row.Text]; isKnown && malicious != row.Malicious {
			return 1
		}
		return 0
	}
	account, err := source.Scan(ctx, r.Data, func(row dataset.Row, domain string) {
		names.add(row.Text)
		domains.add(domain)
		if row.Malicious {
			feed.Malicious++
			feed.malicious.add(row.Text)
			if k.popular[row.Text] {
				feed.AgainstPopular++
			}
		} else {
			feed.Benign++
			feed.benign.add(row.Text)
		}
		feed.AgainstAccepted += contradicts(k.accepted, row)
		feed.AgainstMine += contradicts(k.mine, row)
	})
	feed.Name, feed.Refused, feed.failure = account.Name, account.Refused, err
	feed.isNew = err != nil || !r.present.hasSeen(account.Name, account.SHA256)
	feed.MostOften, feed.Most = names.most()
	if domain, share := domains.most(); !source.Curated && 2*feed.Most.Count <= feed.Most.Total {
		feed.MostOften, feed.Most = domain, share // links that people chose may well lead to one site
	}
	feed.benign.score(r.present.model)
	feed.malicious.score(r.present.model)
	return feed
}

// order says how the present model orders the feed's rows. Others are those of feeds that the model
// was trained on, which was accepted with them, or of all other feeds where there are none.
func (f *checkedFeed) order(feeds []*checkedFeed) {
	benign, malicious := othersOf(f, feeds, func(other *checkedFeed) []float64 { return other.benign.scores }),
		othersOf(f, feeds, func(other *checkedFeed) []float64 { return other.malicious.scores })
	f.OwnOrder = order(f.benign.scores, f.malicious.scores)
	f.MaliciousOrder = order(benign, f.malicious.scores)
	f.BenignOrder = order(f.benign.scores, malicious)
}

func othersOf(feed *checkedFeed, feeds []*checkedFeed, scores func(*checkedFeed) []float64) (old []float64) {
	var others []float64
	for _, other := range feeds {
		switch {
		case other == feed:
		case other.isNew:
			others = append(others, scores(other)...)
		default:
			old = append(old, scores(other)...)
		}
	}
	if len(old) >= fewestToOrder {
		return old
	}
	return append(others, old...)
}

// fewestToOrder is the number of rows of either side below which their order says nothing.
const fewestToOrder = 20

func order(benign, malicious []float64) *eval.Estimate {
	if len(benign) < fewestToOrder || len(malicious) < fewestToOrder {
		return nil
	}
	area, ok := eval.NewROC(benign, malicious).AUCEstimate()
	if !ok {
		return nil
	}
	return &area
}

// refuseFeed says why a feed is not trained on.
func (r Rules) refuseFeed(f *checkedFeed) (reasons []string) {
	limits, isOn := r["feeds"]
	if !isOn {
		return nil
	}
	refuse := func(format string, values ...any) {
		reasons = append(reasons, fmt.Sprintf("feed %s: ", f.Name)+fmt.Sprintf(format, values...))
	}
	if f.failure != nil {
		refuse("%v", f.failure)
		return reasons
	}
	rows := f.Benign + f.Malicious
	for _, against := range []struct {
		what       string
		count, all int
	}{
		{"popular names", f.AgainstPopular, f.Malicious},
		{"rows accepted earlier", f.AgainstAccepted, rows},
		{"own rows", f.AgainstMine, rows},
	} {
		if against.count > fewContradictions && float64(against.count) > limits*float64(against.all) {
			refuse("%d of %d rows contradict %s", against.count, against.all, against.what)
		}
	}
	if f.Most.Total >= fewestToRepeat && 2*f.Most.Count > f.Most.Total {
		refuse("%d of %d rows are of %q alone", f.Most.Count, f.Most.Total, visible.Abbreviate(f.MostOften, 100))
	}
	looksFlipped := func(area *eval.Estimate, at float64, format string) {
		if area != nil && area.High < at {
			refuse("the labels look flipped: the present model ranks "+format+" (AUC %.3f)", area.Value)
		}
	}
	looksFlipped(f.OwnOrder, 0.5, "its malicious rows below its benign ones")
	looksFlipped(f.MaliciousOrder, orderOfChance, "its malicious rows no higher than benign rows of other feeds")
	looksFlipped(f.BenignOrder, orderOfChance, "its benign rows no lower than malicious rows of other feeds")
	return reasons
}

const (
	// fewContradictions are made by every list.
	fewContradictions = 5
	// fewestToRepeat is the number of rows below which a list may well be of one domain.
	fewestToRepeat = 100
	// orderOfChance is the AUC below which rows are not told from those of the other label. What is
	// labelled wrong has about .5: benign among benign. Of the files of the shipped model the
	// lowest has .87.
	orderOfChance = 0.6
)

// frequent finds what stands most often in a list.
type frequent struct {
	counts map[string]int
	total  int
}

func newFrequent() frequent { return frequent{counts: make(map[string]int)} }

func (f *frequent) add(text string) {
	f.counts[text]++
	f.total++
}

// most returns the most frequent text, the first in order of those that are equal.
func (f *frequent) most() (text string, share eval.Proportion) {
	share.Total = f.total
	for candidate, count := range f.counts {
		if count > share.Count || count == share.Count && candidate < text {
			text, share.Count = candidate, count
		}
	}
	return text, share
}

// A sample is some of many texts, chosen at random and the same each time.
type sample struct {
	texts  []string
	scores []float64
	seen   int
	random *rand.Rand
}

// sampled is how many texts a sample has.
const sampled = 2000

func newSample() sample { return sample{random: rand.New(rand.NewPCG(1, 1))} }

// add is algorithm R of Vitter (1985).
func (s *sample) add(text string) {
	s.seen++
	if len(s.texts) < sampled {
		s.texts = append(s.texts, text)
	} else if at := s.random.IntN(s.seen); at < sampled {
		s.texts[at] = text
	}
}
