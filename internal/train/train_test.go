package train

import (
	"bytes"
	"context"
	"encoding/json"
	"math"
	"math/rand/v2"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/snowman-ml/snowman/dataset"
	"github.com/snowman-ml/snowman/eval"
	"github.com/snowman-ml/snowman/internal/canon"
	"github.com/snowman-ml/snowman/internal/cnn"
	"github.com/snowman-ml/snowman/internal/modelfile"
	"github.com/snowman-ml/snowman/internal/provenance"
)

// small trains a network of a few thousand weights for 52 steps, 13 an epoch.
var small = Options{
	Options: provenance.Options{
		Embedding: 8, Widths: []int{2, 3}, Filters: 16, Hidden: 16, SymbolLimit: 40,
		Epochs: 4, BatchSize: 32, LearningRate: 0.015, Dropout: 0.1, Seed: 1,
	},
	Workers: 1, Created: "2026-01-31",
}

var fourKinds = []string{dataset.Benign, dataset.DGA, dataset.Phishing, dataset.Malware}

// newSet returns a set of benign names in which consonants and vowels take turns, and malicious
// ones of random letters, whose kinds take turns too.
func newSet(kinds []string, maliciousKinds ...string) *dataset.Set {
	random := rand.New(rand.NewPCG(1, 2))
	set := &dataset.Set{Kinds: kinds}
	for _, part := range []dataset.Part{dataset.Train, dataset.Choose, dataset.Calibrate} {
		for i := range 200 {
			var benign, malicious []byte
			for range 4 + random.IntN(3) {
				benign = append(benign, "bdfgklmnprst"[random.IntN(12)], "aeiou"[random.IntN(5)])
			}
			for range 8 + random.IntN(6) {
				malicious = append(malicious, byte('a'+random.IntN(26)))
			}
			set.Parts[part] = append(set.Parts[part],
				dataset.Row{Text: string(benign) + ".com", Kind: dataset.Benign, Weight: 1},
				dataset.Row{Text: string(malicious) + ".com", Malicious: true, Kind: maliciousKinds[i%len(maliciousKinds)], Weight: 1})
		}
	}
	return set
}

func mustRun(t *testing.T, set *dataset.Set, options Options) *modelfile.Model {
	t.Helper()
	model, err := Run(context.Background(), set, options)
	if err != nil {
		t.Fatal(err)
	}
	return model
}

func bytesOf(t *testing.T, model *modelfile.Model) []byte {
	t.Helper()
	var file bytes.Buffer
	if err := model.Write(&file); err != nil {
		t.Fatal(err)
	}
	return file.Bytes()
}

func trainingOf(t *testing.T, model *modelfile.Model) provenance.Training {
	t.Helper()
	var training provenance.Training
	if err := json.Unmarshal(model.Metadata.Training, &training); err != nil {
		t.Fatal(err)
	}
	return training
}

// scoresOf scores texts as a user of the model would.
func scoresOf(t *testing.T, model *modelfile.Model, texts ...string) []float64 {
	t.Helper()
	alphabet, err := canon.ParseAlphabet(model.Metadata.Alphabet)
	if err != nil {
		t.Fatal(err)
	}
	network, err := cnn.Quantize(model.Parameters, model.Metadata.SymbolFrequency) // as it is shipped
	if err != nil {
		t.Fatal(err)
	}
	var scratch cnn.Scratch
	logits := make([]float32, len(model.Metadata.Kinds))
	probabilities := make([]float64, len(model.Metadata.Kinds))
	var scores []float64
	for _, text := range texts {
		var u canon.URL
		if err := u.Parse(text); err != nil {
			t.Fatal(err)
		}
		symbols, views := alphabet.AppendViews(nil, &u, model.Metadata.SymbolLimit)
		batch := cnn.Batch{Texts: cnn.Texts{Symbols: symbols}}
		batch.Add(views.Ends, views.IsPaid)
		network.Logits(logits, &scratch, &batch)
		cnn.Softmax(probabilities, logits, model.Metadata.Temperature)
		scores = append(scores, cnn.Score(probabilities))
	}
	return scores
}

