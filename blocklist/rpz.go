package blocklist

import (
	"bytes"
	"fmt"
)

// Response policy zones (https://datatracker.ietf.org/doc/html/draft-vixie-dnsop-dns-rpz-00): names
// are relative, so that one file serves a zone of any name in BIND, Unbound, PowerDNS and Knot
// Resolver. BIND and PowerDNS drop a zone with a bad name, PowerDNS one with a name twice; Unbound
// does not start.

// longestInZone leaves 64 octets for the zone's name, and two for the wildcard, of the 255 of a
// name in a message (RFC 1035, section 2.3.4).
const longestInZone = 255 - 64 - len("\x01*") - len("\x00")

func beginRPZ(out []byte, o Options) []byte {
	return fmt.Appendf(out, "$TTL 60\n@ SOA localhost. hostmaster.localhost. %d 3600 600 86400 60\n@ NS localhost.\n", o.Serial)
}

// What a resolver does: it denies that the name exists, or answers as without the zone.
const (
	zoneDenies = " CNAME ."
	zonePasses = " CNAME rpz-passthru."
)

func appendRPZ(out []byte, r row) []byte {
	action, actionBelow := zoneDenies, zoneDenies
	if r.passes {
		action = zonePasses
		if r.isBelow {
			actionBelow = zonePasses
		}
	}
	out = append(append(out, r.name...), action...)
	if r.entry != nil {
		out = append(out, " ; "...)
		out = r.entry.appendComment(out)
	}
	out = append(append(out, "\n*."...), r.name...)
	return append(append(out, actionBelow...), '\n')
}

func readRPZ(line []byte) (string, error) {
	if bytes.HasPrefix(line, []byte("$TTL ")) || bytes.HasPrefix(line, []byte("@ ")) {
		return "", nil
	}
	record, err := cutComment(line, " ; ")
	if err != nil {
		return "", err
	}
	isEntry := len(record) < len(line) // no other record has a comment
	record = bytes.TrimPrefix(record, []byte("*."))
	text, ok := between(record, "", zonePasses)
	if !ok {
		text, ok = between(record, "", zoneDenies)
	}
	if text, err = nameOf(text, ok); !isEntry {
		text = ""
	}
	return text, err
}
