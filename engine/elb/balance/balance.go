// Package balance picks targets.
//
// It owns a set of targets and how many requests each has outstanding. It never knows
// what a target is, nor whether it is healthy: whoever publishes the set puts into it
// what may be picked. Everything is safe for concurrent use; picking takes no lock and
// allocates nothing. A pick after Publish has returned sees the published set.
package balance

import (
	"math/rand/v2"
	"slices"
	"sync/atomic"
)

// Target is one thing to pick, with the number of requests outstanding on it. It must
// not be copied.
type Target[T any] struct {
	Value    T
	inflight atomic.Int64
}

// NewTarget returns a target with nothing outstanding.
func NewTarget[T any](value T) *Target[T] { return &Target[T]{Value: value} }

// Inflight is the number of requests sent and not yet answered.
func (t *Target[T]) Inflight() int { return int(t.inflight.Load()) }

// Release ends what a pick began. Every pick must be released once.
func (t *Target[T]) Release() { t.inflight.Add(-1) }

// Pool is the set of targets that may be picked now. The zero value is an empty pool.
type Pool[T any] struct {
	set  atomic.Pointer[[]*Target[T]]
	next atomic.Uint64
}

// Publish replaces the set. Requests outstanding on a target that left are not disturbed,
// and a target that stays keeps its count. The pool keeps a copy.
func (p *Pool[T]) Publish(targets []*Target[T]) {
	set := slices.Clone(targets)
	p.set.Store(&set)
}

// Len is how many targets may be picked.
func (p *Pool[T]) Len() int { return len(p.targets()) }

func (p *Pool[T]) targets() []*Target[T] {
	if set := p.set.Load(); set != nil {
		return *set
	}
	return nil
}

// LeastOutstanding picks the target with the fewest requests outstanding, one of them at
// random where several tie, and counts one more on it. It passes over the targets in
// except. It returns nil when nothing is left to pick.
//
// AWS's load balancers pick so for HTTP and HTTPS listeners (ELB user guide, "How Elastic
// Load Balancing works"); how they break ties is not documented.
func (p *Pool[T]) LeastOutstanding(except []*Target[T]) *Target[T] {
	var best *Target[T]
	var fewest int64
	ties := uint32(0)
	for _, t := range p.targets() {
		n := t.inflight.Load()
		if best != nil && n > fewest || slices.Contains(except, t) {
			continue
		}
		if best == nil || n < fewest {
			best, fewest, ties = t, n, 1
			continue
		}
		// Each of n ties is kept with a chance of 1/n: a fair draw in one walk.
		if ties++; rand.Uint32N(ties) == 0 {
			best = t
		}
	}
	if best != nil {
		best.inflight.Add(1)
	}
	return best
}

// RoundRobin picks one target after the other and counts one more on it, or returns nil
// when the pool is empty. AWS's load balancers pick so for TCP and SSL listeners.
func (p *Pool[T]) RoundRobin() *Target[T] {
	targets := p.targets()
	if len(targets) == 0 {
		return nil
	}
	t := targets[(p.next.Add(1)-1)%uint64(len(targets))]
	t.inflight.Add(1)
	return t
}
