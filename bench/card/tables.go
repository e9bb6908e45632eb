package main

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/snowman-ml/snowman/bench/internal/judging"
	"github.com/snowman-ml/snowman/bench/internal/markdown"
	"github.com/snowman-ml/snowman/dataset"
	"github.com/snowman-ml/snowman/eval"
	"github.com/snowman-ml/snowman/internal/card"
	"github.com/snowman-ml/snowman/internal/visible"
	"github.com/snowman-ml/snowman/report"
)

// A table is a table of the card, or some sentences of figures.
type table struct {
	name  string
	write func(f figures) string
}

// tables are all that is made.
var tables = []table{
	{"identity", figures.identity},
	{"network", figures.network},
	{"levels", figures.levels},
	{"highest", figures.highestNames},
	{"groups", figures.groups},
	{"calibration", figures.calibration},
	{"kinds", figures.kinds},
	{"judge", figures.judgedPairs},
	{"benign sources", func(f figures) string { return f.sourceLevels("benign") }},
	{"hosts", func(f figures) string { return captioned("", f.all.HostTable()) }},
	{"malicious sources", func(f figures) string { return f.sourceLevels("malicious") }},
	{"popular", figures.popular},
	{"months", figures.months},
	{"generated", figures.generatedNames},
	{"held out", figures.heldOut},
	{"families", figures.families},
	{"characters", figures.characters},
	{"changes", figures.changes},
	{"ageing", figures.ageing},
	{"parts", figures.parts},
	{"sources", figures.sources},
	{"perturbed", figures.perturbations},
	{"training", figures.trained},
}

// texts returns what is made, by name. How the model ages is missing where it was not measured.
func (f figures) texts() map[string]string {
	texts := make(map[string]string)
	for _, t := range tables {
		if t.name != "ageing" || f.aged != nil {
			texts[t.name] = t.write(f)
		}
	}
	return texts
}

func (f figures) identity() string {
	return fmt.Sprintf("The model in `models/snowman.safetensors`, trained %s. Identity (SHA-256 of its weights): `%s`.", f.info.Created, f.info.SHA256)
}

func (f figures) network() string {
	i := f.info
	floor := ""
	if i.HostFloor > 0 {
		floor = fmt.Sprintf(" Floor: log-odds at most %g below those of the host alone, %g below those of the registered domain.", i.HostFloor, i.DomainFloor)
	}
	return fmt.Sprintf("%d symbols, embedding %d, widths %s with %d filters each, views: %d, a dense layer of %d, softmax over %s: %s parameters. It reads %d characters of a text, and always the whole host.%s Temperature %.4f.\n\n",
		i.Symbols, i.Embedding, strings.Trim(strings.Join(strings.Fields(fmt.Sprint(i.Widths)), ", "), "[]"), i.Filters, i.Views, i.Hidden,
		strings.Join(i.Kinds, ", "), report.Thousands(i.Parameters), i.SymbolLimit, floor, i.Temperature) +
		fmt.Sprintf("The file also holds %s popular registered domains, and a head that names %d families. In *report* int8 differs from float32 by at most %.4f, and %s of %s rows reach another level.",
			report.Thousands(i.Imitated), len(i.Families), f.compared.LargestDifference,
			report.Thousands(f.compared.LevelChanges.Count), report.Thousands(f.compared.LevelChanges.Total))
}

func (f figures) levels() string {
	all, _ := card.LevelTables(f.info)
	return cardTables(all)
}

func (f figures) groups() string {
	all, broken := card.GroupTables(f.info)
	exceeding := "No level is reached by more than three times as many as it says."
	if len(broken) > 0 {
		exceeding = "Reached by more than three times as many as they say: " + strings.Join(broken, "; ") + "."
	}
	return exceeding + "\n\n" + cardTables(all)
}

func (f figures) highestNames() string {
	var names []string
	for _, n := range f.highest {
		names = append(names, fmt.Sprintf("`%s` %.4f", visible.Text(n.Name), n.Score))
	}
	return fmt.Sprintf("Of the names set aside, these %d score highest: %s.", len(names), strings.Join(names, ", "))
}

