package drift

import (
	"bytes"
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/snowman-ml/snowman"
	"github.com/snowman-ml/snowman/dataset"
	"github.com/snowman-ml/snowman/internal/intake"
	"github.com/snowman-ml/snowman/internal/modelfile"
	"github.com/snowman-ml/snowman/models"
)

// today is when the shipped model is not old.
func today(t *testing.T) time.Time {
	t.Helper()
	made, err := time.Parse(time.DateOnly, snowman.Default().Info().Created)
	if err != nil {
		t.Fatal(err)
	}
	return made
}

const english = `apple art bank beach bike black blue book box bread bridge cake camp candle castle city clean cloud coach coast
	coffee corner craft dance design dog dream east farm field fish forest garden gold grand green happy harbor health hill home
	horse house iron island kitchen lake leaf light little market moon mountain music north oak ocean old orange paper park pine
	planet river road rock rose school sea shop silver sky small snow south spring star stone store street studio summer sun team
	tea tree valley view village water west white wild wind wine winter wood work world yellow young`

const polish = `autobus biuro chleb chmura cmentarz czas dach deszcz dom drzewo dworzec dziecko firma gazeta gospodarstwo
	gwiazda hurtownia jablko jezioro kamien kancelaria kawa kolej komin krzeslo ksiazka kuchnia kwiaty las lekarz lodz lozko
	malarz meble miasto mieszkanie mleko morze nieruchomosci ogrod okno olej owoce piekarnia pociag pogoda praca przedszkole
	przyroda ptak rolnik rower rynek ryba sklep slonce sprzedaz strona swiatlo szkola szpital tartak torba ubezpieczenia
	ulica warsztat warzywa wies woda wycieczka zamek zdrowie zegar ziemia zima zlom zolw`

// names makes names of two words each, below one of the suffixes, of which the first is the most
// common. Some sites have many hosts.
func names(r *rand.Rand, count int, words string, suffixes ...string) []string {
	of := strings.Fields(words)
	pick := func() string { return of[r.IntN(len(of))] }
	var all []string
	for len(all) < count {
		suffix := suffixes[min(r.IntN(len(suffixes)), r.IntN(len(suffixes)))]
		name := pick() + pick() + "." + suffix
		switch r.IntN(12) {
		case 0:
			name = pick() + "." + name
		case 1:
			name = fmt.Sprintf("host%d.%sdelivery.net", r.IntN(100_000), of[r.IntN(5)])
		}
		all = append(all, name)
	}
	return all
}

// generated makes names as an algorithm does.
func generated(r *rand.Rand, count int) (all []string) {
	for range count {
		name := make([]byte, 12+r.IntN(8))
		for i := range name {
			name[i] = byte('a' + r.IntN(26))
		}
		all = append(all, string(name)+[]string{".com", ".net", ".biz"}[r.IntN(3)])
	}
	return all
}

func ordinary(r *rand.Rand, count int) []string {
	return names(r, count, english, "com", "org", "net", "co.uk", "io")
}

// read returns a job of the model that has read the texts.
func read(tb testing.TB, model *snowman.Model, texts []string) *Job {
	tb.Helper()
	j := NewJob(model, Options{})
	var lines strings.Builder
	for _, text := range texts {
		lines.WriteString(text + "\n")
	}
	err := j.Read(context.Background(), intake.Input{Reader: strings.NewReader(lines.String())}, func(said []byte) {
		if len(said) > 0 {
			tb.Errorf("it says %s", said)
		}
	})
	if err != nil {
		tb.Fatal(err)
	}
	return j
}

// withReference returns the shipped model with a reference of these texts.
func withReference(t *testing.T, texts []string) *snowman.Model {
	t.Helper()
	file, err := modelfile.ParseModel(models.Default)
	if err != nil {
		t.Fatal(err)
	}
	r := &modelfile.Reference{Suffixes: []string{"co.uk", "com", "io", "net", "org"}, Months: []modelfile.MonthCount{{Month: file.Metadata.Created[:7], Rows: 9}}}
	for _, j := range read(t, snowman.Default(), texts).names.sample.all() {
		r.Names.Add(j.text, j.score)
	}
	file.Metadata.Reference = r
	var out bytes.Buffer
	if err := file.Write(&out); err != nil {
		t.Fatal(err)
	}
	model, err := snowman.Parse(out.Bytes())
	if err != nil {
		t.Fatal(err)
	}
	return model
}

func page(t *testing.T, r Result) string {
	t.Helper()
	var out strings.Builder
	if err := WriteText(&out, r); err != nil {
		t.Fatal(err)
	}
	return out.String()
}

