package main

import (
	"archive/tar"
	"archive/zip"
	"compress/gzip"
	"crypto/sha256"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime/debug"
	"slices"
	"strings"
	"testing"
	"time"
)

var (
	committed = time.Date(2026, 11, 22, 12, 34, 56, 0, time.UTC)
	packed    = []file{{"snowman", 0o755, []byte("program")}, {"LICENSE", 0o644, []byte("licence")}}
)

const unpacked = "v/snowman -rwxr-xr-x 2026-11-22T12:34:56Z program\nv/LICENSE -rw-r--r-- 2026-11-22T12:34:56Z licence\n"

func TestTar(t *testing.T) {
	path := filepath.Join(t.TempDir(), "archive")
	if err := writeTar(path, "v", packed, committed); err != nil {
		t.Fatal(err)
	}
	in, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer in.Close()
	uncompressed, err := gzip.NewReader(in)
	if err != nil {
		t.Fatal(err)
	}
	var got strings.Builder
	for archive := tar.NewReader(uncompressed); ; {
		header, err := archive.Next()
		if err == io.EOF {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		content, err := io.ReadAll(archive)
		if err != nil {
			t.Fatal(err)
		}
		if header.Uid != 0 || header.Gid != 0 || header.Uname != "" || header.Gname != "" {
			t.Errorf("%s is somebody's: %+v", header.Name, header)
		}
		fmt.Fprintln(&got, header.Name, header.FileInfo().Mode(), header.ModTime.UTC().Format(time.RFC3339), string(content))
	}
	if got.String() != unpacked {
		t.Errorf("the archive holds\n%swant\n%s", got.String(), unpacked)
	}
}

func TestZip(t *testing.T) {
	path := filepath.Join(t.TempDir(), "archive")
	if err := writeZip(path, "v", packed, committed); err != nil {
		t.Fatal(err)
	}
	archive, err := zip.OpenReader(path)
	if err != nil {
		t.Fatal(err)
	}
	defer archive.Close()
	var got strings.Builder
	for _, f := range archive.File {
		r, err := f.Open()
		if err != nil {
			t.Fatal(err)
		}
		content, err := io.ReadAll(r)
		r.Close()
		if err != nil {
			t.Fatal(err)
		}
		fmt.Fprintln(&got, f.Name, f.Mode(), f.Modified.UTC().Format(time.RFC3339), string(content))
	}
	if got.String() != unpacked {
		t.Errorf("the archive holds\n%swant\n%s", got.String(), unpacked)
	}
}

func TestPartsNameEveryModule(t *testing.T) {
	info := &debug.BuildInfo{
		GoVersion: "go1.26.8",
		Main:      debug.Module{Path: "example.com/program", Version: "v1.2.3+incompatible"},
		Deps:      []*debug.Module{{Path: "example.com/library", Version: "v0.1.0"}},
	}
	parts, err := partsOf(info, "linux", "arm64", [32]byte{0xab}, committed)
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		`"purl": "pkg:golang/example.com/program@v1.2.3%2Bincompatible?goarch=arm64&goos=linux#cmd/snowman"`,
		`"content": "ab00000000000000000000000000000000000000000000000000000000000000"`,
		`"timestamp": "2026-11-22T12:34:56Z"`,
		`"purl": "pkg:golang/std@1.26.8"`,
		`"dependsOn": [
        "pkg:golang/std@1.26.8",
        "pkg:golang/example.com/library@v0.1.0"
      ]`,
	} {
		if !strings.Contains(string(parts), want) {
			t.Errorf("there is no %s in\n%s", want, parts)
		}
	}
}

// program is a checkout of a program without dependencies.
var program = map[string]string{
	"go.mod":              "module example.com/program\n\ngo 1.26\n",
	"cmd/snowman/main.go": "package main\n\nfunc main() {}\n",
	"LICENSE":             "licence",
	"README.md":           "readme",
	".gitignore":          "/dist/\n",

	"python/pyproject.toml":          pyproject,
	"python/README.md":               "How to use it.\n",
	"python/src/snowman/__init__.py": "score = None\n",
	"python/src/snowman/py.typed":    "",
}

