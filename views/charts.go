package views

import (
	"context"
	"fmt"
	"math"
	"strings"
	"time"

	"elbow/views/i18n"
)

// chartMinutes is how far back the charts look.
const chartMinutes = 60

// The size of a chart's drawing, in the units of its own coordinates.
const (
	chartWidth, chartHeight = 480, 170
	chartLeft, chartRight   = 44, 8 // room for the axis, and at the other end
	chartTop, chartBottom   = 10, 24
)

// chart is a line chart over the last hour, one value a minute.
type chart struct {
	ID     string
	Title  string
	Unit   string // after the numbers of the axis; may be empty
	Series []series
	End    time.Time // the last minute
}

// series is one line. A value that is NaN is not drawn: nothing was counted.
type series struct {
	Label  string
	Values []float64 // one a minute, the last one at the chart's end
	Colour int       // 1 to 5, of the design's chart colours
}

// stroke is the colour as an attribute of SVG.
func (s series) stroke() string { return fmt.Sprintf("var(--chart-%d)", s.Colour) }

// top is the end of the value axis: a round number not below any value, at least 1, whose
// half is round too.
func (c chart) top() float64 {
	most := 1.0
	for _, s := range c.Series {
		for _, v := range s.Values {
			if v > most { // never for NaN
				most = v
			}
		}
	}
	step := math.Pow(10, math.Floor(math.Log10(most)))
	for _, m := range []float64{1, 2, 4, 6, 8, 10} {
		if m*step >= most {
			return m * step
		}
	}
	return most
}

// x is where the minute with this index stands.
func (c chart) x(i int) float64 {
	return chartLeft + float64(i)*(chartWidth-chartLeft-chartRight)/(chartMinutes-1)
}

// y is where a value stands.
func (c chart) y(v float64) float64 {
	return chartHeight - chartBottom - v/c.top()*(chartHeight-chartTop-chartBottom)
}

// path draws a series; it is interrupted where there are no values, and a value that
// stands alone is a short dash.
func (c chart) path(s series) string {
	var b strings.Builder
	has := func(i int) bool { return i >= 0 && i < len(s.Values) && !math.IsNaN(s.Values[i]) }
	for i, v := range s.Values {
		switch {
		case !has(i):
		case has(i - 1):
			fmt.Fprintf(&b, "L%.1f %.1f", c.x(i), c.y(v))
		case has(i + 1):
			fmt.Fprintf(&b, "M%.1f %.1f", c.x(i), c.y(v))
		default:
			fmt.Fprintf(&b, "M%.1f %.1fh4", c.x(i)-2, c.y(v))
		}
	}
	return b.String()
}

// ticks are the values that the axis names: none, half and all.
func (c chart) ticks() []float64 { return []float64{0, c.top() / 2, c.top()} }

func (c chart) tickText(v float64) string {
	return strings.TrimSpace(fmt.Sprintf("%.4g %s", v, c.Unit))
}

func coordinate(v float64) string { return fmt.Sprintf("%.1f", v) }

// clock is a minute on the time axis, as the person's machine has it.
func clock(t time.Time) string { return t.Local().Format("15:04") }

// spoken is the chart in a sentence, for those who cannot see it: each line's last value.
// The table below the charts has all of them.
func (c chart) spoken(ctx context.Context) string {
	parts := make([]string, 0, len(c.Series))
	for _, s := range c.Series {
		last := "-"
		if n := len(s.Values); n > 0 && !math.IsNaN(s.Values[n-1]) {
			last = c.tickText(s.Values[n-1])
		}
		parts = append(parts, s.Label+" "+last)
	}
	return i18n.T(ctx, "load_balancers.chart", i18n.V{"Title": c.Title, "Values": strings.Join(parts, ", ")})
}
