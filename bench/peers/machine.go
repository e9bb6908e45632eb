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
	_, err := fmt.Fprintf(w, "Machine: %s, %d CPUs; caches of a core: %s; products of bytes: %s; %s; Snowman's kernels: %s; %s, %s.\n\n",
		processor(), runtime.NumCPU(), caches(), byteProducts(), system(), kernel.Backend(), runtime.Version(), pythonVersion(python))
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

// byteProducts names the instructions for int8 that the processor has, of those that peers can use.
func byteProducts() string {
	content, _ := os.ReadFile("/proc/cpuinfo") // without it the answer is unknown
	return byteProductsOf(string(content))
}

func byteProductsOf(cpuinfo string) string {
	if cpuinfo == "" {
		return "unknown"
	}
	has := make(map[string]bool)
	for word := range strings.FieldsSeq(cpuinfo) {
		has[word] = true
	}
	var found []string
	for _, instruction := range []struct{ flag, name string }{
		{"avx512_vnni", "AVX-512 VNNI"}, {"avx_vnni", "AVX-VNNI"}, {"amx_int8", "AMX"}, {"asimddp", "NEON dot products"}, {"i8mm", "NEON matrix products"},
	} {
		if has[instruction.flag] {
			found = append(found, instruction.name)
		}
	}
	if len(found) == 0 {
		return "neither VNNI nor AMX"
	}
	return strings.Join(found, ", ")
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
