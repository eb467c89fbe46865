package views

import (
	"cmp"
	"context"
	"slices"
	"strings"

	"github.com/a-h/templ"

	"elbow/engine"
	"elbow/engine/compute"
	"elbow/views/i18n"
	"elbow/views/ui"
)

func instanceTabs(ctx context.Context) []ui.Tab {
	return []ui.Tab{
		{ID: "details", Text: i18n.T(ctx, "common.details")},
		{ID: "checks", Text: i18n.T(ctx, "instances.status_checks")},
		{ID: "security", Text: i18n.T(ctx, "instances.security")},
		{ID: "networking", Text: i18n.T(ctx, "instances.networking")},
		{ID: "storage", Text: i18n.T(ctx, "instances.storage")},
		{ID: "files", Text: i18n.T(ctx, "instances.files")},
		{ID: "services", Text: i18n.T(ctx, "instances.services")},
		{ID: "tags", Text: i18n.T(ctx, "common.tags")},
	}
}

func instanceHeading(ctx context.Context, in engine.InstanceDescription) string {
	return i18n.T(ctx, "instances.heading", i18n.V{"Title": instanceTitle(in)})
}

// stateItems are the moves of an instance's state, greyed where the state forbids them.
func stateItems(ctx context.Context, in engine.InstanceDescription) []ui.MenuItem {
	base := "/ec2/instances/"
	items := []ui.MenuItem{
		{Text: i18n.T(ctx, "instances.stop"), Dialog: "stop"},
		{Text: i18n.T(ctx, "instances.start"), Post: base + "start", Form: "instance-form"},
		{Text: i18n.T(ctx, "instances.reboot"), Dialog: "reboot"},
		{Text: i18n.T(ctx, "instances.terminate"), Dialog: "terminate"},
	}
	for n, a := range []compute.Action{compute.ActionStop, compute.ActionStart, compute.ActionReboot, compute.ActionTerminate} {
		items[n] = forbid(ctx, in, a, items[n])
	}
	return items
}

// oneInstanceMenu is the Actions menu of an instance's own page.
func oneInstanceMenu(ctx context.Context, in engine.InstanceDescription) []ui.MenuGroup {
	path := "/ec2/instances/" + in.ID
	return []ui.MenuGroup{
		{Label: i18n.T(ctx, "instances.settings"), Items: []ui.MenuItem{
			forbid(ctx, in, compute.ActionChangeProtection, ui.MenuItem{Text: i18n.T(ctx, "instances.protection"), Dialog: "protection"}),
			{Text: i18n.T(ctx, "tags.manage"), Href: TagsPath("instance", in.ID)},
		}},
		{Label: i18n.T(ctx, "instances.security"), Items: []ui.MenuItem{
			forbid(ctx, in, compute.ActionChangeGroups, ui.MenuItem{Text: i18n.T(ctx, "instances.change_groups"), Href: path + "/groups"}),
		}},
		{Label: i18n.T(ctx, "instances.image_and_templates"), Items: []ui.MenuItem{
			forbid(ctx, in, compute.ActionCreateImage, ui.MenuItem{Text: i18n.T(ctx, "instances.create_image"), Href: path + "/create-image"}),
		}},
	}
}

// forbid greys an item whose action the state does not allow.
func forbid(ctx context.Context, in engine.InstanceDescription, a compute.Action, item ui.MenuItem) ui.MenuItem {
	if !slices.Contains(engine.AllowedActions(in.State), a) {
		item.Disabled = true
		item.Reason = i18n.T(ctx, "instances.forbidden", i18n.V{"State": InstanceStateText(ctx, string(in.State))})
	}
	return item
}

func instanceSummary(ctx context.Context, in engine.InstanceDescription) []ui.KeyValue {
	return []ui.KeyValue{
		{Label: i18n.T(ctx, "instances.id"), Value: ui.Text(in.ID), Copy: in.ID},
		{Label: i18n.T(ctx, "instances.public_ip"), Value: siteLink(ctx, in.PublicDNS, publicIP(in)), Copy: publicIP(in)},
		{Label: i18n.T(ctx, "instances.private_ip"), Value: orNone(privateIP(in)), Copy: privateIP(in)},
		{Label: i18n.T(ctx, "instances.state"), Value: InstanceStatus(string(in.State))},
		{Label: i18n.T(ctx, "instances.public_dns"), Value: siteLink(ctx, in.PublicDNS, Address(ctx, in.PublicDNS)), Copy: Address(ctx, in.PublicDNS)},
		{Label: i18n.T(ctx, "instances.private_dns"), Value: orNone(in.PrivateDNS), Copy: in.PrivateDNS},
		{Label: i18n.T(ctx, "instances.type"), Value: ui.Text(in.Type)},
		{Label: i18n.T(ctx, "instances.check"), Value: checkStatus(ctx, in)},
		{Label: i18n.T(ctx, "instances.direct"), Value: orNone(in.DirectAddress), Copy: in.DirectAddress},
	}
}

