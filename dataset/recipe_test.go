package dataset

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
)

// writeFiles writes files to a new folder.
func writeFiles(t *testing.T, files map[string]string) (directory string) {
	t.Helper()
	directory = t.TempDir()
	for name, content := range files {
		if err := os.WriteFile(filepath.Join(directory, name), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return directory
}

func TestReadRecipe(t *testing.T) {
	directory := writeFiles(t, map[string]string{"recipe.json": `{
		"seed": 7,
		"share": {"choose": 0.1},
		"report_from": "2026-02",
		"held_out": {"report": ["ramdo"]},
		"family_names": {"zeus": "newgoz"},
		"vetted_years": 2,
		"perturb": {"subdomains": {"share": 1}, "characters": {"share": 0.3, "weight": 0.5}},
		"sources": [{"file": "names", "kind": "benign", "weight": 0.5, "rows": 10, "family_rows": 5,
			"hosts": true, "list_year": 2013, "dated": true, "curated": true,
			"collection": "lists", "group": "small sites", "trusted": true, "train_only": true}]
	}`})
	got, err := ReadRecipe(filepath.Join(directory, "recipe.json"))
	want := Recipe{
		Seed: 7, Share: map[Part]float64{Choose: 0.1}, ReportFrom: "2026-02",
		HeldOut: map[Part][]string{Report: {"ramdo"}}, VettedYears: 2,
		Perturb:     Perturb{Subdomains: Perturbation{Share: 1}, Characters: Perturbation{Share: 0.3, Weight: 0.5}},
		FamilyNames: map[string]string{"zeus": "newgoz"},
		Sources: []Source{{File: "names", Kind: Benign, Weight: 0.5, Rows: 10, FamilyRows: 5,
			Hosts: true, ListYear: 2013, Dated: true, Curated: true, Collection: "lists", Group: "small sites", Trusted: true, TrainOnly: true}},
	}
	if err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("recipe is %+v, error %v; want %+v", got, err, want)
	}
}

func TestReadRecipeRefuses(t *testing.T) {
	for _, test := range []struct{ name, content, want string }{
		{"a field that no recipe has", `{"sauces": []}`, `unknown field "sauces"`},
		{"a field that no source has", `{"sources": [{"file": "a", "weigth": 2}]}`, `unknown field "weigth"`},
		{"a value of another type", `{"seed": "one"}`, "cannot unmarshal string"},
		{"a share of an unknown part", `{"share": {"test": 0.5}}`, `unknown part "test", want one of train, choose, calibrate, report`},
		{"families held out for an unknown part", `{"held_out": {"test": ["ramdo"]}}`, `unknown part "test"`},
		{"half a recipe", `{"seed": 1`, "unexpected EOF"},
	} {
		t.Run(test.name, func(t *testing.T) {
			path := filepath.Join(writeFiles(t, map[string]string{"recipe.json": test.content}), "recipe.json")
			_, err := ReadRecipe(path)
			if err == nil || !strings.Contains(err.Error(), test.want) || !strings.Contains(err.Error(), path) {
				t.Errorf("the error is %v, want %q and the file in it", err, test.want)
			}
		})
	}
	if _, err := ReadRecipe(filepath.Join(t.TempDir(), "none.json")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("the error of a missing recipe is %v", err)
	}
}

func TestBuildRefusesARecipe(t *testing.T) {
	source := []Source{{File: "names"}}
	for _, test := range []struct {
		name   string
		recipe Recipe
		want   string
	}{
		{"shares that leave nothing", Recipe{Share: map[Part]float64{Choose: 0.5, Report: 0.5}}, "leave nothing to train on"},
		{"a share of 1", Recipe{Share: map[Part]float64{Choose: 1}}, "add up to 1 "},
		{"a negative share", Recipe{Share: map[Part]float64{Choose: -0.1}}, `share of "choose" is -0.1`},
		{"a share of train", Recipe{Share: map[Part]float64{Train: 0.5}}, `share of "train" is 0.5, want choose, calibrate or report`},
		{"families held out for train", Recipe{HeldOut: map[Part][]string{Train: {"ramdo"}}}, `held out for "train"`},
		{"kinds without benign", Recipe{Kinds: []string{DGA, Benign}}, `the first kind is "dga", want "benign"`},
		{"fewer than no names to imitate", Recipe{Imitated: -1}, "-1 names to imitate, want 0 to 20000"},
		{"more names to imitate than a list has", Recipe{Imitated: 20_001}, "20001 names to imitate, want 0 to 20000"},
		{"a file that is not there", Recipe{Sources: []Source{{File: "none"}}}, `source "none": no such file`},
		{"a folder for a file", Recipe{Sources: []Source{{File: "folder"}}}, `source "folder": no such file`},
		{"a file twice", Recipe{Sources: []Source{{File: "names"}, {File: "names.txt"}}}, `two sources are named "names"`},
		{"a gzip file cut short", Recipe{Sources: []Source{{File: "short"}}}, "short.tsv.gz"},
	} {
		t.Run(test.name, func(t *testing.T) {
			directory := writeFiles(t, map[string]string{"names.txt": "a.com\n", "short.tsv.gz": zipped(t, "text\tlabel\na.com\t1\n")[:30]})
			if err := os.Mkdir(filepath.Join(directory, "folder.tsv"), 0o700); err != nil {
				t.Fatal(err)
			}
			recipe := test.recipe
			if recipe.Sources == nil {
				recipe.Sources = source
			}
			_, err := recipe.Build(context.Background(), directory)
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("the error is %v, want %q in it", err, test.want)
			}
		})
	}
}

