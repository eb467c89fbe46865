package proxy

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"strconv"
	"sync"
	"sync/atomic"
	"time"
)

// Dial opens a connection to a port of one target.
type Dial func(ctx context.Context, port uint16) (net.Conn, error)

// TargetConfig is what a Target is made of. All of it is required but Answered.
type TargetConfig struct {
	ID          string
	Dial        Dial
	IdleTimeout func() time.Duration // read anew for each read and write
	Answered    *atomic.Uint64       // counts the answers that began; may be shared
}

// Target is where requests are sent: its persistent connections, and the requests that
// are on it. It is safe for concurrent use. Close must be called once it is not needed.
type Target struct {
	id        string
	answered  *atomic.Uint64
	transport *http.Transport
	ctx       context.Context // done when what is in flight is to be cut
	cut       context.CancelFunc

	mu       sync.Mutex
	active   int           // guarded by mu; requests on it
	draining bool          // guarded by mu
	drained  chan struct{} // closed once draining and active is 0
}

const (
	// keepIdle is how long an unused connection is kept: below Apache's KeepAliveTimeout
	// of 5 s, so that a request is never sent into a connection that is being closed.
	keepIdle = 4 * time.Second
	// maxIdle bounds the unused connections kept to one target.
	maxIdle = 256
	// connectTimeout is how long one target may take to accept a connection.
	connectTimeout = 5 * time.Second
	// maxAnswerHead bounds a target's status line and headers, in bytes (32 KiB, as an
	// Application Load Balancer's documented limit).
	maxAnswerHead = 32 << 10
)

// NewTarget returns a target without connections; the first request opens one.
func NewTarget(c TargetConfig) *Target {
	t := &Target{id: c.ID, answered: c.Answered, drained: make(chan struct{})}
	if t.answered == nil {
		t.answered = new(atomic.Uint64)
	}
	t.ctx, t.cut = context.WithCancel(context.Background())
	t.transport = &http.Transport{
		DialContext:            t.connect(c),
		DisableCompression:     true, // bodies pass as they are
		MaxIdleConnsPerHost:    maxIdle,
		IdleConnTimeout:        keepIdle,
		MaxResponseHeaderBytes: maxAnswerHead,
		Protocols:              http1(),
	}
	return t
}

func http1() *http.Protocols {
	p := new(http.Protocols)
	p.SetHTTP1(true)
	return p
}

// connectError says that no connection could be opened, so that nothing was sent.
type connectError struct{ err error }

func (e *connectError) Error() string { return "connecting to the target: " + e.err.Error() }
func (e *connectError) Unwrap() error { return e.err }

// connect is the transport's dialler; the port is that of the request's URL.
func (t *Target) connect(c TargetConfig) func(context.Context, string, string) (net.Conn, error) {
	return func(ctx context.Context, _, address string) (net.Conn, error) {
		_, text, err := net.SplitHostPort(address)
		if err != nil {
			return nil, &connectError{err}
		}
		port, err := strconv.ParseUint(text, 10, 16)
		if err != nil {
			return nil, &connectError{err}
		}
		ctx, cancel := context.WithTimeout(ctx, min(connectTimeout, c.IdleTimeout()))
		defer cancel()
		defer context.AfterFunc(t.ctx, cancel)()
		conn, err := c.Dial(ctx, uint16(port))
		if err != nil {
			return nil, &connectError{err}
		}
		return &idleConn{Conn: conn, idle: c.IdleTimeout}, nil
	}
}

// begin counts a request in; it refuses once the target is draining.
func (t *Target) begin() bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.draining {
		return false
	}
	t.active++
	return true
}

func (t *Target) end() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.active--
	t.settleLocked()
}

// settleLocked announces that the last request of a draining target ended. t.mu must be held.
func (t *Target) settleLocked() {
	if !t.draining || t.active > 0 {
		return
	}
	select {
	case <-t.drained:
	default:
		close(t.drained)
	}
}

// errCut is the cause of requests that ended because their target was closed.
var errCut = errors.New("the target was deregistered")

// Drain refuses new requests at once and waits until those on the target have ended, or
// for ctx; then it returns ctx's error. It may be called several times.
func (t *Target) Drain(ctx context.Context) error {
	t.mu.Lock()
	t.draining = true
	t.settleLocked()
	t.mu.Unlock()
	select {
	case <-t.drained:
		return nil
	case <-ctx.Done():
		return fmt.Errorf("draining %s: %w", t.id, ctx.Err())
	}
}

// Close refuses new requests, cuts those in flight and closes every connection.
func (t *Target) Close() {
	t.mu.Lock()
	t.draining = true
	t.settleLocked()
	t.mu.Unlock()
	t.cut()
	t.transport.CloseIdleConnections()
}

// idleConn is a connection that fails once nothing has moved on it, either way, for the
// idle timeout. A write extends the time of a read under way: a target may stay silent
// while it is still being sent to.
type idleConn struct {
	net.Conn
	idle func() time.Duration
}

func (c *idleConn) Read(p []byte) (int, error) {
	c.SetReadDeadline(time.Now().Add(c.idle()))
	return c.Conn.Read(p)
}

func (c *idleConn) Write(p []byte) (int, error) {
	c.SetDeadline(time.Now().Add(c.idle()))
	return c.Conn.Write(p)
}
