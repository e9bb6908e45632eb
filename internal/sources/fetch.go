package sources

import (
	"bufio"
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/klauspost/compress/gzip"

	"github.com/snowman-ml/snowman/dataset"
	"github.com/snowman-ml/snowman/internal/atomicfile"
	"github.com/snowman-ml/snowman/internal/inputfile"
)

// Options say what Fetch fetches.
type Options struct {
	Store string // folder, made if there is none

	Feeds  []string          // names; default: those of Files, or else all that are not off
	Files  map[string]string // feeds that are taken from disk, and their files
	Mirror string            // ask MIRROR/FEED.ENDING in place of the addresses, or take it from that folder; default: the addresses
	Keys   map[string]string // the user's keys, by feed

	Commercial bool     // leave out feeds whose terms do not allow commercial use
	Anyway     []string // feeds that are kept though they have far fewer rows than before

	Agent    string         // who asks: the program and its version
	Contact  string         // of the user, such as an address of mail; default none
	Now      time.Time      // default: now
	Progress func(Progress) // default: none; never called by two goroutines at once
}

// A Progress says how far a fetch is.
type Progress struct {
	Feed        string
	Bytes, Size int64 // of the feed; Size is 0 if it is not known
	Done, Feeds int
}

// A State says what became of a feed.
type State string

// The states.
const (
	Fetched     State = "fetched"
	NotModified State = "not modified" // the store has the same content
	Recent      State = "recent"       // asked so lately that asking again would break its limits
	Off         State = "off"          // not asked for, and its terms want that
	Failed      State = "failed"
)

// An Outcome is what became of one feed.
type Outcome struct {
	Feed   string
	State  State
	Reason string // of Recent, Off and Failed
	Day    Day    // of Fetched and NotModified
}

// A Result has an Outcome for each feed that was to be fetched, and for those that are off, in the
// order of the table.
type Result struct{ Outcomes []Outcome }

// Failed returns how many feeds failed.
func (r Result) Failed() int {
	failed := 0
	for _, o := range r.Outcomes {
		if o.State == Failed {
			failed++
		}
	}
	return failed
}

const (
	tries        = 3
	hostsAtOnce  = 4
	peeked       = 4 << 10 // bytes looked at for HTML
	fewestToTell = 50      // rows before that, fewer mean nothing
	fewerShare   = 5       // a feed has far fewer rows than before if it has less than one in so many
)

// A fetcher is a running Fetch.
type fetcher struct {
	Options
	feeds     []Feed
	transport http.RoundTripper
	agent     string
	mirror    string // without a slash at its end
	folder    string // the mirror, if it is one on disk
	keys      map[string]string
	now       func() time.Time
	sleep     func(context.Context, time.Duration) error
	pause     time.Duration // between two requests to one host that is no mirror
	maxWait   time.Duration // that a server may ask for
	idle      time.Duration // without a byte of a body
	longest   time.Duration // that one feed may take

	mu   sync.Mutex
	done int
	jobs []job
}

// A job is one feed to fetch.
type job struct {
	feed    *Feed
	file    string // on disk; empty: ask
	outcome Outcome
}

// Fetch fetches feeds into a store. The error is what kept it from fetching any; what became of
// each feed stands in the Result.
func Fetch(ctx context.Context, o Options) (Result, error) {
	transport := http.DefaultTransport.(*http.Transport).Clone() // with the proxy of the environment
	transport.ResponseHeaderTimeout = time.Minute
	defer transport.CloseIdleConnections()
	f := &fetcher{Options: o, feeds: Feeds, transport: transport, sleep: sleep,
		pause: 2 * time.Second, maxWait: 2 * time.Minute, idle: time.Minute, longest: time.Hour}
	return f.run(ctx)
}

