package main

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"math"
	"runtime"
	"slices"
	"strings"

	"github.com/snowman-ml/snowman/bench/internal/markdown"
)

// measure lets contenders do their passes in turn, each with each number of threads.
func measure(ctx context.Context, o options, all []contender, threads []int, sets []string, repeats int) ([]*process, error) {
	var processes []*process
	defer func() {
		for _, p := range processes {
			p.stop()
		}
	}()
	for _, c := range all {
		for _, number := range threads {
			if ctx.Err() != nil {
				return nil, ctx.Err()
			}
			progress("%s, threads: %d", c.title, number)
			p := c.start(o.folder, o.python, number, sets)
			if p.missing != "" {
				progress("  not available: %s", p.missing)
			}
			processes = append(processes, p)
		}
	}
	for repeat := range repeats {
		progress("pass %d of %d", repeat+1, repeats)
		for _, set := range sets {
			references := make(map[string]*process)
			for _, p := range processes {
				if ctx.Err() != nil {
					return nil, ctx.Err()
				}
				p.run(set, references[p.network])
				if references[p.network] == nil && p.missing == "" {
					references[p.network] = p
				}
			}
		}
	}
	return processes, nil
}

// threadCounts are one thread and all of them.
func threadCounts() []int {
	if runtime.NumCPU() == 1 {
		return []int{1}
	}
	return []int{1, runtime.NumCPU()}
}

func measureScoring(ctx context.Context, stdout io.Writer, o options, all []contender) error {
	sets := []string{names, urls}
	processes, err := measure(ctx, o, all, threadCounts(), sets, o.repeats)
	if err != nil || len(processes) == 0 {
		return err
	}
	base := processes[0]
	for _, threads := range threadCounts() {
		table := markdown.NewTable(stdout, fmt.Sprintf("Scoring, threads: %d", threads), "", "names/s", "×", "URLs/s", "×", "largest difference", "best shape: names", "best shape: URLs")
		for _, p := range processes {
			if p.threads != threads {
				continue
			}
			if p.missing != "" {
				table.Row(p.title, "not available: "+p.missing)
				continue
			}
			cells := []string{p.title}
			for _, set := range sets {
				rate := markdown.Median(p.rates[set])
				cells = append(cells, thousands(rate), ratio(rate/markdown.Median(base.rates[set])))
			}
			difference := "-"
			if p.network == base.network && p != base {
				difference = fmt.Sprintf("%.1e", max(p.largest[names], p.largest[urls]))
			}
			table.Row(append(cells, difference, cmp.Or(p.ready.Choice[names], "-"), cmp.Or(p.ready.Choice[urls], "-"))...)
		}
		fmt.Fprintln(stdout)
	}
	fmt.Fprintf(stdout, "× is against %s, one thread. %s\n\n", base.title, strings.ReplaceAll(strings.TrimSpace(notes), "\n", " "))
	printVersions(stdout, processes)
	fmt.Fprintf(stdout, "Medians of %d passes over %s names of 15 to 20 and %s URLs of 75 to 80 characters; half of a row's passes lie within %.1f %% of its median, in the worst row.\n\n",
		o.repeats, mostTexts(processes, names), mostTexts(processes, urls), 100*worstSpread(processes))
	return measureLengths(ctx, stdout, o)
}

// notes say what the clock counts.
const notes = `
The clock of Snowman runs from the text as found to the score: parsing, canonical form, symbols,
network. That of ONNX Runtime, OpenVINO and PyTorch starts at symbol ids that are ready, in batches of
texts of exactly one length, so that they pad and mask nothing; each searches for its own best batch
size, and with several threads for the better of a batch for all and a batch for each. fastText gets
canonical forms and answers with the likeliest label; it is another model, a bag of character
3- to 6-grams, so its scores are held to themselves alone. So are those of the shipped model, which may
read several views of a text, as the network of the other rows does not. These score the same weights; the
largest difference of a score from the first row's is printed, and a row in float32 that differs by
more than 1e-5, or one in int8 by more than 0.1, would not stand here.
`

