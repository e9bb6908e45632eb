package follow

import (
	"cmp"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"
)

// rotated is what is known of the files beside one that had its name before, such as NAME.1 and
// NAME-20261128 of logrotate.
type rotated struct {
	known  []fs.FileInfo // files that were there
	since  time.Time     // when they were
	unseen error         // why the folder could not be read
	said   string        // what may be missed, as it was said
}

// note notes the files that are there now.
func (r *rotated) note(path string) {
	r.since = time.Now()
	r.known, _, r.unseen = siblings(path)
}

// siblings returns the files beside one that may have had its name, and all names in the folder.
func siblings(path string) (found []fs.FileInfo, all []fs.DirEntry, err error) {
	all, err = os.ReadDir(filepath.Dir(path))
	for _, entry := range all {
		if ok, _ := isRotated(entry.Name(), filepath.Base(path)); !ok {
			continue
		}
		if info, err := entry.Info(); err == nil && info.Mode().IsRegular() {
			found = append(found, info)
		}
	}
	return found, all, err
}

// isRotated reports whether programs that rotate logs give this name to a file that had another,
// and whether its ending says that it is compressed: log.1, log-20261128.gz, or log-1.txt where the
// name is log.txt.
func isRotated(name, original string) (ok, isPacked bool) {
	for _, ending := range [...]string{".gz", ".zst", ".xz", ".bz2", ".lz4", ".Z"} {
		if cut, ok := strings.CutSuffix(name, ending); ok {
			name, isPacked = cut, true
		}
	}
	rest, ok := strings.CutPrefix(name, original)
	if !ok {
		extension := filepath.Ext(original)
		rest, ok = strings.CutPrefix(name, strings.TrimSuffix(original, extension))
		if ok {
			rest, ok = strings.CutSuffix(rest, extension)
		}
	}
	switch {
	case !ok || len(rest) < 2:
		return false, false
	case rest == ".old" || rest == ".bak":
		return true, isPacked
	}
	return strings.IndexByte(".-_", rest[0]) >= 0 && '0' <= rest[1] && rest[1] <= '9', isPacked
}

// mostBetween is how many files are read that had the name between two looks. Nobody rotates as
// fast.
const mostBetween = 32

// between opens the files that had the name after the one that is read, and before another that has
// it now, the oldest first. It says what may be missed.
func (f *File) between(now *os.File) []*os.File {
	r := &f.rotated
	before := *r
	there, all, err := siblings(f.path)
	r.known, r.since, r.unseen = there, time.Now(), err
	if err != nil || before.unseen != nil {
		f.miss(fmt.Sprintf("its folder cannot be read: %v", cmp.Or(err, before.unseen)))
		return nil
	}
	current, err := now.Stat()
	if err != nil {
		return nil
	}
	var old, left fs.FileInfo
	if f.file != nil {
		old, _ = f.file.Stat()
	}
	if f.left != nil {
		left, _ = f.left.Stat()
	}
	isThere := old == nil || os.SameFile(old, current)
	var files, packed []fs.FileInfo
	for _, s := range there {
		isNew := !slices.ContainsFunc(before.known, func(k fs.FileInfo) bool {
			return os.SameFile(k, s) && k.ModTime().Equal(s.ModTime()) // a number may be given again
		})
		switch _, isPacked := isRotated(s.Name(), filepath.Base(f.path)); {
		case old != nil && os.SameFile(old, s):
			isThere = true
		case !isNew, os.SameFile(current, s), left != nil && os.SameFile(left, s):
		case isPacked:
			packed = append(packed, s)
		case !s.ModTime().Before(before.since.Add(-time.Second)):
			files = append(files, s)
		}
	}
	for _, s := range packed { // which keeps the time of what was in it
		isHalf := slices.ContainsFunc(there, func(o fs.FileInfo) bool { return o.Name()+filepath.Ext(s.Name()) == s.Name() })
		switch {
		case isHalf || old == nil:
		case s.ModTime().Truncate(time.Second).Equal(old.ModTime().Truncate(time.Second)):
			isThere = true
		case s.ModTime().After(old.ModTime()):
			f.miss(fmt.Sprintf("%q came in between and is compressed already: it is not read", s.Name()))
		}
	}
	isThere = isThere || slices.ContainsFunc(all, func(entry fs.DirEntry) bool {
		info, err := entry.Info()
		return err == nil && os.SameFile(old, info)
	})
	if !isThere {
		f.miss("it was rotated, and what was read until then is not in its folder any more: if another came in between, it is missed")
	}
	slices.SortFunc(files, isOlder)
	return f.openAll(files)
}

// isOlder orders files by when something was written to them last, then by their numbers, of which
// that of the oldest is the highest, then by their names.
func isOlder(a, b fs.FileInfo) int {
	number := func(s fs.FileInfo) int {
		n, _ := strconv.Atoi(strings.TrimPrefix(filepath.Ext(s.Name()), "."))
		return n
	}
	return cmp.Or(a.ModTime().Compare(b.ModTime()), cmp.Compare(number(b), number(a)), cmp.Compare(a.Name(), b.Name()))
}

// openAll opens files that had the name in between.
func (f *File) openAll(files []fs.FileInfo) (opened []*os.File) {
	if len(files) > mostBetween {
		f.miss(fmt.Sprintf("%d files came in between, of which the last %d are read", len(files), mostBetween))
		files = files[len(files)-mostBetween:]
	}
	for _, s := range files {
		file, err := os.Open(filepath.Join(filepath.Dir(f.path), s.Name()))
		if err != nil {
			f.miss(fmt.Sprintf("%q came in between and is not read: %v", s.Name(), err))
			continue
		}
		if info, err := file.Stat(); err != nil || !os.SameFile(info, s) {
			file.Close()
			f.miss(fmt.Sprintf("%q came in between and got another name again: it is not read", s.Name()))
			continue
		}
		opened = append(opened, file)
	}
	return opened
}

// miss says what may be missed, unless that was said last.
func (f *File) miss(what string) {
	if f.rotated.said != what {
		f.rotated.said = what
		f.tell(what)
	}
}
