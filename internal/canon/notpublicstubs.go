package canon

// Stand-ins until the parser takes user-info away and unwraps links; to be removed with that.

// HasUserInfo reports whether the text had user-info.
func (u *URL) HasUserInfo() bool { return u.host > 0 }

// UnwrappedFrom returns the host whose link was unwrapped to this URL, empty where none was.
func (u *URL) UnwrappedFrom() string { return "" }
