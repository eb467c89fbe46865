package views

import (
	"context"

	"elbow/engine/compute"
	"elbow/views/i18n"
)

func yesNo(ctx context.Context, yes bool) string {
	if yes {
		return i18n.T(ctx, "common.yes")
	}
	return i18n.T(ctx, "common.no")
}

// bootText says whether the service starts at boot, in systemctl's words.
func bootText(ctx context.Context, s compute.Service) string {
	switch {
	case !s.Installed:
		return "-"
	case s.Enabled:
		return i18n.T(ctx, "services.enabled")
	}
	return i18n.T(ctx, "services.disabled")
}
