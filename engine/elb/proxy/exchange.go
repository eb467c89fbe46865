package proxy

import (
	"context"
	"net/http/httptrace"
	"sync/atomic"
	"time"
)

// Exchange is what one request came to.
type Exchange struct {
	Target        string        // the id of the target that it was sent to last, empty when there was none
	Status        int           // the answer's status, 0 when the client left before there was one
	Own           bool          // the answer was made here, not by a target
	Latency       time.Duration // from having a connection to the target until its first byte; 0 without an answer
	ConnectErrors int           // targets that could not be connected to
}

// exchange is a request under way.
type exchange struct {
	Exchange
	body *clientBody // nil without a body

	sent     atomic.Int64 // when the last attempt got its connection, in ns
	first    atomic.Int64 // when its first byte came back, 0 before
	sending  atomic.Bool  // the last attempt got a connection
	releases []func()     // what the request holds until it ends
	cut      func(error)  // ends the attempt under way
	conn     *clientConn
}

type exchangeKey struct{}

func exchangeOf(ctx context.Context) *exchange {
	x, _ := ctx.Value(exchangeKey{}).(*exchange)
	return x
}

// traced returns a context in which the attempt notes when it sent and when it heard.
func (x *exchange) traced(ctx context.Context) context.Context {
	x.first.Store(0)
	x.sending.Store(false)
	x.sent.Store(time.Now().UnixNano())
	return httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{
		GotConn: func(httptrace.GotConnInfo) {
			x.sent.Store(time.Now().UnixNano())
			x.sending.Store(true)
		},
		GotFirstResponseByte: func() { x.first.Store(time.Now().UnixNano()) },
	})
}

// heard reports whether anything came back from the target.
func (x *exchange) heard() bool { return x.first.Load() != 0 }

// cutShort is the error of an attempt whose target was closed: while it still waited for a
// connection nothing was sent, so that another target may have the request.
func (x *exchange) cutShort() error {
	if x.sending.Load() {
		return errCut
	}
	return &connectError{errCut}
}

// latency is the time between the two, never negative.
func (x *exchange) latency() time.Duration {
	return time.Duration(max(x.first.Load()-x.sent.Load(), 0))
}

// finish gives back what the request held.
func (x *exchange) finish() {
	for _, release := range x.releases {
		release()
	}
}
