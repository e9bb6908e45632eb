package main

import (
	"fmt"
	"strings"
	"time"
)

// A month is written as 2006-01. Months are ordered as their texts are.
type month string

const monthLayout = "2006-01"

// parseMonths reads months that commas separate.
func parseMonths(list string) ([]month, error) {
	var months []month
	for text := range strings.SplitSeq(list, ",") {
		if _, err := time.Parse(monthLayout, text); err != nil {
			return nil, fmt.Errorf("month %q: want it as 2006-01", text)
		}
		if m := month(text); len(months) > 0 && m <= months[len(months)-1] {
			return nil, fmt.Errorf("month %q: want months in order", text)
		}
		months = append(months, month(text))
	}
	return months, nil
}

// plus returns the month that is count months later.
func (m month) plus(count int) month {
	first, err := time.Parse(monthLayout, string(m))
	if err != nil {
		panic(err) // parseMonths made it
	}
	return month(first.AddDate(0, count, 0).Format(monthLayout))
}

// since returns how many months m is later than other.
func (m month) since(other month) int {
	number := func(m month) int {
		first, err := time.Parse(monthLayout, string(m))
		if err != nil {
			panic(err) // parseMonths made it
		}
		return first.Year()*12 + int(first.Month())
	}
	return number(m) - number(other)
}
