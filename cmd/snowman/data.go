package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/snowman-ml/snowman/internal/sources"
	"github.com/snowman-ml/snowman/internal/visible"
)

const dataDescription = `
Fetches public feeds of malicious and benign names, keeps them by day, and makes labelled rows of them
for snowman train. Nothing visits what a feed names.

  feeds    list the feeds, with licences, or show all that is known of some
  fetch    fetch feeds into a folder, the store
  build    make labelled files and a recipe of a store, as of a day
  pack     write all of a store into one file, for a machine without a network
  unpack   add what such a file has to a store

examples:
  $ snowman data feeds
  $ snowman data fetch -o store
  $ snowman data build -store store -o data
  $ snowman train -data data -recipe data/recipe.json -o my.safetensors

snowman data VERB -h says more of each.
`

const feedsDescription = `
Lists the public feeds that are known, one a line: which rows they have, whether they are fetched if
nobody names them, whether their terms allow commercial use, and their licence. Of feeds that are named,
it shows all that is known: address, limits of use, what to watch, what could not be checked.

example:
  $ snowman data feeds
  $ snowman data feeds certpl tranco
`

const buildDescription = `
Makes, of a store that snowman data fetch filled, a labelled file FEED.tsv.gz for each feed, and
recipe.json, which says how train reads them. With -as-of, as the store knew the feeds at the end of that
day (UTC). A day whose file is gone counts as taken out.

Of a malicious feed all days add up; a row's date is the feed's own, or else the day it was first in the
store. Of a list of popular or other benign names the newest day counts alone.

example:
  $ snowman data build -store store -as-of 2026-11-28 -o data

exit code: 0 done; 1 not done; 2 wrong command line; 3 done, but damaged days were left out.
`

// errPartly says that feeds failed. Standard output has which.
var errPartly = errors.New("some feeds failed")

// runData is the verb data.
func runData(ctx context.Context, args []string, s streams) error {
	if len(args) == 0 {
		return usageError{"no verb given; snowman data -h lists them"}
	}
	switch args[0] {
	case "feeds":
		return listFeeds(args[1:], s)
	case "fetch":
		return fetchFeeds(ctx, args[1:], s)
	case "build":
		return buildData(ctx, args[1:], s)
	case "pack":
		return packStore(ctx, args[1:], s)
	case "unpack":
		return unpackStore(ctx, args[1:], s)
	}
	flags := newFlags("data", "feeds | fetch | build | pack | unpack", dataDescription)
	if err := parse(flags, args, s); err != nil {
		return err
	}
	return usageError{fmt.Sprintf("unknown verb %q; snowman data -h lists the verbs", "data "+flags.Arg(0))}
}

func listFeeds(args []string, s streams) error {
	flags := newFlags("data feeds", "[FEED...]", feedsDescription)
	if err := parse(flags, args, s); err != nil {
		return err
	}
	if flags.NArg() == 0 {
		return sources.List(s.stdout)
	}
	return sources.Describe(s.stdout, flags.Args())
}

func buildData(ctx context.Context, args []string, s streams) error {
	flags := newFlags("data build", "-store DIR -o DIR [-as-of DATE]", buildDescription)
	store := flags.String("store", "", "the `folder` that snowman data fetch filled")
	output := flags.String("o", "", "write the labelled files into this `folder`")
	asOf := flags.String("as-of", "", "what the store knew at the end of this `day`, as 2006-01-02 (default: today)")
	if err := parseAll(flags, args, s); err != nil {
		return err
	}
	if *store == "" || *output == "" {
		return usageError{"data build needs -store, the folder to read, and -o, the folder to write"}
	}
	if isSameFile(*store, *output) {
		return usageError{"-store and -o name the same folder"}
	}
	date, err := time.Parse(time.DateOnly, *asOf)
	if *asOf == "" {
		date, err = time.Now(), nil
	}
	if err != nil {
		return usageError{fmt.Sprintf("-as-of %q: want a date as 2006-01-02", *asOf)}
	}
	result, err := sources.Build(ctx, *store, date, *output)
	problems := 0
	for _, feed := range result.Feeds {
		switch {
		case feed.Problem != "":
			problems++
			fmt.Fprintf(s.stdout, "%-16s failed: %s\n", feed.Feed, visible.Text(feed.Problem))
		case feed.Rows > 0:
			days := feed.Last
			if feed.First != feed.Last {
				days = feed.First + " to " + feed.Last
			}
			fmt.Fprintf(s.stdout, "%-16s %d rows of %s\n", feed.Feed, feed.Rows, days)
		}
		problems += len(feed.Damaged)
		for _, day := range feed.Damaged {
			fmt.Fprintf(s.stdout, "%-16s left out: %s\n", feed.Feed, visible.Text(day))
		}
		for _, day := range feed.TakenOut {
			fmt.Fprintf(s.stdout, "%-16s %s counts as taken out: its file is gone\n", feed.Feed, day)
		}
	}
	if err == nil && problems > 0 {
		err = errPartly
	}
	return err
}
