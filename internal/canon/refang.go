package canon

import (
	"slices"
	"strings"
)

// fangs are what people put between brackets to make an address unclickable.
var fangs = []string{".", "dot", ":", "://", "/", "@", "at"}

// fangMeaning is what some of them stand for; the others stand for themselves.
var fangMeaning = map[string]string{"dot": ".", "at": "@"}

// refang undoes evil[.]com, hxxp[://]evil(dot)com and their like in scheme and authority. The path
// stays as it is. No fang is left afterwards, however deep they were nested.
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

// mayPrecedeAuthority reports whether a slash after out belongs to what stands before the authority.
func mayPrecedeAuthority(out []byte) bool {
	return len(out) == 0 || strings.IndexByte(`:/\`, out[len(out)-1]) >= 0
}

// isClosed reports whether a bracket closes right here, as behind the slashes of hxxp[://]evil.com.
func isClosed(rest string) bool {
	return rest != "" && strings.IndexByte("])}", rest[0]) >= 0
}

// closeFang replaces the fang at the end of out, if there is one, by its meaning.
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
