package canon

import (
	"net/netip"
	"strings"
	"unicode"
	"unicode/utf8"
)

// lookedAt is how many bytes of a text LooksLike looks at.
const lookedAt = 1 << 10

// LooksLike says what a text looks like that is no name or URL, as a noun phrase behind "it looks
// like" and "they look like": "a Zeek log", "several fields", "a sentence". It returns "" where
// nothing comes to mind. Logs are known by what their programs write; the work is bounded however
// long the text is.
func LooksLike(text string) string {
	text = text[:min(len(text), lookedAt)]
	if isBinary(text) {
		return "binary data"
	}
	text = strings.Trim(text, " \t\r\n\ufeff")
	if text == "" {
		return ""
	}
	for _, look := range looks {
		if look.fits(text) {
			return look.name
		}
	}
	return ""
}

// looks are what a text may look like, and how it is known. The first that fits counts: a program's
// log comes before the format that it is written in.
var looks = []struct {
	name string
	fits func(text string) bool
}{
	{"a Zeek log", isZeek},
	{"a Suricata EVE log", func(text string) bool {
		return isJSON(text) && strings.Contains(text, `"event_type"`) && holdsAny(text, `"flow_id"`, `"src_ip"`)
	}},
	{"an AdGuard Home log", func(text string) bool {
		return isJSON(text) && holdsAll(text, `"QH":`, `"QT":`)
	}},
	{"JSON", isJSON},
	{"a Squid log", isSquid},
	{"a HAProxy log", func(text string) bool { return hasWebTime(text, '.') }},
	{"a web server's log", func(text string) bool { return hasWebTime(text, ' ') && strings.Contains(text, `] "`) }},
	{"a BIND query log", func(text string) bool {
		return strings.Contains(text, "client ") && holdsAny(text, "): query: ", "): response: ", "): rpz ", ": query: ")
	}},
	{"a dnsmasq log", func(text string) bool { return holdsAny(text, "dnsmasq[", "dnsmasq: ") }},
	{"an Unbound log", func(text string) bool { return holdsAny(text, "unbound[", "unbound: [") }},
	{"a PowerDNS log", func(text string) bool {
		return holdsAny(text, "] question for '", "] answer to question '", `" subsystem="`, `] Packet from `, `] Answer to `, "Got query for ", "Got answer from ")
	}},
	{"a CoreDNS log", func(text string) bool {
		return strings.HasPrefix(text, "[INFO] ") && holdsAny(text, ` IN `, ` CH `) && strings.Contains(text, `" `)
	}},
	{"a Knot Resolver log", func(text string) bool {
		return strings.HasPrefix(text, "[") && strings.Contains(text[:min(len(text), 10)], "][")
	}},
	{"an Envoy log", func(text string) bool {
		return strings.HasPrefix(text, "[") && isLogTime(text[1:]) && strings.Contains(text, `] "`)
	}},
	{"a Windows DNS log", func(text string) bool { return strings.HasSuffix(text, "(0)") && strings.Contains(text, " PACKET ") }},
	{"a FortiGate log", func(text string) bool { return strings.HasPrefix(text, "date=") && strings.Contains(text, " time=") }},
	{"an HTTP request", isRequest},
	{"HTML", isHTML},
	{"XML", isXML},
	{"a system log", isSyslog},
	{"a log", isLogTime},
	{"an e-mail", isMailHeader},
	{"an ad blocker's list", func(text string) bool {
		return strings.HasPrefix(text, "||") || strings.HasPrefix(text, "@@||") || strings.Contains(text, "##") && !strings.HasPrefix(text, "#")
	}},
	{"a DNS zone", func(text string) bool {
		return holdsAny(text, " IN A ", " IN AAAA ", "\tIN\t", " IN SOA ", " IN NS ", " CNAME ") || strings.HasPrefix(text, "$TTL") || strings.HasPrefix(text, "$ORIGIN")
	}},
	{"a hosts file", isHostsLine},
	{"a comment", func(text string) bool { return text[0] == '#' || strings.HasPrefix(text, "//") || text[0] == ';' }},
	{"a sentence", isSentence},
	{"a CSV file", isCSV},
	{"several fields", func(text string) bool { return strings.ContainsAny(text, " \t,;|") }},
}

func holdsAny(text string, parts ...string) bool {
	for _, part := range parts {
		if strings.Contains(text, part) {
			return true
		}
	}
	return false
}

