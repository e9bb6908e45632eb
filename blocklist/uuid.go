package blocklist

import (
	"crypto/sha1"
	"encoding/hex"
)

// namespace is the UUID of this module's address in the namespace of URLs. Identifiers of entries
// are named below it, so that an entry has the same one in every list.
var namespace = [16]byte(uuidOf([16]byte{0x6b, 0xa7, 0xb8, 0x11, 0x9d, 0xad, 0x11, 0xd1, 0x80, 0xb4, 0x00, 0xc0, 0x4f, 0xd4, 0x30, 0xc8}, "https://github.com/snowman-ml/snowman"))

// uuidOf returns the UUID of a name, of version 5 (RFC 9562, section 5.5).
func uuidOf(namespace [16]byte, name string) [16]byte {
	sum := sha1.Sum(append(namespace[:], name...))
	id := [16]byte(sum[:16])
	id[6] = id[6]&0x0f | 5<<4
	id[8] = id[8]&0x3f | 0x80
	return id
}

// appendUUID appends the identifier of a thing: what it is of, and its name.
func appendUUID(out []byte, of, name string) []byte {
	id := uuidOf(namespace, of+" "+name)
	for i, part := range [][]byte{id[:4], id[4:6], id[6:8], id[8:10], id[10:]} {
		if i > 0 {
			out = append(out, '-')
		}
		out = hex.AppendEncode(out, part)
	}
	return out
}
