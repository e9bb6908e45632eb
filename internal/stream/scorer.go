package stream

import (
	"errors"
	"runtime"
	"slices"
	"strconv"
	"time"
	"unsafe"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/snowman-ml/snowman"
	"github.com/snowman-ml/snowman/internal/canon"
	"github.com/snowman-ml/snowman/internal/enrich"
	"github.com/snowman-ml/snowman/internal/verdict"
	"github.com/snowman-ml/snowman/logs"
)

// mostNames is how many names a message may have: more would take too much memory.
const mostNames = 10_000

// A scorer makes messages of messages. It belongs to one goroutine at a time. What it made holds
// until forget or the next start.
type scorer struct {
	options *Options
	in      *served // that what follows is of
	model   []byte  // its version
	clerk   *enrich.Clerk
	layout  logs.Layout
	judge   *verdict.Judge // of names
	encoder *verdict.Encoder
	url     canon.URL

	items   []enrich.Item
	texts   []string
	ends    []int // of each text
	buffer  []byte
	arena   []byte // what messages are made of
	headers []kgo.RecordHeader
	outputs []output
	tally   tally
}

// An output is a message to be written.
type output struct {
	record   kgo.Record
	of       *kgo.Record // that was read
	to       target
	hasLevel bool
	level    snowman.Level
	score    float64
	shrunk   int // how often it was made smaller
}

// A target is a topic of the options.
type target int

const (
	toOut target = iota
	toAlerts
	toDeadLetters
)

var targetNames = [...]string{"out", "alerts", "dead letters"}

// topic returns the topic of a target; it may be empty.
func (o *Options) topic(to target) string {
	return [...]string{o.Out, o.Alerts, o.DeadLetters}[to]
}

// enrichOptions are those of a Clerk.
func (o *Options) enrichOptions(list served) enrich.Options {
	return enrich.Options{
		Verdict: verdict.Options{Allow: list.allow, Memory: rememberedBytes / runtime.GOMAXPROCS(0)},
		ECS:     o.ECS, MaxRecord: logs.MaxRecord, MaxNames: mostNames,
	}
}

// layoutFor returns the layout of messages. Options.Format is not nil.
func (o *Options) layoutFor(model *snowman.Model) (logs.Layout, error) {
	return o.Format.Alone(enrich.NewJob(model, enrich.Options{ECS: o.ECS}).Reading(o.Columns))
}

// forget leaves the memory of what was made to whoever still has it.
func (s *scorer) forget() { s.arena, s.headers, s.outputs = nil, nil, nil }

// start makes ready for a number of messages.
func (s *scorer) start(in *served, messages int) error {
	const most = 4 * roundBytes
	if cap(s.arena) > most {
		s.arena = nil
	}
	s.arena, s.headers, s.outputs = s.arena[:0], s.headers[:0], s.outputs[:0]
	s.outputs = slices.Grow(s.outputs, 2*messages) // their addresses stay
	if s.in == in {
		return nil
	}
	info := in.model.Info()
	s.model = []byte(modelVersion(info) + " " + info.SHA256[:min(12, len(info.SHA256))])
	options := s.options.enrichOptions(*in)
	if s.options.Format == nil {
		s.judge, s.encoder = verdict.New(in.model, options.Verdict), verdict.NewEncoder(in.model.Kinds())
	} else {
		layout, err := s.options.layoutFor(in.model)
		if err != nil {
			return err
		}
		s.clerk, s.layout = enrich.NewClerk(in.model, options), layout
	}
	s.in = in
	return nil
}

// score makes outputs of messages.
func (s *scorer) score(records []*kgo.Record) {
	for part := range slices.Chunk(records, mostOfTheRound) {
		if s.options.Format == nil {
			s.scoreNames(part)
		} else {
			s.scoreRecords(part)
		}
	}
}

// A said is what is said of a message.
type said struct {
	has     bool
	score   float64
	level   snowman.Level
	kind    string
	name    string // as it is shown; holds for a moment
	domain  []byte
	problem string // why there is no verdict; else empty
	broken  bool
}

