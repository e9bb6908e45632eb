package main

import (
	"context"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/txtar"

	"github.com/snowman-ml/snowman/dataset"
	"github.com/snowman-ml/snowman/internal/modelfile"
	"github.com/snowman-ml/snowman/internal/provenance"
	"github.com/snowman-ml/snowman/internal/train"
)

// inFolder makes the benchmarks and sources of testdata the current folder's.
func inFolder(t *testing.T) {
	t.Helper()
	archive, err := txtar.ParseFile(filepath.Join("testdata", "benchmarks.txtar"))
	if err != nil {
		t.Fatal(err)
	}
	folder := t.TempDir()
	if err := txtar.Write(archive, folder); err != nil {
		t.Fatal(err)
	}
	t.Chdir(folder)
}

// public runs the program on the benchmarks and wants it to succeed.
func public(t *testing.T, args ...string) (stdout, stderr string) {
	t.Helper()
	var out, log strings.Builder
	if err := run(t.Context(), append([]string{"-data", "bench", "-work", "work"}, args...), &out, &log); err != nil {
		t.Fatalf("%q: %v", args, err)
	}
	return out.String(), log.String()
}

func TestBenchmarksAreTrainedOnAndMeasured(t *testing.T) {
	if testing.Short() {
		t.Skip("trains six models")
	}
	inFolder(t)
	wants := func(output string, patterns ...string) {
		t.Helper()
		for _, pattern := range patterns {
			if !regexp.MustCompile("(?m)" + pattern).MatchString(output) {
				t.Errorf("%s has no match for %q", output, pattern)
			}
		}
	}
	const counts = ` \| [01]\.\d{4} \| \d of 8 \| \d of 8 \|$`

	// Where there are no sources, there is no base model to fine-tune from, and nothing to train on
	// for a benchmark that has test rows alone.
	first, _ := public(t, "-only", "threatfox_domains")
	wants(first, `^### threatfox_domains$`, `^\| DomURLs_BERT, 110 M \| \.8856 \| \.8816 \| - `, `^\| train split \| (1\.0000|\.\d{4}) \(`,
		`^\| train split`+counts, `^not fine-tuned: `)
	skipped, _ := public(t, "-only", "phishstorm_urls")
	wants(skipped, `^skipped: it trains on url_phishstorm, in the folder of -sources$`)

	again, log := public(t, "-only", "threatfox_domains")
	if again != first || log != "" {
		t.Errorf("with models that are there it prints %s and %s, want %s", again, log, first)
	}

	// With sources, a base model is trained without the registered domains of the test rows.
	asJSON, log := public(t, "-sources", "sources", "-only", "phishstorm_urls", "-json")
	wants(log, `^reading the sources$`)
	wants(asJSON, `"low": `)
	if models, hosts := strings.Count(asJSON, `"model": `), strings.Count(asJSON, `"new_hosts": true`); models != 4 || hosts != 2 {
		t.Errorf("%d models, %d of them on new hosts, want 4 and 2:\n%s", models, hosts, asJSON)
	}
	tuned, log := public(t, "-sources", "sources", "-only", "phishstorm_urls")
	if strings.Count(tuned, "\n| on new hosts |") != 4 || strings.Contains(log, "training") {
		t.Errorf("with models that are there it prints %s and %s", tuned, log)
	}

	// A recipe says which sources, and may leave out more. Its base can be named.
	tuned, _ = public(t, "-sources", "sources", "-recipe", "excluding.json", "-only", "threatfox_domains")
	wants(tuned, `^\| fine-tuned`+counts)
	bases, err := filepath.Glob("work/base-*.safetensors")
	if err != nil || len(bases) != 2 {
		t.Fatalf("the bases are %q with error %v, want two", bases, err)
	}
	tuned, _ = public(t, "-from", bases[0], "-only", "threatfox_domains")
	wants(tuned, `^\| fine-tuned`+counts)
}

