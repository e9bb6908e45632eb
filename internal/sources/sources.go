// Package sources fetches public feeds of malicious and benign names, keeps them by day, and makes
// labelled rows of them.
//
//	result, err := sources.Fetch(ctx, sources.Options{Store: "store"})
//	built, err := sources.Build(ctx, "store", time.Now(), "data")
//	recipe, err := dataset.ReadRecipe(filepath.Join("data", sources.RecipeFile))
//
// What happens to a feed:
//
//	address, mirror or file -> bounded, unpacked, checked -> STORE/FEED/2026-11-28.gz
//	STORE/FEED/*.gz, up to a day -> rows, dated -> DIRECTORY/FEED.tsv.gz, DIRECTORY/recipe.json
//
// The feeds are a plain table, [Feeds]. A feed that fails costs only itself: nothing of the store
// changes for it, and its [Outcome] says why. A set can be built as of any day, since a day that
// has passed does not change. [Pack] and [Unpack] carry a store to a machine without a network.
//
// Only the addresses in the table, or the mirror, are ever asked. Nothing resolves or visits what a
// feed names.
package sources

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/snowman-ml/snowman/dataset"
)

// A Feed is one public list: where it is, what it holds, and what one may do with it.
type Feed struct {
	Name    string   // in the store, on the command line and in a recipe
	Is      string   // what it is, in one clause
	Address string   // {key} stands for the user's key
	Header  string   // that carries the user's key, as "Authorization: Bearer {key}"; default: none
	Hosts   []string // others that may be redirected to, by HTTPS alone

	Format  Format
	Kind    string // of its rows, as in package dataset; empty if each row says
	Current bool   // only the newest day counts, as of a list of popular names; default: each day adds rows
	Backlog bool   // it holds names of years without a date: rows of its first day in a store have none
	First   int    // rows used, of a list by rank; default all

	Licence    string // or terms, in short
	Commercial Use
	Every      time.Duration // least time between two requests
	Key        bool          // it needs a key of the user's own
	Off        string        // why it is fetched only if it is named; default: it is fetched

	Watch     string // what to know before rows are trusted
	Unchecked string // what could not be held against public copies or documentation

	// Source has the settings for a recipe: weight, limits, group, and so on. Build fills in the
	// file, and the year of a list of popular names.
	Source  dataset.Source
	Popular bool // it is a list of popular names

	MaxBytes, MaxUnpacked int64 // default 128 MiB and 512 MiB
}

// A Use says whether terms allow commercial use.
type Use string

// The uses. Unstated also stands for terms that leave it open.
const (
	Allowed  Use = "yes"
	Denied   Use = "no"
	Unstated Use = "not stated"
)

// Find returns the feed of a name.
func Find(name string) (*Feed, bool) {
	i := slices.IndexFunc(Feeds, func(f Feed) bool { return f.Name == name })
	if i < 0 {
		return nil, false
	}
	return &Feeds[i], true
}

// find is Find with an error that helps.
func find(name string) (*Feed, error) {
	feed, found := Find(name)
	if !found {
		return nil, fmt.Errorf("no feed is named %.40q; snowman data feeds lists them", name)
	}
	return feed, nil
}

func (f *Feed) maxBytes() int64 {
	if f.MaxBytes > 0 {
		return f.MaxBytes
	}
	return 128 << 20
}

func (f *Feed) maxUnpacked() int64 {
	if f.MaxUnpacked > 0 {
		return f.MaxUnpacked
	}
	return 512 << 20
}

// file returns the file that a mirror has of the feed.
func (f *Feed) file() string { return f.Name + "." + f.Format.Ending }

// settings returns the feed's source in a recipe, as of a day.
func (f *Feed) settings(day string) dataset.Source {
	source := f.Source
	source.File = f.Name
	if f.Popular {
		fmt.Sscanf(day, "%d-", &source.ListYear)
	}
	return source
}

// Label returns benign or the malicious kind, and for rows of several kinds how it is told.
func (f *Feed) Label() string {
	if f.Kind == "" {
		return "malicious, each row its kind"
	}
	return f.Kind
}

// Interval returns in words how often a feed may be asked.
func (f *Feed) Interval() string {
	hours := int(f.Every.Hours())
	switch {
	case hours%24 == 0 && hours > 24:
		return fmt.Sprintf("every %d days", hours/24)
	case hours == 24:
		return "once a day"
	case hours == 1:
		return "once an hour"
	}
	return fmt.Sprintf("every %d hours", hours)
}

// Terms returns in words why a feed is off, with what it needs.
func (f *Feed) Terms() string {
	var terms []string
	if f.Key {
		terms = append(terms, "needs a key")
	}
	if f.Off != "" {
		terms = append(terms, f.Off)
	}
	return strings.Join(terms, ": ")
}
