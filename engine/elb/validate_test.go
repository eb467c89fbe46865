package elb

import (
	"strings"
	"testing"
	"time"

	"elbow/engine/fault"
)

// refused checks that err is a fault of that code about that field; an empty code means
// that nothing is wrong.
func refused(t *testing.T, what string, err error, code, field string) {
	t.Helper()
	if got := fault.CodeOf(err); got != code {
		t.Errorf("%s: code %q (%v), want %q", what, got, err, code)
		return
	}
	if f, ok := fault.Of(err); ok && (f.Field != field || strings.Contains(f.Message(), "%!")) {
		t.Errorf("%s: field %q, want %q; %s", what, f.Field, field, f.Message())
	}
}

func TestNames(t *testing.T) {
	for name, code := range map[string]string{
		"a": "", "my-clb-1": "", "A9": "", strings.Repeat("x", 32): "",
		"": "ValidationError", strings.Repeat("x", 33): "ValidationError", "-a": "ValidationError", "a-": "ValidationError",
		"a_b": "ValidationError", "a b": "ValidationError", "ロードバランサー": "ValidationError", "a\n": "ValidationError",
		"<script>": "ValidationError", "a.b": "ValidationError", "٣": "ValidationError",
	} {
		refused(t, name, ValidName(name), code, "name")
	}
}

func TestHealthCheckTargets(t *testing.T) {
	for _, c := range []struct {
		text, want, field string
	}{
		{"HTTP:80/index.html", "HTTP:80/index.html", ""},
		{"http:8080/", "HTTP:8080/", ""},
		{"HTTPS:443/a?b=c:d", "HTTPS:443/a?b=c:d", ""},
		{"TCP:22", "TCP:22", ""},
		{"SSL:65535", "SSL:65535", ""},
		{"HTTP:80/" + strings.Repeat("x", 1023), "HTTP:80/" + strings.Repeat("x", 1023), ""},
		{"HTTP:80/" + strings.Repeat("x", 1024), "", "ping_path"},
		{"", "", "ping_protocol"},
		{"UDP:53", "", "ping_protocol"},
		{"HTTP", "", "ping_path"},
		{"HTTP:80", "", "ping_path"},
		{"HTTP:80index.html", "", "ping_path"},
		{"HTTP:/index.html", "", "ping_port"},
		{"HTTP:0/", "", "ping_port"},
		{"HTTP:65536/", "", "ping_port"},
		{"HTTP:+80/", "", "ping_port"},
		{"HTTP:8_0/", "", "ping_port"},
		{"TCP", "", "ping_port"},
		{"TCP:", "", "ping_port"},
		{"TCP:80/x", "", "ping_port"},
		{"HTTP:80/a b", "", "ping_path"},
		{"HTTP:80/a\r\nX: y", "", "ping_path"},
		{"HTTP:80/é", "", "ping_path"},
	} {
		h, err := ParseTarget(c.text)
		if c.field == "" {
			if err != nil || h.Target() != c.want {
				t.Errorf("ParseTarget(%q) = %s, %v", c.text, h.Target(), err)
			}
			continue
		}
		refused(t, c.text, err, "ValidationError", c.field)
	}
}

func FuzzParseTarget(f *testing.F) {
	for _, seed := range []string{"HTTP:80/index.html", "TCP:22", "SSL:", "https:443/?", "HTTP:80/ x", ":", "HTTP:99999/"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		h, err := ParseTarget(text)
		if err != nil {
			if fl, ok := fault.Of(err); !ok || fl.Field == "" || h != (HealthCheck{}) {
				t.Fatalf("%q: %v with %+v", text, err, h)
			}
			return
		}
		again, err := ParseTarget(h.Target())
		if err != nil || again != h {
			t.Fatalf("%q became %q, which reads as %+v, %v", text, h.Target(), again, err)
		}
		if strings.ContainsAny(h.Path, " \r\n") || h.Port == 0 {
			t.Fatalf("%q was accepted as %+v", text, h)
		}
	})
}

// sound is the console's default health check.
func sound() HealthCheck {
	return HealthCheck{
		Protocol: HTTP, Port: 80, Path: "/index.html", Timeout: 5 * time.Second, Interval: 30 * time.Second,
		UnhealthyThreshold: 2, HealthyThreshold: 10,
	}
}

