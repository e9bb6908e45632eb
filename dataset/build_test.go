package dataset

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/snowman-ml/snowman/internal/canon"
)

// table makes a file of rows: text, label, kind, family and date, with spaces between them. An
// unknown field is a dash, or left out at the end.
func table(rows ...string) string {
	file := "text\tlabel\tkind\tfamily\tdate\n"
	for _, row := range rows {
		fields := strings.Fields(row)
		for i := range fields {
			fields[i] = strings.TrimPrefix(fields[i], "-")
		}
		file += strings.Join(fields, "\t") + "\n"
	}
	return file
}

// build builds a set of files. A recipe without sources takes every file, sorted by name.
func build(t *testing.T, recipe Recipe, files map[string]string) *Set {
	t.Helper()
	directory := writeFiles(t, files)
	if recipe.Sources == nil {
		for _, name := range slices.Sorted(maps.Keys(files)) {
			recipe.Sources = append(recipe.Sources, Source{File: name})
		}
	}
	set, err := recipe.Build(context.Background(), directory)
	if err != nil {
		t.Fatal(err)
	}
	return set
}

// everything is a recipe by which all rows go to train.
var everything = Recipe{Share: map[Part]float64{}}

// rowsByText returns all rows of a set, and fails if two have the same text.
func rowsByText(t *testing.T, set *Set) (rows map[string]Row, parts map[string]Part) {
	t.Helper()
	rows, parts = make(map[string]Row), make(map[string]Part)
	for part, partRows := range set.Parts {
		for _, row := range partRows {
			if _, twice := rows[row.Text]; twice {
				t.Errorf("%q stands twice in the set", row.Text)
			}
			rows[row.Text], parts[row.Text] = row, Part(part)
		}
	}
	return rows, parts
}

func registeredDomain(t *testing.T, text string) string {
	t.Helper()
	var u canon.URL
	if err := u.Parse(text); err != nil {
		t.Fatal(err)
	}
	return string(u.RegisteredDomain())
}

func TestRowsOfTheSameTextAreMerged(t *testing.T) {
	for _, test := range []struct {
		name string
		a, b []string // the rows of two files
		want []Row
		account
	}{
		{"two spellings of one name", []string{"http://www.evil.com/ 1 dga ramdo 2015"}, []string{"EVIL.com:443 1 dga ramdo 2014"},
			[]Row{{Text: "evil.com", Malicious: true, Kind: DGA, Family: "ramdo", Date: "2014", Source: "a", Weight: 1}},
			account{duplicates: 1}},
		{"a date is better than none", []string{"evil.com 1 dga ramdo"}, []string{"evil.com 1 dga ramdo 2014"},
			[]Row{{Text: "evil.com", Malicious: true, Kind: DGA, Family: "ramdo", Date: "2014", Source: "a", Weight: 1}},
			account{duplicates: 1}},
		{"benign and malicious", []string{"a.com 0", "b.com 0"}, []string{"a.com 1 dga"},
			[]Row{{Text: "b.com", Kind: Benign, Source: "a", Weight: 1}},
			account{duplicates: 1, contradictions: 1}},
		{"benign and malicious more than once", []string{"a.com 0", "b.com 0"}, []string{"a.com 1 dga", "a.com 1 malware", "a.com 0"},
			[]Row{{Text: "b.com", Kind: Benign, Source: "a", Weight: 1}},
			account{duplicates: 3, contradictions: 1}},
		{"two malicious kinds", []string{"a.com 1 dga ramdo"}, []string{"a.com 1 malware trail", "a.com 1 dga ramdo"},
			[]Row{{Text: "a.com", Malicious: true, Source: "a", Weight: 1}},
			account{duplicates: 2, unknownKind: 1}},
		{"a malicious kind and none", []string{"a.com 1 dga ramdo"}, []string{"a.com 1"},
			[]Row{{Text: "a.com", Malicious: true, Kind: DGA, Family: "ramdo", Source: "a", Weight: 1}},
			account{duplicates: 1}},
		{"no kind and a malicious one", []string{"a.com 1"}, []string{"a.com 1 dga ramdo"},
			[]Row{{Text: "a.com", Malicious: true, Kind: DGA, Family: "ramdo", Source: "a", Weight: 1}},
			account{duplicates: 1}},
		{"no kind twice", []string{"a.com 1 - brand"}, []string{"a.com 1"},
			[]Row{{Text: "a.com", Malicious: true, Family: "brand", Source: "a", Weight: 1}},
			account{duplicates: 1}},
		{"no kind and two malicious ones", []string{"a.com 1"}, []string{"a.com 1 dga ramdo", "a.com 1 phishing", "a.com 1 dga ramdo"},
			[]Row{{Text: "a.com", Malicious: true, Source: "a", Weight: 1}},
			account{duplicates: 3, unknownKind: 1}},
		{"a host and its URL are two", []string{"a.com 1 phishing"}, []string{"a.com/b 1 phishing"},
			[]Row{{Text: "a.com", Malicious: true, Kind: Phishing, Source: "a", Weight: 1},
				{Text: "a.com/b", Malicious: true, Kind: Phishing, Source: "b", Weight: 1}},
			account{}},
	} {
		t.Run(test.name, func(t *testing.T) {
			set := build(t, everything, map[string]string{"a.tsv": table(test.a...), "b.tsv": table(test.b...)})
			rows := slices.SortedFunc(slices.Values(set.Parts[Train]), func(a, b Row) int { return strings.Compare(a.Text, b.Text) })
			if !slices.Equal(rows, test.want) {
				t.Errorf("rows are %+v, want %+v", rows, test.want)
			}
			if got := (account{set.Account.Duplicates, set.Account.Contradictions, set.Account.UnknownKind}); got != test.account {
				t.Errorf("the account is %+v, want %+v", got, test.account)
			}
		})
	}
}

