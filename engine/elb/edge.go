package elb

import (
	"context"
	"log/slog"
	"net"
	"net/netip"
	"sync"
	"time"

	"elbow/engine/network"
	"elbow/engine/pace"
)

// EdgeConfig is what an Edge is made of. All of it is required but Changed, RefuseHost,
// CookiePrefix and Log.
type EdgeConfig struct {
	Fabric       *network.Fabric
	Pace         *pace.Pace             // of probes; never of real traffic
	Changed      func(dnsName string)   // a load balancer's health or status is to be looked at again; called without a lock held
	RefuseHost   func(host string) bool // the console's own names, which no listener serves
	CookiePrefix string                 // of the console's cookies, which never pass a listener
	Log          *slog.Logger
}

// Wanted is one load balancer as it was asked for, with where its registered instances
// answer, those that are not running included.
type Wanted struct {
	LoadBalancer
	Targets []Target
}

// fabric is what the edge needs of the network.
type fabric interface {
	Listen(interfaceID string, port uint16) (net.Listener, error)
	Dial(ctx context.Context, interfaceID string, to netip.AddrPort) (net.Conn, error)
}

// Edge owns every live load balancer: its listeners, its targets and their probes. It is
// safe for concurrent use. Whoever hears through Changed that a target is InService can
// reach it already: a verdict is recorded, then routed by, then announced.
type Edge struct {
	fabric  fabric
	pace    *pace.Pace
	changed func(dnsName string)
	refuse  func(host string) bool
	cookies string
	log     *slog.Logger

	running context.Context // the probes'; done once the edge closes
	stop    context.CancelFunc
	patient context.Context // done once nothing may finish in its own time any more
	hurry   context.CancelFunc
	work    sync.WaitGroup // every goroutine below the edge

	applying sync.Mutex // one Apply or Close at a time; taken before mu

	mu        sync.Mutex
	balancers map[string]*balancer // guarded by mu; by DNS name
	closed    bool                 // guarded by mu
}

// NewEdge makes an edge without load balancers. Close must be called.
func NewEdge(c EdgeConfig) *Edge { return newEdge(c, c.Fabric) }

func newEdge(c EdgeConfig, f fabric) *Edge {
	e := &Edge{
		fabric: f, pace: c.Pace, changed: c.Changed, refuse: c.RefuseHost, cookies: c.CookiePrefix, log: c.Log,
		balancers: map[string]*balancer{},
	}
	if e.changed == nil {
		e.changed = func(string) {}
	}
	if e.log == nil {
		e.log = slog.New(slog.DiscardHandler)
	}
	e.running, e.stop = context.WithCancel(context.Background())
	e.patient, e.hurry = context.WithCancel(context.Background())
	return e
}

// Apply makes the live load balancers those that are wanted: the whole set, each time. A
// second call with the same set does nothing but try again what could not be bound. Load
// balancers are told apart by DNS name, targets by registration: health outlives an Apply
// that keeps both. Requests in flight are never disturbed, except those on a deregistered
// target as its draining says. After Close it does nothing.
func (e *Edge) Apply(wanted []Wanted) {
	e.applying.Lock()
	changed := e.apply(wanted)
	e.applying.Unlock()
	for _, name := range changed {
		e.changed(name)
	}
}

// apply walks what is new, what stays and what is gone. e.applying must be held.
func (e *Edge) apply(wanted []Wanted) (changed []string) {
	kept := map[string]bool{}
	for _, w := range wanted {
		b := e.adopt(w.DNSName)
		if b == nil {
			return nil
		}
		if kept[w.DNSName] {
			continue // names are unique; a second record would fight the first
		}
		kept[w.DNSName] = true
		if b.apply(w) {
			changed = append(changed, w.DNSName)
		}
	}
	for _, b := range e.abandon(kept) {
		b.retire()
		changed = append(changed, b.name)
	}
	return changed
}

// adopt returns the load balancer of that name, made if it is new; nil once closed.
func (e *Edge) adopt(name string) *balancer {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.closed {
		return nil
	}
	b, ok := e.balancers[name]
	if !ok {
		b = newBalancer(e, name)
		e.balancers[name] = b
	}
	return b
}

// abandon takes out and returns every load balancer that is not kept.
func (e *Edge) abandon(kept map[string]bool) []*balancer {
	e.mu.Lock()
	defer e.mu.Unlock()
	var gone []*balancer
	for name, b := range e.balancers {
		if !kept[name] {
			delete(e.balancers, name)
			gone = append(gone, b)
		}
	}
	return gone
}

func (e *Edge) find(name string) (*balancer, bool) {
	e.mu.Lock()
	defer e.mu.Unlock()
	b, ok := e.balancers[name]
	return b, ok
}

// Health is the verdict on each registered instance, in the order of registration, and
// then on each that is draining. It is nil for a name that is not live.
//
// Every node of a load balancer probes and judges by itself, and routes by its own
// judgement. The verdict shown is that of the node that thinks least of the target, so
// that InService means: whichever node a client meets, this target may serve it.
func (e *Edge) Health(dnsName string) []Health {
	b, ok := e.find(dnsName)
	if !ok {
		return nil
	}
	return b.health()
}

// Status is what the load balancer really does; ok is false when there is none of that name.
func (e *Edge) Status(dnsName string) (status Status, ok bool) {
	b, ok := e.find(dnsName)
	if !ok {
		return Status{}, false
	}
	return b.status(), true
}

// Metrics are the minutes that end after since, oldest first, at most the last 180, the
// current one included. They are kept in memory from the load balancer's first Apply on.
func (e *Edge) Metrics(dnsName string, since time.Time) []Minute {
	b, ok := e.find(dnsName)
	if !ok {
		return nil
	}
	return b.counts.since(since)
}

// Requests is how many requests each registered or draining instance has answered since
// it was registered or Elbow started, by instance id.
func (e *Edge) Requests(dnsName string) map[string]uint64 {
	b, ok := e.find(dnsName)
	if !ok {
		return nil
	}
	return b.requests()
}

// Close stops every probe and listener at once, lets requests in flight finish for half
// of the time that ctx leaves, cuts the rest, and waits until every goroutine has ended.
// It returns ctx's error when they have not ended by then. It may be called again.
func (e *Edge) Close(ctx context.Context) error {
	e.applying.Lock()
	defer e.applying.Unlock()
	e.mu.Lock()
	e.closed = true
	e.mu.Unlock()
	e.stop()
	for _, b := range e.abandon(nil) {
		b.retire()
	}
	patience, cancel := half(ctx)
	defer cancel()
	defer context.AfterFunc(patience, e.hurry)()
	ended := make(chan struct{})
	go func() { // ends with the work, which hurry bounds
		e.work.Wait()
		close(ended)
	}()
	select {
	case <-ended:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// half is a context with half of the time that ctx leaves: whoever closes next needs some.
func half(ctx context.Context) (context.Context, context.CancelFunc) {
	if deadline, ok := ctx.Deadline(); ok {
		return context.WithTimeout(ctx, time.Until(deadline)/2)
	}
	return context.WithCancel(ctx)
}