func TestDefaultRecipeTakesEveryDataFile(t *testing.T) {
	directory := writeFiles(t, map[string]string{
		"a.tsv": "", "b.csv.gz": "", "c.txt": "", "d.json": "", "README.md": "", ".hidden": "",
	})
	got, err := DefaultRecipe(directory)
	want := []Source{{File: "a"}, {File: "b"}, {File: "c"}}
	if err != nil || !reflect.DeepEqual(got.Sources, want) {
		t.Errorf("sources are %+v, error %v; want %+v", got.Sources, err, want)
	}
	if _, err := DefaultRecipe(t.TempDir()); err == nil || !strings.Contains(err.Error(), "no file in") {
		t.Errorf("the error of an empty folder is %v", err)
	}
}

func TestPathsAreTheFilesThatBuildReads(t *testing.T) {
	directory := writeFiles(t, map[string]string{"a.tsv": "", "b.csv.gz": "", "c.txt": ""})
	recipe := Recipe{Sources: []Source{{File: "b"}, {File: "a"}}}
	got, err := recipe.Paths(directory)
	want := []string{filepath.Join(directory, "b.csv.gz"), filepath.Join(directory, "a.tsv")}
	if err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("got %q, error %v; want %q", got, err, want)
	}
	recipe.Sources = append(recipe.Sources, Source{File: "d"})
	if _, err := recipe.Paths(directory); err == nil || !strings.Contains(err.Error(), `no such file in`) {
		t.Errorf("the error of a missing file is %v", err)
	}
}

func TestListsRecipeBuildsTwoKinds(t *testing.T) {
	directory := writeFiles(t, map[string]string{
		"black.txt": ".evil.com\n# a comment\n\n.worse.com\n",
		"white.txt": "\xef\xbb\xbfwww.good.com\r\n.better.com\r\n",
	})
	recipe := ListsRecipe(filepath.Join(directory, "black.txt"), filepath.Join(directory, "white.txt"))
	recipe.Share = map[Part]float64{}
	set, err := recipe.Build(context.Background(), "")
	if err != nil {
		t.Fatal(err)
	}
	if want := []string{Benign, "malicious"}; !reflect.DeepEqual(set.Kinds, want) {
		t.Errorf("kinds are %q, want %q", set.Kinds, want)
	}
	got := make(map[string]Row)
	for _, row := range set.Parts[Train] {
		got[row.Text] = row
	}
	want := map[string]Row{
		"evil.com":   {Text: "evil.com", Malicious: true, Kind: "malicious", Source: "black", Weight: 1},
		"worse.com":  {Text: "worse.com", Malicious: true, Kind: "malicious", Source: "black", Weight: 1},
		"good.com":   {Text: "good.com", Kind: Benign, Source: "white", Weight: 1},
		"better.com": {Text: "better.com", Kind: Benign, Source: "white", Weight: 1},
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("rows are %+v, want %+v", got, want)
	}
	if refused := set.Account.Sources[0].Refused; refused != 2 {
		t.Errorf("%d lines refused, want the comment and the empty one", refused)
	}
}

func TestExcludedRegisteredDomainsAreLeftOut(t *testing.T) {
	recipe := Recipe{Share: map[Part]float64{}, Sources: []Source{{File: "a", Hosts: true}}, Exclude: []string{"test"}}
	set := build(t, recipe, map[string]string{
		"a.tsv":    table("good.co.uk/x 0", "b.test.co.uk/x 0", "test.co.uk 1 malware", "u.github.io 1 phishing"),
		"test.tsv": table("www.test.co.uk/y 0", "v.github.io 1 phishing", "/nothost 0"),
	})
	var got []string
	for _, row := range set.Parts[Train] {
		got = append(got, row.Text)
	}
	slices.Sort(got)
	if want := []string{"good.co.uk", "good.co.uk/x", "u.github.io"}; !slices.Equal(got, want) {
		t.Errorf("rows are %q, want %q", got, want)
	}
	account := set.Account
	if account.Excluded != 2 || len(account.Exclude) != 1 || account.Exclude[0].Name != "test" || len(account.Exclude[0].SHA256) != 64 || account.Exclude[0].Refused != 1 {
		t.Errorf("the account is %+v", account)
	}
	recipe.Exclude = []string{"none"}
	if _, err := recipe.Build(context.Background(), writeFiles(t, map[string]string{"a.tsv": table("a.com 0")})); err == nil || !strings.Contains(err.Error(), `"none": no such file`) {
		t.Errorf("the error of a missing file is %v", err)
	}
}
