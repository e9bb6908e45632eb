package packet

import "bytes"

const (
	longestRequest = 64 << 10
	longestMethod  = 32
)

// beginsRequest reports whether the first bytes of a stream, of which there may be few, may be
// those of a request over HTTP/1: a method, which is any token (RFC 9110, section 9.1), and a
// blank. Empty lines may stand before it (RFC 9112, section 2.2).
func beginsRequest(data []byte) bool {
	if len(data) == 0 {
		return false
	}
	data = bytes.TrimLeft(data, "\r\n")
	for i, c := range data[:min(longestMethod+1, len(data))] {
		switch {
		case c == ' ':
			return i > 0
		case !isToken[c]:
			return false
		}
	}
	return len(data) <= longestMethod
}

// isToken has the bytes of a token (RFC 9110, section 5.6.2).
var isToken = func() (table [256]bool) {
	for _, c := range "!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ" {
		table[c] = true
	}
	return table
}()

// parseRequest appends each Host of a request (RFC 9112, sections 2 and 3), and returns its target
// and where its headers end. Of a half one it returns what is there. There should be one Host;
// programs differ in which of several they take, and in what they make of a blank before the colon
// and of a value on the next line.
func parseRequest(data []byte, hosts [][]byte) (found [][]byte, target []byte, end int, is state) {
	if !beginsRequest(data) {
		return hosts, nil, 0, isNone
	}
	end = len(data) - len(bytes.TrimLeft(data, "\r\n"))
	isFirst, inHost := true, false
	for {
		n := bytes.IndexByte(data[end:], '\n')
		if n < 0 {
			return hosts, target, end, isHalf
		}
		line := bytes.TrimSuffix(data[end:end+n], []byte("\r"))
		end += n + 1
		switch {
		case isFirst:
			from, to := bytes.IndexByte(line, ' '), bytes.LastIndexByte(line, ' ')
			if from < 0 || to <= from || !bytes.HasPrefix(line[to+1:], []byte("HTTP/")) {
				return hosts, nil, 0, isNone
			}
			target, isFirst = bytes.TrimSpace(line[from:to]), false
			continue
		case len(line) == 0:
			return hosts, target, end, isComplete
		case line[0] != ' ' && line[0] != '\t':
			name, value, _ := bytes.Cut(line, []byte(":"))
			if inHost = len(name) >= 4 && bytes.EqualFold(bytes.TrimRight(name, " \t"), []byte("host")); !inHost {
				continue
			}
			line = value
		}
		if value := bytes.TrimSpace(line); inHost && len(value) > 0 {
			hosts = addName(hosts, value)
		}
	}
}
