package elb

import (
	"strconv"
	"strings"

	"elbow/engine/fault"
)

// ParseTarget reads a health check's target as AWS writes it, HTTP:80/index.html or
// TCP:80, into the protocol, port and path of a HealthCheck whose other fields are zero.
// The protocol may be in any case. The faults concern ping_protocol, ping_port and
// ping_path (API reference, HealthCheck).
func ParseTarget(text string) (HealthCheck, error) {
	protocol, rest, ok := strings.Cut(text, ":")
	h := HealthCheck{Protocol: Protocol(strings.ToUpper(protocol))}
	if err := h.validProtocol(); err != nil {
		return HealthCheck{}, err
	}
	port, path := rest, ""
	if h.asksForPath() {
		at := strings.IndexByte(rest, '/')
		if !ok || at < 0 {
			return HealthCheck{}, h.pathMissing()
		}
		port, path = rest[:at], rest[at:]
	}
	n, err := strconv.ParseUint(port, 10, 16)
	if err != nil || strings.TrimLeft(port, "0123456789") != "" || n == 0 {
		return HealthCheck{}, fault.New(fault.Invalid, invalid, "HealthCheck Target must specify a port from 1 to 65535, not %q. e.g. TCP:80", clip(port)).In("ping_port")
	}
	h.Port, h.Path = uint16(n), path
	if err := h.validPath(); err != nil {
		return HealthCheck{}, err
	}
	return h, nil
}

// Validate checks every field: the ranges, and that the timeout is below the interval.
// The fault concerns ping_protocol, ping_port, ping_path, timeout, interval,
// unhealthy_threshold or healthy_threshold.
func (h HealthCheck) Validate() error {
	if err := h.validTarget(); err != nil {
		return err
	}
	switch {
	case !within(h.Timeout, minTimeout, maxTimeout):
		return fault.New(fault.Invalid, invalid, "HealthCheck timeout must be %d to %d whole seconds, not %s.", seconds(minTimeout), seconds(maxTimeout), inSeconds(h.Timeout)).In("timeout")
	case !within(h.Interval, minInterval, maxInterval):
		return fault.New(fault.Invalid, invalid, "HealthCheck interval must be %d to %d whole seconds, not %s.", seconds(minInterval), seconds(maxInterval), inSeconds(h.Interval)).In("interval")
	case h.Timeout >= h.Interval:
		return fault.New(fault.Invalid, invalid, "HealthCheck timeout must be less than interval.").In("timeout")
	case h.UnhealthyThreshold < minThreshold || h.UnhealthyThreshold > maxThreshold:
		return fault.New(fault.Invalid, invalid, "HealthCheck unhealthy threshold must be %d to %d, not %d.", minThreshold, maxThreshold, h.UnhealthyThreshold).In("unhealthy_threshold")
	case h.HealthyThreshold < minThreshold || h.HealthyThreshold > maxThreshold:
		return fault.New(fault.Invalid, invalid, "HealthCheck healthy threshold must be %d to %d, not %d.", minThreshold, maxThreshold, h.HealthyThreshold).In("healthy_threshold")
	}
	return nil
}

func (h HealthCheck) validTarget() error {
	if err := h.validProtocol(); err != nil {
		return err
	}
	if h.Port == 0 {
		return fault.New(fault.Invalid, invalid, "HealthCheck Target must specify a port from 1 to 65535, not %q. e.g. TCP:80", "0").In("ping_port")
	}
	return h.validPath()
}

func (h HealthCheck) validProtocol() error {
	switch h.Protocol {
	case HTTP, HTTPS, TCP, SSL:
		return nil
	}
	return fault.New(fault.Invalid, invalid, "HealthCheck Target must begin with one of HTTP, TCP, HTTPS, SSL").In("ping_protocol")
}

// validPath also refuses what would break the request line that a probe sends.
func (h HealthCheck) validPath() error {
	switch {
	case !h.asksForPath() && h.Path != "":
		return fault.New(fault.Invalid, invalid, "A %s health check has a port and no path, not %q.", string(h.Protocol), clip(h.Path)).In("ping_path")
	case !h.asksForPath():
		return nil
	case !strings.HasPrefix(h.Path, "/"):
		return h.pathMissing()
	case len(h.Path) > maxPath:
		return fault.New(fault.Invalid, invalid, "HealthCheck Target path cannot be longer than %d characters; this one has %d.", maxPath, len(h.Path)).In("ping_path")
	case strings.ContainsFunc(h.Path, unfitForPath):
		return fault.New(fault.Invalid, invalid, "HealthCheck Target path must be ASCII without spaces or control characters; write others as %%xx. %q is not.", clip(h.Path)).In("ping_path")
	}
	return nil
}

func unfitForPath(r rune) bool { return r <= ' ' || r >= 0x7f || r == '#' }

func (h HealthCheck) pathMissing() error {
	return fault.New(fault.Invalid, invalid, "HealthCheck HTTP Target must specify a port followed by a path that begins with a slash. e.g. HTTP:80/ping/this/path").In("ping_path")
}

// asksForPath reports whether probes of this protocol make a request.
func (h HealthCheck) asksForPath() bool { return h.Protocol == HTTP || h.Protocol == HTTPS }
