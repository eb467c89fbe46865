package compute

import (
	"slices"

	"elbow/engine/fault"
)

// Code is the number that AWS gives the state; only its low byte counts. An unknown state
// has the code -1. Source: EC2 API, InstanceState.
func (s State) Code() int {
	switch s {
	case Pending:
		return 0
	case Running:
		return 16
	case ShuttingDown:
		return 32
	case Terminated:
		return 48
	case Stopping:
		return 64
	case Stopped:
		return 80
	}
	return -1
}

// States lists every state in the order of its code.
func States() []State {
	return []State{Pending, Running, ShuttingDown, Terminated, Stopping, Stopped}
}

// Next lists the states that can directly follow s. Source: EC2 User Guide, instance lifecycle.
func (s State) Next() []State {
	switch s {
	case Pending:
		return []State{Running, Stopping, ShuttingDown}
	case Running:
		return []State{Stopping, ShuttingDown}
	case Stopping:
		return []State{Stopped, ShuttingDown}
	case Stopped:
		return []State{Pending, ShuttingDown}
	case ShuttingDown:
		return []State{Terminated}
	}
	return nil
}

// Action is something a person asks of an instance, whose legality depends on its state.
type Action string

// The actions on an instance.
const (
	ActionStart            Action = "start"
	ActionStop             Action = "stop"
	ActionReboot           Action = "reboot"
	ActionTerminate        Action = "terminate"
	ActionCreateImage      Action = "create-image"
	ActionChangeType       Action = "change-type"
	ActionChangeUserData   Action = "change-user-data"
	ActionChangeGroups     Action = "change-groups"
	ActionChangeProtection Action = "change-protection"
)

// Actions lists every action.
func Actions() []Action {
	return []Action{
		ActionStart, ActionStop, ActionReboot, ActionTerminate, ActionCreateImage,
		ActionChangeType, ActionChangeUserData, ActionChangeGroups, ActionChangeProtection,
	}
}

// Applies reports whether the action would do something in state s. The console offers
// only these; the API also accepts a few that do nothing, for which see Check.
func (a Action) Applies(s State) bool {
	switch a {
	case ActionStart, ActionChangeType, ActionChangeUserData:
		return s == Stopped
	case ActionStop:
		return s == Running || s == Pending
	case ActionReboot:
		return s == Running
	case ActionTerminate:
		return s != ShuttingDown && s != Terminated
	case ActionCreateImage, ActionChangeGroups, ActionChangeProtection:
		return s == Running || s == Stopped
	}
	return false
}

// idle lists the states in which the API takes the action as done already or beside the
// point, and answers with success. Source: EC2 API, RebootInstances, TerminateInstances.
func (a Action) idle() []State {
	switch a {
	case ActionStart:
		return []State{Running, Pending}
	case ActionStop:
		return []State{Stopping, Stopped}
	case ActionReboot:
		return []State{Terminated}
	case ActionTerminate:
		return []State{ShuttingDown, Terminated}
	}
	return nil
}

// Allowed is nil when the action may be asked for in state s, and AWS's fault without an
// instance id otherwise; Check says it with the id.
func Allowed(a Action, s State) error { return a.Check("", s) }

// Check is nil when the API accepts the action on instance id in state s, be it that
// nothing is left to do, and an IncorrectInstanceState fault in AWS's words otherwise.
func (a Action) Check(id string, s State) error {
	if a.Applies(s) || slices.Contains(a.idle(), s) {
		return nil
	}
	return a.refusal(id, s)
}

func (a Action) refusal(id string, s State) error {
	const code = "IncorrectInstanceState"
	switch a {
	case ActionStart:
		return fault.New(fault.Forbidden, code, "The instance '%s' is not in a state from which it can be started.", id)
	case ActionStop:
		return fault.New(fault.Forbidden, code, "This instance '%s' is not in a state from which it can be stopped.", id)
	case ActionReboot:
		return fault.New(fault.Forbidden, code, "The instance '%s' is not in a state from which it can be rebooted.", id)
	case ActionCreateImage:
		return fault.New(fault.Forbidden, code, "The instance '%s' is not in a state from which an image can be created. It must be running or stopped.", id)
	case ActionChangeType, ActionChangeUserData:
		return fault.New(fault.Forbidden, code, "The instance '%s' is not in the 'stopped' state.", id)
	}
	return fault.New(fault.Forbidden, code, "The instance '%s' is in the state '%s', in which this cannot be changed.", id, string(s))
}
