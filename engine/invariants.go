package engine

import (
	"fmt"
	"net/netip"

	"elbow/engine/compute"
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
	instances := map[string]bool{}
	for _, in := range s.Instances {
		instances[in.ID] = true
		c.instance(in, groups)
	}
	for _, b := range s.LoadBalancers {
		if len(b.Nodes) == 0 {
			c.say("load balancer %s has no node", b.Name)
		}
		if len(b.Listeners) == 0 {
			c.say("load balancer %s has no listener", b.Name)
		}
		for _, n := range b.Nodes {
			c.iface("load balancer "+b.Name, n, groups)
		}
		for _, reg := range b.Registrations {
			if !instances[reg.InstanceID] {
				c.say("load balancer %s registers %s, which does not exist", b.Name, reg.InstanceID)
			}
		}
	}
	c.images(s)
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
	case compute.Stop:
		if in.Interface.PublicIP.IsValid() {
			c.say("instance %s is to be stopped and holds the public address %s", in.ID, in.Interface.PublicIP)
		}
	case compute.Run:
	default:
		c.say("instance %s has the unknown goal %q", in.ID, in.Goal)
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
	snapshots := map[string]bool{}
	for _, snap := range s.Snapshots {
		snapshots[snap.ID] = true
	}
	for _, image := range s.Images {
		if image.Base == "" && !snapshots[image.SnapshotID] {
			c.say("image %s has no snapshot", image.ID)
		}
	}
}
