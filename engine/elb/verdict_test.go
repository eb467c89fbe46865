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
		zone                zoneStanding
		record              health.Record
		state               HealthState
		reason, description string
		unsure              bool
	}{
		{"healthy", "running", zoneEnabled, health.Record{State: health.InService, Streak: 3}, InService, "N/A", "N/A", false},
		{"healthy with one failure", "running", zoneEnabled, health.Record{State: health.InService, Streak: -1}, InService, "N/A", "N/A", false},
		{"just registered", "running", zoneEnabled, health.Record{}, OutOfService, "ELB", "Instance registration is still in progress.", false},
		{"failed", "running", zoneEnabled, out(-2), OutOfService, "Instance", "Instance has failed at least the UnhealthyThreshold number of health checks consecutively.", false},
		{"recovering", "running", zoneEnabled, out(1), OutOfService, "Instance", "Instance has not passed the configured HealthyThreshold number of health checks consecutively.", false},
		{"relapsed once", "running", zoneEnabled, out(-1), OutOfService, "Instance", "Instance has not passed the configured HealthyThreshold number of health checks consecutively.", false},
		{"zone not enabled", "running", zoneDisabled, health.Record{}, OutOfService, "ELB", "Instance is in the EC2 Availability Zone for which LoadBalancer is not configured to route traffic to.", false},
		{"zone being disabled", "running", zoneDisabling, health.Record{State: health.InService, Streak: 3}, OutOfService, "ELB", "Disable Availability Zone is currently in progress.", false},
		{"the prober's own trouble", "running", zoneEnabled, health.Record{State: health.InService, Streak: 3}, Unknown, "ELB", "A transient error occurred. Please try again later.", true},
		{"stopped, whatever the prober's trouble", "stopped", zoneEnabled, health.Record{}, OutOfService, "Instance", "Instance is in stopped state.", true},
		{"pending", "pending", zoneEnabled, health.Record{}, OutOfService, "Instance", "Instance is in pending state.", false},
		{"stopped", "stopped", zoneEnabled, health.Record{}, OutOfService, "Instance", "Instance is in stopped state.", false},
		{"stopped in another zone", "stopped", zoneDisabled, health.Record{}, OutOfService, "Instance", "Instance is in stopped state.", false},
		{"terminated", "terminated", zoneEnabled, health.Record{}, OutOfService, "Instance", "Instance is in terminated state.", false},
	} {
		t.Run(c.name, func(t *testing.T) {
			state, reason, description := verdict(c.availability, c.zone, c.record, 2, c.unsure)
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