func benignTexts(rows []dataset.Row) (texts []string) {
	for _, row := range rows {
		if !row.Malicious {
			texts = append(texts, row.Text)
		}
	}
	return texts
}

func aucOf(t *testing.T, model *modelfile.Model, rows []dataset.Row) float64 {
	t.Helper()
	var malicious []string
	for _, row := range rows {
		if row.Malicious {
			malicious = append(malicious, row.Text)
		}
	}
	auc, ok := eval.NewROC(scoresOf(t, model, benignTexts(rows)...), scoresOf(t, model, malicious...)).AUC()
	if !ok {
		t.Fatal("there is no AUC")
	}
	return auc
}

func TestTrainingLearns(t *testing.T) {
	original := small // the network of 2017
	original.Embedding, original.Widths, original.Filters, original.Hidden = 15, []int{2, 4, 6}, 15, -1
	for _, test := range []struct {
		name    string
		set     *dataset.Set
		options Options
	}{
		{"one malicious kind of four", newSet(fourKinds, dataset.DGA), small},
		{"three malicious kinds of four", newSet(fourKinds, dataset.DGA, dataset.Phishing, dataset.Malware), small},
		{"malicious rows of unknown kind alone", newSet(fourKinds, ""), small},
		{"malicious rows of a kind that the network does not have", newSet(fourKinds, "spam"), small},
		{"a black and a white list", newSet([]string{dataset.Benign, "malicious"}, "malicious"), small},
		{"no hidden layer, as in 2017", newSet([]string{dataset.Benign, "malicious"}, "malicious"), original},
	} {
		t.Run(test.name, func(t *testing.T) {
			model := mustRun(t, test.set, test.options)
			training := trainingOf(t, model)
			best := training.Epochs[training.BestEpoch-1]
			if best.AUC < 0.9 || best.TruePositiveRate == 0 {
				t.Errorf("on choose the best epoch has %+v, want an AUC above 0.9", best)
			}
			if first, last := training.Epochs[0].Loss, training.Epochs[len(training.Epochs)-1].Loss; last >= first {
				t.Errorf("the loss went from %v to %v", first, last)
			}
			read, err := modelfile.ParseModel(bytesOf(t, model))
			if err != nil {
				t.Fatal(err)
			}
			// Calibration moves a few pairs: it gives kinds a bias.
			if auc := aucOf(t, read, test.set.Parts[dataset.Choose]); math.Abs(auc-best.AUC) > 5e-3 {
				t.Errorf("as read back the model has AUC %v on choose, want %v", auc, best.AUC)
			}
			if !slices.Equal(read.Metadata.Kinds, test.set.Kinds) {
				t.Errorf("kinds are %q, want %q", read.Metadata.Kinds, test.set.Kinds)
			}
		})
	}
}

// With one row of each kind in turn, the network also tells which malicious kind it is.
func TestTrainingTellsKindsApart(t *testing.T) {
	set := newSet(fourKinds, dataset.DGA)
	for _, rows := range set.Parts {
		for i := range rows {
			if rows[i].Malicious && i%4 == 1 {
				rows[i].Text, rows[i].Kind = "login-"+benignTexts(rows)[i/2]+"/a", dataset.Phishing
			}
		}
	}
	model := mustRun(t, set, small)
	network := cnn.NewNetwork(model.Parameters)
	texts, err := encoder{alphabet: canon.DefaultAlphabet(), limit: 40, views: 2, kinds: fourKinds, folds: 1}.encode(set.Parts[dataset.Choose])
	if err != nil {
		t.Fatal(err)
	}
	right := 0
	logits := workers(1).logits(network, texts)
	for i, kind := range texts.kinds {
		logits := logits[i*len(fourKinds):][:len(fourKinds)]
		if slices.Max(logits) == logits[kind] {
			right++
		}
	}
	if share := float64(right) / float64(texts.len()); share < 0.8 {
		t.Errorf("the likeliest kind is the true one for %v of the rows, want above 0.8", share)
	}
}