// The three logs, against a log of a good time and against the model's own reference.
func TestWhatIsSaidOfThreeLogs(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	before := ordinary(r, 6000)
	model := withReference(t, ordinary(r, 4000))
	for _, test := range []struct {
		name          string
		texts         []string
		log, model    Verdict
		inLog, inPage []string // sayings
	}{
		{"the same mixture", ordinary(r, 4000), Nothing, Nothing, nil, nil},
		{
			"another country's names", names(r, 4000, polish, "pl", "com.pl", "net.pl"), Retrain, Retrain,
			[]string{"retrain: names are below public suffixes that were rarer before: .pl ", "the scores of names have moved, at all scores", "the characters of names have changed"},
			[]string{"are below public suffixes that training had fewer than 20 rows of", ".pl "},
		},
		{
			"an outbreak", slices.Concat(ordinary(r, 4000), generated(r, 250)), Look, Look,
			[]string{"of names reach level low, against", "of them are dga", "at high scores alone"}, []string{"of names reach level low, against 1 % that the level says", "of them are dga"},
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			here := read(t, model, test.texts)
			for _, c := range []struct {
				against string
				before  *Job
				verdict Verdict
				says    []string
			}{{"log", read(t, model, before), test.log, test.inLog}, {"model", nil, test.model, test.inPage}} {
				result := Compare(here, c.before, today(t))
				said := page(t, result)
				if result.Verdict != c.verdict || result.Against != c.against {
					t.Errorf("against the %s the verdict is %q, want %q:\n%s", c.against, result.Verdict, c.verdict, said)
				}
				for _, want := range c.says {
					if !strings.Contains(said, want) {
						t.Errorf("against the %s it does not say %q:\n%s", c.against, want, said)
					}
				}
			}
		})
	}
}

func TestSamplesOfTheSameMixtureSayNothing(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	model := withReference(t, ordinary(r, 4000))
	for _, reference := range []int{200, 3000} {
		before := read(t, model, ordinary(r, reference))
		for i := range 10 {
			here := read(t, model, ordinary(r, []int{130, 400, 5000}[i%3]))
			if result := Compare(here, before, today(t)); result.Verdict != Nothing {
				t.Errorf("sample %d says against %d names\n%s", i, reference, page(t, result))
			}
			if result := Compare(here, nil, today(t)); result.Verdict != Nothing {
				t.Errorf("sample %d says against the model\n%s", i, page(t, result))
			}
		}
	}
}

// The same with names that people use.
func TestRealNames(t *testing.T) {
	folder := os.Getenv("SNOWMAN_DATA")
	if folder == "" {
		t.Skip("SNOWMAN_DATA names no folder of labelled data")
	}
	texts := func(file string) []string {
		rows, _, _, err := dataset.ReadUnseen(t.Context(), []string{filepath.Join(folder, "sources", file)}, dataset.Seen{})
		if err != nil {
			t.Fatal(err)
		}
		var all []string
		for _, row := range rows { // what people list, and what lists get wrong
			all = append(all, row.Text)
		}
		return all
	}
	r := rand.New(rand.NewPCG(5, 6))
	shuffled := func(texts []string) []string {
		r.Shuffle(len(texts), func(i, j int) { texts[i], texts[j] = texts[j], texts[i] })
		return texts
	}
	mixture := shuffled(slices.Concat(texts("domain_hsts_preload_2025_01.tsv.gz"), texts("domain_institutions.tsv.gz"), texts("domain_tranco_top100k_2026_04.tsv.gz")))
	take := func(count int) (some []string) {
		some, mixture = mixture[:count], mixture[count:]
		return some
	}
	model := snowman.Default()
	before := read(t, model, take(20_000))
	for i := range 10 {
		if result := Compare(read(t, model, take([]int{150, 1000, 8000}[i%3])), before, today(t)); result.Verdict != Nothing {
			t.Errorf("sample %d of the same says\n%s", i, page(t, result))
		}
	}
	china := Compare(read(t, model, shuffled(texts("domain_china_list.tsv.gz"))[:5000]), before, today(t))
	if china.Verdict != Retrain {
		t.Errorf("of another country's names it says\n%s", page(t, china))
	}
	t.Log(page(t, china))
	outbreak := Compare(read(t, model, slices.Concat(take(8000), shuffled(texts("dga_netlab360_examples.tsv.gz"))[:300])), before, today(t))
	if outbreak.Verdict != Look {
		t.Errorf("of an outbreak it says\n%s", page(t, outbreak))
	}
	t.Log(page(t, outbreak))
}

func TestAgeIsSaid(t *testing.T) {
	model := withReference(t, nil)
	here := read(t, model, ordinary(rand.New(rand.NewPCG(1, 1)), 200))
	for months, want := range map[int]Verdict{0: Nothing, 5: Nothing, 6: Look, 11: Look, 12: Retrain} {
		made := today(t)
		result := Compare(here, nil, time.Date(made.Year(), made.Month()+time.Month(months), 1, 0, 0, 0, 0, time.UTC))
		if result.Verdict != want || result.Model.AgeMonths != months {
			t.Errorf("after %d months it says %q, %d months old; want %q", months, result.Verdict, result.Model.AgeMonths, want)
		}
	}
}

