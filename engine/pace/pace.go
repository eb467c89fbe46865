// Package pace runs the cloud's own waits (boots, image copies, probe intervals and
// probe timeouts) faster than the wall clock. It never touches the timeouts of real traffic.
package pace

import (
	"context"
	"math"
	"sync"
	"time"
)

// MinTimeout is the shortest a probe's timeout ever becomes, however fast the cloud runs.
const MinTimeout = 250 * time.Millisecond

// Pace is how much faster than the wall clock the cloud waits. It may be changed while
// waits are under way: they take the new factor for what is left of them. The zero value
// is not ready; use New.
type Pace struct {
	mu      sync.Mutex
	factor  float64       // guarded by mu
	changed chan struct{} // guarded by mu; closed and replaced at each Set
}

// New returns a pace of the given factor; 1 is real time.
func New(factor float64) *Pace {
	p := &Pace{changed: make(chan struct{})}
	p.Set(factor)
	return p
}

// Factor is the current factor.
func (p *Pace) Factor() float64 {
	f, _ := p.now()
	return f
}

// Set changes the factor; anything that is not a positive number counts as 1.
func (p *Pace) Set(factor float64) {
	if !(factor > 0) || math.IsInf(factor, 0) {
		factor = 1
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.factor = factor
	close(p.changed)
	p.changed = make(chan struct{})
}

// Scale is how long the cloud's d lasts on the wall clock now.
func (p *Pace) Scale(d time.Duration) time.Duration {
	return time.Duration(float64(d) / p.Factor())
}

// Timeout is how long a probe's timeout of d lasts on the wall clock, never under MinTimeout
// unless d itself is shorter.
func (p *Pace) Timeout(d time.Duration) time.Duration {
	return min(d, max(p.Scale(d), MinTimeout))
}

// Wait blocks for the cloud's d and returns nil, or ctx's error once it is done.
func (p *Pace) Wait(ctx context.Context, d time.Duration) error {
	for d > 0 {
		factor, changed := p.now()
		begun := time.Now()
		timer := time.NewTimer(time.Duration(float64(d) / factor))
		select {
		case <-ctx.Done():
			timer.Stop()
			return ctx.Err()
		case <-timer.C:
			return ctx.Err()
		case <-changed:
			timer.Stop()
			d -= time.Duration(float64(time.Since(begun)) * factor)
		}
	}
	return ctx.Err()
}

func (p *Pace) now() (float64, <-chan struct{}) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.factor, p.changed
}
