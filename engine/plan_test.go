package engine

import (
	"testing"
	"time"

	"elbow/engine/compute"
	"elbow/engine/network"

	"net/netip"
)

func TestPlanOfOneInstance(t *testing.T) {
	addr := network.Interface{PrivateIP: netip.MustParseAddr("172.31.0.10")}
	for _, c := range []struct {
		name  string
		goal  compute.Goal
		state compute.State // empty: no machine known
		boots int           // of the machine; the record's is 1
		gone  bool          // the addresses were given back
		age   time.Duration // since termination
		owed  bool          // a copy of it is owed
		bare  bool          // it has no directory
		want  verb
		none  bool
	}{
		{name: "a new instance boots", goal: compute.Run, want: boot},
		{name: "a booting one is left alone", goal: compute.Run, state: compute.Pending, boots: 1, none: true},
		{name: "a running one is left alone", goal: compute.Run, state: compute.Running, boots: 1, none: true},
		{name: "a rebooted one boots anew", goal: compute.Run, state: compute.Running, boots: 0, want: boot},
		{name: "one started while it stops boots", goal: compute.Run, state: compute.Stopping, boots: 1, want: boot},
		{name: "one whose copy is owed waits after a crash", goal: compute.Run, owed: true, none: true},
		{name: "one whose copy is owed keeps running", goal: compute.Run, state: compute.Running, boots: 1, owed: true, none: true},
		{name: "a running one halts", goal: compute.Stop, state: compute.Running, want: halt},
		{name: "a booting one halts", goal: compute.Stop, state: compute.Pending, want: halt},
		{name: "a stopping one is left alone", goal: compute.Stop, state: compute.Stopping, none: true},
		{name: "a stopped one stays stopped over a restart", goal: compute.Stop, none: true},
		{name: "a stopped one that never booted gets its directory", goal: compute.Stop, bare: true, want: halt},
		{name: "it is asked for once", goal: compute.Stop, state: compute.Stopped, bare: true, none: true},
		{name: "a running one is destroyed", goal: compute.Terminate, state: compute.Running, want: destroy},
		{name: "one that a crash left is destroyed", goal: compute.Terminate, want: destroy},
		{name: "one whose copy is owed is not destroyed yet", goal: compute.Terminate, owed: true, none: true},
		{name: "one shutting down is left alone", goal: compute.Terminate, state: compute.ShuttingDown, none: true},
		{name: "a terminated one gives its addresses back", goal: compute.Terminate, state: compute.Terminated, want: release},
		{name: "its row stays for an hour", goal: compute.Terminate, state: compute.Terminated, gone: true, age: time.Hour, none: true},
		{name: "its row goes after an hour", goal: compute.Terminate, gone: true, age: time.Hour + time.Second, want: forget},
	} {
		t.Run(c.name, func(t *testing.T) {
			now := time.Now()
			in := compute.Instance{ID: "i-1", Goal: c.goal, Boots: 1, Interface: addr, TerminatedAt: now.Add(-c.age)}
			if c.gone {
				in.Interface = network.Interface{}
			}
			is := actual{states: map[string]compute.State{}, boots: map[string]int{"i-1": c.boots}, bare: map[string]bool{"i-1": c.bare}, now: now}
			if c.state != "" {
				is.states["i-1"] = c.state
			}
			got, any := planInstance(in, is, c.owed)
			if any == c.none || any && got != c.want {
				t.Errorf("step %v (any %v), want %v (any %v)", got, any, c.want, !c.none)
			}
		})
	}
}

func TestPlanTakesACopyBeforeItMovesTheInstance(t *testing.T) {
	image := compute.Image{ID: "ami-1", State: compute.ImagePending, SourceInstanceID: "i-1", SnapshotID: "snap-1"}
	w := World{Scopes: []ScopedWorld{{
		Images:    []compute.Image{image},
		Instances: []compute.Instance{{ID: "i-1", Goal: compute.Run}},
	}}}
	is := actual{states: map[string]compute.State{}, boots: map[string]int{}, captured: map[string]bool{}}
	if got := plan(w, is); len(got) != 1 || got[0].verb != capture {
		t.Fatalf("with the copy owed the plan is %v, want the capture alone", got)
	}
	is.captured["snap-1"] = true
	if got := plan(w, is); len(got) != 2 || got[1].verb != boot {
		t.Errorf("with the copy taken the plan is %v, want capture and boot", got)
	}
}

func TestPlanOfASoundWorldIsEmpty(t *testing.T) {
	w := World{Scopes: []ScopedWorld{{
		Images: []compute.Image{{ID: "ami-1", State: compute.ImageAvailable}},
		Instances: []compute.Instance{
			{ID: "i-1", Goal: compute.Run, Boots: 3},
			{ID: "i-2", Goal: compute.Stop},
		},
	}}}
	is := actual{states: map[string]compute.State{"i-1": compute.Running}, boots: map[string]int{"i-1": 3}}
	if got := plan(w, is); len(got) != 0 {
		t.Errorf("plan %v, want none", got)
	}
}
