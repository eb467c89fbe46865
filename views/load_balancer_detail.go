package views

import (
	"cmp"
	"context"
	"strconv"
	"strings"

	"github.com/a-h/templ"

	"elbow/engine"
	"elbow/engine/elb"
	"elbow/engine/network"
	"elbow/views/i18n"
	"elbow/views/ui"
)

func balancerTabs(ctx context.Context) []ui.Tab {
	return []ui.Tab{
		{ID: "listeners", Text: i18n.T(ctx, "load_balancers.listeners")},
		{ID: "network", Text: i18n.T(ctx, "load_balancers.network_mapping")},
		{ID: "security", Text: i18n.T(ctx, "load_balancers.security")},
		{ID: "health", Text: i18n.T(ctx, "load_balancers.health_checks")},
		{ID: "targets", Text: i18n.T(ctx, "load_balancers.targets")},
		{ID: "monitoring", Text: i18n.T(ctx, "load_balancers.monitoring")},
		{ID: "attributes", Text: i18n.T(ctx, "load_balancers.attributes")},
		{ID: "tags", Text: i18n.T(ctx, "common.tags")},
	}
}

// oneBalancerMenu is the Actions menu of one load balancer's page.
func oneBalancerMenu(ctx context.Context, name string) []ui.MenuGroup {
	to := func(text, page string) ui.MenuItem {
		return ui.MenuItem{Text: text, Href: BalancerPath(name) + "/" + page}
	}
	return []ui.MenuGroup{
		{Items: []ui.MenuItem{
			to(i18n.T(ctx, "load_balancers.manage_instances"), "instances"), to(i18n.T(ctx, "load_balancers.manage_listeners"), "listeners"),
			to(i18n.T(ctx, "load_balancers.edit_check"), "health-check"), to(i18n.T(ctx, "load_balancers.edit_groups"), "security-groups"),
			to(i18n.T(ctx, "load_balancers.edit_subnets"), "subnets"), to(i18n.T(ctx, "load_balancers.edit_attributes"), "attributes"),
			{Text: i18n.T(ctx, "tags.manage"), Href: TagsPath("load-balancer", name)},
		}},
		{Items: []ui.MenuItem{{Text: i18n.T(ctx, "load_balancers.delete"), Dialog: "delete"}}},
	}
}

func balancerDetails(ctx context.Context, b engine.LoadBalancerDescription) []ui.KeyValue {
	return []ui.KeyValue{
		{Label: i18n.T(ctx, "load_balancers.type"), Value: ui.Text("Classic")},
		{Label: i18n.T(ctx, "common.status"), Value: ui.Status(healthKind(b), inServiceText(ctx, b))},
		{Label: "VPC", Value: ui.Text(b.VPCID), Copy: b.VPCID},
		{Label: i18n.T(ctx, "load_balancers.created_at"), Value: ui.Time(b.CreatedAt)},
		{Label: i18n.T(ctx, "load_balancers.scheme"), Value: ui.Text(schemeText(ctx, b.Scheme))},
		{Label: i18n.T(ctx, "load_balancers.hosted_zone"), Value: ui.Text(b.HostedZoneID), Copy: b.HostedZoneID},
		{Label: i18n.T(ctx, "load_balancers.zones"), Value: ui.Text(strings.Join(b.Zones(), ", "))},
		{Label: i18n.T(ctx, "load_balancers.source_group"), Value: sourceGroup(ctx, b), Copy: first(b.LoadBalancer.Groups)},
		{Label: i18n.T(ctx, "load_balancers.port_configuration"), Value: ui.Text(portsText(b.LoadBalancer))},
	}
}

func first(list []string) string {
	if len(list) == 0 {
		return ""
	}
	return list[0]
}

// sourceGroup is the group that instances' rules know the load balancer by; its id is what
// such a rule's source is.
func sourceGroup(ctx context.Context, b engine.LoadBalancerDescription) templ.Component {
	id := first(b.LoadBalancer.Groups)
	if id == "" {
		return ui.None()
	}
	return ui.Link("/ec2/security-groups/"+id, id+" ("+cmp.Or(b.Groups[id], i18n.T(ctx, "common.none"))+")")
}

func onOff(ctx context.Context, on bool) string {
	if on {
		return i18n.T(ctx, "common.enabled")
	}
	return i18n.T(ctx, "common.disabled")
}

func attributeDetails(ctx context.Context, a elb.Attributes) []ui.KeyValue {
	draining := onOff(ctx, a.ConnectionDraining)
	if a.ConnectionDraining {
		draining += ", " + i18n.Seconds(ctx, a.DrainingTimeout)
	}
	return []ui.KeyValue{
		{Label: i18n.T(ctx, "load_balancers.cross_zone"), Value: ui.Text(onOff(ctx, a.CrossZone))},
		{Label: i18n.T(ctx, "load_balancers.draining"), Value: ui.Text(draining)},
		{Label: i18n.T(ctx, "load_balancers.idle_timeout"), Value: ui.Text(i18n.Seconds(ctx, a.IdleTimeout))},
	}
}

func checkDetails(ctx context.Context, h elb.HealthCheck) []ui.KeyValue {
	return []ui.KeyValue{
		{Label: i18n.T(ctx, "load_balancers.ping_target"), Value: ui.Text(h.Target()), Copy: h.Target()},
		{Label: i18n.T(ctx, "load_balancers.timeout"), Value: ui.Text(i18n.Seconds(ctx, h.Timeout))},
		{Label: i18n.T(ctx, "load_balancers.interval"), Value: ui.Text(i18n.Seconds(ctx, h.Interval))},
		{Label: i18n.T(ctx, "load_balancers.unhealthy_threshold"), Value: ui.Text(strconv.Itoa(h.UnhealthyThreshold))},
		{Label: i18n.T(ctx, "load_balancers.healthy_threshold"), Value: ui.Text(strconv.Itoa(h.HealthyThreshold))},
	}
}

// boundStatus says whether a listener really listens, as the edge reports it.
func boundStatus(ctx context.Context, b engine.LoadBalancerDescription, l elb.Listener) templ.Component {
	for _, s := range b.Status.Listeners {
		switch {
		case s.Listener != l:
			continue
		case s.Bound:
			return ui.Status(ui.StatusSuccess, i18n.T(ctx, "load_balancers.listening"))
		}
		return ui.Status(ui.StatusError, cmp.Or(i18n.Say(ctx, s.Error), i18n.T(ctx, "load_balancers.not_listening")))
	}
	return ui.Status(ui.StatusPending, i18n.T(ctx, "load_balancers.starting"))
}

// zoneRow is one node of a load balancer with what is registered behind it.
type zoneRow struct {
	network.Interface
	Registered int // instances of the zone
	InService  int // those of them that are in service
}

func zoneRows(b engine.LoadBalancerDescription) []zoneRow {
	rows := make([]zoneRow, len(b.Nodes))
	for i, n := range b.Nodes {
		rows[i] = zoneRow{Interface: n}
		for _, h := range b.Health {
			if h.Zone != n.AvailabilityZone {
				continue
			}
			rows[i].Registered++
			if h.State == elb.InService {
				rows[i].InService++
			}
		}
	}
	return rows
}

func balancerHead(ctx context.Context, name, title string) Head {
	return Head{Title: title, Nav: "/ec2/load-balancers", FormPage: true, Crumbs: []ui.Crumb{
		{Text: "EC2", Href: "/ec2/"}, {Text: i18n.T(ctx, "load_balancers.title"), Href: "/ec2/load-balancers"},
		{Text: name, Href: BalancerPath(name)}, {Text: title},
	}}
}
