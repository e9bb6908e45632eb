package main

import (
	"archive/zip"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

const pyproject = `
[project]
name = "snowman-ml"
description = "Scores names."
readme = "README.md"
requires-python = ">=3.9"
license = "Apache-2.0"
license-files = ["LICENSE", "THIRD_PARTY_LICENSES"]
classifiers = [
    "Typing :: Typed",
]

[project.urls]
Source = "https://example.com"

[tool.mypy]
strict = true
`

// TestWheels holds a wheel of each system of a release to its name, its tags and its RECORD. The
// Python in it is ours.
func TestWheels(t *testing.T) {
	folder := t.TempDir()
	program := filepath.Join(folder, "snowman")
	if err := os.WriteFile(program, []byte("program"), 0o666); err != nil {
		t.Fatal(err)
	}
	t.Chdir("../..")
	names := map[string]string{
		"darwin/amd64":  "snowman_ml-1.2.3-py3-none-macosx_12_0_x86_64.whl",
		"darwin/arm64":  "snowman_ml-1.2.3-py3-none-macosx_12_0_arm64.whl",
		"linux/amd64":   "snowman_ml-1.2.3-py3-none-manylinux_2_17_x86_64.manylinux2014_x86_64.musllinux_1_1_x86_64.whl",
		"linux/arm64":   "snowman_ml-1.2.3-py3-none-manylinux_2_17_aarch64.manylinux2014_aarch64.musllinux_1_1_aarch64.whl",
		"windows/amd64": "snowman_ml-1.2.3-py3-none-win_amd64.whl",
		"windows/arm64": "snowman_ml-1.2.3-py3-none-win_arm64.whl",
	}
	for _, s := range systems {
		t.Run(s, func(t *testing.T) {
			goos, goarch, _ := strings.Cut(s, "/")
			path, err := writeWheel(folder, built{program, system{goos, goarch}, "v1.2.3", []byte("licences"), []byte("{}")}, committed)
			if err != nil {
				t.Fatal(err)
			}
			if filepath.Base(path) != names[s] {
				t.Errorf("its name is %s, want %s", filepath.Base(path), names[s])
			}
			content, modes := unzip(t, path)
			const info = "snowman_ml-1.2.3.dist-info/"
			var want strings.Builder
			for _, name := range modes.names {
				if name == info+"RECORD" {
					continue
				}
				sum := sha256.Sum256([]byte(content[name]))
				fmt.Fprintf(&want, "%s,sha256=%s,%d\n", name, base64.RawURLEncoding.EncodeToString(sum[:]), len(content[name]))
			}
			want.WriteString(info + "RECORD,,\n")
			if content[info+"RECORD"] != want.String() {
				t.Errorf("RECORD is\n%swant\n%s", content[info+"RECORD"], &want)
			}
			if last := modes.names[len(modes.names)-1]; last != info+"RECORD" {
				t.Errorf("the last file is %s, want RECORD", last)
			}
			if mode := modes.of["snowman_ml-1.2.3.data/scripts/snowman"]; mode != 0o755 {
				t.Errorf("the program has the mode %v, want 0755", mode)
			}
			tags := ""
			for _, tag := range strings.Split(strings.TrimSuffix(strings.TrimPrefix(names[s], "snowman_ml-1.2.3-py3-none-"), ".whl"), ".") {
				tags += "Tag: py3-none-" + tag + "\n"
			}
			if want := "Wheel-Version: 1.0\nGenerator: snowman\nRoot-Is-Purelib: false\n" + tags; content[info+"WHEEL"] != want {
				t.Errorf("WHEEL is\n%swant\n%s", content[info+"WHEEL"], want)
			}
			for _, name := range []string{"snowman/__init__.py", "snowman/__main__.py", "snowman/py.typed", info + "licenses/LICENSE", info + "licenses/THIRD_PARTY_LICENSES", info + "sboms/snowman.cdx.json"} {
				if !slices.Contains(modes.names, name) {
					t.Errorf("there is no %s", name)
				}
			}
			for _, line := range []string{"Name: snowman-ml\nVersion: 1.2.3\n", "\nLicense-Expression: Apache-2.0\n", "\nRequires-Python: >=3.9\n", "\nProject-URL: Source, https://github.com/snowman-ml/snowman\n", "\n\n# Snowman for Python\n"} {
				if !strings.Contains(content[info+"METADATA"], line) {
					t.Errorf("METADATA has no %q:\n%s", line, content[info+"METADATA"])
				}
			}
		})
	}
}

// zipped are the files of a zip in their order, and their modes.
type zipped struct {
	names []string
	of    map[string]fs.FileMode
}

func unzip(t *testing.T, path string) (map[string]string, zipped) {
	t.Helper()
	archive, err := zip.OpenReader(path)
	if err != nil {
		t.Fatal(err)
	}
	defer archive.Close()
	content, files := make(map[string]string), zipped{of: make(map[string]fs.FileMode)}
	for _, f := range archive.File {
		in, err := f.Open()
		if err != nil {
			t.Fatal(err)
		}
		read, err := io.ReadAll(in)
		if err != nil {
			t.Fatal(err)
		}
		content[f.Name], files.of[f.Name] = string(read), f.Mode()
		files.names = append(files.names, f.Name)
	}
	return content, files
}

func TestPythonVersion(t *testing.T) {
	for _, test := range []struct{ version, want string }{
		{"v1.2.3", "1.2.3"},
		{"v1.2.3-rc.1", "1.2.3rc1"},
		{"v1.2.3-beta2", "1.2.3b2"},
		{"v1.2.3+dirty", "1.2.3+dirty"},
		{"v0.0.0-20261128175656-91e14341c0a6", "0.0.0.dev20261128175656+g91e14341c0a6"},
		{"v1.2.4-0.20261128175656-91e14341c0a6+dirty", "1.2.4.dev20261128175656+g91e14341c0a6.dirty"},
		{"v1.2.3-rc.1.0.20261128175656-91e14341c0a6", "1.2.3.dev20261128175656+g91e14341c0a6"},
		{"(devel)", "0.0.0.dev0"},
		{"v1.2.3-later", ""},
		{"1.2", ""},
	} {
		got, err := pythonVersion(test.version)
		if got != test.want || (err != nil) != (test.want == "") {
			t.Errorf("%s: %q, %v, want %q", test.version, got, err, test.want)
		}
	}
}

func TestProjectsThatAreNotUnderstood(t *testing.T) {
	for _, test := range []struct{ name, old, new, want string }{
		{"a number", `description = "Scores names."`, "description = 0x10", "project.description is 0x10"},
		{"no name", "name = ", "title = ", "no name of a project"},
		{"no licence", "license = ", "licence = ", "project.license is missing"},
		{"an array that does not end", "    \"Typing :: Typed\",\n]", "    \"Typing :: Typed\",", `project.classifiers is ["Typing :: Typed",[`},
	} {
		t.Run(test.name, func(t *testing.T) {
			folder := t.TempDir()
			for name, content := range map[string]string{"pyproject.toml": strings.Replace(pyproject, test.old, test.new, 1), "README.md": ""} {
				if err := os.WriteFile(filepath.Join(folder, name), []byte(content), 0o666); err != nil {
					t.Fatal(err)
				}
			}
			p, err := readProject(filepath.Join(folder, "pyproject.toml"))
			if err == nil {
				_, err = p.metadata("1")
			}
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("the error is %v, want %q in it", err, test.want)
			}
		})
	}
}
