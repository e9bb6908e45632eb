package blocklist

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"slices"
	"strings"
)

// Options say what a list holds beside its entries. The zero value works.
type Options struct {
	// Serial is the number of the list, which formats with a number or a time of change say. It
	// should grow whenever the list changes. Default: 1.
	Serial uint32
}

// A Format is a way in which lists are written.
type Format struct {
	Name  string // for flags
	Title string // for messages and documentation
	Main  string // a folder of several files is written, of which this one has the entries; else empty

	carries    kind
	below      bool // an entry stands for all names below it, so those are left out
	longest    int  // bytes of a name; 0: any
	exact      bool // an exception for a name alone is possible; else it is for all below the name
	between    string
	begin, end func(out []byte, o Options) []byte
	append     func(out []byte, r row) []byte

	read  func(line []byte) (text string, err error) // of an entry, or "" where a line has none
	parse func(io.Reader) ([]string, error)          // instead, where there are no lines
	files func(create Create, l *List, o Options) (LeftOut, error)
}

// Formats are all formats.
var Formats = []*Format{
	{Name: "rpz", Title: "response policy zone", carries: name, below: true, exact: true, longest: longestInZone, begin: beginRPZ, append: appendRPZ, read: readRPZ},
	{Name: "hosts", Title: "hosts file", carries: name, begin: beginComments, append: appendHosts, read: readHosts},
	{Name: "adblock", Title: "rules of an advertising blocker", carries: name | ipv4, below: true, begin: beginAdblock, append: appendAdblock, read: readAdblock},
	{Name: "dnsmasq", Title: "configuration of dnsmasq", carries: name, below: true, begin: beginComments, append: appendDnsmasq, read: readDnsmasq},
	{Name: "unbound", Title: "local zones of Unbound", carries: name, below: true, begin: beginUnbound, append: appendUnbound, read: readUnbound},
	{Name: "zeek-intel", Title: "Intel file of Zeek", carries: name | ipv4 | ipv6 | url, begin: beginZeekIntel, append: appendZeekIntel, read: readZeekIntel},
	{Name: "suricata-dataset", Title: "dataset of Suricata", carries: name | ipv4, append: appendDataset, read: readDataset},
	{Name: "suricata-datarep", Title: "reputations of Suricata", carries: name | ipv4, append: appendDatarep, read: readDatarep},
	{Name: "stix", Title: "STIX 2.1 bundle", carries: name | ipv4 | ipv6 | url, between: ",\n", begin: beginSTIX, append: appendSTIX, end: endSTIX, parse: readSTIX},
	misp,
	{Name: "misp-feed", Title: "folder of a MISP feed", Main: mispEvent + ".json", carries: name | ipv4 | ipv6 | url, parse: readMISP, files: writeMISPFeed},
	{Name: "plain", Title: "a name or address a line", carries: name | ipv4 | ipv6, append: appendPlain, read: readPlain},
}

// CarriesURLs reports whether URLs are entries of the format, not their hosts alone.
func (f *Format) CarriesURLs() bool { return f.carries&url != 0 }

// Find returns the format of this name.
func Find(name string) (*Format, error) {
	var names []string
	for _, f := range Formats {
		if f.Name == name {
			return f, nil
		}
		names = append(names, f.Name)
	}
	return nil, fmt.Errorf("unknown format %.80q: want one of %s", name, strings.Join(names, ", "))
}

// Write writes a list. Of a format with several files it returns an error: WriteFolder writes them.
func (f *Format) Write(w io.Writer, l *List, o Options) (LeftOut, error) {
	if f.files != nil {
		return nil, fmt.Errorf("writing the list as %s: it is several files", f.Title)
	}
	rows, leftOut := f.rows(l)
	out := bufio.NewWriterSize(w, 64<<10)
	if f.begin != nil {
		out.Write(f.begin(nil, o.withDefaults()))
	}
	var line []byte
	for i, r := range rows {
		if line = line[:0]; i > 0 {
			line = append(line, f.between...)
		}
		line = f.append(line, r)
		out.Write(line) // its error is also that of Flush
	}
	if f.end != nil {
		out.Write(f.end(nil, o))
	}
	if err := out.Flush(); err != nil {
		return nil, fmt.Errorf("writing the list as %s: %w", f.Title, err)
	}
	return leftOut, nil
}

func (o Options) withDefaults() Options {
	if o.Serial == 0 {
		o.Serial = 1
	}
	return o
}

// Create creates a file whose content write writes.
type Create func(file string, write func(io.Writer) error) error

// WriteFolder writes the files of a list, with a function that replaces a file.
func (f *Format) WriteFolder(folder string, create Create, l *List, o Options) (LeftOut, error) {
	if f.files == nil {
		return nil, fmt.Errorf("writing the list as %s: it is one file", f.Title)
	}
	return f.files(func(file string, write func(io.Writer) error) error {
		return create(filepath.Join(folder, file), write)
	}, l, o.withDefaults())
}

// Read returns the entries of a list that was written by Write, sorted. What Write would not have
// written is an error.
func (f *Format) Read(source io.Reader) (texts []string, err error) {
	if f.parse != nil {
		texts, err = f.parse(source)
	} else {
		texts, err = f.readLines(source)
	}
	if err != nil {
		return nil, fmt.Errorf("reading the list as %s: %w", f.Title, err)
	}
	slices.Sort(texts)
	return slices.Compact(texts), nil
}

// Texts returns what Read returns of the list that Write writes.
func (f *Format) Texts(l *List) ([]string, error) {
	if f.files != nil {
		f = misp // which the file of the entries is
	}
	source, sink := io.Pipe()
	defer source.Close()
	go func() {
		_, err := f.Write(sink, l, Options{})
		sink.CloseWithError(err)
	}()
	return f.Read(source)
}

// errForeign is of what Write does not write.
var errForeign = errors.New("it is not as snowman list writes it")

func (f *Format) readLines(source io.Reader) (texts []string, err error) {
	const longestLine = 5 * longestURL // in Zeek's a \ has four bytes, and a comment may follow
	lines := bufio.NewScanner(source)
	lines.Buffer(nil, longestLine)
	lines.Split(func(data []byte, atEnd bool) (int, []byte, error) {
		if end := bytes.IndexByte(data, '\n'); end >= 0 {
			return end + 1, data[:end], nil
		}
		if atEnd && len(data) > 0 {
			return 0, nil, errors.New("the last line has no end")
		}
		return 0, nil, nil
	})
	for number := 1; lines.Scan(); number++ {
		text, err := f.read(lines.Bytes())
		if err != nil {
			return nil, fmt.Errorf("line %d: %w", number, err)
		}
		if text != "" {
			texts = append(texts, text)
		}
	}
	return texts, lines.Err()
}

// between returns what stands in a line behind one text and before another.
func between(line []byte, before, behind string) (string, bool) {
	rest, ok := bytes.CutPrefix(line, []byte(before))
	if !ok {
		return "", false
	}
	inner, ok := bytes.CutSuffix(rest, []byte(behind))
	return string(inner), ok
}

// cutComment returns a line without the comment behind a mark. A comment is printable.
func cutComment(line []byte, mark string) ([]byte, error) {
	before, comment, _ := bytes.Cut(line, []byte(mark))
	for _, c := range comment {
		if c < ' ' || c > '~' {
			return nil, errForeign
		}
	}
	return before, nil
}

// nameOf returns a name that Write may have written.
func nameOf(text string, ok bool) (string, error) {
	if !ok || !isWritable(text) {
		return "", errForeign
	}
	return text, nil
}

func beginComments(out []byte, _ Options) []byte { return append(out, "# Snowman\n"...) }
