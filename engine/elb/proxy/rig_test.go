package proxy

import (
	"bufio"
	"context"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"elbow/engine/elb/balance"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// rig is a forwarder on a loopback port, and what it observed.
type rig struct {
	t      *testing.T
	server *Server
	pool   *Pool
	addr   string
	idle   atomic.Int64
	ended  chan Exchange
}

// newRig starts it, after whatever adjust does to the server.
func newRig(t *testing.T, adjust ...func(*Server)) *rig {
	t.Helper()
	g := &rig{t: t, pool: new(Pool), ended: make(chan Exchange, 100_000)}
	g.idle.Store(int64(10 * time.Second))
	g.server = New(Config{
		Pool: g.pool, Addr: "172.31.7.7", Port: 8080, TargetPort: 80, Proto: "http", CookiePrefix: "elbow_",
		IdleTimeout: g.idleTimeout, RefuseHost: func(host string) bool { return host == "localhost" },
		Observe: func(x Exchange) { g.ended <- x },
	})
	for _, a := range adjust {
		a(g.server)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	g.addr = l.Addr().String()
	done := make(chan error, 1)
	go func() { done <- g.server.Serve(l) }()
	t.Cleanup(func() {
		g.server.Close()
		if err := <-done; err != nil {
			t.Errorf("Serve: %v", err)
		}
	})
	return g
}

func (g *rig) idleTimeout() time.Duration { return time.Duration(g.idle.Load()) }

// target adds a target that is reached at addr, and publishes it beside the others.
func (g *rig) target(id, addr string) *balance.Target[*Target] {
	t := balance.NewTarget(NewTarget(TargetConfig{
		ID: id, IdleTimeout: g.idleTimeout,
		Dial: func(ctx context.Context, _ uint16) (net.Conn, error) {
			var d net.Dialer
			return d.DialContext(ctx, "tcp", addr)
		},
	}))
	g.t.Cleanup(t.Value.Close)
	return t
}

// serve starts an HTTP server and makes it the only target.
func (g *rig) serve(h http.HandlerFunc) *balance.Target[*Target] {
	s := httptest.NewUnstartedServer(h)
	s.Config.DisableGeneralOptionsHandler = true // OPTIONS * is ours to see
	s.Start()
	g.t.Cleanup(s.Close)
	t := g.target("i-1", s.Listener.Addr().String())
	g.pool.Publish([]*balance.Target[*Target]{t})
	return t
}

// scripted makes a target of connections that are given to serve one by one.
func (g *rig) scripted(serve func(net.Conn, *bufio.Reader)) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		g.t.Fatal(err)
	}
	var work sync.WaitGroup
	work.Go(func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			work.Go(func() {
				defer conn.Close()
				serve(conn, bufio.NewReader(conn))
			})
		}
	})
	g.t.Cleanup(work.Wait)
	g.t.Cleanup(func() { l.Close() })
	g.pool.Publish([]*balance.Target[*Target]{g.target("i-1", l.Addr().String())})
}

// dial opens a client's connection.
func (g *rig) dial() net.Conn {
	g.t.Helper()
	conn, err := net.Dial("tcp", g.addr)
	if err != nil {
		g.t.Fatal(err)
	}
	conn.SetDeadline(time.Now().Add(20 * time.Second))
	g.t.Cleanup(func() { conn.Close() })
	return conn
}

// say sends raw bytes on a connection of its own and returns all that comes back.
func (g *rig) say(request string) string {
	g.t.Helper()
	conn := g.dial()
	if _, err := io.WriteString(conn, request); err != nil {
		g.t.Fatal(err)
	}
	answer, err := io.ReadAll(conn)
	if err != nil {
		g.t.Errorf("reading the answer: %v after %q", err, answer)
	}
	return string(answer)
}

// exchange waits for the next request to end.
func (g *rig) exchange() Exchange {
	g.t.Helper()
	select {
	case x := <-g.ended:
		return x
	case <-time.After(20 * time.Second):
		g.t.Fatal("no request ended")
		return Exchange{}
	}
}

// client returns an HTTP client of the forwarder, and what a URL of it begins with.
func (g *rig) client() (*http.Client, string) {
	transport := &http.Transport{DisableCompression: true, MaxIdleConnsPerHost: 64}
	g.t.Cleanup(transport.CloseIdleConnections)
	return &http.Client{Transport: transport, Timeout: time.Minute}, "http://" + g.addr
}

func firstLine(s string) string {
	line, _, _ := strings.Cut(s, "\r\n")
	return line
}
