package elb

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"net/netip"
	"sync/atomic"
	"time"

	"elbow/engine/elb/balance"
	"elbow/engine/elb/health"
	"elbow/engine/elb/proxy"
	"elbow/engine/network"
)

// registrationWork is the cloud's time between a registration and the first probe. AWS
// takes up to half a minute; a learner need not.
const registrationWork = 5 * time.Second

// spread keeps the first probes of many targets apart, in the cloud's time.
const spread = 500 * time.Millisecond

// running is the Availability of a target that can be probed.
const running = "running"

// member is one registration of one instance. Its fields are guarded by the balancer's mu.
type member struct {
	target     Target
	registered time.Time
	wasDown    bool             // it was not running when it was last looked at
	paths      map[string]*path // by node's interface; one for each node that may route to it
	answered   *atomic.Uint64
	shown      Health
}

// path is one node's way to one target: what the node thinks of it, and how it forwards
// to it. record and last are guarded by the balancer's mu, and written by its probe alone.
type path struct {
	node    *node
	forward *balance.Target[*proxy.Target]
	cancel  context.CancelFunc // stops the probe
	check   *health.Check      // the plan that is under way; tells a stale probe from the current one
	record  health.Record
	last    Probe
	unsure  bool // the last probe could not be made, for a reason of our own
}

// applyMembersLocked takes over the wanted targets and returns the members that left. A
// new registration of the same instance is a new member: health is never inherited.
// b.mu must be held.
func (b *balancer) applyMembersLocked(wanted []Target) (left []*member) {
	old := map[string]*member{}
	for _, m := range b.members {
		old[m.target.Registration] = m
	}
	at := map[string]time.Time{}
	for _, r := range b.record.Registrations {
		at[r.ID] = r.RegisteredAt
	}
	b.members = make([]*member, 0, len(wanted))
	for _, t := range wanted {
		m, ok := old[t.Registration]
		if ok && m.target.Addr == t.Addr {
			delete(old, t.Registration)
			m.target = t
		} else {
			m = &member{target: t, registered: at[t.Registration], paths: map[string]*path{}, answered: new(atomic.Uint64)}
		}
		b.members = append(b.members, m)
	}
	for _, m := range old {
		left = append(left, m)
	}
	return left
}

// applyPathsLocked gives the member a path from each node that may route to it, and takes
// away the others. With recheck the health check is another one: streaks begin anew,
// verdicts stand until they are overturned. b.mu must be held.
func (b *balancer) applyPathsLocked(m *member, recheck bool) {
	up := m.target.Availability == running
	for _, n := range b.nodes {
		p, ok := m.paths[n.ID]
		reach := up && b.reachesLocked(n, m.target)
		switch {
		case reach && !ok:
			b.openPathLocked(n, m)
		case !reach && ok:
			delete(m.paths, n.ID)
			b.closePathLocked(p)
		case reach && recheck:
			p.cancel()
			p.record = p.record.Restarted()
			b.startCheckLocked(m, p, 0)
		}
	}
	m.wasDown = !up
}

// reachesLocked reports whether the node may route to the target: in its own zone, and
// with cross-zone load balancing in every enabled one. b.mu must be held.
func (b *balancer) reachesLocked(n *node, t Target) bool {
	return n.AvailabilityZone == t.Zone || b.record.Attributes.CrossZone && b.zoneEnabledLocked(t.Zone)
}

// zoneStandingLocked says whether the load balancer is in the zone. b.mu must be held.
func (b *balancer) zoneStandingLocked(zone string) zoneStanding {
	switch {
	case b.zoneEnabledLocked(zone):
		return zoneEnabled
	case b.disabling[zone] > 0:
		return zoneDisabling
	}
	return zoneDisabled
}

func (b *balancer) zoneEnabledLocked(zone string) bool {
	for _, n := range b.nodes {
		if n.AvailabilityZone == zone {
			return true
		}
	}
	return false
}

// openPathLocked begins to probe the member from the node. A node that joins takes over
// what the others think of the target, so that enabling a zone turns no request away.
// b.mu must be held.
func (b *balancer) openPathLocked(n *node, m *member) {
	addr := m.target.Addr // the same as long as the path lives
	dial := func(ctx context.Context, port uint16) (net.Conn, error) {
		return b.edge.fabric.Dial(ctx, n.ID, netip.AddrPortFrom(addr, port))
	}
	p := &path{node: n, forward: balance.NewTarget(proxy.NewTarget(proxy.TargetConfig{
		ID: m.target.ID, Dial: dial, IdleTimeout: b.idleTimeout, Answered: m.answered,
	}))}
	delay := b.registrationDelay(m)
	for _, other := range b.nodes {
		if o, ok := m.paths[other.ID]; ok {
			p.record = o.record.Restarted()
			if p.record.State != health.Initial {
				delay = 0
			}
			break
		}
	}
	m.paths[n.ID] = p
	b.startCheckLocked(m, p, delay)
}