func TestHealthChecks(t *testing.T) {
	for what, c := range map[string]struct {
		change func(*HealthCheck)
		field  string
	}{
		"the default":                   {func(*HealthCheck) {}, ""},
		"the shortest":                  {func(h *HealthCheck) { h.Timeout, h.Interval = 2*time.Second, 5*time.Second }, ""},
		"the longest":                   {func(h *HealthCheck) { h.Timeout, h.Interval = 60*time.Second, 300*time.Second }, ""},
		"both thresholds at their ends": {func(h *HealthCheck) { h.UnhealthyThreshold, h.HealthyThreshold = 10, 2 }, ""},
		"TCP without a path":            {func(h *HealthCheck) { h.Protocol, h.Path = TCP, "" }, ""},
		"TCP with a path":               {func(h *HealthCheck) { h.Protocol = TCP }, "ping_path"},
		"no protocol":                   {func(h *HealthCheck) { h.Protocol = "" }, "ping_protocol"},
		"no port":                       {func(h *HealthCheck) { h.Port = 0 }, "ping_port"},
		"a path without a slash":        {func(h *HealthCheck) { h.Path = "index.html" }, "ping_path"},
		"a timeout of 1 s":              {func(h *HealthCheck) { h.Timeout = time.Second }, "timeout"},
		"a timeout of 61 s":             {func(h *HealthCheck) { h.Timeout, h.Interval = 61*time.Second, 300*time.Second }, "timeout"},
		"a timeout of 2.5 s":            {func(h *HealthCheck) { h.Timeout = 2500 * time.Millisecond }, "timeout"},
		"an interval of 4 s":            {func(h *HealthCheck) { h.Timeout, h.Interval = 2*time.Second, 4*time.Second }, "interval"},
		"an interval of 301 s":          {func(h *HealthCheck) { h.Interval = 301 * time.Second }, "interval"},
		"a timeout as long as interval": {func(h *HealthCheck) { h.Timeout = 30 * time.Second }, "timeout"},
		"an unhealthy threshold of 1":   {func(h *HealthCheck) { h.UnhealthyThreshold = 1 }, "unhealthy_threshold"},
		"an unhealthy threshold of 11":  {func(h *HealthCheck) { h.UnhealthyThreshold = 11 }, "unhealthy_threshold"},
		"a healthy threshold of 1":      {func(h *HealthCheck) { h.HealthyThreshold = 1 }, "healthy_threshold"},
		"a healthy threshold of 11":     {func(h *HealthCheck) { h.HealthyThreshold = 11 }, "healthy_threshold"},
	} {
		h := sound()
		c.change(&h)
		code := "ValidationError"
		if c.field == "" {
			code = ""
		}
		refused(t, what, h.Validate(), code, c.field)
	}
}

func TestListeners(t *testing.T) {
	web := Listener{Protocol: HTTP, LoadBalancerPort: 80, InstanceProtocol: HTTP, InstancePort: 80}
	with := func(change func(*Listener)) Listener {
		l := web
		change(&l)
		return l
	}
	for what, c := range map[string]struct {
		list        []Listener
		code, field string
	}{
		"none":                     {nil, "", ""},
		"the default":              {[]Listener{web}, "", ""},
		"two to one port":          {[]Listener{web, with(func(l *Listener) { l.LoadBalancerPort = 8080 })}, "", ""},
		"one port twice":           {[]Listener{web, with(func(l *Listener) { l.InstancePort = 81 })}, "DuplicateListener", "listener_port"},
		"port 0":                   {[]Listener{with(func(l *Listener) { l.LoadBalancerPort = 0 })}, "ValidationError", "listener_port"},
		"instance port 0":          {[]Listener{with(func(l *Listener) { l.InstancePort = 0 })}, "ValidationError", "instance_port"},
		"an unknown protocol":      {[]Listener{with(func(l *Listener) { l.Protocol = "UDP" })}, "ValidationError", "protocol"},
		"no instance protocol":     {[]Listener{with(func(l *Listener) { l.InstanceProtocol = "" })}, "ValidationError", "instance_protocol"},
		"HTTP to TCP":              {[]Listener{with(func(l *Listener) { l.InstanceProtocol = TCP })}, "InvalidConfigurationRequest", "instance_protocol"},
		"SSL to HTTPS":             {[]Listener{with(func(l *Listener) { l.Protocol, l.InstanceProtocol = SSL, HTTPS })}, "InvalidConfigurationRequest", "instance_protocol"},
		"TCP, not served yet":      {[]Listener{with(func(l *Listener) { l.Protocol, l.InstanceProtocol = TCP, TCP })}, "UnsupportedProtocol", "protocol"},
		"HTTPS, not served yet":    {[]Listener{with(func(l *Listener) { l.Protocol = HTTPS })}, "UnsupportedProtocol", "protocol"},
		"to HTTPS, not spoken yet": {[]Listener{with(func(l *Listener) { l.InstanceProtocol = HTTPS })}, "UnsupportedProtocol", "instance_protocol"},
	} {
		refused(t, what, ValidateListeners(c.list), c.code, c.field)
	}
}

func TestAttributes(t *testing.T) {
	for what, c := range map[string]struct {
		a     Attributes
		field string
	}{
		"the defaults":              {Attributes{true, true, 300 * time.Second, 60 * time.Second}, ""},
		"the shortest":              {Attributes{false, true, time.Second, time.Second}, ""},
		"the longest":               {Attributes{false, true, 3600 * time.Second, 4000 * time.Second}, ""},
		"no draining needs no time": {Attributes{false, false, 0, 60 * time.Second}, ""},
		"idle of 0":                 {Attributes{}, "idle_timeout"},
		"idle of 4,001 s":           {Attributes{IdleTimeout: 4001 * time.Second}, "idle_timeout"},
		"idle of 1.5 s":             {Attributes{IdleTimeout: 1500 * time.Millisecond}, "idle_timeout"},
		"draining for 0 s":          {Attributes{ConnectionDraining: true, IdleTimeout: 60 * time.Second}, "draining_timeout"},
		"draining for 3,601 s":      {Attributes{ConnectionDraining: true, DrainingTimeout: 3601 * time.Second, IdleTimeout: 60 * time.Second}, "draining_timeout"},
	} {
		code := "ValidationError"
		if c.field == "" {
			code = ""
		}
		refused(t, what, c.a.Validate(), code, c.field)
	}
}
