package canon

type NotPublic uint8

const (
	Public NotPublic = iota
	Hash
	Number
	Identifier
	FilePath
)

func notPublicText(s string) NotPublic {
	if s != "" && isNumber([]byte(s)) {
		return Number
	}
	return Public
}
func LooksLike(string) string      { return "" }
func rewritesLinks(string) bool    { return false }
func (u *URL) unwrap(string) error { return nil }
