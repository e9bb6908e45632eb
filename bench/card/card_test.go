package main

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/snowman-ml/snowman/bench/internal/judging"
	"github.com/snowman-ml/snowman/eval"
	"github.com/snowman-ml/snowman/internal/modelfile"
	"github.com/snowman-ml/snowman/internal/provenance"
	"github.com/snowman-ml/snowman/models"
)

// write writes a file into a folder.
func write(t *testing.T, folder, name, content string) string {
	t.Helper()
	path := filepath.Join(folder, name)
	if err := os.WriteFile(path, []byte(content), 0o644); err != nil {
		t.Fatal(err)
	}
	return path
}

// writeRows writes a labelled file, one text a row.
func writeRows(t *testing.T, folder, name, label string, texts []string) {
	t.Helper()
	content := "text\tlabel\tfamily\tdate\n"
	for _, text := range texts {
		content += text + "\t" + label + "\tqakbot\t2025-03-01\n"
	}
	write(t, folder, name+".tsv", content)
}

// toy returns the flags of a run on toy data with a model whose answers can be worked out by hand:
// a q in the host is low and dga, an x is medium and phishing, a z is high and malware. The card
// has a place for every table. change may change the model.
func toy(t *testing.T, change func(m *modelfile.Metadata)) (args []string, card string) {
	t.Helper()
	data, judge, folder := t.TempDir(), t.TempDir(), t.TempDir()
	var popular, evil, generated, links []string
	for i := range 100 {
		popular = append(popular, fmt.Sprintf("shop-number%d.org", i))
		links = append(links, fmt.Sprintf("blog%d.org/post", i))
		evil = append(evil, fmt.Sprintf("z-evil%d.com/login", i))
		generated = append(generated, fmt.Sprintf("q%d.com", i))
	}
	writeRows(t, data, "popular_2013", "benign", popular)
	writeRows(t, data, "popular_2026", "benign", popular)
	writeRows(t, data, "links", "benign", links)
	writeRows(t, data, "evil", "malicious", evil)
	writeRows(t, data, "generated", "malicious", generated)
	recipe := write(t, folder, "recipe.json", `{"seed": 1, "share": {"choose": 0.1, "calibrate": 0.1, "report": 0.3}, "vetted_years": 2,
		"held_out": {"report": ["fosniw"]}, "perturb": {"suffixes": {"share": 1}}, "sources": [
		{"file": "popular_2013", "list_year": 2013, "group": "popular"}, {"file": "popular_2026", "list_year": 2026, "group": "popular"},
		{"file": "links", "curated": true}, {"file": "evil", "kind": "malware"}, {"file": "generated", "kind": "dga"}]}`)
	for _, p := range judging.Pairs {
		for _, name := range p.Malicious {
			writeRows(t, judge, name, "malicious", []string{"z-other.com/login", "bland.com"})
		}
		for _, name := range p.Benign {
			writeRows(t, judge, name, "benign", []string{"store.net", "x-blog.net/post", "wiki.net"})
		}
	}
	model, err := modelfile.Open("../../web/testdata/toy.safetensors")
	if err != nil {
		t.Fatal(err)
	}
	model.Metadata.Imitated = []string{"zoo.net", "plain.net"}
	model.Metadata.Figures = json.RawMessage(`{"highest_vetted": [{"name": "zebra.org", "score": 0.9}]}`)
	change(&model.Metadata)
	var file strings.Builder
	if err := model.Write(&file); err != nil {
		t.Fatal(err)
	}
	content := "# Card\n"
	for _, table := range tables {
		content += "\nWords about " + table.name + ".\n\n" + beginning + table.name + " -->\nas it was\n" + ending + "\n"
	}
	card = write(t, folder, "CARD.md", content)
	return []string{
		"-data", data, "-judge", judge, "-recipe", recipe, "-card", card,
		"-model", write(t, folder, "toy.safetensors", file.String()),
	}, card
}

