package retrain

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/snowman-ml/snowman"
	"github.com/snowman-ml/snowman/eval"
	"github.com/snowman-ml/snowman/report"
)

// Rules say what must hold for a model to be replaced: how much worse something may be, beyond the
// noise of the rows that it was measured on, by the name of the rule. A rule that is missing is
// off.
type Rules map[string]float64

// ruleTable has all rules and their defaults. docs/retraining.md explains them.
//
// A network trained twice, with another seed or other rows, differs by some thousandths in AUC and
// TPR at FPR 1e-2, and by some hundredths below. Defaults allow that much. Of the 24 lists of
// malicious texts that the shipped model is made of, the worst contradicts the popular names in 1
// of 13,000 rows; a feed may in 1 of 500.
var ruleTable = []struct {
	name    string
	allowed float64
}{
	{"feeds", 0.002},
	{"levels", 1},
	{"newest", 0.02},
	{"older", 0.02},
	{"kinds", 0.03},
	{"traffic", 0.25},
	{"popular", 0.25},
	{"accepted", 0.25},
	{"mine", 0.25},
}

// DefaultRules returns all rules, with what they allow.
func DefaultRules() Rules {
	rules := make(Rules)
	for _, rule := range ruleTable {
		rules[rule.name] = rule.allowed
	}
	return rules
}

// ParseRules changes the default rules by a list such as "older=0.05,traffic=off".
func ParseRules(list string) (Rules, error) {
	rules, isGiven := DefaultRules(), make(map[string]bool)
	for part := range strings.SplitSeq(list, ",") {
		if part == "" {
			continue
		}
		name, value, _ := strings.Cut(strings.TrimSpace(part), "=")
		switch _, isOn := rules[name]; {
		case isGiven[name]:
			return nil, fmt.Errorf("rule %q is given twice", name)
		case !isOn:
			return nil, fmt.Errorf("rule %q: there are %s", name, ruleNames())
		}
		isGiven[name] = true
		if value == "off" {
			delete(rules, name)
			continue
		}
		allowed, err := strconv.ParseFloat(value, 64)
		if err != nil || !(allowed >= 0 && allowed < math.Inf(1)) {
			return nil, fmt.Errorf("rule %s=%s: want a number from 0 on, or off", name, value)
		}
		rules[name] = allowed
	}
	return rules, nil
}

func ruleNames() string {
	var names []string
	for _, rule := range ruleTable {
		names = append(names, rule.name)
	}
	return strings.Join(names, ", ")
}

// String writes the rules as ParseRules reads them.
func (r Rules) String() string {
	var parts []string
	for _, rule := range ruleTable {
		value := "off"
		if allowed, isOn := r[rule.name]; isOn {
			value = strconv.FormatFloat(allowed, 'g', -1, 64)
		}
		parts = append(parts, rule.name+"="+value)
	}
	return strings.Join(parts, ",")
}

// judge returns why the new model must not take the place of the present one. What there are too
// few rows to judge is noted.
func (r Rules) judge(compared *report.Retraining) (reasons []string) {
	for _, age := range compared.Ages {
		rule := "older"
		if strings.HasPrefix(age.Name, newest) {
			rule = "newest"
		}
		if allowed, isOn := r[rule]; isOn {
			reasons = append(reasons, judgeAge(age, allowed)...)
			compared.Notes = append(compared.Notes, tooFew(age)...)
		}
		if allowed, isOn := r["kinds"]; isOn {
			reasons = append(reasons, judgeKinds(age, allowed)...)
		}
	}
	for _, texts := range compared.Texts {
		if allowed, isOn := r[ruleOf(texts.Name)]; isOn {
			reasons = append(reasons, judgeTexts(texts, compared.Levels, allowed)...)
		}
	}
	return reasons
}

// judgeLevels holds the levels of names. A level rests on enough benign names if its rate makes
// fewest of them false positives.
func judgeLevels(before, after []snowman.Threshold, fewest float64) (reasons []string) {
	expected := func(t snowman.Threshold) float64 { return t.FalsePositiveRate * float64(t.Benign) }
	for _, t := range after {
		at := slices.IndexFunc(before, func(other snowman.Threshold) bool { return other.Level == t.Level })
		if at >= 0 && t.Own == nil && expected(before[at]) >= fewest && expected(t) < fewest {
			reasons = append(reasons, fmt.Sprintf(
				"levels: %s would rest on %d benign names (now: %d), want at least %.0f: vetted names count, or where none is vetted, all; docs/retraining.md says which feeds vet",
				t.Level, t.Benign, before[at].Benign, math.Ceil(fewest/t.FalsePositiveRate)))
		}
	}
	return reasons
}

