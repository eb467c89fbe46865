package views

import (
	"cmp"
	"context"
	"fmt"
	"strconv"
	"strings"

	"github.com/a-h/templ"

	"elbow/engine"
	"elbow/engine/compute"
	"elbow/views/i18n"
	"elbow/views/ui"
)

// imageList describes the table of images.
func imageList(ctx context.Context) ui.List[engine.ImageDescription] {
	return ui.List[engine.ImageDescription]{
		ID: "images", Selection: ui.SelectMany, Sort: "created", Desc: true,
		Key:   func(i engine.ImageDescription) string { return i.ID },
		Name:  func(i engine.ImageDescription) string { return i.Name },
		Allow: imageAllows,
		Columns: []ui.Col[engine.ImageDescription]{
			{ID: "tag", Label: i18n.T(ctx, "common.name"), Text: func(i engine.ImageDescription) string { return i.Tags["Name"] }},
			{ID: "id", Label: i18n.T(ctx, "images.id"), Fixed: true, Text: func(i engine.ImageDescription) string { return i.ID },
				Cell: func(i engine.ImageDescription) templ.Component { return ui.Link("/ec2/images/"+i.ID, i.ID) }},
			{ID: "name", Label: i18n.T(ctx, "images.name"), Text: func(i engine.ImageDescription) string { return i.Name }},
			{ID: "status", Label: i18n.T(ctx, "common.status"), Text: func(i engine.ImageDescription) string { return imageStateText(ctx, i.State) },
				Cell: func(i engine.ImageDescription) templ.Component { return imageProgress(i) }},
			{ID: "source", Label: i18n.T(ctx, "common.source"), Text: func(i engine.ImageDescription) string { return imageSource(ctx, i) }},
			{ID: "owner", Label: i18n.T(ctx, "common.owner"), Hidden: true, Text: func(i engine.ImageDescription) string { return imageOwner(ctx, i) }},
			{ID: "visibility", Label: i18n.T(ctx, "images.visibility"), Text: func(i engine.ImageDescription) string { return imageVisibility(ctx, i) }},
			{ID: "created", Label: i18n.T(ctx, "images.created"), Text: func(i engine.ImageDescription) string { return i18n.Time(ctx, i.CreatedAt) },
				Compare: func(a, b engine.ImageDescription) int { return a.CreatedAt.Compare(b.CreatedAt) }},
			{ID: "platform", Label: i18n.T(ctx, "images.platform"), Hidden: true, Text: func(engine.ImageDescription) string { return "Linux/UNIX" }},
			{ID: "root", Label: i18n.T(ctx, "images.root"), Hidden: true, Text: func(engine.ImageDescription) string { return "ebs" }},
			{ID: "description", Label: i18n.T(ctx, "common.description"), Text: func(i engine.ImageDescription) string { return i18n.Say(ctx, i.Description) }},
		},
	}
}

// imageAllows are the actions that an image's row permits.
func imageAllows(i engine.ImageDescription) []string {
	var allowed []string
	if i.State == compute.ImageAvailable {
		allowed = append(allowed, "launch")
	}
	if i.Base == "" {
		allowed = append(allowed, "deregister")
	}
	return allowed
}

func imageStateText(ctx context.Context, s compute.ImageState) string {
	switch s {
	case compute.ImagePending:
		return i18n.T(ctx, "images.pending")
	case compute.ImageAvailable:
		return i18n.T(ctx, "images.available")
	case compute.ImageFailed:
		return i18n.T(ctx, "images.failed")
	}
	return string(s)
}

func imageStatus(ctx context.Context, i engine.ImageDescription) templ.Component {
	kind := ui.StatusPending
	switch i.State {
	case compute.ImageAvailable:
		kind = ui.StatusSuccess
	case compute.ImageFailed:
		kind = ui.StatusError
	case compute.ImagePending:
	}
	return ui.Status(kind, imageStateText(ctx, i.State))
}