// measureLengths measures what a text costs by its length.
func measureLengths(ctx context.Context, stdout io.Writer, o options) error {
	var sets []string
	for _, length := range lengths {
		sets = append(sets, lengthSet(length))
	}
	for _, c := range contenders {
		if !c.isSnowman || c.network != shipped {
			continue
		}
		processes, err := measure(ctx, o, []contender{c}, []int{1}, sets, o.repeats)
		if err != nil {
			return err
		}
		p := processes[0]
		table := markdown.NewTable(stdout, fmt.Sprintf("The cost of a text by its length: %s, one thread", c.title), "characters", "texts", "µs/text")
		var costs []float64
		for i, length := range lengths {
			if p.missing != "" {
				table.Row(fmt.Sprint(length), "not available: "+p.missing)
				continue
			}
			costs = append(costs, 1e6/markdown.Median(p.rates[sets[i]]))
			table.Row(fmt.Sprint(length), thousands(float64(p.texts[sets[i]])), fmt.Sprintf("%.2f", costs[i]))
		}
		if p.missing == "" {
			text, character, worst := straightLine(lengths, costs)
			fmt.Fprintf(stdout, "\nA straight line: %.2f µs a text and %.3f µs a character; no length is further from it than %.0f %%. Where there are few texts of a length they are repeated.\n", text, character, 100*worst)
		}
		fmt.Fprintln(stdout)
	}
	return nil
}

// straightLine fits cost = constant + slope * length by least squares. It returns the largest
// deviation too, as a share of the line.
func straightLine(lengths []int, costs []float64) (constant, slope, worst float64) {
	var meanLength, meanCost, covariance, variance float64
	for i, length := range lengths {
		meanLength += float64(length) / float64(len(lengths))
		meanCost += costs[i] / float64(len(lengths))
	}
	for i, length := range lengths {
		deviation := float64(length) - meanLength
		covariance += deviation * (costs[i] - meanCost)
		variance += deviation * deviation
	}
	slope = covariance / variance
	constant = meanCost - slope*meanLength
	for i, length := range lengths {
		line := constant + slope*float64(length)
		worst = max(worst, math.Abs(costs[i]-line)/line)
	}
	return constant, slope, worst
}

func measureTraining(ctx context.Context, stdout io.Writer, o options, all []contender) error {
	threads := runtime.NumCPU()
	processes, err := measure(ctx, o, all, []int{threads}, []string{trainingSet}, o.trainingRepeats)
	if err != nil || len(processes) == 0 {
		return err
	}
	table := markdown.NewTable(stdout, fmt.Sprintf("Training, threads: %d", threads), "", "texts/s", "×", "best shape")
	for _, p := range processes {
		if p.missing != "" {
			table.Row(p.title, "not available: "+p.missing)
			continue
		}
		if losses := p.result[trainingSet]; !(losses[1] < losses[0]) {
			table.Row(p.title, fmt.Sprintf("does not learn: the loss goes from %v to %v", losses[0], losses[1]))
			continue
		}
		rate := markdown.Median(p.rates[trainingSet])
		table.Row(p.title, thousands(rate), ratio(rate/markdown.Median(processes[0].rates[trainingSet])), p.ready.Choice[trainingSet])
	}
	fmt.Fprintf(stdout, "\nMedians of %d passes over the same %s rows of the recipe, steps alone, from symbol ids on. PyTorch batches rows of like length, fills them up to the longest and masks nothing.\n\n",
		o.trainingRepeats, mostTexts(processes, trainingSet))
	printVersions(stdout, processes)
	return nil
}

// printVersions prints the versions of what ran.
func printVersions(w io.Writer, processes []*process) {
	var versions []string
	seen := make(map[string]bool)
	for _, p := range processes {
		if version := p.ready.Version; version != "" && !seen[version] {
			seen[version] = true
			versions = append(versions, version)
		}
	}
	if len(versions) == 0 {
		return
	}
	fmt.Fprintf(w, "Measured: %s.\n\n", strings.Join(versions, "; "))
}

// mostTexts writes the number of texts of a pass over the set.
func mostTexts(processes []*process, set string) string {
	most := 0
	for _, p := range processes {
		most = max(most, p.texts[set])
	}
	return thousands(float64(most))
}

// worstSpread returns the largest half of an interquartile range, as a share of its median.
func worstSpread(processes []*process) float64 {
	worst := 0.0
	for _, p := range processes {
		for _, rates := range p.rates {
			sorted := slices.Sorted(slices.Values(rates))
			quarter := len(sorted) / 4
			worst = max(worst, (sorted[len(sorted)-1-quarter]-sorted[quarter])/2/markdown.Median(rates))
		}
	}
	return worst
}
