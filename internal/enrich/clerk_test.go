package enrich

import (
	"fmt"
	"strings"
	"testing"

	"github.com/snowman-ml/snowman/internal/verdict"
	"github.com/snowman-ml/snowman/logs"
)

func TestClerk(t *testing.T) {
	model := toy(t)
	o := Options{Verdict: verdict.Options{Memory: 1 << 20}, MaxNames: 2, MaxRecord: 200}
	format, err := logs.Find("jsonl")
	if err != nil {
		t.Fatal(err)
	}
	layout, err := format.Alone(NewJob(model, o).Reading([]string{"q"}))
	if err != nil {
		t.Fatal(err)
	}
	records := []string{
		`{"q":"x.tests.net"}`, `{"q":["a.net","z.b.example7.com"],"n":1}`, `{"q":""}`, `{"p":1}`, `{"q":`, "",
		`{"q":"a b"}`, `{"q":["a","b","c"]}`, `{"q":"` + strings.Repeat("a", 200) + `.com"}`, `{"q":"10.0.0.1"}`, `{"q":"x.tests.net"}`,
	}
	want := []string{
		`{"q":"x.tests.net","snowman":{"score":S,"level":"medium","kind":"phishing","name":"x.tests.net"}} x.tests.net tests.net medium`,
		`{"q":["a.net","z.b.example7.com"],"n":1,"snowman":{"score":S,"level":"high","kind":"malware","name":"z.b.example7.com"}} z.b.example7.com example7.com high`,
		`{"q":""} no verdict`, `{"p":1} no verdict`, `{"q": broken: `, ` no verdict`,
		`{"q":"a b"} failed: `, `{"q":["a","b","c"]} broken: it has more than 2 names`, `{"q":"aaa`,
		`{"q":"10.0.0.1","snowman":{"score":S,"level":"none","kind":"benign","name":"10.0.0.1"}} 10.0.0.1  none`,
	}
	want = append(want, want[0])
	clerk := NewClerk(model, o)
	for range 2 { // what is remembered is the same
		var items []Item
		for i, record := range records {
			items = append(items, Item{Record: []byte(record), Layout: layout, Format: format, Number: i + 1})
		}
		next := 0
		clerk.Score(items, func(i int, said *Said) {
			var got string
			switch {
			case said.Broken != "":
				got = fmt.Sprintf("%s broken: %s", said.Record, said.Broken)
			case said.Failed != nil:
				got = fmt.Sprintf("%s failed: %v", said.Record, said.Failed)
			case !said.HasVerdict:
				got = fmt.Sprintf("%s no verdict", said.Record)
			default:
				score := fmt.Sprintf("%.5f", said.Score)
				got = fmt.Sprintf("%s %s %s %s", strings.Replace(string(said.Record), score, "S", 1), said.Name, clerk.Domain(), said.Level)
			}
			if i != next || !strings.HasPrefix(got, want[i]) {
				t.Errorf("record %d: %s, want %s", i, got, want[i])
			}
			next++
		})
		if next != len(records) {
			t.Errorf("%d records are told of, want %d", next, len(records))
		}
	}
}

func TestAClerkAllocatesNothingForRecordsThatItRemembers(t *testing.T) {
	o := Options{Verdict: verdict.Options{Memory: 1 << 20}}
	model := toy(t)
	format, _ := logs.Find("suricata")
	layout, err := format.Alone(NewJob(model, o).Reading(nil))
	if err != nil {
		t.Fatal(err)
	}
	var items []Item
	for i := range 512 {
		items = append(items, Item{Record: fmt.Appendf(nil, `{"event_type":"dns","dns":{"type":"query","rrname":"n%d.tests.net"}}`, i), Layout: layout, Format: format})
	}
	clerk := NewClerk(model, o)
	score := func() { clerk.Score(items, func(int, *Said) {}) }
	score()
	if allocated := testing.AllocsPerRun(10, score); allocated > 10 { // the texts of the chunk
		t.Errorf("%d records take %v allocations", len(items), allocated)
	}
}
