package elb

import (
	"context"
	"io"
	"net/http"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"elbow/engine/network"
)

func TestAGroupThatDoesNotAdmitTheLoadBalancerIsTheTrap(t *testing.T) {
	bothWays(t, func(t *testing.T, w *world) {
		// launch-wizard-1: HTTP from "my IP" alone, which is the client's here.
		w.groups[2] = group("sg-web", outbound(), inbound(80, "172.31.0.9/32"))
		w.launch("i-1", "172.31.1.10", zoneA)
		w.wanted.HealthCheck.HealthyThreshold = 3
		w.registerAs("reg-1", "i-1", "172.31.1.10", zoneA, time.Now())
		w.apply()
		if h := w.is("i-1"); h.State != OutOfService || h.ReasonCode != "ELB" || h.Description != "Instance registration is still in progress." {
			t.Errorf("just registered: %+v", h)
		}
		h := w.untilIs("i-1", OutOfService, "Instance has failed at least the UnhealthyThreshold number of health checks consecutively.")
		if h.ReasonCode != "Instance" || h.LastProbe.Failure != "timeout" || h.LastProbe.Node.String() != "172.31.1.1" || h.Failures < 2 {
			t.Errorf("not admitted: %+v", h)
		}
		if line := w.say("GET / HTTP/1.1\r\nHost: a\r\n\r\n"); line != "HTTP/1.1 503 Service Unavailable: Back-end server is at capacity" {
			t.Errorf("meanwhile a client got %q", line)
		}
		// The mend: the load balancer's group as a source.
		admit := network.Rule{ID: "sgr-mend", Direction: network.Ingress, Protocol: network.TCP, FromPort: 80, ToPort: 80, SourceGroup: "sg-elb"}
		w.groups[2].Rules = append(w.groups[2].Rules, admit)
		w.fabric.Apply(w.interfaces, w.groups)
		h = w.untilIs("i-1", OutOfService, "Instance has not passed the configured HealthyThreshold number of health checks consecutively.")
		if h.ReasonCode != "Instance" || h.Passes < 1 || h.Passes > 2 || h.Failures != 0 || !h.LastProbe.OK || h.LastProbe.Status != 200 {
			t.Errorf("on its way back: %+v", h)
		}
		h = w.untilIs("i-1", InService, "N/A")
		if h.ReasonCode != "N/A" || h.Passes < 3 {
			t.Errorf("back: %+v", h)
		}
		if status, body := w.get(); status != 200 || body != "i-1" {
			t.Errorf("a client got %d %q", status, body)
		}
	})
}

func TestAnInstanceSeesTheNodeAndIsToldOfTheClient(t *testing.T) {
	bothWays(t, func(t *testing.T, w *world) {
		requests, probes := make(chan *http.Request, 100), make(chan *http.Request, 100)
		w.add("eni-i-1", "172.31.1.10", zoneA, "sg-web")
		w.serve("i-1", 80, func(rw http.ResponseWriter, r *http.Request) {
			if r.UserAgent() == "ELB-HealthChecker/1.0" {
				probes <- r
				return
			}
			requests <- r
		})
		w.register("i-1", "172.31.1.10", zoneA)
		w.apply()
		w.untilInService("i-1")
		w.get()
		r, probe := <-requests, <-probes
		if !strings.HasPrefix(r.RemoteAddr, "172.31.1.1:") || !strings.HasPrefix(probe.RemoteAddr, "172.31.1.1:") {
			t.Errorf("a request came from %s and a probe from %s, want the node", r.RemoteAddr, probe.RemoteAddr)
		}
		if xff := r.Header.Get("X-Forwarded-For"); xff != "172.31.0.9" || r.Header.Get("X-Forwarded-Port") != "80" || r.Host != dns {
			t.Errorf("told of %q, %v, Host %s", xff, r.Header, r.Host)
		}
		if probe.Host != "172.31.1.10" || probe.Header.Get("X-Forwarded-For") != "" {
			t.Errorf("the probe had Host %q, %v", probe.Host, probe.Header)
		}
	})
}

