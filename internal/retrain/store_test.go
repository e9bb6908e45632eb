package retrain

import (
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/snowman-ml/snowman/dataset"
	"github.com/snowman-ml/snowman/internal/sources"
)

func TestRowsOfAStoreStandAloneOrBesideOthers(t *testing.T) {
	store := dataset.Recipe{Sources: []dataset.Source{{File: "certpl", Weight: 0.5}, {File: "tranco"}}}
	folder := t.TempDir()
	at := func(name string) string { return filepath.Join(folder, name) }

	alone := &run{}
	if err := alone.useStore(folder, store); err != nil {
		t.Fatal(err)
	}
	shipped, err := chooseRecipe(nil)
	if err != nil {
		t.Fatal(err)
	}
	if alone.Data != folder || !reflect.DeepEqual(alone.Recipe.Sources, store.Sources) {
		t.Errorf("alone: %v of %q", alone.Recipe.Sources, alone.Data)
	}
	if alone.Recipe.Imitated != 0 || !reflect.DeepEqual(alone.Recipe.Share, shipped.Share) || alone.Recipe.Perturb != shipped.Perturb {
		t.Errorf("alone: the recipe is %+v, want all but the files of the shipped one", alone.Recipe)
	}

	given := dataset.Recipe{Seed: 7, Sources: []dataset.Source{{File: "old/tranco"}}}
	beside := &run{Options: Options{Data: "data", Recipe: &given}}
	if err := beside.useStore(folder, store); err != nil {
		t.Fatal(err)
	}
	want := []dataset.Source{{File: "old/tranco"}, {Name: "certpl", File: at("certpl"), Weight: 0.5}, {Name: "store_tranco", File: at("tranco")}}
	if beside.Data != "data" || beside.Recipe.Seed != 7 || !reflect.DeepEqual(beside.Recipe.Sources, want) {
		t.Errorf("beside others: %+v of %q", beside.Recipe.Sources, beside.Data)
	}
	if len(given.Sources) != 1 || len(store.Sources) != 2 {
		t.Error("a recipe that was given has changed")
	}
}

func TestFetchingIsTold(t *testing.T) {
	var told []string
	folder := t.TempDir()
	r := &run{Options: Options{
		Store: filepath.Join(folder, "store"),
		Fetch: &sources.Options{Files: map[string]string{"certpl": filepath.Join(folder, "missing")}},
		Tell:  func(line string) { told = append(told, line) },
	}}
	if err := r.fetch(t.Context()); err != nil {
		t.Fatal(err)
	}
	want := []string{"fetching the feeds", "feeds asked: 1 of 1", "feed certpl was not fetched: ", "no feed was fetched: going on with what the store had"}
	if !slices.EqualFunc(told, want, strings.HasPrefix) {
		t.Errorf("it tells %q, want %q", told, want)
	}
}
