// Package helper answers programs that ask a helper of theirs about each name: requests come in on
// a stream, and for each one answer goes out, in the same order.
//
//	h, err := helper.New("squid-acl", helper.Options{Minimum: snowman.High}, model, list)
//	go files.Follow(...) // calls h.SetModel and h.SetAllow
//	err = h.Run(ctx, os.Stdin, os.Stdout)
//
// What has been read is answered and written before more is waited for. A request that is broken,
// too long or about nothing that has a score gets the answer that lets pass. Nothing that a request
// holds can end the answer, or the field of the answer, that it stands in.
package helper

import (
	"context"
	"fmt"
	"io"
	"runtime"
	"strings"
	"sync"
	"time"

	"github.com/snowman-ml/snowman"
	"github.com/snowman-ml/snowman/allow"
	"github.com/snowman-ml/snowman/internal/verdict"
)

const (
	firstBuffer = 64 << 10                     // bytes, what a pipe holds
	maxRequest  = 6*snowman.MaxLength + 64<<10 // bytes; a longer request is cut: 6 is for \u00XX
	rememberAll = 12 << 20                     // bytes that all workers together remember verdicts in
	wholeBatch  = 128                          // requests; fewer are not worth a second goroutine
	patience    = time.Second                  // how long the end waits for an answer to be written
)

// A said is what the model says of the worst text of a request.
type said struct {
	isScored bool
	text     string
	at       int // number of the text in the request
	score    float64
	level    snowman.Level
	kind     string
	err      error   // why nothing is scored; may be nil where there is no text
	by       *worker // that said it
}

// isWorse reports whether a record says worse than what was said before.
func (s *said) isWorse(r *verdict.Record) bool {
	return !s.isScored || r.Level > s.level || r.Level == s.level && r.Score > s.score
}

// served are what answers come from.
type served struct {
	model *snowman.Model
	allow *allow.List // may be nil
}

// A worker makes answers. It belongs to one goroutine at a time.
type worker struct {
	row       *Protocol
	in        *served // that judge, explainer and encoder are of
	judge     *verdict.Judge
	explainer *verdict.Judge // nil until something is to be explained
	encoder   *verdict.Encoder
	record    verdict.Record // of a protocol with whole records: what is said of the last text
	out       []byte
}

// A Helper answers the requests of one stream. SetModel and SetAllow are safe for any number of
// goroutines.
type Helper struct {
	row      *Protocol
	protocol protocol
	batch    batch
	workers  []worker
	turn     chan struct{} // taken while requests are answered

	mu sync.Mutex
	in *served
}

// New returns a Helper that speaks the protocol of this name. The allow list may be nil.
func New(name string, options Options, model *snowman.Model, list *allow.List) (*Helper, error) {
	row, err := Find(name)
	if err != nil {
		return nil, err
	}
	p, err := row.start(options)
	if err != nil {
		return nil, err
	}
	h := &Helper{
		row: row, protocol: p, workers: make([]worker, runtime.GOMAXPROCS(0)),
		turn: make(chan struct{}, 1), in: &served{model, list},
	}
	for i := range h.workers {
		h.workers[i].row = row
	}
	return h, nil
}

// SetModel answers what is read from now on with another model.
func (h *Helper) SetModel(model *snowman.Model) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.in = &served{model, h.in.allow}
}

// SetAllow answers what is read from now on with another allow list.
func (h *Helper) SetAllow(list *allow.List) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.in = &served{h.in.model, list}
}

// current returns what is answered from now.
func (h *Helper) current() *served {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.in
}

// Run answers requests until the input or the context ends, which are no errors. It may be called
// once. When the context ends, Run does not wait for the input.
func (h *Helper) Run(ctx context.Context, in io.Reader, out io.Writer) error {
	h.workers[0].prepare(h.current()) // the first request does not wait for it
	done := make(chan error, 1)
	go func() { done <- h.run(in, out) }()
	select {
	case err := <-done:
		return err
	case <-ctx.Done():
	}
	select { // what was read gets its answer, if somebody takes it
	case h.turn <- struct{}{}: // and is not given back
	case <-time.After(patience):
	}
	return nil
}

// run is Run without a context.
func (h *Helper) run(in io.Reader, out io.Writer) error {
	requests := requests{end: h.row.end, needsEnd: h.row.needsEnd, buffer: make([]byte, firstBuffer)}
	for {
		err := requests.read(in, h.ask)
		if len(h.batch.questions) > 0 {
			h.turn <- struct{}{}
			writeErr := h.answer(out)
			<-h.turn
			if writeErr != nil {
				return fmt.Errorf("writing answers: %w", writeErr)
			}
		}
		switch {
		case h.batch.err != nil:
			return fmt.Errorf("reading requests: %w", h.batch.err)
		case err == io.EOF:
			return nil
		case err != nil:
			return fmt.Errorf("reading requests: %w", err)
		}
	}
}

