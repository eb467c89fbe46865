package balance

import (
	"slices"
	"sync"
	"testing"
)

func pool(names ...string) (*Pool[string], []*Target[string]) {
	var p Pool[string]
	targets := make([]*Target[string], len(names))
	for i, n := range names {
		targets[i] = NewTarget(n)
	}
	p.Publish(targets)
	return &p, targets
}

func TestTheLeastLoadedIsPicked(t *testing.T) {
	p, targets := pool("a", "b", "c")
	held := p.LeastOutstanding(nil)
	second := p.LeastOutstanding(nil)
	third := p.LeastOutstanding(nil)
	seen := []string{held.Value, second.Value, third.Value}
	if slices.Sort(seen); !slices.Equal(seen, []string{"a", "b", "c"}) {
		t.Errorf("three requests at once went to %v, want each target once", seen)
	}
	second.Release()
	if got := p.LeastOutstanding(nil); got != second {
		t.Errorf("picked %s, want %s, which alone is idle", got.Value, second.Value)
	}
	for _, x := range targets {
		if x.Inflight() != 1 {
			t.Errorf("%s has %d outstanding, want 1", x.Value, x.Inflight())
		}
	}
}

func TestTiesAreBrokenEvenlyAndAtRandom(t *testing.T) {
	p, _ := pool("a", "b", "c", "d")
	counts, repeats, last := map[string]int{}, 0, ""
	const n = 8000
	for range n {
		x := p.LeastOutstanding(nil)
		x.Release()
		counts[x.Value]++
		if x.Value == last {
			repeats++
		}
		last = x.Value
	}
	for name, count := range counts {
		if count < n/4-300 || count > n/4+300 { // 7.7 standard deviations
			t.Errorf("%s was picked %d times of %d", name, count, n)
		}
	}
	if repeats < n/4-300 || repeats > n/4+300 {
		t.Errorf("%d of %d picks repeat the one before: not independent", repeats, n)
	}
}

func TestThoseTriedAreNotPickedAgain(t *testing.T) {
	p, targets := pool("a", "b")
	if got := p.LeastOutstanding(targets[:1]); got != targets[1] {
		t.Errorf("picked %v, want b", got)
	}
	if got := p.LeastOutstanding(targets); got != nil {
		t.Errorf("picked %v of none left", got.Value)
	}
	var empty Pool[string]
	if empty.LeastOutstanding(nil) != nil || empty.RoundRobin() != nil || empty.Len() != 0 {
		t.Error("an empty pool offered a target")
	}
}

func TestRoundRobinTakesTurns(t *testing.T) {
	p, _ := pool("a", "b", "c")
	got := ""
	for range 7 {
		got += p.RoundRobin().Value
	}
	if got != "abcabca" {
		t.Errorf("picked %s", got)
	}
}

func TestACountOutlivesPublishing(t *testing.T) {
	p, targets := pool("a", "b")
	busy := p.LeastOutstanding(nil)
	p.Publish(targets)
	if got := p.LeastOutstanding(nil); got == busy {
		t.Errorf("picked %s again: its request was forgotten", got.Value)
	}
	p.Publish(nil)
	busy.Release()
	if busy.Inflight() != 0 || p.Len() != 0 {
		t.Errorf("after the end: %d outstanding, %d in the pool", busy.Inflight(), p.Len())
	}
}

func TestPickingIsSafeWhilePublishing(t *testing.T) {
	p, targets := pool("a", "b", "c")
	var work sync.WaitGroup
	for range 4 {
		work.Go(func() {
			for range 2000 {
				if x := p.LeastOutstanding(nil); x != nil {
					x.Release()
				}
			}
		})
	}
	for i := range 500 {
		p.Publish(targets[i%3:])
	}
	work.Wait()
	for _, x := range targets {
		if x.Inflight() != 0 {
			t.Errorf("%s has %d outstanding at the end", x.Value, x.Inflight())
		}
	}
}

func TestPickingAllocatesNothing(t *testing.T) {
	p, _ := pool("a", "b", "c", "d", "e")
	if n := testing.AllocsPerRun(1000, func() { p.LeastOutstanding(nil).Release() }); n != 0 {
		t.Errorf("%v allocations a pick, want 0", n)
	}
}
