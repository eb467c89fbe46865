// Package health judges targets: pure streaks, probes on the wire, and the loop that
// runs one after the other.
//
// It owns a verdict's rules and how a probe is made. It never knows load balancers,
// registrations or firewalls: a target is an address, and the way to it a function.
// Record is a value and Observe is pure; a Probe may run from any goroutine; a Check
// reports from the goroutine that runs it, one result after the other, in order.
package health

// State is what is thought of a target.
type State int

// The states of a target. A new one is Initial until the first pass, or until it has
// failed as often as the threshold says.
const (
	Initial State = iota
	InService
	OutOfService
)

// String is the state's name.
func (s State) String() string {
	switch s {
	case InService:
		return "InService"
	case OutOfService:
		return "OutOfService"
	case Initial:
		return "Initial"
	}
	return "invalid state"
}

// Thresholds are how many equal results in a row turn a state; AWS allows 2 to 10 of each.
type Thresholds struct {
	Healthy   int // passes that bring a target back
	Unhealthy int // failures that take one out
}

// Record is what is known of a target. Passes and failures share one integer, so that a
// run of the one always ends the run of the other. The zero value is a new target's.
type Record struct {
	State  State
	Streak int // passes in a row when positive, failures in a row when negative
}

// Observe returns the record after one more result, and whether its state moved. A
// target that never failed often enough is in service with its first pass; one that was
// taken out needs Healthy passes in a row (AWS's guide, "Configure health checks").
func (r Record) Observe(ok bool, t Thresholds) (next Record, moved bool) {
	next = r
	if ok {
		next.Streak = max(r.Streak, 0) + 1
	} else {
		next.Streak = min(r.Streak, 0) - 1
	}
	switch {
	case ok && r.State == Initial, r.State == OutOfService && next.Streak >= t.Healthy:
		next.State = InService
	case r.State != OutOfService && -next.Streak >= t.Unhealthy:
		next.State = OutOfService
	}
	return next, next.State != r.State
}

// Restarted is the record with its streak forgotten: a changed health check counts from
// the beginning, and until it has counted far enough the old verdict stands.
func (r Record) Restarted() Record { return Record{State: r.State} }

// Passes is the number of passes in a row, 0 after a failure.
func (r Record) Passes() int { return max(r.Streak, 0) }

// Failures is the number of failures in a row, 0 after a pass.
func (r Record) Failures() int { return max(-r.Streak, 0) }
