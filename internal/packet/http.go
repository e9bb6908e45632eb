package packet

import "bytes"

// methods are those of RFC 9110 and WebDAV, each with the blank behind it.
var methods = [...]string{
	"GET ", "POST ", "HEAD ", "CONNECT ", "PUT ", "OPTIONS ", "DELETE ", "PATCH ", "TRACE ",
	"PROPFIND ", "PROPPATCH ", "MKCOL ", "COPY ", "MOVE ", "LOCK ", "UNLOCK ", "SEARCH ", "REPORT ", "SUBSCRIBE ", "NOTIFY ", "M-SEARCH ",
}

const longestRequest = 64 << 10

// beginsRequest reports whether the first bytes of a stream, of which there may be few, are those
// of a request over HTTP/1.
func beginsRequest(data []byte) bool {
	if len(data) == 0 || data[0] < 'C' || data[0] > 'U' {
		return false
	}
	for _, method := range methods {
		n := min(len(method), len(data))
		if string(data[:n]) == method[:n] {
			return true
		}
	}
	return false
}

// parseRequest returns the Host and the target of a request (RFC 9112, sections 2 and 3), and where
// its headers end. Of a half one it returns what is there.
func parseRequest(data []byte) (host, target []byte, end int, found state) {
	if !beginsRequest(data) {
		return nil, nil, 0, isNone
	}
	for isFirst := true; ; isFirst = false {
		n := bytes.IndexByte(data[end:], '\n')
		if n < 0 {
			return host, target, end, isHalf
		}
		line := bytes.TrimSuffix(data[end:end+n], []byte("\r"))
		end += n + 1
		switch {
		case isFirst:
			from, to := bytes.IndexByte(line, ' '), bytes.LastIndexByte(line, ' ')
			if from < 0 || to <= from || !bytes.HasPrefix(line[to+1:], []byte("HTTP/")) {
				return nil, nil, 0, isNone
			}
			target = bytes.TrimSpace(line[from:to])
		case len(line) == 0:
			return host, target, end, isComplete
		case host == nil && len(line) > 5 && bytes.EqualFold(line[:5], []byte("host:")):
			host = bytes.TrimSpace(line[5:])
		}
	}
}
