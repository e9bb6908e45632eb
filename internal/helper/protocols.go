package helper

import (
	"fmt"
	"strings"

	"github.com/snowman-ml/snowman"
)

// Options are what answers depend on beside model and allow list. Each is of the protocols that its
// comment begins with.
type Options struct {
	Minimum snowman.Level // squid-acl, squid-rewrite, postfix: what reaches it is told. Default: all that has a score

	SNI      int      // squid-acl: number, from 1, of the token that is a TLS server name. Default: none is
	Redirect string   // squid-rewrite: the URL of the page that clients get instead. It must be given
	Format   string   // clickhouse: TabSeparated, LineAsString or JSONEachRow. Default: TabSeparated
	Return   []string // clickhouse: of score, level and kind, what is answered. Default: these three
	Field    string   // splunk: the column of the texts. Default: the first of SplunkColumns that the header has
}

// A Protocol is how a program asks.
type Protocol struct {
	Name    string
	Summary string   // one line for the help
	Flags   []string // names of the flags for what it takes of Options

	end      end
	needsEnd bool // a request without its end is none: half a URL is another one
	whole    bool // a request has one text at most, and answers may have all that is said of it
	begin    func(Options) (protocol, error)
}

// A protocol reads the requests of one stream and writes the answers. Ask is called with one
// request after the other, answer by several goroutines.
type protocol interface {
	// ask adds the texts that a request asks about to the batch, and notes what answer needs.
	ask(q *question, b *batch)
	// answer appends the answer, with its end, to a question whose worst text this is.
	answer(out []byte, q *question, worst *said) []byte
}

// Protocols are all, in the order in which the help lists them.
var Protocols = []Protocol{
	{Name: "squid-acl", Summary: "Squid's external_acl_type: OK for what reaches -min, else ERR", Flags: []string{"min", "sni"}, end: endOfLine, needsEnd: true, begin: beginACL},
	{Name: "squid-rewrite", Summary: "Squid's url_rewrite_program: what reaches -min leads to -redirect", Flags: []string{"min", "redirect"}, end: endOfLine, needsEnd: true, begin: beginRewrite},
	{Name: "postfix", Summary: "Postfix's policy delegation: what reaches -min gets a header, X-Snowman", Flags: []string{"min"}, end: endOfBlock, needsEnd: true, begin: beginPostfix},
	{Name: "clickhouse", Summary: "functions of ClickHouse, in the -format that the function has", Flags: []string{"format", "return"}, end: endOfLine, begin: beginClickHouse},
	{Name: "splunk", Summary: "Splunk's external look-up: fills snowman_score, _level and _kind", Flags: []string{"field"}, end: endOfRecord, begin: beginSplunk},
	{Name: "binding", Summary: "libraries of other languages: score, row, verdict or explain, a tab, and a text a line", end: endOfLine, whole: true, begin: beginBinding},
	{Name: "lines", Summary: "a text a line: score, level, kind and text, with tabs between them", end: endOfLine, begin: beginLines},
}

// Find returns the protocol of this name.
func Find(name string) (*Protocol, error) {
	var names []string
	for i := range Protocols {
		if Protocols[i].Name == name {
			return &Protocols[i], nil
		}
		names = append(names, Protocols[i].Name)
	}
	return nil, fmt.Errorf("protocol %q, want one of %s", name, strings.Join(names, ", "))
}

// Check says what is wrong with options for the protocol of this name.
func Check(name string, o Options) error {
	row, err := Find(name)
	if err == nil {
		_, err = row.start(o)
	}
	return err
}

// start returns what reads and writes the protocol.
func (p *Protocol) start(o Options) (protocol, error) {
	begun, err := p.begin(o)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", p.Name, err)
	}
	return begun, nil
}