func holdsAll(text string, parts ...string) bool {
	for _, part := range parts {
		if !strings.Contains(text, part) {
			return false
		}
	}
	return true
}

// isBinary reports whether a text holds NUL, or more than a few controls that stand in no text.
func isBinary(text string) bool {
	const few = 4
	controls := 0
	for i := range len(text) {
		switch c := text[i]; {
		case c == 0:
			return true
		case c < ' ' && c != '\t' && c != '\n' && c != '\r' && c != '\x1b':
			controls++
		}
	}
	return controls > few
}

func isJSON(text string) bool {
	if text[0] != '{' && text[0] != '[' {
		return false
	}
	rest := strings.TrimLeft(text[1:], " \t{[")
	return rest != "" && (rest[0] == '"' || rest[0] == '}' || rest[0] == ']' && text[0] == '[')
}

// isZeek knows the header lines of Zeek's logs, lines of fields, which begin with a time and a
// connection's identifier, and JSON.
func isZeek(text string) bool {
	if text[0] == '#' {
		for _, header := range []string{"separator", "set_separator", "empty_field", "unset_field", "path", "open", "close", "fields", "types"} {
			if after, found := strings.CutPrefix(text[1:], header); found && after != "" && (after[0] == '\t' || header == "separator" && after[0] == ' ') {
				return true
			}
		}
		return false
	}
	if isJSON(text) {
		return strings.Contains(text, `"id.orig_h"`) || holdsAll(text, `"_path"`, `"ts"`) || holdsAll(text, `"ts"`, `"uid":"C`)
	}
	if strings.Contains(text, "\tid.orig_h\t") {
		return true
	}
	seconds, rest, _ := strings.Cut(text, "\t")
	whole, micro, _ := strings.Cut(seconds, ".")
	return len(whole) >= 9 && len(whole) <= 10 && len(micro) == 6 && digitsAlone(whole) && digitsAlone(micro) && strings.Count(rest, "\t") >= 3
}

// isSquid knows Squid's own format, and the result code behind the formats of web servers.
func isSquid(text string) bool {
	if hasWebTime(text, ' ') {
		return strings.Contains(text, ":HIER_") || strings.Contains(text, " TCP_")
	}
	var fields [4]string
	for i := range fields {
		text = strings.TrimLeft(text, " ")
		fields[i], text, _ = strings.Cut(text, " ")
	}
	whole, milli, _ := strings.Cut(fields[0], ".")
	result, status, found := strings.Cut(fields[3], "/")
	return found && digitsAlone(whole) && len(milli) == 3 && digitsAlone(milli) && digitsAlone(fields[1]) &&
		len(status) == 3 && digitsAlone(status) && result == strings.ToUpper(result)
}

// hasWebTime reports whether a text has a time as in 28/Nov/2026:00:56:52 behind a bracket, and
// then this byte.
func hasWebTime(text string, behind byte) bool {
	const form = "00/Aaa/0000:00:00:00"
	for rest := text; ; {
		at := strings.IndexByte(rest, '[')
		if at < 0 {
			return false
		}
		rest = rest[at+1:]
		if len(rest) > len(form) && rest[len(form)] == behind && startsAs(rest, form) {
			return true
		}
	}
}

// startsAs reports whether a text begins with digits, capitals and small letters where the form has
// 0, A and a, and else with the form's own bytes.
func startsAs(text, form string) bool {
	if len(text) < len(form) {
		return false
	}
	for i := range len(form) {
		c := text[i]
		switch form[i] {
		case '0':
			if !isDigit(c) {
				return false
			}
		case 'A':
			if c < 'A' || c > 'Z' {
				return false
			}
		case 'a':
			if c < 'a' || c > 'z' {
				return false
			}
		default:
			if c != form[i] {
				return false
			}
		}
	}
	return true
}

func digitsAlone(text string) bool {
	for i := range len(text) {
		if !isDigit(text[i]) {
			return false
		}
	}
	return text != ""
}

// isLogTime reports whether a text begins with a date and a time, and goes on.
func isLogTime(text string) bool {
	for _, form := range []string{"0000-00-00T00:00:00", "0000-00-00 00:00:00", "0000/00/00 00:00:00", "00-Aaa-0000 00:00:00"} {
		if startsAs(text, form) {
			return strings.ContainsAny(text[len(form):], " \t,;]")
		}
	}
	return false
}

