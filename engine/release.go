package engine

import (
	"context"
	"slices"

	"elbow/engine/elb"
	"elbow/engine/event"
	"elbow/engine/ident"
	"elbow/engine/network"
)

// buried is how many instances one transaction ends: each commit waits for the disk, and
// nobody else writes meanwhile.
const buried = 100

// bury carries out the steps that end instances: many may come at once, and they are
// written together. What fails is tried again at the next pass.
func (r *reconciler) bury(ctx context.Context, steps []step) {
	for _, end := range []struct {
		verb  verb
		write func(context.Context, ident.Scope, []string) error
	}{{release, r.engine.release}, {forget, r.forget}} {
		byScope := map[ident.Scope][]string{}
		for _, s := range steps {
			if s.verb == end.verb {
				byScope[s.scope] = append(byScope[s.scope], s.instance.ID)
			}
		}
		for scope, ids := range byScope {
			for some := range slices.Chunk(ids, buried) {
				if err := end.write(ctx, scope, some); err != nil {
					r.engine.log.ErrorContext(ctx, "step failed", "instances", some, "err", err)
				}
			}
		}
	}
}

// release gives back what terminated instances held: their interfaces and registrations.
// The rows stay for an hour, as in AWS's console.
func (e *Engine) release(ctx context.Context, scope ident.Scope, ids []string) error {
	err := e.store.Update(ctx, scope, func(tx Tx) error {
		if err := dropRegistrations(tx, ids); err != nil {
			return err
		}
		for _, id := range ids {
			in, ok, err := tx.FindInstance(id)
			if err != nil {
				return err
			}
			if !ok {
				continue
			}
			in.Interface = network.Interface{AvailabilityZone: in.Interface.AvailabilityZone}
			if err := tx.PutInstance(in); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	e.bus.Publish(append(instanceKeys(ids), event.Key{Noun: "load-balancer"}, event.Key{Noun: "security-group"})...)
	e.kick()
	return nil
}

func dropRegistrations(tx Tx, instanceIDs []string) error {
	gone := make(map[string]bool, len(instanceIDs))
	for _, id := range instanceIDs {
		gone[id] = true
	}
	balancers, err := tx.LoadBalancers()
	if err != nil {
		return err
	}
	for _, b := range balancers {
		before := len(b.Registrations)
		b.Registrations = slices.DeleteFunc(slices.Clone(b.Registrations), func(reg elb.Registration) bool { return gone[reg.InstanceID] })
		if len(b.Registrations) == before {
			continue
		}
		if err := tx.PutLoadBalancer(b); err != nil {
			return err
		}
	}
	return nil
}

// forget drops the rows of instances that were terminated an hour ago.
func (r *reconciler) forget(ctx context.Context, scope ident.Scope, ids []string) error {
	e := r.engine
	err := e.store.Update(ctx, scope, func(tx Tx) error {
		for _, id := range ids {
			if err := tx.DeleteInstance(id); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	for _, id := range ids {
		e.fleet.Forget(id)
		delete(r.boots, id)
	}
	e.bus.Publish(instanceKeys(ids)...)
	return nil
}

func instanceKeys(ids []string) []event.Key {
	keys := make([]event.Key, len(ids))
	for i, id := range ids {
		keys[i] = event.Key{Noun: "instance", ID: id}
	}
	return keys
}
