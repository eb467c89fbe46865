package main

import (
	"fmt"
	"os"
	"runtime"
	"runtime/pprof"
	"strings"
	"testing"
	"time"

	"elbow/engine"
	"elbow/engine/compute"
	"elbow/engine/elb"
	"elbow/engine/network"
)

const (
	leakLaunches = 200
	leakBatch    = 20
)

func TestNothingIsLeftOfTwoHundredLaunchesAndTerminations(t *testing.T) {
	dir := t.TempDir()
	a := startApp(t, func(c *config) { c.Speed, c.Data = 1000, dir })
	l := newLauncher(t, a)
	l.liveAndDie(1) // what is made once is made now
	before := atRest(t, census{})
	for range leakLaunches / leakBatch {
		l.liveAndDie(leakBatch)
	}
	after := atRest(t, before)
	t.Logf("before %v, after %v", before, after)
	if after.goroutines > before.goroutines {
		var stacks strings.Builder
		_ = pprof.Lookup("goroutine").WriteTo(&stacks, 1)
		t.Errorf("%d goroutines are left:\n%s", after.goroutines-before.goroutines, stacks.String())
	}
	if after.descriptors > before.descriptors {
		t.Errorf("%d descriptors are left: %q", after.descriptors-before.descriptors, descriptors())
	}
	if left := directories(t, dir); len(left) > 0 {
		t.Errorf("directories are left: %v", left)
	}
}

// launcher launches web servers behind a load balancer.
type launcher struct {
	t     *testing.T
	app   *app
	image string
	group string
	name  string // the load balancer's public name
}

func newLauncher(t *testing.T, a *app) *launcher {
	t.Helper()
	images, err := a.engine.DescribeImages(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	l := &launcher{t: t, app: a}
	for _, image := range images {
		if image.Name == webImage {
			l.image = image.ID
		}
	}
	l.group, err = a.engine.CreateSecurityGroup(t.Context(), engine.CreateSecurityGroupInput{Name: "web", Description: "web", Rules: []network.Rule{open(80)}})
	if err != nil {
		t.Fatal(err)
	}
	b, err := a.engine.CreateLoadBalancer(t.Context(), engine.CreateLoadBalancerInput{
		Name: "lb", GroupIDs: []string{l.group}, HealthCheck: probe(5), Attributes: elb.Attributes{CrossZone: true},
		Listeners: []elb.Listener{{Protocol: elb.HTTP, LoadBalancerPort: 80, InstanceProtocol: elb.HTTP, InstancePort: 80}},
	})
	if err != nil {
		t.Fatal(err)
	}
	l.name = b.DNSName
	return l
}

// liveAndDie launches instances, lets them serve and terminates them.
func (l *launcher) liveAndDie(count int) {
	l.t.Helper()
	ctx, e := l.t.Context(), l.app.engine
	made, err := e.RunInstances(ctx, engine.RunInstancesInput{ImageID: l.image, GroupIDs: []string{l.group}, AssociatePublicIP: true, Count: count})
	if err != nil {
		l.t.Fatal(err)
	}
	l.reach(made.InstanceIDs, compute.Running)
	if err := e.RegisterInstances(ctx, "lb", made.InstanceIDs...); err != nil {
		l.t.Fatal(err)
	}
	eventually(l.t, "all are in service", func() (lines []string) {
		health, err := e.DescribeInstanceHealth(ctx, "lb", made.InstanceIDs...)
		if err != nil {
			l.t.Fatal(err)
		}
		for _, h := range health {
			if h.State != elb.InService {
				lines = append(lines, h.InstanceID+" "+h.Description)
			}
		}
		return lines
	})
	client{l.t, l.app.Port(), stranger}.wants(l.name, "/", 200, "")
	if _, err := e.TerminateInstances(ctx, made.InstanceIDs...); err != nil {
		l.t.Fatal(err)
	}
	l.reach(made.InstanceIDs, compute.Terminated)
}

func (l *launcher) reach(ids []string, state compute.State) {
	l.t.Helper()
	eventually(l.t, "all are "+string(state), func() (lines []string) {
		all, err := l.app.engine.DescribeInstances(l.t.Context(), ids...)
		if err != nil {
			l.t.Fatal(err)
		}
		for _, in := range all {
			if in.State != state {
				lines = append(lines, fmt.Sprintf("%s is %s %s", in.ID, in.State, in.Failure))
			}
		}
		return lines
	})
}

// census counts what a process can leak.
type census struct{ goroutines, descriptors int }

// atRest counts once the counts are no higher than the ones given, or change no more.
func atRest(t *testing.T, atMost census) census {
	t.Helper()
	now, since := count(), time.Now()
	for time.Since(since) < 3*time.Second && (now.goroutines > atMost.goroutines || now.descriptors > atMost.descriptors) {
		time.Sleep(50 * time.Millisecond)
		if next := count(); next != now {
			now, since = next, time.Now()
		}
	}
	return now
}

func count() census { return census{runtime.NumGoroutine(), len(descriptors())} }

// descriptors are what the process has open, none where the system does not say.
func descriptors() (names []string) {
	const dir = "/proc/self/fd"
	entries, _ := os.ReadDir(dir)
	for _, e := range entries {
		if name, err := os.Readlink(dir + "/" + e.Name()); err == nil {
			names = append(names, name)
		}
	}
	return names
}
