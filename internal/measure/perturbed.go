package measure

import (
	"errors"
	"math/rand/v2"
	"slices"
	"strings"

	"github.com/snowman-ml/snowman"
	"github.com/snowman-ml/snowman/dataset"
	"github.com/snowman-ml/snowman/eval"
)

// Perturbed measures how well names with two characters changed are told from the popular names of
// a part that they are made of. The score is the sum of the probabilities of dga and phishing,
// since a changed name is one or the other, depending on what it is for.
func Perturbed(model *snowman.Model, set *dataset.Set, part dataset.Part) (eval.Result, error) {
	kinds := model.Kinds()
	if !slices.Contains(kinds, dataset.DGA) || !slices.Contains(kinds, dataset.Phishing) {
		return eval.Result{}, errors.New("the probabilities are added of dga and phishing, which this model does not tell apart")
	}
	rows := perturbedRows(set, part)
	if len(rows) == 0 {
		return eval.Result{}, errors.New("no name is left to change; a recipe says which lists are of popular names, and of which years")
	}
	texts := make([]string, len(rows))
	for i, row := range rows {
		texts[i] = row.Text
	}
	var meter eval.Meter
	model.NewScorer().ClassifyAll(texts, func(i int, verdict snowman.Verdict, err error) {
		if err != nil { // no name: the change may have made an address of it
			return
		}
		meter.Add(eval.Example{
			Score:     verdict.Probabilities.Of(dataset.DGA) + verdict.Probabilities.Of(dataset.Phishing),
			Malicious: rows[i].Malicious, Kind: rows[i].Kind, Source: rows[i].Source,
		})
	})
	return meter.Result(), nil
}

// perturbedRows returns the vetted popular registered domains of a part and, as malicious rows, the
// same with two characters changed, as CharBot generates names (Peck et al. 2019, arXiv
// 1905.01078).
func perturbedRows(set *dataset.Set, part dataset.Part) []dataset.Row {
	random := rand.New(rand.NewPCG(1, 0x43686172426f74)) // any seed: the names are the same each time
	var rows []dataset.Row
	for _, vetted := range set.Vetted {
		if vetted.Part != part || !vetted.Popular || vetted.Text != vetted.Domain {
			continue
		}
		rows = append(rows, dataset.Row{Text: vetted.Text, Kind: dataset.Benign, Source: "unchanged"})
		label, suffix, _ := strings.Cut(vetted.Text, ".")
		if changed := dataset.ChangeTwoCharacters(random, label); changed != "" {
			rows = append(rows, dataset.Row{
				Text: changed + "." + suffix, Malicious: true, Kind: dataset.DGA, Source: "two characters changed",
			})
		}
	}
	return rows
}
