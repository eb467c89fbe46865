package elb

import (
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"elbow/engine/elb/proxy"
)

func TestAMinuteAddsUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCounters(time.Now)
		begun := time.Now()
		for _, x := range []proxy.Exchange{
			{Target: "i-1", Status: 200, Latency: 3 * time.Millisecond},
			{Target: "i-1", Status: 204, Latency: 7 * time.Second},
			{Target: "i-1", Status: 304, Latency: time.Millisecond},
			{Target: "i-1", Status: 404},
			{Target: "i-1", Status: 500},
			{Target: "i-2", Status: 504, Own: true, ConnectErrors: 2},
			{Target: "i-2"}, // the client left
			{Status: 503, Own: true},
			{Status: 400, Own: true},
			{Status: 421, Own: true},
		} {
			c.observe(x)
		}
		got := c.since(begun)
		if len(got) != 1 {
			t.Fatalf("%d minutes", len(got))
		}
		m := got[0]
		want := Minute{
			At: begun.UTC().Truncate(time.Minute), Requests: 7, Backend2XX: 2, Backend3XX: 1, Backend4XX: 1, Backend5XX: 1,
			ELB4XX: 2, ELB5XX: 2, BackendConnectionErrors: 2, Latencies: 5,
			LatencySum: 7*time.Second + 4*time.Millisecond, LatencyMax: 7 * time.Second,
		}
		want.LatencyHistogram[0], want.LatencyHistogram[1], want.LatencyHistogram[latencyBuckets] = 3, 1, 1
		if m != want {
			t.Errorf("got  %+v\nwant %+v", m, want)
		}
	})
}

func TestMinutesWithoutTrafficStillCountHosts(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCounters(time.Now)
		begun := time.Now()
		c.hosts(0, 2)
		c.hosts(2, 0)
		time.Sleep(5 * time.Minute)
		c.hosts(1, 1)
		got := c.since(begun)
		if len(got) != 6 {
			t.Fatalf("%d minutes, want 6", len(got))
		}
		for i, want := range map[int][4]int{0: {0, 2, 0, 2}, 3: {2, 2, 0, 0}, 5: {1, 2, 0, 1}} {
			m := got[i]
			if hosts := [4]int{m.HealthyMin, m.HealthyMax, m.UnhealthyMin, m.UnhealthyMax}; hosts != want {
				t.Errorf("minute %d has hosts %v, want %v", i, hosts, want)
			}
		}
		if later := c.since(begun.Add(5 * time.Minute)); len(later) != 1 || later[0] != got[5] {
			t.Errorf("since the last minute: %+v", later)
		}
	})
}

func TestOldMinutesAreForgotten(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCounters(time.Now)
		c.observe(proxy.Exchange{Target: "i-1", Status: 200})
		time.Sleep(1000 * time.Hour)
		got := c.since(time.Time{})
		if len(got) != keepMinutes || !got[keepMinutes-1].At.Equal(time.Now().UTC().Truncate(time.Minute)) || got[0].Requests != 0 {
			t.Errorf("%d minutes from %v to %v", len(got), got[0].At, got[len(got)-1].At)
		}
	})
}

func TestCountingAtOnceLosesNothing(t *testing.T) {
	c := newCounters(time.Now)
	var work sync.WaitGroup
	for range 8 {
		work.Go(func() {
			for range 1000 {
				c.observe(proxy.Exchange{Target: "i-1", Status: 200})
			}
		})
	}
	work.Wait()
	sum := uint64(0)
	for _, m := range c.since(time.Time{}) {
		sum += m.Backend2XX
	}
	if sum != 8000 {
		t.Errorf("%d of 8000 counted", sum)
	}
}
