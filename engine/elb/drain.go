package elb

import (
	"context"
	"time"
)

// drainLocked lets go a member that was deregistered and that no pool offers any more.
// With connection draining its requests in flight have the configured time; without, they
// are cut (AWS's guide, "Configure connection draining"). The timeout is one of real
// traffic: no pace shortens it. b.mu must be held.
func (b *balancer) drainLocked(m *member) {
	for _, p := range m.paths {
		p.cancel()
		p.check = nil
	}
	timeout := time.Duration(0)
	if b.record.Attributes.ConnectionDraining {
		timeout = b.record.Attributes.DrainingTimeout
		m.shown.State, m.shown.ReasonCode, m.shown.Description = InService, notApplicable, descDraining
		m.shown.Since = time.Now()
		b.leaving[m.target.Registration] = m
	}
	paths := make([]*path, 0, len(m.paths))
	for _, p := range m.paths {
		paths = append(paths, p)
	}
	b.edge.work.Go(func() {
		ctx, cancel := context.WithTimeout(b.edge.patient, timeout)
		defer cancel()
		for _, p := range paths {
			// What has not ended by then is cut, which is what draining promises.
			_ = p.forward.Value.Drain(ctx)
		}
		for _, p := range paths {
			p.forward.Value.Close()
		}
		b.drained(m)
	})
}

// drained forgets a member whose last request has ended or was cut.
func (b *balancer) drained(m *member) {
	b.mu.Lock()
	was := b.leaving[m.target.Registration] == m
	if was {
		delete(b.leaving, m.target.Registration)
	}
	b.mu.Unlock()
	if was {
		b.edge.changed(b.name)
	}
}
