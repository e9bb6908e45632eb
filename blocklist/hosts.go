package blocklist

import "bytes"

// Hosts files (hosts(5)): each name alone, without those below it. With an IPv4 address alone some
// programs would ask the DNS for the other.

func appendHosts(out []byte, r row) []byte {
	r.entry.names(func(text string) {
		out = append(append(out, "0.0.0.0 "...), text...)
		out = append(out, " # "...)
		out = r.entry.appendComment(out)
		out = append(append(out, "\n:: "...), text...)
		out = append(out, '\n')
	})
	return out
}

func readHosts(line []byte) (string, error) {
	if bytes.HasPrefix(line, []byte("# ")) {
		return "", nil
	}
	line, err := cutComment(line, " # ")
	if err != nil {
		return "", err
	}
	if text, ok := between(line, "0.0.0.0 ", ""); ok {
		return nameOf(text, true)
	}
	return nameOf(between(line, ":: ", ""))
}
