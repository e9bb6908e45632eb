package blocklist

import "net/netip"

// A name or an address a line, and nothing else.

func appendPlain(out []byte, r row) []byte {
	r.entry.names(func(text string) { out = append(append(out, text...), '\n') })
	return out
}

func readPlain(line []byte) (string, error) {
	text := string(line)
	if address, err := netip.ParseAddr(text); err == nil && address.String() == text {
		return text, nil
	}
	return nameOf(text, true)
}
