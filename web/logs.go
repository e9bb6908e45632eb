package web

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"net/url"
	"strconv"

	"github.com/snowman-ml/snowman"
	"github.com/snowman-ml/snowman/internal/enrich"
	"github.com/snowman-ml/snowman/internal/pipeline"
	"github.com/snowman-ml/snowman/internal/render"
	"github.com/snowman-ml/snowman/internal/verdict"
	"github.com/snowman-ml/snowman/internal/visible"
	"github.com/snowman-ml/snowman/logs"
)

// What one log may hold. Each name of a record gives a line, and each line takes memory.
const (
	logBytes      = 6 << 20   // of a log: records, names, answers
	logRoom       = 2 << 20   // of these, answers on their way
	longestRecord = 256 << 10 // bytes
	mostNames     = 10_000    // of a record
	mostColumns   = 16        // that a request asks for
)

// logsQuery are the query parameters of /v1/logs.
var logsQuery = []string{"format", "column", "min", "write", "skip", "more"}

// A logRequest is what a request asks for about a log.
type logRequest struct {
	format       *logs.Format // nil: to be guessed
	isGuessed    bool         // format was
	columns      []string
	minimum      snowman.Level
	writeRecords bool // else names
	isPart       bool // the body is a part of a log
	skip         int
	more         bool
	mayWait      bool // the client may wait for answers
	tabs         bool
}

// readLogRequest reads the query of a request.
func readLogRequest(r *http.Request, query url.Values) (asked logRequest, err error) {
	asked = logRequest{columns: query["column"], mayWait: r.ContentLength < 0, tabs: wantsTabs(r)}
	if name := query.Get("format"); name != "" && name != "auto" {
		if asked.format, err = logs.Find(name); err != nil {
			return asked, err
		}
	}
	if level := query.Get("min"); level != "" {
		if asked.minimum, err = snowman.ParseLevel(level); err != nil {
			return asked, fmt.Errorf("the query parameter min: %w", err)
		}
	}
	switch write := query.Get("write"); write {
	case "", "names":
	case "records":
		asked.writeRecords = true
	default:
		return asked, fmt.Errorf("the query parameter write is %q, want names or records", abbreviate(write))
	}
	if skip := query.Get("skip"); skip != "" {
		if asked.skip, err = strconv.Atoi(skip); err != nil || asked.skip < 0 {
			return asked, fmt.Errorf("the query parameter skip is %q, want a number of lines", abbreviate(skip))
		}
	}
	asked.more, _ = strconv.ParseBool(query.Get("more")) // checkQuery has refused what is wrong
	asked.isPart = query.Has("skip") || query.Has("more")
	return asked, asked.check()
}

// check says what is wrong with a request whose format is known, or to be guessed.
func (asked *logRequest) check() error {
	format := asked.format
	switch {
	case len(asked.columns) > mostColumns:
		return fmt.Errorf("more than %d columns are asked for", mostColumns)
	case format == nil:
		return nil
	case format.Sort == logs.Lists:
		return errors.New("format lines: POST /v1/score reads a name or URL a line, and format list names among words too")
	case len(asked.columns) > 0 && !format.AnyColumn:
		return fmt.Errorf("column: format %s knows where its names stand", format.Name)
	case asked.writeRecords && format.Sort == logs.Names:
		return fmt.Errorf("write=records: format %s has no records to write into", format.Name)
	case (asked.more || asked.skip > 0) && format.Whole():
		return fmt.Errorf("format %s cannot be read in parts: send all in one request, or use snowman score -f", format.Name)
	}
	return nil
}

// scoreLog scores the names in the records of a log.
func (s *Service) scoreLog(w *response, r *http.Request) {
	mediaType, _, _ := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if mediaType == "multipart/form-data" || mediaType == "application/x-www-form-urlencoded" {
		w.refuse(http.StatusUnsupportedMediaType, fmt.Sprintf("Content-Type is %q, want the log itself, as curl -X POST -T FILE sends it", mediaType))
		return
	}
	asked, err := readLogRequest(r, r.URL.Query())
	if err == nil && asked.minimum > snowman.None && len(s.current.Load().info.Thresholds) == 0 {
		err = errors.New("min: the model has no levels")
	}
	if err != nil {
		w.refuseError(err)
		return
	}
	if !asked.isPart {
		s.answerLog(w, r, asked, nil)
		return
	}
	// A browser reads no answer over HTTP/1.1 before it has sent its request.
	if err := s.withBody(w, r, maxScoreBody, func(body []byte) error {
		if len(body) <= smallBody { // others get its memory when the answer ends, before all readers do
			body = bytes.Clone(body)
		}
		s.answerLog(w, r, asked, bytes.NewReader(body))
		return nil
	}); err != nil {
		w.refuseError(err)
	}
}

