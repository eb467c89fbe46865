package network

import (
	"cmp"
	"errors"
	"log/slog"
	"net"
	"sync"
	"sync/atomic"
	"time"

	"elbow/engine/fault"
)

// FabricConfig is what a fabric is made of; its zero value is usable.
type FabricConfig struct {
	LockDir  string        // where /16s of loopback are claimed; by default elbow-net in the host's directory for temporary files
	InMemory bool          // interfaces meet in memory even where they could be bound
	Log      *slog.Logger  // by default nothing is logged
	Hold     time.Duration // how long a denied connection from outside is held mute; 2 minutes by default
	MaxHeld  int           // how many are held at once; 1024 by default, fewer where descriptors are scarce
}

// Fabric carries connections between interfaces, and into them from the gateway and from
// their own loopback addresses. It is the owner of every listener and of every decision.
type Fabric struct {
	log       *slog.Logger
	hold      time.Duration
	claim     claim
	memory    bool // no loopback address can be bound, or none is wanted
	world     atomic.Pointer[snapshot]
	flows     flowLog
	held      crowd
	outsiders allowance
	ephemeral atomic.Uint32 // the last source port of a connection in memory
	done      chan struct{} // closed at Close

	mu        sync.RWMutex
	listeners map[socket]*listener // guarded by mu
	closed    bool                 // guarded by mu
	crew      crew                 // whoever holds a denied connection
}

// socket is a port of an interface.
type socket struct {
	id   string
	port uint16
}

// NewFabric claims a /16 of loopback and finds out whether its addresses can be bound. Where
// they cannot, or where none can be claimed, interfaces meet in memory: that is logged and
// InMemory says so, and it is no error.
func NewFabric(c FabricConfig) (*Fabric, error) {
	f := &Fabric{
		log: cmp.Or(c.Log, slog.New(slog.DiscardHandler)), hold: cmp.Or(c.Hold, 2*time.Minute),
		claim: claim{second: firstClaim}, memory: c.InMemory,
		listeners: map[socket]*listener{}, done: make(chan struct{}),
	}
	shares := shareOut(descriptorLimit(), cmp.Or(c.MaxHeld, 1024))
	f.held.most, f.outsiders.most = shares.held, int64(shares.outside)
	f.world.Store(compileAll(nil, nil))
	if !f.memory {
		f.claimOrMeetInMemory(c.LockDir)
	}
	return f, nil
}

func (f *Fabric) claimOrMeetInMemory(lockDir string) {
	claimed, err := claimLoopback(lockDir)
	if err != nil {
		f.memory = true
		f.log.Warn("interfaces meet in memory: their loopback addresses cannot be used", "err", err)
		return
	}
	f.claim = claimed
}

// InMemory reports whether no interface can be reached at a loopback address of its own.
func (f *Fabric) InMemory() bool { return f.memory }

// Apply replaces the whole network at once: interfaces, and the firewalls that the groups
// make of them. Connections that are open stay so; listeners of interfaces that are gone are
// closed.
func (f *Fabric) Apply(interfaces []Interface, groups []SecurityGroup) {
	next := compileAll(interfaces, groups)
	f.world.Store(next)
	// A Listen that still saw the old world has registered by the time the lock is had.
	for _, l := range f.stranded(next) {
		if err := l.Close(); err != nil {
			f.log.Warn("closing the listener of a vanished interface", "interface", l.id, "port", l.at.Port(), "err", err)
		}
	}
}

// stranded are the listeners whose interface is gone or has another address.
func (f *Fabric) stranded(s *snapshot) []*listener {
	f.mu.RLock()
	defer f.mu.RUnlock()
	var gone []*listener
	for at, l := range f.listeners {
		if e := s.byID[at.id]; e == nil || e.PrivateIP != l.at.Addr() {
			gone = append(gone, l)
		}
	}
	return gone
}

// Interface returns the interface as last applied. Its groups must not be written to.
func (f *Fabric) Interface(id string) (Interface, bool) {
	if e := f.world.Load().byID[id]; e != nil {
		return e.Interface, true
	}
	return Interface{}, false
}

// Firewall returns the current firewall of an interface.
func (f *Fabric) Firewall(interfaceID string) (*Firewall, bool) {
	if e := f.world.Load().byID[interfaceID]; e != nil {
		return e.firewall, true
	}
	return nil, false
}

// Listen opens a port of an interface: admitted connections alone come out of the listener.
// Their addresses are of the VPC, a client's from outside its own. Where the port cannot be
// bound on the host the listener is reached in memory and through the gateway (see Direct).
// Faults: InvalidNetworkInterfaceID.NotFound, and InvalidParameterValue for port 0 or a port
// that is already open.
func (f *Fabric) Listen(interfaceID string, port uint16) (net.Listener, error) {
	if port == 0 {
		return nil, fault.New(fault.Invalid, "InvalidParameterValue", "An interface cannot listen on port 0: choose a port from 1 to 65535.").In("port")
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	e := f.world.Load().byID[interfaceID]
	switch {
	case f.closed:
		return nil, net.ErrClosed
	case e == nil:
		return nil, noInterface(interfaceID)
	case f.listeners[socket{interfaceID, port}] != nil:
		return nil, fault.New(fault.Conflict, "InvalidParameterValue", "Port %d of %s is already in use: stop what listens there first.", port, interfaceID).In("port")
	}
	direct, err := f.bind(e.at(port))
	if err != nil {
		return nil, err
	}
	l := newListener(f, e, port, direct)
	f.listeners[socket{interfaceID, port}] = l
	return l, nil
}

func noInterface(id string) error {
	return fault.New(fault.NotFound, "InvalidNetworkInterfaceID.NotFound", "The networkInterface ID '%s' does not exist", shown(id))
}

// forget takes a closed listener off the list.
func (f *Fabric) forget(l *listener) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if at := (socket{l.id, l.at.Port()}); f.listeners[at] == l {
		delete(f.listeners, at)
	}
}

func (f *Fabric) listener(id string, port uint16) *listener {
	f.mu.RLock()
	defer f.mu.RUnlock()
	return f.listeners[socket{id, port}]
}

// Direct reports whether the interface listens on the port and is reachable there at its own
// loopback address.
func (f *Fabric) Direct(interfaceID string, port uint16) bool {
	l := f.listener(interfaceID, port)
	return l != nil && l.direct != nil
}

// Close closes every listener and every held connection, waits for what ran for them, and
// gives the /16 back. Connections that were accepted or dialled belong to who has them.
func (f *Fabric) Close() error {
	open, first := f.shut()
	if !first {
		return nil
	}
	f.crew.dismiss()
	f.held.close()
	var err error
	for _, l := range open {
		err = errors.Join(err, l.Close())
	}
	f.crew.work.Wait()
	return errors.Join(err, f.claim.release())
}

func (f *Fabric) shut() (open []*listener, first bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.closed {
		return nil, false
	}
	f.closed = true
	close(f.done)
	for _, l := range f.listeners {
		open = append(open, l)
	}
	return open, true
}
