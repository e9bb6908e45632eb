package main

import (
	"errors"
	"flag"
	"slices"
	"strings"

	"github.com/snowman-ml/snowman/logs"
)

// autoFormat is what -format is if nobody says.
const autoFormat = "auto"

// A reading is how the records of a log are read: -format, -column and -field.
type reading struct {
	formatName string
	columns    []string
	given      *logs.Format // nil where the format is to be guessed
}

// add adds the flags. Others are formats that package logs does not know.
func (r *reading) add(flags *flag.FlagSet, others ...string) {
	known := append([]string{autoFormat}, others...)
	for _, format := range logs.Formats {
		known = append(known, format.Name)
	}
	flags.StringVar(&r.formatName, "format", autoFormat, "read the input as this `format`: "+strings.Join(known, ", "))
	listFlag(flags, &r.columns, "column", "names stand in this `column` of csv (cells between tabs, commas, semicolons or bars) or tsv, by name or number from 1; several may be given", checkColumn)
	r.addField(flags)
}

// addAlone adds the flags for records that each come alone.
func (r *reading) addAlone(flags *flag.FlagSet) {
	known := []string{logs.Lines.Name}
	for _, format := range logs.Formats {
		var o logs.Options
		if format.AnyColumn {
			o.Columns = []string{"name"}
		}
		if _, err := format.Alone(o); err == nil {
			known = append(known, format.Name)
		}
	}
	flags.StringVar(&r.formatName, "format", logs.Lines.Name, "each message is of this `format`: "+strings.Join(known, ", ")+"; where -field is given it is jsonl")
	r.addField(flags)
}

func (r *reading) addField(flags *flag.FlagSet) {
	listFlag(flags, &r.columns, "field", "names stand in this `member` of jsonl, such as dns.question.name, or pair of kv; several may be given", checkColumn)
}

func checkColumn(column string) error {
	if column == "" {
		return errors.New("want a name or a number")
	}
	return nil
}

// find finds the format. Others are those of add.
func (r *reading) find(others ...string) (err error) {
	if r.formatName == autoFormat || slices.Contains(others, r.formatName) {
		return nil
	}
	if r.given, err = logs.Find(r.formatName); err != nil {
		return usageError{"-format: " + err.Error()}
	}
	if len(r.columns) > 0 && !r.given.AnyColumn {
		return usageError{"-column, -field: format " + r.formatName + " knows where its names stand"}
	}
	return nil
}