func TestEveryTableIsWrittenAndNothingElse(t *testing.T) {
	args, path := toy(t, func(m *modelfile.Metadata) {
		m.Training = json.RawMessage(`{"options": {"epochs": 2, "learning_rate": 0.003}, "best_epoch": 2, "epochs": [{"epoch": 1, "loss": 0.5, "auc": 0.75}]}`)
	})
	read := func() string {
		t.Helper()
		var log strings.Builder
		if err := run(t.Context(), args, &log); err != nil {
			t.Fatal(err)
		}
		card, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		return string(card)
	}
	card := read()
	for _, want := range []string{
		"# Card\n\nWords about identity.\n\n<!-- made: identity -->\nThe model in `models/snowman.safetensors`, trained",
		"softmax over benign, dga, phishing, malware: ",
		"| level | from the score |",
		"`zebra.org` 0.9000",
		"Expected calibration error: ",
		"| all | 34 | 1.0000 | ",
		"| url_openphish_public_feed | 2 | url_citizenlab_test_lists | 3 | .500 (.095-.905, 1) | .500 (.095-.905, 1) | .667 |",
		"| judge/url_citizenlab_test_lists | 3 | 33.33 % (1) | 33.33 % (1) | 0.00 % (0) |",
		"| judge/url_openphish_public_feed | 2 | 50.00 % (1) | 50.00 % (1) | 50.00 % (1) |",
		"| popular_2013 | ",
		"| registered domain itself | benign |",
		"| all, without the rule | 2 | 50.00 % (1) | 50.00 % (1) | 50.00 % (1) |\n| all, with it | 2 | 50.00 % (1) | 0.00 % (0) | 0.00 % (0) |",
		"| 2025-03 |",
		"Held out whole: fosniw.",
		"changed names against ",
		"| a benign path behind |",
		"<!-- made: ageing -->\nas it was\n<!-- end -->",
		"| part | rows | benign | dga | malware |",
		"| links |  | 100 | ",
		"| suffixes | ",
		"learning rate 0.003",
		"| 1 | 0.5000 | .7500 |",
	} {
		if !strings.Contains(card, want) {
			t.Errorf("the card has no %q", want)
		}
	}
	if got := strings.Count(card, "as it was"); got != 1 {
		t.Errorf("%d places were left as they were, want that of ageing alone", got)
	}
	if t.Failed() {
		t.Log(card)
	}
	if again := read(); again != card {
		t.Errorf("a second run writes\n%s, want\n%s", again, card)
	}
}

func TestAReferenceIsAddedToAModel(t *testing.T) {
	args, _ := toy(t, func(*modelfile.Metadata) {})
	path := filepath.Join(t.TempDir(), "with.safetensors")
	var log strings.Builder
	if err := run(t.Context(), append(args, "-reference", path), &log); err != nil {
		t.Fatal(err)
	}
	before, err := modelfile.Open(args[len(args)-1])
	if err != nil {
		t.Fatal(err)
	}
	after, err := modelfile.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	r := after.Metadata.Reference
	if r == nil || r.Names.Texts < 10 || r.URLs.Texts != 0 || after.SHA256 != before.SHA256 || before.Metadata.Reference != nil {
		t.Fatalf("the reference is %+v", r) // no list vouches for URLs
	}
	if want := []modelfile.MonthCount{{Month: "2025-03", Rows: r.Months[0].Rows}}; !slices.Equal(r.Months, want) {
		t.Errorf("the months are %v", r.Months)
	}
	if want := []string{"com", "org"}; !slices.Equal(r.Suffixes, want) || r.Names.NewSuffixes != 0 {
		t.Errorf("the suffixes are %q, %d names have another", r.Suffixes, r.Names.NewSuffixes)
	}
	if err := run(t.Context(), []string{"-reference", path}, &log); err == nil || !strings.Contains(err.Error(), "want -data and -recipe") {
		t.Errorf("without data the error is %v", err)
	}
}

