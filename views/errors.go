package views

import (
	"context"

	"elbow/views/i18n"
	"elbow/views/ui"
)

// errorFacts are the small print of an error page: what to quote when asking for help.
func errorFacts(ctx context.Context, e Error) []ui.KeyValue {
	facts := []ui.KeyValue{{Label: i18n.T(ctx, "error.status"), Value: ui.Text(e.status())}}
	if e.Code != "" {
		facts = append(facts, ui.KeyValue{Label: i18n.T(ctx, "error.code"), Value: ui.Mono(e.Code)})
	}
	if e.RequestID != "" {
		facts = append(facts, ui.KeyValue{Label: i18n.T(ctx, "error.request_id"), Value: ui.Mono(e.RequestID), Copy: e.RequestID})
	}
	return facts
}
