package engine

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"elbow/engine/elb"
	"elbow/engine/fault"
)

// changeBalancer runs one command that changes a load balancer's own record: fn edits it
// in place, with fresh slices, and it is stored whole.
func (e *Engine) changeBalancer(ctx context.Context, operation, name, detail string, fn func(*change, *elb.LoadBalancer) error) error {
	return e.do(ctx, operation, detail, func(c *change) error {
		c.about(shown(name))
		b, err := findBalancer(c, name)
		if err != nil {
			return err
		}
		if err := fn(c, &b); err != nil {
			return err
		}
		touchBalancer(c, b, nil)
		return c.PutLoadBalancer(b)
	})
}

// ConfigureHealthCheck replaces the health check. Errors: LoadBalancerNotFound,
// ValidationError.
func (e *Engine) ConfigureHealthCheck(ctx context.Context, name string, check elb.HealthCheck) error {
	detail := fmt.Sprintf("target %s, timeout %s, interval %s, unhealthy %d, healthy %d",
		shown(check.Target()), check.Timeout, check.Interval, check.UnhealthyThreshold, check.HealthyThreshold)
	return e.changeBalancer(ctx, "ConfigureHealthCheck", name, detail, func(_ *change, b *elb.LoadBalancer) error {
		b.HealthCheck = check
		return check.Validate()
	})
}

// ModifyAttributes replaces the load balancer's attributes. Errors: LoadBalancerNotFound,
// ValidationError.
func (e *Engine) ModifyAttributes(ctx context.Context, name string, a elb.Attributes) error {
	detail := fmt.Sprintf("cross-zone %t, draining %t %s, idle timeout %s",
		a.CrossZone, a.ConnectionDraining, a.DrainingTimeout, a.IdleTimeout)
	return e.changeBalancer(ctx, "ModifyLoadBalancerAttributes", name, detail, func(_ *change, b *elb.LoadBalancer) error {
		b.Attributes = a
		return a.Validate()
	})
}

// CreateListeners adds listeners, all or none; one that is there already, just the same,
// is no error. Errors: LoadBalancerNotFound, DuplicateListener, and those of package
// elb's validation.
func (e *Engine) CreateListeners(ctx context.Context, name string, listeners []elb.Listener) error {
	return e.changeBalancer(ctx, "CreateLoadBalancerListeners", name, listenerTexts(listeners), func(_ *change, b *elb.LoadBalancer) error {
		if err := checkListeners(listeners); err != nil {
			return err
		}
		next := slices.Clone(b.Listeners)
		for _, l := range listeners {
			at := slices.IndexFunc(next, func(have elb.Listener) bool { return have.LoadBalancerPort == l.LoadBalancerPort })
			switch {
			case at < 0:
				next = append(next, l)
			case next[at] != l:
				return fault.New(fault.Conflict, "DuplicateListener",
					"A listener already exists for %s with LoadBalancerPort %d, but with a different InstancePort, Protocol, or SSLCertificateId",
					b.Name, l.LoadBalancerPort).In("listener_port")
			}
		}
		b.Listeners = next
		return checkListeners(next)
	})
}

// DeleteListeners removes the listeners of the given load balancer ports, all or none;
// one at least must stay. Errors: LoadBalancerNotFound, ListenerNotFound, ValidationError.
func (e *Engine) DeleteListeners(ctx context.Context, name string, ports ...uint16) error {
	detail := fmt.Sprintf("load balancer ports %d", ports)
	return e.changeBalancer(ctx, "DeleteLoadBalancerListeners", name, detail, func(_ *change, b *elb.LoadBalancer) error {
		next := slices.Clone(b.Listeners)
		for _, port := range ports {
			on := func(l elb.Listener) bool { return l.LoadBalancerPort == port }
			if !slices.ContainsFunc(b.Listeners, on) {
				return fault.New(fault.NotFound, "ListenerNotFound", "%s has no listener on port %d.", b.Name, port).In("listener_port")
			}
			next = slices.DeleteFunc(next, on)
		}
		b.Listeners = next
		return checkListeners(next)
	})
}

// SetListeners replaces all listeners in one step. Those that stay as they are go on
// undisturbed. Errors: LoadBalancerNotFound, and those of package elb's validation.
func (e *Engine) SetListeners(ctx context.Context, name string, listeners []elb.Listener) error {
	return e.doEdits(ctx, "CreateLoadBalancerListeners", name, func(tx Tx) ([]edit, func(*change) error, error) {
		b, err := findBalancer(tx, name)
		if err != nil {
			return nil, nil, err
		}
		if err := checkListeners(listeners); err != nil {
			return nil, nil, err
		}
		edits := setEdits(listenerList(b.Listeners), listenerList(listeners), "CreateLoadBalancerListeners", "DeleteLoadBalancerListeners")
		return edits, func(c *change) error {
			b.Listeners = slices.Clone(listeners)
			touchBalancer(c, b, nil)
			return c.PutLoadBalancer(b)
		}, nil
	})
}

// listenerText writes a listener as HTTP:80→HTTP:8080.
func listenerText(l elb.Listener) string {
	return fmt.Sprintf("%s:%d→%s:%d", shown(string(l.Protocol)), l.LoadBalancerPort, shown(string(l.InstanceProtocol)), l.InstancePort)
}

func listenerList(listeners []elb.Listener) []string {
	texts := make([]string, len(listeners))
	for i, l := range listeners {
		texts[i] = listenerText(l)
	}
	return texts
}

func listenerTexts(listeners []elb.Listener) string {
	return strings.Join(listenerList(listeners), ", ")
}

// setEdits are the API actions that lead from one set to another: what is not wanted any
// more is removed, then what is missing is added.
func setEdits(have, want []string, add, remove string) []edit {
	missing := func(list, in []string) string {
		gone := slices.DeleteFunc(slices.Clone(list), func(s string) bool { return slices.Contains(in, s) })
		return strings.Join(gone, ", ")
	}
	var edits []edit
	if removed := missing(have, want); removed != "" {
		edits = append(edits, edit{remove, removed})
	}
	if added := missing(want, have); added != "" {
		edits = append(edits, edit{add, added})
	}
	return edits
}
