package logs

// namesOnly is embedded in layouts of what is no log: nothing can be written into it.
type namesOnly struct{}

func (namesOnly) append(out, line []byte, _ *Record, _ [][]byte) []byte {
	return append(out, line...)
}
