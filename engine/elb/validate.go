package elb

import (
	"strconv"
	"strings"
	"time"

	"elbow/engine/fault"
)

// The limits that AWS documents (Classic Load Balancer user guide and API reference,
// HealthCheck and ConnectionSettings).
// invalid is the code that the Classic Load Balancer API gives to nearly every wrong value.
const invalid = "ValidationError"

const (
	maxName = 32 // characters of a load balancer's name

	minTimeout, maxTimeout     = 2 * time.Second, 60 * time.Second
	minInterval, maxInterval   = 5 * time.Second, 300 * time.Second
	minThreshold, maxThreshold = 2, 10
	maxPath                    = 1024 // characters

	minIdle, maxIdle         = time.Second, 4000 * time.Second
	minDraining, maxDraining = time.Second, 3600 * time.Second
)

// ValidName checks a load balancer's name: 1 to 32 letters, digits and hyphens of ASCII,
// with no hyphen first or last (API reference, CreateLoadBalancer). The fault concerns
// the field name.
func ValidName(name string) error {
	switch {
	case name == "":
		return fault.New(fault.Invalid, invalid, "A load balancer needs a name.").In("name")
	case len(name) > maxName:
		return fault.New(fault.Invalid, invalid, "LoadBalancer name cannot be longer than %d characters; %q has %d.", maxName, clip(name), len(name)).In("name")
	case strings.ContainsFunc(name, unfitForName):
		return fault.New(fault.Invalid, invalid, "LoadBalancer name must contain only letters, digits and hyphens; %q has something else.", clip(name)).In("name")
	case name[0] == '-' || name[len(name)-1] == '-':
		return fault.New(fault.Invalid, invalid, "LoadBalancer name cannot begin or end with a hyphen, as %q does.", name).In("name")
	}
	return nil
}

func unfitForName(r rune) bool {
	return !('a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' || '0' <= r && r <= '9' || r == '-')
}

// clip keeps a refused value short enough to be shown.
func clip(s string) string {
	const most = 60
	if len(s) <= most {
		return s
	}
	return strings.ToValidUTF8(s[:most], "") + "…"
}

// Validate checks the timeouts, each in whole seconds; that of draining counts only while
// draining is on. The faults concern idle_timeout and draining_timeout.
func (a Attributes) Validate() error {
	if !within(a.IdleTimeout, minIdle, maxIdle) {
		return fault.New(fault.Invalid, invalid, "The idle timeout must be %d to %d whole seconds, not %s.", seconds(minIdle), seconds(maxIdle), inSeconds(a.IdleTimeout)).In("idle_timeout")
	}
	if a.ConnectionDraining && !within(a.DrainingTimeout, minDraining, maxDraining) {
		return fault.New(fault.Invalid, invalid, "The draining timeout must be %d to %d whole seconds, not %s.", seconds(minDraining), seconds(maxDraining), inSeconds(a.DrainingTimeout)).In("draining_timeout")
	}
	return nil
}

// within reports whether d is a whole number of seconds in the range, both ends included.
func within(d, least, most time.Duration) bool {
	return d >= least && d <= most && d%time.Second == 0
}

func seconds(d time.Duration) int { return int(d / time.Second) }

func inSeconds(d time.Duration) string { return strconv.FormatFloat(d.Seconds(), 'f', -1, 64) }
