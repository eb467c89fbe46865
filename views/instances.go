package views

import (
	"cmp"
	"context"
	"slices"
	"strings"

	"github.com/a-h/templ"

	"elbow/engine"
	"elbow/engine/fault"
	"elbow/views/i18n"
	"elbow/views/ui"
)

// CreateImageForm is what was typed into the page that creates an image.
type CreateImageForm struct {
	Instance    engine.InstanceDescription
	Name        string
	Description string
	Reboot      bool
	Tags        []ui.Tag
	Fault       *fault.Error
}

// ChangeGroupsForm is what was chosen on the page that changes an instance's groups.
type ChangeGroupsForm struct {
	Instance engine.InstanceDescription
	Groups   []engine.SecurityGroupDescription
	Selected []string
	Fault    *fault.Error
}

func instanceList(ctx context.Context) ui.List[engine.InstanceDescription] {
	type row = engine.InstanceDescription
	return ui.List[row]{
		ID: "instances", Selection: ui.SelectMany, Sort: "launched", Desc: true,
		Key:   func(i row) string { return i.ID },
		Name:  func(i row) string { return cmp.Or(i.Name(), i.ID) },
		Allow: instanceAllows,
		Columns: []ui.Col[row]{
			{ID: "name", Label: i18n.T(ctx, "common.name"), Text: func(i row) string { return i.Name() }},
			{ID: "id", Label: i18n.T(ctx, "instances.id"), Fixed: true, Text: func(i row) string { return i.ID },
				Cell: func(i row) templ.Component { return ui.Link("/ec2/instances/"+i.ID, i.ID) }},
			{ID: "state", Label: i18n.T(ctx, "instances.state"), Text: func(i row) string { return InstanceStateText(ctx, string(i.State)) },
				Cell: func(i row) templ.Component { return InstanceStatus(string(i.State)) }},
			{ID: "type", Label: i18n.T(ctx, "instances.type"), Text: func(i row) string { return i.Type }},
			{ID: "check", Label: i18n.T(ctx, "instances.check"), Text: func(i row) string { return checkText(ctx, i) },
				Cell: func(i row) templ.Component { return checkStatus(ctx, i) }},
			{ID: "zone", Label: i18n.T(ctx, "common.zone"), Text: func(i row) string { return i.Interface.AvailabilityZone }},
			{ID: "dns", Label: i18n.T(ctx, "instances.public_dns"), Text: func(i row) string { return i.PublicDNS },
				Cell: func(i row) templ.Component { return siteLink(ctx, i.PublicDNS, Address(ctx, i.PublicDNS)) }},
			{ID: "public", Label: i18n.T(ctx, "instances.public_ip"), Text: publicIP,
				Cell: func(i row) templ.Component { return siteLink(ctx, i.PublicDNS, publicIP(i)) }},
			{ID: "private", Label: i18n.T(ctx, "instances.private_ip"), Hidden: true, Text: privateIP},
			{ID: "groups", Label: i18n.T(ctx, "instances.groups"), Text: groupNames},
			{ID: "key", Label: i18n.T(ctx, "instances.key"), Text: func(i row) string { return i.KeyName }},
			{ID: "launched", Label: i18n.T(ctx, "instances.launched"), Text: func(i row) string { return i18n.Time(ctx, i.LaunchTime) },
				Compare: func(a, b row) int { return a.LaunchTime.Compare(b.LaunchTime) }},
		},
	}
}

// instanceAllows are the actions that the instance's state permits, by their own words.
func instanceAllows(i engine.InstanceDescription) []string {
	actions := engine.AllowedActions(i.State)
	words := make([]string, len(actions))
	for n, a := range actions {
		words[n] = string(a)
	}
	return words
}

// instanceMenu is the Actions menu, for a list's form or for one instance's page.
func instanceMenu(ctx context.Context, form string) []ui.MenuGroup {
	one := func(text, to, action string) ui.MenuItem {
		return ui.MenuItem{Text: text, Post: "/ec2/instances/open", Name: "to", Value: to, Form: form, Needs: ui.Needs{Min: 1, Max: 1, Action: action}}
	}
	return []ui.MenuGroup{
		{Items: []ui.MenuItem{one(i18n.T(ctx, "instances.view"), "details", "")}},
		{Label: i18n.T(ctx, "instances.settings"), Items: []ui.MenuItem{
			{Text: i18n.T(ctx, "instances.protection"), Dialog: "protection", Form: form, Needs: ui.Needs{Min: 1, Max: 1, Action: "change-protection"}},
			one(i18n.T(ctx, "tags.manage"), "tags", ""),
		}},
		{Label: i18n.T(ctx, "instances.security"), Items: []ui.MenuItem{one(i18n.T(ctx, "instances.change_groups"), "groups", "change-groups")}},
		{Label: i18n.T(ctx, "instances.image_and_templates"), Items: []ui.MenuItem{one(i18n.T(ctx, "instances.create_image"), "create-image", "create-image")}},
	}
}

