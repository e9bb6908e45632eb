package blocklist

import "encoding/base64"

// Datasets of strings for Suricata
// (https://docs.suricata.io/en/latest/rules/datasets.html#file-formats): each in base64 on a line
// of its own, compared whole and byte by byte.

func appendDataset(out []byte, r row) []byte {
	r.entry.names(func(text string) {
		out = append(base64.StdEncoding.AppendEncode(out, []byte(text)), '\n')
	})
	return out
}

func readDataset(line []byte) (string, error) {
	text, err := base64.StdEncoding.Strict().DecodeString(string(line))
	if err != nil {
		return "", errForeign
	}
	return nameOf(string(text), true)
}
