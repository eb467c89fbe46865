package compute

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
)

const snapA, snapB = "snap-0000000000000000a", "snap-0000000000000000b"

func TestAnImageIsAPointInTimeAndInstancesDoNotShareFiles(t *testing.T) {
	c := newCloud(t, true, 100)
	source := c.launch(1, webImage)
	c.write(source, "/var/www/html/index.html", "as imaged")
	n, err := c.CaptureImage(t.Context(), source.ID, snapA, false)
	if err != nil || n == 0 || !c.HasSnapshot(snapA) {
		t.Fatalf("captured %d bytes, %v", n, err)
	}
	c.write(source, "/var/www/html/index.html", "source, later")
	one, two := c.launch(2, Source{SnapshotID: snapA}), c.launch(3, Source{SnapshotID: snapA})
	c.write(one, "/var/www/html/index.html", "one")
	three := c.launch(4, Source{SnapshotID: snapA})
	for _, want := range []struct {
		in   Instance
		page string
	}{{source, "source, later"}, {one, "one"}, {two, "as imaged"}, {three, "as imaged"}} {
		if _, body := c.get(want.in, "/"); body != want.page {
			t.Errorf("%s serves %q, want %q", want.in.ID, body, want.page)
		}
	}
	if err := c.RemoveSnapshot(snapA); err != nil || c.HasSnapshot(snapA) {
		t.Fatalf("snapshot not removed: %v", err)
	}
	if _, body := c.get(two, "/"); body != "as imaged" {
		t.Errorf("without the snapshot: %q", body)
	}
	if err := c.RemoveSnapshot(snapA); err != nil {
		t.Errorf("removing again: %v", err)
	}
}

func TestAnImageHoldsWhatIsEnabledNotWhatIsRunning(t *testing.T) {
	c := newCloud(t, true, 100)
	source := c.launch(1, plainImage)
	ctx := t.Context()
	for _, do := range []func(context.Context, string, string) error{c.InstallService, c.StartService} {
		if err := do(ctx, source.ID, "httpd"); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := c.CaptureImage(ctx, source.ID, snapA, false); err != nil {
		t.Fatal(err)
	}
	if err := c.EnableService(ctx, source.ID, "httpd"); err != nil {
		t.Fatal(err)
	}
	if _, err := c.CaptureImage(ctx, source.ID, snapB, false); err != nil {
		t.Fatal(err)
	}
	started, enabled := c.launch(2, Source{SnapshotID: snapA}), c.launch(3, Source{SnapshotID: snapB})
	if c.answers(started) || !c.answers(enabled) {
		t.Fatalf("started only: %v, enabled: %v", c.answers(started), c.answers(enabled))
	}
}

func TestCapturingWithARebootRestartsWhatBootStarts(t *testing.T) {
	c := newCloud(t, true, 100)
	in := c.launch(1, webImage)
	before := c.service(in).Since
	if _, err := c.CaptureImage(t.Context(), in.ID, snapA, true); err != nil {
		t.Fatal(err)
	}
	after := c.service(in)
	if s, _ := c.State(in.ID); s != Running || !after.Active || !after.Since.After(before) {
		t.Fatalf("state %s, service %+v", s, after)
	}
	if !c.answers(in) {
		t.Fatal("the instance does not answer after the capture")
	}
	if _, err := c.CaptureImage(t.Context(), in.ID, snapB, false); err != nil || c.service(in).Since != after.Since {
		t.Fatalf("without a reboot the service was restarted (%v)", err)
	}
}

func TestAStoppedInstanceCanBeCapturedAlsoByANewProcess(t *testing.T) {
	c := newCloud(t, true, 100)
	in := c.launch(1, webImage)
	c.Stop(in, webImage)
	c.await(in.ID, Stopped)
	n, err := c.CaptureImage(t.Context(), in.ID, snapA, true)
	if err != nil || n == 0 {
		t.Fatal(n, err)
	}
	c.Fleet.Close(t.Context())
	c.Fleet = c.reopen(c.pace)
	again, err := c.CaptureImage(t.Context(), in.ID, snapA, true)
	if err != nil || again != n {
		t.Fatalf("capturing what is captured: %d bytes, want %d, %v", again, n, err)
	}
	if _, err := c.CaptureImage(t.Context(), in.ID, snapB, true); err != nil {
		t.Fatal(err)
	}
}

func TestACaptureThatCannotBeDoneSaysWhyAndLeavesNothing(t *testing.T) {
	c := newCloud(t, true, 100)
	in := c.launch(1, plainImage)
	if _, err := c.CaptureImage(t.Context(), "i-0000000000000dead", snapA, false); faultCode(err) != "InvalidInstanceID.NotFound" {
		t.Errorf("unknown instance: %v", err)
	}
	for _, bad := range []string{"", "..", "../x", "a/b", ".tmp-x", "a\x00b", strings.Repeat("x", 300)} {
		if _, err := c.CaptureImage(t.Context(), in.ID, bad, false); faultCode(err) != "InvalidParameterValue" {
			t.Errorf("snapshot %q: %v", bad, err)
		}
		if c.HasSnapshot(bad) || c.RemoveSnapshot(bad) == nil {
			t.Errorf("snapshot %q exists or was removed", bad)
		}
	}
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := c.CaptureImage(ended, in.ID, snapA, false); !errors.Is(err, context.Canceled) || c.HasSnapshot(snapA) {
		t.Errorf("cancelled: %v", err)
	}
}

func TestTheSameCaptureAskedForTwiceAtOnceIsTakenOnce(t *testing.T) {
	c := newCloud(t, true, 100)
	in := c.launch(1, webImage)
	var both sync.WaitGroup
	sizes, errs := make([]int64, 2), make([]error, 2)
	for i := range 2 {
		both.Go(func() { sizes[i], errs[i] = c.CaptureImage(context.Background(), in.ID, snapA, true) })
	}
	both.Wait()
	if errors.Join(errs...) != nil || sizes[0] != sizes[1] || fmt.Sprint(leftovers(c)) != "[snapshots/"+snapA+"]" {
		t.Fatal(sizes, errs, leftovers(c))
	}
}
