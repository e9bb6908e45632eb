package main

// appendName appends the i-th of 2^32 distinct names, which look like names that people register.
// The same i is the same name in every run.
func appendName(out []byte, i uint32) []byte {
	const consonants, vowels = "bcdfghjklmnprstvwxyz", "aeiou"
	var (
		prefixes = [...]string{"", "", "", "www.", "mail.", "cdn4.", "login-", "my-", "the"}
		suffixes = [...]string{".com", ".com", ".com", ".net", ".org", ".de", ".co.uk", ".info", ".ru", ".xyz", ".github.io"}
	)
	// An odd factor only permutes the numbers: neighbours look unlike each other and remain
	// distinct.
	number := i * 2654435761
	choice := number >> 16
	out = append(out, prefixes[choice%uint32(len(prefixes))]...)
	for range 5 { // 100^5 is more than 2^32, so that a name has one number
		out = append(out, consonants[number%20], vowels[number/20%5])
		number /= 100
	}
	return append(out, suffixes[choice/16%uint32(len(suffixes))]...)
}

func name(i uint32) string { return string(appendName(nil, i)) }
