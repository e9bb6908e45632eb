package verdict

import (
	"encoding/json"
	"errors"
	"reflect"
	"testing"

	"github.com/snowman-ml/snowman"
	"github.com/snowman-ml/snowman/allow"
)

func TestAppend(t *testing.T) {
	plain := snowman.Verdict{Score: 0.75, Level: snowman.Low, Kind: "dga", Probabilities: snowman.Probabilities{Kinds: []string{"benign", "dga"}, Values: []float64{0.25, 0.75}}}
	odd := plain
	odd.Imitates, odd.Mentions, odd.MixedScript, odd.Popular = "paypal.com", "dhl.com", true, true
	local := snowman.Verdict{Score: 0.75, Kind: "benign", NotPublic: "local suffix", UserInfo: true, UnwrappedFrom: "links.com"}
	for _, test := range []struct {
		name   string
		record Record
		want   string
	}{
		{"a verdict", Record{Text: "q.com", Verdict: plain},
			`{"text":"q.com","score":0.75,"level":"low","kind":"dga","kinds":{"benign":0.25,"dga":0.75}}`},
		{"families", Record{Text: "q.com", Verdict: plain, Families: []snowman.Family{{Name: "banjori", Probability: 0.5}, {Name: "nymaim", Probability: 1e-9}}},
			`{"text":"q.com","score":0.75,"level":"low","kind":"dga","kinds":{"benign":0.25,"dga":0.75},"families":[{"name":"banjori","probability":0.5},{"name":"nymaim","probability":1e-09}]}`},
		{"what it looks like", Record{Text: "q.com", Verdict: odd},
			`{"text":"q.com","score":0.75,"level":"low","kind":"dga","kinds":{"benign":0.25,"dga":0.75},"imitates":"paypal.com","mentions":"dhl.com","mixed_script":true,"popular":true}`},
		{"what it is", Record{Text: "https://a@q.local", Verdict: local},
			`{"text":"https://a@q.local","score":0.75,"level":"none","kind":"benign","not_public":"local suffix","user_info":true,"unwrapped_from":"links.com"}`},
		{"an allowed text", Record{Text: "q.com", Verdict: plain, Allowed: &allow.Match{Entry: "*.q.com", List: "Dom\u202eains \"x\""}},
			`{"text":"q.com","score":0.75,"level":"low","kind":"dga","kinds":{"benign":0.25,"dga":0.75},"allowed":{"entry":"*.q.com","list":"Dom\u202eains \"x\""}}`},
		{"without probabilities", Record{Text: "q.com", Verdict: snowman.Verdict{Score: 0.5, Kind: "benign"}},
			`{"text":"q.com","score":0.5,"level":"none","kind":"benign"}`},
		{"a text that would end the string", Record{Text: `q.com/"\<&>`, Verdict: plain},
			`{"text":"q.com/\"\\<&>","score":0.75,"level":"low","kind":"dga","kinds":{"benign":0.25,"dga":0.75}}`},
		{"a text that would turn the line", Record{Text: "q.com/\u202ecod.exe\U000e0001\x7f", Verdict: plain},
			`{"text":"q.com/\u202ecod.exe\udb40\udc01\u007f","score":0.75,"level":"low","kind":"dga","kinds":{"benign":0.25,"dga":0.75}}`},
	} {
		t.Run(test.name, func(t *testing.T) {
			got := NewEncoder([]string{"benign", "dga"}).Append(nil, test.record)
			if string(got) != test.want {
				t.Errorf("%s, want %s", got, test.want)
			}
			var again Record
			if err := json.Unmarshal(got, &again); err != nil || !reflect.DeepEqual(again, test.record) {
				t.Errorf("%s reads back as %+v (%v)", got, again, err)
			}
			var members, plainMembers any // encoding/json escapes otherwise, and must say the same
			plain, err := json.Marshal(test.record)
			if err := errors.Join(err, json.Unmarshal(got, &members), json.Unmarshal(plain, &plainMembers)); err != nil || !reflect.DeepEqual(members, plainMembers) {
				t.Errorf("%s, by encoding/json %s (%v)", got, plain, err)
			}
		})
	}
	if got, want := string(AppendError(nil, "a\tb", errors.New(`control character '\t'`))), `{"text":"a\tb","error":"control character '\\t'"}`; got != want {
		t.Errorf("%s, want %s", got, want)
	}
}

func TestAppendExplanation(t *testing.T) {
	x := snowman.Explanation{
		Canonical: "q.com/\u202e\xff",
		Verdict:   snowman.Verdict{Score: 0.75, Level: snowman.Low, Kind: "dga", Probabilities: snowman.Probabilities{Kinds: []string{"benign", "dga"}, Values: []float64{0.25, 0.75}}},
		LogOdds:   1.5, Baseline: -2, Constant: 0.5, Start: 0.25, End: -0.25,
		Characters: []snowman.Character{{Text: "q", Contribution: 3, Seen: true}, {Text: "\u202e"}, {Text: "\xff", Contribution: -1e-9, Seen: true}},
		NGrams:     []snowman.NGram{{Text: "q<", Start: 0, End: 1, AtStart: true, Contribution: 3}},
		Views:      []snowman.View{{View: "host", Text: "q.com", Contribution: 3, LogOdds: 2}},
		Floor:      &snowman.Floor{View: "host", LogOdds: 1},
	}
	got := string(NewEncoder([]string{"benign", "dga"}).AppendExplanation(nil, Record{Text: "Q.com/\u202e\xff", Verdict: x.Verdict}, x))
	want := `{"text":"Q.com/\u202e\ufffd","score":0.75,"level":"low","kind":"dga","kinds":{"benign":0.25,"dga":0.75},` +
		`"canonical":"q.com/\u202e\ufffd","log_odds":1.5,"baseline":-2,"constant":0.5,"start":0.25,"end":-0.25,` +
		`"characters":[{"text":"q","contribution":3,"seen":true},{"text":"\u202e","contribution":0,"seen":false},{"text":"\ufffd","contribution":-1e-9,"seen":true}],` +
		`"ngrams":[{"text":"q<","start":0,"end":1,"at_start":true,"contribution":3}],` +
		`"views":[{"view":"host","text":"q.com","contribution":3,"log_odds":2}],"floor":{"view":"host","log_odds":1}}`
	if got != want {
		t.Errorf("%s, want %s", got, want)
	}
}

func BenchmarkAppend(b *testing.B) {
	model := snowman.Default()
	encoder := NewEncoder(model.Kinds())
	verdict, err := model.Classify("zis32msdi3.com")
	if err != nil {
		b.Fatal(err)
	}
	var line []byte
	b.ReportAllocs()
	for b.Loop() {
		line = encoder.Append(line[:0], Record{Text: "zis32msdi3.com", Verdict: verdict})
	}
}
