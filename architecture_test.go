package snowman_test

import (
	"bufio"
	"bytes"
	"os"
	"os/exec"
	"regexp"
	"slices"
	"strings"
	"testing"
)

const module = "github.com/snowman-ml/snowman"

// mustNotLink lists packages that a program that uses only this one must not link.
var mustNotLink = map[string][]string{
	"": {"internal/train", "dataset", "eval", "report", "web"},
}

// TestPackagesImportOnlyWhatTheArchitectureLets holds every package to the table of
// docs/architecture.md.
func TestPackagesImportOnlyWhatTheArchitectureLets(t *testing.T) {
	mayImport := readArchitecture(t)
	seen := make(map[string]bool)
	for _, line := range goList(t, `{{.ImportPath}} {{join .Imports " "}}`, "./...") {
		fields := strings.Fields(line)
		importer := relative(fields[0])
		seen[importer] = true
		allowed, known := mayImport[importer]
		if !known {
			t.Errorf("docs/architecture.md has no row for package %q", importer)
			continue
		}
		for _, imported := range fields[1:] {
			if !isOurs(imported) {
				continue
			}
			if relative(imported) == "cmd/snowman" {
				t.Errorf("%q imports the program", importer)
			}
			if !slices.Contains(allowed, everything) && !slices.Contains(allowed, relative(imported)) {
				t.Errorf("%q imports %q, which docs/architecture.md does not let it", importer, relative(imported))
			}
		}
	}
	for name := range mayImport {
		if !seen[name] {
			t.Errorf("docs/architecture.md has a row for package %q, which does not exist", name)
		}
	}
}

// everything stands in the table for all packages but the program.
const everything = "everything"

// readArchitecture returns which packages of ours each package may import. The root is "".
func readArchitecture(t *testing.T) map[string][]string {
	t.Helper()
	page, err := os.ReadFile("docs/architecture.md")
	if err != nil {
		t.Fatal(err)
	}
	code := regexp.MustCompile("`([^`]+)`")
	mayImport := make(map[string][]string)
	for line := range strings.Lines(string(page)) {
		cells := strings.Split(strings.TrimSpace(line), " | ")
		if len(cells) != 3 || !strings.HasPrefix(cells[0], "| `") {
			continue
		}
		allowed := []string{}
		for _, name := range code.FindAllStringSubmatch(cells[2], -1) {
			allowed = append(allowed, strings.TrimPrefix(name[1], "snowman"))
		}
		if strings.HasPrefix(cells[2], everything) {
			allowed = []string{everything}
		}
		for _, name := range code.FindAllStringSubmatch(cells[0], -1) {
			mayImport[strings.TrimPrefix(name[1], "snowman")] = allowed
		}
	}
	if len(mayImport) == 0 {
		t.Fatal("docs/architecture.md has no table of packages")
	}
	return mayImport
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
