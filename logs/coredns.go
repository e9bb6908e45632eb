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
