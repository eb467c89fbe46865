package elb

import (
	"net/netip"
	"slices"
)

// Status is what a load balancer really does now, as opposed to what was asked of it.
type Status struct {
	Nodes     []NodeStatus
	Listeners []ListenerStatus
	InFlight  int // requests sent to targets and not yet answered in full, over all nodes
}

// NodeStatus is one node of a load balancer: its address in one Availability Zone.
type NodeStatus struct {
	Interface string // the id of its network interface
	Zone      string
	Addr      netip.Addr
	InReach   int // targets that the node probes and may route to
	InService int // those of them that it routes to
}

// ListenerStatus says whether a listener is bound on every node.
type ListenerStatus struct {
	Listener
	Bound bool   // true when every node listens
	Error string // why one does not, in one line; empty when all do
}

// same reports whether two statuses look the same on a page; what is in flight changes
// all the time and is not announced.
func (s Status) same(o Status) bool {
	return slices.Equal(s.Nodes, o.Nodes) && slices.Equal(s.Listeners, o.Listeners)
}
