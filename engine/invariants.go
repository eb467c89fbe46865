package engine

import (
	"fmt"
	"net/netip"
	"slices"

	"elbow/engine/compute"
	"elbow/engine/elb"
	"elbow/engine/network"
)

// CheckWorld returns a line for everything in the world that breaks the engine's own
// rules: half of an operation, a reference to what is not there, an address held twice.
// A sound world gives none.
func CheckWorld(w World) []string {
	c := &checker{addresses: map[netip.Addr]string{}}
	for _, s := range w.Scopes {
		c.scope(s)
	}
	return c.problems
}

type checker struct {
	problems  []string
	addresses map[netip.Addr]string // who holds each address, over all accounts
}

func (c *checker) say(format string, args ...any) {
	c.problems = append(c.problems, fmt.Sprintf(format, args...))
}

func (c *checker) scope(s ScopedWorld) {
	groups := c.groups(s)
	instances := map[string]bool{} // whether each still holds its address
	for _, in := range s.Instances {
		instances[in.ID] = in.Interface.PrivateIP.IsValid()
		c.instance(in, groups)
	}
	for _, b := range s.LoadBalancers {
		c.balancer(b, instances, groups)
	}
	c.images(s)
}

func (c *checker) balancer(b elb.LoadBalancer, instances, groups map[string]bool) {
	if len(b.Nodes) == 0 {
		c.say("load balancer %s has no node", b.Name)
	}
	if len(b.Listeners) == 0 {
		c.say("load balancer %s has no listener", b.Name)
	}
	for _, n := range b.Nodes {
		c.iface("load balancer "+b.Name, n, groups)
		if !slices.Equal(n.Groups, b.Groups) {
			c.say("load balancer %s wears %v and its node %s wears %v", b.Name, b.Groups, n.ID, n.Groups)
		}
	}
	seen := map[string]bool{}
	for _, reg := range b.Registrations {
		there, known := instances[reg.InstanceID]
		switch {
		case !known:
			c.say("load balancer %s registers %s, which does not exist", b.Name, reg.InstanceID)
		case !there:
			c.say("load balancer %s registers %s, which is terminated", b.Name, reg.InstanceID)
		case seen[reg.InstanceID]:
			c.say("load balancer %s registers %s twice", b.Name, reg.InstanceID)
		}
		seen[reg.InstanceID] = true
	}
}

func (c *checker) groups(s ScopedWorld) map[string]bool {
	groups := map[string]bool{}
	for _, g := range s.Groups {
		groups[g.ID] = true
	}
	for _, g := range s.Groups {
		for _, r := range g.Rules {
			if err := r.Validate(); err != nil {
				c.say("rule %s of %s: %v", r.ID, g.ID, err)
			}
			if r.SourceGroup != "" && !groups[r.SourceGroup] {
				c.say("rule %s of %s names %s, which does not exist", r.ID, g.ID, r.SourceGroup)
			}
		}
	}
	return groups
}

func (c *checker) instance(in compute.Instance, groups map[string]bool) {
	switch in.Goal {
	case compute.Terminate:
		if in.TerminatedAt.IsZero() {
			c.say("instance %s is to terminate and has no time of termination", in.ID)
		}
		if !in.Interface.PrivateIP.IsValid() {
			return
		}
	case compute.Run, compute.Stop:
	default:
		c.say("instance %s has the unknown goal %q", in.ID, in.Goal)
	}
	if in.Goal != compute.Run && in.Interface.PublicIP.IsValid() {
		c.say("instance %s is to %s and holds the public address %s", in.ID, in.Goal, in.Interface.PublicIP)
	}
	c.iface("instance "+in.ID, in.Interface, groups)
}

func (c *checker) iface(owner string, n network.Interface, groups map[string]bool) {
	if !n.PrivateIP.IsValid() {
		c.say("%s has no private address", owner)
	}
	for _, ip := range []netip.Addr{n.PrivateIP, n.PublicIP} {
		if !ip.IsValid() {
			continue
		}
		if other, taken := c.addresses[ip]; taken {
			c.say("%s and %s both hold %s", owner, other, ip)
		}
		c.addresses[ip] = owner
	}
	if len(n.Groups) == 0 {
		c.say("%s wears no security group", owner)
	}
	for _, id := range n.Groups {
		if !groups[id] {
			c.say("%s wears %s, which does not exist", owner, id)
		}
	}
}

func (c *checker) images(s ScopedWorld) {
	snapshots := map[string]compute.SnapshotState{}
	for _, snap := range s.Snapshots {
		snapshots[snap.ID] = snap.State
	}
	for _, image := range s.Images {
		if image.Base != "" {
			continue
		}
		state, ok := snapshots[image.SnapshotID]
		switch {
		case !ok:
			c.say("image %s has no snapshot", image.ID)
		case state != besideImage(image.State):
			c.say("image %s is %s and its snapshot %s is %s", image.ID, image.State, image.SnapshotID, state)
		}
		delete(snapshots, image.SnapshotID)
	}
	for _, snap := range s.Snapshots {
		if snapshots[snap.ID] == compute.SnapshotPending {
			c.say("snapshot %s is pending and belongs to no image", snap.ID)
		}
	}
}

// besideImage is the state of a snapshot beside that of its image: both change in one step.
func besideImage(s compute.ImageState) compute.SnapshotState {
	switch s {
	case compute.ImageAvailable:
		return compute.SnapshotCompleted
	case compute.ImageFailed:
		return compute.SnapshotError
	}
	return compute.SnapshotPending
}