func TestTheBytesFollowFromSetAndOptions(t *testing.T) {
	set := newSet(fourKinds, dataset.DGA, "")
	one := mustRun(t, set, small)
	for _, test := range []struct {
		name   string
		change func(*Options)
		same   bool
	}{
		{"the same again", func(*Options) {}, true},
		{"three workers", func(o *Options) { o.Workers = 3 }, true},
		{"a progress callback", func(o *Options) { o.Progress = func(Progress) {} }, true},
		{"another seed", func(o *Options) { o.Seed = 2 }, false},
		{"no dropout", func(o *Options) { o.Dropout = -1 }, false},
	} {
		t.Run(test.name, func(t *testing.T) {
			options := small
			test.change(&options)
			other := mustRun(t, set, options)
			if same := bytes.Equal(bytesOf(t, one), bytesOf(t, other)); same != test.same {
				t.Errorf("the bytes are the same: %v, want %v", same, test.same)
			}
			if same := slices.Equal(one.Parameters.Flat, other.Parameters.Flat); same != test.same {
				t.Errorf("the weights are the same: %v, want %v", same, test.same)
			}
		})
	}
}

func TestProgressIsToldOfEveryStep(t *testing.T) {
	set := newSet(fourKinds, dataset.DGA)
	options := small
	var told []Progress
	options.Progress = func(p Progress) { told = append(told, p) }
	training := trainingOf(t, mustRun(t, set, options))
	texts, losses := 0, 0.0
	var validations []provenance.Validation
	for i, p := range told {
		if p.Step != i+1 || p.Steps != 52 || p.Epoch != i/13+1 || p.Epochs != 4 {
			t.Errorf("step %d is told as %+v", i+1, p)
		}
		texts += p.Texts
		losses += p.Loss
		if (p.Validation != nil) != (p.Step%13 == 0) {
			t.Errorf("step %d has the validation %v", p.Step, p.Validation)
		}
		if p.Validation != nil {
			validations = append(validations, *p.Validation)
			if got, want := p.Validation.Loss, losses/13; got != want || p.Validation.Epoch != p.Epoch {
				t.Errorf("the validation of epoch %d is %+v, want the mean loss %v", p.Epoch, *p.Validation, want)
			}
			losses = 0
		}
	}
	if len(told) != 52 || texts != 4*len(set.Parts[dataset.Train]) {
		t.Errorf("told of %d steps and %d texts, want 52 and 4 times %d", len(told), texts, len(set.Parts[dataset.Train]))
	}
	if !slices.Equal(validations, training.Epochs) {
		t.Errorf("told of %+v, the model says %+v", validations, training.Epochs)
	}
}

// standing is a training that goes nowhere, so that losses tell what each step was shown.
func standing(t *testing.T, set *dataset.Set, dropout float64) (losses []float64) {
	t.Helper()
	options := small
	options.LearningRate, options.Dropout = 1e-30, dropout
	options.Progress = func(p Progress) { losses = append(losses, p.Loss*float64(p.Texts)) }
	mustRun(t, set, options)
	return losses
}

func TestEveryEpochShowsAllRowsInAnotherOrder(t *testing.T) {
	losses := standing(t, newSet(fourKinds, dataset.DGA), -1)
	sum := func(losses []float64) (sum float64) {
		for _, loss := range losses {
			sum += loss
		}
		return sum
	}
	first := losses[:13]
	for epoch := 1; epoch < small.Epochs; epoch++ {
		other := losses[epoch*13:][:13]
		if slices.Equal(other, first) {
			t.Errorf("epoch %d has the batches of the first", epoch+1)
		}
		if math.Abs(sum(other)/sum(first)-1) > 1e-5 {
			t.Errorf("epoch %d has the loss %v, the first %v: not the same rows", epoch+1, sum(other), sum(first))
		}
	}
}