type account struct{ duplicates, contradictions, unknownKind int }

func TestASourceMayNameTheKindOfItsRows(t *testing.T) {
	recipe := everything
	recipe.Sources = []Source{{File: "black", Kind: Malware, Weight: 0.5}, {File: "white", Kind: Benign}}
	set := build(t, recipe, map[string]string{"black.txt": "a.com\n", "white.csv": "domain,family\nb.com,x\n"})
	rows, _ := rowsByText(t, set)
	want := map[string]Row{
		"a.com": {Text: "a.com", Malicious: true, Kind: Malware, Source: "black", Weight: 0.5},
		"b.com": {Text: "b.com", Kind: Benign, Family: "x", Source: "white", Weight: 1},
	}
	if !reflect.DeepEqual(rows, want) {
		t.Errorf("rows are %+v, want %+v", rows, want)
	}
}

func TestBadRowsAreRefusedAndCounted(t *testing.T) {
	file := table("good.com 0", "a.com 2", "/path 1", "b.com 1 benign", "a..b\x01.com 0", "evil.com 1 dga") + "c.com\n"
	content := zipped(t, file)
	set := build(t, everything, map[string]string{"a.tsv.gz": content, "unlabelled.txt": "d.com\ne.com\n"})
	rows, _ := rowsByText(t, set)
	if got := slices.Sorted(maps.Keys(rows)); !slices.Equal(got, []string{"evil.com", "good.com"}) {
		t.Errorf("rows are %q, want evil.com and good.com", got)
	}
	sum := sha256.Sum256([]byte(content))
	want := SourceAccount{Name: "a", SHA256: hex.EncodeToString(sum[:]), Read: 7, Refused: 5, Kept: 2, Used: 2}
	if got := set.Account.Sources[0]; got != want {
		t.Errorf("account is %+v, want %+v", got, want)
	}
	if got := set.Account.Sources[1]; got.Read != 2 || got.Refused != 2 {
		t.Errorf("of the file without labels %d of %d rows are refused, want all", got.Refused, got.Read)
	}
}

