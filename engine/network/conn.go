package network

import (
	"net"
	"net/netip"
	"sync"
)

// ends are the addresses of a connection as the VPC speaks of them, and what its close
// gives back.
type ends struct {
	local, remote net.TCPAddr
	closing       sync.Once
	release       func() // may be nil; called once, when the connection is closed
}

func newEnds(local, remote netip.AddrPort, release func()) *ends {
	return &ends{local: *net.TCPAddrFromAddrPort(local), remote: *net.TCPAddrFromAddrPort(remote), release: release}
}

func (e *ends) closed() {
	if e.release != nil {
		e.closing.Do(e.release)
	}
}

// tcpConn is a kernel connection whose addresses speak of the VPC. All else is the
// *net.TCPConn's own: half closes, deadlines, and ReadFrom, which splices.
type tcpConn struct {
	*net.TCPConn
	ends *ends
}

func (c *tcpConn) LocalAddr() net.Addr  { return &c.ends.local }
func (c *tcpConn) RemoteAddr() net.Addr { return &c.ends.remote }

// NetConn is the *net.TCPConn beneath. Close the outer connection, not this one.
func (c *tcpConn) NetConn() net.Conn { return c.TCPConn }

func (c *tcpConn) Close() error {
	defer c.ends.closed()
	return c.TCPConn.Close()
}

// pairConn is one end of a socket pair by which two interfaces meet in memory.
type pairConn struct {
	*net.UnixConn
	ends *ends
}

func (c *pairConn) LocalAddr() net.Addr  { return &c.ends.local }
func (c *pairConn) RemoteAddr() net.Addr { return &c.ends.remote }

// NetConn is the *net.UnixConn beneath. Close the outer connection, not this one.
func (c *pairConn) NetConn() net.Conn { return c.UnixConn }

func (c *pairConn) Close() error {
	defer c.ends.closed()
	return c.UnixConn.Close()
}
