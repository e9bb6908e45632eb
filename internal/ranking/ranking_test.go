package ranking

import (
	"fmt"
	"math/rand/v2"
	"reflect"
	"strings"
	"testing"
	"time"
)

var options = Options{
	Levels: []Level{{"low", 1e-2}, {"medium", 1e-3}, {"high", 1e-4}},
	Kinds:  []string{"benign", "dga", "phishing"},
}

// ordinary adds what an ordinary network asks for: clients with 30 domains each, of which few reach
// low and few do not exist.
func ordinary(t *Table, clients int) {
	random := rand.New(rand.NewPCG(1, 2))
	for c := range clients {
		for range 30 {
			i := random.IntN(2000)
			o := asked(fmt.Sprintf("10.0.0.%d", c), fmt.Sprintf("www.d%d.example", i), .01)
			if i%100 == 7 {
				o.Level, o.Kind, o.Score = 1, 2, .9
			}
			if i%40 == 3 {
				o.Response = NXDomain
			}
			t.Add(o)
		}
	}
}

func asked(client, name string, score float64) Observation {
	labels := strings.Split(name, ".")
	return Observation{
		Client: client, Name: name, Domain: strings.Join(labels[len(labels)-2:], "."), Score: score,
		Time: 1_795_824_000_000_000, Response: Exists,
	}
}

func TestARunOfGeneratedNamesStandsOutThoughNoNameIsCertain(t *testing.T) {
	for _, test := range []struct {
		says          string
		names, atLow  int
		exist, tenth  bool
		firstEvidence float64
	}{
		{"20 names that do not exist, 12 at low", 20, 12, false, false, 6},
		{"the same, and the log tells no responses", 20, 12, true, false, 3},
		{"20 names in the upper tenth of scores, none at low", 20, 0, false, true, 4},
	} {
		table := New(options)
		ordinary(table, 100)
		for i := range test.names {
			o := asked("10.0.0.50", fmt.Sprintf("kq%dx.example", i), .1)
			if i < test.atLow {
				o.Level, o.Kind, o.Score = 1, 1, .8
			}
			if test.tenth {
				o.Score = .6
			}
			o.Response = NXDomain
			if test.exist {
				o.Response = Unknown
			}
			table.Add(o)
		}
		top := table.Result(3).TopClients
		if len(top) == 0 || top[0].Client != "10.0.0.50" || top[0].Evidence < test.firstEvidence {
			t.Errorf("%s: the first clients are %+v", test.says, top)
		}
	}
}

func TestADomainCountsOnceForAClientHoweverOftenItIsAskedFor(t *testing.T) {
	once, often := New(options), New(options)
	for _, table := range []*Table{once, often} {
		ordinary(table, 20)
		o := asked("10.9.9.9", "evil.example", .9)
		o.Level, o.Kind = 1, 1
		table.Add(o)
		for i := range 500 {
			if table == often {
				table.Add(o)
				sub := o
				sub.Name = fmt.Sprintf("a%d.evil.example", i)
				table.Add(sub)
			}
		}
	}
	find := func(r Result) (found Client) {
		for _, c := range r.TopClients {
			if c.Client == "10.9.9.9" {
				found = c
			}
		}
		return found
	}
	a, b := find(once.Result(100)), find(often.Result(100))
	if a.Evidence != b.Evidence || a.AtLow != b.AtLow || a.Domains != b.Domains || b.Queries != 1001 {
		t.Errorf("once it comes to %+v, a thousand times to %+v", a, b)
	}
}

func TestEvidenceOfADomainIsThatOfItsNames(t *testing.T) {
	table := New(options)
	add := func(name string, level int, count int) {
		for i := range count {
			o := asked("c", fmt.Sprintf("n%d.%s", i, name), float64(level)/4)
			o.Level = level
			table.Add(o)
		}
	}
	add("one-low.example", 1, 1)
	add("one-high.example", 3, 1)
	add("many-low.example", 1, 20)
	add("content.example", 0, 2000)
	o := asked("c", "odd.content.example", .6)
	o.Level = 1
	table.Add(o)
	var got []string
	for _, d := range table.Result(10).TopDomains {
		got = append(got, fmt.Sprintf("%s %.1f %s", d.Domain, d.Evidence, d.Level))
	}
	want := []string{"one-high.example 4.0 high", "many-low.example 3.0 low", "one-low.example 2.0 low", "content.example 1.1 none"}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("the domains are %q, want %q", got, want)
	}
}