func TestHostsOfBenignURLsAreAdded(t *testing.T) {
	recipe := everything
	recipe.Sources = []Source{{File: "urls", Hosts: true, Rows: 1, Weight: 0.5}, {File: "others"}}
	set := build(t, recipe, map[string]string{
		"urls.tsv":   table("http://a.com:8080/1 0", "a.com/2 0", "b.com/1 1 malware", "c.com 0", "d.com/1 0", "e.com/1 0"),
		"others.tsv": table("d.com 0", "e.com 1 malware", "f.com/1 0"),
	})
	rows, _ := rowsByText(t, set)
	for text, added := range map[string]bool{"a.com": true, "b.com": false, "d.com": true, "e.com": false, "f.com": false} {
		if _, found := rows[text]; found != added {
			t.Errorf("the host %q stands in the set: %v, want %v", text, found, added)
		}
	}
	if want := (Row{Text: "a.com", Kind: Benign, Source: "urls_hosts", Weight: 0.5}); rows["a.com"] != want {
		t.Errorf("the host is %+v, want %+v", rows["a.com"], want)
	}
	if got := set.Account.Sources[0].Hosts; got != 3 {
		t.Errorf("%d hosts are counted, want a.com, d.com and e.com", got)
	}
	if got := set.Account; got.Duplicates != 2 || got.Contradictions != 1 {
		t.Errorf("%d duplicates and %d contradictions, want d.com and e.com, and e.com", got.Duplicates, got.Contradictions)
	}
}

// manyRows returns rows of different registered domains.
func manyRows(count int, prefix, rest string) []string {
	rows := make([]string, count)
	for i := range rows {
		rows[i] = fmt.Sprintf("%s%d.com %s", prefix, i, rest)
	}
	return rows
}

func TestCapsHoldInTrainAndInProportionElsewhere(t *testing.T) {
	recipe := Recipe{
		Share: map[Part]float64{Choose: 0.1, Calibrate: 0.2, Report: 0.2},
		Sources: []Source{
			{File: "large", Rows: 300}, {File: "families", FamilyRows: 40}, {File: "both", Rows: 60, FamilyRows: 40}, {File: "free"},
		},
	}
	families := slices.Concat(manyRows(1000, "x", "1 dga x"), manyRows(1000, "y", "1 dga y"), manyRows(10, "z", "1 dga z"))
	set := build(t, recipe, map[string]string{
		"large.tsv":    table(manyRows(2000, "a", "0")...),
		"families.tsv": table(families...),
		"both.tsv":     table(slices.Concat(manyRows(1000, "u", "1 dga x"), manyRows(1000, "v", "1 dga y"))...),
		"free.tsv":     table(manyRows(2000, "f", "0")...),
	})
	type group struct{ source, family string }
	for part, scale := range map[Part]int{Train: 5, Choose: 1, Calibrate: 2, Report: 2} { // fifths of the caps
		bySource, byFamily := make(map[string]int), make(map[group]int)
		for _, row := range set.Parts[part] {
			bySource[row.Source]++
			byFamily[group{row.Source, row.Family}]++
		}
		if got, want := bySource["large"], 60*scale; got < want || got > want+1 { // rounded up
			t.Errorf("%v has %d rows of the capped source, want %d", part, got, want)
		}
		if got, want := bySource["both"], 12*scale; got < want || got > want+1 {
			t.Errorf("%v has %d rows of the source with both caps, want %d", part, got, want)
		}
		for _, family := range []group{{"families", "x"}, {"families", "y"}} {
			if got, want := byFamily[family], 8*scale; got < want || got > want+1 {
				t.Errorf("%v has %d rows of %v, want %d", part, got, family, want)
			}
		}
		for _, family := range []group{{"both", "x"}, {"both", "y"}} {
			if got, most := byFamily[family], 8*scale+1; got > most {
				t.Errorf("%v has %d rows of %v, want at most %d", part, got, family, most)
			}
		}
		if got, want := bySource["free"], 200*scale; got < want*8/10 || got > want*12/10 {
			t.Errorf("%v has %d rows of the source without caps, want about %d", part, got, want)
		}
	}
	total := 0
	for _, row := range slices.Concat(set.Parts[:]...) {
		if row.Family == "z" {
			total++
		}
	}
	if total != 10 {
		t.Errorf("%d rows of a family below the cap are left, want all 10", total)
	}
}

