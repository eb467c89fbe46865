package health

import "testing"

// run observes a string of results, + for a pass and - for a failure.
func run(r Record, results string, t Thresholds) (Record, string) {
	moves := ""
	for _, c := range results {
		var moved bool
		if r, moved = r.Observe(c == '+', t); moved {
			moves += r.State.String() + " "
		}
	}
	return r, moves
}

func TestAStreakDecidesAndAlternatingNeverAddsUp(t *testing.T) {
	limits := Thresholds{Healthy: 3, Unhealthy: 2}
	for _, c := range []struct {
		name, results string
		want          State
		moves         string
	}{
		{"nothing was seen", "", Initial, ""},
		{"a new target's first pass is enough", "+", InService, "InService "},
		{"a new target that failed once needs one pass too", "-+", InService, "InService "},
		{"a new target that failed to the threshold is out", "--", OutOfService, "OutOfService "},
		{"failures that alternate never add up", "+-+-+-+-+-", InService, "InService "},
		{"two failures in a row", "+++--", OutOfService, "InService OutOfService "},
		{"one failure is forgiven", "+-", InService, "InService "},
		{"two passes do not bring it back", "--++", OutOfService, "OutOfService "},
		{"three passes do", "--+++", InService, "OutOfService InService "},
		{"a failure starts the passes anew", "--++-++", OutOfService, "OutOfService "},
		{"more failures say nothing new", "------", OutOfService, "OutOfService "},
		{"down, up and down", "--+++--", OutOfService, "OutOfService InService OutOfService "},
	} {
		t.Run(c.name, func(t *testing.T) {
			r, moves := run(Record{}, c.results, limits)
			if r.State != c.want || moves != c.moves {
				t.Errorf("%q ends %v after %q, want %v after %q", c.results, r.State, moves, c.want, c.moves)
			}
		})
	}
}

func TestPassesAndFailuresExcludeEachOther(t *testing.T) {
	limits := Thresholds{Healthy: 10, Unhealthy: 2}
	for results, want := range map[string][2]int{"": {0, 0}, "---": {0, 3}, "---+": {1, 0}, "+++-": {0, 1}} {
		r, _ := run(Record{}, results, limits)
		if got := [2]int{r.Passes(), r.Failures()}; got != want {
			t.Errorf("%q counts %v passes and failures, want %v", results, got, want)
		}
	}
}

func TestAChangedCheckCountsAnewAndLetsTheVerdictStand(t *testing.T) {
	limits := Thresholds{Healthy: 2, Unhealthy: 2}
	for _, c := range []struct {
		before, after string
		want          State
	}{
		{"+-", "-", InService},    // the failure before the change does not count
		{"+", "--", OutOfService}, // two after it do
		{"--+", "+", OutOfService},
		{"--+", "++", InService},
		{"-", "-", Initial},
	} {
		r, _ := run(Record{}, c.before, limits)
		r, _ = run(r.Restarted(), c.after, limits)
		if r.State != c.want {
			t.Errorf("%q, changed, %q = %v, want %v", c.before, c.after, r.State, c.want)
		}
	}
}
