package blocklist

import "bytes"

// Configuration of dnsmasq (dnsmasq(8)): address=/name/# answers 0.0.0.0 and :: for the name and
// all below it, server=/name/# asks the usual servers. A bad line keeps dnsmasq from starting.

func appendDnsmasq(out []byte, r row) []byte {
	word := "address=/"
	if r.passes {
		word = "server=/"
	}
	out = append(append(append(out, word...), r.name...), "/#"...)
	if r.entry != nil {
		out = r.entry.appendComment(append(out, " # "...))
	}
	return append(out, '\n')
}

func readDnsmasq(line []byte) (string, error) {
	if bytes.HasPrefix(line, []byte("# ")) {
		return "", nil
	}
	line, err := cutComment(line, " # ")
	if err != nil {
		return "", err
	}
	if text, ok := between(line, "server=/", "/#"); ok {
		_, err := nameOf(text, true)
		return "", err
	}
	return nameOf(between(line, "address=/", "/#"))
}
