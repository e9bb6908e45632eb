package dataset

import (
	"context"
	"errors"
	"io/fs"
	"path/filepath"
	"reflect"
	"slices"
	"testing"
)

func TestSeenIsWhatTrainHolds(t *testing.T) {
	recipe := Recipe{Share: map[Part]float64{}, HeldOut: map[Part][]string{Report: {"held"}}, FamilyNames: map[string]string{"ramdo2": "ramdo", "other": ""}}
	set := build(t, recipe, map[string]string{"a.tsv": table(
		"a.good.co.uk/x 0", "evil.com 1 dga ramdo2", "bad.com 1 malware trail", "hidden.com 1 dga held",
	)})
	want := Seen{
		Domains:     map[string]bool{"good.co.uk": true, "evil.com": true, "bad.com": true},
		Families:    map[string]bool{"ramdo": true},
		FamilyNames: recipe.FamilyNames,
	}
	if got := set.Seen(); !reflect.DeepEqual(got, want) {
		t.Errorf("seen are %v, want %v", got, want)
	}
	set.Imitated = []string{"paypal.com me"}
	if got := set.Seen().Names; len(got) != 1 || !got["paypal.com"] {
		t.Errorf("the names seen are %v, want paypal.com", got)
	}
}

func TestReadUnseen(t *testing.T) {
	directory := writeFiles(t, map[string]string{
		"a.tsv": table("http://www.new.com/ 1 phishing brand 2026", "new.com 1 phishing", "x.seen.com 1 dga", "x.seen.com 1 dga", "b.com 3", "/ 0", "y.com 1 dga one", "z.com 1 malware one"),
		"b.csv": "url,label\nnew.com,0\nseen.com/a,0\n",
	})
	paths := []string{filepath.Join(directory, "a.tsv"), filepath.Join(directory, "b.csv")}
	seen := Seen{Domains: map[string]bool{"seen.com": true}, FamilyNames: map[string]string{"one": "same"}}
	rows, leftOut, refused, err := ReadUnseen(context.Background(), paths, seen)
	want := []Row{
		{Text: "new.com", Malicious: true, Kind: Phishing, Family: "brand", Date: "2026", Source: "a"},
		{Text: "y.com", Malicious: true, Kind: DGA, Family: "same", Source: "a"},
		{Text: "z.com", Malicious: true, Kind: Malware, Family: "one", Source: "a"},
		{Text: "new.com", Kind: Benign, Source: "b"},
	}
	if err != nil || !slices.Equal(rows, want) || leftOut != 2 || refused != 2 {
		t.Errorf("rows %+v, %d left out, %d refused, error %v; want %+v, 2, 2", rows, leftOut, refused, err, want)
	}
	if rows, _, _, _ := ReadUnseen(context.Background(), paths, Seen{}); len(rows) != 6 {
		t.Errorf("%d rows where nothing was seen, want 6", len(rows))
	}
	paths[1] = filepath.Join(directory, "none.tsv")
	if rows, _, _, err := ReadUnseen(context.Background(), paths, seen); !errors.Is(err, fs.ErrNotExist) || rows != nil {
		t.Errorf("a missing file gives %d rows and the error %v", len(rows), err)
	}
}