func TestAnOutboundRuleThatIsMissingIsNamed(t *testing.T) {
	w := newWorld(t, true)
	w.groups[1].Rules = w.groups[1].Rules[1:]
	w.launch("i-1", "172.31.1.10", zoneA)
	w.register("i-1", "172.31.1.10", zoneA)
	w.apply()
	h := w.untilIs("i-1", OutOfService, descFailed)
	if h.LastProbe.Failure != "egress" || !strings.Contains(h.LastProbe.Detail, "172.31.1.10:80") {
		t.Errorf("not let out: %+v", h)
	}
}

func TestWhoeverHearsOfInServiceCanBeServed(t *testing.T) {
	w := newWorld(t, true)
	heard := make(chan string, 1)
	var e *Edge
	var once sync.Once
	w.launch("i-1", "172.31.1.10", zoneA)
	e = NewEdge(EdgeConfig{Fabric: w.fabric, Pace: w.pace, Changed: func(name string) {
		if h := e.Health(name); len(h) == 1 && h[0].State == InService {
			once.Do(func() {
				conn, err := w.dial("172.31.1.1", 80)
				if err != nil {
					heard <- err.Error()
					return
				}
				defer conn.Close()
				io.WriteString(conn, "GET / HTTP/1.0\r\n\r\n")
				answer, _ := io.ReadAll(conn)
				heard <- string(answer)
			})
		}
	}})
	defer e.Close(t.Context())
	w.register("i-1", "172.31.1.10", zoneA)
	e.Apply([]Wanted{w.wanted})
	if answer := <-heard; !strings.HasSuffix(answer, "i-1") {
		t.Errorf("at the announcement a client got %q", answer)
	}
}

func TestAnInstanceThatIsNotRunningIsNotProbedAndSaysWhy(t *testing.T) {
	w := newWorld(t, true)
	w.launch("i-1", "172.31.1.10", zoneA)
	w.register("i-1", "172.31.1.10", zoneA)
	w.apply()
	w.untilInService("i-1")
	for _, c := range []struct{ availability, description string }{
		{"stopping", "Instance is in stopped state."},
		{"stopped", "Instance is in stopped state."},
		{"pending", "Instance is in pending state."},
		{"shutting-down", "Instance is in terminated state."},
		{"terminated", "Instance is in terminated state."},
	} {
		w.becomes("i-1", c.availability)
		w.apply()
		if h := w.is("i-1"); h.State != OutOfService || h.ReasonCode != "Instance" || h.Description != c.description || !h.LastProbe.At.IsZero() {
			t.Errorf("%s: %+v", c.availability, h)
		}
		if status, _ := w.get(); status != 503 {
			t.Errorf("%s: a client got %d", c.availability, status)
		}
	}
	w.becomes("i-1", running)
	w.apply()
	if h := w.is("i-1"); h.Description != "Instance registration is still in progress." {
		t.Errorf("started again: %+v", h)
	}
	w.untilInService("i-1") // with the first pass: what it was before does not count
}

func TestATargetInAZoneThatIsNotEnabledGetsNothing(t *testing.T) {
	w := newWorld(t, true)
	w.launch("i-1", "172.31.1.10", zoneC)
	w.register("i-1", "172.31.1.10", zoneC)
	w.apply()
	h := w.is("i-1")
	if h.State != OutOfService || h.ReasonCode != "ELB" ||
		h.Description != "Instance is in the EC2 Availability Zone for which LoadBalancer is not configured to route traffic to." {
		t.Errorf("zone not enabled: %+v", h)
	}
	w.wanted.Nodes = append(w.wanted.Nodes, w.add("eni-c", "172.31.2.1", zoneC, "sg-elb"))
	w.apply()
	w.untilInService("i-1")
	if status, body := w.get(); status != 200 || body != "i-1" {
		t.Errorf("across zones a client got %d %q", status, body)
	}
}

