package logs

import (
	"bytes"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/snowman-ml/snowman/internal/packet"
)

// A Format is a way in which records are written.
type Format struct {
	Name  string // for flags
	Title string // for messages and documentation
	Sort  Sort

	// AnyColumn is set where Options.Columns may say in which columns, members or pairs names
	// stand. Other formats do not heed them.
	AnyColumn bool

	// FilesOnly formats are never guessed where input may wait for an answer.
	FilesOnly bool

	// fits counts the lines of a sample, none of which is blank, that are of this format. A format
	// without it is never guessed.
	fits func(sample [][]byte) int

	// begin returns what follows the lines of a source, the first of which are the sample: at most
	// some hundred, maybe none. It is nil for a format that has no lines, and for Lines.
	begin func(sample [][]byte, o Options) (stream, error)

	// isMagic reports whether a source of messages begins like this, and messages reads it.
	isMagic  func(begin []byte) bool
	messages func(source io.Reader) messageSource

	// flatten puts each record of a source on a line of its own, where that is not so already. Then
	// the number of a record is that of the line it is put on. Only formats of the sort Names have
	// it.
	flatten func(io.Reader) io.Reader

	// columns returns those that may hold names, and those that do where Options name none. Formats
	// of which AnyColumn holds have it.
	columns func(sample [][]byte) (all, found []string)
}

// A Sort says what comes of records.
type Sort int

// The sorts of formats.
const (
	Lists    Sort = iota // a text a line, which is no record: such sources are not for a Reader
	Records              // lines, into which fields are written
	Messages             // binary: Append gives a JSON line for each
	Names                // names alone: there is no record that fields could be written into
)

// Lines is the format of what is no log: a name or URL a line.
var Lines = &Format{Name: "lines", Title: "a name or URL a line", Sort: Lists}

// List is the format of what people paste, and of lists that they keep. It is never guessed.
var List = &Format{Name: "list", Title: "names, one in each line or among words", Sort: Names, begin: newList}