// answerLog answers a request about a log, whose body may have been read before.
func (s *Service) answerLog(w *response, r *http.Request, asked logRequest, body io.Reader) {
	in, id := s.current.Load(), w.id
	answerStream(s, w, r, streamed[enrich.Item]{
		whole:   body,
		memory:  logBytes,
		room:    logRoom,
		mayHold: recordsMayHold,
		begin: func(body io.Reader) (run streamRun[enrich.Item], err error) {
			sample, all, err := readSample(body, asked.mayWait)
			if err != nil {
				return run, err
			}
			guess, err := asked.guess(sample)
			if err != nil {
				return run, err
			}
			advice := asked.advice(sample)
			if advice.Refused {
				return run, unsupportedError{message: "the body " + advice.Query()}
			}
			w.Header()["Snowman-Format"] = []string{asked.format.Name}
			options := s.enriching(in, id, asked)
			switch {
			case asked.writeRecords:
				w.Header()["Content-Type"] = []string{"application/octet-stream"}
				run.isForeign = true
			case asked.tabs:
				options.Names, options.Place = abbreviated{render.Tabs.New(render.Options{})}, enrich.TabPlace
				w.Header()["Content-Type"] = []string{tabType}
			default:
				options.Names, options.Place = abbreviated{render.JSONLines.New(render.Options{Kinds: in.model.Kinds()})}, enrich.ObjectPlace
				w.Header()["Content-Type"] = []string{"application/x-ndjson"}
				run.head = appendLine(describeFormat(asked, guess, sample, advice.Query()))
			}
			job := enrich.NewJob(in.model, options)
			source, err := enrich.NewSource("", all, asked.format, sample, job.Reading(asked.columns))
			if err != nil {
				return run, err
			}
			source.Skip, source.Open = asked.skip, asked.more
			run.feed, run.newWorker, run.inOrder = source.Feed, job.NewWorker, job.LeaveRepeatsOut
			run.count = func(int) int {
				_, names := job.Counts()
				texts, _ := names.Count()
				return texts
			}
			run.end = func() []byte {
				if asked.writeRecords || asked.tabs {
					return nil
				}
				return appendLine(summarize(job, source.Rest(), asked))
			}
			return run, nil
		},
	})
}

// enriching returns the options for the work on a log.
func (s *Service) enriching(in *served, id string, asked logRequest) enrich.Options {
	return enrich.Options{
		Minimum: asked.minimum, MaxRecord: longestRecord, MaxNames: mostNames, Quiet: true,
		Desk: func() enrich.Desk {
			s.work.wait()
			j, counted := in.plainJudge(), s.newTally(id)
			return enrich.Desk{
				Judge: j.Judge,
				Each:  func(r verdict.Record, err error) { counted.count(r.Text, r.Verdict, err) },
				Leave: func() {
					counted.report()
					j.free()
					s.work.leave()
				},
			}
		},
	}
}

// recordsMayHold is what a chunk of a log may take until it is written, but for the oddest.
func recordsMayHold(c *pipeline.Chunk[enrich.Item]) int64 {
	const recordBytes = 400 // of what is said of it
	return min(12*int64(c.Bytes)+recordBytes*int64(len(c.Items)), logRoom)
}

// readSample reads the beginning of a log, which must be one of text.
func readSample(body io.Reader, mayWait bool) (sample []byte, all io.Reader, err error) {
	sample, all = enrich.Sample(body, mayWait)
	for _, packed := range []struct{ magic, what string }{
		{"\x1f\x8b", "compressed by gzip: say Content-Encoding: gzip"},
		{"\x28\xb5\x2f\xfd", "compressed by zstd: say Content-Encoding: zstd"},
		{"\xff\xfe", "in UTF-16, want UTF-8"},
		{"\xfe\xff", "in UTF-16, want UTF-8"},
	} {
		if bytes.HasPrefix(sample, []byte(packed.magic)) {
			return nil, nil, unsupportedError{message: "the body is " + packed.what}
		}
	}
	if mark := []byte("\ufeff"); bytes.HasPrefix(sample, mark) {
		sample = sample[len(mark):]
		io.CopyN(io.Discard, all, int64(len(mark))) // they are in memory
	}
	return sample, all, nil
}

