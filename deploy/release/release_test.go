package main

import (
	"archive/tar"
	"archive/zip"
	"compress/gzip"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime/debug"
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

func TestUnknownSystemsAreRefused(t *testing.T) {
	err := release(t.Context(), []string{"plan9/amd64"})
	if err == nil || !strings.Contains(err.Error(), `no system "plan9/amd64"`) {
		t.Errorf("%v", err)
	}
}
