package blocklist

import "bytes"

// Local zones of Unbound (unbound.conf(5)), for include: a zone holds for the name and all below
// it. A bad name keeps Unbound from starting.

const (
	zoneBefore  = `local-zone: "`
	zoneBlocked = `" always_nxdomain`
	zonePassed  = `" transparent`
)

func beginUnbound(out []byte, _ Options) []byte { return append(out, "server:\n"...) }

func appendUnbound(out []byte, r row) []byte {
	out = append(append(out, zoneBefore...), r.name...)
	if r.passes {
		return append(append(out, zonePassed...), '\n')
	}
	out = append(out, zoneBlocked...)
	if r.entry != nil {
		out = r.entry.appendComment(append(out, " # "...))
	}
	return append(out, '\n')
}

func readUnbound(line []byte) (string, error) {
	if string(line) == "server:" {
		return "", nil
	}
	line, err := cutComment(line, " # ")
	if err != nil {
		return "", err
	}
	if text, ok := between(line, zoneBefore, zonePassed); ok {
		_, err := nameOf(text, true)
		return "", err
	}
	return nameOf(between(bytes.TrimSpace(line), zoneBefore, zoneBlocked))
}
