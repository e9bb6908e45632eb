// Command columns fails if a comment line of a Go file is longer than 100 columns, where a tab
// takes 4. Generated files, and lines that are a URL alone, may be longer.
//
//	go run ./.ci/columns
package main

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"log"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"unicode/utf8"
)

const (
	longest  = 100
	tabWidth = 4
)

// foreign are the folders of code that is not ours, or not in the repository.
var foreign = []string{".git", "build", "dist", "node_modules"}

func main() {
	log.SetFlags(0)
	failed := false
	err := filepath.WalkDir(".", func(path string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case entry.IsDir() && slices.Contains(foreign, entry.Name()):
			return fs.SkipDir
		case entry.IsDir() || filepath.Ext(path) != ".go":
			return nil
		}
		source, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		long, err := longComments(path, source)
		for _, line := range long {
			failed = true
			fmt.Println(line)
		}
		return err
	})
	if err != nil {
		log.Fatal(err)
	}
	if failed {
		log.Fatalf("comment lines above %d columns", longest)
	}
}

// longComments lists the lines of a Go file that hold nothing but a comment, and are too long.
func longComments(path string, source []byte) (long []string, err error) {
	files := token.NewFileSet()
	file, err := parser.ParseFile(files, path, source, parser.ParseComments|parser.SkipObjectResolution)
	if err != nil || ast.IsGenerated(file) {
		return nil, err
	}
	lines := strings.Split(string(source), "\n")
	for _, group := range file.Comments {
		first, last := files.Position(group.Pos()).Line, files.Position(group.End()).Line
		for number := first; number <= last; number++ {
			text := strings.TrimLeft(lines[number-1], "\t")
			if number == first && !strings.HasPrefix(text, "/") {
				continue // behind code
			}
			columns := tabWidth*(len(lines[number-1])-len(text)) + utf8.RuneCountInString(text)
			words := strings.Fields(text)
			isURL := len(words) == 2 && strings.Contains(words[1], "://")
			if columns > longest && !isURL && !strings.HasPrefix(text, "//go:") {
				long = append(long, fmt.Sprintf("%s:%d: %d columns", path, number, columns))
			}
		}
	}
	return long, nil
}
