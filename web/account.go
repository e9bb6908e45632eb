package web

import (
	"net/http"
	"sync"
	"sync/atomic"
	"time"
)

// An account counts the bytes that requests hold: what the server keeps for each, bodies, streams,
// and answers that wait to be written, for as long as a client likes. What exceeds it is refused,
// at once: nothing waits for bytes. How the numbers add up: docs/decisions/service.md.
type account struct {
	held atomic.Int64

	mu       sync.Mutex
	byClient map[string]int64 // of what is large
}

// How much may be held when somebody wants more, by what for. The rest of one is left for the next:
// clients that fill memory with large answers keep nobody from small ones, no client by itself
// keeps others from large ones, and none keeps probes out.
const (
	roomForOne   = 108 << 20 // bodies, streams and answers of one client
	roomForLarge = 144 << 20 // those of all clients
	roomForSmall = 176 << 20 // requests
	roomForAll   = 192 << 20 // probes
)

// What things are taken to hold.
const (
	requestBytes    = 16 << 10  // goroutine, header, buffers of the server
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
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.byClient[client]+bytes > roomForOne || !a.take(bytes, roomForLarge) {
		return false
	}
	if a.byClient == nil {
		a.byClient = make(map[string]int64)
	}
	a.byClient[client] += bytes
	return true
}

// giveLarge ends what takeLarge began.
func (a *account) giveLarge(client string, bytes int64) {
	if bytes == 0 {
		return
	}
	a.give(bytes)
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.byClient[client] -= bytes; a.byClient[client] == 0 {
		delete(a.byClient, client)
	}
}

// bytesOfRequest is what the server holds of a request, whatever becomes of it.
func bytesOfRequest(r *http.Request) int64 {
	bytes := int64(requestBytes)
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
		deadline := time.Now().Add(s.options.Stall)
		if !end.IsZero() && end.Before(deadline) {
			deadline = end
		}
		control.SetWriteDeadline(deadline) // without deadlines the server's own holds
	})
	if err != nil {
		w.cut = "writing the answer: " + err.Error()
		return
	}
	control.SetWriteDeadline(end) // of what the server has not written yet
}
