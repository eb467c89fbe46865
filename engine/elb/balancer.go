package elb

import (
	"context"
	"maps"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"elbow/engine/elb/proxy"
	"elbow/engine/network"
)

// balancer is one live load balancer. Requests never take its lock: they read the pools
// and the atomics.
type balancer struct {
	edge   *Edge
	name   string       // its DNS name
	idle   atomic.Int64 // the idle timeout, a time.Duration
	counts *counters

	mu      sync.Mutex
	record  LoadBalancer       // guarded by mu; as it was last applied
	nodes   []*node            // guarded by mu; in the record's order
	members []*member          // guarded by mu; in the order of registration
	leaving map[string]*member // guarded by mu; draining, by registration
	// disabling counts, by zone, the nodes that have left and still answer requests.
	disabling map[string]int // guarded by mu
}

// node is a load balancer in one Availability Zone: the address that clients meet and
// that probes and requests come from.
type node struct {
	network.Interface
	pool      proxy.Pool
	frontends map[uint16]*frontend // guarded by the balancer's mu; by port
}

func newBalancer(e *Edge, name string) *balancer {
	return &balancer{edge: e, name: name, counts: newCounters(time.Now), leaving: map[string]*member{}, disabling: map[string]int{}}
}

// idleTimeout is how long a connection may be silent. Without a valid attribute it is the
// default of 60 s: at zero nothing would ever be answered.
func (b *balancer) idleTimeout() time.Duration {
	if idle := time.Duration(b.idle.Load()); idle >= minIdle {
		return idle
	}
	return 60 * time.Second
}

// apply makes the live thing follow what is wanted, and reports whether anything that a
// page shows has moved by it.
func (b *balancer) apply(w Wanted) (changed bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	before := b.statusLocked()
	recheck := b.record.HealthCheck != w.HealthCheck
	b.record = w.LoadBalancer
	b.idle.Store(int64(w.Attributes.IdleTimeout))
	b.applyNodesLocked(w.Nodes)
	left := b.applyMembersLocked(w.Targets)
	for _, m := range b.members {
		b.applyPathsLocked(m, recheck)
	}
	b.publishLocked()
	for _, m := range left { // only now that no pool offers them
		b.drainLocked(m)
	}
	b.listenLocked()
	moved := b.refreshLocked()
	return moved || len(left) > 0 || !before.same(b.statusLocked())
}

// applyNodesLocked adds nodes for newly enabled zones and lets go those of disabled ones.
// b.mu must be held.
func (b *balancer) applyNodesLocked(wanted []network.Interface) {
	old := map[string]*node{}
	for _, n := range b.nodes {
		old[n.ID] = n
	}
	b.nodes = make([]*node, 0, len(wanted))
	for _, in := range wanted {
		n, ok := old[in.ID]
		if ok {
			delete(old, in.ID)
			n.Groups = in.Groups
		} else {
			n = &node{Interface: in, frontends: map[uint16]*frontend{}}
		}
		b.nodes = append(b.nodes, n)
	}
	for _, n := range old {
		b.retireNodeLocked(n)
	}
}

// retire ends the load balancer: probes at once, requests in flight in their own time.
func (b *balancer) retire() {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, n := range b.nodes {
		b.retireNodeLocked(n)
	}
	b.nodes, b.members = nil, nil
}

// retireNodeLocked stops a node's probes and listeners. Its pool stays as it is for the
// requests that are there, and its targets are closed after the last of them.
// b.mu must be held.
func (b *balancer) retireNodeLocked(n *node) {
	var forwards []*proxy.Target
	for _, m := range b.members {
		if p, ok := m.paths[n.ID]; ok {
			p.cancel()
			p.check = nil // what it reports from here on would empty the pool
			delete(m.paths, n.ID)
			forwards = append(forwards, p.forward.Value)
		}
	}
	frontends, grace := slices.Collect(maps.Values(n.frontends)), b.graceLocked()
	for _, f := range frontends {
		b.leaveLocked(f)
	}
	b.disabling[n.AvailabilityZone]++
	b.edge.work.Go(func() {
		defer b.disabled(n.AvailabilityZone)
		ctx, cancel := context.WithTimeout(b.edge.patient, grace)
		defer cancel()
		var ending sync.WaitGroup
		for _, f := range frontends {
			ending.Go(func() { f.end(ctx) })
		}
		ending.Wait()
		for _, t := range forwards {
			t.Close()
		}
	})
}

// disabled notes that a node that left the zone has answered its last request.
func (b *balancer) disabled(zone string) {
	b.mu.Lock()
	b.disabling[zone]--
	changed := b.refreshLocked()
	b.mu.Unlock()
	if changed {
		b.edge.changed(b.name)
	}
}

// graceLocked is how long requests in flight may still take once a node or a listener
// goes: as long as a deregistered target's, or, without draining, as long as a silent one's.
// b.mu must be held.
func (b *balancer) graceLocked() time.Duration {
	if b.record.Attributes.ConnectionDraining {
		return b.record.Attributes.DrainingTimeout
	}
	return b.record.Attributes.IdleTimeout
}

func (b *balancer) status() Status {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.statusLocked()
}

// statusLocked describes the nodes and the listeners. b.mu must be held.
func (b *balancer) statusLocked() Status {
	var s Status
	for _, n := range b.nodes {
		ns := NodeStatus{Interface: n.ID, Zone: n.AvailabilityZone, Addr: n.PrivateIP, InService: n.pool.Len()}
		for _, m := range b.members {
			if p, ok := m.paths[n.ID]; ok {
				ns.InReach++
				s.InFlight += p.forward.Inflight()
			}
		}
		s.Nodes = append(s.Nodes, ns)
	}
	for _, m := range b.leaving {
		for _, p := range m.paths {
			s.InFlight += p.forward.Inflight()
		}
	}
	for _, l := range b.record.Listeners {
		s.Listeners = append(s.Listeners, b.listenerStatusLocked(l))
	}
	return s
}

// requests sums up by instance: it may be registered anew while it is still draining.
func (b *balancer) requests() map[string]uint64 {
	b.mu.Lock()
	defer b.mu.Unlock()
	sums := map[string]uint64{}
	for _, m := range b.members {
		sums[m.target.ID] += m.answered.Load()
	}
	for _, m := range b.leaving {
		sums[m.target.ID] += m.answered.Load()
	}
	return sums
}
