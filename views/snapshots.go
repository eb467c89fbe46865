package views

import (
	"cmp"
	"context"
	"strconv"

	"github.com/a-h/templ"

	"elbow/engine"
	"elbow/engine/compute"
	"elbow/views/i18n"
	"elbow/views/ui"
)

func snapshotList(ctx context.Context) ui.List[engine.SnapshotDescription] {
	type row = engine.SnapshotDescription
	return ui.List[row]{
		ID: "snapshots", Selection: ui.SelectMany, Sort: "started", Desc: true,
		Key: func(s row) string { return s.ID },
		Columns: []ui.Col[row]{
			{ID: "name", Label: i18n.T(ctx, "common.name"), Text: func(s row) string { return s.Tags["Name"] }},
			{ID: "id", Label: i18n.T(ctx, "snapshots.id"), Fixed: true, Text: func(s row) string { return s.ID }},
			{ID: "size", Label: i18n.T(ctx, "snapshots.size"), Text: func(s row) string { return strconv.Itoa(s.SizeGiB) + " GiB" },
				Compare: func(a, b row) int { return cmp.Compare(a.SizeGiB, b.SizeGiB) }},
			{ID: "stored", Label: i18n.T(ctx, "snapshots.stored"), Text: func(s row) string { return Bytes(s.Bytes) },
				Compare: func(a, b row) int { return cmp.Compare(a.Bytes, b.Bytes) }},
			{ID: "description", Label: i18n.T(ctx, "common.description"), Text: func(s row) string { return s.Description }},
			{ID: "status", Label: i18n.T(ctx, "common.status"), Text: func(s row) string { return snapshotStateText(ctx, s.State) },
				Cell: func(s row) templ.Component { return snapshotStatus(ctx, s.State) }},
			{ID: "started", Label: i18n.T(ctx, "snapshots.started"), Text: func(s row) string { return i18n.Time(ctx, s.StartedAt) },
				Compare: func(a, b row) int { return a.StartedAt.Compare(b.StartedAt) }},
			{ID: "image", Label: i18n.T(ctx, "snapshots.image"), Text: func(s row) string { return s.ImageID },
				Cell: func(s row) templ.Component { return linkOrNone("/ec2/images/", s.ImageID) }},
		},
	}
}

func snapshotStateText(ctx context.Context, s compute.SnapshotState) string {
	switch s {
	case compute.SnapshotPending:
		return i18n.T(ctx, "snapshots.pending")
	case compute.SnapshotCompleted:
		return i18n.T(ctx, "snapshots.completed")
	case compute.SnapshotError:
		return i18n.T(ctx, "snapshots.error")
	}
	return string(s)
}

func snapshotStatus(ctx context.Context, s compute.SnapshotState) templ.Component {
	kind := ui.StatusPending
	switch s {
	case compute.SnapshotCompleted:
		kind = ui.StatusSuccess
	case compute.SnapshotError:
		kind = ui.StatusError
	case compute.SnapshotPending:
	}
	return ui.Status(kind, snapshotStateText(ctx, s))
}

// linkOrNone links an id below a path, or is the dash that stands for nothing.
func linkOrNone(path, id string) templ.Component {
	if id == "" {
		return ui.None()
	}
	return ui.Link(path+id, id)
}

// hiddenIDs carries ids along in a form.
func hiddenIDs(ids []string) []ui.Hidden {
	hidden := make([]ui.Hidden, len(ids))
	for i, id := range ids {
		hidden[i] = ui.Hidden{Name: "id", Value: id}
	}
	return hidden
}