func (s *scorer) scoreRecords(records []*kgo.Record) {
	s.items = s.items[:0]
	for _, r := range records {
		s.items = append(s.items, enrich.Item{Record: r.Value, Layout: s.layout, Format: s.options.Format})
	}
	s.clerk.Score(s.items, func(i int, result *enrich.Said) {
		what := said{has: result.HasVerdict, score: result.Score, level: result.Level, kind: result.Kind, name: result.Name}
		value := records[i].Value
		switch {
		case result.Broken != "":
			what.broken, what.problem = true, result.Broken
		case result.Failed != nil:
			what.problem = result.Failed.Error()
		case result.Lost:
			what.problem = "the log did not keep all of the name"
		}
		if what.has && !s.options.Headers {
			value = s.keep(result.Record)
		}
		if what.has && s.options.ByDomain {
			what.domain = s.keep(s.clerk.Domain())
		}
		s.emit(records[i], value, &what)
	})
	clear(s.items)
}

func (s *scorer) scoreNames(records []*kgo.Record) {
	s.buffer, s.ends, s.texts = s.buffer[:0], s.ends[:0], s.texts[:0]
	for _, r := range records {
		s.buffer = append(s.buffer, r.Value...)
		s.ends = append(s.ends, len(s.buffer))
	}
	all, start := string(s.buffer), 0
	for _, end := range s.ends {
		s.texts = append(s.texts, all[start:end])
		start = end
	}
	s.judge.All(s.texts, func(i int, r verdict.Record, err error) {
		value := records[i].Value
		switch {
		case value == nil: // a tombstone of a compacted topic
			s.emit(records[i], nil, &said{})
			return
		case err != nil:
			s.emit(records[i], value, &said{broken: true, problem: err.Error()})
			return
		}
		what := said{has: true, score: r.Score, level: r.Level, kind: r.Kind, name: r.Text}
		if !s.options.Headers {
			before := len(s.arena)
			s.arena = s.encoder.Append(s.arena, r)
			value = s.arena[before:len(s.arena):len(s.arena)]
		}
		if s.options.ByDomain && s.url.Parse(r.Text) == nil && !s.url.IsAddress() {
			what.domain = s.keep(s.url.RegisteredDomain())
		}
		s.emit(records[i], value, &what)
	})
	clear(s.texts)
}

// keep copies bytes to where they hold.
func (s *scorer) keep(bytes []byte) []byte {
	before := len(s.arena)
	s.arena = append(s.arena, bytes...)
	return s.arena[before:len(s.arena):len(s.arena)]
}

// emit makes the outputs of a message.
func (s *scorer) emit(r *kgo.Record, value []byte, what *said) {
	if len(r.Headers) > mostHeaders {
		value, what = r.Value, &said{broken: true, problem: "it has too many headers, which are left out"}
	}
	s.tally.count(r, what)
	first := s.foreignHeaders(r)
	s.addHeader(headerModel, s.model)
	if what.has && s.options.Headers {
		s.addHeader(headerScore, s.digits(what.score))
		s.addHeader(headerLevel, bytesOf(what.level.String()))
		s.addHeader(headerKind, bytesOf(what.kind))
		s.addHeader(headerName, s.keep(bytesOf(what.name)))
	}
	if what.problem != "" {
		s.addHeader(headerError, s.keep(bytesOf(what.problem)))
	}
	to := toOut
	if what.broken && s.options.DeadLetters != "" {
		to = toDeadLetters
		s.addPlace(r)
	}
	headers := s.headers[first:len(s.headers):len(s.headers)]
	key := r.Key
	if len(what.domain) > 0 {
		key = what.domain
	}
	s.add(output{of: r, to: to, hasLevel: what.has, level: what.level, score: what.score}, key, value, headers)
	if what.has && what.level >= s.options.Minimum {
		s.add(output{of: r, to: toAlerts, hasLevel: true, level: what.level, score: what.score}, key, value, headers)
	}
}

// add adds an output if there is a topic for it.
func (s *scorer) add(o output, key, value []byte, headers []kgo.RecordHeader) {
	topic := s.options.topic(o.to)
	if topic == "" {
		return
	}
	o.record = kgo.Record{Topic: topic, Key: key, Value: value, Headers: headers, Timestamp: o.of.Timestamp}
	s.outputs = append(s.outputs, o)
}

