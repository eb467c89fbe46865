package engine

import (
	"fmt"
	"slices"
	"testing"

	"elbow/engine/compute"
	"elbow/engine/elb"
	"elbow/engine/fault"
	"elbow/engine/ident"
)

// registeredIn are the ids of the instances that the load balancer has, in order.
func (c cloud) registeredIn(name string) []string { return registeredIDs(c.stored(name).Registrations) }

func TestInstancesAreRegisteredOnceAndKeepTheirRegistration(t *testing.T) {
	c := newCloud(t)
	c.balancer("front")
	one, two := c.running(c.defaultGroupID()), c.running(c.defaultGroupID())
	if err := c.RegisterInstances(t.Context(), "front", one.ID); err != nil {
		t.Fatal(err)
	}
	before := c.stored("front").Registrations[0]
	if err := c.RegisterInstances(t.Context(), "front", two.ID, one.ID, two.ID); err != nil {
		t.Fatal(err)
	}
	if got := c.registeredIn("front"); !slices.Equal(got, []string{one.ID, two.ID}) {
		t.Errorf("got %v", got)
	}
	if after := c.stored("front").Registrations[0]; after != before || !ident.Valid("reg", after.ID) {
		t.Errorf("the registration was %+v and is %+v", before, after)
	}
	if line := c.lastLine(); line.Operation != "RegisterInstancesWithLoadBalancer" || line.Resource != "front" {
		t.Errorf("history %+v", line)
	}
}

func TestAnInstanceThatComesBackIsRegisteredAnew(t *testing.T) {
	c := newCloud(t)
	in := c.running(c.defaultGroupID())
	c.balancer("front", func(input *CreateLoadBalancerInput) { input.InstanceIDs = []string{in.ID} })
	before := c.stored("front").Registrations[0]
	if err := c.DeregisterInstances(t.Context(), "front", in.ID); err != nil {
		t.Fatal(err)
	}
	if got := c.registeredIn("front"); len(got) != 0 {
		t.Fatalf("still registered: %v", got)
	}
	if err := c.RegisterInstances(t.Context(), "front", in.ID); err != nil {
		t.Fatal(err)
	}
	if after := c.stored("front").Registrations[0]; after.ID == before.ID {
		t.Error("the registration of before was given out again, and with it its health")
	}
}

func TestInstancesThatCannotBeRegistered(t *testing.T) {
	c := newCloud(t)
	c.balancer("front")
	good := c.running(c.defaultGroupID())
	pending, stopped := c.placed(compute.Run, c.defaultGroupID()), c.placed(compute.Stop, c.defaultGroupID())
	theirs := compute.Instance{ID: ident.New("i"), Goal: compute.Run}
	c.in(elsewhere(), func(tx Tx) error { return tx.PutInstance(theirs) })
	foreign := c.running(c.defaultGroupID())
	foreign.Interface.VPCID = "vpc-00000000000000000"
	c.in(c.scope, func(tx Tx) error { return tx.PutInstance(foreign) })
	tests := []struct {
		name, id, message string
	}{
		{"pending", pending.ID, "The instance " + pending.ID + " is pending. Only running instances can be registered: start it first."},
		{"stopped", stopped.ID, "The instance " + stopped.ID + " is stopped. Only running instances can be registered: start it first."},
		{"another VPC's", foreign.ID, "EC2 instance " + foreign.ID + " is not in the same VPC as ELB."},
		{"another account's", theirs.ID, `InvalidInstance found in [` + theirs.ID + `]. Invalid id: "` + theirs.ID + `"`},
		{"empty", "", `InvalidInstance found in []. Invalid id: ""`},
		{"HTML", "<b>", `InvalidInstance found in [<b>]. Invalid id: "<b>"`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			c := c.with(t)
			for verb, register := range map[string]func() error{
				"RegisterInstances":        func() error { return c.RegisterInstances(t.Context(), "front", good.ID, tt.id) },
				"SetLoadBalancerInstances": func() error { return c.SetLoadBalancerInstances(t.Context(), "front", []string{good.ID, tt.id}) },
			} {
				c.refuses("InvalidInstance", func() error {
					err := register()
					if f, ok := fault.Of(err); ok && (f.Message() != tt.message || f.Field != "instance_ids") {
						t.Errorf("%s: got %q in %q, want %q", verb, f.Message(), f.Field, tt.message)
					}
					return err
				})
			}
		})
	}
}

