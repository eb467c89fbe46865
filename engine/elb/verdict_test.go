package elb

import (
	"testing"

	"elbow/engine/elb/health"
	"elbow/engine/network"
)

func TestEverySituationHasAWSsWords(t *testing.T) {
	out := func(streak int) health.Record { return health.Record{State: health.OutOfService, Streak: streak} }
	for _, c := range []struct {
		name, availability  string
		zoned               bool
		record              health.Record
		state               HealthState
		reason, description string
	}{
		{"healthy", "running", true, health.Record{State: health.InService, Streak: 3}, InService, "N/A", "N/A"},
		{"healthy with one failure", "running", true, health.Record{State: health.InService, Streak: -1}, InService, "N/A", "N/A"},
		{"just registered", "running", true, health.Record{}, OutOfService, "ELB", "Instance registration is still in progress."},
		{"failed", "running", true, out(-2), OutOfService, "Instance", "Instance has failed at least the UnhealthyThreshold number of health checks consecutively."},
		{"recovering", "running", true, out(1), OutOfService, "Instance", "Instance has not passed the configured HealthyThreshold number of health checks consecutively."},
		{"relapsed once", "running", true, out(-1), OutOfService, "Instance", "Instance has not passed the configured HealthyThreshold number of health checks consecutively."},
		{"zone not enabled", "running", false, health.Record{}, OutOfService, "ELB", "Instance is in the EC2 Availability Zone for which LoadBalancer is not configured to route traffic to."},
		{"pending", "pending", true, health.Record{}, OutOfService, "Instance", "Instance is in pending state."},
		{"stopped", "stopped", true, health.Record{}, OutOfService, "Instance", "Instance is in stopped state."},
		{"stopped in another zone", "stopped", false, health.Record{}, OutOfService, "Instance", "Instance is in stopped state."},
		{"terminated", "terminated", true, health.Record{}, OutOfService, "Instance", "Instance is in terminated state."},
	} {
		t.Run(c.name, func(t *testing.T) {
			state, reason, description := verdict(c.availability, c.zoned, c.record, 2)
			if state != c.state || reason != c.reason || description != c.description {
				t.Errorf("%s, %s, %q; want %s, %s, %q", state, reason, description, c.state, c.reason, c.description)
			}
		})
	}
}

func TestTheNodeThatThinksLeastOfATargetSpeaks(t *testing.T) {
	nodes := []*node{{Interface: network.Interface{ID: "a"}}, {Interface: network.Interface{ID: "b"}}}
	in := func(streak int) health.Record { return health.Record{State: health.InService, Streak: streak} }
	out := func(streak int) health.Record { return health.Record{State: health.OutOfService, Streak: streak} }
	for _, c := range []struct {
		name string
		a, b health.Record
		want string
	}{
		{"one has taken it out", in(9), out(-2), "b"},
		{"one has not judged yet", health.Record{}, in(1), "a"},
		{"out counts for less than not judged", health.Record{}, out(-2), "b"},
		{"both back it, one for longer", in(5), in(4), "b"},
		{"both count passes, one is behind", out(3), out(4), "a"},
		{"they agree", in(2), in(2), "a"},
	} {
		paths := map[string]*path{"a": {record: c.a, node: nodes[0]}, "b": {record: c.b, node: nodes[1]}}
		if got := strictest(nodes, paths).node.ID; got != c.want {
			t.Errorf("%s: node %s speaks, want %s", c.name, got, c.want)
		}
	}
	if strictest(nodes, nil) != nil {
		t.Error("without paths somebody speaks")
	}
}
