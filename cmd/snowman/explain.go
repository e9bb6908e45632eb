package main

import (
	"context"

	"github.com/snowman-ml/snowman"
	"github.com/snowman-ml/snowman/internal/pipeline"
	"github.com/snowman-ml/snowman/internal/render"
	"github.com/snowman-ml/snowman/internal/verdict"
)

const explainDescription = `
Says what the score of each text is made of. The texts are the arguments, or the lines of the files of
-f, or the lines of standard input. The answer to each is its verdict, what the network was shown, how
much each character of it contributes, the n-grams that contribute most, and the sum.

Contributions are log-odds: 0 is a score of one half, above 0 speaks for malicious, below 0 for benign,
and they add up. On a terminal red characters speak for malicious and blue ones for benign, the stronger
the darker. Elsewhere, and where NO_COLOR is set, numbers say it. Characters that were not read are struck
through: labels that an operator hands out, and the end of long texts.

  baseline    what is left where the network finds nothing at all
  constant    what its filters have on common characters, mostly far below 0
  start, end  that the text starts and ends where it does
  characters  what these characters add to common ones, so that even a benign name has red ones

A network with two views reads the host and the whole, and the number of a character is the sum of
both. Under "views" stands what each adds and what it and the registered domain score alone. The floor
is the score that one of these demands, where the whole would score less.

The n-grams keep the constant of their filters, and say more plainly what the network went by. There
are other ways to divide a score that add up, and a character that counts is no evidence by itself.

example:
  $ snowman explain zis32msdi3.com
  {{first}}
  ...
  $ snowman explain -json zis32msdi3.com

exit code: 0 done, bad lines included; 1 not done; 2 wrong command line.
`

// runExplain is the verb explain.
func runExplain(ctx context.Context, args []string, s streams) error {
	flags := newFlags("explain", "[flags] [TEXT...]", explainDescription)
	var modelPath string
	var allowPaths []string
	var input textInput
	input.addFlag(flags)
	modelFlag(flags, &modelPath, "explain the scores of the model in this `file`")
	allowFlag(flags, &allowPaths)
	asJSON := flags.Bool("json", false, "print one JSON object a line, numbers unrounded")
	if err := parse(flags, args, s); err != nil {
		return err
	}
	if err := input.setArguments(flags); err != nil {
		return err
	}
	model, err := openModel(ctx, modelPath)
	if err != nil {
		return err
	}
	allowed, err := openAllowed(ctx, allowPaths, s.stderr)
	if err != nil {
		return err
	}
	feed, closeInput, err := input.open(ctx, s)
	if err != nil {
		return err
	}
	defer closeInput()

	job := explaining{
		model:   model,
		options: verdict.Options{Allow: allowed, Probabilities: *asJSON},
	}
	job.lines = lineJob{what: "explanations", item: input.item(), newWorker: job.newWorker}
	if *asJSON {
		job.encoder = verdict.NewEncoder(model.Kinds())
	} else {
		job.drawing.Width, job.drawing.InColour = terminalColumns(s.stdout)
		job.lines.header = job.drawing.AppendLegend(nil)
	}
	return job.lines.run(ctx, s, feed)
}

// explaining is one run of explain.
type explaining struct {
	model   *snowman.Model
	options verdict.Options
	encoder *verdict.Encoder // nil where explanations are drawn
	drawing render.Drawing
	lines   lineJob
}

// newWorker returns what one goroutine explains chunks with.
func (j *explaining) newWorker() func(*pipeline.Chunk[pipeline.Line]) {
	judge := verdict.New(j.model, j.options)
	drawn := render.Columns.New(render.Options{})
	return func(c *pipeline.Chunk[pipeline.Line]) {
		var failed []string
		for i, line := range c.Items {
			r, x, err := judge.Explain(line.Text)
			if err != nil {
				j.lines.appendFailure(c, i, err)
				failed = append(failed, line.Text)
			}
			if j.encoder == nil && c.First+i > 1 {
				c.Output = append(c.Output, '\n')
			}
			switch {
			case j.encoder == nil && err != nil:
				c.Output = drawn.AppendFailure(c.Output, line.Text, err)
			case j.encoder == nil:
				c.Output = j.drawing.AppendExplanation(c.Output, r, x)
			case err != nil:
				c.Output = append(verdict.AppendError(c.Output, line.Text, err), '\n')
			default:
				c.Output = append(j.encoder.AppendExplanation(c.Output, r, x), '\n')
			}
		}
		j.lines.failures.Add(len(c.Items), failed)
	}
}
