package train

import (
	"slices"

	"github.com/snowman-ml/snowman/dataset"
	"github.com/snowman-ml/snowman/internal/canon"
)

// A stratum is what a vetted text is: levels are to hold for each group and for each country.
type stratum struct{ group, country string }

// benign are the scores of vetted texts and, in the same order, what each text is.
type benign struct {
	scores []float64
	strata []stratum
}

// strataOf returns what each text is.
func strataOf(vetted []dataset.Vetted) []stratum {
	strata := make([]stratum, len(vetted))
	for i, v := range vetted {
		strata[i] = stratum{v.Group, dataset.Country(v.Text)}
	}
	return strata
}

// strataInFold returns the strata of the texts that inFold returns.
func (e encoded) strataInFold(fold int, strata []stratum) []stratum {
	var some []stratum
	for i, f := range e.folds {
		if f == fold {
			some = append(some, strata[i])
		}
	}
	return some
}

// vettedTexts returns the texts that thresholds are measured on. A name on the list that the model
// itself has of popular names is not among them: it would be no test.
func vettedTexts(set *dataset.Set, options Options) (names, urls []dataset.Vetted) {
	for _, vetted := range set.Vetted {
		switch {
		case vetted.Part != dataset.Calibrate && (vetted.Part != dataset.Train || options.Folds == 0):
		case vetted.IsURL():
			urls = append(urls, vetted)
		default:
			names = append(names, vetted)
		}
	}
	if len(set.Vetted) == 0 {
		// A black and a white list vouch for no name. Then the benign rows of calibrate have to do.
		var u canon.URL
		for _, row := range set.Parts[dataset.Calibrate] {
			if !row.Malicious && u.Parse(row.Text) == nil && u.NotPublic() == canon.Public {
				names = append(names, dataset.Vetted{Text: row.Text, Group: set.Groups[row.Source], Part: dataset.Calibrate})
			}
		}
	}
	known := knownNames(set, options)
	names = slices.DeleteFunc(names, func(v dataset.Vetted) bool { return known[v.Text] })
	return names, urls
}

// calibrationRows returns the rows of calibrate that are not on the model's own list of popular
// names.
func calibrationRows(set *dataset.Set, options Options) []dataset.Row {
	known := knownNames(set, options)
	return slices.DeleteFunc(slices.Clone(set.Parts[dataset.Calibrate]), func(row dataset.Row) bool { return known[row.Text] })
}

// knownNames are those on the model's own list of popular names.
func knownNames(set *dataset.Set, options Options) map[string]bool {
	imitated := set.Imitated
	if len(imitated) == 0 && options.From != nil {
		imitated = options.From.Metadata.Imitated
	}
	return dataset.PopularDomains(imitated)
}