func TestDatedMaliciousRowsAreSplitByDate(t *testing.T) {
	recipe := Recipe{Share: map[Part]float64{Choose: 0.1}, ReportFrom: "2026-02"}
	set := build(t, recipe, map[string]string{"a.tsv": table(
		"new.com 1 malware x 2026-02", "newer.com 1 phishing x 2026-03-01", "unknown.com 1 - - 2026-04",
		"old.com 1 malware x 2026-01-31", "year.com 1 malware x 2026", "undated.com 1 malware x",
		"algorithm.com 1 dga x 2026-05", "good.com 0 - - 2026-05",
		"a.mixed.com 1 malware x 2026-03", "b.mixed.com 1 malware x 2026-01",
	)})
	_, parts := rowsByText(t, set)
	for text, want := range map[string]bool{
		"new.com": true, "newer.com": true, "unknown.com": true,
		"old.com": false, "year.com": false, "undated.com": false, "algorithm.com": false, "good.com": false,
		"a.mixed.com": false, "b.mixed.com": false,
	} {
		if got := parts[text] == Report; got != want {
			t.Errorf("%q stands in %v, want in report: %v", text, parts[text], want)
		}
	}
	if parts["a.mixed.com"] != Train || parts["b.mixed.com"] != Train {
		t.Errorf("what shares a registered domain with older rows stands in %v and %v, want train", parts["a.mixed.com"], parts["b.mixed.com"])
	}
	if set.Account.Moved < 1 {
		t.Errorf("no row is counted as moved")
	}
}

// The caps of sources are for train. A part without a share of the domains is not a smaller copy of
// train, so it keeps all rows that the date sends there.
func TestAPartWithoutAShareKeepsWhatIsSentThere(t *testing.T) {
	recipe := Recipe{Share: map[Part]float64{}, ReportFrom: "2026", Sources: []Source{{File: "a", Rows: 100}}}
	set := build(t, recipe, map[string]string{"a.tsv": table(manyRows(50, "a", "1 malware x 2026")...)})
	if got := len(set.Parts[Report]); got != 50 {
		t.Errorf("report has %d rows, want 50", got)
	}
}

func TestHeldOutFamiliesStandInTheirPartAlone(t *testing.T) {
	recipe := Recipe{HeldOut: map[Part][]string{Choose: {"x"}, Report: {"y"}}}
	files := map[string]string{
		"dga.tsv": table(slices.Concat(
			manyRows(200, "x", "1 dga x"), manyRows(200, "y", "1 dga y"), manyRows(200, "z", "1 dga z"),
			[]string{"one.dynamic.com 1 dga x", "two.dynamic.com 1 dga z"},
		)...),
		"malware.tsv": table(slices.Concat(
			manyRows(50, "x", "1 malware trail"), // the same names, as another list knows them
			manyRows(50, "w", "1 malware x"),     // not of DGA, whatever the family is called
			[]string{"three.dynamic.com 1 malware trail"},
		)...),
		"benign.tsv": table("four.dynamic.com 0"),
	}
	set := build(t, recipe, files)
	_, parts := rowsByText(t, set)
	for i := range 200 {
		x, y := fmt.Sprintf("x%d.com", i), fmt.Sprintf("y%d.com", i)
		if parts[x] != Choose || parts[y] != Report {
			t.Errorf("%s and %s of held-out families stand in %v and %v, want choose and report", x, y, parts[x], parts[y])
		}
	}
	trained := make(map[byte]int)
	for _, row := range set.Parts[Train] {
		trained[row.Text[0]]++
	}
	if trained['z'] < 100 || trained['w'] < 20 {
		t.Errorf("train has %d and %d rows of other families, want most of them", trained['z'], trained['w'])
	}
	// The domain must be in one part alone, and not in train.
	for _, text := range []string{"one.dynamic.com", "two.dynamic.com", "three.dynamic.com", "four.dynamic.com"} {
		if parts[text] != Choose {
			t.Errorf("%q shares a domain with a held-out family and stands in %v, want choose", text, parts[text])
		}
	}
	if set.Seen().Families["x"] {
		t.Error("the family x counts as seen")
	}
}

