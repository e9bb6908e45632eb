package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"sync"
	"sync/atomic"
	"time"
)

// An attack is what one hostile client does once. The service may refuse it and may close the
// connection. Each attack says what the service must not do.
type attack struct {
	*connection
	ctx     context.Context // when it is done the connection closes, and nothing more is held to anything
	address string
	random  *rand.Rand
	oracle  *oracle
	stall   time.Duration
}

// attacks are all that hostile clients do.
var attacks = []struct {
	name string
	do   func(*attack) error
}{
	{"leaves in the middle of the header", (*attack).leaveInHeader},
	{"leaves in the middle of the body", (*attack).leaveInBody},
	{"leaves in the middle of the answer", (*attack).leaveInAnswer},
	{"leaves right after the request", (*attack).leaveAfterRequest},
	{"sends the header byte by byte", (*attack).dripHeader},
	{"sends the body byte by byte", (*attack).dripBody},
	{"sends garbage", (*attack).sendGarbage},
	{"sends 1 GB to /model", (*attack).sendHugeBody},
	{"sends 100,000 header fields", (*attack).sendManyFields},
	{"sends a request line of 1 MB", (*attack).sendLongTarget},
	{"sends invalid UTF-8", (*attack).sendInvalidText},
	{"sends chunked nonsense", (*attack).sendChunkedNonsense},
	{"hides a request behind a broken body", (*attack).hideRequest},
	{"sends two lengths", (*attack).sendTwoLengths},
	{"sends JSON bombs", (*attack).sendJSONBomb},
	{"asks for the largest answer and reads none of it", (*attack).askForMost},
	{"sends form bombs", (*attack).sendFormBomb},
	{"sends NDJSON garbage between good lines", (*attack).sendNDJSONGarbage},
	{"sends a line of megabytes between good lines", (*attack).sendLongLine},
	{"asks for what does not exist, by any method", (*attack).askForAnything},
	{"streams and never reads", (*attack).neverRead},
	{"streams and reads late", (*attack).readLate},
	{"opens a stream and never sends", (*attack).neverSend},
	{"connects and does nothing", (*attack).doNothing},
	{"closes its half of the connection", (*attack).closeHalf},
	{"expects 100-continue and sends nothing", (*attack).expectAndStop},
	{"pipelines a thousand requests and leaves", (*attack).pipelineAndLeave},
	{"comes as a crowd", (*attack).crowd},
	{"speaks HTTP/2, then garbage", (*attack).http2Garbage},
	{"speaks HTTP/2 and resets each stream", (*attack).http2Resets},
	{"speaks HTTP/2 and gives no window", (*attack).http2NoWindow},
}

// runHostile runs the hostile clients, each with one attack after the other, until the context is
// done.
func runHostile(ctx context.Context, o options, address string, oracle *oracle, l *ledger) {
	var clients sync.WaitGroup
	done := make([]atomic.Int64, len(attacks))
	for i := range o.hostile {
		random := rand.New(rand.NewPCG(7, uint64(i)))
		clients.Go(func() {
			for ctx.Err() == nil {
				for _, which := range random.Perm(len(attacks)) {
					if ctx.Err() != nil {
						return
					}
					a := &attack{ctx: ctx, address: address, random: random, oracle: oracle, stall: o.stall}
					err := a.run(attacks[which].do)
					if ctx.Err() != nil {
						return // what it met was our own end
					}
					done[which].Add(1)
					if err != nil {
						l.fail("hostile: "+attacks[which].name, err)
					}
				}
			}
		})
	}
	clients.Wait()
	total, rarest := int64(0), done[0].Load()
	for i := range done {
		total, rarest = total+done[i].Load(), min(rarest, done[i].Load())
	}
	l.count(fmt.Sprintf("hostile: attacks of %d kinds", len(attacks)), int(total))
	l.count("hostile: attacks of the rarest kind", int(rarest))
}

func (a *attack) run(do func(*attack) error) error {
	var err error
	if a.connection, err = a.open(); err != nil {
		time.Sleep(100 * time.Millisecond)
		return nil // a crowd may have taken all there is; good clients say whether that lasts
	}
	stop := context.AfterFunc(a.ctx, func() { a.Close() })
	defer stop()
	defer a.Close()
	return do(a)
}

// open returns a connection that closes at once, without a trace in the system's tables.
func (a *attack) open() (*connection, error) {
	c, err := dial(a.address)
	if err != nil {
		return nil, err
	}
	c.Conn.(*net.TCPConn).SetLinger(0)
	c.SetDeadline(time.Now().Add(a.limit()))
	return c, nil
}

// limit is how long the service may put up with a client that does what no client should.
func (a *attack) limit() time.Duration { return 4*a.stall + 3*patience }

// pause waits for d, or until the attack ends.
func (a *attack) pause(d time.Duration) {
	select {
	case <-a.ctx.Done():
	case <-time.After(d):
	}
}

func (a *attack) send(text string) error {
	_, err := io.WriteString(a, text)
	return err
}

// drip sends a text byte by byte, until its end, for at most d, or until the service closes the
// connection.
func (a *attack) drip(text string, d time.Duration) error {
	for end := time.Now().Add(d); text != "" && time.Now().Before(end); text = text[1:] {
		if err := a.send(text[:1]); err != nil {
			return err
		}
		a.pause(20 * time.Millisecond)
	}
	return nil
}

// refused wants an answer that blames the client, or the connection closed.
func (a *attack) refused() error { return a.wantStatus(http.StatusBadRequest) }

// survived wants an answer without a fault of the service's own, or the connection closed.
func (a *attack) survived() error { return a.wantStatus(http.StatusOK) }

// wantStatus wants a status of at least this number, but no fault of the service's own.
func (a *attack) wantStatus(least int) error {
	response, err := http.ReadResponse(a.reader, nil)
	if err != nil {
		return a.ended(err)
	}
	defer response.Body.Close()
	io.Copy(io.Discard, io.LimitReader(response.Body, 1<<20))
	switch status := response.StatusCode; {
	case status >= least && status < http.StatusInternalServerError:
	case status == http.StatusNotImplemented || status == http.StatusHTTPVersionNotSupported:
	default:
		return fmt.Errorf("the service says %s", response.Status)
	}
	return nil
}

// ended takes any error of a connection for its end, except a timeout.
func (a *attack) ended(err error) error {
	var timeout net.Error
	if errors.As(err, &timeout) && timeout.Timeout() {
		return fmt.Errorf("the service neither answers nor closes the connection within %v", a.limit())
	}
	return nil
}

// closed wants the service to close the connection, whatever it says before.
func (a *attack) closed() error {
	_, err := io.Copy(io.Discard, a.reader)
	return a.ended(err)
}

// bytes returns random bytes.
func (a *attack) bytes(count int) string {
	out := make([]byte, count)
	for i := range out {
		out[i] = byte(a.random.Uint32())
	}
	return string(out)
}
