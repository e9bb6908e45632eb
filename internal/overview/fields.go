package overview

import (
	"bytes"
	"strings"

	"github.com/snowman-ml/snowman/internal/ranking"
)

// responseOf reads a response code of DNS, a name or a number (RFC 1035, section 4.1.1). What is
// none of DNS, or says neither that a name exists nor that it does not, is Unknown.
func responseOf(code []byte) ranking.Response {
	switch {
	case len(code) == 0 || len(code) > len("NXDOMAIN"):
	case string(code) == "0" || strings.EqualFold(textOf(code), "NOERROR"):
		return ranking.Exists
	case string(code) == "3" || strings.EqualFold(textOf(code), "NXDOMAIN"):
		return ranking.NXDomain
	}
	return ranking.Unknown
}

// clientOf returns who asked without a port: 192.0.2.1:53, 192.0.2.1#53, 192.0.2.1/53,
// [2001:db8::1]:53.
func clientOf(client []byte) []byte {
	if len(client) > 0 && client[0] == '[' {
		if end := bytes.IndexByte(client, ']'); end > 0 {
			return client[1:end]
		}
	}
	if end := bytes.IndexAny(client, "#/"); end > 0 {
		client = client[:end]
	}
	if end := bytes.IndexByte(client, ':'); end > 0 && end == bytes.LastIndexByte(client, ':') {
		client = client[:end]
	}
	return client
}