// generated returns files with many rows that share registered domains across files, labels, kinds,
// families and dates.
func generated(seed uint64) map[string][]string {
	random := rand.New(rand.NewPCG(seed, 1))
	domains := []string{"d%d.com", "d%d.co.uk", "u%d.github.io", "10.0.0.%d", "d%d.xn--p1ai", "x%d"}
	hosts := []string{"", "www.", "a.", "b.c."}
	paths := []string{"", "/", "/a", "/a?b=c", ":8080", ":443/b"}
	labels := []string{"0 benign - 2013", "0 - -", "0 benign - 2026-03", "1 dga x 2020", "1 dga y", "1 dga z 2027",
		"1 malware trail 2026-02-03", "1 malware trail", "1 phishing brand 2025-12", "1 phishing brand 2026-04", "1 - -"}
	files := make(map[string][]string)
	for i := range 3000 {
		host := fmt.Sprintf(domains[random.IntN(len(domains))], random.IntN(400))
		if host[0] != '1' {
			host = hosts[random.IntN(len(hosts))] + host
		}
		// Most domains keep to one label: of others nothing but train would be left.
		label := labels[int(hash(seed, host)%uint64(len(labels)))]
		if random.IntN(10) == 0 {
			label = labels[random.IntN(len(labels))]
		}
		name := [...]string{"a.tsv", "b.tsv", "c.tsv"}[i%3]
		files[name] = append(files[name], host+paths[random.IntN(len(paths))]+" "+label)
	}
	return files
}

var generatedRecipe = Recipe{
	Seed:       3,
	Share:      map[Part]float64{Choose: 0.1, Calibrate: 0.15, Report: 0.15},
	ReportFrom: "2026-02",
	HeldOut:    map[Part][]string{Choose: {"y"}, Report: {"z"}},
	Sources:    []Source{{File: "a", Hosts: true, Curated: true}, {File: "b", Rows: 300}, {File: "c", FamilyRows: 60, Dated: true}},
	Perturb: Perturb{
		Subdomains: Perturbation{Share: 2}, MaliciousSubdomains: Perturbation{Share: 1}, RandomSubdomains: Perturbation{Share: 2, Weight: 0.5},
		Suffixes: Perturbation{Share: 3, Weight: 0.25}, Characters: Perturbation{Share: 2},
	},
}

func buildGenerated(t *testing.T, files map[string][]string) *Set {
	t.Helper()
	contents := make(map[string]string)
	for name, rows := range files {
		contents[name] = table(rows...)
	}
	return build(t, generatedRecipe, contents)
}

func TestNoRegisteredDomainStandsOnTwoSides(t *testing.T) {
	for seed := range uint64(5) {
		set := buildGenerated(t, generated(seed))
		partOf := make(map[string]Part)
		for part, rows := range set.Parts {
			if len(rows) < 50 {
				t.Errorf("%v has %d rows: too few to show anything", Part(part), len(rows))
			}
			for _, row := range rows {
				domain := registeredDomain(t, row.Text)
				if other, seen := partOf[domain]; seen && other != Part(part) {
					t.Errorf("%q stands in %v and %v", domain, other, Part(part))
				}
				partOf[domain] = Part(part)
				if row.Kind == DGA && (row.Family == "y" && Part(part) != Choose && Part(part) != Report || row.Family == "z" && Part(part) != Report) {
					t.Errorf("%q of the held-out family %s stands in %v", row.Text, row.Family, Part(part))
				}
			}
		}
		for _, vetted := range set.Vetted {
			if part, seen := partOf[vetted.Domain]; seen && part != vetted.Part {
				t.Errorf("the domain of the vetted %q stands in %v, want %v", vetted.Text, part, vetted.Part)
			}
		}
		rowsByText(t, set)
	}
}

func TestTheSameRecipeAndFilesGiveTheSameSet(t *testing.T) {
	files := generated(1)
	if one, other := buildGenerated(t, files), buildGenerated(t, files); !reflect.DeepEqual(one, other) {
		t.Error("two builds differ")
	}
}