// Of too little nothing can be said, which is not that all is well.
func TestTooLittleIsSaid(t *testing.T) {
	r := rand.New(rand.NewPCG(7, 7))
	model := withReference(t, ordinary(r, 2000))
	withPath := func(texts []string) (urls []string) {
		for _, text := range texts {
			urls = append(urls, text+"/path")
		}
		return urls
	}
	for _, test := range []struct {
		name         string
		here, before []string // before: nil is the model's reference
		verdict      Verdict
		says         string
	}{
		{"an empty log", nil, ordinary(r, 2000), TooLittle, "too little to say: no public name came"},
		{"an empty log against the model", nil, nil, TooLittle, "too little to say: no public name came"},
		{"99 generated names", generated(r, 99), ordinary(r, 2000), TooLittle, "fewer than 100 say nothing"},
		{"99 names against the model", generated(r, 99), nil, TooLittle, "too little to say: of names, 99 are held against "},
		{"an empty reference", ordinary(r, 2000), []string{}, TooLittle, "too little to say: of names, "},
		{"a reference of 32 domains", ordinary(r, 2000), ordinary(r, 32), TooLittle, " are held against 32: "},
		{"a reference that lacks the URLs that most texts are", withPath(ordinary(r, 2000)), ordinary(r, 2000), TooLittle, "too little to say: of URLs, "},
		{"a reference that lacks the few URLs", slices.Concat(ordinary(r, 2000), withPath(ordinary(r, 300))), ordinary(r, 2000), Nothing, "the reference has fewer than 100, which say nothing"},
		{"few URLs beside enough names", slices.Concat(ordinary(r, 2000), withPath(ordinary(r, 20))), ordinary(r, 2000), Nothing, "fewer than 100 say nothing"},
		{"an outbreak of which an empty reference knows nothing", slices.Concat(ordinary(r, 2000), generated(r, 250)), []string{}, Look, "too little to say: of names, "},
	} {
		t.Run(test.name, func(t *testing.T) {
			var before *Job
			if test.before != nil {
				before = read(t, model, test.before)
			}
			result := Compare(read(t, model, test.here), before, today(t))
			if said := page(t, result); result.Verdict != test.verdict || !strings.Contains(said, test.says) {
				t.Errorf("the verdict is %q, want %q, and it does not say %q:\n%s", result.Verdict, test.verdict, test.says, said)
			}
		})
	}
}

func TestWordsThatMayBeBrands(t *testing.T) {
	r := rand.New(rand.NewPCG(8, 8))
	var evil []string
	for _, name := range generated(r, 12) {
		evil = append(evil, "zorblatt-"+name)
	}
	result := Compare(read(t, snowman.Default(), slices.Concat(ordinary(r, 500), evil)), nil, today(t))
	if words := result.Texts[0].Words; len(words) != 1 || words[0].Word != "zorblatt" {
		t.Errorf("the words are %v", words)
	}
}

// Neither the order nor how a log is cut into chunks changes what is found.
func TestTheOrderDoesNotMatter(t *testing.T) {
	r := rand.New(rand.NewPCG(9, 9))
	texts := slices.Concat(ordinary(r, 3000), generated(r, 100))
	model := snowman.Default()
	before := read(t, model, ordinary(r, 3000))
	want := page(t, Compare(read(t, model, texts), before, today(t)))
	r.Shuffle(len(texts), func(i, j int) { texts[i], texts[j] = texts[j], texts[i] })
	if got := page(t, Compare(read(t, model, texts), before, today(t))); got != want {
		t.Errorf("got\n%swant\n%s", got, want)
	}
}

func TestWhatDoesNotCount(t *testing.T) {
	j := read(t, snowman.Default(), []string{"a.local", "10.0.0.1", "www.site.com", "site.com", "site.com/path"})
	counts, _ := j.Counts()
	if names, urls := j.Seen(); names != 2 || urls != 1 || counts.NotPublic != 2 || len(j.names.sample.texts) != 1 {
		t.Errorf("%d names, %d URLs, %+v", names, urls, counts)
	}
}

func TestALogCountsItsQuestions(t *testing.T) {
	const dnsmasq = "Nov 28 00:00:01 dnsmasq[1]: query[A] shop.com from 192.0.2.1\n" +
		"Nov 28 00:00:01 dnsmasq[1]: reply shop.com is 198.51.100.1\n"
	j := NewJob(snowman.Default(), Options{})
	var said strings.Builder
	if err := j.Read(t.Context(), intake.Input{Reader: strings.NewReader(dnsmasq), IsFile: true}, func(s []byte) { said.Write(s) }); err != nil {
		t.Fatal(err)
	}
	if names, _ := j.Seen(); names != 1 || !strings.Contains(said.String(), "is read as dnsmasq") {
		t.Errorf("%d names; it says %s", names, said.String())
	}
}
