package views

import (
	"context"
	"math"
	"strconv"
	"time"

	"elbow/engine/elb"
	"elbow/views/i18n"
)

// Monitoring is what a load balancer has counted in the last hour.
type Monitoring struct {
	Name    string
	Now     time.Time
	Minutes []elb.Minute // oldest first
	Shares  []Share
}

// Share is how many of the requests one instance has answered.
type Share struct {
	ID       string
	Name     string
	Requests uint64
}

// MonitoringSince is the beginning of the time that the charts show.
func MonitoringSince(now time.Time) time.Time { return now.Add(-chartMinutes * time.Minute) }

// charts are the line charts, in the order of AWS's Monitoring tab.
func (m Monitoring) charts(ctx context.Context) []chart {
	count := func(read func(elb.Minute) uint64) []float64 {
		return m.values(func(x elb.Minute) float64 { return float64(read(x)) })
	}
	line := func(label string, colour int, read func(elb.Minute) uint64) series {
		return series{Label: label, Colour: colour, Values: count(read)}
	}
	return []chart{
		{ID: "requests", Title: i18n.T(ctx, "load_balancers.requests"), End: m.Now, Series: []series{
			line(i18n.T(ctx, "load_balancers.requests"), 1, func(x elb.Minute) uint64 { return x.Requests }),
		}},
		{ID: "status", Title: i18n.T(ctx, "load_balancers.statuses"), End: m.Now, Series: []series{
			line("2XX", 3, func(x elb.Minute) uint64 { return x.Backend2XX }),
			line("4XX", 5, func(x elb.Minute) uint64 { return x.Backend4XX }),
			line("5XX", 2, func(x elb.Minute) uint64 { return x.Backend5XX }),
			line("ELB 5XX", 4, func(x elb.Minute) uint64 { return x.ELB5XX }),
		}},
		{ID: "latency", Title: i18n.T(ctx, "load_balancers.latency"), Unit: "ms", End: m.Now, Series: []series{
			{Label: i18n.T(ctx, "load_balancers.average"), Colour: 1, Values: m.values(averageLatency)},
			{Label: i18n.T(ctx, "load_balancers.maximum"), Colour: 5, Values: m.values(maximumLatency)},
		}},
		{ID: "hosts", Title: i18n.T(ctx, "load_balancers.hosts"), End: m.Now, Series: []series{
			line(i18n.T(ctx, "load_balancers.healthy"), 3, func(x elb.Minute) uint64 { return uint64(x.HealthyMin) }),
			line(i18n.T(ctx, "load_balancers.unhealthy"), 2, func(x elb.Minute) uint64 { return uint64(x.UnhealthyMax) }),
		}},
	}
}

// values places what was counted on the chart's minutes; a minute before the load balancer
// was there has none.
func (m Monitoring) values(read func(elb.Minute) float64) []float64 {
	values := make([]float64, chartMinutes)
	for i := range values {
		values[i] = math.NaN()
	}
	end := m.Now.Truncate(time.Minute)
	for _, x := range m.Minutes {
		at := chartMinutes - 1 - int(end.Sub(x.At)/time.Minute)
		if at >= 0 && at < chartMinutes {
			values[at] = read(x)
		}
	}
	return values
}

// averageLatency is in milliseconds; NaN without answers.
func averageLatency(x elb.Minute) float64 {
	if x.Latencies == 0 {
		return math.NaN()
	}
	return float64(x.LatencySum) / float64(x.Latencies) / float64(time.Millisecond)
}

func maximumLatency(x elb.Minute) float64 {
	if x.Latencies == 0 {
		return math.NaN()
	}
	return float64(x.LatencyMax) / float64(time.Millisecond)
}

// percent is a share of all requests, in whole percent.
func (m Monitoring) percent(s Share) int {
	var all uint64
	for _, other := range m.Shares {
		all += other.Requests
	}
	if all == 0 {
		return 0
	}
	return int(math.Round(float64(s.Requests) * 100 / float64(all)))
}

// newestFirst are the minutes for the table.
func (m Monitoring) newestFirst() []elb.Minute {
	list := make([]elb.Minute, 0, len(m.Minutes))
	for i := range m.Minutes {
		list = append(list, m.Minutes[len(m.Minutes)-1-i])
	}
	return list
}

func number(n uint64) string { return strconv.FormatUint(n, 10) }

func latencyText(x elb.Minute) string {
	if x.Latencies == 0 {
		return "-"
	}
	return shortly(x.LatencySum / time.Duration(x.Latencies))
}
