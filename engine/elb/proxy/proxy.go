// Package proxy forwards HTTP/1.1 requests to targets.
//
// It owns clients' connections, the pooled connections to targets, and every answer that
// a target did not make. It never knows load balancers, health or firewalls: the pool
// holds what may be picked, and a target is reached by a function. Bodies stream both
// ways in constant memory. Server and Target are safe for concurrent use. A request holds
// its target until its answer is out; a change of the pool concerns the next pick only.
package proxy

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httputil"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"elbow/engine/elb/balance"
)

// Pool is the set of targets that may be picked.
type Pool = balance.Pool[*Target]

// Config is what a Server is made of. All of it is required but RefuseHost, CookiePrefix,
// Observe and Log.
type Config struct {
	Pool         *Pool
	Addr         string                 // the Host given to requests that come without one
	Port         uint16                 // the listener's port: X-Forwarded-Port
	TargetPort   uint16                 // until SetTargetPort
	Proto        string                 // http or https: X-Forwarded-Proto
	IdleTimeout  func() time.Duration   // of clients' connections, read anew each time
	RefuseHost   func(host string) bool // names, in lower case and without port, that get 421
	CookiePrefix string                 // cookies of this prefix never pass, either way
	Observe      func(Exchange)         // called at the end of every request, from its goroutine
	Log          *slog.Logger
}

// Server is one listener's forwarder.
type Server struct {
	config     Config
	targetPort atomic.Uint32
	http       http.Server
	forward    httputil.ReverseProxy
}

const (
	// headTimeout is how long a request's head may take from its first byte, and a new
	// connection to send any.
	headTimeout = 10 * time.Second
	// maxHead bounds a request's line and headers, in bytes.
	maxHead = 64 << 10
	// copyBuffer is what one body in transit takes, each way.
	copyBuffer = 32 << 10
)

// New returns a server that does not serve yet.
func New(c Config) *Server {
	if c.Observe == nil {
		c.Observe = func(Exchange) {}
	}
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	s := &Server{config: c}
	s.SetTargetPort(c.TargetPort)
	quiet := slog.NewLogLogger(c.Log.Handler(), slog.LevelDebug) // what clients do wrong is no news
	s.http = http.Server{
		Handler: s, Protocols: http1(), ReadHeaderTimeout: headTimeout, MaxHeaderBytes: maxHead,
		DisableGeneralOptionsHandler: true, ErrorLog: quiet,
		ConnState: connState,
		ConnContext: func(ctx context.Context, conn net.Conn) context.Context {
			return context.WithValue(ctx, connKey{}, conn)
		},
	}
	s.forward = httputil.ReverseProxy{
		Rewrite: s.rewrite, Transport: s, ModifyResponse: s.answered, ErrorHandler: s.unanswered,
		FlushInterval: -1, BufferPool: &buffers{}, ErrorLog: quiet,
	}
	return s
}

type connKey struct{}

// SetTargetPort changes where the next requests go on their targets.
func (s *Server) SetTargetPort(port uint16) { s.targetPort.Store(uint32(port)) }

// Serve takes connections until Shutdown or Close, and then returns nil, or until the
// listener fails. It closes the listener.
func (s *Server) Serve(l net.Listener) error {
	if err := s.http.Serve(listener{l, s}); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}

// Shutdown takes no more connections and waits for the requests in flight, or for ctx.
func (s *Server) Shutdown(ctx context.Context) error { return s.http.Shutdown(ctx) }

// Close takes no more connections and cuts those that are there.
func (s *Server) Close() error { return s.http.Close() }

// ServeHTTP forwards one request.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	conn := r.Context().Value(connKey{}).(*clientConn)
	conn.enter(handling)
	x := &exchange{conn: conn}
	defer func() {
		x.finish()
		s.config.Observe(x.Exchange)
		conn.enter(finishing)
	}()
	if status := s.refusal(r); status != 0 {
		x.answer(w, status)
		return
	}
	// Otherwise net/http would read all of a body before the first byte of an answer.
	_ = http.NewResponseController(w).EnableFullDuplex()
	r = r.WithContext(context.WithValue(r.Context(), exchangeKey{}, x))
	if r.Body != nil && r.Body != http.NoBody {
		x.body = &clientBody{ReadCloser: r.Body, conn: conn}
		r.Body = x.body
	}
	// No listener of ours speaks another protocol; h2c least of all.
	r.Header.Del("Upgrade")
	r.Header.Del("HTTP2-Settings")
	r.Header.Del("Expect") // answered here, by the first read of the body
	s.forward.ServeHTTP(&answerWriter{ResponseWriter: w, server: s, x: x, client: r}, r)
}

