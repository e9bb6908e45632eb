// Package uuid makes UUIDs of names: the same name has the same one everywhere.
package uuid

import (
	"crypto/sha1"
	"encoding/hex"
)

// A UUID is one of RFC 9562.
type UUID [16]byte

// URLs is the namespace of URLs (RFC 9562, section 6.6).
var URLs = UUID{0x6b, 0xa7, 0xb8, 0x11, 0x9d, 0xad, 0x11, 0xd1, 0x80, 0xb4, 0x00, 0xc0, 0x4f, 0xd4, 0x30, 0xc8}

// Of returns the UUID of a name below a namespace, of version 5 (RFC 9562, section 5.5).
func Of(namespace UUID, name string) UUID {
	sum := sha1.Sum(append(namespace[:], name...))
	id := UUID(sum[:16])
	id[6] = id[6]&0x0f | 5<<4
	id[8] = id[8]&0x3f | 0x80
	return id
}

// Append appends the text of a UUID.
func (id UUID) Append(out []byte) []byte {
	for i, part := range [][]byte{id[:4], id[4:6], id[6:8], id[8:10], id[10:]} {
		if i > 0 {
			out = append(out, '-')
		}
		out = hex.AppendEncode(out, part)
	}
	return out
}

func (id UUID) String() string { return string(id.Append(nil)) }
