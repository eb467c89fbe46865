package network

import (
	"context"
	"net"
	"net/netip"
	"slices"
	"time"
)

// Route says who owns a public name.
type Route struct {
	Name       string   // without a port, such as web-1234567890.ap-northeast-1.elb.localhost
	Resource   string   // what it is the name of: an instance's id, a load balancer's name
	Interfaces []string // the ids of the interfaces behind it, any of which will do
	Gone       string   // why there are none: "stopped", "terminated", "deleted", "renamed", "internal"
	Now        string   // the name that took its place, when Gone is "renamed"
}

// The ports of an interface that a connection goes to when it does not listen on the host
// port it came in by.
const (
	httpPort  = 80
	httpsPort = 443
)

// SetRoutes replaces the whole routing table at once. The console's own names are never
// routed, and a live route wins over one that says what is gone.
func (g *Gateway) SetRoutes(routes []Route) {
	table := make(map[string]Route, len(routes))
	for _, r := range routes {
		name := hostName(r.Name)
		known, taken := table[name]
		if g.names[name] || taken && len(known.Interfaces) > 0 && len(r.Interfaces) == 0 {
			continue
		}
		r.Interfaces = slices.Clone(r.Interfaces)
		table[name] = r
	}
	g.routes.Store(&table)
}

// Lookup finds the route of a host name, in any case, with or without a port.
func (g *Gateway) Lookup(host string) (Route, bool) {
	r, ok := (*g.routes.Load())[hostName(host)]
	return r, ok
}

// IsConsoleName reports whether a host name, in any case, with or without a port, is one that
// the console answers to. No tenant may serve anything under it, because cookies know no ports.
func (g *Gateway) IsConsoleName(host string) bool { return g.names[hostName(host)] }

// arrive looks at a connection that came in by a host port, and sends it on its way.
func (g *Gateway) arrive(c *net.TCPConn, hostPort uint16) {
	if !g.crew.spawn(func() { g.look(c, hostPort) }) {
		abort(c)
	}
}

func (g *Gateway) look(c *net.TCPConn, hostPort uint16) {
	leave, ok := g.looking.enter(c)
	if !ok {
		abort(c)
		return
	}
	c.SetReadDeadline(time.Now().Add(greetingTime))
	said, err := peek(c)
	leave()
	if err != nil || c.SetReadDeadline(time.Time{}) != nil {
		c.Close() // the client left, or never said a word
		return
	}
	g.lead(c, said, hostPort)
}

// lead hands a connection to the interface that owns its name, else to the console.
func (g *Gateway) lead(c *net.TCPConn, said greeting, hostPort uint16) {
	ctx, cancel := context.WithTimeout(g.life, greetingTime)
	defer cancel()
	from := outsider(addrPort(c.RemoteAddr()))
	if r, ok := g.Lookup(said.name); ok {
		if e, port := g.choose(r, hostPort, said.secure); e != nil {
			g.fabric.enter(ctx, e.ID, g.fabric.listener(e.ID, port), e.at(port), c, from)
			return
		}
	}
	if said.secure {
		refuseTLS(c)
		return
	}
	g.toConsole(ctx, c, from.addr)
}

// choose picks an interface of a route and the port there: the host's port where it listens
// on that, else the usual one. Interfaces take turns, those that listen first. It is nil when
// none of them exists.
func (g *Gateway) choose(r Route, hostPort uint16, secure bool) (*endpoint, uint16) {
	usual := uint16(httpPort)
	if secure {
		usual = httpsPort
	}
	world := g.fabric.world.Load()
	turn := g.turn.Add(1)
	var deaf *endpoint
	for i := range r.Interfaces {
		e := world.byID[r.Interfaces[(turn+uint64(i))%uint64(len(r.Interfaces))]]
		if e == nil {
			continue
		}
		for _, port := range [2]uint16{hostPort, usual} {
			if g.fabric.listener(e.ID, port) != nil {
				return e, port
			}
		}
		deaf = e
	}
	return deaf, usual
}

// toConsole queues a connection for the console.
func (g *Gateway) toConsole(ctx context.Context, c *net.TCPConn, source netip.AddrPort) {
	if !g.console.open.take() {
		abort(c)
		return
	}
	conn := &tcpConn{c, newEnds(addrPort(c.LocalAddr()), source, g.console.open.give)}
	if g.console.offer(ctx, conn) != nil {
		conn.ends.closed()
		abort(c)
	}
}

// refuseTLS ends a TLS connection to a name that nobody serves with the alert that says so
// (unrecognized_name, RFC 6066 section 3), which browsers show in words.
func refuseTLS(c *net.TCPConn) {
	defer c.Close()
	c.SetDeadline(time.Now().Add(time.Second))
	if _, err := c.Write([]byte{21, 3, 3, 0, 2, 2, 112}); err != nil || c.CloseWrite() != nil {
		return
	}
	// Closing with unread bytes would send a reset, and the alert would be lost.
	var scratch [4 << 10]byte
	for {
		if _, err := c.Read(scratch[:]); err != nil {
			return
		}
	}
}
