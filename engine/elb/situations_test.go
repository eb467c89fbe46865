package elb

import (
	"io"
	"net/http"
	"testing"
	"time"

	"elbow/engine/elb/health"
)

func TestAZoneBeingDisabledSaysSoUntilItsLastAnswer(t *testing.T) {
	w := newWorld(t, true)
	asked, release := make(chan struct{}), make(chan struct{})
	w.add("eni-i-1", "172.31.2.10", zoneC, "sg-web")
	w.serve("i-1", 80, func(rw http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/slow" {
			close(asked)
			<-release
		}
		io.WriteString(rw, "i-1")
	})
	w.register("i-1", "172.31.2.10", zoneC)
	both := append(w.wanted.Nodes, w.add("eni-c", "172.31.2.1", zoneC, "sg-elb"))
	w.wanted.Nodes = both
	w.apply()
	w.untilInService("i-1")
	answered := make(chan int, 1)
	go func() {
		resp, err := w.client("172.31.2.1", 80).Get("http://" + dns + "/slow")
		if err != nil {
			answered <- 0
			return
		}
		resp.Body.Close()
		answered <- resp.StatusCode
	}()
	<-asked
	w.wanted.Nodes = both[:1]
	w.apply()
	if h := w.is("i-1"); h.State != OutOfService || h.ReasonCode != "ELB" || h.Description != descDisabling {
		t.Errorf("with a request in flight: %+v", h)
	}
	close(release)
	if status := <-answered; status != 200 {
		t.Errorf("the request in flight was answered %d", status)
	}
	w.untilIs("i-1", OutOfService, descZone)
}

func TestTroubleOfOurOwnIsNoVerdictOnATarget(t *testing.T) {
	w := newWorld(t, true)
	w.launch("i-1", "172.31.2.1", zoneA)
	w.register("i-1", "172.31.2.1", zoneA)
	w.wanted.HealthCheck.Interval = 300 * time.Second
	w.apply()
	w.untilInService("i-1")
	b, _ := w.edge.find(dns)
	b.mu.Lock()
	n, m := b.nodes[0], b.members[0]
	p := m.paths[n.ID]
	check := p.check
	b.mu.Unlock()
	for range 3 {
		b.observed(m, p, check, health.Result{Failure: health.Internal, Detail: "connecting: too many open files"})
	}
	if h := w.is("i-1"); h.State != Unknown || h.ReasonCode != "ELB" || h.Description != descTransient {
		t.Errorf("a prober that cannot probe says %+v", h)
	}
	if status, body := w.get(); status != 200 || body != "i-1" {
		t.Errorf("a client got %d %q meanwhile", status, body)
	}
	b.observed(m, p, check, health.Result{OK: true, Status: 200})
	if h := w.is("i-1"); h.State != InService {
		t.Errorf("with the next pass: %+v", h)
	}
}
