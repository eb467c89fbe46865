package elb

import (
	"context"
	"errors"
	"net"

	"elbow/engine/elb/proxy"
)

// frontend is one listener on one node. Its fields but server are guarded by the
// balancer's mu.
type frontend struct {
	server *proxy.Server
	port   net.Listener // nil until it is bound for the first time
	bound  bool
	err    error // why it is not bound
	gone   bool  // its listener or node was removed
}

// listenLocked binds what is wanted and not bound, and ends what is bound and not wanted.
// b.mu must be held.
func (b *balancer) listenLocked() {
	for _, n := range b.nodes {
		wanted := map[uint16]bool{}
		for _, l := range b.record.Listeners {
			wanted[l.LoadBalancerPort] = true
			f, ok := n.frontends[l.LoadBalancerPort]
			if !ok {
				f = b.newFrontend(n, l)
				n.frontends[l.LoadBalancerPort] = f
			}
			f.server.SetTargetPort(l.InstancePort)
			if !f.bound {
				b.bindLocked(n, l, f)
			}
		}
		for port, f := range n.frontends {
			if !wanted[port] {
				delete(n.frontends, port)
				b.endLocked(f)
			}
		}
	}
}

func (b *balancer) newFrontend(n *node, l Listener) *frontend {
	return &frontend{server: proxy.New(proxy.Config{
		Pool: &n.pool, Addr: n.PrivateIP.String(), Port: l.LoadBalancerPort, TargetPort: l.InstancePort,
		Proto: "http", IdleTimeout: b.idleTimeout, RefuseHost: b.edge.refuse, CookiePrefix: b.edge.cookies,
		Observe: b.counts.observe, Log: b.edge.log,
	})}
}

// bindLocked binds the frontend and serves from then on. The node's interface may not be
// on the fabric yet: the next Apply tries again. b.mu must be held.
func (b *balancer) bindLocked(n *node, l Listener, f *frontend) {
	listener, err := b.edge.fabric.Listen(n.ID, l.LoadBalancerPort)
	news := f.err == nil || err == nil || f.err.Error() != err.Error()
	f.bound, f.err = err == nil, err
	if err != nil && news {
		b.edge.log.Warn("listener not bound", "load_balancer", b.record.Name, "node", n.ID, "port", l.LoadBalancerPort, "err", err)
	}
	if err != nil {
		return
	}
	f.port = listener
	b.edge.work.Go(func() {
		err := f.server.Serve(listener)
		b.mu.Lock()
		f.bound, f.err = false, err
		announce := !f.gone
		b.mu.Unlock()
		if announce {
			b.edge.changed(b.name)
		}
	})
}

// endLocked ends a frontend whose listener was removed, within the grace that requests in
// flight have. b.mu must be held.
func (b *balancer) endLocked(f *frontend) {
	b.leaveLocked(f)
	grace := b.graceLocked()
	b.edge.work.Go(func() {
		ctx, cancel := context.WithTimeout(b.edge.patient, grace)
		defer cancel()
		f.end(ctx)
	})
}

// leaveLocked gives the frontend's port back, so that when it returns another one may be
// bound there. b.mu must be held.
func (b *balancer) leaveLocked(f *frontend) {
	f.gone = true
	if f.port == nil {
		return
	}
	if err := f.port.Close(); err != nil && !errors.Is(err, net.ErrClosed) {
		b.edge.log.Warn("listener not closed", "load_balancer", b.record.Name, "port", f.port.Addr(), "err", err)
	}
}

// end takes no more connections, waits for the requests in flight, and cuts them once ctx
// is done.
func (f *frontend) end(ctx context.Context) {
	if f.server.Shutdown(ctx) != nil {
		f.server.Close()
	}
}

// listenerStatusLocked joins the listener's state on all nodes: bound when it is bound on
// every one, else the first node's reason. b.mu must be held.
func (b *balancer) listenerStatusLocked(l Listener) ListenerStatus {
	s := ListenerStatus{Listener: l, Bound: len(b.nodes) > 0}
	for _, n := range b.nodes {
		f, ok := n.frontends[l.LoadBalancerPort]
		if ok && f.bound {
			continue
		}
		s.Bound = false
		if ok && f.err != nil && s.Error == "" {
			s.Error = f.err.Error()
		}
	}
	if len(b.nodes) == 0 {
		s.Error = "no Availability Zone is enabled"
	}
	return s
}
