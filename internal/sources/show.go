package sources

import (
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
)

// List writes the feeds for people, one a line.
func List(w io.Writer) error {
	columns := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(columns, "FEED\tROWS\tFETCHED\tCOMMERCIAL USE\tLICENCE OR TERMS")
	for i := range Feeds {
		f := &Feeds[i]
		fmt.Fprintf(columns, "%s\t%s\t%s\t%s\t%s\n", f.Name, f.Label(), f.fetched(), f.Commercial, f.Licence)
	}
	return columns.Flush()
}

// fetched says whether the feed is fetched if nobody names it.
func (f *Feed) fetched() string {
	switch {
	case f.Key:
		return "with a key"
	case f.Off != "":
		return "if named"
	}
	return "yes"
}

// fetchedBecause is fetched with the reason why the feed is off.
func (f *Feed) fetchedBecause() string {
	if f.Off == "" {
		return f.fetched()
	}
	return f.fetched() + ": " + f.Off
}

// Describe writes all that is known of feeds for people.
func Describe(w io.Writer, names []string) error {
	for i, name := range names {
		f, err := find(name)
		if err != nil {
			return err
		}
		if i > 0 {
			fmt.Fprintln(w)
		}
		fmt.Fprintf(w, "%s: %s\n", f.Name, f.Is)
		columns := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
		for _, line := range [][2]string{
			{"address", f.Address},
			{"format", f.Format.Name + "; of a mirror " + f.file()},
			{"rows", f.Label()},
			{"licence or terms", f.Licence},
			{"commercial use", string(f.Commercial)},
			{"fetched", f.fetched()},
			{"", f.Terms()},
			{"asked at most", f.Interval()},
			{"watch", f.Watch},
			{"not checked", f.Unchecked},
		} {
			if line[1] != "" {
				fmt.Fprintf(columns, "  %s\t%s\n", line[0], line[1])
			}
		}
		if err := columns.Flush(); err != nil {
			return err
		}
	}
	return nil
}

// markdown returns the tables of docs/feeds.md.
func markdown() string {
	var page strings.Builder
	page.WriteString("| feed | what it is | rows | fetched | asked at most | commercial use | licence or terms |\n|---|---|---|---|---|---|---|\n")
	for i := range Feeds {
		f := &Feeds[i]
		fmt.Fprintf(&page, "| `%s` | %s | %s | %s | %s | %s | %s |\n", f.Name, f.Is, f.Label(), f.fetchedBecause(), f.Interval(), f.Commercial, f.Licence)
	}
	page.WriteString("\n| feed | address | format | a mirror's file | watch | not checked |\n|---|---|---|---|---|---|\n")
	for i := range Feeds {
		f := &Feeds[i]
		fmt.Fprintf(&page, "| `%s` | `%s` | %s | `%s` | %s | %s |\n", f.Name, f.Address, f.Format.Name, f.file(), f.Watch, f.Unchecked)
	}
	return page.String()
}