func TestEveryStepDropsOtherFeatures(t *testing.T) {
	set := newSet(fourKinds, dataset.DGA)
	rows := set.Parts[dataset.Train]
	malicious := slices.IndexFunc(rows, func(r dataset.Row) bool { return r.Malicious })
	benign := slices.IndexFunc(rows, func(r dataset.Row) bool { return !r.Malicious })
	set.Parts[dataset.Train] = []dataset.Row{rows[malicious], rows[benign]} // one step an epoch
	losses := standing(t, set, 0.5)
	slices.Sort(losses)
	if different := len(slices.Compact(losses)); different != small.Epochs {
		t.Errorf("the same rows have %d different losses in %d steps", different, small.Epochs)
	}
}

// Where choose has all labels the wrong way round, the better the network learns, the worse it
// looks.
func TestTheBestEpochIsKeptAndNotTheLast(t *testing.T) {
	set := newSet(fourKinds, dataset.DGA)
	choose := set.Parts[dataset.Choose]
	for i := range choose {
		if choose[i].Malicious = !choose[i].Malicious; choose[i].Malicious {
			choose[i].Kind = dataset.DGA
		} else {
			choose[i].Kind = dataset.Benign
		}
	}
	model := mustRun(t, set, small)
	training := trainingOf(t, model)
	best, last := training.Epochs[training.BestEpoch-1], training.Epochs[len(training.Epochs)-1]
	for _, validation := range training.Epochs {
		if isBetter(validation, best) {
			t.Errorf("epoch %+v is better than the best %+v", validation, best)
		}
	}
	if !isBetter(best, last) {
		t.Fatalf("the last epoch %+v is no worse than the best %+v: nothing was tested", last, best)
	}
	if auc := aucOf(t, model, choose); math.Abs(auc-best.AUC) > 5e-3 { // calibration moves a few pairs
		t.Errorf("the model has AUC %v on choose, want that of the best epoch, %v", auc, best.AUC)
	}
}

func TestIsBetterPrefersFewFalseAlarms(t *testing.T) {
	few := provenance.Validation{TruePositiveRate: 0.5, AUC: 0.8}
	for _, test := range []struct {
		name  string
		other provenance.Validation
		want  bool
	}{
		{"fewer found", provenance.Validation{TruePositiveRate: 0.4, AUC: 0.9}, true},
		{"more found", provenance.Validation{TruePositiveRate: 0.6, AUC: 0.7}, false},
		{"as many found, in a worse order", provenance.Validation{TruePositiveRate: 0.5, AUC: 0.7}, true},
		{"as many found, in a better order", provenance.Validation{TruePositiveRate: 0.5, AUC: 0.9}, false},
		{"the same", few, false},
	} {
		t.Run(test.name, func(t *testing.T) {
			if got := isBetter(few, test.other); got != test.want {
				t.Errorf("%+v is better than %+v: %v, want %v", few, test.other, got, test.want)
			}
		})
	}
}

func TestAPartWithoutRows(t *testing.T) {
	without := func(part dataset.Part) *dataset.Set {
		set := newSet(fourKinds, dataset.DGA)
		set.Parts[part] = nil
		return set
	}
	t.Run("nothing to train on is an error", func(t *testing.T) {
		for _, set := range []*dataset.Set{{Kinds: fourKinds}, without(dataset.Train)} {
			if _, err := Run(context.Background(), set, small); err == nil || !strings.Contains(err.Error(), "rows to train on, want some of each") {
				t.Errorf("the error is %v", err)
			}
		}
	})
	t.Run("with nothing to choose by the last epoch is kept", func(t *testing.T) {
		set := without(dataset.Choose)
		model := mustRun(t, set, small)
		if training := trainingOf(t, model); training.BestEpoch != small.Epochs {
			t.Errorf("epoch %d is kept, want %d", training.BestEpoch, small.Epochs)
		}
		if auc := aucOf(t, model, set.Parts[dataset.Calibrate]); auc < 0.9 {
			t.Errorf("the model has AUC %v on calibrate", auc)
		}
		bytesOf(t, model)
	})
	t.Run("with malicious rows alone to choose by the last epoch is kept", func(t *testing.T) {
		set := newSet(fourKinds, dataset.DGA)
		set.Parts[dataset.Choose] = slices.DeleteFunc(set.Parts[dataset.Choose], func(r dataset.Row) bool { return !r.Malicious })
		if training := trainingOf(t, mustRun(t, set, small)); training.BestEpoch != small.Epochs {
			t.Errorf("epoch %d is kept, want %d", training.BestEpoch, small.Epochs)
		}
	})
	t.Run("with nothing to calibrate on there are no thresholds", func(t *testing.T) {
		model := mustRun(t, without(dataset.Calibrate), small)
		if m := model.Metadata; m.Temperature != 1 || m.Thresholds != nil {
			t.Errorf("the temperature is %v, the thresholds are %v; want 1 and none", m.Temperature, m.Thresholds)
		}
		bytesOf(t, model)
	})
	t.Run("fewer rows than a batch train", func(t *testing.T) {
		set := newSet(fourKinds, dataset.DGA)
		set.Parts[dataset.Train] = set.Parts[dataset.Train][:3]
		bytesOf(t, mustRun(t, set, small))
	})
}

