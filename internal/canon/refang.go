package canon

import (
	"bytes"
	"strings"
)

// A fang is what people put between brackets to make an address unclickable. Some do the same with
// one bracket, as in evil[.com.
type fang struct {
	text, meaning string
	dangles       bool // may stand behind or before one bracket alone
}

var fangs = []fang{
	{"://", "://", true}, {`:\\`, "://", true}, {":/", ":/", false}, {"::", "::", false}, {":", ":", false},
	{"//", "//", false}, {"/", "/", false}, {".", ".", true}, {"@", "@", false},
	{"dot", ".", false}, {"at", "@", false},
}

// longestAuthority is how much is read of an authority. Nobody defangs one as long.
const longestAuthority = 4 << 10

// refang undoes one layer of evil[.]com, hxxp[://]evil(dot)com and the like in scheme and
// authority. It leaves the path as it is.
func refang(text string) string {
	if !strings.ContainsAny(text, openingBrackets+closingBrackets) {
		return text
	}
	scheme, _, found := strings.Cut(text, ":")
	isReal := found && isRealWebScheme(scheme)
	out := make([]byte, 0, len(text))
	for i := 0; i < len(text); {
		if i > longestAuthority {
			return string(append(out, text[i:]...))
		}
		c := text[i]
		endsAuthority := !mayPrecedeAuthority(out)
		if meaning, length := fangAt(text[i:], out); length > 0 {
			if strings.IndexByte(openingBrackets, c) >= 0 {
				out = bytes.TrimRight(out, " ")
			}
			out = append(out, meaning...)
			i += length
			if meaning == "/" && endsAuthority {
				return string(append(out, text[i:]...))
			}
			continue
		}
		if c == '?' || c == '#' || c == '/' && endsAuthority || c == '\\' && endsAuthority && (isReal || !escapesByte(text[i:])) {
			return string(append(out, text[i:]...))
		}
		out = append(out, c)
		i++
	}
	return string(out)
}

// mayPrecedeAuthority reports whether a slash behind out stands before the authority.
func mayPrecedeAuthority(out []byte) bool {
	return len(out) == 0 || strings.IndexByte(`:/\`, out[len(out)-1]) >= 0
}

// escapesByte reports whether a backslash at the start of text is no slash: see
// unescapeBackslashes.
func escapesByte(text string) bool {
	_, ok := decimalByte(text[1:])
	return ok || strings.HasPrefix(text, `\.`)
}

// fangAt returns what a fang at the start of text means, and its length with its brackets, or 0.
func fangAt(text string, before []byte) (meaning string, length int) {
	bracket := strings.IndexByte(openingBrackets, text[0])
	if bracket < 0 {
		for _, f := range fangs {
			if f.dangles && strings.HasPrefix(text, f.text) && len(text) > len(f.text) && strings.IndexByte(closingBrackets, text[len(f.text)]) >= 0 {
				return f.meaning, len(f.text) + 1
			}
		}
		return "", 0
	}
	inner := strings.TrimPrefix(text[1:], " ")
	for _, f := range fangs {
		if len(inner) < len(f.text) || !strings.EqualFold(inner[:len(f.text)], f.text) {
			continue
		}
		behind := strings.TrimPrefix(inner[len(f.text):], " ")
		if strings.HasPrefix(behind, closingBrackets[bracket:bracket+1]) {
			if f.text == "::" && !endsInHexDigit(before) {
				return "", 0 // [::] is an address
			}
			return f.meaning, len(text) - len(strings.TrimLeft(behind[1:], " "))
		}
		if f.dangles && inner == text[1:] {
			return f.meaning, 1 + len(f.text)
		}
	}
	return "", 0
}

func endsInHexDigit(text []byte) bool {
	if len(text) == 0 {
		return false
	}
	_, ok := unhexDigit(text[len(text)-1])
	return ok
}
