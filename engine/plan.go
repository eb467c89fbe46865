package engine

import (
	"time"

	"elbow/engine/compute"
	"elbow/engine/ident"
)

// keepTerminated is how long a terminated instance stays in the list, as in AWS's console.
const keepTerminated = time.Hour

// verb names what a step does.
type verb int

// The verbs of a plan, in the order in which a pass carries them out.
const (
	capture verb = iota // take the copy that a pending image is owed, then publish it
	boot                // start the machine, or start it anew
	halt                // stop the machine
	destroy             // stop the machine and remove its directory
	release             // give back the addresses of a machine that is gone
	forget              // drop the row of an instance that was terminated an hour ago
)

// step is one thing to do about one instance or image.
type step struct {
	verb     verb
	scope    ident.Scope
	instance compute.Instance
	image    compute.Image
}

// actual is what the machines are doing, as far as the plan needs it.
type actual struct {
	states   map[string]compute.State // absent: no machine was ever asked for in this process
	boots    map[string]int           // the Boots that each machine was last started with
	captured map[string]bool          // snapshots whose copy is complete
	bare     map[string]bool          // instances to be stopped that have no directory yet
	now      time.Time
}

// plan compares what was asked for with what is, and says what to do. It is pure, and
// the plan of a world that is as it should be is empty.
func plan(w World, is actual) []step {
	var steps []step
	for _, s := range w.Scopes {
		owed := map[string]bool{} // instances whose file system must not move yet
		for _, image := range s.Images {
			if image.State != compute.ImagePending {
				continue
			}
			if !is.bare[image.SourceInstanceID] {
				steps = append(steps, step{verb: capture, scope: s.Scope, image: image})
			}
			owed[image.SourceInstanceID] = owed[image.SourceInstanceID] || !is.captured[image.SnapshotID]
		}
		for _, in := range s.Instances {
			if v, ok := planInstance(in, is, owed[in.ID]); ok {
				steps = append(steps, step{verb: v, scope: s.Scope, instance: in})
			}
		}
	}
	return steps
}

// planInstance is the one step that an instance wants, if any. While a copy of it is owed
// and no machine is up (a crash came between), it waits: the copy is of that moment.
func planInstance(in compute.Instance, is actual, owed bool) (verb, bool) {
	state, known := is.states[in.ID]
	switch in.Goal {
	case compute.Run:
		up := known && (state == compute.Running || state == compute.Pending)
		return boot, !(owed && !known) && !(up && is.boots[in.ID] == in.Boots)
	case compute.Stop:
		if !known {
			return halt, is.bare[in.ID]
		}
		return halt, state != compute.Stopped && state != compute.Stopping
	case compute.Terminate:
		return planTermination(in, is, state, owed)
	}
	return 0, false
}

func planTermination(in compute.Instance, is actual, state compute.State, owed bool) (verb, bool) {
	switch {
	case !in.Interface.PrivateIP.IsValid():
		return forget, is.now.Sub(in.TerminatedAt) > keepTerminated
	case state == compute.Terminated:
		return release, true
	case state == compute.ShuttingDown || owed:
		return 0, false
	}
	return destroy, true
}
