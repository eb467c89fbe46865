package elb

import (
	"testing"
	"time"

	"elbow/engine/elb/health"
)

func TestAProbeThatEndsAfterItsNodeLeftChangesNothing(t *testing.T) {
	w := newWorld(t, true)
	w.launch("i-1", "172.31.2.1", zoneA)
	w.register("i-1", "172.31.2.1", zoneA)
	w.apply()
	w.untilInService("i-1")
	b, _ := w.edge.find(dns)
	b.mu.Lock()
	n, m := b.nodes[0], b.members[0]
	p := m.paths[n.ID]
	check := p.check
	b.mu.Unlock()
	w.wanted.HealthCheck.Interval = 300 * time.Second
	b.retire()
	for range 2 { // probes that were about to report when the node was let go
		b.observed(m, p, check, health.Result{Failure: health.Timeout})
	}
	if n.pool.Len() != 1 {
		t.Error("requests that the node still has are turned away")
	}
}
