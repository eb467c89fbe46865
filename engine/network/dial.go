package network

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"syscall"
	"time"
)

// Stage is how far a dial came.
type Stage uint8

// The stages at which a dial ends without a connection.
const (
	EgressDenied  Stage = iota + 1 // the dialler's own groups do not let it out: silence
	IngressDenied                  // the peer's groups do not let it in: silence
	NoHost                         // nobody has that address: silence
	Refused                        // the peer admits it, and nothing listens there: refused at once
	Failed                         // anything else: see the error
)

// String is a few plain English words.
func (s Stage) String() string {
	switch s {
	case EgressDenied:
		return "not let out"
	case IngressDenied:
		return "not let in"
	case NoHost:
		return "no such address"
	case Refused:
		return "refused"
	case Failed:
	}
	return "failed"
}

// DialError is why Dial made no connection. What a real client could not know (who kept
// silent, and why) is in Stage and Verdict, for explanations; what it would have seen, a
// timeout or a refusal, is in Err.
type DialError struct {
	Stage   Stage
	Verdict Verdict // of the firewall that decided last
	To      netip.AddrPort
	Err     error
}

// Error gives the stage and what the client saw of it.
func (e *DialError) Error() string {
	return fmt.Sprintf("dial tcp %s: %s: %s", e.To, e.Stage, e.Err)
}

// Unwrap is what a client would have seen: context.DeadlineExceeded, ECONNREFUSED.
func (e *DialError) Unwrap() error { return e.Err }

// Timeout reports whether the client saw silence.
func (e *DialError) Timeout() bool {
	return errors.Is(e.Err, context.DeadlineExceeded) || errors.Is(e.Err, syscall.ETIMEDOUT)
}

// Temporary is Timeout: together they make it a net.Error.
func (e *DialError) Temporary() bool { return e.Timeout() }

// giveUp is how long silence lasts when the caller sets no limit, as long as Linux sends SYNs
// (tcp(7), tcp_syn_retries).
const giveUp = 127 * time.Second

// Dial opens a TCP connection from an interface to an address of its VPC. The dialler's
// outbound rules are asked first, then the peer's inbound ones, both before anything is
// connected, because the kernel would finish a handshake that a security group drops. Denied,
// or with nobody at that address, it blocks until ctx is done, at most 127 s. The error is a
// *DialError; for an interface that does not exist it is the fault
// InvalidNetworkInterfaceID.NotFound, for a closed fabric net.ErrClosed.
//
// The connection is a *net.TCPConn or, in memory, a *net.UnixConn, beneath NetConn; it has
// CloseWrite and deadlines, and its addresses are those of the VPC. Every dial leaves a flow
// record at the dialler, and one at the peer if there is one.
func (f *Fabric) Dial(ctx context.Context, interfaceID string, to netip.AddrPort) (net.Conn, error) {
	select {
	case <-f.done:
		return nil, net.ErrClosed
	default:
	}
	world := f.world.Load()
	from := world.byID[interfaceID]
	if from == nil {
		return nil, noInterface(interfaceID)
	}
	d := dial{fabric: f, from: from, source: from.at(0), to: netip.AddrPortFrom(to.Addr().Unmap(), to.Port())}
	d.peer = world.byAddr[place{from.VPCID, d.to.Addr()}]
	if v := d.askEgress(); !v.Allow {
		return nil, d.silence(ctx, EgressDenied, v)
	}
	if d.peer == nil {
		return nil, d.silence(ctx, NoHost, Verdict{Why: NoRoute})
	}
	v := f.admit(d.peer, caller{addr: d.source}, d.to)
	if !v.Allow {
		f.record(d.peer.ID, Ingress, d.source, d.to, v)
		return nil, d.silence(ctx, IngressDenied, v)
	}
	return d.connect(ctx, v)
}

// dial is one call of Dial under way.
type dial struct {
	fabric     *Fabric
	from, peer *endpoint
	source, to netip.AddrPort
}

func (d *dial) askEgress() Verdict {
	v := Verdict{Allow: true, Why: Itself}
	if d.peer != d.from {
		v = d.from.firewall.Egress(Connection{Protocol: TCP, Peer: d.to.Addr(), Port: d.to.Port()})
	}
	d.fabric.record(d.from.ID, Egress, d.source, d.to, v)
	return v
}

// connect opens the connection that both sides admit. The peer's flow record is left exactly
// once: here, or by its listener when the kernel's connection arrives there.
func (d *dial) connect(ctx context.Context, v Verdict) (net.Conn, error) {
	l := d.fabric.listener(d.peer.ID, d.to.Port())
	if l != nil && l.direct != nil {
		c, err := d.byLoopback(ctx)
		if err == nil {
			return c, nil
		}
		d.fabric.record(d.peer.ID, Ingress, d.source, d.to, v)
		return nil, d.failed(err, v)
	}
	d.source = d.from.at(d.fabric.nextPort())
	d.fabric.record(d.peer.ID, Ingress, d.source, d.to, v)
	if l == nil {
		return nil, d.failed(syscall.ECONNREFUSED, v)
	}
	c, err := d.inMemory(ctx, l)
	if err != nil {
		return nil, d.failed(err, v)
	}
	return c, nil
}

// byLoopback connects the two interfaces' loopback addresses, so that the peer sees the
// dialler's own address as the source.
func (d *dial) byLoopback(ctx context.Context) (net.Conn, error) {
	local := netip.AddrPortFrom(d.fabric.Loopback(d.from.PrivateIP), 0)
	remote := netip.AddrPortFrom(d.fabric.Loopback(d.peer.PrivateIP), d.to.Port())
	dialer := net.Dialer{LocalAddr: net.TCPAddrFromAddrPort(local), Control: bindNoPort}
	c, err := dialer.DialContext(ctx, "tcp4", remote.String())
	if err != nil {
		return nil, err
	}
	source := d.from.at(addrPort(c.LocalAddr()).Port())
	return &tcpConn{c.(*net.TCPConn), newEnds(source, d.to, nil)}, nil
}

// inMemory hands the peer's listener one end of a socket pair.
func (d *dial) inMemory(ctx context.Context, l *listener) (net.Conn, error) {
	near, far, err := pair()
	if err != nil {
		return nil, err
	}
	err = l.offer(ctx, &pairConn{far, newEnds(d.to, d.source, nil)})
	if err == nil {
		return &pairConn{near, newEnds(d.source, d.to, nil)}, nil
	}
	near.Close()
	far.Close()
	if errors.Is(err, net.ErrClosed) {
		return nil, syscall.ECONNREFUSED // closed since it was looked up
	}
	return nil, err
}

func (d *dial) failed(err error, v Verdict) error {
	stage := Failed
	if errors.Is(err, syscall.ECONNREFUSED) {
		stage = Refused
	}
	return &DialError{Stage: stage, Verdict: v, To: d.to, Err: err}
}

// silence is the wait of a client whose SYNs nobody answers.
func (d *dial) silence(ctx context.Context, stage Stage, v Verdict) error {
	timer := time.NewTimer(giveUp)
	defer timer.Stop()
	err := error(syscall.ETIMEDOUT)
	select {
	case <-ctx.Done():
		err = ctx.Err()
	case <-timer.C:
	case <-d.fabric.done:
		err = net.ErrClosed
	}
	return &DialError{Stage: stage, Verdict: v, To: d.to, Err: err}
}

// nextPort is the source port of a connection in memory, from the range that Linux uses.
func (f *Fabric) nextPort() uint16 {
	const first, count = 32768, 28232
	return uint16(first + f.ephemeral.Add(1)%count)
}
