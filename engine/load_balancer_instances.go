package engine

import (
	"context"
	"slices"
	"strings"
	"time"

	"elbow/engine/compute"
	"elbow/engine/elb"
	"elbow/engine/fault"
	"elbow/engine/ident"
)

// RegisterInstances registers running instances of the load balancer's VPC, all or none.
// One that is registered already stays as it is. Errors: LoadBalancerNotFound,
// InvalidInstance.
func (e *Engine) RegisterInstances(ctx context.Context, name string, instanceIDs ...string) error {
	detail := shown(strings.Join(instanceIDs, ", "))
	return e.changeBalancer(ctx, "RegisterInstancesWithLoadBalancer", name, detail, func(c *change, b *elb.LoadBalancer) (err error) {
		if err := someInstances(instanceIDs); err != nil {
			return err
		}
		before := len(b.Registrations)
		b.Registrations, err = e.registered(c, *b, instanceIDs, c.at)
		for _, r := range b.Registrations[min(before, len(b.Registrations)):] {
			c.touch("instance", r.InstanceID)
		}
		return err
	})
}

// DeregisterInstances ends registrations, all or none; what is in flight drains as the
// attributes say. An instance that exists and is not registered is no error. Errors:
// LoadBalancerNotFound, InvalidInstance.
func (e *Engine) DeregisterInstances(ctx context.Context, name string, instanceIDs ...string) error {
	detail := shown(strings.Join(instanceIDs, ", "))
	return e.changeBalancer(ctx, "DeregisterInstancesFromLoadBalancer", name, detail, func(c *change, b *elb.LoadBalancer) error {
		if err := someInstances(instanceIDs); err != nil {
			return err
		}
		for _, id := range instanceIDs {
			if err := checkDeregistered(c, *b, id); err != nil {
				return err
			}
			c.touch("instance", id)
		}
		b.Registrations = slices.DeleteFunc(slices.Clone(b.Registrations), func(r elb.Registration) bool {
			return slices.Contains(instanceIDs, r.InstanceID)
		})
		return nil
	})
}

// SetLoadBalancerInstances makes the given instances the registered ones, in one step.
// Those that stay keep their registration and their health, running or not. Errors:
// LoadBalancerNotFound, InvalidInstance.
func (e *Engine) SetLoadBalancerInstances(ctx context.Context, name string, instanceIDs []string) error {
	const register, deregister = "RegisterInstancesWithLoadBalancer", "DeregisterInstancesFromLoadBalancer"
	return e.doEdits(ctx, register, name, func(tx Tx) ([]edit, func(*change) error, error) {
		b, err := findBalancer(tx, name)
		if err != nil {
			return nil, nil, err
		}
		before := b.Registrations
		b.Registrations = slices.DeleteFunc(slices.Clone(before), func(r elb.Registration) bool {
			return !slices.Contains(instanceIDs, r.InstanceID)
		})
		if b.Registrations, err = e.registered(tx, b, instanceIDs, e.now()); err != nil {
			return nil, nil, err
		}
		edits := setEdits(registeredIDs(before), registeredIDs(b.Registrations), register, deregister)
		return edits, func(c *change) error {
			touchBalancer(c, b, slices.Concat(before, b.Registrations))
			return c.PutLoadBalancer(b)
		}, nil
	})
}

// registered is the load balancer's registrations with new ones for those instances that
// are not among them. A new one must be running and in the VPC (Classic Load Balancer
// Guide, "Register or deregister EC2 instances"); each id counts once.
func (e *Engine) registered(tx Tx, b elb.LoadBalancer, ids []string, at time.Time) ([]elb.Registration, error) {
	have := map[string]bool{}
	for _, r := range b.Registrations {
		have[r.InstanceID] = true
	}
	next := slices.Clone(b.Registrations)
	for _, id := range ids {
		if have[id] {
			continue
		}
		if len(next) == maxRegistrations {
			return nil, fault.New(fault.Limit, "InvalidConfigurationRequest",
				"A load balancer takes at most %d instances.", maxRegistrations).In("instance_ids")
		}
		if err := e.checkRegistrable(tx, b.VPCID, id); err != nil {
			return nil, err
		}
		have[id] = true
		next = append(next, elb.Registration{ID: ident.New("reg"), InstanceID: id, RegisteredAt: at})
	}
	return next, nil
}

// checkRegistrable refuses an instance that cannot be registered.
func (e *Engine) checkRegistrable(tx Tx, vpcID, id string) error {
	in, err := findTargetInstance(tx, id)
	if err != nil {
		return err
	}
	if state := e.stateOf(in); state != compute.Running {
		return fault.New(fault.Invalid, "InvalidInstance",
			"The instance %s is %s. Only running instances can be registered: start it first.", id, string(state)).In("instance_ids")
	}
	if in.Interface.VPCID != vpcID {
		return fault.New(fault.Invalid, "InvalidInstance", "EC2 instance %s is not in the same VPC as ELB.", id).In("instance_ids")
	}
	return nil
}

// checkDeregistered refuses an id that is neither registered nor an instance's.
func checkDeregistered(tx Tx, b elb.LoadBalancer, id string) error {
	if slices.Contains(registeredIDs(b.Registrations), id) {
		return nil
	}
	_, err := findTargetInstance(tx, id)
	return err
}

// findTargetInstance finds an instance, with the load balancing API's error.
func findTargetInstance(tx Tx, id string) (compute.Instance, error) {
	in, ok, err := tx.FindInstance(id)
	if err == nil && !ok {
		err = fault.New(fault.Invalid, "InvalidInstance", `InvalidInstance found in [%s]. Invalid id: "%s"`, shown(id), shown(id)).In("instance_ids")
	}
	return in, err
}

func someInstances(ids []string) error {
	if len(ids) == 0 {
		return fault.New(fault.Invalid, "ValidationError", "Choose at least one instance.").In("instance_ids")
	}
	return nil
}

func registeredIDs(registrations []elb.Registration) []string {
	ids := make([]string, len(registrations))
	for i, r := range registrations {
		ids[i] = r.InstanceID
	}
	return ids
}
