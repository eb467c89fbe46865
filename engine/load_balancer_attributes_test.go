package engine

import (
	"slices"
	"testing"
	"time"

	"elbow/engine/elb"
)

// on is a listener of the port for instance port 80.
func on(port uint16) elb.Listener {
	l := web()
	l.LoadBalancerPort = port
	return l
}

func TestListenersAreAddedAndRemoved(t *testing.T) {
	c := newCloud(t)
	c.balancer("front")
	if err := c.CreateListeners(t.Context(), "front", []elb.Listener{on(8080), on(80)}); err != nil {
		t.Fatal(err) // the one on 80 is there, just the same
	}
	if got := c.stored("front").Listeners; !slices.Equal(got, []elb.Listener{on(80), on(8080)}) {
		t.Errorf("got %+v", got)
	}
	if err := c.DeleteListeners(t.Context(), "front", 80); err != nil {
		t.Fatal(err)
	}
	if got := c.stored("front").Listeners; !slices.Equal(got, []elb.Listener{on(8080)}) {
		t.Errorf("got %+v", got)
	}
}

func TestListenersThatAreRefused(t *testing.T) {
	c := newCloud(t)
	c.balancer("front")
	other := on(80)
	other.InstancePort = 8080
	many := make([]elb.Listener, 0, 101)
	for i := range uint16(101) {
		many = append(many, on(1000+i))
	}
	ctx := t.Context()
	tests := []struct {
		name, code string
		run        func() error
	}{
		{"another one on a taken port", "DuplicateListener", func() error { return c.CreateListeners(ctx, "front", []elb.Listener{on(81), other}) }},
		{"none to add", "ValidationError", func() error { return c.CreateListeners(ctx, "front", nil) }},
		{"removing one that is not there", "ListenerNotFound", func() error { return c.DeleteListeners(ctx, "front", 80, 81) }},
		{"removing the last one", "ValidationError", func() error { return c.DeleteListeners(ctx, "front", 80) }},
		{"a form without a listener", "ValidationError", func() error { return c.SetListeners(ctx, "front", nil) }},
		{"100 more than one", "InvalidConfigurationRequest", func() error { return c.CreateListeners(ctx, "front", many[:100]) }},
		{"a form of 101", "InvalidConfigurationRequest", func() error { return c.SetListeners(ctx, "front", many) }},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) { c.with(t).refuses(tt.code, tt.run) })
	}
}

func TestHostileListenersAndChecksAndAttributesAreRefused(t *testing.T) {
	c := newCloud(t)
	c.balancer("front")
	ctx := t.Context()
	listener := func(edit func(*elb.Listener)) func() error {
		l := on(8080)
		edit(&l)
		return func() error { return c.SetListeners(ctx, "front", []elb.Listener{l}) }
	}
	check := func(edit func(*elb.HealthCheck)) func() error {
		h := wizardCheck()
		edit(&h)
		return func() error { return c.ConfigureHealthCheck(ctx, "front", h) }
	}
	attributes := func(idle, draining time.Duration) func() error {
		return func() error {
			return c.ModifyAttributes(ctx, "front", elb.Attributes{ConnectionDraining: true, IdleTimeout: idle, DrainingTimeout: draining})
		}
	}
	tests := map[string]func() error{
		"a listener on port 0":       listener(func(l *elb.Listener) { l.LoadBalancerPort = 0 }),
		"an instance port 0":         listener(func(l *elb.Listener) { l.InstancePort = 0 }),
		"a protocol that is none":    listener(func(l *elb.Listener) { l.Protocol = "<b>" }),
		"an empty protocol":          listener(func(l *elb.Listener) { l.InstanceProtocol = "" }),
		"two listeners on one port":  func() error { return c.SetListeners(ctx, "front", []elb.Listener{on(80), on(80)}) },
		"a probe of port 0":          check(func(h *elb.HealthCheck) { h.Port = 0 }),
		"a path without a slash":     check(func(h *elb.HealthCheck) { h.Path = "index.html" }),
		"a path with a line break":   check(func(h *elb.HealthCheck) { h.Path = "/a\r\nX: y" }),
		"a timeout of an interval":   check(func(h *elb.HealthCheck) { h.Timeout, h.Interval = 30*time.Second, 30*time.Second }),
		"a timeout of a second":      check(func(h *elb.HealthCheck) { h.Timeout = time.Second }),
		"a threshold of 1":           check(func(h *elb.HealthCheck) { h.HealthyThreshold = 1 }),
		"a threshold of 11":          check(func(h *elb.HealthCheck) { h.UnhealthyThreshold = 11 }),
		"no idle timeout":            attributes(0, time.Minute),
		"an idle timeout of 4001 s":  attributes(4001*time.Second, time.Minute),
		"a draining time of 3601 s":  attributes(time.Minute, 3601*time.Second),
		"a negative draining time":   attributes(time.Minute, -time.Second),
		"a health check of nothing":  func() error { return c.ConfigureHealthCheck(ctx, "front", elb.HealthCheck{}) },
		"a group for one of no zone": func() error { return c.SetSubnets(ctx, "front", []string{"subnet-<b>"}) },
	}
	before := c.stored("front")
	for name, command := range tests {
		t.Run(name, func(t *testing.T) {
			if err := command(); err == nil {
				t.Error("accepted")
			}
			after := c.with(t).stored("front")
			if !slices.Equal(after.Listeners, before.Listeners) || after.HealthCheck != before.HealthCheck || after.Attributes != before.Attributes {
				t.Errorf("changed to %+v", after)
			}
		})
	}
}

