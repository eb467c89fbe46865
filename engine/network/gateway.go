package network

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"syscall"
	"time"
)

// GatewayConfig is what an internet gateway is made of. Fabric and Addrs are required.
type GatewayConfig struct {
	Fabric       *Fabric
	Addrs        []string // host addresses to listen on, such as ":8080"
	ConsoleNames []string // names that are never a tenant's, such as localhost
	PortRange    string   // host ports for listeners without a Host, such as 20000-20099; empty for none
	Log          *slog.Logger
}

// Gateway is the internet gateway: it listens on the host's ports, looks at the Host or the
// TLS server name of each connection without taking a byte of it, and hands the connection
// itself to the interface that owns the name, whose security groups see the client's own
// address. What is for the console, or for a name without a live route, comes out of Console.
// It is safe for concurrent use.
type Gateway struct {
	fabric  *Fabric
	log     *slog.Logger
	names   map[string]bool // the console's; never written after OpenGateway
	first   int             // of the port range, 0 for none
	last    int
	doors   []*net.TCPListener
	console console
	routes  atomic.Pointer[map[string]Route]
	turn    atomic.Uint64 // goes round among a name's interfaces
	looking crowd
	crew    crew
	opened  openPorts
	life    context.Context // ends at Close: what still waits to hand a connection over gives up
	end     context.CancelFunc
}

// greetingTime is how long a connection may take to say what it is for.
const greetingTime = 10 * time.Second

// OpenGateway opens the host's ports. A port that is busy or not permitted is an error of one
// line that says what to do. Each port is bound exclusively first, so that a second Elbow
// fails, and only then shared with the interfaces' own addresses.
func OpenGateway(c GatewayConfig) (_ *Gateway, err error) {
	g := &Gateway{fabric: c.Fabric, log: cmp.Or(c.Log, slog.New(slog.DiscardHandler)), names: map[string]bool{}}
	if g.first, g.last, err = portRange(c.PortRange); err != nil {
		return nil, err
	}
	for _, name := range c.ConsoleNames {
		g.names[hostName(name)] = true
	}
	if len(c.Addrs) == 0 {
		return nil, errors.New("the gateway needs an address to listen on, such as :8080")
	}
	for _, addr := range c.Addrs {
		door, err := openDoor(addr)
		if err != nil {
			return nil, errors.Join(err, g.closeDoors())
		}
		g.doors = append(g.doors, door)
	}
	g.start()
	return g, nil
}

// start lets connections in.
func (g *Gateway) start() {
	shares := shareOut(descriptorLimit(), 0)
	g.looking.most = shares.looking
	g.console = console{queue: newQueue(g.doors[0].Addr(), backlog), open: allowance{most: int64(shares.console)}}
	g.opened.ports = map[socket]*openPort{}
	g.life, g.end = context.WithCancel(context.Background())
	g.SetRoutes(nil)
	for _, door := range g.doors {
		port := addrPort(door.Addr()).Port()
		g.crew.spawn(func() {
			acceptAll(door, g.life.Done(), func(c *net.TCPConn) { g.arrive(c, port) })
		})
	}
}

// openDoor binds a host address exclusively, then lets interfaces' own addresses share the port.
func openDoor(addr string) (*net.TCPListener, error) {
	var config net.ListenConfig
	config.SetMultipathTCP(false) // its sockets cannot be spliced
	l, err := config.Listen(context.Background(), "tcp", addr)
	if err != nil {
		return nil, unopened(addr, err)
	}
	door := l.(*net.TCPListener)
	raw, err := door.SyscallConn()
	if err == nil {
		err = reusePort("", "", raw)
	}
	if err != nil {
		return nil, errors.Join(unopened(addr, err), door.Close())
	}
	return door, nil
}

func unopened(addr string, err error) error {
	switch {
	case errors.Is(err, syscall.EADDRINUSE):
		return fmt.Errorf("cannot listen on %s: the port is in use, perhaps by another Elbow; end that one or choose another port", addr)
	case errors.Is(err, syscall.EACCES):
		return fmt.Errorf("cannot listen on %s: this user may not open that port; choose one above 1023", addr)
	}
	return fmt.Errorf("cannot listen on %s: %w", addr, err)
}

// portRange reads a range such as 20000-20099, or nothing.
func portRange(text string) (first, last int, err error) {
	if text == "" {
		return 0, 0, nil
	}
	from, to, ok := strings.Cut(text, "-")
	first, err1 := strconv.Atoi(from)
	last, err2 := strconv.Atoi(to)
	if !ok || err1 != nil || err2 != nil || first < 1 || last > maxPort || first > last {
		return 0, 0, fmt.Errorf("port range %q: write two ports from 1 to 65535 with a hyphen, such as 20000-20099", shown(text))
	}
	return first, last, nil
}

// Ports are the host ports that the gateway really listens on, in the order they were given,
// each once.
func (g *Gateway) Ports() []int {
	var ports []int
	for _, door := range g.doors {
		if p := int(addrPort(door.Addr()).Port()); !slices.Contains(ports, p) {
			ports = append(ports, p)
		}
	}
	return ports
}

// Fabric is the fabric that the gateway belongs to.
func (g *Gateway) Fabric() *Fabric { return g.fabric }

// Console is the listener of the console's connections. Closing it refuses them from then on.
func (g *Gateway) Console() net.Listener { return &g.console }

// Close closes the host's ports and every connection that has not been handed over, and waits
// for what ran for them. Connections that were handed over belong to who has them.
func (g *Gateway) Close() error {
	g.crew.dismiss()
	g.end()
	err := errors.Join(g.closeDoors(), g.opened.close())
	g.looking.close()
	g.console.shut()
	g.crew.work.Wait()
	return err
}

// closeDoors closes the host's ports; doing so twice is no error.
func (g *Gateway) closeDoors() error {
	var all error
	for _, door := range g.doors {
		if err := door.Close(); !errors.Is(err, net.ErrClosed) {
			all = errors.Join(all, err)
		}
	}
	return all
}

// console is the listener that the console's connections come out of.
type console struct {
	queue
	open allowance
}

// Close ends Accept and closes what was not accepted; the gateway's ports stay open.
func (c *console) Close() error {
	c.shut()
	return nil
}
