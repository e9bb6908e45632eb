package main

import (
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestSetFromFile(t *testing.T) {
	for _, test := range []struct{ shows, file, want, problem string }{
		{"flags of all sorts", "# a comment\n\ngroup = g\nin=one\nin=two\nexactly-once=true\n", "g [one two] true", ""},
		{"the command line comes before", "min=low\ngroup=g", "g [] false", ""},
		{"Windows's line ends", "group=g\r\nin=a\r\n", "g [a] false", ""},
		{"a value with an equals sign", "group=a=b", "a=b [] false", ""},
		{"no value", "exactly-once", "", "line 1: want flag=value"},
		{"no such flag", "group=g\npassword=secret", "", "line 2: \"password\" is no flag; snowman stream -h lists"},
		{"itself", "config=x", "", `"config" is no flag`},
		{"a value that cannot be", "exactly-once=maybe", "", "line 1: -exactly-once \"maybe\": "},
		{"an empty one", "in=", "", "want a name"},
	} {
		t.Run(test.shows, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "stream.conf")
			if err := os.WriteFile(path, []byte(test.file), 0o600); err != nil {
				t.Fatal(err)
			}
			var f streamFlags
			flags := flag.NewFlagSet("stream", flag.ContinueOnError)
			f.add(flags)
			if err := flags.Parse([]string{"-min", "medium"}); err != nil {
				t.Fatal(err)
			}
			err := setFromFile(flags, path)
			if test.problem != "" {
				if err == nil || !strings.Contains(err.Error(), test.problem) {
					t.Errorf("%v, want %q", err, test.problem)
				}
				return
			}
			got := f.options.Group + " [" + strings.Join(f.options.In, " ") + "]"
			if f.options.ExactlyOnce {
				got += " true"
			} else {
				got += " false"
			}
			if err != nil || got != test.want || f.minimum != "medium" {
				t.Errorf("%s (%v), -min %s; want %s", got, err, f.minimum, test.want)
			}
		})
	}
}
