package allow

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"math"
	"net/netip"
	"path/filepath"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/snowman-ml/snowman/internal/canon"
	"github.com/snowman-ml/snowman/internal/inputfile"
	"github.com/snowman-ml/snowman/internal/lines"
	"github.com/snowman-ml/snowman/internal/plain"
	"github.com/snowman-ml/snowman/internal/visible"
)

// Limits of a file.
const (
	maxFile       = 256 << 20 // bytes, also of what is in it if it is compressed
	maxLine       = canon.MaxLength
	longestName   = 253 // bytes of a name in DNS (RFC 1035, section 2.3.4) as it is written
	longestShown  = 80  // bytes of an entry that an error quotes
	shownProblems = 5   // of a file; the others are counted
)

// Open reads the files. The problems are bad entries and warnings, each with its file and line; of
// many in one file, the first and the number of the others. The error is about a file that cannot
// be read, or that has entries but no valid one.
func Open(paths ...string) (list *List, problems []error, err error) {
	if len(paths) > math.MaxUint16 {
		return nil, nil, fmt.Errorf("%d allow lists, want at most %d", len(paths), math.MaxUint16)
	}
	var b builder
	for _, path := range paths {
		if err := b.readFile(path); err != nil {
			return nil, b.problems, err
		}
	}
	return b.build(), b.problems, nil
}

// A builder collects entries, then builds a List.
type builder struct {
	files    []string
	names    tableBuilder
	networks []network
	patterns []pattern
	hasTexts bool
	problems []error

	// Of the file that is being read.
	path      string
	place     string // what number counts: line or entry
	number    int
	valid     int   // entries
	entries   int   // valid ones of all files
	troubles  int   // problems
	first     error // problem with an entry that is not valid
	fatal     error // ends the reading
	url, more canon.URL
}

func (b *builder) build() *List {
	return &List{b.files, b.names.build(), newNetworks(b.networks), b.patterns, b.hasTexts, b.entries}
}

func (b *builder) readFile(path string) error {
	file, err := inputfile.OpenLimited(path, maxFile)
	if err != nil {
		return fmt.Errorf("reading allow list: %w", err)
	}
	defer file.Close()
	if err := b.read(path, file); err != nil {
		return fmt.Errorf("reading allow list %q: %w", path, err)
	}
	return nil
}

// read reads one file.
func (b *builder) read(path string, file io.Reader) error {
	b.path, b.place, b.number, b.valid, b.troubles, b.first, b.fatal = path, "", 0, 0, 0, nil, nil
	b.files = append(b.files, filepath.Base(path))
	problems := len(b.problems)
	limited := &io.LimitedReader{R: plain.NewReader(file), N: maxFile + 1}
	source := bufio.NewReader(limited)
	head, err := source.Peek(source.Size())
	if err != nil && err != io.EOF {
		return err
	}
	if zero := bytes.IndexByte(head, 0); zero >= 0 {
		return fmt.Errorf("not text: byte %d is 0; UTF-16 needs a byte order mark", zero+1)
	}
	head = bytes.TrimPrefix(head, []byte(byteOrderMark))
	read := b.readLines
	if bytes.HasPrefix(bytes.TrimSpace(head), []byte("{")) {
		read = b.readWarningList
	}
	if err := read(source); err != nil && limited.N > 0 {
		return err
	}
	switch {
	case limited.N == 0:
		return fmt.Errorf("it is larger than %d MiB", maxFile>>20)
	case b.fatal != nil:
		return b.fatal
	case b.valid == 0 && b.first != nil:
		return fmt.Errorf("not one valid entry; the first: %w", b.first)
	case len(head) == 0: // an empty file, as one is made for entries to come
	case b.valid == 0 && len(b.problems) == problems:
		b.problems = append(b.problems, fmt.Errorf("%s: it holds no entries", b.path))
	}
	b.entries += b.valid
	if more := b.troubles - shownProblems; more > 0 {
		b.problems = append(b.problems, fmt.Errorf("%s: %d more such problems", b.path, more))
	}
	return nil
}

