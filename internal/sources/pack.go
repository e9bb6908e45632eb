package sources

import (
	"archive/tar"
	"bufio"
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/klauspost/compress/gzip"

	"github.com/snowman-ml/snowman/dataset"
	"github.com/snowman-ml/snowman/internal/atomicfile"
	"github.com/snowman-ml/snowman/internal/plain"
)

// A bundle is a tar file in gzip. Its first file has the checksums of all others, as sha256sum
// writes them; then come, for each feed, the manifest and the days that it names.
const (
	sumsFile     = "SHA256SUMS"
	maxSums      = 64 << 20  // bytes
	maxDayFile   = 1 << 30   // bytes
	maxBundle    = 128 << 30 // bytes of all files
	maxManifests = 256 << 20 // bytes of all of them

	maxFilesOfDay = 100 // that a bundle adds to; a feed is asked once an hour at most
)

// bundled are the paths that a bundle may have.
var bundled = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`^([a-z0-9][a-z0-9-]{0,63})/(manifest\.json|\d{4}-\d{2}-\d{2}(?:\.\d{1,4})?\.gz)$`)
})

// A BundleResult says what was packed or unpacked.
type BundleResult struct {
	Feeds, Days int
	Kept        int // days that the store had already
}

// Pack writes a bundle of all that a store has.
func Pack(ctx context.Context, store, bundle string) (BundleResult, error) {
	var result BundleResult
	feeds, err := feedsOf(store)
	if err != nil {
		return result, err
	}
	unlock, err := lock(ctx, store)
	if err != nil {
		return result, err
	}
	defer unlock()
	var paths []string
	for _, feed := range feeds {
		m, err := ReadManifest(store, feed)
		if err != nil {
			return result, err
		}
		if len(m.Days) == 0 {
			continue
		}
		paths = append(paths, feed+"/"+manifestFile)
		for _, d := range m.Days {
			if _, err := os.Stat(filepath.Join(store, feed, d.File)); errors.Is(err, fs.ErrNotExist) {
				continue // it was taken out
			}
			paths = append(paths, feed+"/"+d.File)
			result.Days++
		}
		result.Feeds++
	}
	if len(paths) == 0 {
		return result, fmt.Errorf("the store %q is empty", store)
	}
	var sums bytes.Buffer
	for _, path := range paths {
		sum, err := sumOf(ctx, filepath.Join(store, filepath.FromSlash(path)))
		if err != nil {
			return result, err
		}
		fmt.Fprintf(&sums, "%s  %s\n", sum, path)
	}
	return result, atomicfile.Write(bundle, func(w io.Writer) error {
		packed, err := gzip.NewWriterLevel(w, gzip.BestSpeed) // the days are compressed
		if err != nil {
			return err
		}
		archive := tar.NewWriter(packed)
		if err := addToTar(archive, sumsFile, int64(sums.Len()), &sums); err != nil {
			return err
		}
		for _, path := range paths {
			if err := addFileToTar(ctx, archive, store, path); err != nil {
				return err
			}
		}
		return errors.Join(archive.Close(), packed.Close())
	})
}

func sumOf(ctx context.Context, path string) (string, error) {
	file, err := os.Open(path)
	if err != nil {
		return "", err
	}
	defer file.Close()
	sum := sha256.New()
	if _, err := io.Copy(sum, &counter{ctx: ctx, source: file}); err != nil {
		return "", err
	}
	return hex.EncodeToString(sum.Sum(nil)), nil
}

func addFileToTar(ctx context.Context, archive *tar.Writer, store, path string) error {
	file, err := os.Open(filepath.Join(store, filepath.FromSlash(path)))
	if err != nil {
		return err
	}
	defer file.Close()
	info, err := file.Stat()
	if err != nil {
		return err
	}
	return addToTar(archive, path, info.Size(), &counter{ctx: ctx, source: file})
}

func addToTar(archive *tar.Writer, path string, size int64, content io.Reader) error {
	header := &tar.Header{Typeflag: tar.TypeReg, Name: path, Size: size, Mode: 0o644, ModTime: time.Unix(0, 0)}
	if err := archive.WriteHeader(header); err != nil {
		return err
	}
	_, err := io.Copy(archive, content)
	return err
}

