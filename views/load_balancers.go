package views

import (
	"context"
	"net/url"
	"strconv"
	"strings"

	"github.com/a-h/templ"

	"elbow/engine"
	"elbow/engine/elb"
	"elbow/views/i18n"
	"elbow/views/ui"
)

// BalancerPath is the page of a load balancer.
func BalancerPath(name string) string { return "/ec2/load-balancers/" + url.PathEscape(name) }

func balancerList(ctx context.Context) ui.List[engine.LoadBalancerDescription] {
	type row = engine.LoadBalancerDescription
	return ui.List[row]{
		ID: "load-balancers", Selection: ui.SelectMany, Sort: "name",
		Key: func(b row) string { return b.Name },
		Columns: []ui.Col[row]{
			{ID: "name", Label: i18n.T(ctx, "common.name"), Fixed: true, Text: func(b row) string { return b.Name },
				Cell: func(b row) templ.Component { return ui.Link(BalancerPath(b.Name), b.Name) }},
			{ID: "dns", Label: i18n.T(ctx, "load_balancers.dns_name"), Text: func(b row) string { return b.DNSName },
				Cell: func(b row) templ.Component { return ui.Copyable(b.DNSName) }},
			{ID: "state", Label: i18n.T(ctx, "common.state"), Text: func(b row) string { return inServiceText(ctx, b) },
				Cell: func(b row) templ.Component { return ui.Status(healthKind(b), inServiceText(ctx, b)) }},
			{ID: "vpc", Label: "VPC ID", Text: func(b row) string { return b.VPCID }},
			{ID: "zones", Label: i18n.T(ctx, "load_balancers.zones"), Text: func(b row) string { return strings.Join(b.Zones(), ", ") }},
			{ID: "type", Label: i18n.T(ctx, "common.type"), Text: func(row) string { return "classic" }},
			{ID: "scheme", Label: i18n.T(ctx, "load_balancers.scheme"), Hidden: true, Text: func(b row) string { return schemeText(ctx, b.Scheme) }},
			{ID: "created", Label: i18n.T(ctx, "load_balancers.created_at"), Text: func(b row) string { return i18n.Time(ctx, b.CreatedAt) },
				Compare: func(a, b row) int { return a.CreatedAt.Compare(b.CreatedAt) }},
		},
	}
}

// balancerMenu is the Actions menu of the list.
func balancerMenu(ctx context.Context) []ui.MenuGroup {
	one := func(text, to string) ui.MenuItem {
		return ui.MenuItem{Text: text, Post: "/ec2/load-balancers/open", Name: "to", Value: to, Form: "load-balancers-form", Needs: ui.Needs{Min: 1, Max: 1}}
	}
	return []ui.MenuGroup{
		{Items: []ui.MenuItem{
			one(i18n.T(ctx, "load_balancers.manage_instances"), "instances"), one(i18n.T(ctx, "load_balancers.manage_listeners"), "listeners"),
			one(i18n.T(ctx, "load_balancers.edit_check"), "health-check"), one(i18n.T(ctx, "load_balancers.edit_groups"), "security-groups"),
			one(i18n.T(ctx, "load_balancers.edit_subnets"), "subnets"), one(i18n.T(ctx, "load_balancers.edit_attributes"), "attributes"),
			one(i18n.T(ctx, "tags.manage"), "tags"),
		}},
		{Items: []ui.MenuItem{{Text: i18n.T(ctx, "load_balancers.delete"), Dialog: "delete", Form: "load-balancers-form", Needs: ui.Needs{Min: 1}}}},
	}
}

// inServiceText is AWS's status of a load balancer.
func inServiceText(ctx context.Context, b engine.LoadBalancerDescription) string {
	return i18n.T(ctx, "load_balancers.in_service", i18n.V{"InService": b.InService, "Registered": b.Registered})
}

func balancerNames(balancers []engine.LoadBalancerDescription) []ui.Hidden {
	hidden := make([]ui.Hidden, len(balancers))
	for i, b := range balancers {
		hidden[i] = ui.Hidden{Name: "name", Value: b.Name}
	}
	return hidden
}

// portsText is the port configuration on one line.
func portsText(b elb.LoadBalancer) string {
	ports := make([]string, len(b.Listeners))
	for i, l := range b.Listeners {
		ports[i] = strconv.Itoa(int(l.LoadBalancerPort)) + " (" + string(l.Protocol) + ") → " + strconv.Itoa(int(l.InstancePort)) + " (" + string(l.InstanceProtocol) + ")"
	}
	return strings.Join(ports, ", ")
}
