package retrain

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/snowman-ml/snowman/dataset"
	"github.com/snowman-ml/snowman/internal/provenance"
	"github.com/snowman-ml/snowman/internal/train"
	"github.com/snowman-ml/snowman/report"
)

// small trains a network of a few thousand weights in a second.
var small = train.Options{
	Options: provenance.Options{
		Embedding: 8, Widths: []int{2, 3, 4}, Filters: 16, Hidden: 16, SymbolLimit: 60,
		Epochs: 4, BatchSize: 32, LearningRate: 0.01, Dropout: 0.1, Seed: 1,
	},
	Workers: 1,
}

// A folder is where a test has its data and its model.
type folder struct {
	*testing.T
	path   string
	random *rand.Rand
}

// newFolder returns a folder with files of four kinds, and a model that was trained on them.
func newFolder(t *testing.T) folder {
	t.Helper()
	f := folder{t, t.TempDir(), rand.New(rand.NewPCG(1, 2))}
	if err := os.Mkdir(f.data(), 0o755); err != nil {
		t.Fatal(err)
	}
	f.write("popular.tsv", rows(popularNames(1500), "0", "benign", ""))
	f.write("sites.tsv", rows(f.texts(1500, f.benign), "0", "benign", ""))
	f.write("generated.tsv", rows(f.texts(1000, f.generated), "1", "dga", "2026-01-05"))
	f.write("phishing.tsv", rows(f.texts(1000, f.phishing), "1", "phishing", "2026-01-09"))
	f.write("malware.tsv", rows(f.texts(1000, f.malware), "1", "malware", "2026-01-20"))
	f.train()
	return f
}

// trained are the files beside a model, which are the same for every test.
var trained = make(map[string]string)

// train trains the model that tests begin with, once for all tests.
func (f folder) train() {
	f.Helper()
	paths := []string{f.model(), acceptedPath(f.model()), recordPath(f.model())}
	if len(trained) == 0 {
		o := f.options()
		o.Rules = Rules{}
		if _, err := Run(context.Background(), o); err != nil {
			f.Fatal(err)
		}
		for _, path := range paths {
			trained[filepath.Base(path)] = f.content(path)
		}
		return
	}
	for _, path := range paths {
		if err := os.WriteFile(path, []byte(trained[filepath.Base(path)]), 0o644); err != nil {
			f.Fatal(err)
		}
	}
}

func (f folder) data() string  { return filepath.Join(f.path, "data") }
func (f folder) model() string { return filepath.Join(f.path, "model") }

func (f folder) options() Options {
	recipe, err := dataset.DefaultRecipe(f.data())
	if err != nil {
		f.Fatal(err)
	}
	recipe.Sources = recipe.Sources[:0]
	recipe.Seed = 1
	return Options{Model: f.model(), Data: f.data(), Recipe: &recipe, Training: small}
}

func (f folder) write(name, content string) string {
	f.Helper()
	path := filepath.Join(f.data(), name)
	if err := os.WriteFile(path, []byte("text\tlabel\tkind\tdate\n"+content), 0o644); err != nil {
		f.Fatal(err)
	}
	return path
}

func rows(texts []string, label, kind, date string) string {
	var b strings.Builder
	for _, text := range texts {
		fmt.Fprintf(&b, "%s\t%s\t%s\t%s\n", text, label, kind, date)
	}
	return b.String()
}

func (f folder) texts(count int, make func() string) (texts []string) {
	for range count {
		texts = append(texts, make())
	}
	return texts
}

// benign names have consonants and vowels in turn.
func (f folder) benign() string {
	var name []byte
	for range 3 + f.random.IntN(4) {
		name = append(name, "bdfgklmnprst"[f.random.IntN(12)], "aeiou"[f.random.IntN(5)])
	}
	return string(name) + "." + []string{"com", "org", "net"}[f.random.IntN(3)]
}

func (f folder) generated() string {
	var name []byte
	for range 12 + f.random.IntN(8) {
		name = append(name, "bcdfghjklmnpqrstvwxz0123456789"[f.random.IntN(30)])
	}
	return string(name) + ".info"
}

func (f folder) phishing() string {
	return "secure-login-" + strings.Split(f.benign(), ".")[0] + ".top/account/verify.php"
}

func (f folder) malware() string {
	return fmt.Sprintf("%d%s.ru/bin/mips%d.sh", f.random.IntN(1000), strings.Split(f.benign(), ".")[0], f.random.IntN(9))
}

