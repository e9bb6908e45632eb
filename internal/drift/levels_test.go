package drift

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/snowman-ml/snowman"
	"github.com/snowman-ml/snowman/internal/modelfile"
)

const toyPath = "../../web/testdata/toy.safetensors"

// toy is a model in which a q in the host is low, an x medium, a z high. A name of q and x scores
// higher than one of x.
func toy(tb testing.TB) *snowman.Model {
	tb.Helper()
	model, err := snowman.Open(toyPath)
	if err != nil {
		tb.Fatal(err)
	}
	return model
}

// made returns so many names with this in them.
func made(count int, what string) (names []string) {
	for i := range count {
		names = append(names, fmt.Sprintf("n%d%s.com", i, what))
	}
	return names
}

var day = time.Date(2026, 11, 28, 12, 0, 0, 0, time.UTC)

func TestLevelsAreSetByTraffic(t *testing.T) {
	traffic := slices.Concat(made(900, "a"), made(60, "q"), made(30, "x"), made(5, "xq"), made(5, "z"))
	tests := []struct {
		name   string
		texts  []string
		wanted Wanted
		scores [3]float64 // of names: at least this; that of a level as it was is 0
		counts [3]int     // that reach it
		says   []string
		err    string
	}{
		{
			"high alone, and the others stay", traffic, Wanted{Alarms: [3]float64{0, 0, 5}}, [3]float64{0, 0, .67}, [3]int{100, 40, 5},
			[]string{"level high of names: score ", "at most 5 alarms a day, 5 alarms in this traffic: the true number lies between 1.6 and 11.7 a day (95 %)", "level low of names: as it was"}, "",
		},
		{"texts of one score reach a level together or not", traffic, Wanted{Alarms: [3]float64{0, 39, 9}}, [3]float64{0, .5, .67}, [3]int{100, 10, 5}, nil, ""},
		{"a part of a day", traffic, Wanted{Alarms: [3]float64{0, 0, 10}, NamesPerDay: 2000}, [3]float64{0, 0, .67}, [3]int{100, 40, 5}, []string{"the true number lies between 3.2 and 23.3 a day"}, ""},
		{"several days", traffic, Wanted{Alarms: [3]float64{0, 0, 1}, Days: 5}, [3]float64{0, 0, .67}, [3]int{100, 40, 5}, []string{"at most 1 alarm a day, 5 alarms in this traffic of 5 days, 1 a day: the true number lies between 0.32 and 2.3 a day"}, ""},
		{"no alarm in the traffic", made(1000, "z"), Wanted{Alarms: [3]float64{0, 0, 5}}, [3]float64{0, 0, .952}, [3]int{1000, 1000, 0}, []string{"no alarm in this traffic: the true number is below 3.0 alarms a day"}, ""},
		{
			"high gives way to medium", traffic, Wanted{Alarms: [3]float64{0, 5, 0}}, [3]float64{0, .6, 0}, [3]int{100, 5, 5}, nil, "",
		},
		{"a level that another raises says so", slices.Concat(made(980, "a"), made(20, "z")), Wanted{Alarms: [3]float64{0, 10, 0}}, [3]float64{0, .952, .952}, [3]int{20, 0, 0}, []string{"raised to level medium"}, ""},
		{"a name that comes again is one alarm", slices.Concat(traffic, made(5, "z")), Wanted{Alarms: [3]float64{0, 0, 5}}, [3]float64{0, 0, .67}, [3]int{100, 40, 5}, nil, ""},
		{"or several, if that is asked", slices.Concat(traffic, made(5, "z")), Wanted{Alarms: [3]float64{0, 0, 5}, Repeats: true}, [3]float64{0, 0, .952}, [3]int{105, 45, 0}, nil, ""},
		{"a popular domain itself is not above low", slices.Concat(made(994, "a"), []string{"google.com"}, made(5, "z")), Wanted{Alarms: [3]float64{0, 0, 5}}, [3]float64{0, 0, .5}, [3]int{5, 5, 5}, nil, ""},
		{
			"too little traffic", made(100, "a"), Wanted{Alarms: [3]float64{0, 0, 5}, NamesPerDay: 2_000_000}, [3]float64{}, [3]int{}, nil,
			"the traffic is too little: level high of names: 100 names: too few, 0.00025 alarms are asked of them, and it takes 400,000 to ask for 1",
		},
		{
			"a time so short that no number of names is enough", traffic, Wanted{Alarms: [3]float64{0, 0, 5}, Days: 1e-300}, [3]float64{}, [3]int{}, nil,
			"level high of names: 1,000 names: too few, 5e-300 alarms are asked of them, and it takes 2e+302 to ask for 1",
		},
		{
			"too few names, though alarms are asked", made(999, "a"), Wanted{Alarms: [3]float64{0, 50, 5}}, [3]float64{}, [3]int{}, nil,
			"the traffic is too little: level medium of names: 999 names: too few to set a level by, it takes 1,000 different ones; level high",
		},
		{
			"too few names that come often", slices.Repeat(made(100, "a"), 20), Wanted{Alarms: [3]float64{0, 0, 5}, Repeats: true}, [3]float64{}, [3]int{}, nil,
			"level high of names: 100 names: too few to set a level by",
		},
		{"no traffic", nil, Wanted{Alarms: [3]float64{0, 0, 5}}, [3]float64{}, [3]int{}, nil, "it has no public name"},
		{"as many alarms as names", made(1000, "a"), Wanted{Alarms: [3]float64{0, 0, 1000}}, [3]float64{}, [3]int{}, nil, "as many alarms are asked as there are names"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			file, err := modelfile.Open(toyPath)
			if err != nil {
				t.Fatal(err)
			}
			before := slices.Clone(file.Metadata.Thresholds)
			test.wanted.Set = day
			job := read(t, toy(t), test.texts)
			changes, err := SetLevels(&file.Metadata, job, test.wanted)
			if test.err != "" {
				if err == nil || !strings.Contains(err.Error(), test.err) {
					t.Errorf("the error is %v, want %q", err, test.err)
				}
				if file.Metadata.URLThresholds != nil || !slices.EqualFunc(before, file.Metadata.Thresholds, func(a, b modelfile.Threshold) bool { return a.Score == b.Score }) {
					t.Error("the levels have changed")
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if err := file.Metadata.Validate(); err != nil {
				t.Fatal(err)
			}
			lowest := 0.0
			for i, l := range file.Metadata.Thresholds {
				isSet := test.scores[i] > 0
				if l.Score < max(test.scores[i], lowest) || !isSet && test.wanted.Alarms[i] == 0 && l.Own == nil && l.Score != before[i].Score || isSet != (l.Own != nil) {
					t.Errorf("level %s has score %v, own %v; want %v", l.Level, l.Score, l.Own, test.scores[i])
				}
				if changes[i].Alarms != test.counts[i] {
					t.Errorf("level %s: %d alarms, want %d", l.Level, changes[i].Alarms, test.counts[i])
				}
				lowest = l.Score
			}
			if urls := file.Metadata.URLThresholds; len(urls) != 3 || urls[2].Score != before[2].Score || urls[2].Own != nil {
				t.Errorf("the levels of URLs are %+v, want those that names had", urls)
			}
			var out strings.Builder
			if err := WriteLevels(&out, job, changes, !test.wanted.Repeats); err != nil {
				t.Fatal(err)
			}
			for _, want := range append(test.says, "Malicious texts in the traffic are among the alarms.") {
				if !strings.Contains(out.String(), want) {
					t.Errorf("it does not say %q:\n%s", want, out.String())
				}
			}
		})
	}
}

func TestAlarmsAreDividedAmongNamesAndURLs(t *testing.T) {
	urls := func(count int, what string) (urls []string) {
		for _, name := range made(count, what) {
			urls = append(urls, name+"/path")
		}
		return urls
	}
	file, err := modelfile.Open(toyPath)
	if err != nil {
		t.Fatal(err)
	}
	traffic := slices.Concat(made(3740, "a"), made(10, "z"), urls(1230, "a"), urls(20, "z"))
	changes, err := SetLevels(&file.Metadata, read(t, toy(t), traffic), Wanted{Alarms: [3]float64{0, 0, 40}, Set: day})
	if err != nil {
		t.Fatal(err)
	}
	if names, urls := changes[2], changes[5]; names.AlarmsPerDay != 30 || names.Alarms != 10 || urls.AlarmsPerDay != 10 || urls.Alarms != 0 {
		t.Errorf("names %+v, URLs %+v", names, urls)
	}
	_, err = SetLevels(&file.Metadata, read(t, toy(t), made(10, "a")), Wanted{Alarms: [3]float64{0, 0, .5}, Set: day})
	if !errors.Is(err, ErrTooLittle) {
		t.Errorf("the error is %v", err)
	}
}

// What is kept of many texts is what sorting all of them gives.
func TestSketchesKeepWhatTheyShould(t *testing.T) {
	var s sample
	var u upper
	const domains = 5 * sampledDomains
	for i := range 2 * domains { // each twice
		name := fmt.Sprintf("n%d.com", i%domains)
		j := judged{text: name, hash: hashOf(name), score: float64(i%domains) / domains}
		s.add(j.hash, &j)
		u.add(&j)
	}
	if n := len(s.texts); n < sampledDomains || n >= 2*sampledDomains {
		t.Errorf("%d domains are kept", n)
	}
	for hash, j := range s.texts {
		if j.times != 2 || hash >= s.above {
			t.Fatalf("%+v came twice", j)
		}
	}
	all := u.descending()
	if len(all) < upperTexts || len(all) >= 2*upperTexts {
		t.Fatalf("%d scores are kept", len(all))
	}
	for i, h := range all[:upperTexts] {
		if want := float64(domains-1-i) / domains; h.score != want || h.seen != 2 {
			t.Fatalf("the score %d is %+v, want %v, twice", i, h, want)
		}
	}
	if _, err := u.lowest(domains-1, false, false); err == nil || !strings.Contains(err.Error(), "which are kept, would be alarms") {
		t.Errorf("the error is %v", err)
	}
	if score, err := u.lowest(1000, false, false); err != nil || score <= float64(domains-1001)/domains || score > float64(domains-1000)/domains {
		t.Errorf("the score that 1000 reach is %v, error %v", score, err)
	}
}

// The quantiles are in the tables of many books.
func TestChance(t *testing.T) {
	near := func(name string, got, want float64) {
		t.Helper()
		if math.Abs(got-want) > 6e-4*max(1, want) {
			t.Errorf("%s is %v, want %v", name, got, want)
		}
	}
	for _, test := range []struct {
		count     int
		low, high float64
	}{{0, 0, 2.9957}, {1, .0253, 5.5716}, {5, 1.6235, 11.6683}, {10, 4.7954, 18.3904}, {100, 81.3640, 121.6270}} {
		low, high := poissonInterval(test.count)
		near(fmt.Sprintf("the lower end of %d", test.count), low, test.low)
		near(fmt.Sprintf("the upper end of %d", test.count), high, test.high)
	}
	near("chi-squared, 10 degrees, .05", chiSquared(10, .05), 18.307)
	near("chi-squared, 1 degree, .001", chiSquared(1, .001), 10.828)
	near("chi-squared, 100 degrees, .001", chiSquared(100, .001), 149.449)
	near("3 or more where 1 is expected", poissonAtLeast(3, 1), .0803)
	near("8 or more of 10 at .5", binomialAtLeast(8, 10, .5), .0547)
	near("none of 10", binomialAtLeast(0, 10, .5), 1)
}
