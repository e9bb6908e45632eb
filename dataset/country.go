package dataset

import "strings"

// Country returns the country suffix of a text in canonical form, such as ".br": the last label of
// its host, if it is one of ISO 3166's two letters or an internationalised one. Other texts have
// none. Suffixes of countries that the world uses, such as .io, are countries too.
func Country(text string) string {
	host, _, _ := strings.Cut(text, "/")
	host, _, _ = strings.Cut(host, ":")
	dot := strings.LastIndexByte(host, '.')
	if dot < 0 {
		return ""
	}
	last := host[dot:]
	isCountry := strings.HasPrefix(last, ".xn--") ||
		len(last) == len(".br") && 'a' <= last[1] && last[1] <= 'z' && 'a' <= last[2] && last[2] <= 'z'
	if !isCountry {
		return ""
	}
	return last
}
