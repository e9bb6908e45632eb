package logs

import "bytes"

// isIP reports whether a text is an IP address, of which an IPv6 address may have a zone.
func isIP(text []byte) bool {
	if isIPv4(text) {
		return true
	}
	if zone := bytes.IndexByte(text, '%'); zone >= 0 {
		text = text[:zone]
	}
	return isIPv6(text)
}

// isIPv6 reports whether a text is an IPv6 address (RFC 4291, section 2.2).
func isIPv6(text []byte) bool {
	groups, isShort := 0, false
	for i := 0; i < len(text); {
		if text[i] == ':' {
			isPair := i+1 < len(text) && text[i+1] == ':'
			if isPair == isShort && isPair || !isPair && (i == 0 || i+1 == len(text)) {
				return false
			}
			if i++; isPair {
				isShort = true
				i++
			}
			continue
		}
		start := i
		for i < len(text) && hexDigit(text[i]) >= 0 {
			i++
		}
		if i < len(text) && text[i] == '.' { // the last 32 bits as IPv4
			groups += 2
			return isIPv4(text[start:]) && groups <= 8 && (groups == 8 || isShort)
		}
		if i == start || i-start > 4 || i < len(text) && text[i] != ':' {
			return false
		}
		groups++
	}
	return groups == 8 && !isShort || groups < 8 && isShort
}

// isIPv4 reports whether a text is four numbers of 0 to 255 with dots between them.
func isIPv4(text []byte) bool {
	numbers, value, digits := 1, 0, 0
	for _, c := range text {
		switch {
		case isDigit(c) && digits < 3:
			value, digits = 10*value+int(c-'0'), digits+1
		case c == '.' && digits > 0 && value < 256:
			numbers, value, digits = numbers+1, 0, 0
		default:
			return false
		}
	}
	return numbers == 4 && digits > 0 && value < 256
}

// withoutPort returns an address without its port. Of an IPv6 address the brackets go, too.
func withoutPort(address []byte) []byte {
	if len(address) > 0 && address[0] == '[' {
		if end := bytes.IndexByte(address, ']'); end > 0 {
			return address[1:end]
		}
	}
	host, _ := cutPort(address)
	return host
}

// cutPort divides host:port. An IPv6 address without brackets has no port.
func cutPort(address []byte) (host, port []byte) {
	colon := bytes.LastIndexByte(address, ':')
	if colon < 0 || bytes.IndexByte(address[:colon], ':') >= 0 && address[colon-1] != ']' {
		return address, nil
	}
	if digits(address[colon+1:]) < len(address)-colon-1 {
		return address, nil
	}
	return address[:colon], address[colon+1:]
}
