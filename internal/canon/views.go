package canon

// The views of a URL: what was paid for, what stands before it as well, and all of it.
const (
	RegisteredDomainView = iota
	HostView
	WholeView
	viewCount
)

// Views are the symbols of a URL's views, one behind the other. What each is:
//
//	registered domain   the registered domain, or the host where nobody registers one: an address, a
//	                    public suffix, a name below none
//	host                the host, without a port
//	whole               what Alphabet.Append reads
//
// Below the suffix of an operator all three begin at the suffix.
type Views struct {
	// Ends say where each view ends among the symbols. A view that is the one before it has no
	// symbols of its own and so the same end.
	Ends [viewCount]int

	IsPaid bool // somebody paid for the registered domain: false below the suffix of an operator
}

// AppendViews appends the symbols of u's distinct views to symbols.
func (a *Alphabet) AppendViews(symbols []uint8, u *URL, limit int) ([]uint8, Views) {
	var pieces [segments]piece
	host, isOperators := a.operators.find(u.Host())
	read := pieces[:a.divide(&pieces, u, host, limit)]
	domain := host
	if !isOperators && u.IsRegistrable() {
		domain = u.domain
	}
	views := Views{IsPaid: !isOperators}
	symbols = a.appendPieces(symbols, u, read, domain, u.port)
	views.Ends[RegisteredDomainView] = len(symbols)
	if domain > host {
		symbols = a.appendPieces(symbols, u, read, host, u.port)
	}
	views.Ends[HostView] = len(symbols)
	if len(read) > 0 && read[len(read)-1].to > u.port {
		symbols = a.appendPieces(symbols, u, read, host, len(u.text))
	}
	views.Ends[WholeView] = len(symbols)
	return symbols, views
}
