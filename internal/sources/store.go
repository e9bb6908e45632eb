package sources

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/snowman-ml/snowman/internal/atomicfile"
	"github.com/snowman-ml/snowman/internal/filelock"
	"github.com/snowman-ml/snowman/internal/inputfile"
)

// A Manifest says what a store has of a feed. It is STORE/FEED/manifest.json.
type Manifest struct {
	Feed      string    `json:"feed"`
	Checked   time.Time `json:"checked,omitzero"`    // when the feed was last asked, and answered
	NotBefore time.Time `json:"not_before,omitzero"` // its server wants no request before
	Days      []Day     `json:"days"`                // in order
}

// A Day is what was fetched of a feed on one day. A feed whose days add up may have several on one
// day.
type Day struct {
	Date         string `json:"date"`    // 2006-01-02, UTC
	File         string `json:"file"`    // beside the manifest; gzip
	Address      string `json:"address"` // without the user's key
	SHA256       string `json:"sha256"`  // of the content
	Bytes        int64  `json:"bytes"`   // of the content
	Rows         int    `json:"rows"`
	Refused      int    `json:"refused,omitempty"` // rows that are neither a name nor a URL
	ETag         string `json:"etag,omitempty"`
	LastModified string `json:"last_modified,omitempty"`
}

const (
	manifestFile = "manifest.json"
	maxManifest  = 64 << 20 // bytes; a day takes 500
)

// dayFile are the names that files of days have.
var dayFile = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`^\d{4}-\d{2}-\d{2}(\.[2-9]|\.[1-9]\d{1,3})?\.gz$`)
})

// ReadManifest returns what a store has of a feed: nothing where there is no manifest.
func ReadManifest(store, feed string) (*Manifest, error) {
	path := filepath.Join(store, feed, manifestFile)
	content, err := inputfile.Read(path, maxManifest)
	if errors.Is(err, fs.ErrNotExist) {
		return &Manifest{Feed: feed}, nil
	}
	if err != nil {
		return nil, fmt.Errorf("reading the manifest: %w", err)
	}
	m, err := parseManifest(content, feed)
	if err != nil {
		return nil, fmt.Errorf("reading the manifest %q: %w", path, err)
	}
	return m, nil
}

// parseManifest reads a manifest, and trusts no name in it.
func parseManifest(content []byte, feed string) (*Manifest, error) {
	var m Manifest
	if err := json.Unmarshal(content, &m); err != nil {
		return nil, err
	}
	if m.Feed != feed {
		return nil, fmt.Errorf("it is of the feed %.40q, want %q", m.Feed, feed)
	}
	files := make(map[string]bool)
	for _, d := range m.Days {
		if files[d.File] {
			return nil, fmt.Errorf("two days are in the file %q", d.File)
		}
		files[d.File] = true
		if _, err := time.Parse(time.DateOnly, d.Date); err != nil || !dayFile().MatchString(d.File) || !strings.HasPrefix(d.File, d.Date+".") || d.Bytes < 0 || len(d.SHA256) != 64 {
			return nil, fmt.Errorf("its day %.40q in the file %.40q cannot be", d.Date, d.File)
		}
	}
	return &m, nil
}

// write replaces a feed's manifest in a store.
func (m *Manifest) write(store string) error {
	return atomicfile.Write(filepath.Join(store, m.Feed, manifestFile), func(w io.Writer) error {
		var content bytes.Buffer
		encoder := json.NewEncoder(&content)
		encoder.SetIndent("", "  ")
		if err := encoder.Encode(m); err != nil {
			return err
		}
		_, err := w.Write(content.Bytes())
		return err
	})
}

// last returns the newest day that is not later than a date, or nil.
func (m *Manifest) last(date string) *Day {
	for i := range slices.Backward(m.Days) {
		if m.Days[i].Date <= date {
			return &m.Days[i]
		}
	}
	return nil
}

// lastWithFile is last without the days whose files are gone.
func (m *Manifest) lastWithFile(folder, date string) *Day {
	for i := range slices.Backward(m.Days) {
		if m.Days[i].Date > date {
			continue
		}
		if _, err := os.Stat(filepath.Join(folder, m.Days[i].File)); err == nil {
			return &m.Days[i]
		}
	}
	return nil
}

// add adds a day in its place. Of a feed of which only the newest day counts, it replaces those of
// the same date, which it returns.
func (m *Manifest) add(d Day, current bool) (replaced []Day) {
	if current {
		m.Days = slices.DeleteFunc(m.Days, func(other Day) bool {
			if other.Date == d.Date {
				replaced = append(replaced, other)
			}
			return other.Date == d.Date
		})
	}
	at := len(m.Days)
	for at > 0 && m.Days[at-1].Date > d.Date {
		at--
	}
	m.Days = slices.Insert(m.Days, at, d)
	return replaced
}

// freeFile returns the name of a file for a day. No other day has it, so that a file and what the
// manifest says of it agree at any moment.
func (m *Manifest) freeFile(date string) (string, error) {
	const most = 9999 // as in dayFile
	taken := make(map[string]bool)
	for _, d := range m.Days {
		if d.Date == date {
			taken[d.File] = true
		}
	}
	file := date + ".gz"
	for n := 2; taken[file]; n++ {
		if n > most {
			return "", fmt.Errorf("the day %s has %d files already", date, most)
		}
		file = date + "." + strconv.Itoa(n) + ".gz"
	}
	return file, nil
}

// asOf returns the days up to a day.
func (m *Manifest) asOf(date string) []Day {
	var days []Day
	for _, d := range m.Days {
		if d.Date <= date {
			days = append(days, d)
		}
	}
	return days
}

// feedsOf returns the folders of a store that have a manifest.
func feedsOf(store string) ([]string, error) {
	entries, err := os.ReadDir(store)
	if err != nil {
		return nil, fmt.Errorf("reading the store: %w", err)
	}
	var feeds []string
	for _, entry := range entries {
		if _, err := os.Stat(filepath.Join(store, entry.Name(), manifestFile)); err == nil && entry.IsDir() {
			feeds = append(feeds, entry.Name())
		}
	}
	return feeds, nil
}

// lock keeps other runs away from a store until unlock.
func lock(ctx context.Context, store string) (unlock func(), err error) {
	return filelock.Take(ctx, filepath.Join(store, ".lock"), 0, nil)
}
