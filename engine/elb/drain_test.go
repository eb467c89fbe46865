package elb

import (
	"io"
	"net/http"
	"strings"
	"testing"
	"time"
)

// held registers an instance whose answers wait for release, and puts one request on it.
// It returns where that request's answer comes.
func (w *world) held() (answer chan string, release chan struct{}) {
	w.t.Helper()
	arrived := make(chan struct{}, 1)
	answer, release = make(chan string, 1), make(chan struct{})
	w.add("eni-i-1", "172.31.1.10", zoneA, "sg-web")
	w.serve("i-1", 80, func(rw http.ResponseWriter, r *http.Request) {
		if strings.HasPrefix(r.UserAgent(), "ELB-") {
			return
		}
		arrived <- struct{}{}
		select {
		case <-release:
			io.WriteString(rw, "whole")
		case <-r.Context().Done():
		}
	})
	w.register("i-1", "172.31.1.10", zoneA)
	w.apply()
	w.untilInService("i-1")
	go func() {
		conn, err := w.dial("172.31.1.1", 80)
		if err != nil {
			answer <- err.Error()
			return
		}
		defer conn.Close()
		io.WriteString(conn, "GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
		all, _ := io.ReadAll(conn)
		answer <- string(all)
	}()
	<-arrived
	return answer, release
}

func TestADeregisteredTargetFinishesWhatItHasAndGetsNothingNew(t *testing.T) {
	w := newWorld(t, true)
	answer, release := w.held()
	w.deregister("i-1")
	w.apply()
	h := w.is("i-1")
	if h.State != InService || h.ReasonCode != "N/A" || h.Description != "Instance deregistration currently in progress." {
		t.Errorf("draining: %+v", h)
	}
	if status, _ := w.get(); status != 503 {
		t.Errorf("a new request got %d", status)
	}
	if s, _ := w.edge.Status(dns); s.InFlight != 1 {
		t.Errorf("%d in flight, want 1", s.InFlight)
	}
	close(release)
	if got := <-answer; !strings.HasSuffix(got, "whole") {
		t.Errorf("the request in flight got %q", got)
	}
	w.until("the end of draining", func() bool { return len(w.edge.Health(dns)) == 0 })
}

func TestAnInstanceRegisteredAnewWhileItDrainsIsShownOnce(t *testing.T) {
	w := newWorld(t, true)
	answer, release := w.held()
	w.deregister("i-1")
	w.registerAs("reg-again", "i-1", "172.31.1.10", zoneA, time.Now())
	w.apply()
	if h := w.edge.Health(dns); len(h) != 1 || h[0].Description != "Instance registration is still in progress." {
		t.Errorf("registered anew: %+v", h)
	}
	close(release)
	if got := <-answer; !strings.HasSuffix(got, "whole") {
		t.Errorf("the request in flight got %q", got)
	}
}

func TestWhatOutlastsTheDrainingTimeoutIsCut(t *testing.T) {
	w := newWorld(t, true)
	w.wanted.Attributes.DrainingTimeout = time.Second // of the wall clock, whatever the pace
	answer, _ := w.held()
	begun := time.Now()
	w.deregister("i-1")
	w.apply()
	if got := <-answer; !strings.HasPrefix(got, "HTTP/1.1 504 ") {
		t.Errorf("the request in flight got %q", got)
	}
	if took := time.Since(begun); took < time.Second || took > 4*time.Second {
		t.Errorf("it was cut after %v, want 1s", took)
	}
}

func TestWithoutDrainingADeregisteredTargetIsCutAtOnce(t *testing.T) {
	w := newWorld(t, true)
	w.wanted.Attributes.ConnectionDraining = false
	answer, _ := w.held()
	w.deregister("i-1")
	w.apply()
	if h := w.edge.Health(dns); len(h) != 0 {
		t.Errorf("it is still listed: %+v", h)
	}
	if got := <-answer; !strings.HasPrefix(got, "HTTP/1.1 504 ") {
		t.Errorf("the request in flight got %q", got)
	}
}

func TestAnUnhealthyTargetFinishesWhatItHas(t *testing.T) {
	w := newWorld(t, true)
	answer, release := w.held()
	w.wanted.HealthCheck.Port = 79 // nothing listens there
	w.wanted.HealthCheck.Protocol, w.wanted.HealthCheck.Path = TCP, ""
	w.groups[2].Rules = append(w.groups[2].Rules, inbound(79, "172.31.0.0/16"))
	w.fabric.Apply(w.interfaces, w.groups)
	w.apply()
	w.untilIs("i-1", OutOfService, descFailed)
	close(release)
	if got := <-answer; !strings.HasSuffix(got, "whole") {
		t.Errorf("the request in flight got %q", got)
	}
}
