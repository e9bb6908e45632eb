package main

import (
	"context"
	"flag"
	"fmt"
	"math"
	"strings"

	"github.com/snowman-ml/snowman"
	"github.com/snowman-ml/snowman/blocklist"
	"github.com/snowman-ml/snowman/internal/listing"
)

const listDescription = `
Writes a block list of what reaches a level: of the names in files or standard input, which are lists or
logs in any format of -format, or with -format scored of what snowman score printed, whose levels then count
as they are. Resolvers, proxies and sensors read the formats of -to. Entries are sorted, and the same input
gives the same bytes.

Of a URL the host becomes an entry only if it reaches the level by itself. Public suffixes, hosts of
operators of infrastructure and popular domains never do, nor do hosts below popular domains without
-popular. What is on an allow list is no entry; if it is below one, formats that block all below a name say
so. What a format cannot carry is left out, and standard error says how much.

-state remembers what was seen, with -expire DAYS for so long, and numbers the list anew when it changes. A
run waits up to ten minutes for another that has the same state.

examples:
  $ snowman list -to rpz -f dns.log -allow ours.txt -o snowman.rpz
  $ snowman list -to hosts -min medium -seen 3 < names.txt
  $ snowman list -to unbound -f dns.log -state snowman.state -expire 30 -o snowman.conf -diff snowman.conf

exit code: 0 done, bad records included; 1 not done; 2 wrong command line.
`

// listFlags are the flags of list.
type listFlags struct {
	reading
	files, allow       []string
	to, minimum, model string
	out, diff, state   string
	seen, days         int
	popular, hasSerial bool
	serial             uint
	level              snowman.Level
	target             *blocklist.Format
}

// scoredFormat is what -format is for what score printed.
const scoredFormat = "scored"

// runList is the verb list.
func runList(ctx context.Context, args []string, s streams) error {
	var f listFlags
	flags := newFlags("list", "-to FORMAT [flags]", listDescription)
	f.add(flags)
	if err := parseAll(flags, args, s); err != nil {
		return err
	}
	flags.Visit(func(given *flag.Flag) { f.hasSerial = f.hasSerial || given.Name == "serial" })
	if err := f.check(); err != nil {
		return err
	}
	model, err := openModelWithLevels(ctx, f.model)
	if err != nil {
		return err
	}
	allowed, err := openAllowed(ctx, f.allow, s.stderr)
	if err != nil {
		return err
	}
	job := listing.NewJob(model, listing.Options{
		Minimum: f.level, Seen: f.seen, Allow: allowed, Popular: f.popular, HostsOnly: !f.target.CarriesURLs(),
	})
	state, unlock, err := f.openState(ctx, job, s)
	if err != nil {
		return err
	}
	defer unlock()
	if err := f.read(ctx, job, s); err != nil {
		return err
	}
	list := job.Result()
	if state != nil {
		state.Number(list, uint32(f.serial))
	}
	var before []string // what -diff names may be what -o replaces
	if f.diff != "" {
		if before, err = f.readDiff(ctx, s); err != nil {
			return err
		}
	}
	if state != nil { // before the list: a run that is killed between them leaves no number for two lists
		if err := state.Write(f.state, job); err != nil {
			return err
		}
	}
	leftOut, err := f.write(list, state, s)
	if err != nil {
		return err
	}
	for _, line := range job.Summaries(list, leftOut) {
		fmt.Fprintf(s.stderr, "snowman: %s\n", line)
	}
	if f.diff == "" {
		return nil
	}
	after, err := f.target.Texts(list)
	if err != nil {
		return err
	}
	came, went := listing.Changes(before, after)
	return listing.WriteChanges(s.stdout, came, went)
}

func (f *listFlags) add(flags *flag.FlagSet) {
	var targets []string
	for _, format := range blocklist.Formats {
		targets = append(targets, format.Name)
	}
	flags.StringVar(&f.to, "to", "", "write this `format`: "+strings.Join(targets, ", "))
	pathsFlag(flags, &f.files, "f", "read this `file`; - is standard input; several may be given (default: standard input)")
	f.reading.add(flags, scoredFormat)
	flags.StringVar(&f.minimum, "min", "high", "entries reach this `level`: low, medium, high")
	flags.IntVar(&f.seen, "seen", 1, "entries were seen at least this often: in as many records")
	pathsFlag(flags, &f.allow, "allow", "what is on the allow list in this `file` is not blocked; several may be given")
	flags.BoolVar(&f.popular, "popular", false, "hosts below popular domains may be entries too")
	flags.StringVar(&f.out, "o", "", "write the list to this `path`: a file, a folder for misp-feed (default: standard output)")
	flags.UintVar(&f.serial, "serial", 0, "the list has this number, where the format says one (default: 1, or what -state says)")
	flags.StringVar(&f.state, "state", "", "remember what was seen, and the number of the list, in this `file`")
	flags.IntVar(&f.days, "expire", 0, "entries leave the list that were not seen again for so many days (default: those not seen now)")
	flags.StringVar(&f.diff, "diff", "", "print what came (+) and went (-) since the list in this `file` of the same format, in place of a list without -o")
	modelFlag(flags, &f.model, "score with the model in this `file`")
}

// check says what is wrong with the flags, and finds the formats.
func (f *listFlags) check() (err error) {
	if f.to == "" {
		return usageError{"-to says in which format; snowman list -h lists them"}
	}
	if f.target, err = blocklist.Find(f.to); err != nil {
		return usageError{"-to: " + err.Error()}
	}
	if f.level, err = snowman.ParseLevel(f.minimum); err != nil || f.level == snowman.None {
		return usageError{fmt.Sprintf("-min: level %.40q, want low, medium or high", f.minimum)}
	}
	if err := f.find(scoredFormat); err != nil {
		return err
	}
	const mostDays = 100_000
	switch {
	case f.seen < 1:
		return usageError{fmt.Sprintf("-seen %d: want 1 or more", f.seen)}
	case f.days < 0 || f.days > mostDays:
		return usageError{fmt.Sprintf("-expire %d: want 0 to %d", f.days, mostDays)}
	case f.days > 0 && f.state == "":
		return usageError{"-expire needs the file of -state, which says when entries were seen"}
	case f.serial > math.MaxUint32, f.hasSerial && f.serial == 0:
		return usageError{fmt.Sprintf("-serial %d: want 1 to %d", f.serial, uint32(math.MaxUint32))}
	case f.target.Main != "" && f.out == "":
		return usageError{"-to " + f.to + " writes a folder, which -o names"}
	}
	if len(f.files) == 0 {
		f.files = []string{"-"}
	}
	return nil
}
