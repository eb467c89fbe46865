package elb

import (
	"cmp"
	"maps"
	"slices"
	"time"

	"elbow/engine/elb/health"
)

// The reason codes and descriptions that DescribeInstanceHealth gives, word for word (API
// reference, InstanceState).
const (
	reasonELB      = "ELB"
	reasonInstance = "Instance"
	notApplicable  = "N/A"

	descRegistering = "Instance registration is still in progress."
	descFailed      = "Instance has failed at least the UnhealthyThreshold number of health checks consecutively."
	descRecovering  = "Instance has not passed the configured HealthyThreshold number of health checks consecutively."
	descZone        = "Instance is in the EC2 Availability Zone for which LoadBalancer is not configured to route traffic to."
	descDisabling   = "Disable Availability Zone is currently in progress."
	descTransient   = "A transient error occurred. Please try again later."
	descDraining    = "Instance deregistration currently in progress."
	descPending     = "Instance is in pending state."
	descStopped     = "Instance is in stopped state."
	descTerminated  = "Instance is in terminated state."
)

// zoneStanding is how a load balancer stands in an Availability Zone.
type zoneStanding int

const (
	zoneDisabled  zoneStanding = iota
	zoneDisabling              // requests that are at its node there are still being answered
	zoneEnabled
)

// verdict says how a target stands, in AWS's words. AWS has no words of its own for an
// instance on its way down: it counts as down already, since nothing is routed to it.
// zone is how the load balancer stands in the target's zone, r what the judging node
// thinks, unsure whether that node could not even make its last probe.
func verdict(availability string, zone zoneStanding, r health.Record, unhealthy int, unsure bool) (HealthState, string, string) {
	switch availability {
	case "pending":
		return OutOfService, reasonInstance, descPending
	case "stopping", "stopped":
		return OutOfService, reasonInstance, descStopped
	case "shutting-down", "terminated":
		return OutOfService, reasonInstance, descTerminated
	}
	switch {
	case zone == zoneDisabling:
		return OutOfService, reasonELB, descDisabling
	case zone == zoneDisabled:
		return OutOfService, reasonELB, descZone
	case unsure:
		return Unknown, reasonELB, descTransient
	}
	switch r.State {
	case health.InService:
		return InService, notApplicable, notApplicable
	case health.Initial:
		return OutOfService, reasonELB, descRegistering
	case health.OutOfService:
		if r.Failures() >= unhealthy {
			return OutOfService, reasonInstance, descFailed
		}
	}
	return OutOfService, reasonInstance, descRecovering
}

// strictest is the path whose node thinks least of the target: the order is out of
// service, not judged yet, in service, and among equals the lower streak. It is nil
// without paths, and deterministic: nodes that agree are taken in order.
func strictest(nodes []*node, paths map[string]*path) *path {
	var worst *path
	for _, n := range nodes {
		p, ok := paths[n.ID]
		if ok && (worst == nil || compareRecords(p.record, worst.record) < 0) {
			worst = p
		}
	}
	return worst
}

func compareRecords(a, b health.Record) int {
	rank := func(s health.State) int {
		return slices.Index([]health.State{health.OutOfService, health.Initial, health.InService}, s)
	}
	return cmp.Or(cmp.Compare(rank(a.State), rank(b.State)), cmp.Compare(a.Streak, b.Streak))
}

// refreshMemberLocked brings what is shown of a member up to date and reports whether a
// page would look different for it. b.mu must be held.
func (b *balancer) refreshMemberLocked(m *member) (changed bool) {
	h := Health{InstanceID: m.target.ID, Zone: m.target.Zone, Since: m.shown.Since}
	var r health.Record
	var unsure bool
	if p := strictest(b.nodes, m.paths); p != nil {
		r, unsure = p.record, p.unsure
		h.Passes, h.Failures, h.LastProbe = r.Passes(), r.Failures(), p.last
	}
	h.State, h.ReasonCode, h.Description = verdict(
		m.target.Availability, b.zoneStandingLocked(m.target.Zone), r, b.record.HealthCheck.UnhealthyThreshold, unsure)
	if h.State != m.shown.State || h.Description != m.shown.Description {
		h.Since = time.Now()
	}
	changed = b.tellsApartLocked(h, m.shown)
	m.shown = h
	return changed
}

// tellsApartLocked reports whether two verdicts are worth announcing as different: a
// steady target is silent, one that is on its way to a threshold counts aloud.
// b.mu must be held.
func (b *balancer) tellsApartLocked(x, y Health) bool {
	c := b.record.HealthCheck
	return x.State != y.State || x.Description != y.Description ||
		x.LastProbe.Failure != y.LastProbe.Failure || x.LastProbe.Status != y.LastProbe.Status ||
		min(x.Passes, c.HealthyThreshold) != min(y.Passes, c.HealthyThreshold) ||
		min(x.Failures, c.UnhealthyThreshold) != min(y.Failures, c.UnhealthyThreshold)
}

// refreshLocked brings what is shown of every member up to date. b.mu must be held.
func (b *balancer) refreshLocked() (changed bool) {
	for _, m := range b.members {
		changed = b.refreshMemberLocked(m) || changed
	}
	b.countHostsLocked()
	return changed
}

// countHostsLocked tells the metrics how many targets are in service. b.mu must be held.
func (b *balancer) countHostsLocked() {
	healthy := 0
	for _, m := range b.members {
		if m.shown.State == InService {
			healthy++
		}
	}
	b.counts.hosts(healthy, len(b.members)-healthy)
}

// health lists the members, then those that are leaving and not registered anew.
func (b *balancer) health() []Health {
	b.mu.Lock()
	defer b.mu.Unlock()
	list := make([]Health, 0, len(b.members)+len(b.leaving))
	registered := map[string]bool{}
	for _, m := range b.members {
		list = append(list, m.shown)
		registered[m.target.ID] = true
	}
	for _, id := range slices.Sorted(maps.Keys(b.leaving)) {
		if m := b.leaving[id]; !registered[m.target.ID] {
			list = append(list, m.shown)
		}
	}
	return list
}
