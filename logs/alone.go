package logs

import "fmt"

// Alone returns the layout of records that each come by themselves, such as the messages of a
// queue: no record says anything of another, so all have the same. A record may end in a line end.
// Its error says what cannot come so: lines of a table whose header names the columns, captures,
// lists, and documents with records in them.
func (f *Format) Alone(o Options) (Layout, error) {
	if f.begin == nil || f.messages != nil || f.flatten != nil {
		return Layout{}, fmt.Errorf("%s: its records do not come alone", f.Title)
	}
	if f.AnyColumn && len(o.Columns) == 0 {
		return Layout{}, fmt.Errorf("%s: it does not tell where names stand", f.Title)
	}
	s, err := f.begin(nil, o)
	if err != nil {
		return Layout{}, fmt.Errorf("%s: %w", f.Title, err)
	}
	switch s := s.(type) {
	case constant:
		return Layout{alone(s)}, nil
	case *learner:
		return Layout{alone{s.now}}, nil
	case *zeekStream: // without headers it is JSON
		return Layout{alone{s.json}}, nil
	case *delimitedStream:
		if len(s.rows.names) > 0 {
			return Layout{alone{s.rows}}, nil
		}
	}
	return Layout{}, fmt.Errorf("%s: its records do not come alone", f.Title)
}

// alone is a layout whose lines may be blank.
type alone struct{ of layout }

func (a alone) find(line []byte, r *Record) {
	if isBlank(line[startNULs(line):]) {
		r.Header = true
		return
	}
	a.of.find(line, r)
}

func (a alone) append(out, line []byte, r *Record, values [][]byte) []byte {
	if isBlank(line[startNULs(line):]) {
		return append(out, line...)
	}
	return a.of.append(out, line, r, values)
}