func sleep(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (f *fetcher) run(ctx context.Context) (Result, error) {
	if err := f.prepare(); err != nil {
		return Result{}, err
	}
	if err := os.MkdirAll(f.Store, 0o755); err != nil {
		return Result{}, fmt.Errorf("making the store: %w", err)
	}
	unlock, err := lock(ctx, f.Store)
	if err != nil {
		return Result{}, err
	}
	defer unlock()
	var hosts sync.WaitGroup
	places := make(chan struct{}, hostsAtOnce)
	for _, jobs := range f.byHost() {
		hosts.Go(func() {
			places <- struct{}{}
			defer func() { <-places }()
			for i, j := range jobs {
				if i > 0 && j.file == "" && j.outcome.State == "" && f.mirror == "" {
					f.sleep(ctx, f.pause) // its error is the context's, which is looked at below
				}
				if ctx.Err() == nil && j.outcome.State == "" {
					f.one(ctx, j)
				}
				f.finish(j)
			}
		})
	}
	hosts.Wait()
	var result Result
	for _, j := range f.jobs {
		result.Outcomes = append(result.Outcomes, j.outcome)
	}
	return result, ctx.Err()
}

// prepare checks the options and lists the jobs.
func (f *fetcher) prepare() error {
	if f.now == nil {
		began := time.Now()
		start := cmp.Or(f.Now, began)
		f.now = func() time.Time { return start.Add(time.Since(began)) }
	}
	f.agent = cmp.Or(f.Agent, "snowman") + " (+https://github.com/snowman-ml/snowman)"
	if f.Contact != "" {
		if strings.ContainsFunc(f.Contact, func(r rune) bool { return r < ' ' || r > '~' }) {
			return fmt.Errorf("contact %.40q: want printable ASCII", f.Contact)
		}
		f.agent += " contact: " + f.Contact
	}
	f.mirror, f.keys = strings.TrimSuffix(f.Mirror, "/"), f.Keys
	if info, err := os.Stat(f.Mirror); err == nil && info.IsDir() {
		f.folder = f.Mirror
	} else if f.mirror != "" {
		if parsed, err := url.Parse(f.mirror); err != nil || parsed.Host == "" || parsed.Scheme != "http" && parsed.Scheme != "https" {
			return fmt.Errorf("mirror %.60q: want a folder, or the address of one with http or https", f.mirror)
		}
	}
	wanted := make(map[string]bool)
	for _, name := range f.Feeds {
		wanted[name] = true
	}
	for _, names := range [][]string{f.Feeds, slices.Sorted(maps.Keys(f.Files)), slices.Sorted(maps.Keys(f.Keys)), f.Anyway} {
		for _, name := range names {
			if !slices.ContainsFunc(f.feeds, func(feed Feed) bool { return feed.Name == name }) {
				return fmt.Errorf("no feed is named %.40q; snowman data feeds lists them", name)
			}
		}
	}
	all := len(f.Feeds) == 0 && len(f.Files) == 0
	for i := range f.feeds {
		feed := &f.feeds[i]
		file := f.Files[feed.Name]
		if j, isWanted := f.job(feed, file, all, wanted[feed.Name]); isWanted {
			f.jobs = append(f.jobs, j)
		}
	}
	return nil
}

// job returns the job of a feed, which may be to say that the feed is off.
func (f *fetcher) job(feed *Feed, file string, all, named bool) (j job, isWanted bool) {
	j = job{feed: feed, file: file, outcome: Outcome{Feed: feed.Name}}
	off := func(state State, reason string) (job, bool) {
		j.outcome.State, j.outcome.Reason = state, reason
		return j, true
	}
	switch {
	case !all && !named && file == "":
		return j, false
	case f.Commercial && feed.Commercial != Allowed:
		return off(Off, "commercial use: "+string(feed.Commercial))
	case file != "":
		return j, true
	case !named && feed.Off != "":
		return off(Off, feed.Off)
	case feed.Key && f.keys[feed.Name] == "" && f.mirror == "":
		return off(Failed, "it needs a key, and none was given")
	}
	if f.folder != "" {
		j.file = f.inFolder(feed)
	}
	return j, true
}

// inFolder returns the file that a folder has of a feed, packed or not.
func (f *fetcher) inFolder(feed *Feed) string {
	path := filepath.Join(f.folder, feed.file())
	for _, ending := range []string{".gz", ".zip"} {
		unpacked := strings.TrimSuffix(path, ending)
		if filepath.Ext(unpacked) == "" { // an archive of files, as text
			unpacked += ".txt"
		}
		if _, err := os.Stat(path); err != nil && unpacked != path {
			if _, err := os.Stat(unpacked); err == nil {
				return unpacked
			}
		}
	}
	return path
}

// byHost returns the jobs of each host. Feeds from disk need no pause, and are together.
func (f *fetcher) byHost() [][]*job {
	var hosts []string
	jobs := make(map[string][]*job)
	for i := range f.jobs {
		j := &f.jobs[i]
		host := ""
		if j.file == "" {
			host = hostOf(cmp.Or(f.mirror, j.feed.Address))
		}
		if jobs[host] == nil {
			hosts = append(hosts, host)
		}
		jobs[host] = append(jobs[host], j)
	}
	var grouped [][]*job
	for _, host := range hosts {
		grouped = append(grouped, jobs[host])
	}
	return grouped
}

// report shows how far a feed is.
func (f *fetcher) report(feed *Feed, bytes, size int64) {
	if f.Progress == nil {
		return
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.Progress(Progress{feed.Name, bytes, size, f.done, len(f.jobs)})
}

func (f *fetcher) finish(j *job) {
	f.mu.Lock()
	f.done++
	f.mu.Unlock()
	f.report(j.feed, j.outcome.Day.Bytes, j.outcome.Day.Bytes)
}

// one does one job. Nothing of what goes wrong leaves it but as its outcome.
func (f *fetcher) one(ctx context.Context, j *job) {
	manifest, err := ReadManifest(f.Store, j.feed.Name)
	folder := filepath.Join(f.Store, j.feed.Name)
	if err == nil {
		err = os.MkdirAll(folder, 0o755)
	}
	removeLeftovers(folder)
	if err == nil && j.file == "" && f.mirror == "" {
		if reason := f.tooSoon(j.feed, manifest); reason != "" {
			j.outcome.State, j.outcome.Reason = Recent, reason
			return
		}
	}
	if err == nil {
		if j.file != "" {
			err = f.takeFile(ctx, j, manifest)
		} else {
			err = f.ask(ctx, j, manifest)
		}
	}
	switch {
	case err == nil:
		j.outcome.State = Fetched
	case errors.Is(err, errNotModified):
		j.outcome.State = NotModified
		if last := manifest.last(f.today()); last != nil {
			j.outcome.Day = *last
		}
	default:
		j.outcome.State, j.outcome.Reason = Failed, err.Error()
	}
}

// today returns the date of this run.
func (f *fetcher) today() string { return f.now().UTC().Format(time.DateOnly) }

// removeLeftovers removes the temporary files of runs that were killed.
func removeLeftovers(folder string) {
	entries, _ := os.ReadDir(folder) // what stays does no harm
	for _, entry := range entries {
		if strings.HasPrefix(entry.Name(), ".") {
			os.Remove(filepath.Join(folder, entry.Name()))
		}
	}
}

// tooSoon says why a feed is not asked again yet.
func (f *fetcher) tooSoon(feed *Feed, m *Manifest) string {
	now := f.now()
	// A timer that runs as often as a feed may be asked is sometimes a little early.
	if next := m.Checked.Add(feed.Every - feed.Every/10); now.Before(next) && !now.Before(m.Checked) {
		return fmt.Sprintf("asked at %s, and may be asked %s", m.Checked.UTC().Format(time.RFC3339), feed.Interval())
	}
	if now.Before(m.NotBefore) {
		return "its server wants no request before " + m.NotBefore.UTC().Format(time.RFC3339)
	}
	return ""
}

// takeFile takes a feed from disk.
func (f *fetcher) takeFile(ctx context.Context, j *job, m *Manifest) error {
	source, err := inputfile.Open(ctx, j.file)
	if err != nil {
		return err
	}
	defer source.Close()
	body, err := os.CreateTemp(filepath.Join(f.Store, j.feed.Name), ".file-*") // a pipe cannot be sought
	if err != nil {
		return err
	}
	defer os.Remove(body.Name())
	defer body.Close()
	limit := j.feed.maxBytes()
	if _, err := io.Copy(body, &bounded{source: source, left: limit, limit: limit}); err != nil {
		return fmt.Errorf("reading %q: %w", j.file, err)
	}
	return f.keep(ctx, j, m, body, Day{Address: "file"})
}

// ask asks for a feed over the network.
func (f *fetcher) ask(ctx context.Context, j *job, m *Manifest) error {
	d := &download{fetcher: f, feed: j.feed, folder: filepath.Join(f.Store, j.feed.Name), shown: j.feed.Address}
	d.address = strings.ReplaceAll(d.shown, "{key}", url.QueryEscape(f.keys[j.feed.Name]))
	if f.mirror != "" {
		d.address = f.mirror + "/" + j.feed.file()
		mirror, err := url.Parse(d.address)
		if err != nil {
			return withoutAddress(err)
		}
		d.shown = mirror.Redacted() // without a password
	}
	if last := m.last(f.today()); last != nil && last.Address == d.shown {
		if _, err := os.Stat(filepath.Join(d.folder, last.File)); err == nil {
			d.known = last
		}
	}
	if err := d.open(); err != nil {
		return err
	}
	err := d.get(ctx)
	var broken *brokenError
	var wait *waitError
	switch {
	case errors.As(err, &wait):
		if f.mirror == "" {
			m.NotBefore = wait.until
		}
		return errors.Join(err, d.discard(), m.write(f.Store))
	case errors.As(err, &broken) || ctx.Err() != nil: // the next run goes on from here
		d.file.Close()
		return err
	case errors.Is(err, errNotModified):
		m.Checked = f.now()
		return cmp.Or(errors.Join(d.discard(), m.write(f.Store)), err)
	case err != nil:
		return errors.Join(err, d.discard())
	}
	m.Checked = f.now()
	err = f.keep(ctx, j, m, d.file, Day{Address: d.shown, ETag: d.state.ETag, LastModified: d.state.LastModified})
	if cleanup := d.discard(); err == nil {
		err = cleanup
	}
	return err
}

// keep checks a body and puts its content into the store, unless the store has the same already.
func (f *fetcher) keep(ctx context.Context, j *job, m *Manifest, body *os.File, d Day) error {
	content, err := j.feed.unpack(body)
	if err != nil {
		return err
	}
	d.Date = f.today()
	if d.File, err = m.freeFile(d.Date); err != nil {
		return err
	}
	last := m.last(d.Date)
	before := m.lastWithFile(filepath.Join(f.Store, j.feed.Name), d.Date)
	path := filepath.Join(f.Store, j.feed.Name, d.File)
	var problem error
	err = atomicfile.Write(path, func(w io.Writer) error {
		if problem = f.check(ctx, j.feed, before, content, w, &d); problem != nil {
			return problem
		}
		if last != nil && last.SHA256 == d.SHA256 {
			problem = errNotModified
		}
		return problem
	})
	if errors.Is(problem, errNotModified) {
		if last.Address == d.Address {
			last.ETag, last.LastModified = d.ETag, d.LastModified
		}
		return cmp.Or(m.write(f.Store), errNotModified)
	}
	if problem != nil { // without the name of a file that never came to be
		return problem
	}
	if err != nil {
		return err
	}
	replaced := m.add(d, j.feed.Current)
	j.outcome.Day = d
	if err := m.write(f.Store); err != nil {
		return err
	}
	for _, old := range replaced {
		if err := os.Remove(filepath.Join(f.Store, j.feed.Name, old.File)); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	return nil
}

// check reads a feed's content to its end, writes it, and says why it cannot be the feed.
func (f *fetcher) check(ctx context.Context, feed *Feed, last *Day, content io.Reader, w io.Writer, d *Day) error {
	packed := gzip.NewWriter(w)
	sum := sha256.New()
	counted := &counter{ctx: ctx, source: content}
	in := bufio.NewReaderSize(io.TeeReader(counted, io.MultiWriter(sum, packed)), 64<<10)
	head, err := in.Peek(peeked)
	if err != nil && err != io.EOF {
		return err
	}
	if isHTML(head) {
		return errors.New("it is a page of HTML, not the feed")
	}
	refused, err := feed.rows(in, func(dataset.Row) error {
		d.Rows++
		return nil
	})
	if err != nil {
		return fmt.Errorf("reading it as %s: %w; another format?", feed.Format.Name, err)
	}
	if _, err := io.Copy(io.Discard, in); err != nil {
		return err
	}
	d.Refused, d.Bytes, d.SHA256 = refused, counted.bytes, hex.EncodeToString(sum.Sum(nil))
	switch {
	case d.Rows == 0:
		return errors.New("it has no row that is a name or a URL; another format?")
	case refused > d.Rows:
		return fmt.Errorf("%d of %d rows are neither a name nor a URL; another format?", refused, refused+d.Rows)
	case last != nil && last.Rows >= fewestToTell && d.Rows*fewerShare < last.Rows && !slices.Contains(f.Anyway, feed.Name):
		return fmt.Errorf("it has %d rows, and had %d on %s; -anyway %s keeps it", d.Rows, last.Rows, last.Date, feed.Name)
	}
	return packed.Close()
}

// isHTML reports whether a content begins as a page does.
func isHTML(head []byte) bool {
	text := strings.ToLower(strings.TrimLeft(strings.TrimPrefix(string(head), "\ufeff"), " \t\r\n"))
	for _, start := range []string{"<!doctype", "<html", "<head", "<body", "<script", "<?xml", "<!--"} {
		if strings.HasPrefix(text, start) {
			return true
		}
	}
	return false
}

// counter counts what is read, until a context ends.
type counter struct {
	ctx    context.Context
	source io.Reader
	bytes  int64
}

func (c *counter) Read(p []byte) (int, error) {
	if err := c.ctx.Err(); err != nil {
		return 0, err
	}
	n, err := c.source.Read(p)
	c.bytes += int64(n)
	return n, err
}
