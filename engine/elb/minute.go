package elb

import "time"

// latencyBuckets is the number of buckets of a latency histogram that have an upper bound.
const latencyBuckets = 10

// LatencyBounds are the upper bounds of the buckets of a latency histogram, the bound
// included; one more bucket holds what is slower.
func LatencyBounds() [latencyBuckets]time.Duration {
	const ms = time.Millisecond
	return [...]time.Duration{ms, 5 * ms, 10 * ms, 25 * ms, 50 * ms, 100 * ms, 250 * ms, 500 * ms, 1000 * ms, 5000 * ms}
}

// Minute is what a load balancer counted in one minute, in the words of CloudWatch's
// AWS/ELB namespace.
type Minute struct {
	At                      time.Time // the minute's beginning
	Requests                uint64    // sent to a target, whatever came of it; those that the load balancer turned away itself are no part of it, as of CloudWatch's RequestCount
	Backend2XX              uint64
	Backend3XX              uint64
	Backend4XX              uint64
	Backend5XX              uint64
	ELB4XX                  uint64 // answers made by the load balancer itself
	ELB5XX                  uint64
	BackendConnectionErrors uint64        // connections that could not be opened, whether another target then served or not
	Latencies               uint64        // the answers that LatencySum adds up
	LatencySum              time.Duration // from sending the request until the answer's headers
	LatencyMax              time.Duration
	LatencyHistogram        [latencyBuckets + 1]uint64
	HealthyMin              int
	HealthyMax              int
	UnhealthyMin            int
	UnhealthyMax            int
}
