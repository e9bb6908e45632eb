// Package follow reads a file that others append to, for as long as they do.
//
//	file, err := follow.Open(ctx, path, say)
//	defer file.Close()
//	scanner := bufio.NewScanner(file)
//
// It looks a few times a second whether there is more. A log is rotated in two ways, and in both
// what follows is read from its beginning: the file gets another name and a new one has the old
// name, or the file is copied and cut. Where that was done more than once between two looks, the
// files in between are read, too. A line that the end of the old one left half gets a line end, so
// that it is not taken for the start of another.
package follow

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"time"
)

// Pause is how long a File waits before it looks for more.
const Pause = 200 * time.Millisecond

// A File is a file that grows. It belongs to one goroutine.
type File struct {
	ctx  context.Context
	path string
	say  func(problem string)
	file *os.File   // nil while there is none
	next []*os.File // to be read after it, the last of which has the name; none while file has it
	left *os.File   // what was read before it: while it is open, no other file is taken for it

	rotated  rotated
	offset   int64
	last     []byte // what stands before offset, or its end
	isStart  bool   // nothing but NULs was read
	isEnding bool   // nothing came when there was another file already

	trouble string // why the file that has the name cannot be read, as it was said
	looks   int    // at a name that no file has
}

// Open returns the file that has this name, or will have it. The context's end is the end of the
// file. Say is told, while the file is read, why that does not go on, and what may be missed.
func Open(ctx context.Context, path string, say func(problem string)) (*File, error) {
	f := &File{ctx: ctx, path: path, say: say, isStart: true}
	file, err := f.open()
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	f.file = file
	f.rotated.note(path)
	return f, nil
}

// IsMissing reports whether no file has the name yet.
func (f *File) IsMissing() bool { return f.file == nil }

// Close closes the file.
func (f *File) Close() error {
	var failure error
	for _, file := range append(f.next, f.file, f.left) {
		if file != nil {
			failure = errors.Join(failure, file.Close())
		}
	}
	return failure
}

// Read reads what there is, and waits for more if there is nothing. Its error is io.EOF at the end
// of the context.
func (f *File) Read(p []byte) (int, error) {
	if len(p) == 0 {
		return 0, nil
	}
	for {
		if f.ctx.Err() != nil {
			return 0, io.EOF
		}
		n, err := f.readSome(p)
		if n > 0 || err != nil {
			return n, err
		}
		select {
		case <-f.ctx.Done():
		case <-time.After(Pause):
		}
	}
}

// readSome reads what there is in the file, or in the one that follows it.
func (f *File) readSome(p []byte) (int, error) {
	if f.file == nil {
		return f.look(p), nil
	}
	if len(f.next) == 0 {
		isCut, err := f.isCut()
		switch {
		case err != nil:
			return 0, err
		case isCut:
			return f.resume(p), nil
		}
	}
	for {
		n, err := f.file.ReadAt(p, f.offset)
		f.offset += int64(n)
		if err != nil && err != io.EOF {
			return 0, err
		}
		if n == 0 {
			return f.end(p)
		}
		if f.isStart { // a writer that does not append goes on where it was
			n = copy(p, bytes.TrimLeft(p[:n], "\x00"))
		}
		if n > 0 {
			f.isStart, f.isEnding = false, false
			f.keep(p[:n])
			return n, nil
		}
	}
}

// longestKept is how much of what was read tells whether the file was cut meanwhile.
const longestKept = 256

// keep remembers the end of what was read.
func (f *File) keep(read []byte) {
	f.last = append(f.last, read[max(0, len(read)-longestKept):]...)
	f.last = f.last[:copy(f.last, f.last[max(0, len(f.last)-longestKept):])]
}

// isCut reports whether the file does not have any more what was read of it.
func (f *File) isCut() (bool, error) {
	if len(f.last) > 0 {
		stands, err := f.stands(f.file)
		return !stands, err
	}
	info, err := f.file.Stat()
	return err == nil && info.Size() < f.offset, err
}

