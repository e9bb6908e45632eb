// Package coredns is a CoreDNS plugin that says of each name in a query, and in the answer to it,
// how likely it is malicious, and blocks it, or only counts and logs it.
//
//	query  -> its name      -> verdict  -> blocked, or passed to the next plugin
//	answer -> alias targets -> verdicts -> blocked, or as it came
//
// A program imports it to have the directive snowman, whose syntax is in README.md. Nothing is
// looked up, resolved or sent to judge a name. Verdicts on recent names are remembered, in bounded
// memory, until the model or an allow list changes.
package coredns

import (
	"context"
	"strconv"
	"strings"
	"sync/atomic"

	"github.com/coredns/coredns/plugin"
	"github.com/coredns/coredns/plugin/metadata"
	"github.com/coredns/coredns/plugin/metrics"
	"github.com/coredns/coredns/plugin/pkg/fall"
	clog "github.com/coredns/coredns/plugin/pkg/log"
	"github.com/coredns/coredns/request"
	"github.com/miekg/dns"

	"github.com/snowman-ml/snowman"
	"github.com/snowman-ml/snowman/internal/reload"
)

const pluginName = "snowman"

var log = clog.NewWithPlugin(pluginName)

// Snowman is the plugin in one server block. It is safe for any number of goroutines.
type Snowman struct {
	Next plugin.Handler

	zones   plugin.Zones
	blocks  [snowman.High + 1]response // by level
	logFrom snowman.Level              // the lowest level that is logged; none if nothing is
	ttl     uint32                     // seconds, of what blocked queries are answered with
	through fall.F                     // names that are not blocked

	files *reload.Files
	judge atomic.Pointer[judge]
}

// Name implements plugin.Handler.
func (s *Snowman) Name() string { return pluginName }

// Ready implements ready.Readiness. The model is read before the server listens.
func (s *Snowman) Ready() bool { return s.judge.Load() != nil }

// ServeDNS implements plugin.Handler.
func (s *Snowman) ServeDNS(ctx context.Context, w dns.ResponseWriter, r *dns.Msg) (int, error) {
	if !isScored(r) {
		return plugin.NextOrFailure(pluginName, s.Next, ctx, w, r)
	}
	name := strings.ToLower(r.Question[0].Name)
	zone := s.zones.Matches(name)
	if zone == "" {
		return plugin.NextOrFailure(pluginName, s.Next, ctx, w, r)
	}
	q := &query{ResponseWriter: w, snowman: s, request: r, name: name, zone: zone, server: metrics.WithServer(ctx), view: metrics.WithView(ctx)}
	if blocked := q.judge(inQuestion, name); blocked != nil {
		return dns.RcodeSuccess, w.WriteMsg(blocked) // the code says that the client has its answer
	}
	if t := r.Question[0].Qtype; t != dns.TypeAXFR && t != dns.TypeIXFR {
		w = q
	}
	return plugin.NextOrFailure(pluginName, s.Next, ctx, w, r)
}

// isScored reports whether the name of a query is scored.
func isScored(r *dns.Msg) bool {
	if len(r.Question) == 0 || r.Opcode != dns.OpcodeQuery {
		return false
	}
	class := r.Question[0].Qclass
	return class == dns.ClassINET || class == dns.ClassANY
}

// Metadata implements metadata.Provider.
func (s *Snowman) Metadata(ctx context.Context, state request.Request) context.Context {
	name := state.Name()
	if !isScored(state.Req) || s.zones.Matches(name) == "" {
		return ctx
	}
	of := func() verdict { return s.judge.Load().verdict(name) }
	metadata.SetValueFunc(ctx, pluginName+"/level", func() string { return of().level.String() })
	metadata.SetValueFunc(ctx, pluginName+"/kind", func() string { return of().kind })
	metadata.SetValueFunc(ctx, pluginName+"/score", func() string { return formatScore(of().score) })
	return ctx
}

// formatScore returns a score with five decimals.
func formatScore(score float64) string { return strconv.FormatFloat(score, 'f', 5, 64) }

// A query is one that the plugin looks at. It is the writer of the next plugin, so that the answer
// can be looked at before the client gets it.
type query struct {
	dns.ResponseWriter // the client's

	snowman      *Snowman
	request      *dns.Msg
	name, zone   string // in lower case
	allowed      bool   // the name is on an allow list, so that nothing in its answer blocks it
	server, view string
}

// Where a name stands.
const (
	inQuestion = "question"
	inAnswer   = "answer"
)

// judge counts a name of the query, and logs it where that is asked for. It returns the answer that
// the client shall get instead of another, or nil.
func (q *query) judge(where, name string) *dns.Msg {
	s := q.snowman
	v := s.judge.Load().verdict(name)
	namesCount.WithLabelValues(q.server, q.zone, q.view, where, v.level.String(), v.kind).Inc()
	if v.allowed {
		allowedCount.WithLabelValues(q.server, q.zone, q.view, where).Inc()
	}
	if where == inQuestion {
		q.allowed = v.allowed
	}
	how := s.blocks[v.level]
	if q.allowed {
		how = pass
	}
	did := how.String()
	switch {
	case how == pass:
	case s.through.Through(q.name):
		fallthroughCount.WithLabelValues(q.server, q.zone, q.view, where, v.level.String()).Inc()
		how, did = pass, "fallthrough"
	default:
		blockedCount.WithLabelValues(q.server, q.zone, q.view, where, v.level.String(), did).Inc()
	}
	if s.logFrom > snowman.None && v.level >= s.logFrom {
		q.log(where, name, v, did)
	}
	if how == pass {
		return nil
	}
	return q.blocked(how, v)
}

// log writes a line: client, question, verdict, what was done, and the name in the answer that the
// verdict is of, if it is not that of the question. Names have no byte outside printable ASCII.
func (q *query) log(where, name string, v verdict, did string) {
	target := ""
	if where == inAnswer {
		target = ` "` + name + `"`
	}
	log.Infof(`%s "%s %s %s" %s %s %s %s%s`, q.RemoteAddr(), dns.Type(q.request.Question[0].Qtype), dns.Class(q.request.Question[0].Qclass), q.name, v.level, v.kind, formatScore(v.score), did, target)
}