func checkText(ctx context.Context, i engine.InstanceDescription) string {
	switch i.StatusSummary {
	case engine.StatusInitializing:
		return i18n.T(ctx, "instances.initializing")
	case engine.StatusOK:
		return i18n.T(ctx, "instances.checks", i18n.V{"Passed": 2})
	case engine.StatusImpaired:
		return i18n.T(ctx, "instances.checks", i18n.V{"Passed": passedChecks(i)})
	}
	return "-"
}

func passedChecks(i engine.InstanceDescription) int {
	n := 0
	for _, ok := range []bool{i.Status.SystemOK, i.Status.InstanceOK} {
		if ok {
			n++
		}
	}
	return n
}

func checkStatus(ctx context.Context, i engine.InstanceDescription) templ.Component {
	switch i.StatusSummary {
	case engine.StatusInitializing:
		return ui.Status(ui.StatusPending, checkText(ctx, i))
	case engine.StatusOK:
		return ui.Status(ui.StatusSuccess, checkText(ctx, i))
	case engine.StatusImpaired:
		return ui.Status(ui.StatusError, checkText(ctx, i))
	}
	return ui.None()
}

// siteLink opens a public name on the port that the person is on.
func siteLink(ctx context.Context, name, text string) templ.Component {
	if name == "" {
		return ui.None()
	}
	return ui.ExternalLink(SiteURL(ctx, name), text)
}

// Address is a public name with the port that the person is on, where that is not 80: as
// it is written, it opens.
func Address(ctx context.Context, name string) string {
	if name == "" {
		return ""
	}
	return name + ui.PageOf(ctx).Port
}

// SiteURL is the address of a public name on the port that the person is on.
func SiteURL(ctx context.Context, name string) string {
	return "http://" + Address(ctx, name) + "/"
}

// ResolveLine is a command that reaches a public name wherever it does not resolve.
func ResolveLine(ctx context.Context, name string) string {
	port := strings.TrimPrefix(cmp.Or(ui.PageOf(ctx).Port, ":80"), ":")
	return "curl --resolve " + name + ":" + port + ":127.0.0.1 " + SiteURL(ctx, name)
}

func publicIP(i engine.InstanceDescription) string {
	if !i.Interface.PublicIP.IsValid() {
		return ""
	}
	return i.Interface.PublicIP.String()
}

func privateIP(i engine.InstanceDescription) string {
	if !i.Interface.PrivateIP.IsValid() {
		return ""
	}
	return i.Interface.PrivateIP.String()
}

func groupNames(i engine.InstanceDescription) string {
	names := make([]string, 0, len(i.Interface.Groups))
	for _, id := range i.Interface.Groups {
		names = append(names, i.GroupNames[id])
	}
	slices.Sort(names)
	return strings.Join(names, ", ")
}

// instanceTitle is the id, with the name where there is one.
func instanceTitle(i engine.InstanceDescription) string {
	if i.Name() == "" {
		return i.ID
	}
	return i.ID + " (" + i.Name() + ")"
}

// instanceIDs carries the instances along in a form, and where to go afterwards.
func instanceIDs(instances []engine.InstanceDescription, back string) []ui.Hidden {
	hidden := []ui.Hidden{{Name: "back", Value: back}}
	for _, i := range instances {
		hidden = append(hidden, ui.Hidden{Name: "id", Value: i.ID})
	}
	return hidden
}

func instanceHead(ctx context.Context, i engine.InstanceDescription, title string) Head {
	return Head{Title: title, Nav: "/ec2/instances", FormPage: true, Crumbs: []ui.Crumb{
		{Text: "EC2", Href: "/ec2/"}, {Text: i18n.T(ctx, "instances.title"), Href: "/ec2/instances"},
		{Text: i.ID, Href: "/ec2/instances/" + i.ID}, {Text: title},
	}}
}
