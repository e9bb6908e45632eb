package main

import (
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"

	"github.com/snowman-ml/snowman/internal/kernel"
)

// printMachine describes the machine, as far as it tells.
func printMachine(w io.Writer, python string) error {
	_, err := fmt.Fprintf(w, "Machine: %s, %d CPUs; caches of a core: %s; %s; Snowman's kernels: %s; %s, %s.\n\n",
		processor(), runtime.NumCPU(), caches(), system(), kernel.Backend(), runtime.Version(), pythonVersion(python))
	return err
}

func pythonVersion(python string) string {
	version, err := exec.Command(python, "--version").Output()
	if err != nil {
		return "no Python"
	}
	return strings.TrimSpace(string(version))
}

// snowmanVersion names the commit of the working tree, which make has just built.
func snowmanVersion() string {
	commit, err := exec.Command("git", "describe", "--always", "--dirty").Output()
	if err != nil {
		return "unknown"
	}
	return strings.TrimSpace(string(commit))
}

func processor() string {
	fields := make(map[string]string)
	content, _ := os.ReadFile("/proc/cpuinfo") // without it the answer is unknown
	for line := range strings.Lines(string(content)) {
		name, field, _ := strings.Cut(line, ":")
		fields[strings.TrimSpace(name)] = strings.TrimSpace(field)
	}
	if fields["model name"] == "" {
		return "processor unknown, " + runtime.GOARCH
	}
	return fmt.Sprintf("%s (family %s, model %s)", fields["model name"], fields["cpu family"], fields["model"])
}

func caches() string {
	var found []string
	indices, _ := filepath.Glob("/sys/devices/system/cpu/cpu0/cache/index*") // the pattern is right
	for _, index := range indices {
		read := func(name string) string {
			content, _ := os.ReadFile(filepath.Join(index, name))
			return strings.TrimSpace(string(content))
		}
		found = append(found, fmt.Sprintf("L%s %s %s", read("level"), strings.ToLower(read("type")), read("size")))
	}
	if len(found) == 0 {
		return "unknown"
	}
	return strings.Join(found, ", ")
}

func system() string {
	release, err := os.ReadFile("/proc/sys/kernel/osrelease")
	if err != nil {
		return runtime.GOOS
	}
	return runtime.GOOS + " " + strings.TrimSpace(string(release))
}
