package engine

import (
	"net/netip"
	"reflect"
	"strings"
	"testing"

	"elbow/engine/compute"
	"elbow/engine/ident"
	"elbow/engine/network"
)

func TestTheStateJoinsWhatWasAskedWithWhatTheMachineDoes(t *testing.T) {
	const none = compute.State("")
	held := network.Interface{PrivateIP: netip.MustParseAddr("172.31.0.10")}
	for _, c := range []struct {
		name    string
		goal    compute.Goal
		iface   network.Interface
		machine compute.State // none: no machine is known
		want    compute.State
	}{
		{"asked to run, with no machine yet", compute.Run, held, none, compute.Pending},
		{"asked to run, booting", compute.Run, held, compute.Pending, compute.Pending},
		{"asked to run, up", compute.Run, held, compute.Running, compute.Running},
		{"asked to start, not told yet", compute.Run, held, compute.Stopped, compute.Pending},
		{"asked to stop, with no machine", compute.Stop, held, none, compute.Stopped},
		{"asked to stop, not told yet", compute.Stop, held, compute.Running, compute.Stopping},
		{"asked to stop while it boots", compute.Stop, held, compute.Pending, compute.Stopping},
		{"asked to stop, stopping", compute.Stop, held, compute.Stopping, compute.Stopping},
		{"asked to stop, down", compute.Stop, held, compute.Stopped, compute.Stopped},
		{"asked to terminate, not told yet", compute.Terminate, held, compute.Running, compute.ShuttingDown},
		{"asked to terminate, with no machine", compute.Terminate, held, none, compute.ShuttingDown},
		{"terminated, its addresses not given back", compute.Terminate, held, compute.Terminated, compute.ShuttingDown},
		{"terminated", compute.Terminate, network.Interface{}, compute.Terminated, compute.Terminated},
		{"terminated before a restart", compute.Terminate, network.Interface{}, none, compute.Terminated},
	} {
		t.Run(c.name, func(t *testing.T) {
			in := compute.Instance{Goal: c.goal, Interface: c.iface}
			if got := joinState(in, c.machine, c.machine != none); got != c.want {
				t.Errorf("got %s, want %s", got, c.want)
			}
		})
	}
}

// inState launches an instance and writes it so that, with no machine known, it is in the
// given state. Running and stopping need a machine: see the tests with a fleet.
func (c cloud) inState(s compute.State) compute.Instance {
	c.t.Helper()
	in := c.launched()
	switch s {
	case compute.Pending:
		return in
	case compute.Stopped:
		in.Goal = compute.Stop
	case compute.ShuttingDown:
		in.Goal, in.TerminatedAt = compute.Terminate, c.now()
	case compute.Terminated:
		in.Goal, in.TerminatedAt = compute.Terminate, c.now()
		in.Interface = network.Interface{}
	default:
		c.t.Fatalf("no instance is %s without a machine", s)
	}
	if s != compute.Pending {
		in.Interface.PublicIP = network.Interface{}.PublicIP
	}
	c.in(c.scope, func(tx Tx) error { return tx.PutInstance(in) })
	return in
}

// moveInstances is one of the four commands that move instances.
type moveInstances func(e *Engine, t *testing.T, ids ...string) ([]StateChange, error)

func startThem(e *Engine, t *testing.T, ids ...string) ([]StateChange, error) {
	return e.StartInstances(t.Context(), ids...)
}
func stopThem(e *Engine, t *testing.T, ids ...string) ([]StateChange, error) {
	return e.StopInstances(t.Context(), ids...)
}
func rebootThem(e *Engine, t *testing.T, ids ...string) ([]StateChange, error) {
	return e.RebootInstances(t.Context(), ids...)
}
func terminateThem(e *Engine, t *testing.T, ids ...string) ([]StateChange, error) {
	return e.TerminateInstances(t.Context(), ids...)
}

