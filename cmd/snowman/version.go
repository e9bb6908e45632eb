package main

import (
	"context"
	"fmt"
	"runtime"
	"runtime/debug"

	"github.com/snowman-ml/snowman"
)

const versionDescription = `
Shows the program's version and the built-in model's identity.

example:
  $ snowman version
  snowman v1.0.0 go1.26.0 linux/amd64
  model 0123456789ab
`

// runVersion is the verb version.
func runVersion(_ context.Context, args []string, s streams) error {
	flags := newFlags("version", "", versionDescription)
	if err := parseAll(flags, args, s); err != nil {
		return err
	}
	_, err := fmt.Fprintf(s.stdout, "snowman %s %s %s/%s\nmodel %.12s\n",
		programVersion(), runtime.Version(), runtime.GOOS, runtime.GOARCH, snowman.Default().Info().SHA256)
	return err
}

// programVersion is the version that the program was built from.
func programVersion() string {
	if info, ok := debug.ReadBuildInfo(); ok && info.Main.Version != "" {
		return info.Main.Version
	}
	return "(devel)"
}
