package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"time"

	"github.com/snowman-ml/snowman/bench/internal/markdown"
)

// A program is what somebody would run on a file of texts. Several processes share the file.
type program struct {
	title    string
	name     string // in the folder
	commands func(folder, file string) [][]string
}

// programs are the rows of the table of whole programs. Each reads the whole file from standard
// input, but fastText, which uses one core, reads its part by name.
var programs = []program{
	{"snowman score", "snowman", func(folder, file string) [][]string {
		return [][]string{{"score"}}
	}},
	{"snowman score -exact", "snowman", func(folder, file string) [][]string {
		return [][]string{{"score", "-exact"}}
	}},
	{"fastText predict, a process a core", "fasttext", fastTextCommands("fasttext.bin")},
	{"fastText predict, quantised (.ftz), a process a core", "fasttext", fastTextCommands("fasttext.ftz")},
}

func fastTextCommands(model string) func(folder, file string) [][]string {
	return func(folder, file string) (commands [][]string) {
		for part := range runtime.NumCPU() {
			commands = append(commands, []string{"predict", filepath.Join(folder, model), partOf(file, part)})
		}
		return commands
	}
}

// A linesFile is a file of names in the folder, and its parts, one a core.
type linesFile struct {
	title    string
	name     string
	lines    int
	distinct bool
}

// lineFiles are what the programs read: files of 1,000 lines, of a hundred times as many, and so on
// to the most, and one of the most lines that are all distinct.
func lineFiles(most int) []linesFile {
	var files []linesFile
	for lines := min(1000, most); lines > 0; lines = next(lines, most) {
		files = append(files, linesFile{thousands(float64(lines)), fmt.Sprintf("lines%d", lines), lines, false})
	}
	if most > 0 {
		files = append(files, linesFile{thousands(float64(most)) + ", all distinct", "distinct", most, true})
	}
	return files
}

// next returns the number of lines after this one, or 0.
func next(lines, most int) int {
	if lines == most {
		return 0
	}
	return min(100*lines, most)
}

func partOf(file string, part int) string { return fmt.Sprintf("%s.%d.txt", file, part) }

// writePrograms writes the files.
func writePrograms(o options, allNames []string) error {
	for _, file := range lineFiles(o.lines) {
		progress("writing %s lines", file.title)
		path := filepath.Join(o.folder, file.name)
		if err := writeNames(path+".txt", allNames, 0, file.lines, file.distinct); err != nil {
			return err
		}
		cores := runtime.NumCPU()
		for part := range cores {
			err := writeNames(partOf(path, part), allNames, part*file.lines/cores, (part+1)*file.lines/cores, file.distinct)
			if err != nil {
				return err
			}
		}
	}
	return nil
}

// measurePrograms runs the programs on each file in turn, the short files more often.
func measurePrograms(ctx context.Context, stdout io.Writer, o options) error {
	table := markdown.NewTable(stdout, fmt.Sprintf("Whole programs, all %d cores", runtime.NumCPU()), "lines", "program", "seconds", "lines/s", "µs/line", "most memory, MB", "runs")
	for _, file := range lineFiles(o.lines) {
		progress("programs: %s lines", file.title)
		seconds, memory, failures := make([][]float64, len(programs)), make([]float64, len(programs)), make([]error, len(programs))
		begin := time.Now()
		for turn := range min(5, max(2, o.lines/file.lines)) {
			if outOfTime(begin, turn, o.fileTime) {
				break
			}
			for i, program := range programs {
				if failures[i] != nil {
					continue
				}
				second, megabytes, err := program.run(ctx, o.folder, filepath.Join(o.folder, file.name))
				if ctx.Err() != nil {
					return ctx.Err()
				}
				seconds[i], memory[i], failures[i] = append(seconds[i], second), max(memory[i], megabytes), err
			}
		}
		for i, program := range programs {
			if failures[i] != nil {
				table.Row(file.title, program.title, notMeasured(failures[i].Error()))
				continue
			}
			wall, lines := markdown.Median(seconds[i]), float64(file.lines)
			table.Row(file.title, program.title, fmt.Sprintf("%.3f", wall), thousands(lines/wall), fmt.Sprintf("%.2f", wall/lines*1e6),
				cmp.Or(thousands(memory[i]), "-"), fmt.Sprint(len(seconds[i])))
		}
	}
	fmt.Fprint(stdout, "\nNames as the sources have them, output thrown away; the start of the program and the reading of its model count. Medians of the runs; memory is that of all of a row's processes.\n\n")
	return nil
}

// run runs the program's processes at once. It returns their wall time in seconds and the sum of
// their peak resident memory in megabytes.
func (p program) run(ctx context.Context, folder, file string) (seconds, megabytes float64, err error) {
	var commands []*exec.Cmd
	for _, args := range p.commands(folder, file) {
		command := exec.CommandContext(ctx, filepath.Join(folder, p.name), args...)
		input, err := os.Open(file + ".txt")
		if err != nil {
			return 0, 0, err
		}
		defer input.Close()
		command.Stdin = input // without Stdout the output goes to the null device
		commands = append(commands, command)
	}
	begin := time.Now()
	for _, command := range commands {
		err = errors.Join(err, command.Start())
	}
	for _, command := range commands {
		if command.Process != nil {
			err = errors.Join(err, command.Wait())
		}
	}
	seconds = time.Since(begin).Seconds()
	for _, command := range commands {
		if command.ProcessState != nil {
			megabytes += residentMegabytes(command.ProcessState)
		}
	}
	return seconds, megabytes, err
}
