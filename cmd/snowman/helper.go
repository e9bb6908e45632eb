package main

import (
	"context"
	"flag"
	"fmt"
	"log/slog"
	"os"
	"os/signal"
	"slices"
	"strings"
	"syscall"

	"github.com/snowman-ml/snowman"
	"github.com/snowman-ml/snowman/allow"
	"github.com/snowman-ml/snowman/internal/helper"
	"github.com/snowman-ml/snowman/internal/reload"
)

const helperDescription = `
Answers a program that asks about each name: a request comes in on standard input, and its answer goes
out on standard output before more is waited for. The protocols, and the flags of each:

{{protocols}}
What cannot be scored, or not be understood, is let pass; no answer is an error. SIGHUP reads the
model and the allow lists anew, and so does -watch when they change; a file that cannot be used
changes nothing. Standard error has the log, one JSON object a line. The end of the input ends the
helper, with exit code 0.

example:
  $ printf '0 http://paypal-login-secure.com/\n' | snowman helper squid-acl

docs/helper.md has the lines to paste into each program's configuration.
`

// helperFlags are the flags of helper.
type helperFlags struct {
	options helper.Options
	minimum string
	columns string
	model   string
	allow   []string
	watch   bool
}

// runHelper is the verb helper.
func runHelper(ctx context.Context, args []string, s streams) error {
	var f helperFlags
	flags := newFlags("helper", "PROTOCOL [flags]", strings.Replace(helperDescription, "{{protocols}}", listProtocols(), 1))
	modelFlag(flags, &f.model, "answer with the model in this `file`")
	allowFlag(flags, &f.allow)
	flags.BoolVar(&f.watch, "watch", false, "read the model and the allow lists anew when they change")
	flags.StringVar(&f.minimum, "min", "high", "tell of what reaches this `level`: low, medium, high")
	flags.IntVar(&f.options.SNI, "sni", 0, "the `N`-th token, from 1, is a TLS server name; the worse of it and the URL counts")
	flags.StringVar(&f.options.Redirect, "redirect", "", "send clients to the page at this `URL`, in which {url} stands for what they asked for")
	flags.StringVar(&f.options.Format, "format", "TabSeparated", "the function has this `format`: "+strings.Join(helper.ClickHouseFormats, ", "))
	flags.StringVar(&f.columns, "return", strings.Join(helper.ClickHouseColumns, ","), "the function returns these `columns`")
	flags.StringVar(&f.options.Field, "field", "", "names stand in this `column` (default: the first that the header has of "+strings.Join(helper.SplunkColumns, ", ")+")")
	protocol := ""
	if len(args) > 0 && !strings.HasPrefix(args[0], "-") {
		protocol, args = args[0], args[1:]
	}
	if err := parseAll(flags, args, s); err != nil {
		return err
	}
	if protocol == "" {
		return usageError{"no protocol given; snowman helper -h lists them"}
	}
	if err := f.check(protocol, flags); err != nil {
		return err
	}
	return f.run(ctx, protocol, s)
}

// listProtocols returns the lines of the help about protocols.
func listProtocols() string {
	var list strings.Builder
	for _, p := range helper.Protocols {
		fmt.Fprintf(&list, "  %-13s  %s", p.Name, p.Summary)
		if len(p.Flags) > 0 {
			fmt.Fprintf(&list, " [-%s]", strings.Join(p.Flags, ", -"))
		}
		list.WriteByte('\n')
	}
	return list.String()
}

// check refuses flags that cannot be, or that the protocol does not take.
func (f *helperFlags) check(protocol string, flags *flag.FlagSet) (err error) {
	row, err := helper.Find(protocol)
	if err != nil {
		return usageError{err.Error()}
	}
	flags.Visit(func(given *flag.Flag) {
		if !slices.Contains(append([]string{"model", "allow", "watch"}, row.Flags...), given.Name) {
			err = usageError{fmt.Sprintf("%s takes no -%s", protocol, given.Name)}
		}
	})
	if err != nil {
		return err
	}
	if f.options.Minimum, err = snowman.ParseLevel(f.minimum); err != nil || f.options.Minimum == snowman.None {
		return usageError{fmt.Sprintf("-min %q: want low, medium or high", f.minimum)}
	}
	f.options.Return = strings.Split(f.columns, ",")
	if err := helper.Check(protocol, f.options); err != nil {
		return usageError{err.Error()}
	}
	return nil
}

// run answers until the input or the context ends.
func (f *helperFlags) run(ctx context.Context, protocol string, s streams) error {
	hangUp := make(chan os.Signal, 1)
	signal.Notify(hangUp, syscall.SIGHUP)
	defer signal.Stop(hangUp)
	log := slog.New(slog.NewJSONHandler(s.stderr, nil))
	files := reload.New(log)
	var h *helper.Helper
	model, err := snowman.Default(), error(nil)
	if f.model != "" {
		model, err = reload.Open(files, "model", []string{f.model}, func() (*snowman.Model, error) {
			model, err := snowman.Open(f.model)
			if err == nil {
				err = checkLevels(model)
			}
			return model, err
		}, func(model *snowman.Model) { h.SetModel(model) })
	}
	var list *allow.List
	if err == nil && len(f.allow) > 0 {
		list, err = reload.Open(files, "allow", f.allow, func() (*allow.List, error) {
			list, problems, err := allow.Open(f.allow...)
			for _, problem := range problems {
				log.Warn("allow list", "problem", problem)
			}
			return list, err
		}, func(list *allow.List) { h.SetAllow(list) })
	}
	if err != nil {
		return err
	}
	if h, err = helper.New(protocol, f.options, model, list); err != nil {
		return err
	}
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	go files.Follow(ctx, hangUp, f.watch, func(string, error) {})
	return h.Run(ctx, s.stdin, s.stdout)
}
