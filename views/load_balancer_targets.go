package views

import (
	"cmp"
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/a-h/templ"

	"elbow/engine"
	"elbow/engine/compute"
	"elbow/engine/elb"
	"elbow/views/i18n"
	"elbow/views/ui"
)

// target is a registered or draining instance with the verdict on it.
type target struct {
	elb.Health
	engine.InstanceSummary
	registered bool // false while it drains
	check      elb.HealthCheck
}

func targetsOf(b engine.LoadBalancerDescription) []target {
	registered := map[string]bool{}
	for _, r := range b.Registrations {
		registered[r.InstanceID] = true
	}
	targets := make([]target, len(b.Health))
	for i, h := range b.Health {
		targets[i] = target{Health: h, InstanceSummary: b.Instances[h.InstanceID], registered: registered[h.InstanceID], check: b.HealthCheck}
	}
	return targets
}

func targetList(ctx context.Context) ui.List[target] {
	return ui.List[target]{
		ID: "targets", Selection: ui.SelectMany,
		Key:   func(t target) string { return t.InstanceID },
		Name:  func(t target) string { return cmp.Or(t.Name, t.InstanceID) },
		Allow: func(t target) []string { return targetAllows(t) },
		Columns: []ui.Col[target]{
			{ID: "id", Label: i18n.T(ctx, "instances.id"), Fixed: true, Text: func(t target) string { return t.InstanceID },
				Cell: func(t target) templ.Component { return targetLink(t) }},
			{ID: "name", Label: i18n.T(ctx, "common.name"), Text: func(t target) string { return t.Name },
				Cell: func(t target) templ.Component { return targetName(t.Name) }},
			{ID: "zone", Label: i18n.T(ctx, "load_balancers.zone"), Text: func(t target) string { return t.Health.Zone },
				Cell: func(t target) templ.Component { return oneLine(t.Health.Zone) }},
			{ID: "state", Label: i18n.T(ctx, "common.status"), Text: func(t target) string { return string(t.Health.State) },
				Cell: func(t target) templ.Component { return targetState(t) }},
			{ID: "probe", Label: i18n.T(ctx, "load_balancers.last_probe"), Text: func(t target) string { return probeText(ctx, t) },
				Compare: func(a, b target) int { return a.LastProbe.At.Compare(b.LastProbe.At) },
				Cell:    func(t target) templ.Component { return lastProbe(t) }},
			{ID: "wanted", Label: i18n.T(ctx, "load_balancers.progress"), Text: func(t target) string { return progressText(ctx, t) },
				Compare: func(a, b target) int { return cmp.Compare(passesWanted(a), passesWanted(b)) }},
			{ID: "private", Label: i18n.T(ctx, "instances.private_ip"), Hidden: true, Text: func(t target) string { return targetAddress(t) }},
			{ID: "since", Label: i18n.T(ctx, "load_balancers.since"), Hidden: true, Text: func(t target) string { return i18n.Time(ctx, t.Since) },
				Compare: func(a, b target) int { return a.Since.Compare(b.Since) }},
		},
	}
}

func targetAllows(t target) []string {
	if !t.registered {
		return nil
	}
	return []string{"deregister"}
}

func targetAddress(t target) string {
	if !t.PrivateIP.IsValid() {
		return ""
	}
	return t.PrivateIP.String()
}

// targetKind shows an instance that is still being registered as under way, not as broken.
func targetKind(t target) ui.StatusKind {
	switch {
	case t.Health.State == elb.InService && t.registered:
		return ui.StatusSuccess
	case t.Health.State == elb.InService:
		return ui.StatusInProgress
	case t.Health.State == elb.Unknown:
		return ui.StatusWarning
	case t.ReasonCode == "ELB" && t.Failures == 0:
		return ui.StatusPending
	}
	return ui.StatusError
}

// descriptionOf is AWS's description of the state; N/A says nothing.
func descriptionOf(ctx context.Context, t target) string {
	if t.Description == "N/A" {
		return ""
	}
	return i18n.Say(ctx, t.Description)
}