// popularNames returns the first names of the program's list in alphabetical order of a hash.
func popularNames(count int) []string {
	builtIn, err := openPresent("no such file")
	if err != nil {
		panic(err)
	}
	names := sortedKeys(popularDomains(builtIn))
	slices.SortFunc(names, func(a, b string) int {
		if chance(a) < chance(b) {
			return -1
		}
		return 1
	})
	return names[:count]
}

func TestANewMonthReplacesTheModel(t *testing.T) {
	f := newFolder(t)
	f.write("phishing_new.tsv", rows(f.texts(400, f.phishing), "1", "phishing", "2026-02-03"))
	before := f.content(f.model())

	o := f.options()
	o.DryRun = true
	compared, err := Run(context.Background(), o)
	if err != nil || !strings.Contains(compared.Verdict, "Nothing was replaced") {
		t.Fatalf("a dry run says %q (%v)", compared.Verdict, err)
	}
	if f.content(f.model()) != before {
		t.Fatal("a dry run has replaced the model")
	}

	o.DryRun = false
	trained := 0
	o.Training.Progress = func(train.Progress) { trained++ }
	compared, err = Run(context.Background(), o)
	if err != nil || compared.Verdict != "The new model has taken the place of the present one." {
		t.Fatalf("it says %q (%v)", compared.Verdict, err)
	}
	if trained > 0 {
		t.Errorf("%d steps after a dry run, want none: its checkpoint is complete", trained)
	}
	if f.content(f.model()) == before {
		t.Error("the model was not replaced")
	}
	if _, err := os.Stat(f.model() + ".checkpoint"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a checkpoint is left (%v)", err)
	}
	if newest := compared.Ages[0]; newest.Name != "The newest month, 2026-02" || newest.After.Result.Overall.Malicious < 20 {
		t.Errorf("the newest month is %q with %d malicious rows", newest.Name, newest.After.Result.Overall.Malicious)
	}
	var names []string
	for _, texts := range compared.Texts {
		names = append(names, texts.Name)
	}
	if got, want := strings.Join(names, ", "), "popular names, accepted benign, accepted malicious"; got != want {
		t.Errorf("texts of %s, want of %s", got, want)
	}
	for _, note := range compared.Notes {
		if strings.Contains(note, "not known") {
			t.Errorf("a model that was retrained here: %s", note)
		}
	}
}

func TestPoisonedFeedsAreRefusedBeforeTraining(t *testing.T) {
	f := newFolder(t)
	before := f.content(f.model())
	for _, test := range []struct {
		name, content, want string
	}{
		{"flipped labels", rows(f.texts(300, f.phishing), "0", "benign", "") + rows(f.texts(300, f.benign), "1", "phishing", "2026-02-01"),
			"the labels look flipped: the present model ranks its malicious rows below its benign ones"},
		{"benign names labelled phishing", rows(f.texts(300, f.benign), "1", "phishing", "2026-02-01"),
			"the labels look flipped: the present model ranks its malicious rows no higher than benign rows of other feeds"},
		{"phishing labelled benign", rows(f.texts(300, f.phishing), "0", "benign", ""),
			"its benign rows no lower than malicious rows of other feeds"},
		{"one name 100,000 times", strings.Repeat("secure-login-rival.top/a\t1\tphishing\t2026-02-01\n", 100_000),
			`100000 of 100000 rows are of "secure-login-rival.top/a" alone`},
		{"popular names labelled phishing", rows(popularNames(60), "1", "phishing", "2026-02-01") + rows(f.texts(1000, f.phishing), "1", "phishing", "2026-02-01"),
			"60 of 1060 rows contradict popular names"},
		{"own rows with another label", rows(f.texts(100, f.phishing), "1", "phishing", "2026-02-01") + rows([]string{"a.rival.top", "b.rival.top", "c.rival.top", "d.rival.top", "e.rival.top", "f.rival.top"}, "1", "phishing", "2026-02-01"),
			"6 of 106 rows contradict own rows"},
	} {
		t.Run(test.name, func(t *testing.T) {
			path := f.write("poisoned.tsv", test.content)
			defer os.Remove(path)
			mine := filepath.Join(f.path, "mine.tsv")
			content := "text\tlabel\n"
			for letter := 'a'; letter < 'z'; letter++ {
				content += fmt.Sprintf("%c.rival.top\t0\n", letter)
			}
			if err := os.WriteFile(mine, []byte(content), 0o644); err != nil {
				t.Fatal(err)
			}
			o := f.options()
			o.Mine = []string{mine}
			o.Training.Progress = func(train.Progress) { t.Error("it is trained on") }
			compared, err := Run(context.Background(), o)
			var refusal Refusal
			if !errors.As(err, &refusal) {
				t.Fatalf("the error is %v, want a refusal", err)
			}
			if all := strings.Join(refusal.Reasons, "\n"); !strings.Contains(all, "feed poisoned: "+test.want) && !strings.Contains(all, test.want) {
				t.Errorf("the reasons are\n%s\nwant %s", all, test.want)
			}
			if !slices.Equal(compared.Reasons, refusal.Reasons) || !strings.HasPrefix(compared.Verdict, "The present model stays") {
				t.Errorf("the comparison says %q, %q", compared.Verdict, compared.Reasons)
			}
			if f.content(f.model()) != before {
				t.Error("the model was replaced")
			}
		})
	}
}