func TestTheFormOfListenersAddsAndRemovesInOneStep(t *testing.T) {
	c := newCloud(t)
	c.balancer("front", func(in *CreateLoadBalancerInput) { in.Listeners = []elb.Listener{on(80), on(81)} })
	before := len(c.history())
	if err := c.SetListeners(t.Context(), "front", []elb.Listener{on(81), on(82)}); err != nil {
		t.Fatal(err)
	}
	lines := map[string]string{}
	for _, a := range c.history()[:len(c.history())-before] {
		lines[a.Operation] = a.Detail
	}
	if lines["CreateLoadBalancerListeners"] != "HTTP:82→HTTP:80" || lines["DeleteLoadBalancerListeners"] != "HTTP:80→HTTP:80" || len(lines) != 2 {
		t.Errorf("history %v", lines)
	}
	if got := c.stored("front").Listeners; !slices.Equal(got, []elb.Listener{on(81), on(82)}) {
		t.Errorf("got %+v", got)
	}
}

func TestTheHealthCheckAndTheAttributesAreReplaced(t *testing.T) {
	c := newCloud(t)
	c.balancer("front")
	check := elb.HealthCheck{Protocol: elb.TCP, Port: 22, Timeout: 2 * time.Second, Interval: 5 * time.Second, UnhealthyThreshold: 3, HealthyThreshold: 4}
	attributes := elb.Attributes{CrossZone: true, ConnectionDraining: true, DrainingTimeout: time.Minute, IdleTimeout: 4000 * time.Second}
	if err := c.ConfigureHealthCheck(t.Context(), "front", check); err != nil {
		t.Fatal(err)
	}
	if err := c.ModifyAttributes(t.Context(), "front", attributes); err != nil {
		t.Fatal(err)
	}
	if b := c.stored("front"); b.HealthCheck != check || b.Attributes != attributes {
		t.Errorf("got %+v and %+v", b.HealthCheck, b.Attributes)
	}
}

func TestNewGroupsAreWornByEveryNode(t *testing.T) {
	c := newCloud(t)
	c.balancer("front")
	one, two := c.made("one"), c.made("two")
	if err := c.ApplySecurityGroups(t.Context(), "front", []string{one, two}); err != nil {
		t.Fatal(err)
	}
	b := c.stored("front")
	for _, n := range b.Nodes {
		if !slices.Equal(n.Groups, []string{one, two}) {
			t.Errorf("node %s wears %v", n.ID, n.Groups)
		}
	}
	if !slices.Equal(b.Groups, []string{one, two}) {
		t.Errorf("the load balancer wears %v", b.Groups)
	}
	theirs := c.anotherAccountsGroup()
	c.refuses("InvalidSecurityGroup", func() error { return c.ApplySecurityGroups(t.Context(), "front", []string{one, theirs}) })
	c.refuses("InvalidSecurityGroup", func() error { return c.ApplySecurityGroups(t.Context(), "front", nil) })
}

func TestSubnetsThatStayKeepTheirNode(t *testing.T) {
	c := newCloud(t)
	all := c.subnets()
	c.balancer("front", func(in *CreateLoadBalancerInput) { in.SubnetIDs = []string{all[0].ID, all[1].ID} })
	stays := c.stored("front").Nodes[1]
	if err := c.SetSubnets(t.Context(), "front", []string{all[2].ID, all[1].ID}); err != nil {
		t.Fatal(err)
	}
	b := c.stored("front")
	if want := []string{all[1].AvailabilityZone, all[2].AvailabilityZone}; !slices.Equal(b.Zones(), want) {
		t.Fatalf("zones %v, want %v", b.Zones(), want)
	}
	if b.Nodes[0].ID != stays.ID || b.Nodes[0].PrivateIP != stays.PrivateIP {
		t.Errorf("the node was %+v and is %+v", stays, b.Nodes[0])
	}
	if n := b.Nodes[1]; n.Description != "ELB front" || n.LoadBalancer != "front" || !slices.Equal(n.Groups, b.Groups) {
		t.Errorf("the new node is %+v", n)
	}
	c.refuses("InvalidConfigurationRequest", func() error { return c.SetSubnets(t.Context(), "front", nil) })
	c.refuses("SubnetNotFound", func() error { return c.SetSubnets(t.Context(), "front", []string{all[0].ID, "subnet-0"}) })
}