func TestTheOrderOfRowsAndFilesDoesNotReachTheParts(t *testing.T) {
	// The first row of a text, in the order of the recipe, gives the source and the family.
	first, seen := make(map[string][]string), make(map[string]bool)
	files := generated(2)
	for _, name := range slices.Sorted(maps.Keys(files)) {
		for _, row := range files[name] {
			var u canon.URL
			if err := u.Parse(strings.Fields(row)[0]); err != nil {
				t.Fatal(err)
			}
			if !seen[u.String()] {
				seen[u.String()] = true
				first[name] = append(first[name], row)
			}
		}
	}
	recipe := generatedRecipe
	recipe.Sources = slices.Clone(recipe.Sources)
	recipe.Sources[0].Hosts = false
	contents := func() map[string]string {
		contents := make(map[string]string)
		for name, rows := range first {
			contents[name] = table(rows...)
		}
		return contents
	}
	want := build(t, recipe, contents())
	random := rand.New(rand.NewPCG(4, 5))
	for _, rows := range first {
		random.Shuffle(len(rows), func(i, j int) { rows[i], rows[j] = rows[j], rows[i] })
	}
	slices.Reverse(recipe.Sources)
	got := build(t, recipe, contents())
	if !reflect.DeepEqual(got.Parts, want.Parts) {
		t.Error("the parts differ by the order of rows and files")
	}
	byText := func(a, b Vetted) int { return strings.Compare(a.Text, b.Text) }
	slices.SortFunc(got.Vetted, byText)
	slices.SortFunc(want.Vetted, byText)
	if !slices.Equal(got.Vetted, want.Vetted) {
		t.Error("the vetted names differ by the order of rows and files")
	}
}

func TestAnotherSeedSplitsAndSamplesOtherwise(t *testing.T) {
	files := map[string]string{"a.tsv": table(manyRows(500, "a", "0")...)}
	recipe := Recipe{Share: map[Part]float64{Report: 0.5}, Sources: []Source{{File: "a", Rows: 100}}}
	one := build(t, recipe, files)
	recipe.Seed = 1
	other := build(t, recipe, files)
	for _, part := range []Part{Train, Report} {
		inOne := make(map[string]bool)
		for _, row := range one.Parts[part] {
			inOne[row.Text] = true
		}
		common := 0
		for _, row := range other.Parts[part] {
			if inOne[row.Text] {
				common++
			}
		}
		if common > 50 { // of 100; 20 by chance
			t.Errorf("%v shares %d of 100 rows under another seed", part, common)
		}
	}
}

func TestTheAccountAddsUp(t *testing.T) {
	set := buildGenerated(t, generated(3))
	a := set.Account
	read, refused, hosts, kept, used := 0, 0, 0, 0, 0
	for _, source := range a.Sources {
		read += source.Read
		refused += source.Refused
		hosts += source.Hosts
		kept += source.Kept
		used += source.Used
		if source.Used > source.Kept {
			t.Errorf("of %d rows of %s, %d are used", source.Kept, source.Name, source.Used)
		}
	}
	if read != 3000 || hosts == 0 || a.Duplicates == 0 || a.Contradictions == 0 || a.UnknownKind == 0 || a.Moved == 0 || a.VettedNames == 0 || a.VettedURLs == 0 || len(a.Perturbed) == 0 {
		t.Errorf("the account %+v lacks something to add up", a)
	}
	if got := read - refused + hosts - a.Duplicates - a.Contradictions; got != kept {
		t.Errorf("%d rows - %d refused + %d hosts - %d duplicates - %d contradictions is %d, but %d are kept",
			read, refused, hosts, a.Duplicates, a.Contradictions, got, kept)
	}
	total := 0
	for part, rows := range set.Parts {
		counts := make(map[string]int)
		for _, row := range rows {
			counts[kindName(row)]++
		}
		if got := a.Parts[Part(part).String()]; !maps.Equal(got, counts) {
			t.Errorf("%v has %v, its account %v", Part(part), counts, got)
		}
		total += len(rows)
	}
	for _, count := range a.Perturbed {
		used += count
	}
	if used != total || a.VettedNames+a.VettedURLs != len(set.Vetted) {
		t.Errorf("%d rows and %d vetted texts, the account says %d, and %d and %d", total, len(set.Vetted), used, a.VettedNames, a.VettedURLs)
	}
}