// ruleOf returns the rule for a group of texts.
func ruleOf(texts string) string {
	first, _, _ := strings.Cut(texts, " ")
	if first == "own" {
		return "mine"
	}
	return first
}

// judgeAge holds the figures of all rows of an age.
func judgeAge(age report.Age, allowed float64) (reasons []string) {
	before, after := age.Before.Result.Overall, age.After.Result.Overall
	if before.AUC != nil && after.AUC != nil {
		noise := math.Hypot(areaError(*before.AUC, before), areaError(*after.AUC, after))
		if fall := *before.AUC - *after.AUC; fall-noise > allowed {
			reasons = append(reasons, fmt.Sprintf("%s: AUC falls from %.4f to %.4f", age.Name, *before.AUC, *after.AUC))
		}
	}
	for i, point := range after.OperatingPoints {
		one, other := before.OperatingPoints[i].TruePositives, point.TruePositives
		if isEnough(point) && leastFall(one, other) > allowed {
			reasons = append(reasons, fmt.Sprintf("%s: TPR at FPR %g falls from %.3f to %.3f (%d and %d of %d)",
				age.Name, point.Limit, one.Rate(), other.Rate(), one.Count, other.Count, one.Total))
		}
	}
	return reasons
}

// judgeKinds holds the share that is found of each kind where 1 in 100 benign rows is a false
// alarm.
func judgeKinds(age report.Age, allowed float64) (reasons []string) {
	for _, kind := range age.After.Result.ByKind {
		at := slices.IndexFunc(age.Before.Result.ByKind, func(g eval.Group) bool { return g.Name == kind.Name })
		if at < 0 || kind.Malicious == 0 || len(kind.OperatingPoints) == 0 || !isEnough(age.After.Result.Overall.OperatingPoints[0]) {
			continue
		}
		one, other := age.Before.Result.ByKind[at].OperatingPoints[0].TruePositives, kind.OperatingPoints[0].TruePositives
		if leastFall(one, other) > allowed {
			reasons = append(reasons, fmt.Sprintf("%s: TPR of %s at FPR %g falls from %.3f to %.3f (%d and %d of %d)",
				age.Name, kind.Name, kind.OperatingPoints[0].Limit, one.Rate(), other.Rate(), one.Count, other.Count, one.Total))
		}
	}
	return reasons
}

// judgeTexts holds the counts of texts at each level.
func judgeTexts(texts report.TextsAtLevels, levels []string, allowed float64) (reasons []string) {
	for i, level := range levels {
		before, after := texts.Before[i], texts.After[i]
		said := fmt.Sprintf("%s at %s and above: %d before, %d after, of %d", texts.Name, level, before.Count, after.Count, after.Total)
		share := allowed * before.Rate()
		switch {
		case texts.Malicious && leastFall(before, after) > share:
			reasons = append(reasons, "fewer "+said)
		case !texts.Malicious && leastFall(after, before) > share:
			reasons = append(reasons, "more "+said)
		}
	}
	return reasons
}

// isEnough reports whether a threshold rests on enough benign rows: with fewer than ten false
// positives, one row moves it far.
func isEnough(point eval.OperatingPoint) bool {
	const fewest = 10
	return point.Limit*float64(point.FalsePositives.Total) >= fewest
}

// tooFew says which figures of an age are not judged.
func tooFew(age report.Age) (notes []string) {
	var limits []string
	for _, point := range age.After.Result.Overall.OperatingPoints {
		if !isEnough(point) {
			limits = append(limits, strconv.FormatFloat(point.Limit, 'g', -1, 64))
		}
	}
	if len(limits) == 0 {
		return nil
	}
	return []string{fmt.Sprintf("%s: TPR at FPR %s is not judged: %d benign rows are too few for that",
		age.Name, strings.Join(limits, ", "), age.After.Result.Overall.Benign)}
}

// leastFall is by how much a rate falls at least: the lower end of the 95 % interval of the
// difference of two proportions by Newcombe (1998, method 10), which is made of their Wilson
// intervals. The rows are the same, so that the true interval is narrower.
func leastFall(before, after eval.Proportion) float64 {
	low, _ := before.Wilson()
	_, high := after.Wilson()
	return before.Rate() - after.Rate() - math.Hypot(before.Rate()-low, high-after.Rate())
}

// areaError is half the width of the 95 % interval of an area under the ROC curve, by Hanley and
// McNeil (1982, doi 10.1148/radiology.143.1.7063747).
func areaError(area float64, of eval.Rates) float64 {
	const quantile = 1.959963984540054
	m, n := float64(of.Malicious), float64(of.Benign)
	one, two := area/(2-area), 2*area*area/(1+area)
	variance := (area*(1-area) + (m-1)*(one-area*area) + (n-1)*(two-area*area)) / (m * n)
	return quantile * math.Sqrt(max(variance, 0))
}
