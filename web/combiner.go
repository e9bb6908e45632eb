package web

import (
	"errors"
	"runtime"
	"sync"

	"github.com/snowman-ml/snowman"
	"github.com/snowman-ml/snowman/internal/verdict"
)

// A combiner scores the single texts of many requests together, which takes less than half the time of
// one after the other: the network's tables come into the processor's cache once for all of them.
//
// Nobody waits for others to come. A request whose text finds nobody scoring scores all texts that are
// there, once the goroutines that are ready to run have had their turns to add theirs, and what came in
// the meantime is scored by one of those that brought it. Tried: docs/decisions/service.md.
type combiner struct {
	leaders    sync.Pool
	maxLeading int // how many may score at a time

	mu      sync.Mutex
	waiting []*question
	leading int // how many are scoring
}

// A question is one text and what is said of it.
type question struct {
	text    string
	verdict snowman.Verdict
	err     error
	called  bool      // who asks it leads, or is told to
	turn    chan bool // tells who waits that the question is answered, or, true, to lead
}

// A leader is what scoring several questions needs.
type leader struct {
	judge     *verdict.Judge
	questions []*question
	texts     []string
}

// At most so many texts wait, and so many are scored at a time.
const (
	maxWaiting  = 4096
	maxTogether = 128
)

var questionPool = sync.Pool{New: func() any { return &question{turn: make(chan bool, 1)} }}

func newCombiner(a *answers) *combiner {
	return &combiner{
		leaders:    sync.Pool{New: func() any { return &leader{judge: verdict.New(a.model, verdict.Options{Allow: a.allow})} }},
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
			<-q.turn // another one had already taken it
		}
	}
	return q.verdict, q.err
}

// gather lets all run that can, for as long as they bring texts.
func (c *combiner) gather() {
	for before, now := 0, 1; before < now && now < maxTogether; {
		runtime.Gosched()
		c.mu.Lock()
		before, now = now, len(c.waiting)
		c.mu.Unlock()
	}
}

// lead answers what waits, and reports whether its own question was among it.
func (c *combiner) lead(own *question) (answered bool) {
	l := c.leaders.Get().(*leader)
	defer c.leaders.Put(l)
	l.questions, l.texts = l.questions[:0], l.texts[:0]

	c.mu.Lock()
	n := min(len(c.waiting), maxTogether)
	l.questions = append(l.questions, c.waiting[:n]...)
	c.waiting = append(c.waiting[:0], c.waiting[n:]...)
	c.mu.Unlock()

	// What was taken is answered and the lead handed on even if a text makes the model panic.
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

// handOn makes one of those who wait lead, if there is one.
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

// errUnanswered is what a question gets that made the model panic, or was asked together with it.
var errUnanswered = errors.New("scoring failed; the log says why")