func TestWhatIsWrongIsSaid(t *testing.T) {
	inFolder(t)
	knowing := "knowing.safetensors"
	set, err := dataset.Recipe{Sources: []dataset.Source{{File: "names"}}}.Build(t.Context(), "sources")
	if err != nil {
		t.Fatal(err)
	}
	model, err := train.Run(t.Context(), set, tiny)
	if err != nil {
		t.Fatal(err)
	}
	var file strings.Builder
	if err := model.Write(&file); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(knowing, []byte(file.String()), 0o644); err != nil {
		t.Fatal(err)
	}
	emptied := "bench/phishcrawl_urls_test.tsv"
	for _, split := range []string{"train", "dev"} {
		if err := os.WriteFile("bench/phishcrawl_urls_"+split+".tsv", []byte("text\tlabel\na.com\t0\nb.com\t1\n"), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.WriteFile(emptied, []byte("text\tlabel\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct{ args, want string }{
		{"", "want -data, the folder of the benchmarks, and -work"},
		{"-data bench", "want -data, the folder of the benchmarks, and -work"},
		{"-data bench -work work more", `unexpected argument "more"`},
		{"-data bench -work work -recipe excluding.json", "-recipe says how to read the folder of -sources, which is missing"},
		{"-data bench -work work -only imagenet", `-only "imagenet": want threatfox_domains, phishcrawl_urls, phishstorm_urls`},
		{"-data sources -work work -only phishcrawl_urls", `phishcrawl_urls_train": no such file`},
		{"-data bench -work work -only phishcrawl_urls", "benchmark phishcrawl_urls: the development and the test split need both benign and malicious rows"},
		{"-data bench -work work -only threatfox_domains -from " + knowing,
			`the base model may know the test rows: its recipe does not exclude "threatfox_domains_test"`},
	} {
		var stdout, stderr strings.Builder
		err := run(t.Context(), strings.Fields(test.args), &stdout, &stderr)
		if err == nil || !strings.Contains(err.Error(), test.want) || stdout.Len() > 0 {
			t.Errorf("%q: error %v and output %q, want %q", test.args, err, stdout.String(), test.want)
		}
	}
}

// tiny are options that train in no time.
var tiny = train.Options{Options: provenance.Options{Embedding: 2, Widths: []int{2}, Filters: 2, Hidden: 2, Epochs: 1}}

func TestBenchmarkModelsAreTrainedOnce(t *testing.T) {
	folder := t.TempDir()
	path := filepath.Join(folder, "rows.tsv")
	write := func(content string) {
		t.Helper()
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write("text\tlabel\na.com\t0\nb.com\t1\n")
	var stderr strings.Builder
	o := options{work: folder, stderr: &stderr}
	model := func(options train.Options) string {
		t.Helper()
		set, err := dataset.ReadSplit(t.Context(), []string{dataset.Benign, "malicious"}, map[dataset.Part]string{dataset.Train: path})
		if err != nil {
			t.Fatal(err)
		}
		path, err := o.model(t.Context(), "toy", set, options)
		if err != nil {
			t.Fatal(err)
		}
		return path
	}
	trained := func() int { return strings.Count(stderr.String(), "epoch 1 of ") }
	first := model(tiny)
	if again := model(tiny); again != first || trained() != 1 {
		t.Errorf("the second time it is %q, the first time %q; trained %d times", again, first, trained())
	}
	base, err := modelfile.Open(first)
	if err != nil {
		t.Fatal(err)
	}
	longer, further := tiny, tiny
	longer.Epochs, further.From = 2, base
	seen := map[string]bool{first: true}
	for name, path := range map[string]string{"other options": model(longer), "another base": model(further)} {
		if seen[path] {
			t.Errorf("%s: it is %q again", name, path)
		}
		seen[path] = true
	}
	write("text\tlabel\na.com\t0\nc.com\t1\n")
	if path := model(tiny); seen[path] || trained() != 4 {
		t.Errorf("other data: it is %q again, trained %d times, want 4", path, trained())
	}
	if left, err := filepath.Glob(filepath.Join(folder, "*.checkpoint")); err != nil || len(left) > 0 {
		t.Errorf("checkpoints %q are left, error %v", left, err)
	}

	stopped, stop := context.WithCancel(t.Context())
	stop()
	set, err := dataset.ReadSplit(t.Context(), []string{dataset.Benign, "malicious"}, map[dataset.Part]string{dataset.Train: path})
	if err != nil {
		t.Fatal(err)
	}
	longer.Epochs = 3
	if _, err := o.model(stopped, "toy", set, longer); err == nil || !strings.Contains(err.Error(), "stopped; the same command goes on") {
		t.Errorf("the error of a stopped training is %v", err)
	}
	if left, err := filepath.Glob(filepath.Join(folder, "*.checkpoint")); err != nil || len(left) != 1 {
		t.Errorf("checkpoints %q are left, error %v; want one", left, err)
	}
}

func TestRowsWithNewHosts(t *testing.T) {
	set := &dataset.Set{}
	set.Parts[dataset.Train] = []dataset.Row{{Text: "a.com/x"}, {Text: "b.com:8080"}}
	set.Parts[dataset.Report] = []dataset.Row{{Text: "a.com/y"}, {Text: "x.a.com/x"}, {Text: "b.com"}, {Text: "c.com"}}
	var got []string
	for _, row := range withNewHosts(set) {
		got = append(got, row.Text)
	}
	if want := "x.a.com/x c.com"; strings.Join(got, " ") != want {
		t.Errorf("rows are %q, want %q", got, want)
	}
	if len(set.Parts[dataset.Report]) != 4 {
		t.Error("the set has changed")
	}
}

func TestEveryFifthRowIsSetAside(t *testing.T) {
	set := &dataset.Set{}
	for _, name := range strings.Split("abcdefghijkl", "") {
		set.Parts[dataset.Train] = append(set.Parts[dataset.Train], dataset.Row{Text: name})
	}
	setAside(set)
	texts := func(part dataset.Part) (texts string) {
		for _, row := range set.Parts[part] {
			texts += row.Text
		}
		return texts
	}
	if texts(dataset.Train) != "abcdfghikl" || texts(dataset.Choose) != "ej" {
		t.Errorf("train has %q, choose %q", texts(dataset.Train), texts(dataset.Choose))
	}
}