func TestRegisteringNothingIsRefused(t *testing.T) {
	c := newCloud(t)
	c.balancer("front")
	c.refuses("ValidationError", func() error { return c.RegisterInstances(t.Context(), "front") })
	c.refuses("ValidationError", func() error { return c.DeregisterInstances(t.Context(), "front") })
}

func TestDeregisteringIsAllOrNothing(t *testing.T) {
	c := newCloud(t)
	in, other := c.running(c.defaultGroupID()), c.placed(compute.Stop, c.defaultGroupID())
	c.balancer("front", func(input *CreateLoadBalancerInput) { input.InstanceIDs = []string{in.ID} })
	c.refuses("InvalidInstance", func() error { return c.DeregisterInstances(t.Context(), "front", in.ID, "i-0") })
	if err := c.DeregisterInstances(t.Context(), "front", other.ID); err != nil {
		t.Errorf("an instance that exists and is not registered: %v", err)
	}
	if got := c.registeredIn("front"); !slices.Equal(got, []string{in.ID}) {
		t.Errorf("left %v", got)
	}
}

func TestTheFormOfInstancesAddsAndRemovesInOneStep(t *testing.T) {
	c := newCloud(t)
	leaves, stays, comes := c.running(c.defaultGroupID()), c.running(c.defaultGroupID()), c.running(c.defaultGroupID())
	c.balancer("front", func(in *CreateLoadBalancerInput) { in.InstanceIDs = []string{leaves.ID, stays.ID} })
	stays.Goal = compute.Stop // a stopped instance keeps its registration
	c.in(c.scope, func(tx Tx) error { return tx.PutInstance(stays) })
	kept := c.stored("front").Registrations[1]
	before := len(c.history())
	if err := c.SetLoadBalancerInstances(t.Context(), "front", []string{comes.ID, stays.ID}); err != nil {
		t.Fatal(err)
	}
	if got := c.registeredIn("front"); !slices.Equal(got, []string{stays.ID, comes.ID}) {
		t.Errorf("got %v", got)
	}
	if c.stored("front").Registrations[0] != kept {
		t.Error("what stays was registered anew")
	}
	lines := map[string]string{}
	for _, a := range c.history()[:len(c.history())-before] {
		lines[a.Operation] = a.Detail
	}
	if lines["RegisterInstancesWithLoadBalancer"] != comes.ID || lines["DeregisterInstancesFromLoadBalancer"] != leaves.ID || len(lines) != 2 {
		t.Errorf("history %v", lines)
	}
}

func TestALoadBalancerTakesAThousandInstances(t *testing.T) {
	c := newCloud(t)
	b := c.balancer("front")
	for i := range maxRegistrations {
		b.Registrations = append(b.Registrations, elb.Registration{ID: ident.New("reg"), InstanceID: fmt.Sprint("i-", i)})
	}
	c.in(c.scope, func(tx Tx) error { return tx.PutLoadBalancer(b) })
	one := c.running(c.defaultGroupID())
	c.refuses("InvalidConfigurationRequest", func() error { return c.RegisterInstances(t.Context(), "front", one.ID) })
}

func TestTheHealthOfAnInstanceThatTheEdgeHasNotHeardOf(t *testing.T) {
	c := newCloud(t)
	in := c.running(c.defaultGroupID())
	c.balancer("front", func(input *CreateLoadBalancerInput) { input.InstanceIDs = []string{in.ID} })
	found, err := c.DescribeLoadBalancers(t.Context(), "front")
	if err != nil || len(found) != 1 || len(found[0].Health) != 1 {
		t.Fatalf("%v: %+v", err, found)
	}
	h := found[0].Health[0]
	if h.State != elb.OutOfService || h.ReasonCode != "ELB" || h.Description != "Instance registration is still in progress." || h.Zone != in.Interface.AvailabilityZone {
		t.Errorf("got %+v", h)
	}
	if s := found[0].Instances[in.ID]; s.Name != "web" || s.State != compute.Running || s.PrivateIP != in.Interface.PrivateIP {
		t.Errorf("summary %+v", s)
	}
	if found[0].InService != 0 || found[0].Registered != 1 {
		t.Errorf("%d of %d in service", found[0].InService, found[0].Registered)
	}
}

