// Command release builds a release in the folder dist: for each system an archive with the program,
// a list of the program's parts and a wheel of the Python package, and the SHA-256 of all files.
// make release runs it at the top of a checkout.
//
//	go run ./deploy/release               for every system
//	go run ./deploy/release linux/arm64   for this system alone
//	go run ./deploy/release wheel build   a wheel alone, for this machine, of the tree as it is
//
// With the same Go, the same commit gives the same bytes for everybody: programs have no paths in
// them (-trimpath), and archives have the commit's time and no owner. So release refuses a tree
// that differs from its commit.
package main

import (
	"context"
	"crypto/sha256"
	"debug/buildinfo"
	_ "embed"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"time"
)

// systems are the operating systems and processors of a release.
var systems = []string{"darwin/amd64", "darwin/arm64", "linux/amd64", "linux/arm64", "windows/amd64", "windows/arm64"}

const dist = "dist"

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	run := func() error { return release(ctx, os.Args[1:]) }
	if len(os.Args) == 3 && os.Args[1] == "wheel" {
		run = func() error { return wheel(ctx, os.Args[2]) }
	}
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, "release:", err)
		os.Exit(1)
	}
}

// release empties dist and fills it, for the systems named, or for all.
func release(ctx context.Context, only []string) error {
	if len(only) == 0 {
		only = systems
	}
	for _, system := range only {
		if !slices.Contains(systems, system) {
			return fmt.Errorf("no system %q; there are %q", system, systems)
		}
	}
	if err := pinEnvironment(ctx); err != nil {
		return err
	}
	changes, err := output(ctx, "git", "status", "--porcelain", "--untracked-files=normal")
	if err != nil {
		return err
	}
	if changes != "" {
		return fmt.Errorf("the tree is not what was committed; commit or remove these first:\n%s", changes)
	}
	seconds, err := output(ctx, "git", "log", "-1", "--format=%ct")
	if err != nil {
		return err
	}
	committed, err := strconv.ParseInt(strings.TrimSpace(seconds), 10, 64)
	if err != nil {
		return fmt.Errorf("reading the time of the commit: %w", err)
	}
	if err := os.RemoveAll(dist); err != nil {
		return err
	}
	if err := os.Mkdir(dist, 0o777); err != nil {
		return err
	}
	for _, system := range only {
		if err := releaseFor(ctx, system, time.Unix(committed, 0).UTC()); err != nil {
			return fmt.Errorf("for %s: %w", system, err)
		}
	}
	return writeSums()
}

// pinEnvironment sets what changes Go's output, whatever the builder has set.
func pinEnvironment(ctx context.Context) error {
	for _, variable := range []string{"CGO_ENABLED=0", "GOFLAGS=-mod=readonly", "GOAMD64=v1", "GOARM64=v8.0", "GOFIPS140=off", "GOWORK=off"} {
		name, value, _ := strings.Cut(variable, "=")
		if err := os.Setenv(name, value); err != nil {
			return err
		}
	}
	// No variable takes back a GOEXPERIMENT that go env -w has set.
	experiments, err := output(ctx, "go", "env", "GOEXPERIMENT")
	if err != nil {
		return err
	}
	if experiments = strings.TrimSpace(experiments); experiments != "" {
		return fmt.Errorf("GOEXPERIMENT is %q, want none: unset it, or go env -u GOEXPERIMENT", experiments)
	}
	return nil
}

