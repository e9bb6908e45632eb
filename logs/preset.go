package logs

import "bytes"

// A preset says where things stand in the records of a generic format: columns by name or number
// from 1, members by path, pairs by key. Those for whom it is empty are not looked for.
type preset struct {
	names        []nameColumn
	host, target string // of a request over HTTP, to be put together
	clients      []string
	times        []string
	codes        []string
	only         []condition // all must hold where a record shall have names
}

type nameColumn struct {
	column string
	dns    bool
}

type condition struct{ column, value string }

// Where generic records tell of more than names.
var (
	usualClients = []string{"client", "client_ip", "clientip", "src_ip", "srcip", "srcaddr", "source.ip", "src", "id.orig_h", "c-ip"}
	usualTimes   = []string{"@timestamp", "timestamp", "time", "_time", "query_timestamp", "datetime", "ts", "eventtime"}
	usualCodes   = []string{"rcode", "rcode_name", "response_code", "dns.response_code", "reply_code"}
)

// generic returns the preset of records whose names stand in these columns.
func generic(columns []string) preset {
	p := preset{clients: usualClients, times: usualTimes, codes: usualCodes}
	for _, column := range columns {
		p.names = append(p.names, nameColumn{column, isDNSColumn(column)})
	}
	return p
}

// found returns the columns that hold names.
func (p preset) found() (columns []string) {
	for _, name := range p.names {
		columns = append(columns, name.column)
	}
	if p.host != "" {
		columns = append(columns, p.host, p.target)
	}
	return columns
}

// add adds the name that a column holds.
func (r *Record) add(text []byte, dns bool) {
	if dns {
		r.addRawDNS(text)
	} else {
		r.addWeb(text)
	}
}

var (
	route53 = preset{
		names:   []nameColumn{{"query_name", true}},
		clients: []string{"srcaddr"}, times: []string{"query_timestamp"}, codes: []string{"rcode"},
	}
	zscaler = preset{
		names:   []nameColumn{{"event.url", false}},
		clients: []string{"event.ClientIP"}, times: []string{"event.datetime"},
	}
	transparency = preset{names: []nameColumn{{"data.leaf_cert.all_domains", true}}, times: []string{"data.seen"}}
	// https://docs.umbrella.com/deployment-umbrella/docs/log-formats-and-versioning
	umbrella = preset{
		names:   []nameColumn{{"9", true}},
		clients: []string{"4"}, times: []string{"1"}, codes: []string{"8"},
	}
	// https://docs.paloaltonetworks.com/pan-os: Threat Log Fields. Before the first stands what
	// syslog writes.
	paloalto = preset{
		names:   []nameColumn{{"32", false}},
		clients: []string{"8"}, times: []string{"7"}, only: []condition{{"4", "THREAT"}, {"5", "url"}},
	}
	fortinet = preset{
		names: []nameColumn{{"qname", true}}, host: "hostname", target: "url",
		clients: []string{"srcip"}, times: []string{"eventtime"}, codes: []string{"rcode"},
	}
)

// fitsUmbrella counts the rows that are of Umbrella's log, which has no header: a time, what was
// done, the type, and a name with its final dot.
func fitsUmbrella(sample [][]byte) int {
	d := &delimited{delimiter: ',', isQuoted: true}
	var r Record
	count := 0
	for _, line := range sample {
		r.reset()
		d.cells(line, &r)
		action, name := d.cell(line, &r, 5), d.cell(line, &r, 8)
		if len(r.cells) >= 10 && isTime(d.cell(line, &r, 0)) && (string(action) == "Allowed" || string(action) == "Blocked" || string(action) == "Proxied") &&
			bytes.IndexByte(d.cell(line, &r, 6), '(') > 0 && bytes.HasSuffix(name, []byte(".")) {
			count++
		}
	}
	return count
}
