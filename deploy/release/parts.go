package main

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"runtime/debug"
	"strings"
	"time"
)

// A partsList is what a program is made of, in CycloneDX 1.6 (https://cyclonedx.org, ECMA-424), as
// far as the program itself says it. It has no serial number, which would be another each time.
type partsList struct {
	Format       string       `json:"bomFormat"`
	SpecVersion  string       `json:"specVersion"`
	Version      int          `json:"version"`
	Metadata     metadata     `json:"metadata"`
	Components   []component  `json:"components"`
	Dependencies []dependency `json:"dependencies"`
}

type metadata struct {
	Timestamp string    `json:"timestamp"`
	Component component `json:"component"`
}

type component struct {
	Type     string    `json:"type"`
	Ref      string    `json:"bom-ref"`
	Name     string    `json:"name"`
	Version  string    `json:"version"`
	URL      string    `json:"purl"` // https://github.com/package-url/purl-spec
	Hashes   []hash    `json:"hashes,omitempty"`
	Licences []licence `json:"licenses,omitempty"`
}

type hash struct {
	Algorithm string `json:"alg"`
	Content   string `json:"content"`
}

type licence struct {
	Licence struct {
		ID string `json:"id"`
	} `json:"license"`
}

type dependency struct {
	Ref       string   `json:"ref"`
	DependsOn []string `json:"dependsOn"`
}

// partsOf returns the parts list of a program with this build information and SHA-256.
func partsOf(info *debug.BuildInfo, goos, goarch string, sum [sha256.Size]byte, committed time.Time) ([]byte, error) {
	program := library(info.Main.Path, info.Main.Version)
	program.Type = "application"
	program.URL += "?goarch=" + goarch + "&goos=" + goos + "#cmd/snowman"
	program.Ref = program.URL
	program.Hashes = []hash{{Algorithm: "SHA-256", Content: hex.EncodeToString(sum[:])}}
	program.Licences = make([]licence, 1)
	program.Licences[0].Licence.ID = "Apache-2.0"

	components := []component{library("std", strings.TrimPrefix(info.GoVersion, "go"))}
	for _, module := range info.Deps {
		components = append(components, library(module.Path, module.Version))
	}
	dependsOn := dependency{Ref: program.Ref}
	for _, c := range components {
		dependsOn.DependsOn = append(dependsOn.DependsOn, c.Ref)
	}
	var out bytes.Buffer
	encoder := json.NewEncoder(&out)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	err := encoder.Encode(partsList{
		Format: "CycloneDX", SpecVersion: "1.6", Version: 1,
		Metadata:     metadata{Timestamp: committed.Format(time.RFC3339), Component: program},
		Components:   components,
		Dependencies: []dependency{dependsOn},
	})
	return out.Bytes(), err
}

// library returns a Go module, or Go's own library, which scanners know by the name std.
func library(path, version string) component {
	url := "pkg:golang/" + path + "@" + strings.ReplaceAll(version, "+", "%2B")
	return component{Type: "library", Ref: url, Name: path, Version: version, URL: url}
}
