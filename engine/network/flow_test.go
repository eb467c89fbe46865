package network

import (
	"net/netip"
	"sync"
	"testing"
)

func TestTheLatestFlowsAreKeptNewestFirst(t *testing.T) {
	l := new(flowLog)
	if got := l.read(FlowFilter{}); len(got) != 0 {
		t.Fatalf("an empty log has %d", len(got))
	}
	const all = flowRing + 100
	for i := range all {
		l.record(Flow{Interface: "eni-a", Destination: netip.AddrPortFrom(addr("172.31.0.1"), uint16(i))})
	}
	flows := l.read(FlowFilter{})
	if len(flows) != flowRing {
		t.Fatalf("%d are kept", len(flows))
	}
	for i, f := range flows {
		if int(f.Destination.Port()) != all-1-i {
			t.Fatalf("at %d is %d", i, f.Destination.Port())
		}
	}
}

func TestFlowsAreChosen(t *testing.T) {
	l := new(flowLog)
	a, b := netip.AddrPortFrom(addr("172.31.0.1"), 1), netip.AddrPortFrom(addr("172.31.0.2"), 80)
	l.record(Flow{Interface: "eni-a", Source: a, Destination: b})
	l.record(Flow{Interface: "eni-b", Source: b, Destination: a})
	l.record(Flow{Interface: "eni-b"})
	for _, test := range []struct {
		filter FlowFilter
		want   int
	}{
		{FlowFilter{}, 3}, {FlowFilter{Limit: 2}, 2}, {FlowFilter{Interface: "eni-b"}, 2}, {FlowFilter{Port: 80}, 1},
		{FlowFilter{Peer: a.Addr()}, 2}, {FlowFilter{Peer: addr("1.1.1.1")}, 0}, {FlowFilter{Interface: "eni-b", Peer: b.Addr(), Port: 1}, 1},
	} {
		if got := l.read(test.filter); len(got) != test.want {
			t.Errorf("%+v chooses %d, want %d", test.filter, len(got), test.want)
		}
	}
}

func TestFlowsAreRecordedFromManySidesAtOnce(t *testing.T) {
	l := new(flowLog)
	var all sync.WaitGroup
	for range 4 {
		all.Go(func() {
			for range flowRing {
				l.record(Flow{Interface: "eni-a"})
			}
			l.read(FlowFilter{Limit: 10})
		})
	}
	all.Wait()
	if got := len(l.read(FlowFilter{Interface: "eni-a"})); got != flowRing {
		t.Errorf("%d are kept", got)
	}
}
