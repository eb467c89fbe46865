package health

import (
	"context"
	"errors"
	"net"
	"os"
	"slices"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"elbow/engine/pace"
)

// check returns a TCP check over a dial, with a timeout of 5 s.
func check(dial Dial, factor float64) Check {
	p := pace.New(factor)
	return Check{
		Pace: p, Delay: 5 * time.Second, Interval: 30 * time.Second,
		Probe: Probe{Protocol: "TCP", Dial: dial, Timeout: func() time.Duration { return p.Timeout(5 * time.Second) }},
	}
}

func refuse(context.Context) (net.Conn, error) { return nil, syscall.ECONNREFUSED }

func silence(ctx context.Context) (net.Conn, error) {
	<-ctx.Done()
	return nil, ctx.Err()
}

func begins(t *testing.T, c Check, run time.Duration) (at []time.Duration) {
	ctx, cancel := context.WithTimeout(t.Context(), run)
	defer cancel()
	started := time.Now()
	c.Run(ctx, func(r Result) { at = append(at, r.At.Sub(started)) })
	return at
}

func TestProbesBeginAnIntervalApartHoweverLongEachTakes(t *testing.T) {
	for name, dial := range map[string]Dial{"refused at once": refuse, "silent for all of the timeout": silence} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				at := begins(t, check(dial, 1), 90*time.Second)
				if want := []time.Duration{5 * time.Second, 35 * time.Second, 65 * time.Second}; !slices.Equal(at, want) {
					t.Errorf("probes began at %v, want %v", at, want)
				}
			})
		})
	}
}

func TestARaisedPaceShortensIntervalAndTimeout(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		at := begins(t, check(silence, 10), 11*time.Second)
		if len(at) != 4 || at[1]-at[0] != 3*time.Second {
			t.Errorf("probes began at %v, want four, 3 s apart", at)
		}
	})
}

func TestAProbeThatOutlastsItsIntervalDoesNotSpin(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		// At 1,000 an interval lasts 30 ms, and a timeout never less than 250 ms.
		at := begins(t, check(silence, 1000), time.Second)
		if len(at) < 3 || len(at) > 4 {
			t.Errorf("%d probes in a second, want one each 250 ms", len(at))
		}
	})
}

func TestAProbeWhoseCheckWasStoppedSaysNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		time.AfterFunc(7*time.Second, cancel) // two seconds into the first probe
		check(silence, 1).Run(ctx, func(r Result) { t.Errorf("reported %+v", r) })
	})
}

func TestAResultSaysWhenAndHowLong(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		begun := time.Now()
		r := check(silence, 1).Probe.Run(t.Context())
		if !r.At.Equal(begun) || r.Duration != 5*time.Second || r.OK || r.Failure != Timeout {
			t.Errorf("a silent target gave %+v", r)
		}
	})
}

func TestABlockedDialNamesItsOwnLayer(t *testing.T) {
	p := check(func(context.Context) (net.Conn, error) {
		return nil, &Blocked{Failure: Egress, Detail: "no rule\r\nlets it out", Err: errors.New("denied")}
	}, 1).Probe
	if r := p.Run(t.Context()); r.Failure != Egress || r.Detail != "no rule  lets it out" {
		t.Errorf("a blocked dial gave %+v", r)
	}
}

func TestAProberThatRanOutOfDescriptorsBlamesItself(t *testing.T) {
	p := check(func(context.Context) (net.Conn, error) {
		return nil, &net.OpError{Op: "dial", Err: os.NewSyscallError("socket", syscall.EMFILE)}
	}, 1).Probe
	if r := p.Run(t.Context()); r.Failure != Internal || r.OK {
		t.Errorf("a prober without descriptors gave %+v", r)
	}
}
