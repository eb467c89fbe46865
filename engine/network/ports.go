package network

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"strconv"
	"sync"
	"syscall"

	"elbow/engine/fault"
)

// openPorts are the host ports that stand for an interface's listeners without a Host.
type openPorts struct {
	mu    sync.Mutex
	ports map[socket]*openPort // guarded by mu
}

// openPort is one of them.
type openPort struct {
	door *net.TCPListener
	done chan struct{}
	work sync.WaitGroup
}

// OpenPort opens a host port of the gateway's range whose connections all go to one port of an
// interface, whatever they say: the way in for listeners that see no name on the wire. The
// client's own address is the source that the interface's groups see. A second call for the
// same port of the same interface gives the same host port. Faults:
// InvalidNetworkInterfaceID.NotFound, and InsufficientFreePorts when the range is used up.
func (g *Gateway) OpenPort(interfaceID string, port uint16) (hostPort int, err error) {
	if _, ok := g.fabric.Interface(interfaceID); !ok {
		return 0, noInterface(interfaceID)
	}
	at := socket{interfaceID, port}
	g.opened.mu.Lock()
	defer g.opened.mu.Unlock()
	if o := g.opened.ports[at]; o != nil {
		return int(addrPort(o.door.Addr()).Port()), nil
	}
	if g.opened.ports == nil {
		return 0, net.ErrClosed
	}
	door, err := g.freePort()
	if err != nil {
		return 0, err
	}
	o := &openPort{door: door, done: make(chan struct{})}
	g.opened.ports[at] = o
	o.work.Go(func() { acceptAll(door, o.done, func(c *net.TCPConn) { g.passOn(c, at) }) })
	return int(addrPort(door.Addr()).Port()), nil
}

// freePort binds the first port of the range that is free, on the host of the gateway's first
// address.
func (g *Gateway) freePort() (*net.TCPListener, error) {
	var config net.ListenConfig
	config.SetMultipathTCP(false) // its sockets cannot be spliced
	host := addrPort(g.doors[0].Addr()).Addr()
	for port := g.first; port > 0 && port <= g.last; port++ {
		addr := net.JoinHostPort(host.String(), strconv.Itoa(port))
		if host == netip.IPv6Unspecified() {
			addr = fmt.Sprintf(":%d", port) // both families, as the first address was
		}
		l, err := config.Listen(context.Background(), "tcp", addr)
		if err == nil {
			return l.(*net.TCPListener), nil
		}
		if !errors.Is(err, syscall.EADDRINUSE) && !errors.Is(err, syscall.EACCES) {
			return nil, err
		}
	}
	return nil, fault.New(fault.Limit, "InsufficientFreePorts", "Every host port from %d to %d is in use: widen the range with --ports.", g.first, g.last)
}

// passOn takes a connection from such a port to its interface.
func (g *Gateway) passOn(c *net.TCPConn, at socket) {
	e := g.fabric.world.Load().byID[at.id]
	if e == nil {
		abort(c)
		return
	}
	from := outsider(addrPort(c.RemoteAddr()))
	run := func() {
		ctx, cancel := context.WithTimeout(g.life, greetingTime)
		defer cancel()
		g.fabric.enter(ctx, at.id, g.fabric.listener(at.id, at.port), e.at(at.port), c, from)
	}
	if !g.crew.spawn(run) {
		abort(c)
	}
}

// ClosePort closes the host port that OpenPort opened; one that is not open is no error.
func (g *Gateway) ClosePort(interfaceID string, port uint16) error {
	at := socket{interfaceID, port}
	g.opened.mu.Lock()
	o := g.opened.ports[at]
	delete(g.opened.ports, at)
	g.opened.mu.Unlock()
	if o == nil {
		return nil
	}
	return o.close()
}

func (o *openPort) close() error {
	close(o.done)
	err := o.door.Close()
	o.work.Wait()
	return err
}

// close closes all of them and lets none be opened any more.
func (p *openPorts) close() error {
	p.mu.Lock()
	all := p.ports
	p.ports = nil
	p.mu.Unlock()
	var err error
	for _, o := range all {
		err = errors.Join(err, o.close())
	}
	return err
}