func TestTheOrderOfWhatIsAddedDoesNotMatter(t *testing.T) {
	var all []Observation
	random := rand.New(rand.NewPCG(3, 4))
	for i := range 3000 {
		o := asked(fmt.Sprintf("c%d", random.IntN(40)), fmt.Sprintf("n%d.d%d.example", random.IntN(5), random.IntN(300)), random.Float64())
		o.Level, o.Kind, o.Time = i%7/5, 1+i%2, o.Time+int64(random.IntN(1e9))
		o.Response, o.Part = Response(random.IntN(3)), Part(random.IntN(3))
		all = append(all, o)
	}
	// A name has one verdict.
	verdicts := make(map[string]Observation)
	for i, o := range all {
		if v, known := verdicts[o.Name]; known {
			all[i].Level, all[i].Kind, all[i].Score = v.Level, v.Kind, v.Score
		}
		verdicts[o.Name] = all[i]
	}
	var first Result
	for i := range 3 {
		table := New(options)
		for _, o := range all {
			table.Add(o)
		}
		result := table.Result(50)
		if i == 0 {
			first = result
		} else if !reflect.DeepEqual(first, result) {
			t.Fatalf("the results differ:\n%+v\n%+v", first, result)
		}
		random.Shuffle(len(all), func(i, j int) { all[i], all[j] = all[j], all[i] })
	}
}

func TestQuestionsAndAnswersAreCountedOnce(t *testing.T) {
	table := New(options)
	for _, part := range []Part{Question, Question, Answer, Whole} {
		o := asked("c", "a.example", .9)
		o.Part, o.Level = part, 1
		table.Add(o)
	}
	table.LeaveOut(4, 2)
	r := table.Result(1)
	if r.Queries != 3 || r.TopDomains[0].Queries != 3 || r.Allowed != 4 || r.NotPublic != 2 {
		t.Errorf("the result is %+v", r)
	}
	if want := time.Date(2026, 11, 28, 0, 0, 0, 0, time.UTC); !r.First.Equal(want) || !r.Last.Equal(want) {
		t.Errorf("the times are %v and %v", r.First, r.Last)
	}
}

func TestMemoryIsBoundedAndEvidenceStays(t *testing.T) {
	small := options
	small.Limit, small.Most = 20_000, 4000
	table := New(small)
	random := rand.New(rand.NewPCG(5, 6))
	held := func() {
		if table.keys > small.Limit || len(table.domains) > small.Most || len(table.clients) > small.Most/4 {
			t.Fatalf("the table holds %d keys, %d domains, %d clients", table.keys, len(table.domains), len(table.clients))
		}
	}
	for i := range 40 { // early, so that it could be forgotten
		o := asked("infected", fmt.Sprintf("kq%dx.example", i), .8)
		o.Level, o.Kind, o.Response = 1, 1, NXDomain
		table.Add(o)
	}
	for range 60_000 {
		table.Add(asked(fmt.Sprintf("c%d", random.IntN(3000)), fmt.Sprintf("n%d.d%d.example", random.IntN(100), random.IntN(20_000)), .01))
		held()
	}
	r := table.Result(5)
	if len(r.TopClients) == 0 || r.TopClients[0].Client != "infected" || r.TopClients[0].AtLow.Value != 40 {
		t.Errorf("the clients are %+v", r.TopClients)
	}
	if r.ForgottenDomains == 0 || r.ForgottenClients == 0 {
		t.Error("nothing was forgotten, and nobody is told")
	}
	counted := 0
	for _, d := range table.domains {
		counted += int(d.names.count + d.clients.count)
	}
	for _, c := range table.clients {
		counted += int(c.domains.count + c.notable.count)
	}
	if counted != table.keys {
		t.Errorf("the table holds %d keys and says %d", counted, table.keys)
	}
}

func TestAddingWhatIsKnownAllocatesNothing(t *testing.T) {
	table := New(options)
	o := asked("c", "a.example", .9)
	o.Level = 1
	table.Add(o)
	if n := testing.AllocsPerRun(100, func() { table.Add(o) }); n > 0 {
		t.Errorf("it allocates %v times", n)
	}
}

func BenchmarkAdd(b *testing.B) {
	random := rand.New(rand.NewPCG(7, 8))
	zipf := rand.NewZipf(random, 1.1, 20, 200_000)
	all := make([]Observation, 500_000)
	for i := range all {
		all[i] = asked(fmt.Sprintf("10.0.0.%d", random.IntN(3000)), fmt.Sprintf("www.d%d.example", zipf.Uint64()), .01)
	}
	table := New(options)
	for i := 0; b.Loop(); i++ {
		table.Add(all[i%len(all)])
	}
	if table.Result(1).Queries != b.N {
		b.Fatal("records are lost")
	}
}

func TestEvidenceHasSixDigits(t *testing.T) {
	if got := roundEvidence(1.9999999999999998); got != 2 {
		t.Errorf("%v, want 2", got)
	}
}