// registrationDelay is what is left of the registration work. An instance that comes up
// while it is registered goes through all of it; one that was registered before Elbow was
// started has it behind it.
func (b *balancer) registrationDelay(m *member) time.Duration {
	if m.wasDown {
		return registrationWork
	}
	passed := time.Duration(float64(time.Since(m.registered)) * b.edge.pace.Factor())
	return min(max(registrationWork-passed, 0), registrationWork)
}

// closePathLocked stops the probe; requests in flight finish in their own time, as those
// on an unhealthy target do. The caller publishes. b.mu must be held.
func (b *balancer) closePathLocked(p *path) {
	p.cancel()
	p.check = nil
	t := p.forward.Value
	b.edge.work.Go(func() {
		// An error only says that the edge closes meanwhile.
		_ = t.Drain(b.edge.patient)
		t.Close()
	})
}

// startCheckLocked begins to probe on the plan of the record's health check.
// b.mu must be held.
func (b *balancer) startCheckLocked(m *member, p *path, delay time.Duration) {
	h := b.record.HealthCheck
	check := &health.Check{
		Probe: health.Probe{
			Protocol: string(h.Protocol), Host: hostHeader(h, m.target.Addr), Path: h.Path,
			Dial:    b.probeDial(p.node, netip.AddrPortFrom(m.target.Addr, h.Port)),
			Timeout: func() time.Duration { return b.edge.pace.Timeout(h.Timeout) },
		},
		Pace: b.edge.pace, Interval: max(h.Interval, minInterval), Delay: delay + rand.N(spread),
	}
	var ctx context.Context
	ctx, p.cancel = context.WithCancel(b.edge.running)
	p.check = check
	b.edge.work.Go(func() {
		check.Run(ctx, func(r health.Result) { b.observed(m, p, check, r) })
	})
}

// hostHeader is the target's address, with its port unless the protocol implies it.
func hostHeader(h HealthCheck, addr netip.Addr) string {
	if h.Protocol == HTTP && h.Port == 80 || h.Protocol == HTTPS && h.Port == 443 {
		return addr.String()
	}
	return netip.AddrPortFrom(addr, h.Port).String()
}

// probeDial dials from the node's own interface, and tells a probe that was not let out
// from one that got no answer: both are silent on the wire.
func (b *balancer) probeDial(n *node, to netip.AddrPort) health.Dial {
	return func(ctx context.Context) (net.Conn, error) {
		conn, err := b.edge.fabric.Dial(ctx, n.ID, to)
		if d, ok := errors.AsType[*network.DialError](err); ok && d.Stage == network.EgressDenied {
			return nil, &health.Blocked{
				Failure: health.Egress, Err: err,
				Detail: fmt.Sprintf("no outbound rule of the load balancer's security groups lets %s reach %s", n.PrivateIP, to),
			}
		}
		return conn, err
	}
}

// observed takes in the result of a probe: it records, then routes by it, then announces,
// so that whoever hears that a target is InService can reach it already.
func (b *balancer) observed(m *member, p *path, check *health.Check, r health.Result) {
	b.mu.Lock()
	if p.check != check {
		b.mu.Unlock()
		return // the path was closed or the health check changed while the probe ran
	}
	h := b.record.HealthCheck
	var moved bool
	p.unsure = r.Failure == health.Internal
	if !p.unsure { // what is our own trouble never counts against a target
		p.record, moved = p.record.Observe(r.OK, health.Thresholds{Healthy: h.HealthyThreshold, Unhealthy: h.UnhealthyThreshold})
	}
	p.last = Probe{
		At: r.At, Node: p.node.PrivateIP, Duration: r.Duration, OK: r.OK,
		Status: r.Status, Failure: string(r.Failure), Detail: r.Detail,
	}
	if moved {
		b.publishNodeLocked(p.node)
	}
	changed := b.refreshMemberLocked(m)
	b.countHostsLocked()
	b.mu.Unlock()
	if changed {
		b.edge.changed(b.name)
	}
}

// publishLocked makes every node route by what it thinks now. b.mu must be held.
func (b *balancer) publishLocked() {
	for _, n := range b.nodes {
		b.publishNodeLocked(n)
	}
}

func (b *balancer) publishNodeLocked(n *node) {
	var healthy []*balance.Target[*proxy.Target]
	for _, m := range b.members {
		if p, ok := m.paths[n.ID]; ok && p.record.State == health.InService {
			healthy = append(healthy, p.forward)
		}
	}
	n.pool.Publish(healthy)
}