func TestEveryMoveFromEveryStateWithoutAMachine(t *testing.T) {
	const wrong = "IncorrectInstanceState"
	for _, tt := range []struct {
		name string
		move moveInstances
		from compute.State
		to   compute.State // the state afterwards
		code string        // of the refusal, or empty
	}{
		{"start pending", startThem, compute.Pending, compute.Pending, ""},
		{"start stopped", startThem, compute.Stopped, compute.Pending, ""},
		{"start shutting-down", startThem, compute.ShuttingDown, "", wrong},
		{"start terminated", startThem, compute.Terminated, "", wrong},
		{"stop pending", stopThem, compute.Pending, compute.Stopped, ""},
		{"stop stopped", stopThem, compute.Stopped, compute.Stopped, ""},
		{"stop shutting-down", stopThem, compute.ShuttingDown, "", wrong},
		{"stop terminated", stopThem, compute.Terminated, "", wrong},
		{"reboot pending", rebootThem, compute.Pending, "", wrong},
		{"reboot stopped", rebootThem, compute.Stopped, "", wrong},
		{"reboot shutting-down", rebootThem, compute.ShuttingDown, "", wrong},
		{"reboot terminated", rebootThem, compute.Terminated, compute.Terminated, ""},
		{"terminate pending", terminateThem, compute.Pending, compute.ShuttingDown, ""},
		{"terminate stopped", terminateThem, compute.Stopped, compute.ShuttingDown, ""},
		{"terminate shutting-down", terminateThem, compute.ShuttingDown, compute.ShuttingDown, ""},
		{"terminate terminated", terminateThem, compute.Terminated, compute.Terminated, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			c := newCloud(t)
			in := c.inState(tt.from)
			if tt.code != "" {
				c.refuses(tt.code, func() error { _, err := tt.move(c.Engine, t, in.ID); return err })
				return
			}
			moved, err := tt.move(c.Engine, t, in.ID)
			if err != nil {
				t.Fatal(err)
			}
			if want := []StateChange{{in.ID, tt.from, tt.to}}; !reflect.DeepEqual(moved, want) {
				t.Errorf("got %v, want %v", moved, want)
			}
			if tt.from == tt.to && !reflect.DeepEqual(c.instance(in.ID), in) {
				t.Error("a move with nothing to do changed the record")
			}
		})
	}
}

func TestStoppingReleasesThePublicAddressAndSaysWhy(t *testing.T) {
	c := newCloud(t)
	in := c.launched()
	if _, err := c.StopInstances(t.Context(), in.ID); err != nil {
		t.Fatal(err)
	}
	kept := c.instance(in.ID)
	if kept.Interface.PublicIP.IsValid() || kept.Interface.PrivateIP != in.Interface.PrivateIP || kept.Interface.ID != in.Interface.ID {
		t.Errorf("the interface is now %+v", kept.Interface)
	}
	if kept.StateReason.Code != "Client.UserInitiatedShutdown" || kept.StateReason.Message != "Client.UserInitiatedShutdown: User initiated shutdown" {
		t.Errorf("the reason is %+v", kept.StateReason)
	}
	if !strings.HasPrefix(kept.StateTransitionReason, "User initiated (") || !strings.HasSuffix(kept.StateTransitionReason, " GMT)") {
		t.Errorf("the transition reason is %q", kept.StateTransitionReason)
	}
	name := strings.ToLower(c.publicDNS(in.Interface))
	if gone := c.world().Retired; len(gone) != 1 || gone[0].Name != name || gone[0].Resource != in.ID || gone[0].Why != "stopped" {
		t.Errorf("retired %+v, want %s", gone, name)
	}
}

