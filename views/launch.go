package views

import (
	"context"
	"fmt"

	"elbow/engine"
	"elbow/engine/compute"
	"elbow/engine/network"
	"elbow/views/i18n"
	"elbow/views/ui"
)

// launchFields are the fields that the launch page shows a fault at.
func launchFields() []string {
	return []string{
		"name", "tags", "image_id", "type", "key_name", "subnet_id", "group_name", "group_description",
		"group_ids", "shutdown_behavior", "user_data", "count",
	}
}

// imageOptions are the images to launch from: the account's own, or the base images.
func imageOptions(ctx context.Context, images []engine.ImageDescription, own bool) []ui.Option {
	var options []ui.Option
	for _, i := range images {
		if own != (i.Base == "") {
			continue
		}
		text := i18n.Say(ctx, i.Description)
		if i.State != compute.ImageAvailable {
			text = imageStateText(ctx, i.State)
		}
		if text != "" {
			text += " · "
		}
		options = append(options, ui.Option{Value: i.ID, Text: i.Name, Description: text + i.ID, Disabled: i.State != compute.ImageAvailable})
	}
	return options
}

func typeOptions(ctx context.Context, types []compute.InstanceType) []ui.Option {
	options := make([]ui.Option, len(types))
	for i, t := range types {
		text := i18n.T(ctx, "launch.type_option", i18n.V{"Type": t.Name, "CPUs": t.VCPU, "Memory": fmt.Sprint(t.MemoryGiB)})
		if t.FreeTier {
			text += " · " + i18n.T(ctx, "launch.free_tier")
		}
		options[i] = ui.Option{Value: t.Name, Text: text}
	}
	return options
}

func keyOptions(ctx context.Context, keys []compute.KeyPair) []ui.Option {
	options := []ui.Option{
		{Value: "", Text: i18n.T(ctx, "launch.choose_key")},
		{Value: NoKeyPair, Text: i18n.T(ctx, "launch.no_key")},
	}
	for _, k := range keys {
		options = append(options, ui.Option{Value: k.Name, Text: k.Name})
	}
	return options
}

func subnetOptions(ctx context.Context, subnets []network.Subnet) []ui.Option {
	options := []ui.Option{{Value: "", Text: i18n.T(ctx, "launch.any_subnet")}}
	for _, s := range subnets {
		options = append(options, ui.Option{Value: s.ID, Text: s.AvailabilityZone + " · " + s.ID + " · " + s.CIDR.String()})
	}
	return options
}

func groupOptions(groups []engine.SecurityGroupDescription) []ui.Option {
	options := make([]ui.Option, len(groups))
	for i, g := range groups {
		options[i] = ui.Option{Value: g.ID, Text: g.Name, Description: g.ID + " · " + g.Description}
	}
	return options
}

func fromOptions(ctx context.Context) []ui.Option {
	mine := i18n.T(ctx, "security_groups.my_ip")
	if ip := ui.PageOf(ctx).ClientIP; ip != "" {
		mine += " (" + ip + "/32)"
	}
	return []ui.Option{
		{Value: "anywhere", Text: i18n.T(ctx, "launch.anywhere")},
		{Value: "myip", Text: mine},
	}
}