// stands reports whether a file has what was read last where that was read.
func (f *File) stands(file *os.File) (bool, error) {
	if len(f.last) == 0 {
		return false, nil
	}
	there := make([]byte, len(f.last))
	n, err := file.ReadAt(there, f.offset-int64(len(f.last)))
	if err == io.EOF {
		err = nil
	}
	return err == nil && n == len(there) && bytes.Equal(there, f.last), err
}

// end goes on with the next file, if there is one. Whoever writes may go on in the old one until
// there is something in the new one, and a little longer.
func (f *File) end(p []byte) (int, error) {
	if len(f.next) == 0 {
		now, err := f.stat()
		switch {
		case err != nil:
			f.isEnding = false
			f.wait(err)
			return 0, nil
		case now.Size() == 0:
			return 0, nil
		}
		old, err := f.file.Stat()
		if err != nil || os.SameFile(old, now) {
			return 0, err
		}
	}
	switch {
	case !f.isEnding:
		f.isEnding = true
		return 0, nil
	case len(f.next) > 0:
		return f.advance(p), nil
	}
	return f.look(p), nil
}

// look goes on with the file that has the name, if it can be read, and first with those that had it
// since the last look.
func (f *File) look(p []byte) int {
	file, err := f.open()
	if err != nil {
		f.wait(err)
		return 0
	}
	f.trouble, f.looks = "", 0
	f.next = append(f.between(file), file)
	return f.advance(p)
}

// wait says once why the file that has the name cannot be read. That there is none it says only if
// that lasts, since for a moment it is so whenever a file gets another name.
func (f *File) wait(err error) {
	const patience = 10 // looks
	if errors.Is(err, fs.ErrNotExist) {
		if f.looks++; f.looks < patience || f.file == nil {
			return
		}
	}
	if failure, ok := errors.AsType[*fs.PathError](err); ok {
		err = failure.Err
	}
	if f.trouble != err.Error() {
		f.trouble = err.Error()
		f.tell("waiting for a file that can be read: " + f.trouble)
	}
}

// tell says something of the file.
func (f *File) tell(what string) { f.say(fmt.Sprintf("following %q: %s", f.path, what)) }

// advance begins the next file.
func (f *File) advance(p []byte) int {
	if f.file != nil {
		if f.left != nil {
			f.left.Close()
		}
		f.left = f.file
	}
	f.file, f.next = f.next[0], f.next[1:]
	return f.begin(p)
}

// resume goes on after the file was cut: in the copy that was made of it before, where reading it
// ended, and behind that from the beginning.
func (f *File) resume(p []byte) int {
	copies := f.between(f.file)
	for i, other := range copies {
		if isCopy, _ := f.stands(other); !isCopy {
			continue
		}
		for _, older := range copies[:i] {
			older.Close()
		}
		f.next = append(copies[i+1:], f.file)
		f.file = other
		return 0
	}
	f.next, f.file = append(copies, f.file), nil
	return f.advance(p)
}

// begin goes to the beginning of a file, and ends the line that was read last.
func (f *File) begin(p []byte) int {
	isHalf := len(f.last) > 0 && f.last[len(f.last)-1] != '\n'
	f.offset, f.last, f.isStart, f.isEnding = 0, f.last[:0], true, false
	if isHalf {
		return copy(p, "\n")
	}
	return 0
}

// open opens the file that has the name.
func (f *File) open() (*os.File, error) {
	if _, err := f.stat(); err != nil {
		return nil, err
	}
	return os.Open(f.path)
}

// stat describes the file that has the name, which must be a regular one.
func (f *File) stat() (fs.FileInfo, error) {
	info, err := os.Stat(f.path)
	if err == nil && !info.Mode().IsRegular() {
		err = &fs.PathError{Op: "follow", Path: f.path, Err: errors.New("it is no regular file")}
	}
	return info, err
}
