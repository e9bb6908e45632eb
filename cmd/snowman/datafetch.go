package main

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/snowman-ml/snowman/internal/inputfile"
	"github.com/snowman-ml/snowman/internal/sources"
	"github.com/snowman-ml/snowman/internal/visible"
)

const fetchDescription = `
Fetches feeds into a folder, the store, which keeps them by day: those named, or else all whose terms ask
for nothing. A feed whose terms need a key or your consent is fetched only if you name it. No feed is
asked more often than it allows, and what has not changed is not sent again.

What fails costs only itself: a line says why, and the store keeps what it had. So does a feed whose
format has changed: where a page of HTML comes in its place, or few rows are names, or there are far
fewer than before.

-file takes a feed from disk, and then no other is fetched unless it is named. -mirror asks a server of
your own for URL/FEED.ENDING, as snowman data feeds FEED shows it, or takes the file of that name from a
folder. Proxies are taken from the environment (HTTPS_PROXY, NO_PROXY).

examples:
  $ snowman data fetch -o store
  $ snowman data fetch -o store -contact soc@example.com certpl tranco
  $ snowman data fetch -o store -keys keys.txt urlhaus threatfox
  $ snowman data fetch -o store -file tranco=top-1m.csv.zip

exit code: 0 done; 1 nothing could be done; 2 wrong command line; 3 some feeds failed.
`

// maxKeys is the largest size of a file of keys, in bytes.
const maxKeys = 1 << 20

func fetchFeeds(ctx context.Context, args []string, s streams) error {
	o := sources.Options{Files: make(map[string]string), Agent: "snowman/" + programVersion()}
	var date, keys string
	flags := newFlags("data fetch", "-o DIR [flags] [FEED...]", fetchDescription)
	flags.StringVar(&o.Store, "o", "", "the store: a `folder`, made if there is none")
	flags.Func("file", "take a feed from disk: `FEED=FILE`; several may be given", func(value string) error {
		feed, file, found := strings.Cut(value, "=")
		if !found || file == "" {
			return fmt.Errorf("want FEED=FILE")
		}
		o.Files[feed] = file
		return nil
	})
	flags.StringVar(&o.Mirror, "mirror", "", "ask `URL`/FEED.ENDING in place of the feeds' own addresses; also a folder")
	flags.StringVar(&keys, "keys", "", "your keys: a `file` with a line FEED KEY for each")
	flags.StringVar(&o.Contact, "contact", "", "tell the feeds how to reach you: an `address` of mail or a page")
	flags.BoolVar(&o.Commercial, "commercial", false, "leave out feeds whose terms do not allow commercial use, or do not say")
	listFlag(flags, &o.Anyway, "anyway", "keep this `feed` though it has far fewer rows than before; several may be given", func(string) error { return nil })
	flags.StringVar(&date, "date", "", "with -file or -mirror: keep it as fetched on this `day`, as 2006-01-02 (default: today)")
	if err := parse(flags, args, s); err != nil {
		return err
	}
	if err := flagsComeFirst(flags, "a feed"); err != nil {
		return err
	}
	o.Feeds = flags.Args()
	if o.Store == "" {
		return usageError{"data fetch needs -o, the folder to fetch into"}
	}
	var err error
	if date != "" {
		if o.Now, err = time.Parse(time.DateOnly, date); err != nil {
			return usageError{fmt.Sprintf("-date %q: want a date as 2006-01-02", date)}
		}
		if o.Mirror == "" && len(o.Files) == 0 {
			return usageError{"-date is for -file and -mirror: feeds say what they are today"}
		}
	}
	if keys != "" {
		if o.Keys, err = readKeys(keys); err != nil {
			return err
		}
	}
	show, clearShown := showFetching(s.stderr)
	o.Progress = show
	result, err := sources.Fetch(ctx, o)
	clearShown()
	for _, outcome := range result.Outcomes {
		writeOutcome(s.stdout, outcome)
	}
	if err == nil && result.Failed() > 0 {
		err = errPartly
	}
	return err
}

// readKeys reads a file of keys.
func readKeys(path string) (map[string]string, error) {
	content, err := inputfile.Read(path, maxKeys)
	if err != nil {
		return nil, fmt.Errorf("reading the keys: %w", err)
	}
	keys := make(map[string]string)
	for lines := bufio.NewScanner(bytes.NewReader(content)); lines.Scan(); {
		fields := strings.Fields(lines.Text())
		switch {
		case len(fields) == 0 || strings.HasPrefix(fields[0], "#"):
		case len(fields) != 2:
			return nil, fmt.Errorf("reading the keys %q: want lines of a feed and its key", path)
		default:
			keys[fields[0]] = fields[1]
		}
	}
	return keys, nil
}

// writeOutcome writes a line about a feed.
func writeOutcome(w io.Writer, o sources.Outcome) {
	said := string(o.State)
	switch o.State {
	case "": // the run was stopped before
		return
	case sources.Fetched, sources.NotModified:
		said += fmt.Sprintf(": %d rows", o.Day.Rows)
		if o.Day.Refused > 0 {
			said += fmt.Sprintf(", %d others", o.Day.Refused)
		}
	default:
		said += ": " + visible.Text(o.Reason)
	}
	fmt.Fprintf(w, "%-16s %s\n", o.Feed, said)
}

// showFetching returns what shows on a terminal how far a fetch is, and what removes it. Elsewhere
// both are silent.
func showFetching(w io.Writer) (show func(sources.Progress), clearShown func()) {
	if !isTerminal(w) {
		return nil, func() {}
	}
	var shown time.Time
	show = func(p sources.Progress) {
		now := time.Now()
		if now.Sub(shown) < time.Second/4 {
			return
		}
		shown = now
		fmt.Fprintf(w, "\r\x1b[K%d of %d feeds, %s: %.1f MB", p.Done, p.Feeds, p.Feed, float64(p.Bytes)/1e6)
		if p.Size > 0 {
			fmt.Fprintf(w, " of %.1f", float64(p.Size)/1e6)
		}
	}
	return show, func() { fmt.Fprint(w, "\r\x1b[K") }
}