func TestATerminatedInstanceHasNoHealth(t *testing.T) {
	c := newCloud(t)
	in := c.running(c.defaultGroupID())
	c.balancer("front", func(input *CreateLoadBalancerInput) { input.InstanceIDs = []string{in.ID} })
	in.Goal, in.Interface.PrivateIP = compute.Terminate, c.stored("front").Nodes[0].PublicIP // the zero address
	c.in(c.scope, func(tx Tx) error { return tx.PutInstance(in) })
	if health, err := c.DescribeInstanceHealth(t.Context(), "front"); err != nil || len(health) != 0 {
		t.Errorf("%v: %+v", err, health)
	}
}

func TestTheHealthOfInstancesAskedFor(t *testing.T) {
	c := newCloud(t)
	in, other := c.running(c.defaultGroupID()), c.placed(compute.Stop, c.defaultGroupID())
	c.balancer("front", func(input *CreateLoadBalancerInput) { input.InstanceIDs = []string{in.ID} })
	health, err := c.DescribeInstanceHealth(t.Context(), "front", other.ID, in.ID)
	if err != nil || len(health) != 2 {
		t.Fatal(err, health)
	}
	if h := health[0]; h.InstanceID != other.ID || h.State != elb.OutOfService || h.ReasonCode != "Instance" || h.Description != elb.NoSuchRegistration {
		t.Errorf("not registered: %+v", h)
	}
	if health[1].InstanceID != in.ID {
		t.Errorf("order %+v", health)
	}
	for id, want := range map[string]string{"i-00000000000000000": "InvalidInstance", "": "InvalidInstance"} {
		if _, err := c.DescribeInstanceHealth(t.Context(), "front", in.ID, id); fault.CodeOf(err) != want {
			t.Errorf("%q: got %v", id, err)
		}
	}
	if _, err := c.DescribeInstanceHealth(t.Context(), "never"); fault.CodeOf(err) != "LoadBalancerNotFound" {
		t.Errorf("got %v", err)
	}
}

func TestWhatTheEdgeSaidIsJoinedWithWhatWasAskedFor(t *testing.T) {
	c := newCloud(t)
	in := compute.Instance{ID: "i-1", Goal: compute.Run}
	around := surroundings{instances: map[string]compute.Instance{in.ID: in}}
	serving := elb.Health{InstanceID: in.ID, State: elb.InService, Description: "N/A"}
	leaving := elb.Health{InstanceID: in.ID, State: elb.InService, Description: deregistering}
	tests := []struct {
		name       string
		registered bool
		said       []elb.Health
		want       []string // descriptions
	}{
		{"a verdict on a registered one", true, []elb.Health{serving}, []string{"N/A"}},
		{"nothing yet", true, nil, []string{registering}},
		{"one that left and drains", false, []elb.Health{leaving}, []string{deregistering}},
		{"one that left, before the edge hears of it", false, []elb.Health{serving}, nil},
		{"one that came back while it drains", true, []elb.Health{leaving}, []string{registering}},
		{"one that came back and serves while it drains", true, []elb.Health{leaving, serving}, []string{"N/A"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			b := elb.LoadBalancer{}
			if tt.registered {
				b.Registrations = []elb.Registration{{ID: "reg-1", InstanceID: in.ID}}
			}
			var got []string
			for _, h := range c.healthOf(b, around, tt.said) {
				got = append(got, h.Description)
			}
			if !slices.Equal(got, tt.want) {
				t.Errorf("got %q, want %q", got, tt.want)
			}
		})
	}
}
