//go:build unix

package network

import (
	"errors"
	"io"
	"net"
	"os"

	"golang.org/x/sys/unix"
)

// maxPeek is how much of a connection is looked at, at most.
const maxPeek = 64 << 10

// greeting is what the first bytes of a connection say about where it wants to go.
type greeting struct {
	name   string // Host or TLS server name, as sent; empty when there is none
	secure bool   // it begins with a TLS handshake
}

// peek looks at the first bytes of a connection without taking them, until they say where it
// wants to go or cannot say any more. Bytes that stop short of that by the read deadline, or
// run over the limit, are a greeting without a name; none at all by then are an error.
func peek(c *net.TCPConn) (greeting, error) {
	raw, err := c.SyscallConn()
	if err != nil {
		return greeting{}, err
	}
	p := peeker{buffer: make([]byte, 2<<10)}
	err = raw.Read(func(fd uintptr) bool { return p.look(int(fd)) })
	if errors.Is(err, os.ErrDeadlineExceeded) && p.seen > 0 {
		err = nil
	}
	return p.found, errors.Join(err, p.err)
}

type peeker struct {
	buffer []byte
	seen   int // bytes in the last look
	found  greeting
	err    error
}

// look reports whether there is nothing more to wait for. The poller wakes it at each arrival,
// not while bytes merely lie there, so that a half greeting costs no spinning.
func (p *peeker) look(fd int) bool {
	for {
		n, _, err := unix.Recvfrom(fd, p.buffer, unix.MSG_PEEK|unix.MSG_DONTWAIT)
		switch {
		case errors.Is(err, unix.EINTR):
			continue
		case errors.Is(err, unix.EAGAIN):
			return false
		case err != nil:
			p.err = os.NewSyscallError("recvfrom", err)
			return true
		case n == 0:
			p.err = io.EOF
			return true
		}
		p.seen = n
		var done bool
		if p.found, done = greet(p.buffer[:n]); done || n == maxPeek {
			return true
		}
		if n < len(p.buffer) {
			return false
		}
		p.buffer = make([]byte, min(4*len(p.buffer), maxPeek)) // peeked bytes come again
	}
}

// greet reads a greeting; done is false while more bytes could tell more.
func greet(b []byte) (g greeting, done bool) {
	if len(b) > 0 && b[0] == tlsHandshake {
		g.secure = true
		g.name, done = peekSNI(b)
		return g, done
	}
	g.name, done = peekHost(b)
	return g, done
}
