package deploy_test

import (
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// TestRetrainingIsAskedByFlagsThatExist holds the timer's and the CronJob's commands to the
// program.
func TestRetrainingIsAskedByFlagsThatExist(t *testing.T) {
	program := filepath.Join(t.TempDir(), "snowman")
	run(t, true, "go", "build", "-o", program, "../cmd/snowman")
	flagsOf := func(verb string) string {
		help, err := exec.Command(program, verb, "-h").CombinedOutput()
		if err != nil {
			t.Fatalf("snowman %s -h: %v\n%s", verb, err, help)
		}
		return string(help)
	}
	flag := regexp.MustCompile(`[\s\[](-[a-z]+(?:-[a-z]+)*)`)
	for _, test := range []struct {
		file, verb, line string
		want             int // flags at least
	}{
		{"retrain/snowman-retrain.service", "retrain", "ExecStart=", 4},
		{"retrain/retrain.env", "retrain", "RETRAIN=", 1},
		{"kubernetes/retrain/cronjob.yaml", "retrain", "[retrain,", 4},
		{"kubernetes/retrain/deployment.yaml", "serve", "args: [serve,", 3},
	} {
		help, found := flagsOf(test.verb), 0
		for line := range strings.Lines(read(t, test.file)) {
			if !strings.Contains(line, test.line) {
				continue
			}
			line = strings.ReplaceAll(line, `"`, " ")
			for _, name := range flag.FindAllStringSubmatch(line, -1) {
				found++
				if !strings.Contains(help, "\n  "+name[1]+" ") && !strings.Contains(help, "\n  "+name[1]+"\n") {
					t.Errorf("%s: snowman %s has no flag %s", test.file, test.verb, name[1])
				}
			}
		}
		if found < test.want {
			t.Errorf("%s: %d flags are found, want at least %d", test.file, found, test.want)
		}
	}
}
