package snowman_test

import (
	"fmt"

	"github.com/snowman-ml/snowman"
)

func ExampleModel_Classify() {
	model := snowman.Default()
	for _, text := range []string{"xjwqpvtzkd.com", "github.com"} {
		verdict, err := model.Classify(text)
		if err != nil {
			fmt.Println(err)
			continue
		}
		fmt.Println(text, verdict.Level > snowman.None)
	}
	// Output:
	// xjwqpvtzkd.com true
	// github.com false
}

func ExampleModel_Score() {
	score, err := snowman.Default().Score("hxxp://github[.]com:443/")
	fmt.Println(score < 0.5, err)
	// Output: true <nil>
}

// A Scorer belongs to one goroutine and scores without allocating memory.
func ExampleModel_NewScorer() {
	scorer := snowman.Default().NewScorer()
	for _, text := range []string{"WWW.GitHub.com.", "", "user@0xC0.0x0.0x2.0x1/"} {
		if _, err := scorer.Score(text); err != nil {
			fmt.Println(err)
			continue
		}
		fmt.Println(scorer.Canonical())
	}
	// Output:
	// github.com
	// no host in ""
	// 192.0.2.1
}