func (f figures) calibration() string {
	return fmt.Sprintf("Expected calibration error: %s over all of *report*, %s of names alone, %s of URLs.",
		judging.Decimal(f.all.Result.CalibrationError, 3), judging.Decimal(f.names.Result.CalibrationError, 3), judging.Decimal(f.urls.Result.CalibrationError, 3))
}

func (f figures) kinds() string {
	return captioned("Names, "+against(f.names.Result.Overall), f.names.KindTable()) + "\n" +
		captioned("URLs with a path, "+against(f.urls.Result.Overall), f.urls.KindTable())
}

// against says which benign rows the malicious ones are told from.
func against(r eval.Rates) string {
	var alarms []string
	for _, p := range r.OperatingPoints {
		low, high := p.FalsePositives.Wilson()
		alarms = append(alarms, fmt.Sprintf("%s (FPR %.1e to %.1e)", report.Thousands(p.FalsePositives.Count), low, high))
	}
	return fmt.Sprintf("against %s benign rows, with false alarms %s", report.Thousands(r.Benign), strings.Join(alarms, ", "))
}

func (f figures) judgedPairs() string {
	header := []string{"malicious", "rows", "benign", "rows", "TPR at FPR 1e-2 (95 % interval, count)", "at 1e-3", "AUC"}
	return captioned("", append([][]string{header}, f.pairs...))
}

// sourceLevels has the rows of either label that reach a level.
func (f figures) sourceLevels(label string) string {
	return captioned("Names of *report*", ofLabel(f.names.LevelTable(), label)) + "\n" +
		captioned("URLs of *report*", ofLabel(f.urls.LevelTable(), label)) + "\n" +
		captioned("Files that nothing is trained on", ofLabel(f.judgedLevels().LevelTable(), label))
}

func (f figures) popular() string {
	listed := report.Page{Result: eval.Result{Levels: f.all.Result.Levels, ByLevel: f.listed}}
	names := ofLabel(listed.LevelTable(), "benign")
	names[0][0], names[0][1] = "names on the list", "number"
	return captioned("", names) + "\n" +
		captioned("All of *report*, without the names on the list and with them", f.all.PopularTable())
}

// lastMonths is how many months of the part report stand in the card.
const lastMonths = 12

func (f figures) months() string {
	last := func(rows [][]string) [][]string {
		return slices.Concat(rows[:1], rows[max(1, len(rows)-lastMonths):])
	}
	return captioned("Names", last(f.names.MonthTable())) + "\n" + captioned("URLs with a path", last(f.urls.MonthTable()))
}

func (f figures) generatedNames() string {
	const found = 12
	rows := f.generated.FamilyTable()
	return captioned("", rows[:min(len(rows), 1+found)])
}

func (f figures) heldOut() string {
	return "Held out whole: " + strings.Join(f.recipe.HeldOut[dataset.Report], ", ") + "."
}

func (f figures) families() string {
	const worst = 10
	all, byFamily := f.all.NamingTables()
	return captioned("All together", all) + "\n" + captioned("The worst of them", byFamily[:min(len(byFamily), 1+worst)])
}

func (f figures) characters() string {
	r := f.perturbed.Overall
	var found []string
	for _, p := range r.OperatingPoints {
		low, high := p.TruePositives.Wilson()
		found = append(found, fmt.Sprintf("%s (%s-%s) at FPR %s", judging.Decimal(p.TruePositives.Rate(), 3), judging.Decimal(low, 3), judging.Decimal(high, 3), strings.Replace(strconv.FormatFloat(p.Limit, 'e', -1, 64), "e-0", "e-", 1)))
	}
	area := "-"
	if r.AUC != nil {
		area = judging.Decimal(*r.AUC, 4)
	}
	return fmt.Sprintf("%s changed names against %s unchanged ones: AUC %s, TPR %s.",
		report.Thousands(r.Malicious), report.Thousands(r.Benign), area, strings.Join(found, ", "))
}

func (f figures) changes() string {
	var all []string
	for _, t := range f.all.ChangeTables() {
		all = append(all, captioned(t.Caption, t.Rows))
	}
	return strings.Join(all, "\n")
}

func (f figures) ageing() string {
	return fmt.Sprintf("Malicious rows first seen since %s, which the network lacks.\n\n", f.aged.from) +
		captioned("Names", f.aged.names.MonthTable()) + "\n" + captioned("URLs with a path", f.aged.urls.MonthTable())
}

