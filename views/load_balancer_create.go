package views

import (
	"cmp"
	"context"
	"slices"

	"github.com/a-h/templ"

	"elbow/engine"
	"elbow/engine/compute"
	"elbow/engine/elb"
	"elbow/engine/fault"
	"elbow/engine/network"
	"elbow/views/i18n"
	"elbow/views/ui"
)

// ListenerRow is one row of the listener editor as it was typed.
type ListenerRow struct {
	Protocol         string
	Port             string
	InstanceProtocol string
	InstancePort     string
	Fault            *fault.Error // what is wrong in this row, by the names of the fields
}

// HealthCheckForm is a health check as it was typed; times are in seconds.
type HealthCheckForm struct {
	Protocol           string
	Port               string
	Path               string
	Timeout            string
	Interval           string
	UnhealthyThreshold string
	HealthyThreshold   string
}

// BalancerForm is what was typed into the page that creates a load balancer, with what its
// choices are.
type BalancerForm struct {
	Name        string
	Scheme      string
	VPCID       string
	SubnetIDs   []string
	Firewall    string // existing or create
	GroupIDs    []string
	GroupName   string
	GroupText   string
	Rules       []RuleRow // of the new group, inbound
	Listeners   []ListenerRow
	Check       HealthCheckForm
	InstanceIDs []string
	CrossZone   bool
	Draining    bool
	DrainFor    string // seconds
	Tags        []ui.Tag
	Fault       *fault.Error
	VPCs        []network.VPC
	Subnets     []network.Subnet
	Groups      []engine.SecurityGroupDescription
	Instances   []engine.InstanceDescription
}

// listenerFields are the fields of a listener's row, which shows its own faults.
func listenerFields() []string {
	return []string{"protocol", "listener_port", "instance_protocol", "instance_port"}
}

// checkFields are the fields of a health check.
func checkFields() []string {
	return []string{"ping_protocol", "ping_port", "ping_path", "timeout", "interval", "unhealthy_threshold", "healthy_threshold"}
}

// balancerFields are the fields that the create page shows a fault at.
func balancerFields() []string {
	return slices.Concat([]string{
		"name", "scheme", "vpc_id", "subnet_ids", "group_ids", "group_name", "group_description",
		"instance_ids", "draining_timeout", "tags",
	}, listenerFields(), checkFields())
}

// subnetChoices are the subnets of the VPC; with no VPC chosen yet, all of them.
func subnetChoices(subnets []network.Subnet, vpcID string) []ui.Option {
	var options []ui.Option
	for _, s := range subnets {
		if vpcID == "" || s.VPCID == vpcID {
			options = append(options, ui.Option{Value: s.ID, Text: s.AvailabilityZone, Description: s.ID + " · " + s.CIDR.String()})
		}
	}
	return options
}

func schemeOptions(ctx context.Context) []ui.Option {
	return []ui.Option{
		{Value: string(elb.InternetFacing), Text: schemeText(ctx, elb.InternetFacing), Description: i18n.T(ctx, "load_balancers.internet_facing_text")},
		{Value: string(elb.Internal), Text: schemeText(ctx, elb.Internal), Description: i18n.T(ctx, "load_balancers.internal_text")},
	}
}

func schemeText(ctx context.Context, s elb.Scheme) string {
	if s == elb.Internal {
		return i18n.T(ctx, "load_balancers.internal")
	}
	return i18n.T(ctx, "load_balancers.internet_facing")
}

// pingProtocols are all that a health check can use.
func pingProtocols() []ui.Option {
	var options []ui.Option
	for _, p := range []elb.Protocol{elb.HTTP, elb.HTTPS, elb.TCP, elb.SSL} {
		options = append(options, ui.Option{Value: string(p), Text: string(p)})
	}
	return options
}

// listenerProtocols are those that a listener can use here, and what was typed when it is
// another one, so that a refused form comes back as it was.
func listenerProtocols(typed string) []ui.Option {
	options := []ui.Option{{Value: string(elb.HTTP), Text: string(elb.HTTP)}}
	if typed != "" && typed != string(elb.HTTP) {
		options = append(options, ui.Option{Value: typed, Text: typed})
	}
	return options
}

func listenerRows(rows []ListenerRow) []templ.Component {
	all := make([]templ.Component, len(rows))
	for i, row := range rows {
		all[i] = listenerRow(row)
	}
	return all
}

// registrable are the instances that can be registered, and those that are chosen whatever
// their state: leaving one out would deregister it.
func registrable(instances []engine.InstanceDescription, vpcID string, chosen []string) []engine.InstanceDescription {
	var list []engine.InstanceDescription
	for _, in := range instances {
		running := in.State == compute.Running && (vpcID == "" || in.Interface.VPCID == vpcID)
		if running || slices.Contains(chosen, in.ID) {
			list = append(list, in)
		}
	}
	return list
}

// listenerFault is what is wrong with either of two fields of a row: the protocol's words
// stand at the port beside it.
func listenerFault(ctx context.Context, row ListenerRow, fields ...string) string {
	for _, field := range fields {
		if text := ui.FaultAt(ctx, row.Fault, field); text != "" {
			return text
		}
	}
	return ""
}

func orDash(text string) string { return cmp.Or(text, "-") }
