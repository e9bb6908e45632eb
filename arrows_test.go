package snowman_test

import (
	"bufio"
	"bytes"
	"os/exec"
	"slices"
	"strings"
	"testing"
)

const module = "github.com/snowman-ml/snowman"

// mayImport is the architecture: which packages of ours a package may import itself. "" is the root.
var mayImport = map[string][]string{
	"":                    {"internal/canon", "internal/cnn", "internal/lookalike", "internal/modelfile", "models"},
	"internal/canon":      {"internal/visible"},
	"internal/kernel":     {},
	"internal/lines":      {},
	"internal/lookalike":  {},
	"internal/record":     {"", "allow", "internal/visible"},
	"internal/batch":      {"", "internal/lines"},
	"internal/cnn":        {"internal/kernel"},
	"internal/modelfile":  {"internal/cnn", "internal/lookalike"},
	"internal/provenance": {},
	"dataset":             {"internal/canon", "internal/lines", "internal/lookalike", "internal/provenance"},
	"eval":                {},
	"allow":               {"internal/canon", "internal/lines", "internal/visible"},
	"report":              {"eval", "internal/visible"},
	"models":              {},
	"internal/atomicfile": {},
	"internal/visible":    {},
	"internal/train":      {"dataset", "eval", "internal/atomicfile", "internal/canon", "internal/cnn", "internal/kernel", "internal/modelfile", "internal/provenance"},
	"internal/card":       {"", "eval", "internal/provenance", "internal/visible", "models", "report"},
	"web":                 {"", "internal/batch", "internal/card", "internal/lines", "internal/record", "internal/visible", "allow"},
	"bench/peers":         {"", "dataset", "eval", "internal/canon", "internal/kernel", "internal/modelfile", "internal/train"},
	"bench/soak":          {""},
	"docs/clients":        {}, // an example without the module
	"deploy":              {},
	"deploy/release":      {},
	"cmd/snowman":         nil, // everything
}

// mustNotLink names packages that whoever only scores must not carry.
var mustNotLink = map[string][]string{
	"": {"internal/train", "dataset", "eval", "report", "web"},
}

func TestPackagesImportOnlyWhatTheArchitectureLets(t *testing.T) {
	seen := make(map[string]bool)
	for _, line := range goList(t, `{{.ImportPath}} {{join .Imports " "}}`, "./...") {
		fields := strings.Fields(line)
		importer := relative(fields[0])
		seen[importer] = true
		allowed, known := mayImport[importer]
		if !known {
			t.Errorf("package %q has no place in the architecture", importer)
			continue
		}
		for _, imported := range fields[1:] {
			if !isOurs(imported) {
				continue
			}
			if relative(imported) == "cmd/snowman" {
				t.Errorf("%q imports the program", importer)
			}
			if allowed != nil && !slices.Contains(allowed, relative(imported)) {
				t.Errorf("%q imports %q, which the architecture does not let it", importer, relative(imported))
			}
		}
	}
	for name := range mayImport {
		if !seen[name] {
			t.Errorf("the architecture has a package %q that does not exist", name)
		}
	}
}

func TestPackagesLinkOnlyWhatTheirUsersNeed(t *testing.T) {
	for name, forbidden := range mustNotLink {
		for _, dependency := range goList(t, "{{.ImportPath}}", "-deps", "./"+name) {
			if slices.Contains(forbidden, relative(dependency)) {
				t.Errorf("%q links %q", name, dependency)
			}
		}
	}
}

func isOurs(path string) bool { return path == module || strings.HasPrefix(path, module+"/") }

func relative(path string) string {
	return strings.TrimPrefix(strings.TrimPrefix(path, module), "/")
}

func goList(t *testing.T, format string, args ...string) []string {
	t.Helper()
	out, err := exec.Command("go", append([]string{"list", "-f", format}, args...)...).Output()
	if err != nil {
		t.Fatalf("go list: %v", err)
	}
	var lines []string
	for scanner := bufio.NewScanner(bytes.NewReader(out)); scanner.Scan(); {
		lines = append(lines, scanner.Text())
	}
	return lines
}