func TestBuildEndsWithItsContext(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	directory := writeFiles(t, map[string]string{"a.txt": "a.com\n"})
	if _, err := (Recipe{Sources: []Source{{File: "a"}}}).Build(ctx, directory); !errors.Is(err, context.Canceled) {
		t.Errorf("the error is %v, want %v", err, context.Canceled)
	}
}

func TestRowsOfAGeneratorAreOnlyTrainedOn(t *testing.T) {
	recipe := Recipe{Share: map[Part]float64{Report: 0.999999}, Sources: []Source{
		{File: "generator", TrainOnly: true, Hosts: true, Curated: true}, {File: "other"},
	}}
	set := build(t, recipe, map[string]string{"generator.tsv": table("a.com/1 0", "b.com/1 0"), "other.tsv": table("b.com/2 0", "c.com 0")})
	_, parts := rowsByText(t, set)
	for text, want := range map[string]Part{"a.com": Train, "a.com/1": Train, "b.com/1": Train, "b.com/2": Train, "c.com": Report} {
		if got := parts[text]; got != want {
			t.Errorf("%q is in %v, want %v", text, got, want)
		}
	}
	for _, vetted := range set.Vetted {
		if vetted.Text != "b.com/2" {
			t.Errorf("%q measures levels", vetted.Text)
		}
	}
}

func TestRowsKnowTheirMonth(t *testing.T) {
	for date, want := range map[string]string{"2026-02-03": "2026-02", "2026-02": "2026-02", "2026": "2026", "": ""} {
		if got := (Row{Date: date}).Month(); got != want {
			t.Errorf("the month of %q is %q, want %q", date, got, want)
		}
	}
}

func TestPartsHaveNames(t *testing.T) {
	for part := range parts {
		if got, ok := ParsePart(part.String()); !ok || got != part {
			t.Errorf("ParsePart(%q) is %v, %v", part, got, ok)
		}
	}
	if part, ok := ParsePart("test"); ok {
		t.Errorf("ParsePart takes an unknown name for %v", part)
	}
}

func TestAnOverruledHostOfAURLIsNoRow(t *testing.T) {
	recipe := everything
	recipe.Sources = []Source{{File: "mine", Overrules: true}, {File: "links", Hosts: true}}
	set := build(t, recipe, map[string]string{
		"mine":  table("code.example 1 phishing"),
		"links": table("code.example/a 0", "code.example/b 0"),
	})
	rows, _ := rowsByText(t, set)
	if set.Account.Overruled != 0 || !rows["code.example"].Malicious || rows["code.example/a"].Malicious || rows["code.example/b"].Malicious {
		t.Errorf("%d overruled, the rows are %v, want 0, and a label of its own for each", set.Account.Overruled, rows)
	}
}

func TestRowsThatOverruleStand(t *testing.T) {
	recipe := everything
	recipe.Sources = []Source{{File: "mine", Overrules: true}, {File: "feed"}, {File: "other"}}
	set := build(t, recipe, map[string]string{
		"mine":  table("paypal.com 0", "bad.example 1 phishing", "twice.example 0", "twice.example 1"),
		"feed":  table("paypal.com 1 phishing - 2026-01", "bad.example 0", "both.example 1"),
		"other": table("paypal.com 1 malware", "both.example 0"),
	})
	rows, _ := rowsByText(t, set)
	if len(rows) != 2 || rows["paypal.com"].Malicious || rows["paypal.com"].Date != "" || rows["bad.example"].Kind != Phishing {
		t.Errorf("the rows are %v, want paypal.com benign and bad.example phishing", rows)
	}
	if set.Account.Overruled != 3 || set.Account.Contradictions != 2 {
		t.Errorf("%d overruled and %d contradictions, want 3 and 2", set.Account.Overruled, set.Account.Contradictions)
	}
}