// releaseFor writes the archive, the list of parts and the wheel of the program for a system.
func releaseFor(ctx context.Context, name string, committed time.Time) error {
	scratch, err := os.MkdirTemp("", "snowman-release-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(scratch)
	goos, goarch, _ := strings.Cut(name, "/")
	b, err := build(ctx, system{goos, goarch}, scratch, committed)
	if err != nil {
		return err
	}
	if b.version == "" || b.version == "(devel)" || strings.HasSuffix(b.version, "+dirty") {
		return fmt.Errorf("the program has the version %q, which no commit has", b.version)
	}
	name = fmt.Sprintf("snowman_%s_%s_%s", b.version, goos, goarch)
	content := []file{{name: filepath.Base(b.program), mode: 0o755}, {name: "LICENSE", mode: 0o644}, {name: "README.md", mode: 0o644},
		{name: "THIRD_PARTY_LICENSES", mode: 0o644, content: b.licences}}
	for i, path := range []string{b.program, "LICENSE", "README.md"} {
		if content[i].content, err = os.ReadFile(path); err != nil {
			return err
		}
	}
	if err := os.WriteFile(filepath.Join(dist, name+".cdx.json"), b.parts, 0o666); err != nil {
		return err
	}
	if goos == "windows" {
		err = writeZip(filepath.Join(dist, name+".zip"), name, content, committed)
	} else {
		err = writeTar(filepath.Join(dist, name+".tar.gz"), name, content, committed)
	}
	if err != nil {
		return err
	}
	_, err = writeWheel(dist, b, committed)
	return err
}

// build builds the program for a system in a folder.
func build(ctx context.Context, s system, folder string, committed time.Time) (built, error) {
	program := filepath.Join(folder, "snowman")
	if s.goos == "windows" {
		program += ".exe"
	}
	command := exec.CommandContext(ctx, "go", "build", "-trimpath", "-buildvcs=auto", "-ldflags=-s -w", "-o", program, "./cmd/snowman")
	command.Env = append(os.Environ(), "CGO_ENABLED=0", "GOOS="+s.goos, "GOARCH="+s.goarch)
	command.Stderr = os.Stderr
	if err := command.Run(); err != nil {
		return built{}, fmt.Errorf("building: %w", err)
	}
	info, err := buildinfo.ReadFile(program)
	if err != nil {
		return built{}, err
	}
	b := built{program: program, system: s, version: info.Main.Version}
	if b.licences, err = licences(ctx, info); err != nil {
		return built{}, err
	}
	content, err := os.ReadFile(program)
	if err != nil {
		return built{}, err
	}
	b.parts, err = partsOf(info, s.goos, s.goarch, sha256.Sum256(content), committed)
	return b, err
}

// wheel builds the program of this tree, as it is, for this machine, and writes a wheel with it to
// a folder. Standard output has the wheel's path.
func wheel(ctx context.Context, folder string) error {
	scratch, err := os.MkdirTemp("", "snowman-wheel-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(scratch)
	when := time.Date(1980, 1, 1, 0, 0, 0, 0, time.UTC) // the first that a zip can say
	b, err := build(ctx, system{runtime.GOOS, runtime.GOARCH}, scratch, when)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(folder, 0o777); err != nil {
		return err
	}
	path, err := writeWheel(folder, b, when)
	if err == nil {
		fmt.Println(path)
	}
	return err
}

// tableLicences are those of generated tables, whose sources are no modules of the program.
//
//go:embed tables.txt
var tableLicences string

// licences returns the licences of Go, of the modules in the program and of its tables, which must
// go with it.
func licences(ctx context.Context, info *buildinfo.BuildInfo) ([]byte, error) {
	root, err := output(ctx, "go", "env", "GOROOT")
	if err != nil {
		return nil, err
	}
	query := []string{"list", "-m", "-f", "{{.Path}} {{.Version}}\t{{.Dir}}"}
	for _, module := range info.Deps {
		query = append(query, module.Path)
	}
	modules, err := output(ctx, "go", query...)
	if err != nil {
		return nil, err
	}
	all := []byte(tableLicences)
	for line := range strings.Lines("Go " + info.GoVersion + "\t" + root + modules) {
		name, path, _ := strings.Cut(strings.TrimSpace(line), "\t")
		files, err := filepath.Glob(filepath.Join(path, "LICENSE*"))
		if err != nil {
			return nil, err
		}
		notices, err := filepath.Glob(filepath.Join(path, "NOTICE*"))
		if err != nil {
			return nil, err
		}
		if len(files) == 0 {
			return nil, fmt.Errorf("%s has no licence in %q", name, path)
		}
		for _, path := range append(files, notices...) {
			text, err := os.ReadFile(path)
			if err != nil {
				return nil, err
			}
			all = fmt.Appendf(all, "==== %s: %s\n\n%s\n\n", name, filepath.Base(path), strings.TrimSpace(string(text)))
		}
	}
	return all, nil
}

// writeSums writes SHA256SUMS, in the format of sha256sum.
func writeSums() error {
	entries, err := os.ReadDir(dist) // sorted
	if err != nil {
		return err
	}
	var sums []byte
	for _, entry := range entries {
		content, err := os.ReadFile(filepath.Join(dist, entry.Name()))
		if err != nil {
			return err
		}
		sums = fmt.Appendf(sums, "%x  %s\n", sha256.Sum256(content), entry.Name())
	}
	os.Stdout.Write(sums)
	return os.WriteFile(filepath.Join(dist, "SHA256SUMS"), sums, 0o666)
}

// output returns the standard output of a command.
func output(ctx context.Context, name string, args ...string) (string, error) {
	out, err := exec.CommandContext(ctx, name, args...).Output()
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		return "", fmt.Errorf("%s %s: %w: %s", name, strings.Join(args, " "), err, strings.TrimSpace(string(exit.Stderr)))
	}
	return string(out), err
}
