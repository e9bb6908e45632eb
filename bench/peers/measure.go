package main

import (
	"context"
	"fmt"
	"io"
	"math"
	"runtime"
	"slices"
	"strings"
	"time"

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
	begin := time.Now()
	for repeat := range repeats {
		if outOfTime(begin, repeat, o.passTime) {
			progress("no time for another pass")
			break
		}
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

// outOfTime reports whether one more turn, as long as those so far, would end after the limit. The
// first turn always has time.
func outOfTime(begin time.Time, turns int, limit time.Duration) bool {
	used := time.Since(begin)
	return turns > 0 && used+used/time.Duration(turns) > limit
}

// passes returns how often the contenders scored the set.
func passes(processes []*process, set string) int {
	most := 0
	for _, p := range processes {
		most = max(most, len(p.rates[set]))
	}
	return most
}

// threadCounts are one thread and all of them.
func threadCounts() []int {
	if runtime.NumCPU() == 1 {
		return []int{1}
	}
	return []int{1, runtime.NumCPU()}
}

func measureScoring(ctx context.Context, stdout io.Writer, o options, all []contender) error {
	processes, err := measure(ctx, o, all, threadCounts(), []string{names, urls}, o.repeats)
	if err != nil || len(processes) == 0 {
		return err
	}
	printSpeeds(stdout, processes)
	fmt.Fprintf(stdout, "\n%s\n\n", strings.ReplaceAll(strings.TrimSpace(notes), "\n", " "))
	printVersions(stdout, processes)
	fmt.Fprintf(stdout, "Medians of %d passes over %s names of 15 to 20 and %s URLs of 75 to 80 characters, of which the peers on the benchmark network and LightGBM score the first 5,000 and the transformer the first 1,000; half of a row's passes lie within %.1f %% of its median, in the worst row.\n\n",
		passes(processes, names), mostTexts(processes, names), mostTexts(processes, urls), 100*worstSpread(processes))
	printShapes(stdout, processes)
	printSizes(stdout, processes)
	return measureLengths(ctx, stdout, o, all)
}

// A speed is how fast one contender is with each number of threads. With one processor the two are
// the same.
type speed struct{ one, all *process }

func speedsOf(processes []*process) []speed {
	counts := threadCounts()
	var speeds []speed
	for i := 0; i < len(processes); i += len(counts) {
		speeds = append(speeds, speed{processes[i], processes[i+len(counts)-1]})
	}
	return speeds
}

// bestPeerInInt8 returns the highest rate of one thread of those that score the benchmark network
// in int8, NaN without any.
func bestPeerInInt8(speeds []speed, set string) float64 {
	best := math.NaN()
	for _, s := range speeds {
		if rate := s.one.rate(set); s.one.isPeerInInt8() && !(rate <= best) && !math.IsNaN(rate) {
			best = rate
		}
	}
	return best
}

// rate returns the median rate, NaN if the contender is missing.
func (p *process) rate(set string) float64 {
	if p.missing != "" {
		return math.NaN()
	}
	return markdown.Median(p.rates[set])
}

func printSpeeds(stdout io.Writer, processes []*process) {
	speeds := speedsOf(processes)
	table := markdown.NewTable(stdout, "Scoring", "", "names/s", "× standard", "× int8", "URLs/s", "× standard", "× int8",
		fmt.Sprintf("%d threads: names/s", runtime.NumCPU()), "URLs/s", "largest difference")
	for _, s := range speeds {
		if s.one.missing != "" {
			table.Row(s.one.title, notMeasured(s.one.missing))
			continue
		}
		cells := []string{s.one.title}
		for _, set := range []string{names, urls} {
			rate := s.one.rate(set)
			cells = append(cells, thousands(rate), ratio(rate/speeds[0].one.rate(set)), ratio(rate/bestPeerInInt8(speeds, set)))
		}
		difference := "-"
		if largest := max(s.one.largest[names], s.one.largest[urls], s.all.largest[names], s.all.largest[urls]); largest > 0 {
			difference = fmt.Sprintf("%.1e", largest)
		}
		table.Row(append(cells, thousands(s.all.rate(names)), thousands(s.all.rate(urls)), difference)...)
	}
}

// printShapes prints what the peers chose.
func printShapes(stdout io.Writer, processes []*process) {
	table := markdown.NewTable(stdout, "The best shape of each", "", "names", "URLs",
		fmt.Sprintf("%d threads: names", runtime.NumCPU()), "URLs")
	for _, s := range speedsOf(processes) {
		if s.one.missing == "" && s.one.ready.Choice[names] != "" {
			table.Row(s.one.title, s.one.ready.Choice[names], s.one.ready.Choice[urls], s.all.ready.Choice[names], s.all.ready.Choice[urls])
		}
	}
	table.End()
}

// printSizes prints how large the models and the processes with one thread are, which have ended.
func printSizes(stdout io.Writer, processes []*process) {
	table := markdown.NewTable(stdout, "Size", "", "model, MB", "most memory, MB")
	for _, s := range speedsOf(processes) {
		if s.one.missing != "" {
			continue
		}
		memory := "-"
		if s.one.kind != fastTextProgram && s.one.memory > 0 {
			memory = thousands(s.one.memory)
		}
		table.Row(s.one.title, fmt.Sprintf("%.1f", float64(s.one.ready.Bytes)/1e6), memory)
	}
	fmt.Fprint(stdout, "\nThe model is its file, or its values where it has none. Memory is that of a process with one thread, with the texts; that of the peers holds Python too.\n\n")
}

// notes say what the clock counts.
const notes = `
× standard is against ONNX Runtime's standard graph, × int8 against the fastest peer that scores the
benchmark network in int8, both with one thread. The clock of Snowman runs from the text as found to the
score: parsing, canonical form, symbols, network. That of ONNX Runtime, OpenVINO and PyTorch starts at
symbol ids that are ready, in batches of texts of exactly one length, so that they pad and mask nothing;
each searches for its own best batch size, and with several threads for the better of a batch for all
and a batch for each. ONNX Runtime's int8 is the best of three: static with QDQ nodes and a scale for each
channel, dynamic, and the folded graph with tables, sums and maxima in int8. OpenVINO's int8 reads the static
one. fastText gets canonical forms and answers with the likeliest label; it is a bag of character 3- to
6-grams, and its .ftz keeps 200,000 of them, quantised. LightGBM's clock starts at character 2- to 4-grams that are hashed and
counted, the transformer's at bytes, in ONNX Runtime. Scores are held to those of the first row with the same
model, and the largest difference is printed: a row in float32 that differs by more than 1e-5, or one of Snowman in
int8 by more than 0.1, would not stand here. The shipped model may read several views of a text, which
the benchmark network does not.
`

// measureLengths measures what a text costs the shipped model by its length.
func measureLengths(ctx context.Context, stdout io.Writer, o options, all []contender) error {
	shippedOnes := slices.DeleteFunc(slices.Clone(all), func(c contender) bool { return c.network != shipped })
	if len(shippedOnes) == 0 {
		return nil
	}
	var sets []string
	for _, length := range lengths {
		sets = append(sets, lengthSet(length))
	}
	processes, err := measure(ctx, o, shippedOnes, []int{1}, sets, o.repeats)
	if err != nil {
		return err
	}
	header := []string{"characters", "texts"}
	for _, p := range processes {
		header = append(header, "µs/text: "+strings.Trim(p.title, "*"))
	}
	table := markdown.NewTable(stdout, "The cost of a text by its length, one thread", header...)
	costs := make([][]float64, len(processes))
	for _, length := range lengths {
		cells := []string{fmt.Sprint(length), mostTexts(processes, lengthSet(length))}
		for i, p := range processes {
			cost := 1e6 / p.rate(lengthSet(length))
			costs[i] = append(costs[i], cost)
			cells = append(cells, fmt.Sprintf("%.2f", cost))
		}
		table.Row(cells...)
	}
	fmt.Fprintln(stdout)
	for i, p := range processes {
		text, character, worst := straightLine(lengths, costs[i])
		fmt.Fprintf(stdout, "%s: %.2f µs a text and %.3f µs a character by a straight line, from which no length is further than %.0f %%.\n",
			strings.Trim(p.title, "*"), text, character, 100*worst)
	}
	fmt.Fprint(stdout, "Where there are few texts of a length they are repeated.\n\n")
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
			table.Row(p.title, notMeasured(p.missing))
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
		passes(processes, trainingSet), mostTexts(processes, trainingSet))
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