func TestThresholdsAreMeasuredOnVettedNames(t *testing.T) {
	set := newSet(fourKinds, dataset.DGA)
	calibrate := set.Parts[dataset.Calibrate]
	for _, test := range []struct {
		name   string
		vetted []dataset.Vetted
		want   []string
	}{
		{"vetted names", vetted(benignTexts(calibrate)[:150]), benignTexts(calibrate)[:150]},
		{"no vetted names: the benign ones of calibrate", nil, benignTexts(calibrate)},
	} {
		t.Run(test.name, func(t *testing.T) {
			set.Vetted = test.vetted
			model := mustRun(t, set, small)
			scores := scoresOf(t, model, test.want...)
			if len(model.Metadata.Thresholds) != 3 {
				t.Fatalf("thresholds are %+v, want 3", model.Metadata.Thresholds)
			}
			for _, threshold := range model.Metadata.Thresholds {
				if got := countAtOrAbove(scores, threshold.Score); threshold.Benign != len(scores) || threshold.FalsePositives != got {
					t.Errorf("%+v: counted %d of %d", threshold, got, len(scores))
				}
			}
		})
	}
}

func vetted(texts []string) []dataset.Vetted {
	var all []dataset.Vetted
	for _, text := range texts {
		all = append(all, dataset.Vetted{Text: text, Domain: text, Part: dataset.Calibrate})
	}
	return all
}

func countAtOrAbove(scores []float64, threshold float64) int {
	count := 0
	for _, score := range scores {
		if score >= threshold {
			count++
		}
	}
	return count
}

func TestTheModelKnowsWhoIsImitated(t *testing.T) {
	set := newSet(fourKinds, dataset.DGA, dataset.Phishing, dataset.Malware)
	set.Imitated = []string{"paypal.com", "google.com"}
	options := small
	options.Epochs = 1
	if model := mustRun(t, set, options); !slices.Equal(model.Metadata.Imitated, set.Imitated) {
		t.Errorf("the model says that %q are imitated, want %q", model.Metadata.Imitated, set.Imitated)
	}
}

func TestTheModelKnowsHowCommonSymbolsAre(t *testing.T) {
	var rows []dataset.Row
	for range 10 {
		rows = append(rows, dataset.Row{Text: "aab.com", Kind: dataset.Benign, Weight: 1},
			dataset.Row{Text: "bbb.com", Malicious: true, Kind: dataset.Malware, Weight: 0.5})
	}
	set := newSet(fourKinds, dataset.Malware)
	set.Parts[dataset.Train] = rows
	options := small
	options.Epochs = 1
	model := mustRun(t, set, options)
	var u canon.URL
	if err := u.Parse("ab.com"); err != nil {
		t.Fatal(err)
	}
	symbols := canon.DefaultAlphabet().Append(nil, &u, 40)
	want := make([]float64, len(model.Metadata.SymbolFrequency))
	want[symbols[0]] = 0.190476 // 2 of the 10.5 that stand in one row of each
	want[symbols[1]] = 0.238095
	for _, symbol := range symbols[2:] {
		want[symbol] = 0.142857
	}
	if !slices.Equal(model.Metadata.SymbolFrequency, want) {
		t.Errorf("symbols have the frequencies %v, want %v", model.Metadata.SymbolFrequency, want)
	}
}

