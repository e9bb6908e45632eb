package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"strings"

	"github.com/snowman-ml/snowman"
	"github.com/snowman-ml/snowman/internal/inputfile"
	"github.com/snowman-ml/snowman/internal/pipeline"
	"github.com/snowman-ml/snowman/internal/plain"
	"github.com/snowman-ml/snowman/internal/visible"
)

// A textInput is where a verb's texts come from: its arguments, or the lines of files, or those of
// standard input.
type textInput struct {
	files     []string // "-" is standard input
	arguments []string
}

// addFlag adds the flag -f.
func (in *textInput) addFlag(flags *flag.FlagSet) {
	pathsFlag(flags, &in.files, "f", "read the texts from this `file`, one a line; - is standard input; several may be given")
}

// setArguments takes the arguments that stand behind the flags.
func (in *textInput) setArguments(flags *flag.FlagSet) error {
	in.arguments = flags.Args()
	if len(in.files) > 0 && len(in.arguments) > 0 {
		return usageError{"-f and texts as arguments exclude each other"}
	}
	for _, text := range in.arguments {
		if strings.HasPrefix(text, "-") && flags.Lookup(strings.TrimLeft(text, "-")) != nil {
			return usageError{fmt.Sprintf("flag %s stands behind a text; flags come first", text)}
		}
	}
	return nil
}

// item is what an error calls a text.
func (in *textInput) item() string {
	if len(in.arguments) > 0 {
		return "argument"
	}
	return "line"
}

// open returns the texts, and what closes their files.
func (in *textInput) open(ctx context.Context, s streams) (feed pipeline.Feed[pipeline.Line], closeAll func(), err error) {
	if len(in.arguments) > 0 {
		return in.feedArguments(s), func() {}, nil
	}
	inputs, closeAll, err := in.openInputs(ctx, s)
	if err != nil {
		return nil, nil, err
	}
	sources := make([]pipeline.Source, len(inputs))
	for i, input := range inputs {
		sources[i] = input.Source
	}
	return pipeline.Lines(longestText, sources...), closeAll, nil
}

// feedArguments returns the texts that are arguments.
func (in *textInput) feedArguments(s streams) pipeline.Feed[pipeline.Line] {
	for _, text := range in.arguments {
		if info, err := os.Stat(text); err == nil && info.Mode().IsRegular() {
			fmt.Fprintf(s.stderr, "snowman: %q is taken for a name; -f %[1]q reads the lines of the file\n", text)
		}
	}
	return pipeline.Texts(in.arguments)
}

// longestText is how much of a line is read: one byte more tells that there are more.
const longestText = snowman.MaxLength + 1

// An input is a file or standard input.
type input struct {
	pipeline.Source
	isFile  bool // not standard input
	mayWait bool // more may come of it later than now
	isTyped bool // by somebody at a terminal
}

// title returns what messages call an input.
func (in input) title() string {
	if in.Name == "" {
		return "the input"
	}
	return in.Name
}

// say says something of an input on standard error, unless it is nothing.
func (in input) say(w *lineWriter, predicate string) {
	if predicate != "" {
		fmt.Fprintf(w.stderr, "snowman: %s %s\n", in.title(), visible.Text(predicate))
	}
}

// openInputs opens the files, or standard input, and returns what closes them.
func (in *textInput) openInputs(ctx context.Context, s streams) (inputs []input, closeAll func(), err error) {
	paths := in.files
	if len(paths) == 0 {
		paths = []string{"-"}
	}
	var files []*inputfile.File
	closeAll = func() {
		for _, file := range files {
			file.Close()
		}
	}
	for _, path := range paths {
		if path == "-" {
			isTyped := isTerminal(s.stdin)
			if isTyped {
				fmt.Fprintln(s.stderr, "snowman: reading texts from the terminal, one a line; Ctrl-D ends them (on Windows Ctrl-Z and Enter)")
			}
			inputs = append(inputs, input{pipeline.Source{Input: plain.NewReader(s.stdin)}, false, true, isTyped})
			continue
		}
		file, err := inputfile.Open(ctx, path)
		if err != nil {
			closeAll()
			return nil, nil, fmt.Errorf("reading texts: %w", err)
		}
		files = append(files, file)
		info, err := os.Stat(path)
		mayWait := err != nil || !info.Mode().IsRegular()
		inputs = append(inputs, input{pipeline.Source{Name: visible.Text(path), Input: plain.NewReader(file)}, true, mayWait, false})
	}
	if len(inputs) == 1 {
		inputs[0].Name = "" // an error need not say which
	}
	return inputs, closeAll, nil
}
