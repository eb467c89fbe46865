package engine

import (
	"context"
	"maps"
	"net/netip"
	"slices"
	"strings"
	"time"

	"elbow/engine/compute"
	"elbow/engine/elb"
)

// LoadBalancerDescription is a load balancer with what it is doing now.
type LoadBalancerDescription struct {
	elb.LoadBalancer
	Health []elb.Health // of each registered instance in order of registration, then of draining ones
	Status elb.Status   // the zero value until the edge has heard of it
	// Groups are the names of its security groups by id. The ids in their order are
	// LoadBalancer.Groups.
	Groups     map[string]string
	Instances  map[string]InstanceSummary // by id: those in Health that still exist
	InService  int                        // how many registered instances are in service
	Registered int
}

// InstanceSummary is what a load balancer's page shows of an instance.
type InstanceSummary struct {
	ID        string
	Name      string // the Name tag
	State     compute.State
	Zone      string
	SubnetID  string
	PrivateIP netip.Addr
}

// DescribeLoadBalancers returns the named load balancers in the order asked for, or all of
// them, newest first. Errors: LoadBalancerNotFound.
func (e *Engine) DescribeLoadBalancers(ctx context.Context, names ...string) ([]LoadBalancerDescription, error) {
	var balancers []elb.LoadBalancer
	var around surroundings
	err := e.view(ctx, func(tx Tx) (err error) {
		if balancers, err = findBalancers(tx, names); err != nil {
			return err
		}
		around, err = lookAround(tx)
		return err
	})
	if err != nil {
		return nil, err
	}
	all := make([]LoadBalancerDescription, 0, len(balancers))
	for _, b := range balancers {
		all = append(all, e.describeBalancer(b, around))
	}
	return all, nil
}