func TestWithoutCrossZoneANodeServesFromItsOwnZone(t *testing.T) {
	w := newWorld(t, true)
	w.launch("i-a", "172.31.1.10", zoneA)
	w.launch("i-c", "172.31.2.10", zoneC)
	w.wanted.Nodes = append(w.wanted.Nodes, w.add("eni-c", "172.31.2.1", zoneC, "sg-elb"))
	w.wanted.Attributes.CrossZone = false
	w.register("i-a", "172.31.1.10", zoneA)
	w.register("i-c", "172.31.2.10", zoneC)
	w.apply()
	w.untilInService("i-a", "i-c")
	for range 5 {
		if _, body := w.getAt("172.31.1.1", 80); body != "i-a" {
			t.Errorf("zone A's node served %q", body)
		}
		if _, body := w.getAt("172.31.2.1", 80); body != "i-c" {
			t.Errorf("zone C's node served %q", body)
		}
	}
	s, _ := w.edge.Status(dns)
	if s.Nodes[0].InReach != 1 || s.Nodes[1].InService != 1 || s.Nodes[1].Zone != zoneC {
		t.Errorf("status %+v", s)
	}
	// With it, each node takes over at once what the other one knows.
	w.wanted.Attributes.CrossZone = true
	w.apply()
	if h := w.edge.Health(dns); h[0].State != InService || h[1].State != InService {
		t.Errorf("cross-zone made targets doubtful: %+v", h)
	}
	seen := map[string]bool{}
	for range 40 {
		_, body := w.get()
		seen[body] = true
	}
	if len(seen) != 2 {
		t.Errorf("zone A's node served only %v", seen)
	}
}

func TestApplyingTheSameAgainDoesNothing(t *testing.T) {
	w := newWorld(t, true)
	w.launch("i-1", "172.31.1.10", zoneA)
	w.register("i-1", "172.31.1.10", zoneA)
	w.apply()
	w.untilInService("i-1")
	w.until("a full count of passes", func() bool { return w.is("i-1").Passes >= 2 })
	time.Sleep(50 * time.Millisecond) // an announcement may be on its way still
	before, health := w.changed(), w.is("i-1")
	for range 10 {
		w.apply()
	}
	if after := w.changed(); after != before {
		t.Errorf("%d announcements of nothing", after-before)
	}
	if h := w.is("i-1"); h.Since != health.Since || h.State != InService || h.Passes < health.Passes {
		t.Errorf("health did not outlive: %+v, was %+v", h, health)
	}
}

func TestHealthIsNeverInherited(t *testing.T) {
	w := newWorld(t, true)
	w.launch("i-1", "172.31.1.10", zoneA)
	w.register("i-1", "172.31.1.10", zoneA)
	w.apply()
	w.untilInService("i-1")
	w.deregister("i-1")
	w.registerAs("reg-again", "i-1", "172.31.1.10", zoneA, time.Now())
	w.apply()
	if h := w.edge.Health(dns); len(h) != 1 || h[0].Description != "Instance registration is still in progress." {
		t.Errorf("registered anew: %+v", h)
	}
	w.untilInService("i-1")
}

func TestAListenerThatCannotBeBoundIsTriedAgain(t *testing.T) {
	w := newWorld(t, true)
	w.wanted.Nodes[0].ID = "eni-late"
	w.apply()
	s, ok := w.edge.Status(dns)
	if !ok || s.Listeners[0].Bound || s.Listeners[0].Error == "" {
		t.Errorf("without its interface: %+v, %v", s, ok)
	}
	w.add("eni-late", "172.31.1.2", zoneA, "sg-elb")
	w.apply()
	if s, _ = w.edge.Status(dns); !s.Listeners[0].Bound || s.Listeners[0].Error != "" {
		t.Errorf("with it: %+v", s)
	}
	if _, ok := w.edge.Status("nobody"); ok {
		t.Error("there is a status of nobody")
	}
}

