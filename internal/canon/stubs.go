package canon

func rewritesLinks(string) bool    { return false }
func (u *URL) unwrap(string) error { return nil }