// probeText is what the last probe saw, in a few words.
func probeText(ctx context.Context, t target) string {
	p := t.LastProbe
	switch {
	case p.At.IsZero():
		return i18n.T(ctx, "load_balancers.no_probe")
	case p.OK && p.Status != 0:
		return i18n.T(ctx, "load_balancers.probe_status", i18n.V{"Status": p.Status})
	case p.OK:
		return i18n.T(ctx, "load_balancers.probe_connected")
	}
	return failureText(ctx, p)
}

// probeDetail is what there is to say beyond the failure's name: silence is explained, and
// an error of the layers above TCP is quoted.
func probeDetail(ctx context.Context, p elb.Probe) string {
	switch {
	case p.OK:
		return ""
	case p.Failure == "timeout" && strings.HasPrefix(p.Detail, "connecting"):
		return i18n.T(ctx, "load_balancers.silence")
	case p.Failure == "timeout":
		return i18n.T(ctx, "load_balancers.no_answer")
	case p.Failure == "tls", p.Failure == "malformed":
		return p.Detail
	}
	return ""
}

func failureText(ctx context.Context, p elb.Probe) string {
	switch p.Failure {
	case "timeout":
		return i18n.T(ctx, "load_balancers.probe_timeout")
	case "refused":
		return i18n.T(ctx, "load_balancers.probe_refused")
	case "reset":
		return i18n.T(ctx, "load_balancers.probe_reset")
	case "tls":
		return i18n.T(ctx, "load_balancers.probe_tls")
	case "malformed":
		return i18n.T(ctx, "load_balancers.probe_malformed")
	case "egress":
		return i18n.T(ctx, "load_balancers.probe_egress")
	case "internal":
		return i18n.T(ctx, "load_balancers.probe_internal")
	case "status":
		return i18n.T(ctx, "load_balancers.probe_wrong_status", i18n.V{"Status": p.Status})
	}
	return p.Failure
}

func probeKind(p elb.Probe) ui.StatusKind {
	if p.OK {
		return ui.StatusSuccess
	}
	return ui.StatusError
}

// probeEvidence is when, from which node and how long.
func probeEvidence(ctx context.Context, p elb.Probe) string {
	return i18n.T(ctx, "load_balancers.probe_evidence", i18n.V{
		"Time": i18n.Clock(ctx, p.At), "Node": p.Node.String(), "Duration": shortly(p.Duration),
	})
}

// shortly is a duration in milliseconds or seconds, as precise as it is worth.
func shortly(d time.Duration) string {
	ms := float64(d) / float64(time.Millisecond)
	switch {
	case d < 10*time.Microsecond:
		return "<0.01 ms"
	case d < 10*time.Millisecond:
		return fmt.Sprintf("%.2f ms", ms)
	case d < time.Second:
		return fmt.Sprintf("%.0f ms", ms)
	}
	return fmt.Sprintf("%.2f s", d.Seconds())
}

// passesWanted is how many passes in a row are still wanted before the instance is in
// service: one for an instance that has just been registered, the threshold's rest for one
// that was out of service; none for one that is in service or is not probed.
func passesWanted(t target) int {
	switch {
	case t.Health.State == elb.InService, !probed(t):
		return 0
	case t.ReasonCode == "ELB":
		return 1
	}
	return max(t.check.HealthyThreshold-t.Passes, 0)
}

// probed reports whether probes are sent at all: AWS's descriptions of a state or a zone
// say that there are none.
func probed(t target) bool {
	return t.InstanceSummary.State == compute.Running && !strings.HasPrefix(t.Description, "Instance is in ")
}

// progressText is how far the instance is on its way to the other state.
func progressText(ctx context.Context, t target) string {
	switch wanted := passesWanted(t); {
	case wanted > 0 && t.ReasonCode == "ELB":
		return i18n.T(ctx, "load_balancers.first_pass")
	case wanted > 0:
		return i18n.T(ctx, "load_balancers.passes_wanted", i18n.V{"Passes": t.Passes, "Threshold": t.check.HealthyThreshold, "Wanted": wanted})
	case t.Health.State == elb.InService && t.registered && t.Failures > 0:
		return i18n.T(ctx, "load_balancers.failures", i18n.V{"Failures": t.Failures, "Threshold": t.check.UnhealthyThreshold})
	}
	return "-"
}