// checkOut makes a folder with files the current one. With a tag it is a commit.
func checkOut(t *testing.T, files map[string]string, tag string) {
	t.Helper()
	t.Chdir(t.TempDir())
	for name, content := range files {
		if err := os.MkdirAll(filepath.Dir(name), 0o777); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, []byte(content), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	if tag == "" {
		return
	}
	t.Setenv("GIT_COMMITTER_DATE", committed.Format(time.RFC3339))
	for _, args := range [][]string{
		{"init", "-q"}, {"add", "."},
		{"-c", "user.name=a", "-c", "user.email=a@example.com", "commit", "-q", "-m", "a"}, {"tag", tag},
	} {
		if _, err := output(t.Context(), "git", args...); err != nil {
			t.Fatal(err)
		}
	}
}

// isolate keeps a test from the network, and restores afterwards what release sets.
func isolate(t *testing.T) {
	t.Helper()
	for _, variable := range []string{"CGO_ENABLED", "GOFLAGS", "GOAMD64", "GOARM64", "GOFIPS140", "GOWORK"} {
		t.Setenv(variable, os.Getenv(variable))
	}
	t.Setenv("GOPROXY", "off")
	t.Setenv("GIT_CEILING_DIRECTORIES", os.TempDir())
}

func TestReleaseRefuses(t *testing.T) {
	for _, test := range []struct {
		name        string
		system      string
		files       map[string]string
		tag         string
		experiment  string
		untracked   bool
		wantInError string
	}{
		{name: "an unknown system", system: "plan9/amd64", wantInError: `no system "plan9/amd64"; there are ["darwin/amd64"`},
		{name: "an experiment of Go", system: "linux/amd64", experiment: "jsonv2", wantInError: `GOEXPERIMENT is "jsonv2", want none`},
		{name: "a folder without a commit", system: "linux/amd64", files: program, wantInError: "git status --porcelain"},
		{name: "a tree with changes", system: "linux/amd64", files: program, tag: "v1.2.3", untracked: true, wantInError: "commit or remove these first:\n?? new"},
		{name: "a commit without the program", system: "linux/amd64", files: map[string]string{"LICENSE": "licence"}, tag: "v1.2.3", wantInError: "for linux/amd64: building: "},
	} {
		t.Run(test.name, func(t *testing.T) {
			isolate(t)
			t.Setenv("GOEXPERIMENT", test.experiment)
			checkOut(t, test.files, test.tag)
			if test.untracked {
				if err := os.WriteFile("new", nil, 0o666); err != nil {
					t.Fatal(err)
				}
			}
			if err := release(t.Context(), []string{test.system}); err == nil || !strings.Contains(err.Error(), test.wantInError) {
				t.Errorf("the error is %v, want %q in it", err, test.wantInError)
			}
		})
	}
}

func TestAReleaseHasEveryFileAndItsSum(t *testing.T) {
	if testing.Short() {
		t.Skip("builds Go's runtime for two systems")
	}
	isolate(t)
	checkOut(t, program, "v1.2.3")
	var before string
	for range 2 {
		if err := release(t.Context(), []string{"linux/amd64", "windows/amd64"}); err != nil {
			t.Fatal(err)
		}
		sums, err := os.ReadFile("dist/SHA256SUMS")
		if err != nil {
			t.Fatal(err)
		}
		if before != "" && string(sums) != before {
			t.Errorf("released again, the sums are\n%swant\n%s", sums, before)
		}
		before = string(sums)
	}
	var names []string
	for line := range strings.Lines(before) {
		sum, name, _ := strings.Cut(strings.TrimSpace(line), "  ")
		content, err := os.ReadFile(filepath.Join("dist", name))
		if err != nil {
			t.Fatal(err)
		}
		if want := fmt.Sprintf("%x", sha256.Sum256(content)); sum != want {
			t.Errorf("the sum of %s is %s, want %s", name, sum, want)
		}
		names = append(names, name)
	}
	want := []string{
		"snowman_v1.2.3_linux_amd64.cdx.json", "snowman_v1.2.3_linux_amd64.tar.gz",
		"snowman_v1.2.3_windows_amd64.cdx.json", "snowman_v1.2.3_windows_amd64.zip",
		"snowman_ml-1.2.3-py3-none-manylinux_2_17_x86_64.manylinux2014_x86_64.musllinux_1_1_x86_64.whl",
		"snowman_ml-1.2.3-py3-none-win_amd64.whl",
	}
	slices.Sort(want)
	if !slices.Equal(names, want) {
		t.Errorf("the release has %q, want %q", names, want)
	}
	archive, err := zip.OpenReader("dist/snowman_v1.2.3_windows_amd64.zip")
	if err != nil {
		t.Fatal(err)
	}
	defer archive.Close()
	var inside []string
	for _, f := range archive.File {
		inside = append(inside, filepath.Base(f.Name))
	}
	if want := []string{"snowman.exe", "LICENSE", "README.md", "THIRD_PARTY_LICENSES"}; !slices.Equal(inside, want) {
		t.Errorf("the archive has %q, want %q", inside, want)
	}
}
