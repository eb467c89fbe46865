package views

import (
	"context"

	"github.com/a-h/templ"

	"elbow/engine/network"
	"elbow/views/i18n"
	"elbow/views/ui"
)

// ruleField names a field of the rule editor; a create page has the editor twice, so the
// direction is part of the name.
func ruleField(d network.Direction, part string) string { return RulePrefix(d) + part }

// RulePrefix is what the names of the rule editor's fields begin with.
func RulePrefix(d network.Direction) string {
	if d == network.Egress {
		return "out_"
	}
	return "in_"
}

func repeatID(d network.Direction) string { return RulePrefix(d) + "rules" }

func ruleRows(d network.Direction, rows []RuleRow) []templ.Component {
	all := make([]templ.Component, len(rows))
	for i, row := range rows {
		all[i] = ruleRow(d, row)
	}
	return all
}

// ruleTypeOptions is AWS's list of types; each option carries what choosing it fills in.
func ruleTypeOptions(ctx context.Context) []ui.Option {
	var options []ui.Option
	for _, t := range network.RuleTypes() {
		filled := network.Rule{Protocol: t.Protocol, FromPort: t.FromPort, ToPort: t.ToPort}
		attrs := templ.Attributes{}
		if !t.AsksProtocol {
			attrs["data-protocol"] = filled.ProtocolText()
		}
		if !t.AsksPorts {
			attrs["data-ports"] = portText(ctx, filled)
		}
		options = append(options, ui.Option{Value: t.Key, Text: ruleTypeText(ctx, t), Attrs: attrs})
	}
	return options
}

// typeAttrs marks the select whose choice fills and locks its row's protocol and ports.
func typeAttrs(network.Direction) templ.Attributes {
	return templ.Attributes{"data-rule-type": ""}
}

// partAttrs marks a field of a row for the script that fills and locks it.
func partAttrs(part string) templ.Attributes { return templ.Attributes{"data-rule-part": part} }

func peerOptions(ctx context.Context) []ui.Option {
	mine := ""
	if ip := ui.PageOf(ctx).ClientIP; ip != "" {
		mine = ip + "/32"
	}
	return []ui.Option{
		{Value: "custom", Text: i18n.T(ctx, "security_groups.custom")},
		{Value: "anywhere4", Text: i18n.T(ctx, "security_groups.anywhere4"), Attrs: templ.Attributes{"data-source": "0.0.0.0/0"}},
		{Value: "anywhere6", Text: i18n.T(ctx, "security_groups.anywhere6"), Attrs: templ.Attributes{"data-source": "::/0"}},
		{Value: "myip", Text: i18n.T(ctx, "security_groups.my_ip"), Attrs: templ.Attributes{"data-source": mine}},
	}
}

// emptyRules is what the editor says in place of rows.
func emptyRules(ctx context.Context, d network.Direction) string {
	if d == network.Egress {
		return i18n.T(ctx, "security_groups.empty_outbound")
	}
	return i18n.T(ctx, "security_groups.empty_inbound")
}

func sourceLabel(ctx context.Context, d network.Direction) string {
	if d == network.Egress {
		return i18n.T(ctx, "security_groups.destination_text")
	}
	return i18n.T(ctx, "security_groups.source_text")
}

func rulesText(ctx context.Context, d network.Direction) string {
	if d == network.Egress {
		return i18n.T(ctx, "security_groups.outbound_text")
	}
	return i18n.T(ctx, "security_groups.inbound_text")
}

func vpcOptions(ctx context.Context, vpcs []network.VPC) []ui.Option {
	options := make([]ui.Option, len(vpcs))
	for i, v := range vpcs {
		text := v.ID + " (" + v.CIDR.String() + ")"
		if v.IsDefault {
			text += " " + i18n.T(ctx, "security_groups.default_vpc")
		}
		options[i] = ui.Option{Value: v.ID, Text: text}
	}
	return options
}
