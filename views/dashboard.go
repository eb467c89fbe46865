package views

import (
	"context"

	"elbow/engine"
	"elbow/engine/compute"
	"elbow/views/i18n"
	"elbow/views/ui"
)

// healthKind shows a load balancer as well only when all that is registered is in service.
func healthKind(b engine.LoadBalancerDescription) ui.StatusKind {
	switch {
	case b.Registered == 0:
		return ui.StatusStopped
	case b.InService == b.Registered:
		return ui.StatusSuccess
	case b.InService == 0:
		return ui.StatusError
	}
	return ui.StatusWarning
}

// stateKind is the indicator for an instance's state.
func stateKind(state string) ui.StatusKind {
	switch compute.State(state) {
	case compute.Running:
		return ui.StatusSuccess
	case compute.Pending, compute.Stopping, compute.ShuttingDown:
		return ui.StatusInProgress
	case compute.Stopped, compute.Terminated:
		return ui.StatusStopped
	}
	return ui.StatusInfo
}

// InstanceStateText is an instance's state in the console's words.
func InstanceStateText(ctx context.Context, state string) string {
	switch compute.State(state) {
	case compute.Pending:
		return i18n.T(ctx, "dashboard.pending")
	case compute.Running:
		return i18n.T(ctx, "dashboard.is_running")
	case compute.Stopping:
		return i18n.T(ctx, "dashboard.stopping")
	case compute.Stopped:
		return i18n.T(ctx, "dashboard.stopped")
	case compute.ShuttingDown:
		return i18n.T(ctx, "dashboard.shutting_down")
	case compute.Terminated:
		return i18n.T(ctx, "dashboard.terminated")
	}
	return state
}
