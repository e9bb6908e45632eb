package sources

import (
	"archive/zip"
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"path"
	"strings"

	"github.com/klauspost/compress/gzip"

	"github.com/snowman-ml/snowman/internal/visible"
)

// What packed files begin with.
const (
	gzipMagic = "\x1f\x8b"
	zipMagic  = "PK\x03\x04"
)

// maxDirectory is how many bytes of an archive may be read to learn which files it has.
const maxDirectory = 16 << 20

// maxFiles is how many files an archive may have.
const maxFiles = 100_000

// unpack returns the content of a feed's body, whichever way it is packed. The files of an archive
// follow each other, each behind a line with its path, as head writes them. More than the feed's
// limit is an error.
func (f *Feed) unpack(body *os.File) (io.Reader, error) {
	if _, err := body.Seek(0, io.SeekStart); err != nil {
		return nil, err
	}
	head := make([]byte, len(zipMagic))
	n, err := io.ReadFull(body, head)
	if err != nil && err != io.ErrUnexpectedEOF && err != io.EOF {
		return nil, err
	}
	if _, err := body.Seek(0, io.SeekStart); err != nil {
		return nil, err
	}
	limit := f.maxUnpacked()
	switch head = head[:n]; {
	case bytes.HasPrefix(head, []byte(gzipMagic)):
		unpacked, err := gzip.NewReader(bufio.NewReader(body))
		if err != nil {
			return nil, fmt.Errorf("the gzip file is damaged: %w", err)
		}
		return &bounded{source: damaged{unpacked, "gzip"}, left: limit, limit: limit}, nil
	case bytes.HasPrefix(head, []byte(zipMagic)):
		files, err := f.openZip(body)
		if err != nil {
			return nil, err
		}
		return &bounded{source: files, left: limit, limit: limit}, nil
	}
	return &bounded{source: body, left: limit, limit: limit}, nil
}

// openZip returns the content of the files of a zip that the format names, or of the only one.
func (f *Feed) openZip(body *os.File) (io.Reader, error) {
	info, err := body.Stat()
	if err != nil {
		return nil, err
	}
	directory := &boundedAt{source: body, left: maxDirectory}
	archive, err := zip.NewReader(directory, info.Size())
	directory.left = math.MaxInt64                          // the files have a limit of their own
	if err != nil && !errors.Is(err, zip.ErrInsecurePath) { // paths are only compared
		return nil, fmt.Errorf("the zip file is damaged: %w", err)
	}
	if len(archive.File) > maxFiles {
		return nil, fmt.Errorf("the zip file has %d files, want at most %d", len(archive.File), maxFiles)
	}
	var chosen []*zip.File
	for _, file := range archive.File {
		if file.Mode().IsRegular() && f.wants(file.Name) {
			chosen = append(chosen, file)
		}
	}
	switch {
	case f.Format.members == nil && len(chosen) != 1:
		return nil, fmt.Errorf("the zip file has %d files, want 1: another format?", len(chosen))
	case len(chosen) == 0:
		return nil, errors.New("the zip file has none of the files that are known: another format?")
	}
	return &zipFiles{files: chosen, marked: f.Format.members != nil}, nil
}

// wants reports whether a file of an archive is one of the feed's.
func (f *Feed) wants(name string) bool {
	if f.Format.members == nil {
		return !strings.HasPrefix(name, "__MACOSX/")
	}
	for _, pattern := range f.Format.members {
		if matched, _ := path.Match(pattern, withoutTop(name)); matched {
			return true
		}
	}
	return false
}

// withoutTop removes the folder in which an archive of a repository has all of it.
func withoutTop(name string) string {
	_, below, _ := strings.Cut(name, "/")
	return below
}

// zipFiles reads files of an archive one after the other.
type zipFiles struct {
	files   []*zip.File
	marked  bool
	current io.ReadCloser
	head    io.Reader // the line with the path of the current file
	last    byte      // that was read of it
}

func (z *zipFiles) Read(p []byte) (int, error) {
	for {
		if z.current == nil {
			if len(z.files) == 0 {
				return 0, io.EOF
			}
			file := z.files[0]
			current, err := file.Open()
			if err != nil {
				return 0, fmt.Errorf("the zip file is damaged: %w", err)
			}
			z.files, z.current, z.head, z.last = z.files[1:], current, nil, '\n'
			if z.marked {
				z.head = strings.NewReader(memberMark + visible.Text(withoutTop(file.Name)) + memberEnd + "\n")
			}
		}
		if z.head != nil {
			if n, err := z.head.Read(p); n > 0 || err != io.EOF {
				return n, err
			}
			z.head = nil
		}
		n, err := z.current.Read(p)
		if n > 0 {
			z.last = p[n-1]
			return n, nil // an error comes again
		}
		if err == io.EOF {
			err = z.current.Close()
			z.current = nil
			if err == nil && z.last != '\n' && len(p) > 0 {
				p[0] = '\n'
				return 1, nil
			}
		}
		if err != nil {
			return 0, fmt.Errorf("the zip file is damaged: %w", err)
		}
	}
}

// damaged says of what a damaged stream is.
type damaged struct {
	source io.Reader
	what   string
}

func (d damaged) Read(p []byte) (int, error) {
	n, err := d.source.Read(p)
	if err != nil && err != io.EOF {
		err = fmt.Errorf("the %s file is damaged: %w", d.what, err)
	}
	return n, err
}

// boundedAt fails where more than left bytes are read.
type boundedAt struct {
	source io.ReaderAt
	left   int64
}

func (b *boundedAt) ReadAt(p []byte, offset int64) (int, error) {
	n, err := b.source.ReadAt(p, offset)
	if b.left -= int64(n); b.left < 0 {
		return 0, errors.New("its list of files is too long")
	}
	return n, err
}

// bounded reads at most limit bytes, and fails where there are more.
type bounded struct {
	source      io.Reader
	left, limit int64
}

func (b *bounded) Read(p []byte) (int, error) {
	if int64(len(p)) > b.left+1 { // one more tells the end from too much
		p = p[:b.left+1]
	}
	n, err := b.source.Read(p)
	if b.left -= int64(n); b.left < 0 {
		b.left = 0
		return 0, fmt.Errorf("it is larger than %d MiB", b.limit>>20)
	}
	return n, err
}
