package web

import (
	"errors"
	"runtime"
	"sync"

	"github.com/snowman-ml/snowman"
	"github.com/snowman-ml/snowman/internal/verdict"
)

// A combiner scores the single texts of many requests together. That takes less than half the time
// of scoring one after the other, because the network's tables are loaded into the processor's
// cache once for all.
//
// No request waits for others to arrive. If fewer than maxLeading requests are scoring, a request
// leads: it lets the goroutines that are ready to run add their texts, then scores all that are
// there. Texts that arrive meanwhile are scored by one of the requests that brought them. Tried:
// docs/decisions/service.md.
type combiner struct {
	leaders    sync.Pool
	maxLeading int // requests that may score at a time

	mu      sync.Mutex
	waiting []*question
	leading int // requests that are scoring
}

// A question is one text and its verdict.
type question struct {
	text    string
	verdict snowman.Verdict
	err     error
	called  bool      // its goroutine leads, or was told to
	turn    chan bool // tells its goroutine to lead (true), or that the question is answered
}

// A leader is the memory for scoring several questions.
type leader struct {
	judge     *verdict.Judge
	questions []*question
	texts     []string
}

const (
	maxWaiting  = 4096 // texts
	maxTogether = 128  // texts that are scored at a time
)

var questionPool = sync.Pool{New: func() any { return &question{turn: make(chan bool, 1)} }}

func newCombiner(in *served) *combiner {
	return &combiner{
		leaders:    sync.Pool{New: func() any { return &leader{judge: verdict.New(in.model, verdict.Options{Allow: in.allow})} }},
		maxLeading: max(1, runtime.GOMAXPROCS(0)/4), // the rest of the cores read requests and write answers
	}
}

// classify returns the verdict on a text, without its probabilities.
func (c *combiner) classify(text string) (snowman.Verdict, error) {
	q := questionPool.Get().(*question)
	defer questionPool.Put(q)
	q.text = text
	c.mu.Lock()
	if len(c.waiting) >= maxWaiting {
		c.mu.Unlock()
		return snowman.Verdict{}, errBusy
	}
	c.waiting = append(c.waiting, q)
	lead := c.leading < c.maxLeading
	if lead {
		c.leading++
	}
	q.called = lead
	c.mu.Unlock()

	if !lead {
		lead = <-q.turn
	}
	if lead {
		c.gather()
		if !c.lead(q) {
			<-q.turn // another leader had already taken it
		}
	}
	return q.verdict, q.err
}

// gather yields to the goroutines that are ready to run, for as long as these add texts.
func (c *combiner) gather() {
	for before, now := 0, 1; before < now && now < maxTogether; {
		runtime.Gosched()
		c.mu.Lock()
		before, now = now, len(c.waiting)
		c.mu.Unlock()
	}
}

// lead answers the questions that wait, and reports whether its own was among them.
func (c *combiner) lead(own *question) (answered bool) {
	l := c.leaders.Get().(*leader)
	defer c.leaders.Put(l)
	l.questions, l.texts = l.questions[:0], l.texts[:0]

	c.mu.Lock()
	n := min(len(c.waiting), maxTogether)
	l.questions = append(l.questions, c.waiting[:n]...)
	c.waiting = append(c.waiting[:0], c.waiting[n:]...)
	c.mu.Unlock()

	// Even if a text makes the model panic, the questions are answered and another one leads.
	defer c.handOn()
	defer func() {
		for _, q := range l.questions {
			if q == own {
				answered = true
			} else {
				q.turn <- false
			}
		}
		clear(l.questions)
		clear(l.texts)
	}()
	for _, q := range l.questions {
		q.err = errUnanswered
		l.texts = append(l.texts, q.text)
	}
	l.judge.All(l.texts, func(i int, r verdict.Record, err error) {
		l.questions[i].verdict, l.questions[i].err = r.Verdict, err
	})
	return false // the deferred function knows
}

// handOn makes one of the waiting questions lead, if there is one.
func (c *combiner) handOn() {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, q := range c.waiting {
		if !q.called {
			q.called = true
			q.turn <- true
			return
		}
	}
	c.leading--
}

// errUnanswered is the answer to a question that made the model panic, and to those scored together
// with it.
var errUnanswered = errors.New("scoring failed; the log says why")
