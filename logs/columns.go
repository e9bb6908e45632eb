package logs

import (
	"bytes"
	"slices"
	"strings"
	"unicode"
)

// Names of columns that hold names, the likeliest first. What was asked for stands before its
// registered domain, and what DNS was asked for before what was fetched.
var usualColumns = []string{
	"query", "dns.question.name", "dns.query.name", "query_name", "qname", "rrname", "server_name", "url.full", "url.original", "url", "uri", "fqdn",
	"domain", "domain_name", "url.domain", "destination.domain", "tls.client.server_name", "indicator", "ioc",
}

// Words in the names of such columns, such as RemoteUrl, the likeliest first.
var tellingWords = []string{
	"query", "question", "fqdn", "requested", "destination", "dest", "dst", "remote", "target", "domain", "url", "uri", "link", "sni", "dns", "indicator", "ioc",
}

// Names of columns, and words in them, that may as well be those of the machine that writes the
// record.
var (
	vagueColumns = []string{"site", "hostname", "host", "name", "address", "text"}
	vagueWords   = []string{"hostname", "host"}
)

// Words in the names of columns that are about who asks, not what is asked for.
var askingWords = []string{"source", "src", "sender", "client", "user", "local", "own", "computer", "device", "agent", "observer", "proxy"}

// Names of columns that never hold what is asked for: times, what wrote the record, and parts of
// names whose whole stands beside them.
var (
	ownColumns = []string{
		"@timestamp", "timestamp", "time", "ts", "date", "datetime", "_time", "_indextime", "host.name", "host.hostname", "agent.name", "agent.hostname",
		"beat.hostname", "beat.name", "observer.name", "observer.hostname", "computer", "computer_name", "winlog.computer_name", "devname",
		"sourcetype", "source", "_source", "_index", "_id", "splunk_server", "log.file.path", "path", "file", "version", "message", "_raw",
		"user_agent.original", "user.email", "email", "user",
	}
	partColumns = []string{"registered_domain", "top_level_domain", "subdomain", "etld_plus_one"}
)

// isNameOfNames reports whether a column is called what columns of names are.
func isNameOfNames(column string) bool {
	bare := bareColumn(column)
	return slices.Contains(usualColumns, bare) || slices.Contains(vagueColumns, bare)
}

// dnsColumns hold names out of DNS; others what people and programs write.
var dnsColumns = []string{"query", "dns.question.name", "dns.query.name", "query_name", "qname", "rrname", "question", "dns_query"}

// wrappers are what exports put around the names of columns.
var wrappers = []string{"_source.", "result.", "fields.", "event.original."}

// bareColumn returns the name of a column in lower case, without what exports put around it.
func bareColumn(column string) string {
	column = strings.ToLower(strings.TrimSpace(column))
	for _, wrapper := range wrappers {
		column = strings.TrimPrefix(column, wrapper)
	}
	return strings.TrimSuffix(column, ".keyword")
}

// isDNSColumn reports whether a column has names out of DNS.
func isDNSColumn(column string) bool { return slices.Contains(dnsColumns, bareColumn(column)) }

// likeliestColumn returns the index of the column that holds names, or -1: by its own name, or else
// the one with the most values that look like names. Values has some of each column. A column of
// addresses alone is rather that of clients where another has names, unless it is called what
// columns of names are.
func likeliestColumn(columns []string, values [][][]byte) int {
	like := make([]int, len(columns))
	hasNames := make([]bool, len(columns))
	for i := range columns {
		seen := make(map[string]bool)
		for _, value := range values[i] {
			value = bytes.TrimSpace(value)
			isName := looksLikeName(value)
			hasNames[i] = hasNames[i] || isName
			if isName || isIPv4(withoutPort(value)) {
				seen[string(value)] = true
			}
		}
		like[i] = len(seen)
	}
	bare := make([]string, len(columns))
	for i, column := range columns {
		bare[i] = bareColumn(column)
		isPart := slices.ContainsFunc(partColumns, func(part string) bool { return strings.HasSuffix(bare[i], part) })
		if isPart || slices.Contains(ownColumns, bare[i]) {
			like[i] = -1
		}
	}
	for _, name := range usualColumns {
		for i := range columns {
			if bare[i] == name && like[i] >= 0 && (like[i] > 0 || len(values[i]) == 0) {
				return i
			}
		}
	}
	words := make([][]string, len(columns))
	for i, column := range columns {
		words[i] = wordsOf(column)
	}
	for i := range columns {
		if hasNames[i] && like[i] > 0 && !isOfWhoAsks(words[i]) {
			for k := range columns {
				if !hasNames[k] {
					like[k] = min(like[k], 0)
				}
			}
			break
		}
	}
	for _, word := range tellingWords {
		for i := range columns {
			if like[i] > 0 && slices.Contains(words[i], word) && !isOfWhoAsks(words[i]) {
				return i
			}
		}
	}
	// A machine writes the same name of its own into every record.
	isVague := func(i int) bool {
		return slices.Contains(vagueColumns, bare[i]) || containsAny(words[i], vagueWords) && !isOfWhoAsks(words[i])
	}
	if i := mostNames(like, isVague); i >= 0 {
		return i
	}
	return mostNames(like, func(int) bool { return true })
}

func isOfWhoAsks(words []string) bool { return containsAny(words, askingWords) }

func containsAny(words, some []string) bool {
	return slices.ContainsFunc(some, func(word string) bool { return slices.Contains(words, word) })
}

// mostNames returns the index of the column with the most different names among some, or -1.
func mostNames(like []int, isOne func(int) bool) int {
	best := -1
	for i := range like {
		if like[i] > 0 && isOne(i) && (best < 0 || like[i] > like[best]) {
			best = i
		}
	}
	return best
}

// wordsOf returns the words of a name such as RemoteUrl or remote_url.
func wordsOf(column string) []string {
	var spaced strings.Builder
	last := ' '
	for _, c := range column {
		if unicode.IsUpper(c) && (unicode.IsLower(last) || unicode.IsDigit(last)) {
			spaced.WriteByte(' ')
		}
		spaced.WriteRune(unicode.ToLower(c))
		last = c
	}
	return strings.FieldsFunc(spaced.String(), func(c rune) bool { return !unicode.IsLetter(c) && !unicode.IsDigit(c) })
}

// looksLikeName reports whether a value is one word that has a dot with letters on both sides, and
// is no time, path or e-mail address.
func looksLikeName(value []byte) bool {
	if bytes.ContainsAny(value, " \t,;\"") || bytes.HasPrefix(value, []byte("/")) || isTime(value) {
		return false
	}
	if scheme := bytes.Index(value, []byte("://")); scheme > 0 && scheme < 8 {
		return true
	}
	text := string(value[:min(len(value), 2048)])
	if at := strings.IndexByte(text, '@'); at >= 0 {
		return false
	}
	letter := strings.IndexFunc(text, unicode.IsLetter)
	if letter < 0 {
		return false
	}
	dot := strings.IndexByte(text[letter:], '.')
	return dot >= 0 && strings.IndexFunc(text[letter+dot:], unicode.IsLetter) >= 0
}

// isTime reports whether a value begins like a time of ISO 8601 or RFC 3339.
func isTime(value []byte) bool {
	const form = "0000-00-00"
	if len(value) < len(form) {
		return false
	}
	for i, c := range form {
		if c == '0' && (value[i] < '0' || value[i] > '9') || c == '-' && value[i] != '-' && value[i] != '/' {
			return false
		}
	}
	return len(value) == len(form) || value[len(form)] == 'T' || value[len(form)] == ' '
}
