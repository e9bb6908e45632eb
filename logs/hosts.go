package logs

import "bytes"

// Hosts files give names to addresses, and as block lists take them away (hosts(5)): an address,
// names with blanks between them, a comment behind #. A blank in what should be one name makes two.

// hosts is the layout of hosts files.
type hosts struct{ namesOnly }

func (hosts) find(line []byte, r *Record) {
	if comment := bytes.IndexByte(line, '#'); comment >= 0 {
		line = line[:comment]
	}
	address, i := nextWord(line, 0)
	if len(address) == 0 {
		r.Header = true
		return
	}
	if percent := bytes.IndexByte(address, '%'); percent >= 0 {
		address = address[:percent] // of an interface
	}
	if !isIPv4(address) && !isIPv6(address) {
		r.Broken = "it does not begin with an IP address"
		return
	}
	for {
		var name []byte
		if name, i = nextWord(line, i); len(name) == 0 {
			return
		}
		if !isOwnHost(name) {
			r.addWeb(name)
		}
	}
}

// isOwnHost reports whether a name is of the machine itself or of its network, as hosts files have
// before what they block.
func isOwnHost(name []byte) bool {
	switch string(name) {
	case "localhost.localdomain", "localhost4.localdomain4", "localhost6.localdomain6", "0.0.0.0":
		return true
	}
	return bytes.IndexByte(name, '.') < 0
}

func newHosts(_ [][]byte, _ Options) (stream, error) { return constant{hosts{}}, nil }

// fitsHosts counts the lines of a hosts file that blocks. With other addresses it may be a list of
// indicators as well.
func fitsHosts(sample [][]byte) int {
	var r Record
	count, blocked := 0, 0
	for _, line := range sample {
		r.reset()
		if (hosts{}).find(line, &r); r.Broken != "" {
			continue
		}
		count++
		address, _ := nextWord(line, 0)
		isNowhere := string(address) == "0.0.0.0" || bytes.HasPrefix(address, []byte("127.")) || string(address) == "::" || string(address) == "::1"
		if !r.Header && isNowhere {
			blocked++
		} else if !r.Header && len(r.Names) > 0 {
			count--
		}
	}
	if blocked == 0 {
		return 0
	}
	return count
}