func (f figures) parts() string {
	a := f.account
	kinds := make(map[string]bool)
	for _, part := range a.Parts {
		for kind := range part {
			kinds[kind] = true
		}
	}
	sorted := slices.Sorted(maps.Keys(kinds))
	rows := [][]string{append([]string{"part", "rows"}, sorted...)}
	for part := dataset.Train; part <= dataset.Report; part++ {
		total := 0
		var cells []string
		for _, kind := range sorted {
			count := a.Parts[part.String()][kind]
			total += count
			cells = append(cells, report.Thousands(count))
		}
		rows = append(rows, append([]string{part.String(), report.Thousands(total)}, cells...))
	}
	dropped := fmt.Sprintf("Dropped: %s duplicates, and %s texts called both benign and malicious", report.Thousands(a.Duplicates), report.Thousands(a.Contradictions))
	if a.Excluded > 0 {
		dropped += fmt.Sprintf(", and %s rows whose registered domain is in a file to judge by", report.Thousands(a.Excluded))
	}
	return captioned("", rows) + fmt.Sprintf("\n%s. %s texts of two malicious kinds train the sum of the kinds. %s rows were moved to *train*, since two parts had their registered domain. Vetted: %s names and %s URLs. Public suffix list: %s.",
		dropped, report.Thousands(a.UnknownKind), report.Thousands(a.Moved), report.Thousands(a.VettedNames), report.Thousands(a.VettedURLs), a.SuffixList)
}

func (f figures) sources() string {
	rows := [][]string{{"source", "kind of site", "rows read", "used", "SHA-256 of the file"}}
	for _, s := range f.account.Sources {
		rows = append(rows, []string{s.Name, s.Group, report.Thousands(s.Read), report.Thousands(s.Used), "`" + s.SHA256[:min(16, len(s.SHA256))] + "`"})
	}
	return captioned("", rows)
}

func (f figures) perturbations() string {
	rows := [][]string{{"made by", "rows"}}
	for _, name := range slices.Sorted(maps.Keys(f.account.Perturbed)) {
		rows = append(rows, []string{strings.ReplaceAll(name, "_", " "), report.Thousands(f.account.Perturbed[name])})
	}
	return captioned("", rows)
}

func (f figures) trained() string {
	o := f.training.Options
	text := fmt.Sprintf("AdamW, learning rate %g, warm-up %g then cosine, weight decay %g, dropout %g, batches of %d, %d epochs, seed %d; epoch %d was kept. %d networks more for the thresholds alone.\n\n",
		o.LearningRate, o.WarmUp, o.WeightDecay, o.Dropout, o.BatchSize, o.Epochs, o.Seed, f.training.BestEpoch, max(0, o.Folds))
	rows := [][]string{{"epoch", "loss", "AUC on *choose*", "TPR at FPR 1e-2"}}
	for _, e := range f.training.Epochs {
		rows = append(rows, []string{fmt.Sprint(e.Epoch), fmt.Sprintf("%.4f", e.Loss), judging.Decimal(e.AUC, 4), judging.Decimal(e.TruePositiveRate, 4)})
	}
	return text + captioned("", rows)
}

// cardTables writes tables of package card.
func cardTables(all []card.Table) string {
	var texts []string
	for _, t := range all {
		texts = append(texts, captioned(t.Caption, append([][]string{t.Header}, t.Rows...)))
	}
	return strings.Join(texts, "\n")
}

// captioned writes a table below its caption, or nothing where there is only a header.
func captioned(caption string, rows [][]string) string {
	if len(rows) < 2 {
		return ""
	}
	var b strings.Builder
	if caption != "" {
		fmt.Fprintf(&b, "%s:\n\n", caption)
	}
	t := markdown.NewTable(&b, "", slices.Clone(rows[0])...)
	for _, row := range rows[1:] {
		t.Row(slices.Clone(row)...)
	}
	return b.String()
}

// ofLabel returns the rows of a table that have a label, without the column.
func ofLabel(rows [][]string, label string) [][]string {
	at := slices.Index(rows[0], "label")
	var chosen [][]string
	for i, row := range rows {
		if i == 0 || row[at] == label {
			chosen = append(chosen, slices.Delete(slices.Clone(row), at, at+1))
		}
	}
	return chosen
}