// Unpack adds what a bundle has to a store. A day is written only if its checksum is right, and
// becomes part of the store only if the whole bundle is right.
func Unpack(ctx context.Context, bundle io.Reader, store string) (BundleResult, error) {
	if err := os.MkdirAll(store, 0o755); err != nil {
		return BundleResult{}, fmt.Errorf("making the store: %w", err)
	}
	unlock, err := lock(ctx, store)
	if err != nil {
		return BundleResult{}, err
	}
	defer unlock()
	u := &unpacking{store: store, left: maxBundle, manifests: make(map[string]*merged)}
	if err := u.read(ctx, tar.NewReader(&counter{ctx: ctx, source: plain.NewReader(bundle)})); err != nil {
		u.discard()
		if errors.Is(err, io.ErrUnexpectedEOF) {
			err = fmt.Errorf("it ends in the middle: %w", err)
		}
		return BundleResult{}, fmt.Errorf("reading the bundle: %w", err)
	}
	return u.finish()
}

// discard removes the files of days that were written.
func (u *unpacking) discard() {
	for feed, m := range u.manifests {
		for file, target := range m.files {
			if m.came[file] {
				os.Remove(filepath.Join(u.store, feed, target)) // what stays does no harm
			}
		}
	}
}

// An unpacking is a running Unpack.
type unpacking struct {
	store         string
	sums          map[string]string // by path; those that are still to come
	left          int64             // bytes that may still come
	manifestBytes int
	manifests     map[string]*merged // by feed
	order         []string
}

// A merged manifest is that of a store with days of a bundle.
type merged struct {
	bundle, store *Manifest
	files         map[string]string // where a day's file of the bundle is in the store
	came          map[string]bool   // files of the bundle
	kept          int
}

func (u *unpacking) read(ctx context.Context, archive *tar.Reader) error {
	header, err := archive.Next()
	if err != nil {
		return fmt.Errorf("it is no tar file: %w", err)
	}
	if header.Name != sumsFile || header.Size > maxSums {
		return fmt.Errorf("it does not begin with %s", sumsFile)
	}
	if u.sums, err = readSums(archive); err != nil {
		return err
	}
	for {
		header, err := archive.Next()
		if err == io.EOF {
			break
		}
		if err != nil {
			return err
		}
		if err := u.take(ctx, header, archive); err != nil {
			return fmt.Errorf("the file %.80q: %w", header.Name, err)
		}
	}
	for path := range u.sums {
		return fmt.Errorf("the file %.80q is missing", path)
	}
	for _, feed := range u.order {
		for _, d := range u.manifests[feed].bundle.Days {
			if m := u.manifests[feed]; m.files[d.File] != "" && !m.came[d.File] {
				return fmt.Errorf("the day %s of %s is missing", d.Date, feed)
			}
		}
	}
	return ctx.Err()
}

// readSums reads lines of a checksum and a path.
func readSums(r io.Reader) (map[string]string, error) {
	sums := make(map[string]string)
	content, err := io.ReadAll(io.LimitReader(r, maxSums))
	if err != nil {
		return nil, err
	}
	lines := bufio.NewScanner(bytes.NewReader(content))
	for lines.Scan() {
		sum, path, found := strings.Cut(lines.Text(), "  ")
		if !found || len(sum) != sha256.Size*2 || !bundled().MatchString(path) || sums[path] != "" {
			return nil, fmt.Errorf("%s has the line %.100q", sumsFile, lines.Text())
		}
		sums[path] = sum
	}
	return sums, lines.Err()
}

// take takes a file of the bundle.
func (u *unpacking) take(ctx context.Context, header *tar.Header, content io.Reader) error {
	parts := bundled().FindStringSubmatch(header.Name)
	want := u.sums[header.Name]
	switch {
	case header.Typeflag != tar.TypeReg:
		return errors.New("it is not a regular file")
	case parts == nil || want == "":
		return fmt.Errorf("it is not in %s, or there twice", sumsFile)
	case header.Size > maxDayFile || header.Size > u.left:
		return fmt.Errorf("it has %d bytes, which is too much", header.Size)
	}
	u.left -= header.Size
	delete(u.sums, header.Name)
	feed, name := parts[1], parts[2]
	if name == manifestFile {
		return u.takeManifest(ctx, feed, want, content)
	}
	m := u.manifests[feed]
	if m == nil {
		return errors.New("it stands before the manifest of its feed")
	}
	at := slices.IndexFunc(m.bundle.Days, func(d Day) bool { return d.File == name })
	if at < 0 {
		return errors.New("the manifest does not name it")
	}
	m.came[name] = true
	target := m.files[name]
	if target == "" { // the store has it
		return checkSum(content, io.Discard, want)
	}
	var problem error
	err := atomicfile.Write(filepath.Join(u.store, feed, target), func(w io.Writer) error {
		problem = checkSum(content, w, want)
		return problem
	})
	if problem != nil {
		return problem
	}
	if err != nil {
		return err
	}
	return m.count(ctx, u.store, feed, target)
}