const byteOrderMark = "\xef\xbb\xbf"

// report notes a problem, or a warning, at the current place.
func (b *builder) report(problem error) {
	if b.troubles++; b.troubles <= shownProblems {
		b.problems = append(b.problems, fmt.Errorf("%s: %s %d: %w", b.path, b.place, b.number, problem))
	}
}

// refuse reports an entry as bad.
func (b *builder) refuse(written, format string, arguments ...any) {
	problem := fmt.Errorf("%q: %w", visible.Abbreviate(written, longestShown), fmt.Errorf(format, arguments...))
	if b.first == nil {
		b.first = fmt.Errorf("%s %d: %w", b.place, b.number, problem)
	}
	b.report(problem)
}

// readLines reads plain text.
func (b *builder) readLines(source io.Reader) error {
	b.place = "line"
	r := lines.NewReader(source, maxLine)
	for r.Scan() && b.fatal == nil {
		b.number = r.Number()
		if !r.Cut() && !utf8.Valid(r.Bytes()) {
			return notUTF8(b.number)
		}
		if r.Cut() {
			b.refuse(string(r.Bytes()), "longer than %d bytes", maxLine)
			continue
		}
		line, _, _ := bytes.Cut(r.Bytes(), []byte("#"))
		switch text := string(bytes.TrimSpace(line)); {
		case text == "", text[0] == '!' && strings.Contains(text, " "): // a comment of rules
		case strings.HasPrefix(text, "||"), strings.HasPrefix(text, "@@"):
			b.refuse(text, "a rule of an advertising blocker; write *.name for a name and all below it")
		case strings.ContainsAny(text, " \t"):
			b.addHosts(text)
		default:
			b.addPlain(text)
		}
	}
	return r.Err()
}

// notUTF8 refuses a list of which a line is in another encoding: its names would be others than
// those meant, and match nothing.
func notUTF8(line int) error {
	return fmt.Errorf("line %d is not UTF-8; convert the list, for example with iconv", line)
}

// ownNames are names in hosts files that stand for the machine itself and its networks.
var ownNames = []string{
	"localhost", "localhost.localdomain", "local", "broadcasthost", "0.0.0.0", "ip6-localhost", "ip6-loopback",
	"ip6-localnet", "ip6-mcastprefix", "ip6-allnodes", "ip6-allrouters", "ip6-allhosts",
}

// addHosts adds a line of a hosts file: an address, then names.
func (b *builder) addHosts(line string) {
	fields := strings.Fields(line)
	if _, err := netip.ParseAddr(fields[0]); err != nil {
		b.refuse(line, "more than one name in a line that does not begin with an address, as those of a hosts file")
		return
	}
	for _, name := range fields[1:] {
		if !slices.Contains(ownNames, strings.ToLower(name)) {
			b.addPlain(name)
		}
	}
}

// addPlain adds an entry of a plain list.
func (b *builder) addPlain(written string) {
	if strings.Contains(written, "/") {
		if prefix, err := netip.ParsePrefix(written); err == nil {
			b.addNetwork(written, prefix)
			return
		}
	}
	if name, isWildcard := cutWildcard(written); isWildcard {
		b.addBelow(written, name)
		return
	}
	b.addText(written, true)
}

// cutWildcard returns the name of *.name or .name.
func cutWildcard(written string) (name string, isWildcard bool) {
	return strings.CutPrefix(strings.TrimPrefix(written, "*"), ".")
}