// The headers that are written.
const (
	headerPrefix    = "snowman-"
	headerModel     = headerPrefix + "model"
	headerScore     = headerPrefix + "score"
	headerLevel     = headerPrefix + "level"
	headerKind      = headerPrefix + "kind"
	headerName      = headerPrefix + "name"
	headerError     = headerPrefix + "error"
	headerTopic     = headerPrefix + "topic"
	headerPartition = headerPrefix + "partition"
	headerOffset    = headerPrefix + "offset"
)

// foreignHeaders adds the headers that a message has but for our own, none if there are too many,
// and returns the number of the first.
func (s *scorer) foreignHeaders(r *kgo.Record) (first int) {
	first = len(s.headers)
	if len(r.Headers) > mostHeaders {
		return first
	}
	for _, header := range r.Headers {
		if len(header.Key) < len(headerPrefix) || header.Key[:len(headerPrefix)] != headerPrefix {
			s.headers = append(s.headers, header)
		}
	}
	return first
}

func (s *scorer) addHeader(key string, value []byte) {
	s.headers = append(s.headers, kgo.RecordHeader{Key: key, Value: value})
}

// addPlace adds where a message stands.
func (s *scorer) addPlace(r *kgo.Record) {
	s.addHeader(headerTopic, bytesOf(r.Topic))
	s.addHeader(headerPartition, s.number(int64(r.Partition)))
	s.addHeader(headerOffset, s.number(r.Offset))
}

func (s *scorer) number(n int64) []byte {
	before := len(s.arena)
	s.arena = strconv.AppendInt(s.arena, n, 10)
	return s.arena[before:len(s.arena):len(s.arena)]
}

func (s *scorer) digits(score float64) []byte {
	before := len(s.arena)
	s.arena = strconv.AppendFloat(s.arena, score, 'f', 5, 64)
	return s.arena[before:len(s.arena):len(s.arena)]
}

// shrink changes an output that its topic refused. One that is too large becomes smaller: first it
// is the message as it was read, then without its value, at last without its key and headers. What
// was to go to Out goes to DeadLetters if there is that; what is refused for another reason goes
// there as it was read. It returns false where nothing is left to try.
func (s *scorer) shrink(o *output, err error) bool {
	isTooLarge := errors.Is(err, kerr.MessageTooLarge)
	if !isTooLarge && (o.to == toDeadLetters || s.options.DeadLetters == "") {
		return false
	}
	if s.options.DeadLetters != "" && (o.to == toOut || !isTooLarge) {
		o.to = toDeadLetters
	}
	key, value, at := o.record.Key, o.of.Value, o.of.Timestamp
	var problem string
	if isTooLarge {
		o.shrunk++
	}
	switch {
	case !isTooLarge:
		problem = "the topic refuses it: " + err.Error()
		at = time.Time{} // now: the other one may be what is refused
	case o.shrunk == 1:
		problem = "with its verdict it is larger than the topic takes"
	case o.shrunk == 2:
		problem = "it is larger than the topic takes"
		value = []byte{} // none at all would mean in a compacted topic that the key is gone
	case o.shrunk == 3:
		problem = "its key and headers are larger than the topic takes"
		key, value = nil, []byte{}
	default:
		return false
	}
	first := len(s.headers)
	if o.shrunk < 3 {
		s.foreignHeaders(o.of)
	}
	s.addHeader(headerModel, s.model)
	if o.hasLevel {
		s.addHeader(headerScore, s.digits(o.score))
		s.addHeader(headerLevel, bytesOf(o.level.String()))
	}
	s.addHeader(headerError, s.keep(bytesOf(problem)))
	s.addPlace(o.of)
	o.record = kgo.Record{
		Topic: s.options.topic(o.to), Key: key, Value: value,
		Headers: s.headers[first:len(s.headers):len(s.headers)], Timestamp: at,
	}
	return true
}

// bytesOf returns the bytes of a text that nobody changes.
func bytesOf(text string) []byte { return unsafe.Slice(unsafe.StringData(text), len(text)) }
