package dataset

import (
	"context"
	"errors"
	"io/fs"
	"path/filepath"
	"reflect"
	"testing"
)

func TestReadSplitKeepsRowsWhereTheyStand(t *testing.T) {
	directory := writeFiles(t, map[string]string{
		"train.tsv": table("http://www.A.com/ 0", "a.com 0", "a.com 1 malware", "b.com 3"),
		"test.tsv":  table("a.com 1", "x.a.com 0"),
	})
	kinds := []string{Benign, "malicious"}
	set, err := ReadSplit(context.Background(), kinds, map[Part]string{
		Train: filepath.Join(directory, "train.tsv"), Report: filepath.Join(directory, "test.tsv"),
	})
	if err != nil {
		t.Fatal(err)
	}
	want := [parts][]Row{
		Train: {
			{Text: "a.com", Kind: Benign, Source: "train", Weight: 1},
			{Text: "a.com", Kind: Benign, Source: "train", Weight: 1},
			{Text: "a.com", Malicious: true, Kind: Malware, Source: "train", Weight: 1},
		},
		Report: {
			{Text: "a.com", Malicious: true, Source: "test", Weight: 1},
			{Text: "x.a.com", Kind: Benign, Source: "test", Weight: 1},
		},
	}
	if !reflect.DeepEqual(set.Parts, want) || !reflect.DeepEqual(set.Kinds, kinds) {
		t.Errorf("kinds %q, parts\n%+v\nwant\n%+v", set.Kinds, set.Parts, want)
	}
	sources := set.Account.Sources
	if len(sources) != 2 || sources[0].Name != "train" || sources[0].Read != 4 || sources[0].Refused != 1 || sources[0].Used != 3 || len(sources[1].SHA256) != 64 {
		t.Errorf("the account of the files is %+v", sources)
	}
	if want := map[string]map[string]int{"train": {Benign: 2, Malware: 1}, "report": {Benign: 1, "malicious": 1}}; !reflect.DeepEqual(set.Account.Parts, want) {
		t.Errorf("the account of the parts is %v, want %v", set.Account.Parts, want)
	}
	if _, err := ReadSplit(context.Background(), kinds, map[Part]string{Train: filepath.Join(directory, "none.tsv")}); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("the error of a missing file is %v", err)
	}
}

func TestAFragmentAloneMakesNoURL(t *testing.T) {
	for text, want := range map[string]bool{"a.com": false, "a.com/#top": false, "a.com/b": true, "a.com/?b": true, "a.com/b#top": true} {
		if got := (Row{Text: text}).IsURL(); got != want {
			t.Errorf("%q is a URL: %v", text, got)
		}
	}
}