// content returns what a file holds.
func (f folder) content(path string) string {
	f.Helper()
	content, err := os.ReadFile(path)
	if err != nil {
		f.Fatal(err)
	}
	return string(content)
}

// wantRefusal runs with the options, and wants it to refuse for a reason that says this.
func (f folder) wantRefusal(o Options, want string) {
	f.Helper()
	_, err := Run(context.Background(), o)
	var refusal Refusal
	if !errors.As(err, &refusal) || !strings.Contains(strings.Join(refusal.Reasons, "\n"), want) {
		f.Errorf("the error is %v, want a refusal that says %q", err, want)
	}
}

func TestAModelThatGotWorseIsRefused(t *testing.T) {
	f := newFolder(t)
	o := f.options()
	o.Training.LearningRate, o.Training.Epochs = 1e-9, 1 // it learns nothing
	f.wantRefusal(o, "AUC falls from ")
	f.wantRefusal(o, "fewer accepted malicious at low and above: ")
	o.Rules = Rules{}
	if _, err := Run(context.Background(), o); err != nil {
		t.Errorf("without rules: %v", err)
	}
}

func TestDataThatCannotBeTrainedOnAreRefused(t *testing.T) {
	f := newFolder(t)
	if err := os.Remove(filepath.Join(f.data(), "malware.tsv")); err != nil {
		t.Fatal(err)
	}
	f.wantRefusal(f.options(), "there are 0 rows of kind malware to train on, want at least 20")
	if err := os.WriteFile(filepath.Join(f.data(), "malware.tsv.gz"), []byte("\x1f\x8b\x08 cut short"), 0o644); err != nil {
		t.Fatal(err)
	}
	f.wantRefusal(f.options(), "feed malware: ")
}

func TestOwnRowsDecideAndCount(t *testing.T) {
	f := newFolder(t)
	// What others call phishing, this user knows to be good, in one domain and another.
	closed := f.texts(60, f.phishing)
	f.write("phishing_new.tsv", rows(append(f.texts(2000, f.phishing), closed[:4]...), "1", "phishing", "2026-02-03"))
	mine := filepath.Join(f.path, "mine.tsv")
	if err := os.WriteFile(mine, []byte("text\tlabel\tkind\tdate\n"+rows(closed, "0", "", "")), 0o644); err != nil {
		t.Fatal(err)
	}
	o := f.options()
	o.Mine, o.Rules = []string{mine}, Rules{}
	compared, err := Run(context.Background(), o)
	if err != nil {
		t.Fatal(err)
	}
	if notes := strings.Join(compared.Notes, "\n"); !strings.Contains(notes, "own rows decide where 4 other rows have another label") {
		t.Errorf("the notes are\n%s", notes)
	}
	at := slices.IndexFunc(compared.Texts, func(texts report.TextsAtLevels) bool { return texts.Name == "own benign" })
	if at < 0 {
		t.Fatal("own rows are not compared")
	}
	own := compared.Texts[at]
	if total := own.After[0].Total; total < 5 || total > 30 || own.Note != "own rows that are not trained on" {
		t.Errorf("%d own rows are set aside: %s", total, own.Note)
	}
	for _, age := range compared.Ages {
		for _, source := range age.After.Result.BySource {
			if source.Name == "mine" {
				t.Error("own rows are among the figures of feeds")
			}
		}
	}
}

