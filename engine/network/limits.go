package network

import "sync/atomic"

// allowance is a count with a limit.
type allowance struct {
	most  int64
	taken atomic.Int64
}

func (a *allowance) take() bool {
	if a.taken.Add(1) <= a.most {
		return true
	}
	a.taken.Add(-1)
	return false
}

func (a *allowance) give() { a.taken.Add(-1) }

// reservedDescriptors are left for the database, files, shells and probes, whatever clients do.
const reservedDescriptors = 256

// shares divides the process's descriptors between those who could use them all up.
type shares struct {
	held    int // denied connections that are kept mute
	looking int // connections whose first bytes the gateway waits for
	console int // connections to the console
	outside int // connections from outside that are open at interfaces
}

// shareOut leaves each its own part. One from outside may cost three descriptors: the
// client's, and both ends of the one that a load balancer opens to an instance for it.
func shareOut(descriptors, maxHeld int) shares {
	s := shares{held: max(1, min(maxHeld, descriptors/8)), looking: max(32, min(2048, descriptors/8)), console: max(32, descriptors/4)}
	s.outside = max(32, (descriptors-reservedDescriptors-s.held-s.looking-s.console)/3)
	return s
}
