package main

import (
	"fmt"
	"slices"
	"strings"
)

// What begins and ends the place of a table.
const (
	beginning = "<!-- made: "
	ending    = "<!-- end -->"
)

// fill returns the card with the texts in their places, by the names of tables. A place whose text
// is missing stays as it is.
func fill(card string, texts map[string]string) (string, error) {
	var b strings.Builder
	var filled []string
	open := "" // the name of the place that the line is in
	number := 0
	for line := range strings.Lines(card) {
		number++
		trimmed := strings.TrimSpace(line)
		name, begins := strings.CutPrefix(trimmed, beginning)
		_, replaced := texts[open]
		switch {
		case begins:
			name = strings.TrimSuffix(name, " -->")
			switch {
			case open != "":
				return "", fmt.Errorf("line %d: a place begins in that of %q", number, open)
			case !slices.ContainsFunc(tables, func(t table) bool { return t.name == name }):
				return "", fmt.Errorf("line %d: there is no table %q", number, name)
			case slices.Contains(filled, name):
				return "", fmt.Errorf("line %d: %q has a place already", number, name)
			}
			open = name
			filled = append(filled, name)
			b.WriteString(line)
			if text := strings.TrimSpace(texts[name]); text != "" {
				b.WriteString(text + "\n")
			}
		case trimmed == ending && open == "":
			return "", fmt.Errorf("line %d: a place ends that has not begun", number)
		case trimmed == ending:
			open = ""
			b.WriteString(line)
		case !replaced:
			b.WriteString(line)
		}
	}
	if open != "" {
		return "", fmt.Errorf("the place of %q does not end", open)
	}
	for _, t := range tables {
		if !slices.Contains(filled, t.name) {
			return "", fmt.Errorf("there is no place for %q: want a line %s%s -->, and below it %s", t.name, beginning, t.name, ending)
		}
	}
	return b.String(), nil
}
