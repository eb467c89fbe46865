package engine

import (
	"context"
	"time"

	"elbow/engine/compute"
	"elbow/engine/fault"
)

// StateChange is what Start, Stop, Reboot and TerminateInstances say of one instance.
// Both states are the same where nothing was left to do.
type StateChange struct {
	InstanceID        string
	Previous, Current compute.State
}

// StartInstances starts stopped instances, all or none: the private address stays, and an
// instance launched with a public address gets a new one. One that is running or pending
// already is left as it is. Faults: InvalidInstanceID.*, IncorrectInstanceState,
// InstanceLimitExceeded. Source: EC2 API, StartInstances.
func (e *Engine) StartInstances(ctx context.Context, ids ...string) ([]StateChange, error) {
	return e.move(ctx, "StartInstances", compute.ActionStart, ids, e.start)
}

// StopInstances stops running instances, all or none, and releases their public
// addresses. One that is stopping or stopped already is left as it is. Faults:
// InvalidInstanceID.*, IncorrectInstanceState. Source: EC2 API, StopInstances.
func (e *Engine) StopInstances(ctx context.Context, ids ...string) ([]StateChange, error) {
	return e.move(ctx, "StopInstances", compute.ActionStop, ids, e.stop)
}

// RebootInstances boots running instances anew, all or none; they keep every address and
// stay running. Terminated ones are passed over. Faults: InvalidInstanceID.*,
// IncorrectInstanceState. Source: EC2 API, RebootInstances.
func (e *Engine) RebootInstances(ctx context.Context, ids ...string) ([]StateChange, error) {
	return e.move(ctx, "RebootInstances", compute.ActionReboot, ids, reboot)
}

// TerminateInstances ends instances for good, all or none. The private address goes when
// the machine is gone, the public one at once. Repeating it succeeds. Faults:
// InvalidInstanceID.*, OperationNotPermitted for a protected instance. Source: EC2 API,
// TerminateInstances.
func (e *Engine) TerminateInstances(ctx context.Context, ids ...string) ([]StateChange, error) {
	return e.move(ctx, "TerminateInstances", compute.ActionTerminate, ids, e.terminate)
}

// move applies one action to all of the instances or to none: every one is checked before
// the first is changed.
func (e *Engine) move(ctx context.Context, operation string, a compute.Action, ids []string, apply func(*change, *compute.Instance) error) ([]StateChange, error) {
	var moved []StateChange
	err := e.do(ctx, operation, "", func(c *change) error {
		ids := distinct(ids)
		c.aboutAsked(ids)
		list, err := findInstances(c, ids)
		if err != nil {
			return err
		}
		if err := e.allMay(c, a, list); err != nil {
			return err
		}
		moved = make([]StateChange, len(list))
		for i := range list {
			if moved[i], err = e.moveOne(c, a, list[i], apply); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return moved, nil
}

// moveOne writes the instance as apply leaves it, unless the action has nothing to do.
func (e *Engine) moveOne(c *change, a compute.Action, in compute.Instance, apply func(*change, *compute.Instance) error) (StateChange, error) {
	was := e.stateOf(in)
	if !a.Applies(was) {
		return StateChange{InstanceID: in.ID, Previous: was, Current: was}, nil
	}
	if err := apply(c, &in); err != nil {
		return StateChange{}, err
	}
	c.touch("instance", in.ID)
	return StateChange{InstanceID: in.ID, Previous: was, Current: e.stateOf(in)}, c.PutInstance(in)
}

// allMay refuses the action when a single one of the instances does not allow it.
func (e *Engine) allMay(c *change, a compute.Action, list []compute.Instance) error {
	starting := 0
	for _, in := range list {
		state := e.stateOf(in)
		if err := may(a, in, state); err != nil {
			return err
		}
		if a == compute.ActionStart && a.Applies(state) {
			starting++
		}
	}
	return roomFor(c, starting)
}

// may is nil when the API accepts the action in the given state.
func may(a compute.Action, in compute.Instance, state compute.State) error {
	if a == compute.ActionTerminate && in.DisableApiTermination && a.Applies(state) {
		return fault.New(fault.Forbidden, "OperationNotPermitted", "The instance '%s' may not be terminated. Modify its 'disableApiTermination' instance attribute and try again.", in.ID)
	}
	return a.Check(in.ID, state)
}

func (e *Engine) start(c *change, in *compute.Instance) error {
	in.Goal, in.Boots, in.LaunchTime = compute.Run, in.Boots+1, c.at
	in.StateReason, in.StateTransitionReason = compute.Reason{}, ""
	if !in.AutoPublicIP || in.Interface.PublicIP.IsValid() {
		return nil
	}
	return e.givePublicIP(c, &in.Interface)
}

func (e *Engine) stop(c *change, in *compute.Instance) error {
	in.Goal = compute.Stop
	userInitiated(in, c.at)
	return e.releasePublicIP(c, &in.Interface, in.ID, "stopped")
}

func reboot(_ *change, in *compute.Instance) error {
	in.Boots++
	return nil
}

func (e *Engine) terminate(c *change, in *compute.Instance) error {
	in.Goal, in.TerminatedAt = compute.Terminate, c.at
	userInitiated(in, c.at)
	return e.releasePublicIP(c, &in.Interface, in.ID, "terminated")
}

// userInitiated writes why the state changes, in AWS's code and words.
func userInitiated(in *compute.Instance, at time.Time) {
	const code = "Client.UserInitiatedShutdown"
	in.StateReason = compute.Reason{Code: code, Message: code + ": User initiated shutdown"}
	in.StateTransitionReason = "User initiated (" + at.UTC().Format(time.DateTime) + " GMT)"
}

// stateOf is what the instance is doing now, seen from its record.
func (e *Engine) stateOf(in compute.Instance) compute.State {
	state, known := e.fleet.State(in.ID)
	return joinState(in, state, known)
}

// joinState joins what was asked with what the machine does. What was asked shows at
// once: a machine that runs while its goal is to stop is stopping, be it that the
// reconciler has not told it yet.
func joinState(in compute.Instance, machine compute.State, known bool) compute.State {
	switch in.Goal {
	case compute.Terminate:
		// The addresses are what the reconciler gives back last.
		if !in.Interface.PrivateIP.IsValid() {
			return compute.Terminated
		}
		return compute.ShuttingDown
	case compute.Stop:
		if !known || machine == compute.Stopped {
			return compute.Stopped
		}
		return compute.Stopping
	case compute.Run:
		if known && machine == compute.Running {
			return compute.Running
		}
	}
	return compute.Pending
}