// isSyslog knows the old form of RFC 3164, with its priority or without.
func isSyslog(text string) bool {
	if text[0] == '<' {
		priority, rest, found := strings.Cut(text[1:], ">")
		if !found || len(priority) > 3 || !digitsAlone(priority) {
			return false
		}
		text = rest
		if startsAs(text, "0 0000-00-00T00:00") { // RFC 5424
			return true
		}
	}
	return startsAs(text, "Aaa 00 00:00:00 ") || startsAs(text, "Aaa  0 00:00:00 ")
}

func isRequest(text string) bool {
	method, rest, _ := strings.Cut(text, " ")
	return method != "" && method == strings.ToUpper(method) && holdsAny(rest, " HTTP/1.", " HTTP/2")
}

func isHTML(text string) bool {
	if text[0] != '<' {
		return false
	}
	name := strings.ToLower(strings.TrimLeft(text[1:min(len(text), 16)], "/!"))
	for _, tag := range []string{"doctype html", "html", "head", "body", "div", "span", "a href", "a>", "p>", "p ", "br", "table", "tr", "td", "li>", "ul", "script", "style", "meta", "link", "title", "img", "--"} {
		if after, found := strings.CutPrefix(name, tag); found && (after == "" || !isTagLetter(after[0]) || strings.HasSuffix(tag, " ")) && !strings.HasPrefix(after, ".") {
			return true
		}
	}
	return false
}

func isXML(text string) bool {
	return strings.HasPrefix(text, "<?xml") || strings.HasPrefix(text, "<!") || strings.HasPrefix(text, "</") ||
		text[0] == '<' && len(text) > 1 && isTagLetter(text[1]) && holdsAny(text, "</", "/>", `="`)
}

// isMailHeader knows the first words of the header lines of e-mails (RFC 5322).
func isMailHeader(text string) bool {
	name, _, found := strings.Cut(text[:min(len(text), 40)], ": ")
	if !found {
		return false
	}
	for _, header := range []string{"From", "To", "Cc", "Subject", "Date", "Received", "Return-Path", "Message-ID", "MIME-Version", "Content-Type", "Delivered-To", "Reply-To", "DKIM-Signature"} {
		if strings.EqualFold(name, header) {
			return true
		}
	}
	return false
}

// isHostsLine reports whether an address stands before a name, and nothing but names and a comment
// behind it.
func isHostsLine(text string) bool {
	text, _, _ = strings.Cut(text, "#")
	fields := strings.Fields(text)
	if len(fields) < 2 {
		return false
	}
	if _, err := netip.ParseAddr(fields[0]); err != nil {
		return false
	}
	for _, name := range fields[1:] {
		if strings.ContainsAny(name, "/,;\"[]=") {
			return false
		}
	}
	return true
}

// isSentence reports whether a text is words, with what people put between and behind them.
func isSentence(text string) bool {
	words, others := 0, 0
	for field := range strings.FieldsSeq(text) {
		word := strings.Trim(field, `.,;:!?"'()-–—…“”‘’«»`)
		if word == "" {
			continue
		}
		if isPlainWord(word) {
			words++
		} else {
			others++
		}
	}
	switch {
	case words >= 3:
		return words > 2*others
	case words == 2 && others == 0:
		last, _ := utf8.DecodeLastRuneInString(text)
		return last == '.' || last == '!' || last == '?' || strings.Contains(text, ", ")
	}
	return strings.ContainsAny(text, "。，！？、")
}

// isPlainWord reports whether a text is letters, marks, hyphens and apostrophes.
func isPlainWord(text string) bool {
	for _, r := range text {
		switch {
		case unicode.In(r, unicode.L, unicode.M), r == '-', r == '\'', r == '’':
		default:
			return false
		}
	}
	return true
}

// isCSV reports whether a text is at least three fields with the same sign between them, or a
// quoted field and another.
func isCSV(text string) bool {
	if text[0] == '"' && holdsAny(text, `",`, `";`) {
		return true
	}
	for _, comma := range []string{",", ";", "\t", "|"} {
		if strings.Count(text, comma) >= 2 {
			return true
		}
	}
	return false
}

func isTagLetter(c byte) bool { return c|0x20 >= 'a' && c|0x20 <= 'z' }
