package snowman

import (
	"encoding/json"
	"reflect"
	"strings"
	"testing"
)

func TestVerdictInJSON(t *testing.T) {
	verdict := Verdict{
		Score: 0.75, Level: Low, Kind: DGA,
		Probabilities: Probabilities{[]string{Benign, DGA}, []float64{0.25, 0.75}},
		Imitates:      "paypal.com", MixedScript: true,
		NotPublic: "local suffix", UserInfo: true, UnwrappedFrom: "links.com",
	}
	for _, test := range []struct {
		name    string
		verdict Verdict
		want    string
	}{
		{"all members", verdict, `{"score":0.75,"level":"low","kind":"dga","kinds":{"benign":0.25,"dga":0.75},"imitates":"paypal.com","mixed_script":true,"not_public":"local suffix","user_info":true,"unwrapped_from":"links.com"}`},
		{"the members that are always there", Verdict{Kind: Benign}, `{"score":0,"level":"none","kind":"benign"}`},
	} {
		t.Run(test.name, func(t *testing.T) {
			got, err := json.Marshal(test.verdict)
			if err != nil || string(got) != test.want {
				t.Fatalf("%s (%v), want %s", got, err, test.want)
			}
			var again Verdict
			if err := json.Unmarshal(got, &again); err != nil || !reflect.DeepEqual(again, test.verdict) {
				t.Errorf("reads back as %+v (%v)", again, err)
			}
		})
	}
	family, err := json.Marshal(Family{"banjori", 0.5})
	if want := `{"name":"banjori","probability":0.5}`; err != nil || string(family) != want {
		t.Errorf("%s (%v), want %s", family, err, want)
	}
}

func TestVerdictFromWrongJSON(t *testing.T) {
	for _, test := range []struct{ name, text, want string }{
		{"an unknown level", `{"level":"severe"}`, `level "severe"`},
		{"probabilities that are no object", `{"kinds":[0.5]}`, "want an object of kinds"},
		{"a probability that is no number", `{"kinds":{"dga":"much"}}`, `reading the probability of "dga"`},
	} {
		t.Run(test.name, func(t *testing.T) {
			var verdict Verdict
			if err := json.Unmarshal([]byte(test.text), &verdict); err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("the error is %v, want %q in it", err, test.want)
			}
		})
	}
}

func TestProbabilitiesThatAreNone(t *testing.T) {
	var verdict Verdict
	if err := json.Unmarshal([]byte(`{"kinds":null}`), &verdict); err != nil || !verdict.Probabilities.IsZero() {
		t.Errorf("null is read as %v (%v)", verdict.Probabilities, err)
	}
	halved := Probabilities{Kinds: []string{Benign, DGA}}
	if _, err := json.Marshal(halved); err == nil || halved.Of(DGA) != 0 {
		t.Errorf("kinds without values are written (%v), dga has %v", err, halved.Of(DGA))
	}
}

func TestProbabilitiesOf(t *testing.T) {
	p := Probabilities{[]string{Benign, DGA}, []float64{0.25, 0.75}}
	if p.Of(DGA) != 0.75 || p.Of(Phishing) != 0 {
		t.Errorf("dga has %v, phishing %v, want 0.75 and 0", p.Of(DGA), p.Of(Phishing))
	}
}

func TestKindsOfTheDefaultModel(t *testing.T) {
	if got, want := Default().Kinds(), []string{Benign, DGA, Phishing, Malware}; !reflect.DeepEqual(got, want) {
		t.Errorf("kinds are %q, want %q", got, want)
	}
}
