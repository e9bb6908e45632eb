package blocklist

import (
	"bytes"
	"strings"
)

// Files of Zeek's Intel framework (https://docs.zeek.org/en/master/frameworks/intel.html): fields
// with tabs between them. A domain is compared whole, a URL without its scheme.

const intelHeader = "#fields\tindicator\tindicator_type\tmeta.source\tmeta.desc"

func beginZeekIntel(out []byte, _ Options) []byte { return append(append(out, intelHeader...), '\n') }

func appendZeekIntel(out []byte, r row) []byte {
	kind := "DOMAIN"
	switch r.entry.kind {
	case ipv4, ipv6:
		kind = "ADDR"
	case url:
		kind = "URL"
	}
	line := func(text string) {
		out = append(append(out, strings.ReplaceAll(text, `\`, `\x5c`)...), "\tIntel::"...)
		out = append(append(out, kind...), "\tsnowman\t"...)
		out = append(r.entry.appendComment(out), '\n')
	}
	switch r.entry.kind {
	case url:
		r.entry.paths(line)
	default:
		r.entry.names(line)
	}
	return out
}

// withPath returns a URL without its scheme, in which a path follows the host, as in a request.
func (e *Entry) withPath() string {
	end := strings.IndexAny(e.Text, "/?")
	switch {
	case end < 0:
		return e.Text + "/"
	case e.Text[end] == '?':
		return e.Text[:end] + "/" + e.Text[end:]
	}
	return e.Text
}

// paths calls each with a URL as withPath returns it, and with www. before it where that is meant
// as well.
func (e *Entry) paths(each func(text string)) {
	each(e.withPath())
	if e.WWW {
		each("www." + e.withPath())
	}
}

// schemes returns the schemes that a URL may have.
func (e *Entry) schemes() []string {
	switch e.Scheme {
	case "http", "https", "ftp":
		return []string{e.Scheme}
	}
	return []string{"http", "https"}
}

func readZeekIntel(line []byte) (string, error) {
	if string(line) == intelHeader {
		return "", nil
	}
	fields := strings.Split(string(line), "\t")
	if len(fields) != 4 || fields[2] != "snowman" {
		return "", errForeign
	}
	if _, err := cutComment(line[bytes.LastIndexByte(line, '\t'):], "\t"); err != nil {
		return "", err
	}
	text := strings.ReplaceAll(fields[0], `\x5c`, `\`)
	switch fields[1] {
	case "Intel::DOMAIN":
		return nameOf(text, true)
	case "Intel::ADDR", "Intel::URL":
		return printable(text)
	}
	return "", errForeign
}

// printable returns a text of visible ASCII.
func printable(text string) (string, error) {
	for i := range len(text) {
		if c := text[i]; c <= ' ' || c > '~' {
			return "", errForeign
		}
	}
	if text == "" {
		return "", errForeign
	}
	return text, nil
}