func TestListenersChangeLive(t *testing.T) {
	bothWays(t, func(t *testing.T, w *world) {
		w.launch("i-1", "172.31.1.10", zoneA)
		w.serve("i-1", 81, func(rw http.ResponseWriter, r *http.Request) { io.WriteString(rw, "port 81") })
		w.register("i-1", "172.31.1.10", zoneA)
		w.apply()
		w.untilInService("i-1")
		w.wanted.Listeners = []Listener{{HTTP, 80, HTTP, 81}, {HTTP, 8080, HTTP, 80}}
		w.apply()
		if _, body := w.get(); body != "port 81" {
			t.Errorf("the moved listener served %q", body)
		}
		if _, body := w.getAt("172.31.1.1", 8080); body != "i-1" {
			t.Errorf("the new listener served %q", body)
		}
		w.wanted.Listeners = w.wanted.Listeners[1:]
		w.apply()
		for refused := false; !refused; {
			conn, err := w.dial("172.31.1.1", 80)
			if refused = err != nil; !refused {
				conn.Close()
			}
		}
		if _, body := w.getAt("172.31.1.1", 8080); body != "i-1" {
			t.Errorf("the remaining listener served %q", body)
		}
	})
}

func TestTheConsolesNamesAreNotServed(t *testing.T) {
	w := newWorld(t, true)
	w.apply()
	if line := w.say("GET / HTTP/1.1\r\nHost: localhost:8080\r\n\r\n"); line != "HTTP/1.1 421 Misdirected Request" {
		t.Errorf("the console's name got %q", line)
	}
}

// load asks for pages from several clients at once until stop is called, and checks that
// every one is answered by an instance, except for at most lost that get a 504. more waits
// until another n were.
func (w *world) load(clients int, lost int64) (more func(n int64), stop func()) {
	ctx, cancel := context.WithCancel(context.Background())
	c := w.client("172.31.1.1", 80)
	var work sync.WaitGroup
	var served, cut atomic.Int64
	for range clients {
		work.Go(func() {
			for ctx.Err() == nil {
				resp, err := c.Get("http://" + dns + "/")
				if err != nil {
					w.t.Errorf("a request failed: %v", err)
					return
				}
				body, err := io.ReadAll(resp.Body)
				resp.Body.Close()
				if resp.StatusCode == 504 && cut.Add(1) <= lost {
					continue
				}
				if err != nil || resp.StatusCode != 200 || !strings.HasPrefix(string(body), "i-") {
					w.t.Errorf("a request got %d %q, %v", resp.StatusCode, body, err)
					return
				}
				served.Add(1)
			}
		})
	}
	more = func(n int64) {
		w.t.Helper()
		limit := time.Now().Add(20 * time.Second)
		for want := served.Load() + n; served.Load() < want; time.Sleep(time.Millisecond) {
			if w.t.Failed() || time.Now().After(limit) {
				w.t.Fatalf("only %d requests were served", served.Load())
			}
		}
	}
	return more, func() {
		cancel()
		work.Wait()
	}
}

func TestNothingFailsWhileEverythingChanges(t *testing.T) {
	bothWays(t, func(t *testing.T, w *world) {
		w.launch("i-1", "172.31.1.10", zoneA)
		w.launch("i-2", "172.31.1.11", zoneA)
		w.register("i-1", "172.31.1.10", zoneA)
		w.register("i-2", "172.31.1.11", zoneA)
		w.apply()
		w.untilInService("i-1", "i-2")
		more, stop := w.load(6, 0)
		defer stop()
		for round := range 5 {
			w.deregister("i-2")
			w.apply()
			w.wanted.HealthCheck.Path = []string{"/a", "/b"}[round%2]
			w.apply()
			w.wanted.Attributes.IdleTimeout += time.Second
			w.wanted.Listeners = []Listener{{HTTP, 80, HTTP, 80}, {HTTP, 8080, HTTP, 80}}[:1+round%2]
			w.apply()
			w.registerAs("reg-again-"+string(rune('a'+round)), "i-2", "172.31.1.11", zoneA, time.Now().Add(-time.Minute))
			w.apply()
			w.untilInService("i-2")
			more(50)
		}
		split := w.edge.Requests(dns)
		if split["i-1"] == 0 || split["i-2"] == 0 {
			t.Errorf("the split is %v: an instance served nothing", split)
		}
	})
}

