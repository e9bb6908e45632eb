package labelling

import (
	"strconv"
	"strings"
	"time"
)

const isoForm = "0000-00-00"

// dateOf returns the date with which a time begins, as far as it is told: YYYY-MM-DD, YYYY-MM,
// YYYY, or none. It reads ISO 8601 and what can be read in one way alone: 2.11.2026, 2026/11/02,
// 11/25/2026, 2 Nov 2026, seconds since 1970.
func dateOf(text string) string {
	text = strings.TrimSpace(text)
	if date := isoDate(text); date != "" {
		return date
	}
	first, rest, _ := strings.Cut(text, " ")
	if date := numericDate(strings.TrimRight(first, ",")); date != "" {
		return date
	}
	if isNumber := strings.Trim(first, "0123456789.") == "" && rest == ""; isNumber {
		return unixDate(first)
	}
	return namedDate(text)
}

// isoDate reads ISO 8601, and the same with slashes.
func isoDate(text string) string {
	n := 0
	for n < len(isoForm) && n < len(text) && (isoForm[n] == '-' && text[n] == '-' || isoForm[n] == '0' && text[n] >= '0' && text[n] <= '9') {
		n++
	}
	isWhole := n == len(text) || text[n] == ' ' || text[n] == 'T'
	if !isWhole || n != len("0000") && n != len("0000-00") && n != len(isoForm) {
		return ""
	}
	year, month, day := text[:4], "01", "01"
	if n > len("0000") {
		month = text[5:7]
	}
	if n == len(isoForm) {
		day = text[8:10]
	}
	if year < "1980" || month < "01" || month > "12" || day < "01" || day > "31" {
		return ""
	}
	return text[:n]
}

// numericDate reads three numbers. Dots stand behind a day and a month; of slashes and hyphens
// nobody knows which is first, unless one number cannot be a month or both are the same.
func numericDate(text string) string {
	comma := strings.IndexAny(text, "./-")
	if comma < 0 {
		return ""
	}
	mark := text[comma : comma+1]
	parts := strings.Split(text, mark)
	if len(parts) != 3 {
		return ""
	}
	var n [3]int
	for i, part := range parts {
		number, err := strconv.ParseUint(part, 10, 16)
		if err != nil || len(part) > 4 {
			return ""
		}
		n[i] = int(number)
	}
	switch {
	case len(parts[0]) == 4:
		return dateFrom(n[0], n[1], n[2])
	case len(parts[2]) != 4:
		return ""
	case mark == "." || n[0] > 12 || n[0] == n[1]:
		return dateFrom(n[2], n[1], n[0])
	case n[1] > 12:
		return dateFrom(n[2], n[0], n[1])
	}
	return ""
}

func dateFrom(year, month, day int) string {
	date := time.Date(year, time.Month(month), day, 0, 0, 0, 0, time.UTC)
	if year < 1980 || year > 9999 || month < 1 || month > 12 || date.Day() != day {
		return ""
	}
	return date.Format(time.DateOnly)
}

// unixDate reads seconds, with a fraction perhaps, or milliseconds since 1970.
func unixDate(text string) string {
	whole, _, _ := strings.Cut(text, ".")
	seconds, err := strconv.ParseInt(whole, 10, 64)
	switch {
	case err != nil:
		return ""
	case len(whole) == len("1700000000000"):
		seconds /= 1000
	case len(whole) != len("1700000000"):
		return ""
	}
	return time.Unix(seconds, 0).UTC().Format(time.DateOnly)
}

// namedDate reads dates with the English name of the month.
func namedDate(text string) string {
	text = strings.NewReplacer(",", " ", "-", " ").Replace(text)
	fields := strings.Fields(text)
	if len(fields) > 3 && len(fields[0]) == len("Mon") && strings.Trim(fields[3], "0123456789") == "" { // a day of the week
		fields = fields[1:]
	}
	if len(fields) < 3 {
		return ""
	}
	begin := strings.Join(fields[:3], " ")
	for _, form := range []string{"2 Jan 2006", "2 January 2006", "Jan 2 2006", "January 2 2006"} {
		if date, err := time.Parse(form, begin); err == nil {
			return dateFrom(date.Year(), int(date.Month()), date.Day())
		}
	}
	return ""
}
