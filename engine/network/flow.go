package network

import (
	"net/netip"
	"sync"
	"sync/atomic"
	"time"
)

// flowRing is how many flow records are kept.
const flowRing = 8192

// Flow is the record of one decision, as a VPC flow log has it: who wanted to open a
// connection to whom at which interface, and what its groups said. A connection between two
// interfaces leaves two: the egress at the one that dials, the ingress at the one dialled.
type Flow struct {
	At              time.Time
	Interface       string // where it was decided
	Direction       Direction
	Protocol        string
	Source          netip.AddrPort // port 0 while the dialler has none yet
	Destination     netip.AddrPort
	Allow           bool // ACCEPT or REJECT
	RuleID, GroupID string
	Why             Why
}

// FlowFilter chooses flow records; its zero fields choose all.
type FlowFilter struct {
	Interface string
	Peer      netip.Addr // either end
	Port      uint16     // the destination's
	Limit     int        // at most so many, the newest
}

// flowLog is a ring of the latest records. Writers meet only when the ring has gone round
// under them, so that recording is a counter and an uncontended lock.
type flowLog struct {
	next  atomic.Uint64
	slots [flowRing]flowSlot
}

type flowSlot struct {
	mu   sync.Mutex
	seq  uint64 // guarded by mu; 1 for the first record, 0 for none
	flow Flow   // guarded by mu
}

func (l *flowLog) record(flow Flow) {
	seq := l.next.Add(1)
	s := &l.slots[seq%flowRing]
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.seq < seq { // a writer that slept through a whole round is too late
		s.seq, s.flow = seq, flow
	}
}

// read returns the records that the filter chooses, newest first.
func (l *flowLog) read(filter FlowFilter) []Flow {
	var flows []Flow
	last := l.next.Load()
	for seq := last; seq > 0 && seq+flowRing > last; seq-- {
		if filter.Limit > 0 && len(flows) >= filter.Limit {
			break
		}
		if flow, ok := l.at(seq); ok && filter.chooses(flow) {
			flows = append(flows, flow)
		}
	}
	return flows
}

func (l *flowLog) at(seq uint64) (Flow, bool) {
	s := &l.slots[seq%flowRing]
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.flow, s.seq == seq
}

func (ff FlowFilter) chooses(f Flow) bool {
	return (ff.Interface == "" || ff.Interface == f.Interface) &&
		(ff.Port == 0 || ff.Port == f.Destination.Port()) &&
		(!ff.Peer.IsValid() || ff.Peer == f.Source.Addr() || ff.Peer == f.Destination.Addr())
}

// Flows returns the latest flow records that the filter chooses, newest first. The last
// 8192 are kept.
func (f *Fabric) Flows(filter FlowFilter) []Flow { return f.flows.read(filter) }