func TestRunRefusesOptions(t *testing.T) {
	set := newSet(fourKinds, dataset.DGA)
	for _, test := range []struct {
		name    string
		options Options
		want    string
	}{
		{"no epochs", Options{Options: provenance.Options{Epochs: -1}}, "0 epochs, want at least 1"},
		{"empty batches", Options{Options: provenance.Options{BatchSize: -1}}, "batches of 0 texts"},
		{"no symbols", Options{Options: provenance.Options{SymbolLimit: -1}}, "limit of 0 symbols"},
		{"a learning rate below 0", Options{Options: provenance.Options{LearningRate: -1e-3}}, "learning rate 0, want above 0"},
		{"everything dropped", Options{Options: provenance.Options{Dropout: 1}}, "dropout 1, want below 1"},
		{"a warm-up longer than the training", Options{Options: provenance.Options{WarmUp: 1.5}}, "warm-up 1.5"},
		{"no workers", Options{Workers: -1}, "0 workers, want at least 1"},
		{"checkpoints after no step", Options{CheckpointEvery: -1}, "checkpoint every 0 steps"},
		{"widths that do not ascend", Options{Options: provenance.Options{Widths: []int{3, 2}}}, "do not ascend"},
		{"no filters", Options{Options: provenance.Options{Filters: -1}}, "filters is 0"},
		{"three views", Options{Options: provenance.Options{Views: 3}}, "3 views, want 1 or 2"},
		{"views without a hidden layer", Options{Options: provenance.Options{Views: 2, Hidden: -1}}, "2 views need a hidden layer"},
		{"a floor under one view", Options{Options: provenance.Options{Views: 1, Floor: provenance.Floor{Host: 1, RegisteredDomain: 1}}}, "a floor, which a network with one view cannot have"},
		{"a floor that is no number", Options{Options: provenance.Options{Floor: provenance.Floor{Host: math.Inf(1)}}}, "the floor is +Inf below the host"},
	} {
		t.Run(test.name, func(t *testing.T) {
			if _, err := Run(context.Background(), set, test.options); err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("the error is %v, want %q in it", err, test.want)
			}
		})
	}
}

func TestZeroOptionsAreTheDefaultAndNegativeOnesZero(t *testing.T) {
	got, err := Options{Workers: 2}.withDefaults()
	want := Options{
		Options: provenance.Options{
			Embedding: 32, Widths: []int{2, 3, 4, 5, 6}, Filters: 256, Hidden: 128, Views: 2, Floor: provenance.Floor{Host: 0.1, RegisteredDomain: 1}, SymbolLimit: 200, Epochs: 3,
			BatchSize: 512, LearningRate: 1e-3, WeightDecay: 0.05, Dropout: 0.5, WarmUp: 0.05,
		},
		Workers: 2, CheckpointEvery: 500,
	}
	if err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("defaults are %+v, error %v; want %+v", got, err, want)
	}
	got, err = Options{Options: provenance.Options{Hidden: -1, WeightDecay: -1, Dropout: -1, WarmUp: -1}}.withDefaults()
	if err != nil || got.Hidden != 0 || got.WeightDecay != 0 || got.Dropout != 0 || got.WarmUp != 0 {
		t.Errorf("options are %+v, error %v; want no hidden layer, decay, dropout and warm-up", got, err)
	}
	if got.Views != 1 || got.Floor != (provenance.Floor{}) {
		t.Errorf("without a hidden layer there are %d views and a floor of %v, want 1 and none", got.Views, got.Floor)
	}
	got, err = Options{Options: provenance.Options{Floor: provenance.Floor{RegisteredDomain: -1}}}.withDefaults()
	if err != nil || got.Views != 2 || got.Floor != (provenance.Floor{}) {
		t.Errorf("options are %+v, error %v; want two views and no floor", got, err)
	}
}

