// Package follow reads a file that others append to, for as long as they do.
//
//	file := follow.Open(ctx, path)
//	defer file.Close()
//	scanner := bufio.NewScanner(file)
//
// It looks a few times a second whether there is more. A log is rotated in two ways, and in both
// what follows is read from its beginning: the file gets another name and a new one has the old
// name, or the file is copied and cut. A line that the end of the old one left half gets a line
// end, so that it is not taken for the start of another.
package follow

import (
	"bytes"
	"context"
	"errors"
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
	file *os.File // nil while there is none

	offset    int64
	last      []byte // what stands before offset, or its end
	isStart   bool   // nothing but NULs was read
	isLeaving bool   // another file has the name, and something in it
}

// Open returns the file that has this name, or will have it. The context's end is the end of the
// file.
func Open(ctx context.Context, path string) (*File, error) {
	f := &File{ctx: ctx, path: path, isStart: true}
	if err := f.open(); err != nil {
		return nil, err
	}
	return f, nil
}

// IsMissing reports whether no file has the name yet.
func (f *File) IsMissing() bool { return f.file == nil }

// Close closes the file.
func (f *File) Close() error {
	if f.file == nil {
		return nil
	}
	return f.file.Close()
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
		if err := f.open(); err != nil || f.file == nil {
			return 0, err
		}
	}
	isCut, err := f.isCut()
	if err != nil {
		return 0, err
	}
	if isCut {
		return f.begin(p), nil
	}
	for {
		n, err := f.file.ReadAt(p, f.offset)
		f.offset += int64(n)
		if err != nil && err != io.EOF {
			return 0, err
		}
		if n == 0 {
			return f.next(p)
		}
		if f.isStart { // a writer that does not append goes on where it was
			n = copy(p, bytes.TrimLeft(p[:n], "\x00"))
		}
		if n > 0 {
			f.isStart = false
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
	there := make([]byte, len(f.last))
	n, err := f.file.ReadAt(there, f.offset-int64(len(f.last)))
	if err != nil && err != io.EOF {
		return false, err
	}
	if len(f.last) > 0 {
		return n < len(there) || !bytes.Equal(there, f.last), nil
	}
	info, err := f.file.Stat()
	return err == nil && info.Size() < f.offset, err
}

// next begins the file that has the name now, if that is another one. Whoever writes may go on in
// the old one until there is something in the new one, and a little longer.
func (f *File) next(p []byte) (int, error) {
	now, err := os.Stat(f.path)
	if err != nil || now.Size() == 0 { // it has no name for a moment
		return 0, nil
	}
	old, err := f.file.Stat()
	if err != nil || os.SameFile(old, now) {
		return 0, err
	}
	if !f.isLeaving {
		f.isLeaving = true
		return 0, nil
	}
	f.file.Close()
	f.file = nil
	n := f.begin(p)
	return n, f.open()
}

// begin goes to the beginning of a file, and ends the line that was read last.
func (f *File) begin(p []byte) int {
	isHalf := len(f.last) > 0 && f.last[len(f.last)-1] != '\n'
	f.offset, f.last, f.isStart, f.isLeaving = 0, f.last[:0], true, false
	if isHalf {
		return copy(p, "\n")
	}
	return 0
}

// open opens the file that has the name, if there is one.
func (f *File) open() error {
	info, err := os.Stat(f.path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil
	case err != nil:
		return err
	case !info.Mode().IsRegular():
		return &fs.PathError{Op: "follow", Path: f.path, Err: errors.New("it is no regular file")}
	}
	file, err := os.Open(f.path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	f.file = file
	return err
}
