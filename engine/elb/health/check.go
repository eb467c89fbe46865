package health

import (
	"context"
	"time"

	"elbow/engine/pace"
)

// Check is the plan by which one target is probed.
type Check struct {
	Probe    Probe
	Pace     *pace.Pace
	Delay    time.Duration // the cloud's time before the first probe
	Interval time.Duration // the cloud's time from the beginning of one probe to that of the next
}

// Run probes until ctx is done and reports each result. A probe whose context ended
// while it ran says nothing: it may have failed for that alone.
func (c Check) Run(ctx context.Context, report func(Result)) {
	wait := c.Delay
	for {
		if c.Pace.Wait(ctx, wait) != nil {
			return
		}
		begun := time.Now()
		r := c.Probe.Run(ctx)
		if ctx.Err() != nil {
			return
		}
		report(r)
		// The next probe is due an interval after this one began, however long it took.
		took := time.Duration(float64(time.Since(begun)) * c.Pace.Factor())
		wait = max(c.Interval-took, c.Interval/maxBurst)
	}
}

// maxBurst bounds how much closer than the interval two probes come when one of them
// outlasts it, which only a raised pace can bring about.
const maxBurst = 10