// Formats are all formats. Of two that fit a sample alike the first is guessed.
var Formats = []*Format{
	Lines,
	{Name: "zeek", Title: "Zeek log", Sort: Records, fits: fitsZeek, begin: newZeek},
	{Name: "suricata", Title: "Suricata EVE", Sort: Records, fits: fitsSuricata, begin: newSuricata},
	{Name: "pihole", Title: "Pi-hole log", Sort: Records, fits: fitsPihole, begin: newDnsmasq},
	{Name: "pihole-db", Title: "rows of Pi-hole's database", Sort: Records, begin: newDelimited('\t', &piholeDB)},
	{Name: "dnsmasq", Title: "dnsmasq log", Sort: Records, fits: fitsDnsmasq, begin: newDnsmasq},
	{Name: "unbound", Title: "Unbound log", Sort: Records, fits: fitsProgram(unbound{}, containsOne("unbound")), begin: newUnbound},
	{Name: "adguard", Title: "AdGuard Home query log", Sort: Records, fits: fitsAdGuard, begin: newAdGuard},
	{Name: "bind", Title: "BIND query log", Sort: Records, fits: fitsProgram(bind{}, containsOne(" named[", ": info: ", ": error: ")), begin: newBIND},
	{Name: "powerdns", Title: "PowerDNS recursor log", Sort: Records, fits: fitsRecursor, begin: newRecursor},
	{Name: "dnsdist", Title: "dnsdist log", Sort: Records, fits: fitsProgram(dnsdist{}, containsOne("Got answer from ")), begin: newDnsdist},
	{Name: "coredns", Title: "CoreDNS log", Sort: Records, fits: fitsProgram(coredns{}, containsOne("[INFO] ", "[ERROR] ", "[WARNING] ")), begin: newCoreDNS},
	{Name: "knot-resolver", Title: "Knot resolver log", Sort: Records, fits: fitsProgram(knotResolver{}, isKnotLine), begin: newKnotResolver},
	{Name: "windows-dns", Title: "Windows DNS debug log", Sort: Records, fits: fitsWindowsDNS, begin: newWindowsDNS},
	{Name: "route53", Title: "Route 53 Resolver query log", Sort: Records, fits: fitsPaths("query_name", "query_timestamp"), begin: presetJSON(route53)},
	{Name: "zscaler", Title: "Zscaler NSS web log", Sort: Records, fits: fitsPaths("event.requestmethod"), begin: presetJSON(zscaler)},
	{Name: "ct", Title: "certificate-transparency stream", Sort: Records, fits: fitsPaths("data.leaf_cert.all_domains"), begin: presetJSON(transparency)},
	{Name: "fortinet", Title: "Fortinet log", Sort: Records, fits: fitsFortinet, begin: presetPairs(fortinet)},
	{Name: "paloalto", Title: "Palo Alto threat log", Sort: Records, fits: fitsPaloAlto, begin: newDelimited(',', &paloalto)},
	{Name: "umbrella", Title: "Umbrella DNS log", Sort: Records, fits: fitsUmbrella, begin: newDelimited(',', &umbrella)},
	{Name: "kibana", Title: "CSV of Kibana", Sort: Records, AnyColumn: true, begin: newDelimited(',', nil), columns: columnsOfTable(',')},
	{Name: "splunk", Title: "CSV of Splunk", Sort: Records, AnyColumn: true, begin: newDelimited(',', nil), columns: columnsOfTable(',')},
	{Name: "squid", Title: "Squid access log", Sort: Records, fits: fitsWhole(squid{}), begin: newSquid},
	{Name: "access", Title: "access log of nginx or Apache", Sort: Records, fits: fitsAccess, begin: newAccess},
	{Name: "haproxy", Title: "HAProxy log", Sort: Records, fits: fitsWhole(haproxy{}), begin: newHAProxy},
	{Name: "envoy", Title: "Envoy access log", Sort: Records, fits: fitsEnvoy, begin: newEnvoy},
	{Name: "rpz", Title: "response policy zone", Sort: Names, fits: fitsRPZ, begin: newRPZ},
	{Name: "hosts", Title: "hosts file", Sort: Names, fits: fitsHosts, begin: newHosts},
	{Name: "adblock", Title: "list of an advertising blocker", Sort: Names, fits: fitsAdblock, begin: newAdblock},
	{Name: "stix", Title: "STIX bundle", Sort: Names, fits: fitsSTIX, begin: newSTIX, flatten: flattenSTIX},
	{Name: "misp", Title: "MISP event", Sort: Names, fits: fitsMISP, begin: newMISP, flatten: flattenMISP},
	{Name: "sysmon", Title: "events of Sysmon", Sort: Names, fits: fitsSysmon, begin: newSysmon, flatten: splitEvents},
	{Name: "snowman", Title: "what Snowman wrote of a capture", Sort: Records, fits: fitsOwn, begin: newOwn},
	{Name: "jsonl", Title: "JSON lines", Sort: Records, AnyColumn: true, fits: fitsJSON, begin: newGenericJSON, columns: membersOf},
	{Name: "tsv", Title: "tab-separated values", Sort: Records, AnyColumn: true, FilesOnly: true, fits: fitsTable("\t"), begin: newDelimited('\t', nil), columns: columnsOfTable('\t')},
	{Name: "csv", Title: "comma-separated values", Sort: Records, AnyColumn: true, FilesOnly: true, fits: fitsTable(",;|"), begin: newDelimited(0, nil), columns: columnsOfTable(0)},
	{Name: "text", Title: "names in text", Sort: Names, FilesOnly: true, fits: fitsProse, begin: newProse},
	List,
	{Name: "kv", Title: "pairs key=value", Sort: Records, AnyColumn: true, begin: newKeyValues, columns: keysOf},
	{Name: "dnstap", Title: "dnstap", Sort: Messages, isMagic: isDnstap, messages: newDnstap},
	{Name: "pcap", Title: "pcap or pcapng capture", Sort: Messages, isMagic: packet.IsCapture, messages: newPcap},
}

