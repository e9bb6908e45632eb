package enrich

import (
	"bytes"
	"fmt"
	"io"
	"sync"

	"github.com/snowman-ml/snowman/internal/pipeline"
	"github.com/snowman-ml/snowman/logs"
)

// An Item is a record of a chunk.
type Item struct {
	Record []byte // with its line end
	Layout logs.Layout
	Format *logs.Format
	Number int // of its first line, packet or frame in the source, from 1

	said saying
}

// A Source is a stream of records in one format.
type Source struct {
	Name string // for messages; may be empty
	Skip int    // lines that are read for what they say of those behind them, which are counted from 1
	Open bool   // there is more behind the input: a record in which it ends is left for later

	format *logs.Format
	reader *logs.Reader
	flush  func() bool // before more input is waited for
	came   int         // bytes of the input
	rest   Rest
	spare  sync.Pool // chunks that were written

	connections pipeline.Feed[Item] // nil unless the source is made of others
}

// A Rest says where a part of a log ends, and what whoever reads the next part needs of this one.
type Rest struct {
	Lines   int   // that were read, without those of Source.Skip
	Unread  int   // bytes behind them; 0 unless Source.Open is set
	Sample  int   // lines of the beginning that are whole records, and enough to tell what the others are
	Headers []int // numbers of the last lines of comment, since they may say what lines behind them are
}

// Rest returns what is known after Feed has returned.
func (s *Source) Rest() Rest { return s.rest }

const keptHeaders = 32

// NewSource returns a Source. The sample is what Sample returned of the input, which is read from
// its beginning.
func NewSource(name string, input io.Reader, format *logs.Format, sample []byte, o logs.Options) (*Source, error) {
	s := &Source{Name: name, format: format}
	reader, err := format.NewReader(readerFunc(func(p []byte) (int, error) {
		if !s.flush() {
			return 0, io.EOF
		}
		n, err := input.Read(p)
		s.came += n
		return n, err
	}), sample, o)
	s.reader = reader
	return s, err
}

// Feed sends the records of the source: a chunk when it is full, and before more input is waited
// for.
func (s *Source) Feed(send func(*pipeline.Chunk[Item]) bool) error {
	if s.connections != nil {
		return s.connections(send)
	}
	c := s.newChunk()
	var ends []int
	wanted := true
	s.flush = func() bool {
		if !wanted || len(c.Items) == 0 {
			return wanted
		}
		c.First, c.Bytes = c.Items[0].Number, len(c.Memory)
		start := 0
		for i, end := range ends {
			c.Items[i].Record = c.Memory[start:end:end]
			start = end
		}
		wanted = send(c)
		c, ends = s.newChunk(), ends[:0]
		return wanted
	}
	consumed := 0
	for s.reader.Scan() {
		record, number := s.reader.Bytes(), s.reader.Number()-s.Skip
		if s.Open && s.reader.Cut() {
			s.rest.Unread = s.came - consumed
			break
		}
		consumed += len(record)
		s.note(record, number, consumed)
		if number < 1 {
			continue
		}
		c.Memory = append(c.Memory, record...)
		c.Items = append(c.Items, Item{Layout: s.reader.Layout(), Format: s.format, Number: number})
		ends = append(ends, len(c.Memory))
		if (len(c.Items) == pipeline.MaxItems || len(c.Memory) >= pipeline.MaxBytes) && !s.flush() {
			return nil
		}
	}
	s.flush()
	if err := s.reader.Err(); err != nil {
		return fmt.Errorf("reading records: %w", err)
	}
	return nil
}

// newChunk returns an empty chunk, with the memory of one that was written if there is one.
func (s *Source) newChunk() *pipeline.Chunk[Item] {
	c := &pipeline.Chunk[Item]{Source: s.Name}
	if old, ok := s.spare.Get().(*pipeline.Chunk[Item]); ok {
		c.Items, c.Memory, c.Output, c.Errors = old.Items[:0], old.Memory[:0], old.Output[:0], old.Errors[:0]
	}
	return c
}

// reuse takes a chunk that nobody needs any more. Large memory is left to others.
func (s *Source) reuse(c *pipeline.Chunk[Item]) {
	const most = 4 * pipeline.MaxBytes
	if max(cap(c.Memory), cap(c.Output), cap(c.Errors)) <= most {
		s.spare.Put(c)
	}
}

// note keeps what the next part of the log needs to know of a record.
func (s *Source) note(record []byte, number, consumed int) {
	last := number + max(1, bytes.Count(record, []byte("\n"))) - 1
	s.rest.Lines = max(0, last)
	switch {
	case s.Skip == 0 && last <= logs.SampleLines && consumed <= longestSample:
		s.rest.Sample = last
	case number > 0 && bytes.HasPrefix(bytes.TrimPrefix(record, []byte("\ufeff")), []byte("#")):
		if len(s.rest.Headers) == keptHeaders {
			s.rest.Headers = append(s.rest.Headers[:0], s.rest.Headers[1:]...)
		}
		s.rest.Headers = append(s.rest.Headers, number)
	}
}

// longestSample is how many bytes are enough to guess a format by.
const longestSample = 64 << 10

// Sample reads the beginning of an input: of one that may wait for an answer, what is there before
// it waits, but a line; of another, some hundred lines. If the second line is the last, it has a
// line end in the sample. All is the whole input.
func Sample(input io.Reader, mayWait bool) (sample []byte, all io.Reader) {
	if mayWait {
		return SampleLines(input, 1)
	}
	return SampleLines(input, logs.SampleLines+1)
}

// SampleLines reads the beginning of an input: what is there before it waits, but as many lines as
// are wanted, unless they are long. All is the whole input.
func SampleLines(input io.Reader, wanted int) (sample []byte, all io.Reader) {
	sample = make([]byte, 0, longestSample)
	var failure error
	for idle := 0; len(sample) < cap(sample) && failure == nil; {
		n := 0
		if n, failure = input.Read(sample[len(sample):cap(sample)]); n == 0 && failure == nil {
			if idle++; idle > 100 {
				failure = io.ErrNoProgress
			}
			continue
		}
		sample, idle = sample[:len(sample)+n], 0
		if bytes.Count(sample, []byte("\n")) >= wanted {
			break
		}
	}
	if failure != nil {
		input = failed{failure}
	}
	all = io.MultiReader(bytes.NewReader(sample), input)
	if failure == io.EOF && bytes.Count(sample, []byte("\n")) == 1 && sample[len(sample)-1] != '\n' {
		sample = append(sample, '\n') // a header and its only row, which is whole
	}
	return sample, all
}

// A failed reader has only an error.
type failed struct{ err error }

func (f failed) Read([]byte) (int, error) { return 0, f.err }

// readerFunc is a function as an io.Reader.
type readerFunc func([]byte) (int, error)

func (f readerFunc) Read(p []byte) (int, error) { return f(p) }
