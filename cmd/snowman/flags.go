package main

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"strconv"
	"strings"

	"github.com/snowman-ml/snowman"
	"github.com/snowman-ml/snowman/allow"
	"github.com/snowman-ml/snowman/internal/inputfile"
	"github.com/snowman-ml/snowman/internal/render"
	"github.com/snowman-ml/snowman/internal/visible"
)

// newFlags returns the flags of a verb. The usage says how to call it, what it does, and shows an
// example.
func newFlags(verb, arguments, description string) *flag.FlagSet {
	flags := flag.NewFlagSet(verb, flag.ContinueOnError)
	flags.Usage = func() {
		usage := strings.TrimSpace("snowman " + verb + " " + arguments)
		fmt.Fprintf(flags.Output(), "usage: %s\n\n%s\n", usage, strings.TrimSpace(withVerdicts(description)))
		hasFlags := false
		flags.VisitAll(func(*flag.Flag) { hasFlags = true })
		if hasFlags {
			fmt.Fprint(flags.Output(), "\nflags:\n")
			flags.PrintDefaults()
		}
	}
	return flags
}

// parse reads a verb's command line. Help goes to standard output, as a result. A mistake is said
// in one line, without the help.
func parse(flags *flag.FlagSet, args []string, s streams) error {
	usage := flags.Usage
	flags.Usage = func() {}
	flags.SetOutput(io.Discard)
	err := flags.Parse(args)
	if errors.Is(err, flag.ErrHelp) {
		flags.SetOutput(s.stdout)
		usage()
		return err
	}
	if err != nil {
		return usageError{fmt.Sprintf("%v; snowman %s -h lists the flags", err, flags.Name())}
	}
	return nil
}

// parseAll is parse for a verb that takes no arguments.
func parseAll(flags *flag.FlagSet, args []string, s streams) error {
	if err := parse(flags, args, s); err != nil {
		return err
	}
	if flags.NArg() > 0 {
		return usageError{fmt.Sprintf("unexpected argument %q; snowman %s -h shows the usage", flags.Arg(0), flags.Name())}
	}
	return nil
}

// modelFlag adds the flag -model.
func modelFlag(flags *flag.FlagSet, path *string, usage string) {
	flags.StringVar(path, "model", "", usage+" (default: the one built in)")
}

// openModel returns the model in the file, or the built-in one where no file is named.
func openModel(ctx context.Context, path string) (*snowman.Model, error) {
	if path == "" {
		return snowman.Default(), nil
	}
	return inputfile.Await(ctx, func() (*snowman.Model, error) { return snowman.Open(path) })
}

// openModelWithLevels returns a model as openModel does, and refuses one that has no levels.
func openModelWithLevels(ctx context.Context, path string) (*snowman.Model, error) {
	model, err := openModel(ctx, path)
	if err != nil {
		return nil, err
	}
	return model, checkLevels(model)
}

func checkLevels(model *snowman.Model) error {
	if len(model.Info().Thresholds) == 0 {
		return errors.New("the model has no levels; train it on more benign rows")
	}
	return nil
}

// firstFailures returns what prints the first lines of what could not be read.
func firstFailures(stderr io.Writer) func(lines []byte) {
	shown := 0
	return func(lines []byte) {
		for line := range bytes.Lines(lines) {
			if shown++; shown <= shownFailures {
				stderr.Write(line)
			}
		}
	}
}

// outputFlags adds a flag for each output that has one. What is given stands in chosen afterwards.
func outputFlags(flags *flag.FlagSet, chosen **render.Output) {
	for i := range render.Outputs {
		output := &render.Outputs[i]
		if output.Flag == "" {
			continue
		}
		flags.BoolFunc(output.Flag, output.Usage, func(text string) error {
			wanted, err := strconv.ParseBool(text)
			switch {
			case err != nil:
				return errors.New("want true or false")
			case wanted && *chosen != nil && *chosen != output:
				return fmt.Errorf("-%s and -%s exclude each other", (*chosen).Flag, output.Flag)
			case wanted:
				*chosen = output
			case *chosen == output:
				*chosen = nil
			}
			return nil
		})
	}
}

// pathsFlag adds a flag that names files and may be given several times.
func pathsFlag(flags *flag.FlagSet, paths *[]string, name, usage string) {
	listFlag(flags, paths, name, usage, func(path string) error {
		if path == "" { // an unset variable of a script
			return errors.New("want the name of a file")
		}
		return nil
	})
}

// listFlag adds a flag that may be given several times. Check says what is wrong with a value.
func listFlag(flags *flag.FlagSet, values *[]string, name, usage string, check func(string) error) {
	flags.Func(name, usage, func(value string) error {
		*values = append(*values, value)
		return check(value)
	})
}

// allowFlag adds the flag -allow.
func allowFlag(flags *flag.FlagSet, paths *[]string) {
	pathsFlag(flags, paths, "allow", "texts on the allow list in this `file` reach no level; several may be given")
}

// openAllowed reads allow lists and says what is wrong with single entries. It returns nil where no
// file is named.
func openAllowed(ctx context.Context, paths []string, stderr io.Writer) (*allow.List, error) {
	if len(paths) == 0 {
		return nil, nil
	}
	return inputfile.Await(ctx, func() (*allow.List, error) {
		list, problems, err := allow.Open(paths...)
		for _, problem := range problems {
			fmt.Fprintf(stderr, "snowman: %s\n", visible.Lines(problem.Error()))
		}
		return list, err
	})
}