// ask adds a request to the batch. Its bytes must stay as they are until answer.
func (h *Helper) ask(raw []byte, isCut bool) {
	b := &h.batch
	q := question{raw: raw, isCut: isCut, first: len(b.ends)}
	h.protocol.ask(&q, b)
	q.last = len(b.ends)
	b.questions = append(b.questions, q)
}

// answer writes the answers to the requests of the batch, and empties it.
func (h *Helper) answer(out io.Writer) error {
	questions, texts, in := h.batch.questions, h.batch.strings(), h.current()
	parts := 1
	if len(questions) >= wholeBatch {
		parts = len(h.workers)
	}
	var others sync.WaitGroup
	for i := 1; i < parts; i++ {
		part := questions[len(questions)*i/parts : len(questions)*(i+1)/parts]
		others.Go(func() { h.workers[i].work(in, h.protocol, part, texts) })
	}
	h.workers[0].work(in, h.protocol, questions[:len(questions)/parts], texts)
	others.Wait()
	h.batch.clear()
	for i := range parts {
		if _, err := out.Write(h.workers[i].out); err != nil {
			return err
		}
	}
	return nil
}

// prepare makes the worker answer from what is served.
func (w *worker) prepare(in *served) {
	if w.in != in {
		w.in, w.explainer = in, nil
		w.judge = verdict.New(in.model, verdict.Options{Allow: in.allow, Probabilities: w.row.whole, Memory: rememberAll / runtime.GOMAXPROCS(0)})
		w.encoder = verdict.NewEncoder(in.model.Kinds())
	}
}

// explain returns the record of a text, and what its score is made of. The judge cannot do that: it
// is in use while answers are made.
func (w *worker) explain(text string) (verdict.Record, snowman.Explanation, error) {
	if w.explainer == nil {
		w.explainer = verdict.New(w.in.model, verdict.Options{Allow: w.in.allow, Probabilities: true})
	}
	return w.explainer.Explain(text)
}

// work puts the answers to neighbouring questions into w.out. The texts are those of all questions.
func (w *worker) work(in *served, p protocol, questions []question, texts []string) {
	w.prepare(in)
	w.out = w.out[:0]
	next := 0 // question to answer
	worst := said{by: w}
	finish := func() {
		w.out = p.answer(w.out, &questions[next], &worst)
		next, worst = next+1, said{by: w}
	}
	first, last := questions[0].first, questions[len(questions)-1].last
	w.judge.All(texts[first:last], func(i int, r verdict.Record, err error) {
		for questions[next].last <= first+i {
			finish()
		}
		if err != nil {
			if !worst.isScored {
				worst.text, worst.err = r.Text, err
			}
		} else if worst.isWorse(&r) {
			worst = said{true, r.Text, first + i - questions[next].first, r.Score, r.Level, r.Kind, nil, w}
		}
		if w.row.whole { // while the record holds
			w.record = r
			finish()
		}
	})
	for next < len(questions) {
		finish()
	}
}

// A question is a request, and where its texts stand in its batch.
type question struct {
	raw         []byte // the request without its end
	isCut       bool   // raw is its start alone
	channel     []byte // of it, by which the answer is told from others; may be empty
	first, last int    // numbers of its texts: from first, before last
	sources     [len(postfixAttributes)]byte
	isHeader    bool
	answer      byte // of a binding: what is asked for
}

// A batch is requests that are answered together.
type batch struct {
	questions []question
	arena     []byte // all texts
	ends      []int  // of each text in arena
	texts     []string
	err       error // that ends the run when the batch has its answers
}

// add adds a text of the question that is being asked.
func (b *batch) add(text []byte) {
	b.arena = append(b.arena, text...)
	b.end()
}

// end ends a text that was appended to the arena.
func (b *batch) end() { b.ends = append(b.ends, len(b.arena)) }

// strings returns all texts.
func (b *batch) strings() []string {
	all, start := string(b.arena), 0
	b.texts = b.texts[:0]
	for _, end := range b.ends {
		b.texts = append(b.texts, all[start:end])
		start = end
	}
	return b.texts
}

// clear empties the batch, and keeps its memory.
func (b *batch) clear() {
	clear(b.texts)
	b.questions, b.arena, b.ends = b.questions[:0], b.arena[:0], b.ends[:0]
}

// appendWord appends a word as tokens of any protocol may hold it: whoever trains a model chooses
// the names of its kinds.
func appendWord(out []byte, word string) []byte {
	const digits = "0123456789ABCDEF"
	for i := range len(word) {
		if c := word[i]; isWordByte(c) {
			out = append(out, c)
		} else {
			out = append(out, '%', digits[c>>4], digits[c&15])
		}
	}
	return out
}

func isWordByte(c byte) bool {
	return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || strings.IndexByte("-._~", c) >= 0
}