func instanceDetails(ctx context.Context, in engine.InstanceDescription) []ui.KeyValue {
	image := ui.Link("/ec2/images/"+in.ImageID, in.ImageID)
	if in.AMIGone {
		image = ui.Text(in.ImageID)
	}
	protection := i18n.T(ctx, "common.disabled")
	if in.DisableApiTermination {
		protection = i18n.T(ctx, "common.enabled")
	}
	return []ui.KeyValue{
		{Label: i18n.T(ctx, "instances.ami_id"), Value: image},
		{Label: i18n.T(ctx, "instances.ami_name"), Value: orNone(in.ImageName)},
		{Label: i18n.T(ctx, "instances.platform"), Value: ui.Text("Linux/UNIX")},
		{Label: i18n.T(ctx, "instances.launched"), Value: ui.Time(in.LaunchTime)},
		{Label: i18n.T(ctx, "instances.termination_protection"), Value: ui.Text(protection)},
		{Label: i18n.T(ctx, "instances.shutdown"), Value: ui.Text(shutdownText(ctx, in.ShutdownBehavior))},
		{Label: i18n.T(ctx, "instances.key_assigned"), Value: orNone(in.KeyName)},
		{Label: i18n.T(ctx, "instances.reservation"), Value: ui.Text(in.ReservationID)},
		{Label: i18n.T(ctx, "instances.launch_index"), Value: ui.Text(itoa(in.LaunchIndex))},
		{Label: i18n.T(ctx, "instances.transition"), Value: orNone(in.StateTransitionReason)},
		{Label: i18n.T(ctx, "instances.transition_message"), Value: orNone(i18n.Say(ctx, in.StateReason.Message))},
		{Label: i18n.T(ctx, "instances.user_data"), Value: orNone(userDataText(ctx, in))},
		{Label: i18n.T(ctx, "instances.balancers"), Value: balancerLinks(in)},
	}
}

// shutdownText is what a shutdown from inside does, in the words of the launch page.
func shutdownText(ctx context.Context, behavior string) string {
	if behavior == "terminate" {
		return i18n.T(ctx, "launch.terminate")
	}
	return i18n.T(ctx, "launch.stop")
}

// balancerLinks are the load balancers that the instance is registered with.
func balancerLinks(in engine.InstanceDescription) templ.Component {
	if len(in.LoadBalancers) == 0 {
		return ui.None()
	}
	links := make([]templ.Component, len(in.LoadBalancers))
	for n, name := range in.LoadBalancers {
		links[n] = ui.Link("/ec2/load-balancers/"+name, name)
	}
	return ui.Join(", ", links...)
}

// userDataText says how much there is, not what: user data may hold secrets.
func userDataText(ctx context.Context, in engine.InstanceDescription) string {
	if len(in.UserData) == 0 {
		return ""
	}
	return i18n.T(ctx, "instances.user_data_size", i18n.V{"Size": Bytes(int64(len(in.UserData)))})
}

func instanceNetworking(ctx context.Context, in engine.InstanceDescription) []ui.KeyValue {
	n := in.Interface
	return []ui.KeyValue{
		{Label: i18n.T(ctx, "instances.public_ip"), Value: siteLink(ctx, in.PublicDNS, publicIP(in)), Copy: publicIP(in)},
		{Label: i18n.T(ctx, "instances.private_ip"), Value: orNone(privateIP(in)), Copy: privateIP(in)},
		{Label: "VPC ID", Value: orNone(n.VPCID), Copy: n.VPCID},
		{Label: i18n.T(ctx, "instances.public_dns"), Value: siteLink(ctx, in.PublicDNS, Address(ctx, in.PublicDNS)), Copy: Address(ctx, in.PublicDNS)},
		{Label: i18n.T(ctx, "instances.private_dns"), Value: orNone(in.PrivateDNS), Copy: in.PrivateDNS},
		{Label: i18n.T(ctx, "instances.subnet_id"), Value: orNone(n.SubnetID), Copy: n.SubnetID},
		{Label: i18n.T(ctx, "common.zone"), Value: orNone(n.AvailabilityZone)},
		{Label: i18n.T(ctx, "instances.interface"), Value: orNone(n.ID), Copy: n.ID},
		{Label: i18n.T(ctx, "instances.direct"), Value: orNone(in.DirectAddress), Copy: in.DirectAddress},
	}
}

func oneCheck(ctx context.Context, in engine.InstanceDescription, ok bool) templ.Component {
	switch {
	case in.StatusSummary == engine.StatusNotApplicable:
		return ui.None()
	case in.StatusSummary == engine.StatusInitializing:
		return ui.Status(ui.StatusPending, i18n.T(ctx, "instances.initializing"))
	case ok:
		return ui.Status(ui.StatusSuccess, i18n.T(ctx, "instances.passed"))
	}
	return ui.Status(ui.StatusError, cmp.Or(strings.TrimSpace(i18n.Say(ctx, in.Failure)), i18n.T(ctx, "instances.failed")))
}
