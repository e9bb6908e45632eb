package drift

import (
	"flag"
	"math/rand/v2"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/snowman-ml/snowman"
	"github.com/snowman-ml/snowman/internal/modelfile"
	"github.com/snowman-ml/snowman/models"
)

var update = flag.Bool("update", false, "write the examples of docs/drift.md again")

// The page shows what the shipped model says of made-up logs.
func TestTheExamplesInThePageAreReal(t *testing.T) {
	const path = "../../docs/drift.md"
	r := rand.New(rand.NewPCG(10, 11))
	model := snowman.Default()
	before, log := ordinary(r, 20_000), slices.Concat(ordinary(r, 8000), generated(r, 300))
	result := Compare(read(t, model, log), read(t, model, before), today(t))
	examples := map[string]string{"drift": page(t, result)}

	file, err := modelfile.ParseModel(models.Default)
	if err != nil {
		t.Fatal(err)
	}
	job := read(t, model, slices.Concat(log, ordinary(r, 100_000)))
	changes, err := SetLevels(&file.Metadata, job, Wanted{Alarms: [3]float64{0, 50, 5}, Set: day})
	if err != nil {
		t.Fatal(err)
	}
	var out strings.Builder
	if err := WriteLevels(&out, job, changes, true); err != nil {
		t.Fatal(err)
	}
	examples["levels"] = out.String()

	content, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	shown := string(content)
	for name, said := range examples {
		indented := ""
		for line := range strings.Lines(said) {
			if line = strings.TrimRight("    "+line, " \n"); line != "" {
				indented += line
			}
			indented += "\n"
		}
		place := regexp.MustCompile(`(?s)<!-- made: ` + name + ` -->\n.*?<!-- end -->`)
		if !place.MatchString(shown) {
			t.Fatalf("the page has no place for %s", name)
		}
		shown = place.ReplaceAllLiteralString(shown, "<!-- made: "+name+" -->\n\n"+indented+"\n<!-- end -->")
	}
	if *update {
		if err := os.WriteFile(path, []byte(shown), 0o644); err != nil {
			t.Fatal(err)
		}
	} else if shown != string(content) {
		t.Errorf("%s does not show what is said now; go test ./internal/drift -update writes it:\n%s", path, shown)
	}
}
