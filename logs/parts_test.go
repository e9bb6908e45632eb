package logs

import (
	"strings"
	"testing"
)

// A log that is followed from its first line has nothing in its sample that tells which parts of
// exchanges it has.
func TestPartsAreLearnedBehindTheSample(t *testing.T) {
	for format, lines := range map[string][]string{
		"unbound": {
			"[1795827352] unbound[8693:0] notice: init module 0: iterator",
			"[1795827352] unbound[8693:0] info: 127.0.0.1 first.example. A IN",
			"[1795827352] unbound[8693:0] info: 127.0.0.1 first.example. A IN NOERROR 0.000000 1 60",
			"[1795827352] unbound[8693:0] info: 127.0.0.1 next.example. A IN",
			"[1795827352] unbound[8693:0] info: 127.0.0.1 next.example. A IN NOERROR 0.000000 1 60",
		},
		"powerdns": {
			`Nov 28 00:55:51 msg="Enabled multiplexer" subsystem="runtime" level="0" prio="Info" tid="0" ts="1795827352.1"`,
			`Nov 28 00:55:51 msg="Question" subsystem="syncres" ts="1795827352.2" qname="next.example" qtype="A" remote="127.0.0.1:50315"`,
			`Nov 28 00:55:51 msg="Answer" subsystem="syncres" ts="1795827352.2" qname="next.example" qtype="A" rcode="0" remote="127.0.0.1:50315"`,
		},
		"suricata": {
			`{"event_type":"stats"}`,
			`{"event_type":"dns","dns":{"version":2,"type":"query","id":1,"rrname":"next.example"}}`,
			`{"event_type":"dns","dns":{"version":2,"type":"answer","id":1,"rrname":"next.example","rcode":"NOERROR"}}`,
		},
	} {
		t.Run(format, func(t *testing.T) {
			f, err := Find(format)
			if err != nil {
				t.Fatal(err)
			}
			log := strings.Join(lines, "\n")
			reader, err := f.NewReader(strings.NewReader(log), []byte(lines[0]+"\n"), Options{})
			if err != nil {
				t.Fatal(err)
			}
			counted := 0
			var r Record
			for reader.Scan() {
				reader.Layout().Find(reader.Bytes(), &r)
				for _, name := range r.Names {
					if strings.HasPrefix(string(name.Text), "next.example") && !r.Repeats {
						counted++
					}
				}
			}
			if counted != 1 {
				t.Errorf("the exchange counts %d times", counted)
			}
		})
	}
}