// addText adds a host, or a text that is more than one. Unless hosts are meant, a bare host is a
// whole text too.
func (b *builder) addText(written string, hostsAreMeant bool) {
	if err := b.url.Parse(written); err != nil {
		b.refuse(written, "%w", err)
		return
	}
	host, text := b.url.Host(), b.url.Bytes()
	if from := b.url.UnwrappedFrom(); from != "" {
		b.refuse(written, "a link of %s, which would allow what it leads to", from)
		return
	}
	if b.url.HasUserInfo() || len(host) == len(text) && strings.Contains(written, "@") {
		b.refuse(written, "a user or an e-mail address, which would allow the whole host; write the host alone")
		return
	}
	if err := checkHost(host); err != nil {
		b.refuse(written, "%w", err)
		return
	}
	reach := wholeText
	if len(host) < len(text) {
		b.hasTexts = true
	} else if hostsAreMeant {
		reach = atHost
	}
	b.addName(written, text, reach)
}

// addBelow adds a name and everything below it.
func (b *builder) addBelow(written, name string) {
	if err := b.url.Parse(name); err != nil {
		b.refuse(written, "%w", err)
		return
	}
	if b.url.IsAddress() {
		b.refuse(written, "nothing is below an address; a network is written as 192.0.2.0/24")
		return
	}
	// Two labels before the name show what anybody can register below it, and keep its www.
	const labels = "x.x."
	err := b.more.Parse(labels + name)
	key, isBelow := bytes.CutPrefix(b.more.Host(), []byte(labels))
	if err != nil || !isBelow || len(b.more.Host()) < len(b.more.Bytes()) {
		b.refuse(written, "a wildcard takes a name alone")
		return
	}
	if err := checkHost(key); err != nil {
		b.refuse(written, "%w", err)
		return
	}
	if b.more.IsRegistrable() && len(b.more.RegisteredDomain()) > len(key) {
		switch {
		case b.more.IsHosted():
			b.report(fmt.Errorf("%q: allowed, although anybody can have a name below it", visible.Abbreviate(written, longestShown)))
		case !isReserved(string(key)):
			b.refuse(written, "anybody can register a name below a public suffix, so it would allow nearly everything")
			return
		}
	}
	if host := b.url.Host(); !bytes.Equal(host, key) {
		// The canonical form of www.name is name: only that one host is meant.
		b.addName(written, host, atHost)
		return
	}
	b.addName(written, key, below)
}

// isReserved reports whether names below a public suffix are for public authorities or, below edu
// alone, for universities: anybody may register below edu.xx.
func isReserved(suffix string) bool {
	label, _, _ := strings.Cut(suffix, ".")
	return suffix == "edu" || slices.Contains([]string{"gov", "gob", "gouv", "mil"}, label)
}

func (b *builder) addName(written string, key []byte, reach reach) {
	if max(len(written), len(key)) > maxKey {
		b.refuse(written, "longer than %d bytes", maxKey)
		return
	}
	b.valid++
	b.fatal = b.names.add(written, key, reach, b.file())
}

// addNetwork adds the addresses of a network.
func (b *builder) addNetwork(written string, prefix netip.Prefix) {
	switch {
	case prefix.Bits() == 0:
		b.refuse(written, "it would allow every address")
	case prefix != prefix.Masked():
		b.refuse(written, "the address has bits behind the prefix, want %s", prefix.Masked())
	default:
		b.valid++
		b.networks = append(b.networks, network{prefix: prefix, written: written, file: b.file()})
	}
}

// file is the index of the file that is being read.
func (b *builder) file() uint16 { return uint16(len(b.files) - 1) }

// checkHost refuses a host in canonical form that cannot be a name in DNS.
func checkHost(host []byte) error {
	switch {
	case bytes.IndexByte(host, '*') >= 0, bytes.Contains(host, []byte("%2A")):
		return errors.New("a * stands for the first labels of a name alone")
	case bytes.IndexByte(host, '%') >= 0:
		return errors.New("not a name")
	case bytes.Contains(host, []byte("..")):
		return errors.New("not a name: a label is empty")
	case len(host) > longestName:
		return fmt.Errorf("not a name: longer than %d bytes", longestName)
	}
	return nil
}
