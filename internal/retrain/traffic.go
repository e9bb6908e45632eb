package retrain

import (
	"context"
	"fmt"
	"slices"
	"sync"

	"github.com/snowman-ml/snowman/internal/canon"
	"github.com/snowman-ml/snowman/internal/inputfile"
	"github.com/snowman-ml/snowman/internal/intake"
	"github.com/snowman-ml/snowman/internal/plain"
	"github.com/snowman-ml/snowman/logs"
)

// maxTexts is how many unlabelled texts are compared: a day of a network of some size.
const maxTexts = 2_000_000

// traffic collects the different texts of logs and lists.
type traffic struct {
	mu    sync.Mutex
	texts map[string]struct{} // in canonical form
}

// readTraffic returns the different texts of logs and lists, in canonical form and sorted.
func readTraffic(ctx context.Context, paths []string) ([]string, error) {
	t := &traffic{texts: make(map[string]struct{})}
	for _, path := range paths {
		if err := t.read(ctx, path); err != nil {
			return nil, fmt.Errorf("reading traffic %q: %w", path, err)
		}
	}
	if len(paths) > 0 && len(t.texts) == 0 {
		return nil, fmt.Errorf("reading traffic: there is no name or URL in %q; want a log, or one a line", paths[0])
	}
	texts := make([]string, 0, len(t.texts))
	for text := range t.texts {
		texts = append(texts, text)
	}
	slices.Sort(texts)
	return texts, nil
}

func (t *traffic) read(ctx context.Context, path string) error {
	file, err := inputfile.Open(ctx, path)
	if err != nil {
		return err
	}
	defer file.Close()
	source, err := intake.Open(ctx, intake.Input{Reader: plain.NewReader(file), IsFile: true})
	if err != nil {
		return err
	}
	ignore := func([]byte) {} // a day's traffic has all sorts of names
	_, err = source.Read(ctx, ignore, func() intake.Worker { return &trafficWorker{traffic: t} })
	return err
}

// A trafficWorker takes the texts of chunks.
type trafficWorker struct {
	traffic *traffic
	url     canon.URL
	texts   []string
}

func (w *trafficWorker) Begin() { w.texts = w.texts[:0] }

func (w *trafficWorker) Line(_ intake.Place, text string) {
	if w.url.Parse(text) == nil {
		w.texts = append(w.texts, w.url.String())
	}
}

func (w *trafficWorker) Record(_ intake.Place, r *logs.Record) {
	for _, name := range r.Names {
		if intake.Parse(&w.url, name) == nil && len(w.url.Bytes()) > 0 {
			w.texts = append(w.texts, w.url.String())
		}
	}
}

func (w *trafficWorker) Finish() (wrong []byte) {
	t := w.traffic
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, text := range w.texts {
		if len(t.texts) < maxTexts {
			t.texts[text] = struct{}{}
		}
	}
	return nil
}
