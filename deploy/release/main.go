// Command release builds what a release consists of, in the folder dist: for each system an archive
// of the program and a list of what it is made of, and the SHA-256 of all. make release runs it, at
// the top of a checkout.
//
//	go run ./deploy/release               for every system
//	go run ./deploy/release linux/arm64   for this one alone
//
// The same commit gives the same bytes, whoever builds it and wherever, with the same Go: builds
// have no paths in them (-trimpath), and what archives say of time and owner comes from the commit.
// So the tree must be the commit, and release refuses one that is not.
package main

import (
	"context"
	"crypto/sha256"
	"debug/buildinfo"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"
)

// systems are the operating systems and processors that there are releases for.
var systems = []string{"darwin/amd64", "darwin/arm64", "linux/amd64", "linux/arm64", "windows/amd64", "windows/arm64"}

const dist = "dist"

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := release(ctx, os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "release:", err)
		os.Exit(1)
	}
}

// release fills dist anew, for these systems, or for all.
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

// pinEnvironment keeps what a builder has set from changing what Go makes of the code.
func pinEnvironment(ctx context.Context) error {
	for _, variable := range []string{"CGO_ENABLED=0", "GOFLAGS=-mod=readonly", "GOAMD64=v1", "GOARM64=v8.0", "GOFIPS140=off", "GOWORK=off"} {
		name, value, _ := strings.Cut(variable, "=")
		if err := os.Setenv(name, value); err != nil {
			return err
		}
	}
	// Nothing in the environment takes back what go env -w has set of it.
	experiments, err := output(ctx, "go", "env", "GOEXPERIMENT")
	if err != nil {
		return err
	}
	if experiments = strings.TrimSpace(experiments); experiments != "" {
		return fmt.Errorf("GOEXPERIMENT is %q, want none: unset it, or go env -u GOEXPERIMENT", experiments)
	}
	return nil
}

// releaseFor builds the program for a system and writes its archive and its list of parts.
func releaseFor(ctx context.Context, system string, committed time.Time) error {
	goos, goarch, _ := strings.Cut(system, "/")
	scratch, err := os.MkdirTemp("", "snowman-release-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(scratch)
	program := filepath.Join(scratch, "snowman")
	if goos == "windows" {
		program += ".exe"
	}
	build := exec.CommandContext(ctx, "go", "build", "-trimpath", "-buildvcs=true", "-ldflags=-s -w", "-o", program, "./cmd/snowman")
	build.Env = append(os.Environ(), "GOOS="+goos, "GOARCH="+goarch)
	build.Stderr = os.Stderr
	if err := build.Run(); err != nil {
		return fmt.Errorf("building: %w", err)
	}
	info, err := buildinfo.ReadFile(program)
	if err != nil {
		return err
	}
	version := info.Main.Version
	if version == "" || version == "(devel)" || strings.HasSuffix(version, "+dirty") {
		return fmt.Errorf("the program has the version %q, which no commit has", version)
	}

	name := fmt.Sprintf("snowman_%s_%s_%s", version, goos, goarch)
	licences, err := licences(ctx, info)
	if err != nil {
		return err
	}
	content := []file{{name: filepath.Base(program), mode: 0o755}, {name: "LICENSE", mode: 0o644}, {name: "README.md", mode: 0o644},
		{name: "THIRD_PARTY_LICENSES", mode: 0o644, content: licences}}
	for i, path := range []string{program, "LICENSE", "README.md"} {
		if content[i].content, err = os.ReadFile(path); err != nil {
			return err
		}
	}
	parts, err := partsOf(info, goos, goarch, sha256.Sum256(content[0].content), committed)
	if err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(dist, name+".cdx.json"), parts, 0o666); err != nil {
		return err
	}
	if goos == "windows" {
		return writeZip(filepath.Join(dist, name+".zip"), name, content, committed)
	}
	return writeTar(filepath.Join(dist, name+".tar.gz"), name, content, committed)
}

// licences returns the licences of Go and of the modules in the program, which ask to go with it.
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
	var all []byte
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

// writeSums writes SHA256SUMS, as sha256sum -c reads it.
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

// output returns what a command prints.
func output(ctx context.Context, name string, args ...string) (string, error) {
	out, err := exec.CommandContext(ctx, name, args...).Output()
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		return "", fmt.Errorf("%s %s: %w: %s", name, strings.Join(args, " "), err, strings.TrimSpace(string(exit.Stderr)))
	}
	return string(out), err
}
