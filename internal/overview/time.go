package overview

import (
	"bytes"
	"math"
	"strconv"
	"time"
)

// layouts are how logs write times that are no numbers. Those without a zone are taken as UTC.
var layouts = []string{
	"2006-01-02T15:04:05Z07:00",
	"2006-01-02T15:04:05Z0700", // Suricata
	"2006-01-02T15:04:05",
	"2006-01-02 15:04:05",
	"2006-01-02 15:04:05Z07:00",
	"02-Jan-2006 15:04:05",       // BIND
	"02/Jan/2006:15:04:05 -0700", // web servers
	"02/Jan/2006:15:04:05",       // HAProxy
	"2006/01/02 15:04:05",
	"Jan _2 15:04:05", // syslog
}

// A timeParser reads the times of a log, which all have one layout. It belongs to one goroutine.
type timeParser struct {
	now  time.Time
	last int // index of the layout that fitted last
}

// parse returns a time in microseconds since 1970, 0 where it cannot be read.
func (p *timeParser) parse(text []byte) int64 {
	text = bytes.Trim(text, `[]" `)
	const longest = 40
	if len(text) == 0 || len(text) > longest {
		return 0
	}
	if number, err := strconv.ParseFloat(textOf(text), 64); err == nil {
		return fromNumber(number)
	}
	for i := range layouts {
		at := (p.last + i) % len(layouts)
		parsed, err := time.Parse(layouts[at], textOf(text))
		if err != nil {
			continue
		}
		p.last = at
		if parsed.Year() == 0 { // the last such day that is not after tomorrow
			parsed = parsed.AddDate(p.now.Year(), 0, 0)
			if parsed.After(p.now.AddDate(0, 0, 1)) {
				parsed = parsed.AddDate(-1, 0, 0)
			}
		}
		if parsed.Year() < 1970 || parsed.Year() > 9999 {
			return 0
		}
		return parsed.UnixMicro()
	}
	return 0
}

// fromNumber reads seconds since 1970, or milli-, micro- or nanoseconds, as large as the number is.
func fromNumber(number float64) int64 {
	const oldest, newest = 1e8, 1e11 // 1973, and so far away that it must be smaller units
	for range 4 {                    // units
		if number >= oldest && number < newest {
			return int64(math.Round(number * 1e6))
		}
		number /= 1e3
	}
	return 0
}
