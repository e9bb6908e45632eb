package main

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"strings"
	"time"
)

// A system is an operating system and a processor of a release, as Go calls them.
type system struct{ goos, goarch string }

// platformTags say on which systems pip installs a wheel with a program of ours
// (https://packaging.python.org/en/latest/specifications/platform-compatibility-tags/). A static
// program runs with any C library; the tags say what the oldest pip that reads them takes. Go 1.26
// needs macOS 12.
var platformTags = map[system][]string{
	{"darwin", "amd64"}:  {"macosx_12_0_x86_64"},
	{"darwin", "arm64"}:  {"macosx_12_0_arm64"},
	{"linux", "amd64"}:   {"manylinux_2_17_x86_64", "manylinux2014_x86_64", "musllinux_1_1_x86_64"},
	{"linux", "arm64"}:   {"manylinux_2_17_aarch64", "manylinux2014_aarch64", "musllinux_1_1_aarch64"},
	{"windows", "amd64"}: {"win_amd64"},
	{"windows", "arm64"}: {"win_arm64"},
}

const (
	pythonFolder = "python"
	moduleFolder = pythonFolder + "/src/snowman"
)

// A built is a program, and what a release says of it.
type built struct {
	program  string // its path
	system   system
	version  string // Go's
	licences []byte // of its parts
	parts    []byte // in CycloneDX
}

// writeWheel writes a wheel with the Python package and the program, which pip puts beside Python,
// and returns its path. What a wheel is:
// https://packaging.python.org/en/latest/specifications/binary-distribution-format/
func writeWheel(folder string, b built, when time.Time) (string, error) {
	tags, known := platformTags[b.system]
	if !known {
		return "", fmt.Errorf("no wheel is for %s/%s", b.system.goos, b.system.goarch)
	}
	version, err := pythonVersion(b.version)
	if err != nil {
		return "", err
	}
	project, err := readProject(filepath.Join(pythonFolder, "pyproject.toml"))
	if err != nil {
		return "", err
	}
	metadata, err := project.metadata(version)
	if err != nil {
		return "", err
	}
	stem := strings.ReplaceAll(project.text("name"), "-", "_") + "-" + version
	files, err := moduleFiles()
	if err != nil {
		return "", err
	}
	licence, err := os.ReadFile("LICENSE")
	if err != nil {
		return "", err
	}
	program, err := os.ReadFile(b.program)
	if err != nil {
		return "", err
	}
	var wheel bytes.Buffer
	wheel.WriteString("Wheel-Version: 1.0\nGenerator: snowman\nRoot-Is-Purelib: false\n")
	for _, tag := range tags {
		fmt.Fprintf(&wheel, "Tag: py3-none-%s\n", tag)
	}
	info := stem + ".dist-info/"
	files = append(files,
		file{stem + ".data/scripts/" + filepath.Base(b.program), 0o755, program},
		file{info + "licenses/LICENSE", 0o644, licence},
		file{info + "licenses/THIRD_PARTY_LICENSES", 0o644, b.licences},
		file{info + "sboms/snowman.cdx.json", 0o644, b.parts},
		file{info + "METADATA", 0o644, metadata},
		file{info + "WHEEL", 0o644, wheel.Bytes()},
	)
	files = append(files, file{info + "RECORD", 0o644, record(files, info+"RECORD")})
	to := filepath.Join(folder, stem+"-py3-none-"+strings.Join(tags, ".")+".whl")
	return to, writeZip(to, "", files, when)
}

// moduleFiles returns the files of the Python package.
func moduleFiles() ([]file, error) {
	paths, err := filepath.Glob(moduleFolder + "/*.py") // sorted
	if err != nil {
		return nil, err
	}
	if len(paths) == 0 {
		return nil, fmt.Errorf("no Python in %s", moduleFolder)
	}
	var files []file
	for _, from := range append(paths, moduleFolder+"/py.typed") {
		content, err := os.ReadFile(from)
		if err != nil {
			return nil, err
		}
		files = append(files, file{path.Join("snowman", filepath.Base(from)), 0o644, content})
	}
	return files, nil
}

// record returns RECORD: each file with its hash and length, and itself without.
func record(files []file, self string) []byte {
	var out []byte
	for _, f := range files {
		sum := sha256.Sum256(f.content)
		out = fmt.Appendf(out, "%s,sha256=%s,%d\n", f.name, base64.RawURLEncoding.EncodeToString(sum[:]), len(f.content))
	}
	return fmt.Appendf(out, "%s,,\n", self)
}