// Find returns the format of this name.
func Find(name string) (*Format, error) {
	var names []string
	for _, format := range Formats {
		if format.Name == name {
			return format, nil
		}
		names = append(names, format.Name)
	}
	return nil, fmt.Errorf("unknown format %.80q: want one of %s", name, strings.Join(names, ", "))
}

// Numbered returns what Reader.Number counts: line, packet or frame.
func (f *Format) Numbered() string {
	switch f.Name {
	case "pcap":
		return "packet"
	case "dnstap":
		return "frame"
	}
	return "line"
}

// NewReader returns a Reader of the records of source, whose beginning is in sample too, if some of
// it was read before. A sample of at least a line is needed where the format has to be told where
// names stand, and is not.
func (f *Format) NewReader(source io.Reader, sample []byte, o Options) (*Reader, error) {
	if f.messages != nil {
		return &Reader{messages: f.messages(source), layout: Layout{messages{jsonMembers{o}}}}, nil
	}
	if f.begin == nil {
		return nil, fmt.Errorf("format %s has no records", f.Name)
	}
	s, err := f.begin(sampleLines(sample), o)
	if err != nil {
		return nil, fmt.Errorf("reading %s: %w", f.Title, err)
	}
	if f.flatten != nil {
		source = f.flatten(source)
	}
	return newReader(source, s), nil
}

// Whole reports whether a source can only be read from its beginning to its end: neither do its
// records stand in lines, nor do its first lines say what a part of it is.
func (f *Format) Whole() bool { return f.Sort == Messages || f.flatten != nil }

// Columns returns the columns of a sample that may hold names, as Options.Columns takes them, and
// those that do unless it names others. There are none where AnyColumn is not set.
func (f *Format) Columns(sample []byte) (all, found []string) {
	if f.columns == nil {
		return nil, nil
	}
	return f.columns(sampleLines(sample))
}

// SampleLines is how many lines are enough to guess a format by.
const SampleLines = 100

// A Guess is a format, and why.
type Guess struct {
	Format       *Format
	Fit, Sampled int // lines of the sample that are of the format, of those that are not blank; 0 where the first bytes tell
}

// GuessFormat returns the format of a sample, the whole lines that a source begins with. Nine in
// ten of at least two lines must fit, else it is Lines. Of a file more formats are guessed than of
// what may wait for an answer.
func GuessFormat(sample []byte, isFile bool) Guess {
	for _, format := range Formats {
		if format.isMagic != nil && format.isMagic(sample) {
			return Guess{Format: format}
		}
	}
	lines := sampleLines(sample)
	best := Guess{Lines, len(lines), len(lines)}
	if len(lines) < 2 {
		return best
	}
	most := 0
	for _, format := range Formats {
		if format.fits == nil || format.FilesOnly && !isFile {
			continue
		}
		if fit := format.fits(lines); fit > most && 10*fit >= 9*len(lines) {
			best, most = Guess{format, fit, len(lines)}, fit
		}
	}
	return best
}

// sampleLines returns the lines of a sample, at most SampleLines, that are whole and not blank. If
// none is whole, it is the only one.
func sampleLines(sample []byte) [][]byte {
	if whole := bytes.LastIndexByte(sample, '\n') + 1; whole > 0 {
		sample = sample[:whole]
	}
	var found [][]byte
	for line := range bytes.Lines(sample) {
		line, _ = cutEnd(line[startNULs(line):])
		line = withoutMark(line)
		if isBlank(line) {
			continue
		}
		if found = append(found, line); len(found) == SampleLines {
			break
		}
	}
	return slices.Clip(found)
}

// fitsPaloAlto counts the lines that are of a firewall's log, behind what syslog writes.
func fitsPaloAlto(sample [][]byte) int {
	count := 0
	for _, line := range sample {
		cells := bytes.SplitN(line, []byte(","), 6)
		if len(cells) == 6 && slices.Contains([]string{"THREAT", "TRAFFIC", "SYSTEM", "CONFIG", "GLOBALPROTECT", "USERID"}, string(cells[3])) {
			count++
		}
	}
	return count
}
