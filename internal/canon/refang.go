package canon

import (
	"slices"
	"strings"
)

// fangs are what people put between brackets to make an address unclickable.
var fangs = []string{".", "dot", ":", "://", "/", "@", "at"}

// fangMeaning has the fangs that do not stand for themselves.
var fangMeaning = map[string]string{"dot": ".", "at": "@"}

// refang undoes evil[.]com, hxxp[://]evil(dot)com and the like in scheme and authority, however
// deep the brackets are nested. It leaves the path as it is.
func refang(text string) string {
	if !strings.ContainsAny(text, "[({") {
		return text
	}
	out := make([]byte, 0, len(text))
	for i := range len(text) {
		c := text[i]
		if c == '?' || c == '#' || (c == '/' || c == '\\') && !mayPrecedeAuthority(out) && !isClosed(text[i+1:]) {
			return string(append(out, text[i:]...))
		}
		out = append(out, c)
		if opening := strings.IndexByte("])}", c); opening >= 0 {
			out = closeFang(out, "[({"[opening])
		}
	}
	return string(out)
}

// mayPrecedeAuthority reports whether a slash behind out stands before the authority.
func mayPrecedeAuthority(out []byte) bool {
	return len(out) == 0 || strings.IndexByte(`:/\`, out[len(out)-1]) >= 0
}

// isClosed reports whether rest begins with a closing bracket, as it does behind hxxp[:// of
// hxxp[://]evil.com.
func isClosed(rest string) bool {
	return rest != "" && strings.IndexByte("])}", rest[0]) >= 0
}

// closeFang replaces a fang at the end of out by its meaning.
func closeFang(out []byte, opening byte) []byte {
	start := max(0, len(out)-len("[://]"))
	start += strings.LastIndexByte(string(out[start:]), opening)
	if start < 0 || out[start] != opening {
		return out
	}
	fang := strings.ToLower(string(out[start+1 : len(out)-1]))
	if !slices.Contains(fangs, fang) {
		return out
	}
	if meaning, ok := fangMeaning[fang]; ok {
		fang = meaning
	}
	return append(out[:start], fang...)
}
