package listing

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/snowman-ml/snowman"
	"github.com/snowman-ml/snowman/blocklist"
	"github.com/snowman-ml/snowman/internal/atomicfile"
)

// isURL reports whether a text in canonical form is more than a host.
func isURL(text string) bool {
	return strings.ContainsAny(text, "/?") || strings.IndexByte(text, ':') >= 0 && !strings.HasSuffix(text, "]")
}

// A State is what one run leaves to the next: the number of the list, and what was seen when. In a
// file it is a line that says what it is, then a line for each text that reached the level.
type State struct {
	Serial uint32 // of the last list; 0 before the first
	digest string

	days int // for how long a text stays that is not seen again; 0 where only what is seen now counts
	day  int // today, in days since 1970
}

const stateHeader = "snowman list state 1"

// OpenState reads a state, from which a job gets what was seen in the last days, or begins one
// where there is no file.
func OpenState(path string, j *Job, days int, now time.Time) (*State, error) {
	const day = 24 * 60 * 60
	s := &State{days: days, day: int(now.Unix() / day)}
	file, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return s, nil
	}
	if err != nil {
		return nil, fmt.Errorf("reading the state: %w", err)
	}
	defer file.Close()
	if err := s.read(file, j); err != nil {
		return nil, fmt.Errorf("reading the state in %q: %w", path, err)
	}
	return s, nil
}

func (s *State) read(source io.Reader, j *Job) error {
	lines := bufio.NewScanner(source)
	lines.Buffer(nil, 2*snowman.MaxLength)
	header := func() []string {
		rest, _ := strings.CutPrefix(lines.Text(), stateHeader+"\t")
		return strings.Split(rest, "\t")
	}
	if !lines.Scan() || !strings.HasPrefix(lines.Text(), stateHeader+"\t") || len(header()) != 2 {
		return errors.Join(errors.New("it is no state of snowman list"), lines.Err())
	}
	serial, err := strconv.ParseUint(header()[0], 10, 32)
	if err != nil {
		return errors.New("its serial is no number")
	}
	s.Serial, s.digest = uint32(serial), header()[1]
	for number := 2; lines.Scan(); number++ {
		c, err := parseCandidate(lines.Text())
		if err != nil {
			return fmt.Errorf("line %d: %w", number, err)
		}
		// A day that is ahead is kept: the clock may be wrong now, and right in the next run.
		if s.days > 0 && s.day-c.day <= s.days && !(j.options.HostsOnly && isURL(c.entry.Text)) {
			j.mu.Lock()
			j.add([]candidate{c})
			j.mu.Unlock()
		}
	}
	return lines.Err()
}

// Number sets the serial of a list: the one that is given, or else one more than the last where the
// list is another.
func (s *State) Number(l *blocklist.List, given uint32) {
	if given != 0 {
		s.digest, s.Serial = l.Digest(), given
		return
	}
	if digest := l.Digest(); digest != s.digest {
		s.digest = digest
		if s.Serial++; s.Serial == 0 {
			s.Serial = 1
		}
	}
}

// Write replaces the state in a file by what a job has seen.
func (s *State) Write(path string, j *Job) error {
	return atomicfile.WritePrivate(path, func(w io.Writer) error {
		out := bufio.NewWriter(w)
		fmt.Fprintf(out, "%s\t%d\t%s\n", stateHeader, s.Serial, s.digest)
		j.mu.Lock()
		defer j.mu.Unlock()
		texts := make([]string, 0, len(j.found))
		for text := range j.found {
			texts = append(texts, text)
		}
		slices.Sort(texts)
		var line []byte
		for _, text := range texts {
			c := j.recall(text, j.found[text])
			line = c.append(line[:0], s.day)
			out.Write(line)
		}
		return out.Flush()
	})
}

// append appends the line of a candidate.
func (c *candidate) append(out []byte, today int) []byte {
	day := c.day
	if c.isNow {
		day = max(day, today)
	}
	e := &c.entry
	out = append(append(out, e.Text...), '\t')
	out = time.Unix(int64(day)*24*60*60, 0).UTC().AppendFormat(out, time.DateOnly)
	out = fmt.Appendf(out, "\t%d\t%t\t%d\t", times(c.seen, c.again), e.WWW, c.schemes)
	out = strconv.AppendFloat(out, e.Score, 'g', -1, 64)
	for _, word := range []string{e.Level, e.Kind, e.Family, e.Reason} {
		out = append(append(out, '\t'), strings.Map(withoutControls, word)...)
	}
	return append(out, '\n')
}

func withoutControls(r rune) rune {
	if r < ' ' || r == 0x7f {
		return '_'
	}
	return r
}

// parseCandidate reads the line of a candidate.
func parseCandidate(line string) (c candidate, err error) {
	const fields = 10
	f := strings.Split(line, "\t")
	if len(f) != fields || f[0] == "" {
		return c, fmt.Errorf("it has %d fields, want %d", len(f), fields)
	}
	day, err := time.Parse(time.DateOnly, f[1])
	if err != nil {
		return c, fmt.Errorf("no date: %.40q", f[1])
	}
	c.day = int(day.Unix() / (24 * 60 * 60))
	if c.seen, err = strconv.Atoi(f[2]); err != nil || c.seen < 0 || c.seen > math.MaxInt32 {
		return c, fmt.Errorf("no number: %.40q", f[2])
	}
	known, err := strconv.ParseUint(f[4], 10, 4) // bits
	if err != nil {
		return c, fmt.Errorf("no schemes: %.40q", f[4])
	}
	c.schemes = schemes(known)
	score, err := strconv.ParseFloat(f[5], 64)
	if err != nil || !(score >= 0 && score <= 1) {
		return c, fmt.Errorf("no score: %.40q", f[5])
	}
	if c.level, err = snowman.ParseLevel(f[6]); err != nil {
		return c, err
	}
	c.entry = blocklist.Entry{Text: f[0], WWW: f[3] == "true", Score: score, Level: f[6], Kind: f[7], Family: f[8], Reason: f[9]}
	return c, nil
}
