package main

import (
	"context"
	"errors"
	"runtime"
	"syscall"

	"github.com/snowman-ml/snowman"
	"github.com/snowman-ml/snowman/internal/render"
	"github.com/snowman-ml/snowman/internal/verdict"
)

const scoreDescription = `
Scores texts: domain names, URLs, host:port, IP addresses, defanged or not. The texts are the arguments,
or the lines of the files of -f, or the lines of standard input. One line comes out for each line in, in
the same order: score, level, likeliest kind, text. A line that is no name or URL keeps its place with
empty fields, and standard error says what is wrong with it.

A log comes out as it came in, with score, level, kind and name of its worst name written into each
record: four columns at its end, or a last member "snowman". Its format is guessed by its first lines,
which standard error says; a program that waits for each answer should say -format lines. -names and
-json print the names alone, a line each. -follow goes on as the log grows and is rotated, and
-f unix:SOCKET makes a socket to which servers write dnstap, until Ctrl-C.

-families adds two fields before the text, which are empty unless the kind is dga: the likeliest of the
algorithms that the model was trained on, and its probability among them.

-allow gives a text that is on an allow list the level none and the kind benign. Its score stays. -json
and a terminal say which entry of which list the text is on. A list is a file of names, one a line
(*.example.com for all below it), a hosts file, or a MISP warning list.

The level says how rarely ordinary names score as high: low 1 in 100, medium 1 in 1,000, high 1 in
10,000. What is no public name, such as printer.local, 10.0.0.1 or a hash, has the level none; -json and
a terminal say why.

example:
  $ snowman score zis32msdi3.com github.com
  SCORE    LEVEL   KIND      TEXT
  {{first}}
  {{second}}
  $ snowman score -min high < names.txt
  $ snowman score -f dns.log > dns-scored.log

At most 20 lines are complained of one by one; the last line of standard error counts them all, and says
what they look like. Texts may be compressed by gzip or zstd, or in UTF-16 with a byte order mark.

exit code: 0 done, bad lines included; 1 not done; 2 wrong command line; 3 something reached the
level of -fail-on; 4 otherwise, if a line is bad with -strict, or all lines with -fail-on. Who closes
the output ends the program without a word: with 3 or 4 for what came before, else with 0, or with 1 if
-fail-on or -strict was given.
`

// never is what -fail-on is without a level. An empty level, such as an unset variable of a script
// gives, is a mistake.
const never = "never"

const exactUsage = "compute in float32 instead of int8: slower, other digits from the third on"

// scoreFlags are the flags of score.
type scoreFlags struct {
	input           textInput
	model           string
	exact, families bool
	strict          bool
	allow           []string
	output          *render.Output
	records         recordFlags
	minimum, failOn string
}

// runScore is the verb score.
func runScore(ctx context.Context, args []string, s streams) error {
	var f scoreFlags
	flags := newFlags("score", "[flags] [TEXT...]", scoreDescription)
	f.input.addFlag(flags)
	modelFlag(flags, &f.model, "score with the model in this `file`")
	outputFlags(flags, &f.output)
	flags.BoolVar(&f.exact, "exact", false, exactUsage)
	flags.BoolVar(&f.families, "families", false, "name the likeliest family of what is called dga; with -json, the likeliest three")
	flags.StringVar(&f.minimum, "min", "none", "print only what reaches this `level`: none, low, medium, high")
	flags.StringVar(&f.failOn, "fail-on", never, "exit with 3 if something reaches this `level`")
	flags.BoolVar(&f.strict, "strict", false, "exit with 4 if a line is no name or URL")
	allowFlag(flags, &f.allow)
	f.records.add(flags)
	if err := parse(flags, args, s); err != nil {
		return err
	}
	minimum, failing, err := f.levels()
	if err != nil {
		return err
	}
	if err := f.input.setArguments(flags); err != nil {
		return err
	}
	if err := f.records.check(&f.input); err != nil {
		return err
	}
	if f.records.place && (f.output == nil || f.output.Flag != render.JSONLines.Flag) {
		return usageError{"-place needs -json"}
	}
	model, err := f.openModel(ctx, minimum > snowman.None || failing <= snowman.High || f.records.ecs)
	if err != nil {
		return err
	}
	allowed, err := openAllowed(ctx, f.allow, s.stderr)
	if err != nil {
		return err
	}
	output := f.output
	if output == nil {
		output = &render.Tabs
		if isTerminal(s.stdout) {
			output = &render.Columns
		}
	}
	memory := 0 // for arguments: what a start does not touch, it need not wait for
	if len(f.input.arguments) == 0 {
		memory = rememberedBytes / runtime.GOMAXPROCS(0)
	}
	format := output.New(render.Options{Kinds: model.Kinds(), Families: f.families})
	if f.records.defang {
		format = render.Defanged(format)
	}
	job := scoring{
		model: model,
		options: verdict.Options{
			Allow: allowed, Families: f.families, Minimum: minimum, Probabilities: output.Probabilities,
			Memory: memory,
		},
		format:      format,
		minimum:     minimum,
		recordFlags: f.records,
		namesOnly:   f.records.names || output.Flag != "",
	}
	err = job.run(ctx, s, &f.input)
	isClosed := errors.Is(err, syscall.EPIPE) // nobody reads on: what was found before counts
	if err != nil && !isClosed {
		return err
	}
	highest, texts, failed := job.result()
	switch {
	case highest >= failing:
		return errReached
	case f.strict && failed > 0, !isClosed && failing <= snowman.High && texts > 0 && failed == texts:
		return errUnscored
	case isClosed && (f.strict || failing <= snowman.High):
		return errUnfinished
	}
	return err
}

// levels returns the levels of -min and -fail-on, where the latter is above all if there is none.
func (f scoreFlags) levels() (minimum, failing snowman.Level, err error) {
	if minimum, err = snowman.ParseLevel(f.minimum); err != nil {
		return 0, 0, usageError{"-min: " + err.Error()}
	}
	if f.failOn == never {
		return minimum, snowman.High + 1, nil
	}
	if failing, err = snowman.ParseLevel(f.failOn); err != nil {
		return 0, 0, usageError{"-fail-on: " + err.Error()}
	}
	return minimum, failing, nil
}

// openModel returns the model, which must have the levels and families that the flags ask for.
func (f scoreFlags) openModel(ctx context.Context, needsLevels bool) (*snowman.Model, error) {
	model, err := openModel(ctx, f.model)
	switch {
	case err != nil:
		return nil, err
	case needsLevels && len(model.Info().Thresholds) == 0:
		return nil, errors.New("-min, -fail-on: the model has no levels; train it on more benign rows")
	case f.families && len(model.FamilyNames()) == 0:
		return nil, errors.New("-families: the model names no families; snowman model show says which a model names")
	case f.exact:
		model = model.Exact()
	}
	return model, nil
}
