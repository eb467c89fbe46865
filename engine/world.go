package engine

import (
	"strings"

	"elbow/engine/compute"
	"elbow/engine/elb"
	"elbow/engine/network"
)

// interfaces are all that have an address on the wire, of every account.
func (w World) interfaces() []network.Interface {
	var all []network.Interface
	for _, s := range w.Scopes {
		for _, in := range s.Instances {
			if in.Interface.PrivateIP.IsValid() {
				all = append(all, in.Interface)
			}
		}
		for _, b := range s.LoadBalancers {
			all = append(all, b.Nodes...)
		}
	}
	return all
}

// groups are the security groups of every account.
func (w World) groups() []network.SecurityGroup {
	var all []network.SecurityGroup
	for _, s := range w.Scopes {
		all = append(all, s.Groups...)
	}
	return all
}

// balancers are the names of the load balancers by their DNS names.
func (w World) balancers() *map[string]string {
	names := map[string]string{}
	for _, s := range w.Scopes {
		for _, b := range s.LoadBalancers {
			names[b.DNSName] = b.Name
		}
	}
	return &names
}

// source is what the machine of a step's instance is made from when it has no directory
// yet: its image's files and the public key chosen at launch.
func (w World) source(st step) compute.Source {
	src := compute.Source{PublicKey: st.instance.PublicKey}
	for _, s := range w.Scopes {
		if s.Scope != st.scope {
			continue
		}
		for _, image := range s.Images {
			if image.ID == st.instance.ImageID {
				src.Base, src.SnapshotID = image.Base, image.SnapshotID
			}
		}
	}
	return src
}

// wanted is what the edge is told: each load balancer with where its registered
// instances answer.
func (e *Engine) wanted(w World) []elb.Wanted {
	var all []elb.Wanted
	for _, s := range w.Scopes {
		instances := map[string]compute.Instance{}
		for _, in := range s.Instances {
			instances[in.ID] = in
		}
		for _, b := range s.LoadBalancers {
			all = append(all, elb.Wanted{LoadBalancer: b, Targets: e.targets(b, instances)})
		}
	}
	return all
}

func (e *Engine) targets(b elb.LoadBalancer, instances map[string]compute.Instance) []elb.Target {
	targets := make([]elb.Target, 0, len(b.Registrations))
	for _, reg := range b.Registrations {
		in, ok := instances[reg.InstanceID]
		if !ok {
			continue
		}
		targets = append(targets, elb.Target{
			Registration: reg.ID, ID: in.ID,
			Addr: in.Interface.PrivateIP, Zone: in.Interface.AvailabilityZone,
			Availability: string(e.stateOf(in)),
		})
	}
	return targets
}

// routes is every public name: where it leads, or why it leads nowhere.
func (e *Engine) routes(w World) []network.Route {
	var routes []network.Route
	for _, s := range w.Scopes {
		instances := map[string]compute.Instance{}
		for _, in := range s.Instances {
			instances[in.ID] = in
			if ip := in.Interface.PublicIP; ip.IsValid() {
				name := network.PublicName(ip, s.Scope.Region, e.domain)
				routes = append(routes, network.Route{Name: name, Resource: in.ID, Interfaces: []string{in.Interface.ID}})
			}
		}
		for _, gone := range s.Retired {
			routes = append(routes, e.retired(gone, s, instances))
		}
		for _, b := range s.LoadBalancers {
			routes = append(routes, balancerRoute(b))
		}
	}
	return routes
}

// retired says why a name answers no more, as things are now: an instance that was
// stopped may have started since under another name, or be terminated.
func (e *Engine) retired(gone RetiredName, s ScopedWorld, instances map[string]compute.Instance) network.Route {
	r := network.Route{Name: gone.Name, Resource: gone.Resource, Gone: gone.Why}
	in, ok := instances[gone.Resource]
	switch {
	case gone.Why != "stopped":
	case !ok || in.Goal == compute.Terminate:
		r.Gone = "terminated"
	case in.Interface.PublicIP.IsValid():
		r.Gone, r.Now = "renamed", network.PublicName(in.Interface.PublicIP, s.Scope.Region, e.domain)
	}
	return r
}

// balancerRoute leads a load balancer's name to its nodes; an internal one is not
// reachable from outside the VPC.
func balancerRoute(b elb.LoadBalancer) network.Route {
	r := network.Route{Name: strings.ToLower(b.DNSName), Resource: b.Name}
	if b.Scheme == elb.Internal {
		r.Gone = "internal"
		return r
	}
	for _, n := range b.Nodes {
		r.Interfaces = append(r.Interfaces, n.ID)
	}
	return r
}
