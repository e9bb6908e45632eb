package logs

import "bytes"

// CoreDNS writes a line for a question with its answer (plugin log, formats common and combined),
// which containers put their time before:
//
//	[INFO] 127.0.0.1:54481 - 53328 "A IN example.com. udp 56 false 1232" NXDOMAIN qr,rd 91 0.0007s
//
// The name is in presentation format and in lower case. A blank in it has a backslash before it, as
// has a quotation mark.
// https://coredns.io/plugins/log/

type coredns struct{ tabbed }

func newCoreDNS(_ [][]byte, o Options) (stream, error) { return constant{coredns{tabbed{o}}}, nil }

func (c coredns) find(line []byte, r *Record) {
	line = c.cut(line, r)
	open := bytes.Index(line, []byte(` "`))
	if open < 0 {
		return
	}
	before, rest := line[:open], line[open+2:]
	dash := bytes.LastIndex(before, []byte(" - "))
	if dash < 0 || digits(before[dash+3:]) != len(before)-dash-3 {
		return
	}
	client := before[bytes.LastIndexByte(before[:dash], ' ')+1 : dash]
	_, rest = cutWord(rest)
	class, rest := cutWord(rest)
	end := escapedEnd(rest, ' ')
	if !isClass(class) || end < 0 {
		return
	}
	name := rest[:end]
	r.Time, r.Client = startTime(line), withoutPort(client)
	if closing := bytes.Index(rest[end:], []byte(`" `)); closing >= 0 {
		if code, _ := cutWord(rest[end+closing+2:]); string(code) != "-" {
			r.ResponseCode = code
		}
	}
	r.addDNS(name)
}

// escapedEnd returns the place of the first such byte before which is no backslash, or -1. Behind a
// backslash any byte is another one.
func escapedEnd(text []byte, end byte) int {
	for i := 0; i < len(text); i++ {
		switch text[i] {
		case '\\':
			i++
		case end:
			return i
		}
	}
	return -1
}

// fitsCoreDNS counts the lines that the program wrote, if some have names.
func fitsCoreDNS(sample [][]byte) int {
	if fitsNames(coredns{})(sample) == 0 {
		return 0
	}
	count := 0
	for _, line := range sample {
		if bytes.Contains(line, []byte("[INFO] ")) || bytes.Contains(line, []byte("[ERROR] ")) || bytes.Contains(line, []byte("[WARNING] ")) {
			count++
		}
	}
	return count
}
