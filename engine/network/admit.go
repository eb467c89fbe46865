package network

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"syscall"
	"time"
)

// bind opens the loopback socket of an interface's port. It returns nil without an error
// where the host does not let it: a port below its unprivileged ones, one that another
// program has on every address, an address that does not exist.
func (f *Fabric) bind(private netip.AddrPort) (*net.TCPListener, error) {
	addr := f.Loopback(private.Addr())
	if f.memory || !addr.IsValid() {
		return nil, nil
	}
	config := net.ListenConfig{Control: reusePort}
	config.SetMultipathTCP(false) // its sockets cannot be spliced
	l, err := config.Listen(context.Background(), "tcp4", netip.AddrPortFrom(addr, private.Port()).String())
	if err == nil {
		return l.(*net.TCPListener), nil
	}
	for _, expected := range []error{syscall.EACCES, syscall.EPERM, syscall.EADDRINUSE, syscall.EADDRNOTAVAIL} {
		if errors.Is(err, expected) {
			f.log.Debug("a port is reached in memory and through the gateway alone", "address", addr, "port", private.Port(), "err", err)
			return nil, nil
		}
	}
	return nil, err
}

// admit asks the firewall of an interface about a connection. An interface's connection to
// itself is asked of nobody.
func (f *Fabric) admit(e *endpoint, from caller, to netip.AddrPort) Verdict {
	if e == nil {
		return Verdict{Why: NoInterface}
	}
	if !from.outside && from.addr.Addr() == e.PrivateIP {
		return Verdict{Allow: true, Why: Itself}
	}
	return e.firewall.Ingress(Connection{Protocol: TCP, Peer: from.addr.Addr(), Port: to.Port(), Outside: from.outside})
}

// record leaves the flow record of a verdict. Connections to oneself leave none, as at AWS,
// where they never reach the interface.
func (f *Fabric) record(id string, d Direction, source, to netip.AddrPort, v Verdict) {
	if v.Why == Itself {
		return
	}
	f.flows.record(Flow{
		At: time.Now(), Interface: id, Direction: d, Protocol: TCP, Source: source, Destination: to,
		Allow: v.Allow, RuleID: v.RuleID, GroupID: v.GroupID, Why: v.Why,
	})
}

// enter brings a kernel connection to the door of an interface: denied it is held mute,
// admitted it goes to the listener l, and without one, or when there are too many, it is
// reset. The connection is the fabric's from here on. A full queue is waited for until ctx is
// done, which is how the kernel's own queue comes to fill.
func (f *Fabric) enter(ctx context.Context, id string, l *listener, to netip.AddrPort, c *net.TCPConn, from caller) {
	e := f.world.Load().byID[id]
	v := f.admit(e, from, to)
	f.record(id, Ingress, from.addr, to, v)
	if !v.Allow {
		if !f.crew.spawn(func() { f.held.mute(c, f.hold) }) {
			abort(c)
		}
		return
	}
	if l == nil || !f.seat(ctx, l, c, from) {
		abort(c)
	}
}

// seat gives an admitted connection to a listener. Interfaces' own connections are not
// counted: whoever caused them was.
func (f *Fabric) seat(ctx context.Context, l *listener, c *net.TCPConn, from caller) bool {
	release := func() {}
	if from.outside {
		if !f.outsiders.take() {
			return false
		}
		if !l.outsiders.take() {
			f.outsiders.give()
			return false
		}
		release = func() { l.outsiders.give(); f.outsiders.give() }
	}
	if l.offer(ctx, &tcpConn{c, newEnds(l.at, from.addr, release)}) == nil {
		return true
	}
	release()
	return false
}
