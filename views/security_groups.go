package views

import (
	"cmp"
	"context"
	"strconv"
	"strings"

	"github.com/a-h/templ"

	"elbow/engine"
	"elbow/engine/network"
	"elbow/views/i18n"
	"elbow/views/ui"
)

func securityGroupList(ctx context.Context) ui.List[engine.SecurityGroupDescription] {
	type row = engine.SecurityGroupDescription
	count := func(g row, d network.Direction) int { return len(g.In(d)) }
	return ui.List[row]{
		ID: "security-groups", Selection: ui.SelectMany, Sort: "group_name",
		Key:   func(g row) string { return g.ID },
		Name:  func(g row) string { return g.Name },
		Allow: securityGroupAllows,
		Columns: []ui.Col[row]{
			{ID: "name", Label: i18n.T(ctx, "common.name"), Text: func(g row) string { return g.Tags["Name"] }},
			{ID: "id", Label: i18n.T(ctx, "security_groups.id"), Fixed: true, Text: func(g row) string { return g.ID },
				Cell: func(g row) templ.Component { return ui.Link("/ec2/security-groups/"+g.ID, g.ID) }},
			{ID: "group_name", Label: i18n.T(ctx, "security_groups.name"), Text: func(g row) string { return g.Name }},
			{ID: "vpc", Label: i18n.T(ctx, "security_groups.vpc"), Text: func(g row) string { return g.VPCID }},
			{ID: "description", Label: i18n.T(ctx, "common.description"), Text: func(g row) string { return g.Description }},
			{ID: "owner", Label: i18n.T(ctx, "common.owner"), Hidden: true, Text: func(row) string { return ui.PageOf(ctx).AccountID }},
			{ID: "inbound", Label: i18n.T(ctx, "security_groups.inbound_count"), Numeric: true, Text: func(g row) string { return strconv.Itoa(count(g, network.Ingress)) },
				Compare: func(a, b row) int { return cmp.Compare(count(a, network.Ingress), count(b, network.Ingress)) }},
			{ID: "outbound", Label: i18n.T(ctx, "security_groups.outbound_count"), Numeric: true, Text: func(g row) string { return strconv.Itoa(count(g, network.Egress)) },
				Compare: func(a, b row) int { return cmp.Compare(count(a, network.Egress), count(b, network.Egress)) }},
		},
	}
}

func securityGroupAllows(g engine.SecurityGroupDescription) []string {
	if g.IsDefault() {
		return nil
	}
	return []string{"delete"}
}

func securityGroupDetails(ctx context.Context, g engine.SecurityGroupDescription) []ui.KeyValue {
	return []ui.KeyValue{
		{Label: i18n.T(ctx, "security_groups.name"), Value: ui.Text(g.Name), Copy: g.Name},
		{Label: i18n.T(ctx, "security_groups.id"), Value: ui.Text(g.ID), Copy: g.ID},
		{Label: i18n.T(ctx, "common.description"), Value: ui.Text(g.Description)},
		{Label: i18n.T(ctx, "security_groups.vpc"), Value: ui.Text(g.VPCID)},
		{Label: i18n.T(ctx, "common.owner"), Value: ui.Text(ui.PageOf(ctx).AccountID)},
		{Label: i18n.T(ctx, "security_groups.inbound_count"), Value: ui.Text(i18n.N(ctx, "security_groups.entries", len(g.In(network.Ingress))))},
		{Label: i18n.T(ctx, "security_groups.outbound_count"), Value: ui.Text(i18n.N(ctx, "security_groups.entries", len(g.In(network.Egress))))},
		{Label: i18n.T(ctx, "common.created"), Value: ui.Time(g.CreatedAt)},
	}
}

func groupIDs(groups []engine.SecurityGroupDescription) []ui.Hidden {
	hidden := make([]ui.Hidden, len(groups))
	for i, g := range groups {
		hidden[i] = ui.Hidden{Name: "id", Value: g.ID}
	}
	return hidden
}

// rulesPath is the page that edits a group's rules of one direction.
func rulesPath(id string, d network.Direction) string {
	if d == network.Egress {
		return "/ec2/security-groups/" + id + "/outbound"
	}
	return "/ec2/security-groups/" + id + "/inbound"
}

func rulesTitle(ctx context.Context, d network.Direction) string {
	if d == network.Egress {
		return i18n.T(ctx, "security_groups.outbound")
	}
	return i18n.T(ctx, "security_groups.inbound")
}

func editRules(ctx context.Context, d network.Direction) string {
	if d == network.Egress {
		return i18n.T(ctx, "security_groups.edit_outbound")
	}
	return i18n.T(ctx, "security_groups.edit_inbound")
}

func noRulesText(ctx context.Context, d network.Direction) string {
	if d == network.Egress {
		return i18n.T(ctx, "security_groups.no_outbound")
	}
	return i18n.T(ctx, "security_groups.no_inbound")
}

// countRules is how many rules of one direction the groups have together.
func countRules(d network.Direction, groups []engine.SecurityGroupDescription) (n int) {
	for _, g := range groups {
		n += len(g.In(d))
	}
	return n
}

func peerLabel(ctx context.Context, d network.Direction) string {
	if d == network.Egress {
		return i18n.T(ctx, "common.destination")
	}
	return i18n.T(ctx, "common.source")
}

func ipVersion(r network.Rule) string {
	switch {
	case !r.Prefix.IsValid():
		return "-"
	case r.Prefix.Addr().Is4():
		return "IPv4"
	}
	return "IPv6"
}

// protocolText is the protocol's name; only "all" is a word.
func protocolText(ctx context.Context, r network.Rule) string {
	if text := r.ProtocolText(); text != "All" {
		return text
	}
	return i18n.T(ctx, "security_groups.all")
}

func portText(ctx context.Context, r network.Rule) string {
	if text := r.PortText(); text != "All" {
		return text
	}
	return i18n.T(ctx, "security_groups.all")
}

func descriptionText(r network.Rule) string { return cmp.Or(r.Description, "-") }

// ruleTypeText is a rule type in the console's words; named services keep their names.
func ruleTypeText(ctx context.Context, t network.RuleType) string {
	switch t.Label {
	case "Custom TCP":
		return i18n.T(ctx, "security_groups.custom_tcp")
	case "Custom UDP":
		return i18n.T(ctx, "security_groups.custom_udp")
	case "Custom ICMP - IPv4":
		return i18n.T(ctx, "security_groups.custom_icmp")
	case "Custom ICMP - IPv6":
		return i18n.T(ctx, "security_groups.custom_icmpv6")
	case "Custom Protocol":
		return i18n.T(ctx, "security_groups.custom_protocol")
	case "All TCP":
		return i18n.T(ctx, "security_groups.all_tcp")
	case "All UDP":
		return i18n.T(ctx, "security_groups.all_udp")
	case "All ICMP - IPv4":
		return i18n.T(ctx, "security_groups.all_icmp")
	case "All ICMP - IPv6":
		return i18n.T(ctx, "security_groups.all_icmpv6")
	case "All traffic":
		return i18n.T(ctx, "security_groups.all_traffic")
	}
	return t.Label
}

// wearerPath is the page of what wears or names a group: an instance, a group, or else a
// load balancer's name.
func wearerPath(id string) string {
	switch {
	case strings.HasPrefix(id, "i-"):
		return "/ec2/instances/" + id
	case strings.HasPrefix(id, "sg-"):
		return "/ec2/security-groups/" + id
	}
	return "/ec2/load-balancers/" + id
}