func TestATrainingThatDivergesEndsInAnError(t *testing.T) {
	options := small
	options.LearningRate = 1e30
	_, err := Run(context.Background(), newSet(fourKinds, dataset.DGA), options)
	if err == nil || !strings.Contains(err.Error(), "loss of step 2 of 52 is not a number") {
		t.Errorf("the error is %v", err)
	}
}

func TestEncodeKeepsLabelsAndTexts(t *testing.T) {
	alphabet := canon.DefaultAlphabet()
	e := encoder{alphabet: alphabet, limit: 20, kinds: fourKinds, folds: 1}
	rows := []dataset.Row{
		{Text: "a.com", Kind: dataset.Benign, Weight: 1},
		{Text: "b.com/c", Malicious: true, Kind: dataset.Malware, Weight: 0.5},
		{Text: "d.com", Malicious: true, Weight: 2},
		{Text: "e.com", Malicious: true, Kind: "spam", Weight: 1},
		{Text: "f.com", Malicious: true, Kind: dataset.Benign, Weight: 1},
	}
	texts, err := e.encode(rows)
	if err != nil {
		t.Fatal(err)
	}
	wantKinds := []int{0, 3, cnn.UnknownMalicious, cnn.UnknownMalicious, cnn.UnknownMalicious}
	if !slices.Equal(texts.kinds, wantKinds) || !slices.Equal(texts.weights, []float32{1, 0.5, 2, 1, 1}) {
		t.Errorf("kinds are %v, weights %v", texts.kinds, texts.weights)
	}
	for i, row := range rows {
		var u canon.URL
		if err := u.Parse(row.Text); err != nil {
			t.Fatal(err)
		}
		if got, want := texts.text(i, canon.WholeView), alphabet.Append(nil, &u, 20); !slices.Equal(got, want) {
			t.Errorf("symbols of %q are %v, want %v", row.Text, got, want)
		}
	}
	batch := cnn.TrainingBatch{Kinds: []int{9}}
	texts.fill(&batch, []int{3, 1})
	if !slices.Equal(batch.Text(0), texts.text(3, canon.WholeView)) || !slices.Equal(batch.Text(2), texts.text(1, canon.WholeView)) ||
		!slices.Equal(batch.Kinds, []int{cnn.UnknownMalicious, 3}) || !slices.Equal(batch.Weights, []float32{1, 0.5}) {
		t.Errorf("the batch of texts 3 and 1 is %v", batch)
	}
	if _, err := e.encode([]dataset.Row{{Text: "/no host"}}); err == nil || !strings.Contains(err.Error(), `encoding "/no host"`) {
		t.Errorf("the error of a text without a host is %v", err)
	}
}

func TestTrainingReadsHostAndWholeAlone(t *testing.T) {
	alphabet := canon.DefaultAlphabet()
	texts, err := encoder{alphabet: alphabet, limit: 40, views: 2, kinds: fourKinds, folds: 1}.encode([]dataset.Row{
		{Text: "evil.com"}, {Text: "evil.com/b"}, {Text: "a.evil.com"}, {Text: "a.evil.com/b"},
	})
	if err != nil {
		t.Fatal(err)
	}
	var hosts, wholes [][]uint8
	for i := range texts.len() {
		hosts, wholes = append(hosts, texts.text(i, canon.HostView)), append(wholes, texts.text(i, canon.WholeView))
	}
	texts.dropFloor()
	for i, want := range []int{1, 2, 1, 2} {
		var batch cnn.TrainingBatch
		texts.fill(&batch, []int{i})
		if batch.Len() != want || batch.Rows[0].HasFloor {
			t.Errorf("row %d is %d texts, want %d and no floor: %+v", i, batch.Len(), want, batch.Rows[0])
		}
		row := batch.Rows[0].Views
		if !slices.Equal(batch.Text(int(row[cnn.Host])), hosts[i]) || !slices.Equal(batch.Text(int(row[cnn.Whole])), wholes[i]) {
			t.Errorf("row %d has other views than before", i)
		}
	}
}
