package blocklist

import "bytes"

// Rules of advertising blockers (https://adguard.com/kb/general/ad-filtering/create-own-filters/):
// ||name^ is the name and all below it, at any port. A rule has no comment on its line.

func beginAdblock(out []byte, _ Options) []byte { return append(out, "! Title: Snowman\n"...) }

func appendAdblock(out []byte, r row) []byte {
	if r.passes {
		out = append(out, "@@"...)
	}
	return append(append(append(out, "||"...), r.name...), "^\n"...)
}

func readAdblock(line []byte) (string, error) {
	if bytes.HasPrefix(line, []byte("! ")) {
		return "", nil
	}
	if text, ok := between(line, "@@||", "^"); ok {
		_, err := nameOf(text, true)
		return "", err
	}
	return nameOf(between(line, "||", "^"))
}