// count reads a day that came, which must be what the bundle says of it, and counts its rows.
func (m *merged) count(ctx context.Context, store, feed, file string) error {
	known, isKnown := Find(feed)
	if !isKnown { // a newer program may know more feeds
		return nil
	}
	d := &m.store.Days[slices.IndexFunc(m.store.Days, func(d Day) bool { return d.File == file })]
	rows, refused, err := known.readDay(ctx, filepath.Join(store, feed), *d, func(dataset.Row) error { return nil })
	if err == nil && rows == 0 {
		err = fmt.Errorf("the day %s has no row that is a name or a URL", d.Date)
	}
	d.Rows, d.Refused = rows, refused
	return err
}

// checkSum copies a content, and fails if it has another checksum.
func checkSum(content io.Reader, w io.Writer, want string) error {
	sum := sha256.New()
	if _, err := io.Copy(io.MultiWriter(w, sum), content); err != nil {
		return err
	}
	if got := hex.EncodeToString(sum.Sum(nil)); got != want {
		return fmt.Errorf("its checksum begins with %.12s, want %.12s", got, want)
	}
	return nil
}

// takeManifest reads the manifest of a feed and finds a place for each of its days.
func (u *unpacking) takeManifest(ctx context.Context, feed, want string, content io.Reader) error {
	var text bytes.Buffer
	if _, err := io.Copy(&text, io.LimitReader(content, maxManifest+1)); err != nil {
		return err
	}
	if u.manifestBytes += text.Len(); text.Len() > maxManifest || u.manifestBytes > maxManifests {
		return errors.New("it is too large for a manifest")
	}
	if err := checkSum(bytes.NewReader(text.Bytes()), io.Discard, want); err != nil {
		return err
	}
	bundle, err := parseManifest(text.Bytes(), feed)
	if err != nil {
		return err
	}
	known, isKnown := Find(feed) // a newer program may know more feeds
	current := isKnown && known.Current
	store, err := ReadManifest(u.store, feed)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Join(u.store, feed), 0o755); err != nil {
		return err
	}
	m := &merged{bundle: bundle, store: store, files: make(map[string]string), came: make(map[string]bool)}
	type key struct{ date, sha256 string }
	keyOf := func(d Day) key {
		if current {
			return key{date: d.Date}
		}
		return key{d.Date, d.SHA256}
	}
	isThere, files := make(map[key]bool), make(map[string]int)
	for _, d := range store.Days {
		isThere[keyOf(d)] = true
		files[d.Date]++
	}
	tomorrow := time.Now().UTC().AddDate(0, 0, 1).Format(time.DateOnly)
	for _, d := range bundle.Days {
		switch {
		case d.Date > tomorrow:
			return fmt.Errorf("its day %s is still to come", d.Date)
		case u.sums[feed+"/"+d.File] == "": // it was taken out
			continue
		case isThere[keyOf(d)]:
			m.kept++
			continue
		case files[d.Date] >= maxFilesOfDay:
			return fmt.Errorf("the day %s has more than %d files", d.Date, maxFilesOfDay)
		}
		file := d.File
		d.File = d.Date + ".gz"
		if files[d.Date] > 0 {
			if d.File, err = store.freeFile(d.Date); err != nil {
				return err
			}
		}
		// What a server says of this content is not known.
		d.ETag, d.LastModified = "", ""
		m.files[file] = d.File
		isThere[keyOf(d)] = true
		files[d.Date]++
		store.Days = append(store.Days, d)
		if err := ctx.Err(); err != nil {
			return err
		}
	}
	slices.SortStableFunc(store.Days, func(a, b Day) int { return strings.Compare(a.Date, b.Date) })
	if bundle.Checked.After(store.Checked) {
		store.Checked = bundle.Checked
	}
	u.manifests[feed], u.order = m, append(u.order, feed)
	return nil
}

// finish makes the days part of the store.
func (u *unpacking) finish() (result BundleResult, err error) {
	for _, feed := range u.order {
		m := u.manifests[feed]
		if err := m.store.write(u.store); err != nil {
			return result, err
		}
		result.Feeds++
		result.Days += len(m.files)
		result.Kept += m.kept
	}
	return result, nil
}
