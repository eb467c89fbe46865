package views

import (
	"context"
	"encoding/base64"

	"elbow/engine"
	"elbow/engine/compute"
	"elbow/engine/fault"
	"elbow/views/i18n"
	"elbow/views/ui"
)

func keyPairList(ctx context.Context) ui.List[compute.KeyPair] {
	type row = compute.KeyPair
	return ui.List[row]{
		ID: "key-pairs", Selection: ui.SelectMany, Sort: "name",
		Key: func(k row) string { return k.Name },
		Columns: []ui.Col[row]{
			{ID: "name", Label: i18n.T(ctx, "common.name"), Fixed: true, Text: func(k row) string { return k.Name }},
			{ID: "type", Label: i18n.T(ctx, "common.type"), Text: func(k row) string { return k.Type }},
			{ID: "created", Label: i18n.T(ctx, "common.created"), Text: func(k row) string { return i18n.Time(ctx, k.CreatedAt) },
				Compare: func(a, b row) int { return a.CreatedAt.Compare(b.CreatedAt) }},
			{ID: "fingerprint", Label: i18n.T(ctx, "key_pairs.fingerprint"), Text: func(k row) string { return k.Fingerprint }},
			{ID: "id", Label: i18n.T(ctx, "common.id"), Text: func(k row) string { return k.ID }},
		},
	}
}

func keyPairDetails(ctx context.Context, k compute.KeyPair) []ui.KeyValue {
	return []ui.KeyValue{
		{Label: i18n.T(ctx, "common.name"), Value: ui.Text(k.Name)},
		{Label: i18n.T(ctx, "common.type"), Value: ui.Text(k.Type)},
		{Label: i18n.T(ctx, "common.id"), Value: ui.Text(k.ID), Copy: k.ID},
		{Label: i18n.T(ctx, "key_pairs.fingerprint"), Value: ui.Text(k.Fingerprint), Copy: k.Fingerprint},
	}
}

func keyPairHead(ctx context.Context, title string) Head {
	return Head{Title: title, Nav: "/ec2/key-pairs", FormPage: true, Crumbs: []ui.Crumb{
		{Text: "EC2", Href: "/ec2/"}, {Text: i18n.T(ctx, "key_pairs.title"), Href: "/ec2/key-pairs"}, {Text: title},
	}}
}

// privateKeyURL holds the private key itself, so that it is downloaded from the page
// that shows it and no address ever serves it.
func privateKeyURL(k engine.CreatedKeyPair) string {
	return "data:application/x-pem-file;base64," + base64.StdEncoding.EncodeToString(k.PrivateKey)
}

// tagsFault is the sentence for the tags editor, when that is what was wrong.
func tagsFault(ctx context.Context, f *fault.Error) string { return ui.FaultAt(ctx, f, "tags") }