// DescribeInstanceHealth returns the verdict on each registered and draining instance, or
// on those asked for, in that order. An instance that exists and is not registered is out
// of service with elb.NoSuchRegistration. Errors: LoadBalancerNotFound, InvalidInstance.
func (e *Engine) DescribeInstanceHealth(ctx context.Context, name string, instanceIDs ...string) ([]elb.Health, error) {
	found, err := e.DescribeLoadBalancers(ctx, name)
	if err != nil || len(instanceIDs) == 0 {
		return first(found).Health, err
	}
	verdicts := make([]elb.Health, 0, len(instanceIDs))
	err = e.view(ctx, func(tx Tx) error {
		for _, id := range instanceIDs {
			at := slices.IndexFunc(found[0].Health, func(h elb.Health) bool { return h.InstanceID == id })
			if at >= 0 {
				verdicts = append(verdicts, found[0].Health[at])
				continue
			}
			in, err := findTargetInstance(tx, id)
			if err != nil {
				return err
			}
			verdicts = append(verdicts, elb.Health{
				InstanceID: id, Zone: in.Interface.AvailabilityZone, State: elb.OutOfService,
				ReasonCode: "Instance", Description: elb.NoSuchRegistration,
			})
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return verdicts, nil
}

// LoadBalancerMetrics returns a bucket for each minute since then that had something to
// count, oldest first. Errors: LoadBalancerNotFound.
func (e *Engine) LoadBalancerMetrics(ctx context.Context, name string, since time.Time) ([]elb.Minute, error) {
	dns, err := e.balancerName(ctx, name)
	if err != nil {
		return nil, err
	}
	return e.edge.Metrics(dns, since), nil
}

// LoadBalancerRequests returns how many requests each instance has answered, by instance
// id. Errors: LoadBalancerNotFound.
func (e *Engine) LoadBalancerRequests(ctx context.Context, name string) (map[string]uint64, error) {
	dns, err := e.balancerName(ctx, name)
	if err != nil {
		return nil, err
	}
	return e.edge.Requests(dns), nil
}

// balancerName is the DNS name, by which the edge knows a load balancer.
func (e *Engine) balancerName(ctx context.Context, name string) (dns string, err error) {
	err = e.view(ctx, func(tx Tx) error {
		b, err := findBalancer(tx, name)
		dns = b.DNSName
		return err
	})
	return dns, err
}

func findBalancers(tx Tx, names []string) ([]elb.LoadBalancer, error) {
	if len(names) == 0 {
		return tx.LoadBalancers()
	}
	found := make([]elb.LoadBalancer, 0, len(names))
	for _, name := range names {
		b, err := findBalancer(tx, name)
		if err != nil {
			return nil, err
		}
		found = append(found, b)
	}
	return found, nil
}

// surroundings is what load balancers refer to, read once for all of them.
type surroundings struct {
	groupNames map[string]string           // by group id
	instances  map[string]compute.Instance // by id
}

func lookAround(tx Tx) (surroundings, error) {
	around := surroundings{groupNames: map[string]string{}, instances: map[string]compute.Instance{}}
	groups, err := tx.SecurityGroups()
	if err != nil {
		return around, err
	}
	for _, g := range groups {
		around.groupNames[g.ID] = g.Name
	}
	instances, err := tx.Instances()
	for _, in := range instances {
		around.instances[in.ID] = in
	}
	return around, err
}

func (e *Engine) describeBalancer(b elb.LoadBalancer, around surroundings) LoadBalancerDescription {
	d := LoadBalancerDescription{
		LoadBalancer: b, Groups: map[string]string{}, Instances: map[string]InstanceSummary{},
		Health: e.healthOf(b, around, e.edge.Health(b.DNSName)), Registered: len(b.Registrations),
	}
	d.Status, _ = e.edge.Status(b.DNSName)
	for _, id := range b.Groups {
		d.Groups[id] = around.groupNames[id]
	}
	for _, h := range d.Health {
		if in, ok := around.instances[h.InstanceID]; ok {
			d.Instances[in.ID] = e.summary(in)
		}
		if h.State == elb.InService && h.Description != deregistering {
			d.InService++
		}
	}
	return d
}

func (e *Engine) summary(in compute.Instance) InstanceSummary {
	return InstanceSummary{
		ID: in.ID, Name: in.Name(), State: e.stateOf(in), Zone: in.Interface.AvailabilityZone,
		SubnetID: in.Interface.SubnetID, PrivateIP: in.Interface.PrivateIP,
	}
}

// AWS's descriptions of an instance that has just come and of one that is leaving.
const (
	registering   = "Instance registration is still in progress."
	deregistering = "Instance deregistration currently in progress."
)

// healthOf joins what the edge said with what was asked for. The edge follows a moment
// later: an instance it has not heard of yet is still being registered, and a verdict on
// one that is no longer registered counts only while it drains. One that left and came
// back may drain from before: that verdict is not about its new registration. Terminated
// instances are left out (API Reference, DescribeInstanceHealth).
func (e *Engine) healthOf(b elb.LoadBalancer, around surroundings, said []elb.Health) []elb.Health {
	verdicts, draining := map[string]elb.Health{}, map[string]elb.Health{}
	for _, h := range said {
		if h.Description == deregistering {
			draining[h.InstanceID] = h
			continue
		}
		verdicts[h.InstanceID] = h
	}
	all := make([]elb.Health, 0, len(b.Registrations)+len(draining))
	for _, reg := range b.Registrations {
		delete(draining, reg.InstanceID)
		in, ok := around.instances[reg.InstanceID]
		if !ok || e.stateOf(in) == compute.Terminated {
			continue
		}
		h, ok := verdicts[in.ID]
		if !ok {
			h = newcomer(reg, in)
		}
		all = append(all, h)
	}
	leaving := slices.SortedFunc(maps.Values(draining), func(a, b elb.Health) int { return strings.Compare(a.InstanceID, b.InstanceID) })
	return append(all, leaving...)
}

// newcomer is the verdict on an instance that the edge has not heard of yet.
func newcomer(reg elb.Registration, in compute.Instance) elb.Health {
	return elb.Health{
		InstanceID: in.ID, Zone: in.Interface.AvailabilityZone, State: elb.OutOfService,
		ReasonCode: "ELB", Description: registering, Since: reg.RegisteredAt,
	}
}
