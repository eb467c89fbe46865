package pace

import (
	"context"
	"testing"
	"testing/synctest"
	"time"
)

func TestWaitRunsFaster(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		begun := time.Now()
		if err := New(20).Wait(t.Context(), 20*time.Second); err != nil {
			t.Fatal(err)
		}
		if got := time.Since(begun); got != time.Second {
			t.Errorf("waited %v, want 1s", got)
		}
	})
}

func TestAChangeReachesAWaitUnderWay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p, begun := New(1), time.Now()
		time.AfterFunc(10*time.Second, func() { p.Set(10) })
		if err := p.Wait(t.Context(), 30*time.Second); err != nil {
			t.Fatal(err)
		}
		if got := time.Since(begun); got != 12*time.Second {
			t.Errorf("waited %v, want 10s at 1 and 20s at 10", got)
		}
	})
}

func TestWaitEndsWithItsContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if err := New(1).Wait(ctx, time.Hour); err != context.DeadlineExceeded {
			t.Errorf("Wait = %v, want the deadline", err)
		}
	})
}

func TestTimeoutHasAFloor(t *testing.T) {
	for _, c := range []struct {
		factor  float64
		d, want time.Duration
	}{
		{1, 5 * time.Second, 5 * time.Second},
		{10, 5 * time.Second, 500 * time.Millisecond},
		{1000, 5 * time.Second, MinTimeout},
		{0.5, 5 * time.Second, 5 * time.Second},
		{10, 100 * time.Millisecond, 100 * time.Millisecond},
	} {
		if got := New(c.factor).Timeout(c.d); got != c.want {
			t.Errorf("Timeout(%v) at %v = %v, want %v", c.d, c.factor, got, c.want)
		}
	}
}

func TestAFactorThatIsNoneCountsAsOne(t *testing.T) {
	for _, f := range []float64{0, -1} {
		if got := New(f).Factor(); got != 1 {
			t.Errorf("New(%v).Factor() = %v, want 1", f, got)
		}
	}
}
