// Package inputfile reads files that others name, so that none of them holds a program up or fills
// its memory.
//
//	content, err := inputfile.Read(path, 64<<20)
//	file, err := inputfile.Open(ctx, path)
//	model, err := inputfile.Await(ctx, func() (*snowman.Model, error) { return snowman.Open(path) })
//
// A name may lead to a pipe that nobody writes to, a device without an end, or a file of gigabytes.
// What is read whole has a limit, and the size is looked at before anything is read. Waiting ends
// with a context. Every error names the file, as those of package os do.
package inputfile

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
)

// Read returns the content of a file of at most limit bytes. It may be a pipe.
func Read(path string, limit int64) ([]byte, error) {
	file, err := OpenLimited(path, limit)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	content := bytes.NewBuffer(make([]byte, 0, file.size+bytes.MinRead))
	_, err = content.ReadFrom(file)
	return content.Bytes(), err
}

// A Limited file is one to be read up to a limit.
type Limited struct {
	file  *os.File
	size  int64 // that the system tells; 0 where it tells none
	limit int64
	left  int64 // bytes that may still be read
}

// OpenLimited opens a file that is to be read in parts. Read returns an error where there are more
// than limit bytes.
func OpenLimited(path string, limit int64) (*Limited, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	info, err := file.Stat()
	if err != nil {
		file.Close()
		return nil, err
	}
	l := &Limited{file: file, limit: limit, left: limit}
	if info.Mode().IsRegular() {
		l.size = info.Size()
	}
	if l.size > limit {
		file.Close()
		return nil, l.tooLarge()
	}
	return l, nil
}

func (l *Limited) tooLarge() error {
	const kibi, mebi = 1 << 10, 1 << 20
	limit := fmt.Sprintf("%d MiB", l.limit/mebi)
	if l.limit < mebi {
		limit = fmt.Sprintf("%d KiB", l.limit/kibi)
	}
	return &fs.PathError{Op: "read", Path: l.file.Name(), Err: errors.New("it is larger than " + limit)}
}

// Read reads the file.
func (l *Limited) Read(p []byte) (int, error) {
	if l.left < 0 {
		return 0, l.tooLarge()
	}
	if int64(len(p)) > l.left+1 { // one more tells the end from too much
		p = p[:l.left+1]
	}
	n, err := l.file.Read(p)
	if l.left -= int64(n); l.left < 0 {
		return n - 1, l.tooLarge()
	}
	return n, err
}

// Close closes the file.
func (l *Limited) Close() error { return l.file.Close() }

// A File is one to be read to its end, which may be far.
type File struct {
	file *os.File
	ctx  context.Context
	stop func() bool
}

// Open opens a file for reading. The context's end ends waiting for the writer of a pipe, and every
// Read.
func Open(ctx context.Context, path string) (*File, error) {
	file, err := Await(ctx, func() (*os.File, error) { return os.Open(path) })
	if err != nil {
		return nil, err
	}
	return &File{file, ctx, context.AfterFunc(ctx, func() { file.Close() })}, nil
}

// Read reads the file. After the end of the context its error is the context's.
func (f *File) Read(p []byte) (int, error) {
	n, err := f.file.Read(p)
	if err != nil && err != io.EOF && f.ctx.Err() != nil {
		err = f.ctx.Err()
	}
	return n, err
}

// Close closes the file.
func (f *File) Close() error {
	f.stop()
	return f.file.Close()
}

// Await returns what read returns, or the context's error if that comes first. Read then goes on in
// the background: it is for a program that is about to end.
func Await[T any](ctx context.Context, read func() (T, error)) (T, error) {
	type outcome struct {
		value T
		err   error
	}
	done := make(chan outcome, 1)
	go func() {
		value, err := read()
		done <- outcome{value, err}
	}()
	select {
	case o := <-done:
		return o.value, o.err
	case <-ctx.Done():
		var none T
		return none, ctx.Err()
	}
}
