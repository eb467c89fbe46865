package elb

import (
	"sync"
	"sync/atomic"
	"time"

	"elbow/engine/elb/proxy"
)

// keepMinutes is how many minutes of metrics are kept.
const keepMinutes = 180

// counters counts a load balancer's traffic by minute. Requests add to the current minute
// without a lock; only the first of a minute takes one, to open it.
type counters struct {
	now     func() time.Time
	current atomic.Pointer[bucket]

	mu        sync.Mutex
	ring      []*bucket // guarded by mu; oldest first, without gaps
	healthy   int       // guarded by mu; as last told
	unhealthy int       // guarded by mu
	told      bool      // guarded by mu; hosts was called
}

// bucket is one minute. The four host counts are guarded by the counters' mu.
type bucket struct {
	minute                                             int64 // since 1970
	requests                                           atomic.Uint64
	backend                                            [6]atomic.Uint64 // by the status's first digit
	elb4xx, elb5xx                                     atomic.Uint64
	connectionErrors                                   atomic.Uint64
	latencies                                          atomic.Uint64
	latencySum                                         atomic.Int64
	latencyMax                                         atomic.Int64
	histogram                                          [latencyBuckets + 1]atomic.Uint64
	healthyMin, healthyMax, unhealthyMin, unhealthyMax int
}

func newCounters(now func() time.Time) *counters {
	c := &counters{now: now}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.openLocked(minuteOf(now()))
	return c
}

func minuteOf(t time.Time) int64 { return t.Unix() / 60 }

// at is the bucket of now. A request that straddles the minute's end may still count in
// the one before: the sum is right.
func (c *counters) at() *bucket {
	minute := minuteOf(c.now())
	if b := c.current.Load(); b.minute >= minute {
		return b
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.rollLocked(minute)
	return c.current.Load()
}

// rollLocked opens the minutes up to the given one. c.mu must be held.
func (c *counters) rollLocked(minute int64) {
	first := max(c.current.Load().minute+1, minute-keepMinutes+1)
	for m := first; m <= minute; m++ {
		c.openLocked(m)
	}
}

func (c *counters) openLocked(minute int64) {
	b := &bucket{
		minute: minute, healthyMin: c.healthy, healthyMax: c.healthy,
		unhealthyMin: c.unhealthy, unhealthyMax: c.unhealthy,
	}
	if len(c.ring) == keepMinutes {
		c.ring = append(c.ring[:0:0], c.ring[1:]...)
	}
	c.ring = append(c.ring, b)
	c.current.Store(b)
}

// observe counts one request.
func (c *counters) observe(x proxy.Exchange) {
	b := c.at()
	b.connectionErrors.Add(uint64(x.ConnectErrors))
	if x.Target != "" {
		b.requests.Add(1)
	}
	switch class := x.Status / 100; {
	case x.Own && class == 4:
		b.elb4xx.Add(1)
	case x.Own && class == 5:
		b.elb5xx.Add(1)
	case !x.Own && class >= 2 && class <= 5:
		b.backend[class].Add(1)
		b.observeLatency(x.Latency)
	}
}

func (b *bucket) observeLatency(d time.Duration) {
	b.latencies.Add(1)
	b.latencySum.Add(int64(d))
	for most := b.latencyMax.Load(); int64(d) > most; most = b.latencyMax.Load() {
		if b.latencyMax.CompareAndSwap(most, int64(d)) {
			break
		}
	}
	at := 0
	for bounds := LatencyBounds(); at < len(bounds) && d > bounds[at]; {
		at++
	}
	b.histogram[at].Add(1)
}

// hosts notes how many targets are in service and how many are not.
func (c *counters) hosts(healthy, unhealthy int) {
	b := c.at()
	c.mu.Lock()
	defer c.mu.Unlock()
	c.healthy, c.unhealthy = healthy, unhealthy
	if !c.told { // before the first Apply there were no targets to count
		c.told = true
		b.healthyMin, b.healthyMax, b.unhealthyMin, b.unhealthyMax = healthy, healthy, unhealthy, unhealthy
	}
	b.healthyMin, b.healthyMax = min(b.healthyMin, healthy), max(b.healthyMax, healthy)
	b.unhealthyMin, b.unhealthyMax = min(b.unhealthyMin, unhealthy), max(b.unhealthyMax, unhealthy)
}

// since lists the minutes that end after t, oldest first.
func (c *counters) since(t time.Time) []Minute {
	c.at()
	c.mu.Lock()
	defer c.mu.Unlock()
	var list []Minute
	for _, b := range c.ring {
		if end := time.Unix(b.minute*60+60, 0); end.After(t) {
			list = append(list, b.read())
		}
	}
	return list
}

func (b *bucket) read() Minute {
	m := Minute{
		At: time.Unix(b.minute*60, 0).UTC(), Requests: b.requests.Load(),
		Backend2XX: b.backend[2].Load(), Backend3XX: b.backend[3].Load(),
		Backend4XX: b.backend[4].Load(), Backend5XX: b.backend[5].Load(),
		ELB4XX: b.elb4xx.Load(), ELB5XX: b.elb5xx.Load(),
		BackendConnectionErrors: b.connectionErrors.Load(), Latencies: b.latencies.Load(),
		LatencySum: time.Duration(b.latencySum.Load()), LatencyMax: time.Duration(b.latencyMax.Load()),
		HealthyMin: b.healthyMin, HealthyMax: b.healthyMax,
		UnhealthyMin: b.unhealthyMin, UnhealthyMax: b.unhealthyMax,
	}
	for i := range b.histogram {
		m.LatencyHistogram[i] = b.histogram[i].Load()
	}
	return m
}
