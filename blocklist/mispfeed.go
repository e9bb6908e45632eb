package blocklist

import (
	"bufio"
	"crypto/md5"
	"encoding/hex"
	"io"
)

// Feeds of MISP (https://www.circl.lu/doc/misp/managing-feeds/): the event in a file of its own, a
// manifest of all events, and the MD5 of each value, by which MISP finds values without reading
// events.

func writeMISPFeed(create Create, l *List, o Options) (LeftOut, error) {
	var leftOut LeftOut
	err := create(mispEvent+".json", func(w io.Writer) (err error) {
		leftOut, err = misp.Write(w, l, o)
		return err
	})
	if err != nil {
		return nil, err
	}
	err = create("hashes.csv", func(w io.Writer) error {
		out := bufio.NewWriter(w)
		rows, _ := misp.rows(l)
		var line []byte
		for _, r := range rows {
			line = line[:0]
			r.entry.mispValues(func(_, value string) {
				sum := md5.Sum([]byte(value))
				line = append(hex.AppendEncode(line, sum[:]), ","+mispEvent+"\n"...)
			})
			out.Write(line)
		}
		return out.Flush()
	})
	if err != nil {
		return nil, err
	}
	// Last, so that whoever reads the manifest finds what it names.
	return leftOut, create("manifest.json", func(w io.Writer) error {
		manifest := append([]byte(nil), `{"`+mispEvent+`":{`...)
		manifest = appendMISPHead(manifest, o)
		_, err := w.Write(append(manifest, `,"Tag":[]}}`+"\n"...))
		return err
	})
}
