package blocklist

import (
	"encoding/base64"
	"math"
	"strconv"
	"strings"
)

// Reputations for Suricata (https://docs.suricata.io/en/latest/rules/datasets.html#datarep): a
// dataset with a number behind each string, here the score in thousandths.

const mostReputation = 1000

func appendDatarep(out []byte, r row) []byte {
	r.entry.names(func(text string) {
		out = append(base64.StdEncoding.AppendEncode(out, []byte(text)), ',')
		out = strconv.AppendInt(out, int64(math.Round(mostReputation*r.entry.probability())), 10)
		out = append(out, '\n')
	})
	return out
}

// probability returns the score, which is none of a number outside 0 to 1.
func (e *Entry) probability() float64 {
	if !(e.Score >= 0 && e.Score <= 1) {
		return 0
	}
	return e.Score
}

func readDatarep(line []byte) (string, error) {
	text, reputation, _ := strings.Cut(string(line), ",")
	if number, err := strconv.Atoi(reputation); err != nil || number < 0 || number > mostReputation {
		return "", errForeign
	}
	return readDataset([]byte(text))
}