func TestStartingGivesANewPublicAddressOnlyToWhoHadOne(t *testing.T) {
	for _, public := range []bool{true, false} {
		c := newCloud(t)
		in := c.launched(func(in *RunInstancesInput) { in.AssociatePublicIP = public })
		for _, move := range []moveInstances{stopThem, startThem} {
			if _, err := move(c.Engine, t, in.ID); err != nil {
				t.Fatal(err)
			}
		}
		now := c.instance(in.ID)
		if now.Interface.PublicIP.IsValid() != public || now.Interface.PrivateIP != in.Interface.PrivateIP {
			t.Errorf("launched with a public address %t, then %+v", public, now.Interface)
		}
		if now.Goal != compute.Run || now.Boots != 2 || now.StateReason.Code != "" || now.StateTransitionReason != "" || !now.LaunchTime.After(in.LaunchTime) {
			t.Errorf("started, it is %+v", now)
		}
	}
}

func TestTerminationKeepsThePrivateAddressForTheReconciler(t *testing.T) {
	c := newCloud(t)
	in := c.launched()
	if _, err := c.TerminateInstances(t.Context(), in.ID); err != nil {
		t.Fatal(err)
	}
	now := c.instance(in.ID)
	if now.Goal != compute.Terminate || now.TerminatedAt.IsZero() || now.Interface.PublicIP.IsValid() || now.Interface.PrivateIP != in.Interface.PrivateIP {
		t.Errorf("terminated, it is %+v", now)
	}
	if gone := c.world().Retired; len(gone) != 1 || gone[0].Why != "terminated" {
		t.Errorf("retired %+v", gone)
	}
	at := now.TerminatedAt
	if _, err := c.TerminateInstances(t.Context(), in.ID); err != nil || !c.instance(in.ID).TerminatedAt.Equal(at) {
		t.Errorf("terminated twice: %v, at %v and %v", err, at, c.instance(in.ID).TerminatedAt)
	}
}

func TestAProtectedInstanceIsNotTerminatedNorItsCompanions(t *testing.T) {
	c := newCloud(t)
	free := c.launched()
	protected := c.launched(func(in *RunInstancesInput) { in.DisableApiTermination = true })
	c.refuses("OperationNotPermitted", func() error {
		_, err := c.TerminateInstances(t.Context(), free.ID, protected.ID)
		return err
	})
}

func TestMovesAreAllOrNothing(t *testing.T) {
	c := newCloud(t)
	good, gone := c.inState(compute.Stopped), c.inState(compute.Terminated)
	theirs := compute.Instance{ID: ident.New("i"), Goal: compute.Stop}
	c.in(elsewhere(), func(tx Tx) error { return tx.PutInstance(theirs) })
	for _, tt := range []struct {
		name string
		ids  []string
		code string
	}{
		{"no instance", nil, "MissingParameter"},
		{"an empty id", []string{good.ID, ""}, "InvalidInstanceID.Malformed"},
		{"HTML", []string{good.ID, "<script>"}, "InvalidInstanceID.Malformed"},
		{"control characters", []string{good.ID, "i-\x00"}, "InvalidInstanceID.Malformed"},
		{"an over-long id", []string{"i-" + strings.Repeat("a", 1<<20)}, "InvalidInstanceID.Malformed"},
		{"one that never was", []string{good.ID, ident.New("i")}, "InvalidInstanceID.NotFound"},
		{"several that never were", []string{ident.New("i"), ident.New("i")}, "InvalidInstanceID.NotFound"},
		{"another account's", []string{theirs.ID}, "InvalidInstanceID.NotFound"},
		{"another account's among ours", []string{good.ID, theirs.ID}, "InvalidInstanceID.NotFound"},
		{"one in the wrong state", []string{good.ID, gone.ID}, "IncorrectInstanceState"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			c.refuses(tt.code, func() error { _, err := c.StartInstances(t.Context(), tt.ids...); return err })
		})
	}
}

func TestAnIdGivenTwiceMovesOnce(t *testing.T) {
	c := newCloud(t)
	in := c.inState(compute.Stopped)
	moved, err := c.StartInstances(t.Context(), in.ID, in.ID)
	if err != nil || len(moved) != 1 || c.instance(in.ID).Boots != in.Boots+1 {
		t.Errorf("moved %v, %v, boots %d", moved, err, c.instance(in.ID).Boots)
	}
}
