package logs

// learner is a stream of a log that may tell of a question, of its answer, or of both. Which of
// them count depends on what it has. The sample says so, and where this is from before the first
// question, as in a log that is followed from its beginning, the records do.
type learner struct {
	with                     func(hasQuestions, hasAnswers bool) layout
	now                      layout
	hasQuestions, hasAnswers bool
	left                     int // records that are still looked at
	record                   Record
}

// learnedRecords is how many records are looked at for parts of exchanges that a log does not seem
// to have, beside those of the sample.
const learnedRecords = 10_000

// newLearner returns a stream whose records have the layout that with returns for what is known.
func newLearner(sample [][]byte, with func(hasQuestions, hasAnswers bool) layout) *learner {
	e := &learner{with: with, now: with(false, false), left: learnedRecords}
	for _, line := range sample {
		e.learn(line)
	}
	return e
}

func (e *learner) layout(line []byte) layout {
	if e.left > 0 {
		e.left--
		e.learn(line)
	}
	return e.now
}

// learn looks at a record, unless everything is known.
func (e *learner) learn(line []byte) {
	if e.hasQuestions && e.hasAnswers {
		e.left = 0
		return
	}
	e.record.reset()
	e.now.find(line, &e.record)
	isQuestion, isAnswer := e.record.Part == Question, e.record.Part == Answer
	if isQuestion && !e.hasQuestions || isAnswer && !e.hasAnswers {
		e.hasQuestions, e.hasAnswers = e.hasQuestions || isQuestion, e.hasAnswers || isAnswer
		e.now = e.with(e.hasQuestions, e.hasAnswers)
	}
}
