package proxy

import (
	"bytes"
	"errors"
	"io"
	"net"
	"net/http"
	"os"
	"sync"
	"time"
)

// phase is where a client's connection stands.
type phase int

const (
	waiting   phase = iota // for a request, or within its head
	handling               // the request is being served
	finishing              // net/http flushes the answer and drops what is left of the body
)

// clientConn is a client's connection. It enforces the idle timeout as it stands at each
// read and write, and it words what net/http says by itself as a Classic Load Balancer
// does: status lines, and 408 where net/http closes without a word.
type clientConn struct {
	net.Conn
	server *Server

	mu       sync.Mutex
	phase    phase     // guarded by mu
	partial  bool      // guarded by mu; some of a head has come, not all of it
	deadline time.Time // guarded by mu; the read deadline that net/http or a body asked for
	line     string    // guarded by mu; what stands in for the next answer's status line
}

// enter moves the connection to a phase.
func (c *clientConn) enter(p phase) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.phase = p
	if p != finishing {
		c.partial = false
	}
	if p == handling {
		// net/http may be reading already, to notice a client that leaves: the idle timeout
		// of that read must not pass for one.
		c.Conn.SetReadDeadline(c.deadline)
	}
}

// SetReadDeadline is remembered: net/http interrupts its own reads by a deadline in the
// past, which an idle timeout set at the same moment must not undo.
func (c *clientConn) SetReadDeadline(t time.Time) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.deadline = t
	return c.Conn.SetReadDeadline(t)
}

// SetDeadline sets both deadlines.
func (c *clientConn) SetDeadline(t time.Time) error {
	return errors.Join(c.SetReadDeadline(t), c.SetWriteDeadline(t))
}

// Read applies the idle timeout except while a request is being served: then a client
// that has sent all of it is right to be silent, and the body sets deadlines of its own.
func (c *clientConn) Read(p []byte) (int, error) {
	c.mu.Lock()
	if c.phase != handling && c.deadline.IsZero() {
		c.Conn.SetReadDeadline(time.Now().Add(c.server.config.IdleTimeout()))
	}
	c.mu.Unlock()
	n, err := c.Conn.Read(p)
	c.mu.Lock()
	late := c.phase == waiting && c.partial && errors.Is(err, os.ErrDeadlineExceeded)
	c.partial = c.phase == waiting && (c.partial || n > 0) && !late
	c.mu.Unlock()
	if late {
		// An error only says that the client is not there to be told.
		_ = c.say(http.StatusRequestTimeout)
	}
	return n, err
}

// say answers in net/http's place; the connection is closed afterwards.
func (c *clientConn) say(status int) error {
	c.Conn.SetWriteDeadline(time.Now().Add(time.Second))
	_, err := io.WriteString(c.Conn, "HTTP/1.1 "+statusLine(status)+"\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
	c.server.config.Observe(Exchange{Status: status, Own: true})
	return err
}

// Write applies the idle timeout, and puts the balancer's own words in place of net/http's.
func (c *clientConn) Write(p []byte) (int, error) {
	c.SetWriteDeadline(time.Now().Add(c.server.config.IdleTimeout()))
	c.mu.Lock()
	refused, line := c.phase == waiting && bytes.HasPrefix(p, []byte("HTTP/1.1 ")), c.line
	c.line = ""
	c.mu.Unlock()
	if refused {
		// No request was accepted, so this is net/http refusing one: 400, 431, 501 or 505.
		return len(p), c.say(http.StatusBadRequest)
	}
	end := bytes.Index(p, []byte("\r\n"))
	if line == "" || end < 0 {
		return c.Conn.Write(p)
	}
	if _, err := c.Conn.Write(append([]byte("HTTP/1.1 "+line), p[end:]...)); err != nil {
		return 0, err
	}
	return len(p), nil
}

// CloseWrite ends the sending side, so that a refusal is not lost with what the client
// still sends.
func (c *clientConn) CloseWrite() error {
	if half, ok := c.Conn.(interface{ CloseWrite() error }); ok {
		return half.CloseWrite()
	}
	return nil
}

// listener hands net/http connections of ours.
type listener struct {
	net.Listener
	server *Server
}

// Accept waits for the next client.
func (l listener) Accept() (net.Conn, error) {
	conn, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	return &clientConn{Conn: conn, server: l.server}, nil
}

// connState tells a connection that its last answer is out.
func connState(conn net.Conn, state http.ConnState) {
	if c, ok := conn.(*clientConn); ok && state == http.StateIdle {
		c.enter(waiting)
	}
}
