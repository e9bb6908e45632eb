package report

import (
	_ "embed"
	"fmt"
	"html/template"
	"io"
	"math"
	"strconv"
	"time"

	"github.com/snowman-ml/snowman/internal/ranking"
	"github.com/snowman-ml/snowman/internal/visible"
)

//go:embed top.html
var topText string

//go:embed top.css
var topStyle string

var topTemplate = parsed(headText, topText)

// topData is what the template shows.
type topData struct {
	head
	Lines           []string
	Clients, When   template.HTML
	Words           string
	ClientsHeading  string
	DomainsHeading  string
	TopClients      []topRow
	TopDomains      []topRow
	ClientHead      []string
	DomainHead      []string
	HasAnyone, None bool
}

// A topRow is a client or a domain.
type topRow struct {
	Cells []string // the first is the name
	Lines []string
}

// TopHTML writes the rankings of a log as a page that needs nothing outside itself, as HTML does of
// an evaluation.
func TopHTML(w io.Writer, facts []Fact, r ranking.Result) error {
	data := topData{
		head: newHead("Top of a log", facts), Lines: topSummary(r),
		Clients: clientsChart(r).Inline(), When: whenChart(r).Inline(), Words: evidenceWords,
		ClientsHeading: topHeading("Clients", len(r.TopClients), r.RankedClients),
		DomainsHeading: topHeading("Registered domains", len(r.TopDomains), r.RankedDomains),
		HasAnyone:      len(r.Points) > 0, None: len(r.TopClients)+len(r.TopDomains) == 0,
	}
	data.Style += template.CSS(topStyle)
	data.ClientHead, data.TopClients = topRows(clientTable(r), func(i int) []string { return clientLines(r.TopClients[i]) })
	data.DomainHead, data.TopDomains = topRows(domainTable(r), func(i int) []string { return domainLines(r.TopDomains[i]) })
	return writePage(w, topTemplate, data)
}

func topRows(rows table, lines func(i int) []string) (head []string, top []topRow) {
	for i, cells := range rows[1:] {
		top = append(top, topRow{cells, lines(i)})
	}
	return rows[0], top
}

// clientsChart has a dot for each client: how many domains it asked for, and how many of them are
// notable. Dots that would lie on one another are drawn once.
func clientsChart(r ranking.Result) Chart {
	const name, title = "clients", "All clients"
	if len(r.Points) == 0 {
		return nothing(name, title, "The log names no clients.")
	}
	d := newDrawing()
	most, mostNotable := 10.0, 10.0
	for _, p := range r.Points {
		most, mostNotable = max(most, float64(p.Domains)), max(mostNotable, float64(p.Notable))
	}
	x := func(n float64) float64 { return d.x(math.Log10(max(n, 1)) / math.Log10(most)) }
	const none = .06 // of the height, for clients without any
	y := func(n float64) float64 {
		if n < 1 {
			return d.y(0)
		}
		return d.y(none + (1-none)*math.Log10(n)/math.Log10(mostNotable))
	}
	d.axisX("registered domains asked for, logarithmic", x, powers(most))
	d.axisY("of them at a level, or not existing, logarithmic", y, append([]tick{{0, "0"}}, powers(mostNotable)...))

	type cell struct{ x, y int }
	drawn := make(map[cell]bool)
	const apart, labelled = 3, 5
	for i := len(r.Points) - 1; i >= 0; i-- { // the first ranks lie on top
		p := r.Points[i]
		atX, atY := x(float64(p.Domains)), y(float64(p.Notable))
		isTop := i < len(r.TopClients)
		at := cell{int(atX / apart), int(atY / apart)}
		if !isTop && drawn[at] {
			continue
		}
		drawn[at] = true
		said := fmt.Sprintf("%s: %s domains, %s of them notable; evidence %s", visible.Label(p.Client, shownName), Thousands(p.Domains), Thousands(p.Notable), evidence(p.Evidence))
		if !isTop {
			d.dot("plain small", atX, atY, said)
			continue
		}
		d.dot("", atX, atY, said)
		if i < labelled {
			d.text("label middle first", atX, atY-8, strconv.Itoa(i+1))
		}
	}
	words := fmt.Sprintf("%s clients by the registered domains that each asked for, and those of them that reach a level or do not exist.", Thousands(len(r.Points)))
	for _, c := range r.TopClients[:min(labelled, len(r.TopClients))] {
		words += fmt.Sprintf(" %s: evidence %s, %s.", visible.Label(c.Client, shownName), evidence(c.Evidence), reason(c.Because))
	}
	return d.chart(name, title, words)
}

// powers returns ticks at the powers of ten up to most.
func powers(most float64) (ticks []tick) {
	for power := 1; float64(power) <= most; power *= 10 {
		ticks = append(ticks, tick{float64(power), Thousands(power)})
	}
	return ticks
}

// whenChart has a line for each of the first domains, from the first query to the last.
func whenChart(r ranking.Result) Chart {
	const name, title = "when", "When the domains were asked for"
	const most, rowHeight = 20, 17.0
	domains := r.TopDomains[:min(most, len(r.TopDomains))]
	if len(domains) == 0 || !r.First.Before(r.Last) {
		return nothing(name, title, "No domain has evidence, or the log tells no times.")
	}
	d := newDrawing()
	d.left, d.right, d.top = 170, chartWidth-30, 14
	d.bottom = d.top + rowHeight*float64(len(domains)) + 4
	place := func(t time.Time) float64 { return d.x(float64(t.Sub(r.First)) / float64(r.Last.Sub(r.First))) }
	layout := "15:04"
	if r.Last.Sub(r.First) > 48*time.Hour {
		layout = "01-02"
	}
	var ticks []tick
	for i := range 5 {
		at := r.First.Add(r.Last.Sub(r.First) / 4 * time.Duration(i))
		ticks = append(ticks, tick{float64(i) / 4, at.Format(layout)})
	}
	d.axisX("time, UTC", d.x, ticks)
	words := "The first and the last query for each domain."
	for i, domain := range domains {
		at := d.top + rowHeight*(float64(i)+.5) + 2
		d.text("end", d.left-10, at+4, visible.Label(domain.Domain, 20))
		if domain.First.IsZero() {
			continue
		}
		said := fmt.Sprintf("%s: %s, %s queries", visible.Label(domain.Domain, shownName), span(domain.First, domain.Last), Thousands(domain.Queries))
		words += " " + said + "."
		d.line("whisker", place(domain.First), at, place(domain.Last), at)
		d.dot("small", place(domain.First), at, said)
		d.dot("small", place(domain.Last), at, said)
	}
	return d.chart(name, title, words)
}