func imageSource(ctx context.Context, i engine.ImageDescription) string {
	return imageOwner(ctx, i) + "/" + i.Name
}

func imageOwner(ctx context.Context, i engine.ImageDescription) string {
	return cmp.Or(i.OwnerAlias, ui.PageOf(ctx).AccountID)
}

func imageVisibility(ctx context.Context, i engine.ImageDescription) string {
	if i.Base != "" {
		return i18n.T(ctx, "images.is_public")
	}
	return i18n.T(ctx, "images.is_private")
}

func imageHeading(i engine.ImageDescription) string {
	if name := i.Tags["Name"]; name != "" {
		return fmt.Sprintf("%s (%s)", i.ID, name)
	}
	return i.ID
}

func imageSummary(ctx context.Context, i engine.ImageDescription) []ui.KeyValue {
	return []ui.KeyValue{
		{Label: i18n.T(ctx, "images.id"), Value: ui.Text(i.ID), Copy: i.ID},
		{Label: i18n.T(ctx, "images.name"), Value: ui.Text(i.Name)},
		{Label: i18n.T(ctx, "common.status"), Value: imageProgress(i)},
		{Label: i18n.T(ctx, "images.created"), Value: ui.Time(i.CreatedAt)},
		{Label: i18n.T(ctx, "common.source"), Value: ui.Text(imageSource(ctx, i))},
		{Label: i18n.T(ctx, "images.visibility"), Value: ui.Text(imageVisibility(ctx, i))},
		{Label: i18n.T(ctx, "common.description"), Value: orNone(i18n.Say(ctx, i.Description))},
		{Label: i18n.T(ctx, "images.reason"), Value: orNone(i18n.Say(ctx, i.StateReason))},
	}
}

func imageDetails(ctx context.Context, i engine.ImageDescription) []ui.KeyValue {
	source := ui.None()
	if i.SourceInstanceID != "" {
		source = ui.Link("/ec2/instances/"+i.SourceInstanceID, i.SourceInstanceID)
	}
	return []ui.KeyValue{
		{Label: i18n.T(ctx, "images.platform"), Value: ui.Text("Linux/UNIX")},
		{Label: i18n.T(ctx, "images.architecture"), Value: ui.Text("x86_64")},
		{Label: i18n.T(ctx, "images.root"), Value: ui.Text("ebs")},
		{Label: i18n.T(ctx, "images.virtualization"), Value: ui.Text("hvm")},
		{Label: i18n.T(ctx, "images.source_instance"), Value: source},
		{Label: i18n.T(ctx, "images.used_by"), Value: ui.Text(i18n.N(ctx, "images.instances", i.Instances))},
	}
}

func imageIDs(images []engine.ImageDescription) []ui.Hidden {
	hidden := make([]ui.Hidden, len(images))
	for i, image := range images {
		hidden[i] = ui.Hidden{Name: "id", Value: image.ID}
	}
	return hidden
}

func scopeVariant(on bool) ui.Variant {
	if on {
		return ui.Normal
	}
	return ui.LinkStyle
}

func current(on bool) templ.Attributes {
	if on {
		return templ.Attributes{"aria-current": "page"}
	}
	return nil
}

// orNone is the text, or the dash that stands for nothing.
func orNone(text string) templ.Component {
	if strings.TrimSpace(text) == "" {
		return ui.None()
	}
	return ui.Text(text)
}

// Bytes writes a size as a person reads it, in powers of 1,024.
func Bytes(n int64) string {
	if n < 1024 {
		return fmt.Sprintf("%d B", n)
	}
	size, unit := float64(n), 0
	for size >= 1024 && unit < 4 {
		size, unit = size/1024, unit+1
	}
	return fmt.Sprintf("%.1f %ciB", size, " KMGT"[unit])
}

func itoa(n int) string { return strconv.Itoa(n) }
