package main

import (
	"bytes"
	"errors"
	"flag"
	"fmt"
	"log/slog"
	"strings"

	"github.com/snowman-ml/snowman"
	"github.com/snowman-ml/snowman/allow"
	"github.com/snowman-ml/snowman/internal/inputfile"
	"github.com/snowman-ml/snowman/internal/reload"
)

// openServed reads a model, the built-in one where no file is named, and allow lists, and gives
// what is read of them later to the functions.
func openServed(files *reload.Files, log *slog.Logger, path string, lists []string, setModel func(*snowman.Model), setAllow func(*allow.List)) (*snowman.Model, *allow.List, error) {
	model, list, err := snowman.Default(), (*allow.List)(nil), error(nil)
	if path != "" {
		model, err = reload.Open(files, "model", []string{path}, func() (*snowman.Model, error) {
			model, err := snowman.Open(path)
			if err == nil {
				err = checkLevels(model)
			}
			return model, err
		}, setModel)
	}
	if err == nil && len(lists) > 0 {
		list, err = reload.Open(files, "allow", lists, func() (*allow.List, error) {
			list, problems, err := allow.Open(lists...)
			for _, problem := range problems {
				log.Warn("allow list", "problem", problem)
			}
			return list, err
		}, setAllow)
	}
	return model, list, err
}

// setFromFile sets the flags that a file has, one a line, and the command line has not. A line that
// begins with # is a comment.
func setFromFile(flags *flag.FlagSet, path string) error {
	const limit = 1 << 20 // bytes
	content, err := inputfile.Read(path, limit)
	if err != nil {
		return fmt.Errorf("reading flags: %w", err)
	}
	given := make(map[string]bool)
	flags.Visit(func(f *flag.Flag) { given[f.Name] = true })
	number := 0
	for line := range bytes.Lines(content) {
		number++
		text := strings.TrimSpace(string(line))
		if text == "" || text[0] == '#' {
			continue
		}
		name, value, hasValue := strings.Cut(text, "=")
		name, value = strings.TrimSpace(name), strings.TrimSpace(value)
		switch {
		case !hasValue: // it may be a password
			return usageError{fmt.Sprintf("%s, line %d: want flag=value; snowman %s -h lists the flags", path, number, flags.Name())}
		case name == "config" || flags.Lookup(name) == nil:
			return usageError{fmt.Sprintf("%s, line %d: %.40q is no flag; snowman %s -h lists the flags", path, number, name, flags.Name())}
		case given[name]:
			continue
		}
		if err := flags.Set(name, value); err != nil {
			return usageError{fmt.Sprintf("%s, line %d: -%s %.80q: %v", path, number, name, value, err)}
		}
	}
	return nil
}

// notEmpty refuses what a variable of a script was to give.
func notEmpty(value string) error {
	if value == "" {
		return errors.New("want a name")
	}
	return nil
}
