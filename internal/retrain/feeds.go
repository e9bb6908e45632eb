package retrain

import (
	"context"

	"github.com/snowman-ml/snowman/dataset"
)

// A feed is a file of somebody else's rows, and what decides whether it is trained on. Its newest
// month counts by itself: a list grows for years, and one bad month would hide in it.
type feed struct {
	isNew         bool  // the present model was not trained on this very file
	failure       error // it cannot be read
	isCurated     bool
	whole, newest *part
	month         string // the newest; empty if no row has a date
}

// checkFeeds holds the feeds that are new against what is known, before an hour of training.
func (r *run) checkFeeds(ctx context.Context) error {
	r.Tell("checking the feeds")
	k := r.known()
	var feeds []*feed
	for _, source := range r.plan.feeds {
		f := r.readFeed(ctx, source, k)
		if ctx.Err() != nil {
			return ctx.Err()
		}
		feeds = append(feeds, f)
	}
	for i, f := range feeds {
		if f.isNew {
			r.refuse(r.checkFeed(f, othersOf(i, feeds))...)
		}
	}
	return r.refusal()
}

// readFeed reads a feed.
func (r *run) readFeed(ctx context.Context, source dataset.Source, k known) *feed {
	f := &feed{isCurated: source.Curated, whole: newPart(), newest: newPart()}
	account, err := source.Scan(ctx, r.Data, func(row dataset.Row, domain string) {
		f.whole.add(row, domain, k)
		if month := row.Month(); month > f.month {
			f.month, f.newest = month, newPart()
		}
		if f.month != "" && row.Month() == f.month {
			f.newest.add(row, domain, k)
		}
	})
	f.isNew, f.failure = err != nil || !r.present.hasSeen(account.Name, account.SHA256), err
	f.whole.Name, f.newest.Name, f.whole.Refused = account.Name, account.Name+", "+f.month, account.Refused
	for _, p := range []*part{f.whole, f.newest} {
		p.finish(r.present.model, !f.isCurated) // links that people chose may well lead to one site
	}
	return f
}

// checkFeed adds a feed to the comparison, and says why it is not trained on.
func (r *run) checkFeed(f *feed, others references) (reasons []string) {
	limit, isOn := r.Rules["feeds"]
	if f.failure != nil {
		if isOn {
			reasons = append(reasons, "feed "+f.whole.Name+": "+f.failure.Error())
		}
		return reasons
	}
	parts := []*part{f.whole}
	if rows := f.newest.Benign + f.newest.Malicious; rows > 0 && rows < f.whole.Benign+f.whole.Malicious {
		parts = append(parts, f.newest)
	}
	for _, p := range parts {
		p.order(others)
		r.compared.Feeds = append(r.compared.Feeds, p.CheckedFeed)
		if isOn {
			reasons = append(reasons, p.refuse(limit)...)
		}
	}
	return reasons
}

// references are scores of rows of other feeds.
type references struct{ benign, malicious []float64 }

// othersOf returns the rows of feeds that the present model was trained on, which were accepted
// with it, or of all other feeds where there are none.
func othersOf(which int, feeds []*feed) references {
	var old, all references
	for i, f := range feeds {
		if i == which {
			continue
		}
		all.add(f)
		if !f.isNew {
			old.add(f)
		}
	}
	if len(old.benign) < fewestToOrder {
		old.benign = all.benign
	}
	if len(old.malicious) < fewestToOrder {
		old.malicious = all.malicious
	}
	return old
}

func (r *references) add(f *feed) {
	r.benign = append(r.benign, f.whole.benign.scores...)
	r.malicious = append(r.malicious, f.whole.malicious.scores...)
}
