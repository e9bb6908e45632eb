package logs

import "testing"

func TestNestedFieldsAreCut(t *testing.T) {
	o := Options{Fields: []Field{{Name: "event.risk_score"}, {Name: "event.kind"}, {Name: "threat.technique.id"}}}
	for _, test := range []struct{ name, line, want string }{
		{"alone", `{"event":{"risk_score":0}}`, `{"event":{}}`},
		{"first", `{"event":{"risk_score":0, "a":"x"}}`, `{"event":{"a":"x"}}`},
		{"last", `{"event":{"a":"x","risk_score":0 },"b":1}`, `{"event":{"a":"x" },"b":1}`},
		{"two of one object", `{"event":{"kind":1,"risk_score":0}}`, `{"event":{}}`},
		{"twice", `{"event":{"risk_score":0,"risk_score":1},"event.risk_score":2,"b":1}`, `{"event":{},"b":1}`},
		{"between", `{"event":{"a":1,"risk_score":0,"b":2}}`, `{"event":{"a":1,"b":2}}`},
		{"deeper, in arrays, behind a dotted one", `{"event.risk_score":1,"threat":[{"technique":{"id":["T1"],"x":1}}]}`, `{"threat":[{"technique":{"x":1}}]}`},
		{"partly dotted", `{"threat.technique":{"id":1},"threat":{"technique.id":2}}`, `{"threat.technique":{},"threat":{}}`},
		{"with an escape", `{"event":{"risk\u005fscore":0}}`, `{"event":{}}`},
		{"others", `{"event":{"risk":{"risk_score":0}},"threat":"x"}`, `{"event":{"risk":{"risk_score":0}},"threat":"x"}`},
	} {
		t.Run(test.name, func(t *testing.T) {
			layout := Layout{zeekJSON{newJSONPaths(o, zeekColumns...), jsonMembers{o}}}
			var r Record
			layout.Find([]byte(test.line), &r)
			if got := string(layout.Append(nil, []byte(test.line), &r, [][]byte{nil, nil, nil})); got != test.want || r.Broken != "" {
				t.Errorf("%s, want %s", got, test.want)
			}
		})
	}
}
