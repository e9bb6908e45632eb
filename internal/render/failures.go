package render

import (
	"fmt"
	"sync"

	"github.com/snowman-ml/snowman/internal/canon"
)

// Failures count the texts of a run, and say what those look like that have no score. They are safe
// for any number of goroutines. The zero value is ready for use.
type Failures struct {
	mu            sync.Mutex
	texts, failed int
	looks         map[string]int // of those that failed: how many look like what
}

// Add counts a number of texts, and those of them that failed.
func (f *Failures) Add(texts int, failed []string) {
	looks := make([]string, len(failed))
	for i, text := range failed {
		looks[i] = canon.LooksLike(text)
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.texts += texts
	f.failed += len(failed)
	if f.looks == nil {
		f.looks = make(map[string]int)
	}
	for _, look := range looks {
		f.looks[look]++
	}
}

// Count returns the number of all texts, and of those that failed.
func (f *Failures) Count() (texts, failed int) {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.texts, f.failed
}

// Summary says how many of the texts failed, and what more than half of these look like. An item is
// what a text is called: line. The summary is empty if no text failed.
func (f *Failures) Summary(item string) string {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.failed == 0 {
		return ""
	}
	are, looks := "are no names or URLs", "they look like"
	if f.failed == 1 {
		are, looks = "is no name or URL", "it looks like"
	}
	summary := fmt.Sprintf("%d of %d %ss %s", f.failed, f.texts, item, are)
	if look := f.look(); look != "" {
		summary += fmt.Sprintf("; %s %s", looks, look)
	}
	return summary
}

// AreSentences reports whether more than half of the texts that failed look like sentences.
func (f *Failures) AreSentences() bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.look() == "a sentence"
}

// look returns what more than half of the texts that failed look like, or "".
func (f *Failures) look() string {
	for look, count := range f.looks {
		if 2*count > f.failed {
			return look
		}
	}
	return ""
}