func TestOwnRowsOverruleAcceptedOnes(t *testing.T) {
	r := &run{Options: Options{Model: filepath.Join(t.TempDir(), "model")}}
	if err := r.readAccepted(t.Context()); err != nil || r.accepted != nil {
		t.Errorf("where nothing was accepted: %v, %v", r.accepted, err)
	}
	if err := writeAccepted(r.Model, []dataset.Row{{Text: "a.example", Malicious: true, Kind: "phishing", Date: "2026-01-02"}, {Text: "b.example"}}); err != nil {
		t.Fatal(err)
	}
	r.mine = []dataset.Row{{Text: "b.example", Malicious: true}}
	want := []dataset.Row{{Text: "a.example", Malicious: true, Kind: "phishing", Date: "2026-01-02", Source: "model.accepted"}}
	if err := r.readAccepted(t.Context()); err != nil || !slices.Equal(r.accepted, want) {
		t.Errorf("accepted are %+v (%v), want %+v", r.accepted, err, want)
	}
}

func TestOneModelIsRetrainedOnceAtATime(t *testing.T) {
	model := filepath.Join(t.TempDir(), "model")
	unlock, err := lock(t.Context(), model)
	if err != nil {
		t.Skip(err)
	}
	if _, err := Run(context.Background(), Options{Model: model}); !errors.Is(err, ErrBusy) {
		t.Errorf("a second run ends with %v, want %v", err, ErrBusy)
	}
	unlock()
	unlock, err = lock(t.Context(), model)
	if err != nil {
		t.Fatalf("after the first: %v", err)
	}
	unlock()
}

func TestARunGoesOnFromItsCheckpointAndNotFromAnother(t *testing.T) {
	f := newFolder(t)
	f.write("phishing_new.tsv", rows(f.texts(400, f.phishing), "1", "phishing", "2026-02-03"))
	steps := func(o Options, stopAfter int) (taken int) {
		ctx, stop := context.WithCancel(context.Background())
		defer stop()
		o.Training.Progress = func(train.Progress) {
			if taken++; taken == stopAfter {
				stop()
			}
		}
		if _, err := Run(ctx, o); (err == nil) != (stopAfter == 0) {
			t.Fatal(err)
		}
		return taken
	}
	o := f.options()
	o.DryRun, o.Rules = true, Rules{}
	whole := steps(o, 0)
	other := o
	other.Training.Seed = 2
	if again := steps(other, 100); again != 100 {
		t.Errorf("stopped after %d steps, want 100", again)
	}
	if rest := steps(other, 0); rest != whole-100 {
		t.Errorf("the next run takes %d steps, want %d", rest, whole-100)
	}
	if err := os.WriteFile(checkpointPath(f.model()), []byte("damaged"), 0o644); err != nil {
		t.Fatal(err)
	}
	if anew := steps(o, 0); anew != whole {
		t.Errorf("with a damaged checkpoint a run takes %d steps, want %d", anew, whole)
	}
	larger := o
	larger.Training.Filters = 64
	for _, stopped := range []Options{other, larger} {
		if err := os.Remove(f.model() + ".checkpoint"); err != nil {
			t.Fatal(err)
		}
		steps(stopped, 10)
		if anew := steps(o, 0); anew != whole {
			t.Errorf("with another's checkpoint a run takes %d steps, want %d", anew, whole)
		}
	}
}

func TestFromGoesOnFromThePresentModel(t *testing.T) {
	f := newFolder(t)
	o := f.options()
	o.From, o.Training = true, train.Options{Workers: 1}
	steps := 0
	o.Training.Progress = func(p train.Progress) {
		if steps++; p.Epochs != epochsFrom || p.Networks != 1 {
			t.Errorf("%d epochs of %d networks", p.Epochs, p.Networks)
		}
	}
	compared, err := Run(context.Background(), o)
	if err != nil || steps == 0 {
		t.Fatalf("%v after %d steps, %q", err, steps, compared.Reasons)
	}
	training := openTraining(t, f.model())
	if training.From == "" || training.Options.BatchSize != small.BatchSize || training.Options.LearningRate != rateFrom {
		t.Errorf("it was trained by %+v from %q", training.Options, training.From)
	}
}

func openTraining(t *testing.T, path string) provenance.Training {
	t.Helper()
	opened, err := openPresent(path)
	if err != nil {
		t.Fatal(err)
	}
	return opened.training
}