// guess finds the format of a log, if the request does not name it. What fits no format is a list.
func (asked *logRequest) guess(sample []byte) (guess logs.Guess, err error) {
	if asked.format != nil {
		return logs.Guess{}, nil
	}
	guess = logs.GuessFormat(sample, true)
	asked.format, asked.isGuessed = guess.Format, true
	if guess.Format == logs.Lines {
		if len(asked.columns) > 0 {
			return guess, errors.New("column: the first lines do not tell the format; format=csv, tsv, jsonl or kv does")
		}
		asked.format, guess = logs.List, logs.Guess{}
	}
	return guess, asked.check()
}

// advice returns what would help to read a log, as the program says it.
func (asked *logRequest) advice(sample []byte) logs.Advice {
	if asked.isGuessed && asked.format == logs.List {
		return logs.Advise(sample, logs.Lines, true)
	}
	return logs.Advise(sample, asked.format, true)
}

// A logFormat is the first line of an answer: how a log is read, and why.
type logFormat struct {
	Format  string   `json:"format"`
	Title   string   `json:"title"`
	Fit     int      `json:"fit,omitempty"`     // lines of the beginning that are of the format, if it was guessed
	Sampled int      `json:"sampled,omitempty"` // of these
	Records bool     `json:"records"`           // write=records is possible
	Columns []string `json:"columns,omitempty"` // that may hold names
	Found   []string `json:"found,omitempty"`   // of these, those that are read
	Advice  string   `json:"advice,omitempty"`  // what would help to read it
}

func describeFormat(asked logRequest, guess logs.Guess, sample []byte, advice string) logFormat {
	format := asked.format
	all, found := format.Columns(sample)
	if len(asked.columns) > 0 {
		found = asked.columns
	}
	if missing := format.Missing(sample, asked.columns); advice == "" {
		advice = missing
	}
	for i, column := range all {
		if all[i] = column; len(column) > longestColumn {
			all[i] = visible.Abbreviate(column, longestColumn)
		}
	}
	return logFormat{format.Name, format.Title, guess.Fit, guess.Sampled, format.Sort != logs.Names, all, found, advice}
}

// longestColumn is how many bytes are told of the name of a column.
const longestColumn = 200

// A logSummary is the last line of an answer: what was read, and what has no verdict.
type logSummary struct {
	Lines    int            `json:"lines"`
	Records  int            `json:"records"`
	Names    int            `json:"names"`
	Nameless int            `json:"nameless"` // records without a name
	Repeats  int            `json:"repeats"`  // records that are answers to questions of the same log
	Headers  int            `json:"headers"`  // headers, comments and blank lines
	Broken   int            `json:"broken"`   // records
	Reasons  map[string]int `json:"reasons,omitempty"`
	Misfits  string         `json:"misfits,omitempty"` // of records without a name, and broken ones, which other log they are of
	Rest     *logRest       `json:"rest,omitempty"`    // if the body was a part
}

// A logRest is what a client needs that sends a log in parts.
type logRest struct {
	Unread  int   `json:"unread"`
	Sample  int   `json:"sample"`
	Headers []int `json:"headers"`
}

func summarize(job *enrich.Job, rest enrich.Rest, asked logRequest) logSummary {
	counts, names := job.Counts()
	texts, _ := names.Count()
	summary := logSummary{
		Lines: rest.Lines, Records: counts.Records, Names: texts, Nameless: counts.Nameless, Repeats: counts.Repeats,
		Headers: counts.Headers, Broken: counts.Broken, Reasons: job.Reasons(), Misfits: job.Misfits(asked.format),
	}
	if asked.isPart {
		summary.Rest = &logRest{rest.Unread, rest.Sample, append([]int{}, rest.Headers...)}
	}
	return summary
}

// appendLine returns a value as a line of JSON.
func appendLine(value any) []byte { return append(visible.AppendJSONValue(nil, value), '\n') }
