package web

import (
	"errors"
	"net/http"
	"net/netip"
	"sync"
	"sync/atomic"
	"time"
)

// An account counts the bytes that requests hold: what the server keeps for each, bodies, streams,
// and answers that wait to be written, for as long as a client likes. What exceeds it is refused,
// at once: nothing waits for bytes. How the numbers add up: docs/decisions/service.md.
type account struct {
	held atomic.Int64

	mu        sync.Mutex
	byClient  map[string]int64       // of what is large
	byNetwork map[netip.Prefix]int64 // of requests, before it is known whose key they have
}

// How much may be held when somebody wants more, by what for. The rest of one is left for the next:
// clients that fill memory with large answers keep nobody from small ones, no client by itself
// keeps others from either, and none keeps probes out.
const (
	roomForOne     = 96 << 20  // bodies, streams and answers of one client
	roomForLarge   = 144 << 20 // those of all clients
	roomForAddress = 64 << 20  // requests of one address
	roomForSmall   = 176 << 20 // those of all
	roomForAll     = 192 << 20 // probes
)

// What things are taken to hold.
const (
	requestBytes    = 16 << 10  // goroutine, buffers of the server, ordinary header
	fieldBytes      = 128       // of a field of a header, beside what it has twice: its own bytes
	ordinaryFields  = 16        // that requestBytes holds
	metricsBytes    = 32 << 10  // of the answer of /metrics
	receiveBytes    = 64 << 10  // of a body over HTTP/2 that nobody reads: serving.NewServer sets it
	bytesOfBodyByte = 3         // its copies and the texts in it
	streamBytes     = 1 << 20   // lines and answers of a stream
	streamBuffers   = 512 << 10 // of a stream beside that
	smallAnswer     = 8 << 10   // counts as part of its request
)

// take counts bytes, unless that would be more than this many.
func (a *account) take(bytes, most int64) bool {
	if a.held.Add(bytes) <= most {
		return true
	}
	a.held.Add(-bytes)
	return false
}

// give ends what take began.
func (a *account) give(bytes int64) { a.held.Add(-bytes) }

// takeLarge counts bytes of what is large, unless that would be more than there is room for, or
// than one client may hold.
func (a *account) takeLarge(client string, bytes int64) bool {
	return takeOf(a, &a.byClient, client, bytes, roomForOne, roomForLarge)
}

// takeRequest counts bytes of a request, unless that would be more than there is room for, or than
// the requests of one address may hold.
func (a *account) takeRequest(network netip.Prefix, bytes int64) bool {
	return takeOf(a, &a.byNetwork, network, bytes, roomForAddress, roomForSmall)
}

func takeOf[K comparable](a *account, by *map[K]int64, whose K, bytes, mostOfOne, most int64) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	if (*by)[whose]+bytes > mostOfOne || !a.take(bytes, most) {
		return false
	}
	if *by == nil {
		*by = make(map[K]int64)
	}
	(*by)[whose] += bytes
	return true
}

// giveLarge ends what takeLarge began.
func (a *account) giveLarge(client string, bytes int64) { giveOf(a, &a.byClient, client, bytes) }

// giveRequest ends what takeRequest began.
func (a *account) giveRequest(network netip.Prefix, bytes int64) {
	giveOf(a, &a.byNetwork, network, bytes)
}

func giveOf[K comparable](a *account, by *map[K]int64, whose K, bytes int64) {
	if bytes == 0 {
		return
	}
	a.give(bytes)
	a.mu.Lock()
	defer a.mu.Unlock()
	if (*by)[whose] -= bytes; (*by)[whose] == 0 {
		delete(*by, whose)
	}
}

// bytesOfRequest is what the server holds of a request, whatever becomes of it.
func bytesOfRequest(r *http.Request) int64 {
	bytes, fields := int64(requestBytes), -ordinaryFields
	for name, values := range r.Header {
		fields += len(values)
		for _, value := range values {
			bytes += 2 * int64(len(name)+len(value))
		}
	}
	bytes += fieldBytes*int64(max(0, fields)) + 2*int64(len(r.RequestURI))
	if r.ProtoMajor > 1 && r.ContentLength != 0 {
		if r.ContentLength < 0 || r.ContentLength > receiveBytes {
			return bytes + receiveBytes
		}
		bytes += r.ContentLength
	}
	return bytes
}

// An answer is made as a whole before any of it is written, so that nothing that others wait for is
// held while the client reads. It is counted until it is written.
type answer struct {
	service *Service
	w       *response
	r       *http.Request
	client  string // whose it is, once something is taken
	taken   int64
	bytes   []byte
}

// count counts what the answer takes by now, and reports whether there is room for it.
func (a *answer) count() bool {
	size := int64(cap(a.bytes))
	if size <= smallAnswer || size <= a.taken {
		return true
	}
	if a.taken == 0 {
		a.client = clientOf(a.w, a.r)
	}
	if !a.service.account.takeLarge(a.client, size-a.taken) {
		return false
	}
	a.taken = size
	return true
}

// free ends the count.
func (a *answer) free() {
	a.service.account.giveLarge(a.client, a.taken)
	a.taken, a.bytes = 0, nil
}

// Pieces in which answers are written. A frame of HTTP/2 is copied, and the copy's memory stays
// with the connection: a client may want frames of 16 MiB.
const (
	pieceBytes      = 64 << 10
	http2PieceBytes = 16 << 10
)

// writePieces writes bytes piece by piece, and calls before each with its turn.
func (w *response) writePieces(r *http.Request, bytes []byte, before func()) error {
	size := pieceBytes
	if r.ProtoMajor > 1 {
		size = http2PieceBytes
	}
	for len(bytes) > 0 {
		before()
		piece := bytes[:min(size, len(bytes))]
		if _, err := w.Write(piece); err != nil {
			return err
		}
		bytes = bytes[len(piece):]
	}
	return nil
}

// flush waits until an answer over HTTP/2 is written. Of one below 4 KiB the handler would end, and
// so would the count, while net/http keeps all of the request for a client that opens no window.
func (s *Service) flush(w *response, r *http.Request) {
	if r.ProtoMajor == 1 || w.brief || w.cut != "" {
		return
	}
	control := http.NewResponseController(w.ResponseWriter)
	end := writeDeadline(r)
	control.SetWriteDeadline(s.nextDeadline(end))
	if err := control.Flush(); err != nil && !errors.Is(err, http.ErrNotSupported) {
		w.cut = "writing the answer: " + err.Error()
		return
	}
	control.SetWriteDeadline(end)
}

// nextDeadline is that of what is to be written now, of an answer with a deadline.
func (s *Service) nextDeadline(end time.Time) time.Time {
	deadline := time.Now().Add(s.options.Stall)
	if !end.IsZero() && end.Before(deadline) {
		return end
	}
	return deadline
}

// send writes the body of an answer. A client that takes none of it for as long as Options.Stall is
// given up, and so is one that takes longer than the server's WriteTimeout.
func (s *Service) send(w *response, r *http.Request, body []byte) {
	if len(body) <= smallAnswer {
		w.Write(body)
		return
	}
	control := http.NewResponseController(w.ResponseWriter)
	end := writeDeadline(r)
	err := w.writePieces(r, body, func() {
		control.SetWriteDeadline(s.nextDeadline(end)) // without deadlines the server's own holds
	})
	if err != nil {
		w.cut = "writing the answer: " + err.Error()
		return
	}
	control.SetWriteDeadline(end) // of what the server has not written yet
}