func TestNothingFailsWhenOneOfTwoIsKilled(t *testing.T) {
	bothWays(t, func(t *testing.T, w *world) {
		w.launch("i-1", "172.31.1.10", zoneA)
		victim := w.launch("i-2", "172.31.1.11", zoneA)
		w.register("i-1", "172.31.1.10", zoneA)
		w.register("i-2", "172.31.1.11", zoneA)
		w.apply()
		w.untilInService("i-1", "i-2")
		// What is on the victim when it dies may be lost: four clients, four requests.
		more, stop := w.load(4, 4)
		defer stop()
		more(50)
		victim.stop()
		h := w.untilIs("i-2", OutOfService, descFailed)
		more(50)
		if h.LastProbe.Failure != "refused" {
			t.Errorf("killed: %+v", h)
		}
		stop()
		minutes := w.edge.Metrics(dns, time.Now().Add(-time.Hour))
		var m Minute
		for _, x := range minutes {
			m.Requests += x.Requests
			m.Backend2XX += x.Backend2XX
			m.ELB5XX += x.ELB5XX
		}
		if m.Requests == 0 || m.Backend2XX+m.ELB5XX != m.Requests || m.ELB5XX > 4 {
			t.Errorf("counted %+v", m)
		}
		if last := minutes[len(minutes)-1]; last.HealthyMin > 1 || last.UnhealthyMax < 1 {
			t.Errorf("hosts counted %+v", last)
		}
	})
}

func TestAnEdgeWithoutTheLoadBalancerServesItNoMore(t *testing.T) {
	w := newWorld(t, true)
	w.launch("i-1", "172.31.1.10", zoneA)
	w.register("i-1", "172.31.1.10", zoneA)
	w.apply()
	w.untilInService("i-1")
	w.edge.Apply(nil)
	for refused := false; !refused; {
		conn, err := w.dial("172.31.1.1", 80)
		if refused = err != nil; !refused {
			conn.Close()
		}
	}
	if h, m, r := w.edge.Health(dns), w.edge.Metrics(dns, time.Time{}), w.edge.Requests(dns); h != nil || m != nil || r != nil {
		t.Errorf("something is left: %v %v %v", h, m, r)
	}
}

func TestCloseEndsInTimeWithARequestInFlight(t *testing.T) {
	w := newWorld(t, true)
	arrived := make(chan struct{}, 1)
	w.add("eni-i-1", "172.31.1.10", zoneA, "sg-web")
	w.serve("i-1", 80, func(rw http.ResponseWriter, r *http.Request) {
		if strings.HasPrefix(r.UserAgent(), "ELB-") {
			return
		}
		arrived <- struct{}{}
		<-r.Context().Done()
	})
	w.register("i-1", "172.31.1.10", zoneA)
	w.apply()
	w.untilInService("i-1")
	line := make(chan string, 1)
	go func() {
		conn, err := w.dial("172.31.1.1", 80)
		if err != nil {
			line <- err.Error()
			return
		}
		defer conn.Close()
		io.WriteString(conn, "GET / HTTP/1.1\r\nHost: a\r\n\r\n")
		all, _ := io.ReadAll(conn)
		line <- string(all)
	}()
	<-arrived
	ctx, cancel := context.WithTimeout(t.Context(), time.Second)
	defer cancel()
	if err := w.edge.Close(ctx); err != nil {
		t.Errorf("Close: %v", err)
	}
	if got := <-line; got != "" {
		t.Errorf("the request that was cut got %q", got)
	}
	w.apply() // after Close it is nothing
	if got := w.edge.Health(dns); got != nil {
		t.Errorf("an Apply after Close made %v", got)
	}
}

func TestMetricsKeepTheOrderOfMinutes(t *testing.T) {
	w := newWorld(t, true)
	w.apply()
	w.get()
	minutes := w.edge.Metrics(dns, time.Now().Add(-time.Minute))
	if len(minutes) == 0 || !slices.IsSortedFunc(minutes, func(a, b Minute) int { return a.At.Compare(b.At) }) {
		t.Fatalf("minutes %+v", minutes)
	}
	sum := uint64(0)
	for _, m := range minutes {
		sum += m.ELB5XX
	}
	if sum != 1 {
		t.Errorf("%d answers of the load balancer's own were counted, want the 503", sum)
	}
}
