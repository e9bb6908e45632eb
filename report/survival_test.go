package report

import (
	"bytes"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/snowman-ml/snowman/eval"
)

// changed are verdicts that were tried with three changes.
func changed() []eval.Survival {
	of := func(count, total int) eval.Proportion { return eval.Proportion{Count: count, Total: total} }
	kinds := func(dga, phishing eval.Proportion) []eval.KindSurvival {
		return []eval.KindSurvival{{Kind: "dga", Host: dga}, {Kind: "phishing", Host: phishing, Path: of(300, 600)}}
	}
	return []eval.Survival{
		eval.NewSurvival("a benign path behind", "", kinds(of(1900, 2000), of(1000, 2000))),
		eval.NewSurvival("a web archive", "link", kinds(of(0, 2000), eval.Proportion{})),
		eval.NewSurvival("dot segments", "", []eval.KindSurvival{{Kind: "dga"}}),
	}
}

func TestTextOfChanges(t *testing.T) {
	var b bytes.Buffer
	if err := Text(&b, eval.Result{Changes: changed()}); err != nil {
		t.Fatal(err)
	}
	_, got, _ := strings.Cut(b.String(), "\nVerdicts that")
	want := ` survive a cheap change, where the host carried them

change                scored  tried               all   dga  phishing
a benign path behind          4,000  .725 (.711-.739)  .950      .500
a web archive           link  2,000  .000 (.000-.002)  .000         -

Verdicts that survive a cheap change, where the path carried them

change                scored  tried               all  dga  phishing
a benign path behind            600  .500 (.460-.540)    -      .500
a web archive           link    600  .500 (.460-.540)    -      .500
`
	if got != want {
		t.Errorf("got:\n%s\nwant:\n%s", got, want)
	}
}

func TestChangesAreKept(t *testing.T) {
	page := Page{Result: eval.Result{Changes: changed()}}
	read, err := ReadKept(stored(t, page), nil)
	if err != nil || !reflect.DeepEqual(read.Result.Changes, page.Result.Changes) {
		t.Errorf("read %+v with error %v, want %+v", read.Result.Changes, err, page.Result.Changes)
	}
	tables := read.ChangeTables()
	if len(tables) != 2 || !slices.Equal(tables[0].Rows[1][:3], []string{"a benign path behind", "", "4,000"}) {
		t.Errorf("the tables are %q", tables)
	}
	if none := (Page{}).ChangeTables(); none != nil {
		t.Errorf("without changes there are tables: %q", none)
	}
}