func TestAgeingHasTheMonthsThatTheNetworkLacks(t *testing.T) {
	folder := t.TempDir()
	write(t, folder, "ageing.json", `{"report_from": "2025-02"}`)
	month := func(name string) eval.Group {
		return eval.Group{Name: name, Rates: eval.Rates{Malicious: 4, OperatingPoints: []eval.OperatingPoint{
			{Limit: .01, TruePositives: eval.Proportion{Count: 1, Total: 4}},
		}}}
	}
	measured := eval.Result{ByMonth: []eval.Group{month("2025-01"), month("2025-02"), month("2025")}}
	measured.Overall.OperatingPoints = month("").OperatingPoints
	content, err := json.Marshal(measured)
	if err != nil {
		t.Fatal(err)
	}
	write(t, folder, "ageing-names.json", string(content))
	path := filepath.Join(folder, "ageing")
	if _, err := readAged(path); err == nil {
		t.Error("the figures of URLs are not missed")
	}
	write(t, folder, "ageing-urls.json", string(content))
	aged, err := readAged(path)
	if err != nil {
		t.Fatal(err)
	}
	const table = "| month | rows | AUC | TPR at 1e-2 |\n|---|---|---|---|\n| 2025-02 | 4 | - | .250 (.046-.699) |\n"
	const want = "Malicious rows first seen since 2025-02, which the network lacks.\n\nNames:\n\n" + table + "\nURLs with a path:\n\n" + table
	if got := (figures{aged: aged}).ageing(); got != want {
		t.Errorf("got\n%s, want\n%s", got, want)
	}
}

func TestTheShippedCardHasAPlaceForEveryTable(t *testing.T) {
	kept, err := fill(models.Card, nil)
	if err != nil {
		t.Fatal(err)
	}
	if kept != models.Card {
		t.Error("the card is not kept as it is")
	}
}

func TestFillRefusesWhatIsNoPlace(t *testing.T) {
	places := ""
	for _, table := range tables {
		places += beginning + table.name + " -->\n" + ending + "\n"
	}
	const first = beginning + "identity -->\n"
	for name, test := range map[string]struct{ card, want string }{
		"a table that does not exist":    {places + beginning + "none -->\n" + ending + "\n", `there is no table "none"`},
		"a place twice":                  {places + first + ending + "\n", `"identity" has a place already`},
		"a place in another":             {first + beginning + "levels -->\n", `line 2: a place begins in that of "identity"`},
		"a place without an end":         {first, `the place of "identity" does not end`},
		"an end without a beginning":     {ending + "\n", "line 1: a place ends that has not begun"},
		"a table that the card lacks":    {first + ending + "\n", `there is no place for "network"`},
		"a table whose name is misspelt": {strings.Replace(places, "made: identity", "mode: identity", 1), "a place ends that has not begun"},
	} {
		t.Run(name, func(t *testing.T) {
			if _, err := fill(test.card, map[string]string{}); err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("the error is %v, want %q", err, test.want)
			}
		})
	}
}

func TestRunRefuses(t *testing.T) {
	other, _ := toy(t, func(m *modelfile.Metadata) {
		training, err := json.Marshal(provenance.Training{Data: provenance.Account{Sources: []provenance.Source{{Name: "evil", SHA256: "00"}}}})
		if err != nil {
			t.Fatal(err)
		}
		m.Training = training
	})
	good, path := toy(t, func(*modelfile.Metadata) {})
	for _, test := range []struct {
		name, want string
		args       []string
	}{
		{"data that the model was not trained on", "are not those that the model was trained on", other},
		{"no data", "want -data, -recipe and -judge", nil},
		{"a card that is not there", "reading the card", append(good, "-card", path+"x")},
		{"ageing that is not there", "reading recipe", append(good, "-ageing", path+"x")},
		{"a card without places", "there is no place for", append(good, "-card", write(t, t.TempDir(), "CARD.md", "# Card\n"))},
		{"an argument", `unexpected argument "more"`, append(good, "more")},
	} {
		t.Run(test.name, func(t *testing.T) {
			var log strings.Builder
			if err := run(t.Context(), test.args, &log); err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("the error is %v, want %q", err, test.want)
			}
		})
	}
}