// RoundTrip sends the request to a target. Only a target that could not be connected to
// is given up for another one: nothing was sent to it, so nothing is done twice.
func (s *Server) RoundTrip(r *http.Request) (*http.Response, error) {
	x := exchangeOf(r.Context())
	var tried []*balance.Target[*Target]
	failure, begun := errNoTarget, time.Now()
	for time.Since(begun) < 2*connectTimeout {
		t := s.config.Pool.LeastOutstanding(tried)
		if t == nil {
			break
		}
		tried = append(tried, t)
		if !t.Value.begin() {
			t.Release() // it left between the pick and now
			continue
		}
		resp, err := s.attempt(x, t, r)
		if err == nil {
			return resp, nil
		}
		failure = err
		if !x.connectFailed(err, r.Context()) {
			break
		}
	}
	return nil, failure
}

// connectFailed counts an attempt that did not come to a connection, and reports whether
// another target may be tried. A client that left is not counted against the target.
func (x *exchange) connectFailed(err error, client context.Context) bool {
	var c *connectError
	if !errors.As(err, &c) || client.Err() != nil {
		return false
	}
	x.ConnectErrors++
	return x.body == nil || !x.body.touched.Load()
}

// attempt sends the request to one target, and keeps hold of that target until the
// exchange ends when it answers.
func (s *Server) attempt(x *exchange, t *balance.Target[*Target], r *http.Request) (*http.Response, error) {
	ctx, cancel := context.WithCancelCause(x.traced(r.Context()))
	stop := context.AfterFunc(t.Value.ctx, func() { cancel(errCut) })
	release := sync.OnceFunc(func() {
		stop()
		cancel(nil)
		t.Release()
		t.Value.end()
	})
	x.Target, x.cut = t.Value.id, cancel
	a := r.WithContext(ctx)
	u := *r.URL
	u.Host = net.JoinHostPort("target", strconv.Itoa(int(s.targetPort.Load())))
	a.URL = &u
	if x.body != nil {
		lend(a, x.body)
	}
	resp, err := t.Value.transport.RoundTrip(a)
	if err != nil {
		if context.Cause(ctx) == errCut {
			err = x.cutShort()
		}
		release()
		return nil, err
	}
	t.Value.answered.Add(1)
	x.releases = append(x.releases, release)
	return resp, nil
}

// lend gives the attempt the client's body. The transport may ask for it again when a
// pooled connection turns out to be dead, which is granted while nothing of it was read.
func lend(a *http.Request, body *clientBody) {
	a.Body = attemptBody{body}
	a.GetBody = func() (io.ReadCloser, error) {
		if body.touched.Load() {
			return nil, errors.New("part of the body was sent already")
		}
		return attemptBody{body}, nil
	}
}

// answered notes a target's answer.
func (s *Server) answered(resp *http.Response) error {
	x := exchangeOf(resp.Request.Context())
	x.Status, x.Latency = resp.StatusCode, x.latency()
	if s.config.CookiePrefix != "" {
		stripSetCookies(resp.Header, s.config.CookiePrefix)
	}
	return nil
}

// unanswered tells the client why there is no answer.
func (s *Server) unanswered(w http.ResponseWriter, r *http.Request, err error) {
	x := exchangeOf(r.Context())
	status := x.statusOf(err, r.Context())
	if status == 0 {
		panic(http.ErrAbortHandler) // nobody is there to be told; closes the connection
	}
	s.config.Log.DebugContext(r.Context(), "request not answered by a target", "status", status, "target", x.Target, "err", err)
	x.answer(w, status)
}

// buffers is a pool of buffers for bodies in transit.
type buffers struct{ pool sync.Pool }

// Get returns a buffer.
func (b *buffers) Get() []byte {
	if p, ok := b.pool.Get().(*[copyBuffer]byte); ok {
		return p[:]
	}
	return make([]byte, copyBuffer)
}

// Put takes it back.
func (b *buffers) Put(p []byte) { b.pool.Put((*[copyBuffer]byte)(p)) }
