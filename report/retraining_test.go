package report

import (
	"bytes"
	"io"
	"strings"
	"testing"

	"golang.org/x/net/html"

	"github.com/snowman-ml/snowman/eval"
)

// retraining is a comparison with some of everything, and a text wherever others choose one.
func retraining(text string) Retraining {
	reached := func(counts ...int) (all []eval.Proportion) {
		for _, count := range counts {
			all = append(all, eval.Proportion{Count: count, Total: 10_000})
		}
		return all
	}
	order := eval.Estimate{Value: .913, Low: .9, High: .92}
	return Retraining{
		Facts:   []Fact{{"before", "my.safetensors"}, {"after", text}},
		Verdict: "The present model stays, for these reasons:",
		Reasons: []string{"more traffic at low and above: 100 before, 200 after, of 10000", text},
		Notes:   []string{"2 files of the recipe are not in the folder: " + text},
		Feeds: []CheckedFeed{{
			Name: text, Benign: 3, Malicious: 1200, Refused: 1, AgainstPopular: 4, AgainstMine: 1,
			Most: eval.Proportion{Count: 300, Total: 1203}, MostOften: text, MaliciousOrder: &order,
		}},
		Ages:   []Age{{Name: "The newest month, 2026-02", Before: small(), After: small()}},
		Levels: []string{"low", "high"},
		Texts:  []TextsAtLevels{{Name: "traffic", Note: "unlabelled", Before: reached(100, 1), After: reached(200, 2)}},
		Up:     []LevelChange{{text, "traffic", Standing{.00002, "none"}, Standing{.95, "high"}}},
		Down:   []LevelChange{{"b.example", text, Standing{.95, "high"}, Standing{.2, "low"}}},
	}
}

func TestRetrainingText(t *testing.T) {
	var b bytes.Buffer
	if err := RetrainingText(&b, retraining("a.example/\u202egpj.exe")); err != nil {
		t.Fatal(err)
	}
	checkGolden(t, "retraining.golden", b.Bytes())
}

func TestRetrainingHTMLIsWholeAndHarmless(t *testing.T) {
	for _, test := range hostile {
		t.Run(test.name, func(t *testing.T) {
			var b bytes.Buffer
			if err := RetrainingHTML(&b, retraining(test.text)); err != nil {
				t.Fatal(err)
			}
			if strings.Contains(b.String(), test.never) {
				t.Errorf("the page holds %q", test.never)
			}
			ids := make(map[string]bool)
			for tokens := html.NewTokenizer(&b); ; {
				kind := tokens.Next()
				if kind == html.ErrorToken {
					if tokens.Err() != io.EOF {
						t.Fatal(tokens.Err())
					}
					break
				}
				for _, attribute := range tokens.Token().Attr {
					switch attribute.Key {
					case "id":
						if ids[attribute.Val] {
							t.Errorf("two things are %q", attribute.Val)
						}
						ids[attribute.Val] = true
					case "href", "src", "onclick", "onerror":
						t.Errorf("there is a %s", attribute.Key)
					}
				}
			}
			if len(ids) != 8 {
				t.Errorf("there are %d titles and descriptions, want those of four charts", len(ids))
			}
		})
	}
}

func TestRetrainingThatWasRefusedBeforeTraining(t *testing.T) {
	r := retraining("a.example")
	r.Ages, r.Texts, r.Up, r.Down = nil, nil, nil, nil
	var text, page bytes.Buffer
	if err := RetrainingText(&text, r); err != nil {
		t.Fatal(err)
	}
	if err := RetrainingHTML(&page, r); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(text.String(), "Files whose contents the present model") || strings.Contains(text.String(), "Texts at each level") || strings.Contains(page.String(), "<h2>Levels") {
		t.Errorf("it says\n%s", text.String())
	}
}
