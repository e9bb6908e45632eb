package helper

import (
	"bytes"
	"strconv"

	"github.com/snowman-ml/snowman"
)

// A policy answers Postfix's policy delegation (https://www.postfix.org/SMTPD_POLICY_README.html):
// a request is lines NAME=VALUE with an empty line behind them.
type policy struct{ minimum snowman.Level }

func beginPostfix(o Options) (protocol, error) { return policy{o.Minimum}, nil }

// postfixAttributes are the attributes of a request that hold names.
var postfixAttributes = [...]string{"client_name", "reverse_client_name", "helo_name", "sender"}

// ask reads the first of each attribute. What is unknown, empty, or an address that stands for a
// name, is no text.
func (policy) ask(q *question, b *batch) {
	var seen [len(postfixAttributes)]bool
	for line := range bytes.Lines(q.raw) {
		name, value, _ := bytes.Cut(trimEnd(line), []byte("="))
		for i, attribute := range postfixAttributes {
			if seen[i] || string(name) != attribute {
				continue
			}
			seen[i] = true
			if attribute == "sender" {
				value = value[bytes.LastIndexByte(value, '@')+1:]
			}
			if len(value) > 0 && value[0] != '[' && string(value) != "unknown" {
				q.sources[len(b.ends)-q.first] = byte(i)
				b.add(value)
			}
		}
	}
}

func (p policy) answer(out []byte, q *question, worst *said) []byte {
	if !worst.isScored || worst.level < p.minimum {
		return append(out, "action=DUNNO\n\n"...)
	}
	out = append(out, "action=PREPEND X-Snowman: "...)
	out = append(out, worst.level.String()...)
	out = append(out, "; score="...)
	out = strconv.AppendFloat(out, worst.score, 'f', 5, 64)
	out = append(out, "; kind="...)
	out = appendWord(out, worst.kind)
	out = append(out, "; of="...)
	out = append(out, postfixAttributes[q.sources[worst.at]]...)
	return append(out, "\n\n"...)
}