// The versions that Go gives a program (https://go.dev/ref/mod#versions).
var (
	pseudoVersion = regexp.MustCompile(`^v(\d+\.\d+\.\d+)-(?:0\.|(?:\w+\.)+0\.)?(\d{14})-([0-9a-f]{12})(\+dirty)?$`)
	tagVersion    = regexp.MustCompile(`^v(\d+\.\d+\.\d+)(?:-(alpha|beta|rc)\.?(\d+))?(\+dirty)?$`)
)

// pythonVersion returns Go's version as Python writes versions
// (https://packaging.python.org/en/latest/specifications/version-specifiers/). One of a commit
// without a tag is a development version.
func pythonVersion(version string) (string, error) {
	if version == "(devel)" || version == "" {
		return "0.0.0.dev0", nil
	}
	if m := pseudoVersion.FindStringSubmatch(version); m != nil {
		return m[1] + ".dev" + m[2] + "+g" + m[3] + strings.ReplaceAll(m[4], "+", "."), nil
	}
	if m := tagVersion.FindStringSubmatch(version); m != nil {
		short := map[string]string{"alpha": "a", "beta": "b", "rc": "rc"}
		return m[1] + short[m[2]] + m[3] + m[4], nil
	}
	return "", fmt.Errorf("version %q is none that Python could have; want v1.2.3 or v1.2.3-rc.1", version)
}

// A project is the table project of a pyproject.toml, and project.urls.
type project struct {
	folder string
	values map[string]any // a string or a list of strings, by table.key
	urls   []string       // keys of project.urls, in their order
}

// readProject reads a pyproject.toml. Of TOML it knows what ours has: tables, and keys whose value
// is a string or an array of strings, where an array of several lines ends in a line "]".
func readProject(name string) (project, error) {
	content, err := os.ReadFile(name)
	if err != nil {
		return project{}, err
	}
	p := project{filepath.Dir(name), make(map[string]any), nil}
	table, key, value := "", "", ""
	for line := range strings.Lines(string(content)) {
		line = strings.TrimSpace(line)
		switch {
		case value != "":
			value += line
		case line == "" || line[0] == '#':
			continue
		case line[0] == '[':
			table = strings.Trim(line, "[]")
			continue
		default:
			before, after, _ := strings.Cut(line, "=")
			key, value = strings.TrimSpace(before), strings.TrimSpace(after)
		}
		if value[0] == '[' && !strings.HasSuffix(value, "]") {
			continue
		}
		if table == "project" || table == "project.urls" {
			var decoded any
			if err := json.Unmarshal([]byte(strings.Replace(value, ",]", "]", 1)), &decoded); err != nil {
				return p, fmt.Errorf("%s: %s.%s is %s, which is not understood: %w", name, table, key, value, err)
			}
			p.values[table+"."+key] = decoded
			if table == "project.urls" {
				p.urls = append(p.urls, key)
			}
		}
		value = ""
	}
	if p.text("name") == "" {
		return p, fmt.Errorf("%s has no name of a project", name)
	}
	return p, nil
}

// text returns a value of the table project that is a string, else an empty one.
func (p project) text(key string) string {
	text, _ := p.values["project."+key].(string)
	return text
}

// metadata returns METADATA (https://packaging.python.org/en/latest/specifications/core-metadata/).
func (p project) metadata(version string) ([]byte, error) {
	readme, err := os.ReadFile(filepath.Join(p.folder, p.text("readme")))
	if err != nil {
		return nil, err
	}
	var out bytes.Buffer
	line := func(name string, value any) { fmt.Fprintf(&out, "%s: %v\n", name, value) }
	line("Metadata-Version", "2.4")
	line("Name", p.text("name"))
	line("Version", version)
	for _, m := range []struct{ name, key string }{
		{"Summary", "description"}, {"License-Expression", "license"}, {"License-File", "license-files"},
		{"Requires-Python", "requires-python"}, {"Classifier", "classifiers"},
	} {
		switch value := p.values["project."+m.key].(type) {
		case string:
			line(m.name, value)
		case []any:
			for _, v := range value {
				line(m.name, v)
			}
		default:
			return nil, errors.New("pyproject.toml: project." + m.key + " is missing")
		}
	}
	for _, key := range p.urls {
		line("Project-URL", fmt.Sprintf("%s, %v", key, p.values["project.urls."+key]))
	}
	line("Description-Content-Type", "text/markdown")
	fmt.Fprintf(&out, "\n%s", readme)
	return out.Bytes(), nil
}
