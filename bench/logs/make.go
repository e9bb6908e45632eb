package main

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"os"
	"strconv"

	"github.com/klauspost/compress/gzip"

	"github.com/snowman-ml/snowman/internal/enrich"
	"github.com/snowman-ml/snowman/logs"
)

// makeFiles makes a log of so many records from a sample, and a list of the names in it. In every
// fourth record a name gets a label, or a path a segment, that it never had; in the others one of
// some thousand: names repeat in logs.
func makeFiles(sample, format string, records int, logFile, namesFile string) (made, names int, err error) {
	text, err := os.ReadFile(sample)
	if err != nil {
		return 0, 0, err
	}
	m, err := newMaker(text, format)
	if err != nil {
		return 0, 0, err
	}
	log, err := createGzip(logFile)
	if err != nil {
		return 0, 0, err
	}
	defer log.file.Close()
	bare, err := createGzip(namesFile)
	if err != nil {
		return 0, 0, err
	}
	defer bare.file.Close()
	log.Write(m.header)
	for made = range records {
		line, found := m.next(made)
		log.Write(line)
		for _, name := range found {
			names++
			bare.Write(append(enrich.AppendName(nil, name), '\n'))
		}
	}
	return records, names, errors.Join(log.close(), bare.close())
}

// A gzipFile is a compressed file. Its errors come out when it is closed.
type gzipFile struct {
	*bufio.Writer
	packed *gzip.Writer
	file   *os.File
}

func createGzip(path string) (gzipFile, error) {
	file, err := os.Create(path)
	if err != nil {
		return gzipFile{}, err
	}
	packed, err := gzip.NewWriterLevel(file, gzip.BestSpeed)
	return gzipFile{bufio.NewWriterSize(packed, 64<<10), packed, file}, err
}

func (g gzipFile) close() error { return errors.Join(g.Flush(), g.packed.Close(), g.file.Close()) }

// A maker makes records.
type maker struct {
	header  []byte // what stands before the first record
	records []sampleRecord
	line    []byte
}

// A sampleRecord is one of the sample.
type sampleRecord struct {
	line   []byte
	layout logs.Layout
	place  int // of a name, or of its path; 0 where none stands there as it is scored
	isPath bool
	record logs.Record
}

func newMaker(sample []byte, format string) (*maker, error) {
	f, err := logs.Find(format)
	if err != nil {
		return nil, err
	}
	reader, err := f.NewReader(bytes.NewReader(sample), sample, logs.Options{})
	if err != nil {
		return nil, err
	}
	m := new(maker)
	for reader.Scan() {
		r := sampleRecord{line: bytes.Clone(reader.Bytes()), layout: reader.Layout()}
		r.layout.Find(r.line, &r.record)
		switch {
		case r.record.Broken != "", r.record.Lost: // rare, but in samples
			continue
		case r.record.Header:
			if len(m.records) == 0 {
				m.header = append(m.header, r.line...)
			}
			continue
		}
		r.findPlace()
		m.records = append(m.records, r)
	}
	if err := reader.Err(); err != nil {
		return nil, err
	}
	if len(m.records) == 0 {
		return nil, fmt.Errorf("the sample has no records of the format %s", format)
	}
	return m, nil
}

// findPlace finds where a label may be put before a name of DNS, or a segment into the path of a
// URL, so that it becomes a part of the name.
func (r *sampleRecord) findPlace() {
	for _, name := range r.record.Names {
		text := bytes.Clone(name.Text)
		host := text
		if scheme := bytes.Index(text, []byte("://")); scheme >= 0 && !name.DNS {
			host = text[scheme+len("://"):]
		}
		slash := bytes.IndexByte(host, '/')
		if r.isPath = slash >= 0 && !name.DNS; r.isPath {
			host = host[slash:]
		}
		for i := 0; i < len(r.line); i++ {
			n := bytes.Index(r.line[i:], host)
			if n < 0 {
				break
			}
			i += n
			r.place = i
			if r.isPath {
				r.place++
			}
			if r.place > 0 && r.isNew(text) {
				return
			}
		}
	}
	r.place = 0
	r.layout.Find(r.line, &r.record)
}

// isNew reports whether what is put at the place becomes a part of a name.
func (r *sampleRecord) isNew(old []byte) bool {
	const part = "n0n"
	line := append(append(bytes.Clone(r.line[:r.place]), part+r.separator()...), r.line[r.place:]...)
	var found logs.Record
	r.layout.Find(line, &found)
	for _, name := range found.Names {
		if bytes.Contains(name.Text, []byte(part)) && !bytes.Equal(name.Text, old) {
			return true
		}
	}
	return false
}

func (r *sampleRecord) separator() string {
	if r.isPath {
		return "/"
	}
	return "."
}

const repeatedLabels = 1000

// next returns the record of this number, and the names in it. Both hold until the next call.
func (m *maker) next(number int) (line []byte, names []logs.Name) {
	r := &m.records[number%len(m.records)]
	round := number / len(m.records)
	if r.place == 0 {
		r.layout.Find(r.line, &r.record)
		return r.line, r.record.Names
	}
	m.line = append(m.line[:0], r.line[:r.place]...)
	if round%4 == 0 {
		m.line = strconv.AppendInt(append(m.line, 'n'), int64(number), 36)
	} else {
		m.line = strconv.AppendInt(append(m.line, 'r'), int64(number*7919%repeatedLabels), 36)
	}
	m.line = append(append(m.line, r.separator()...), r.line[r.place:]...)
	r.layout.Find(m.line, &r.record)
	return m.line, r.record.Names
}
