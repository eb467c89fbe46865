package views

import (
	"math"
	"testing"
	"time"

	"elbow/engine"
	"elbow/engine/compute"
	"elbow/engine/elb"
)

func TestAChartsAxisEndsAtARoundNumberAboveEveryValue(t *testing.T) {
	for most, want := range map[float64]float64{0: 1, 0.3: 1, 1: 1, 1.5: 2, 2: 2, 3: 4, 5: 6, 40: 40, 61: 80, 99: 100, 101: 200} {
		c := chart{Series: []series{{Values: []float64{math.NaN(), 0, most}}}}
		if got := c.top(); got != want {
			t.Errorf("the axis for %g ends at %g, want %g", most, got, want)
		}
	}
}

func TestALineIsInterruptedWhereNothingWasCounted(t *testing.T) {
	nan := math.NaN()
	for _, tt := range []struct {
		name   string
		values []float64
		want   string
	}{
		{"nothing", []float64{nan, nan}, ""},
		{"one alone", []float64{1}, "M42.0 10.0h4"},
		{"two", []float64{0, 1}, "M44.0 146.0L51.3 10.0"},
		{"a gap", []float64{1, nan, 1}, "M42.0 10.0h4M56.5 10.0h4"},
	} {
		s := series{Values: tt.values}
		if got := (chart{Series: []series{s}}).path(s); got != tt.want {
			t.Errorf("%s: %q, want %q", tt.name, got, tt.want)
		}
	}
}

func TestMinutesStandAtTheirTime(t *testing.T) {
	now := time.Date(2026, 7, 28, 10, 30, 40, 0, time.UTC)
	minute := func(ago int, n uint64) elb.Minute {
		return elb.Minute{At: now.Truncate(time.Minute).Add(-time.Duration(ago) * time.Minute), Requests: n}
	}
	m := Monitoring{Now: now, Minutes: []elb.Minute{minute(60, 9), minute(59, 7), minute(1, 3), minute(0, 5)}}
	values := m.values(func(x elb.Minute) float64 { return float64(x.Requests) })
	if len(values) != chartMinutes || values[0] != 7 || values[58] != 3 || values[59] != 5 || !math.IsNaN(values[30]) {
		t.Errorf("got %v", values)
	}
}

func TestSharesAreWholePercents(t *testing.T) {
	m := Monitoring{Shares: []Share{{Requests: 2}, {Requests: 1}}}
	if a, b := m.percent(m.Shares[0]), m.percent(m.Shares[1]); a != 67 || b != 33 {
		t.Errorf("got %d and %d", a, b)
	}
	if got := (Monitoring{}).percent(Share{}); got != 0 {
		t.Errorf("without requests %d", got)
	}
}

func TestHowManyPassesAreStillWanted(t *testing.T) {
	running := engine.InstanceSummary{State: compute.Running}
	for _, tt := range []struct {
		name   string
		health elb.Health
		in     engine.InstanceSummary
		want   int
	}{
		{"in service", elb.Health{State: elb.InService, Description: "N/A"}, running, 0},
		{"just registered", elb.Health{State: elb.OutOfService, ReasonCode: "ELB", Description: "Instance registration is still in progress."}, running, 1},
		{"recovering", elb.Health{State: elb.OutOfService, ReasonCode: "Instance", Passes: 3}, running, 7},
		{"stopped", elb.Health{State: elb.OutOfService, ReasonCode: "Instance", Description: "Instance is in stopped state."}, engine.InstanceSummary{State: compute.Stopped}, 0},
		{"in another zone", elb.Health{State: elb.OutOfService, ReasonCode: "ELB", Description: "Instance is in the EC2 Availability Zone for which LoadBalancer is not configured to route traffic to."}, running, 0},
	} {
		got := passesWanted(target{Health: tt.health, InstanceSummary: tt.in, registered: true, check: elb.HealthCheck{HealthyThreshold: 10}})
		if got != tt.want {
			t.Errorf("%s: %d passes wanted, want %d", tt.name, got, tt.want)
		}
	}
}
