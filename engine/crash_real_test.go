package engine_test

import (
	"net/netip"
	"testing"
	"time"

	"elbow/engine"
	"elbow/engine/compute"
	"elbow/engine/ident"
)

// afterACrash is an engine that finds one instance as edit leaves its record, without a
// directory: the process before it ended between the commit and the work. The instance
// comes from an image of the account's own.
func afterACrash(t *testing.T, edit func(engine.Tx, *compute.Instance) error) (w *whole, id, image string) {
	t.Helper()
	dir := t.TempDir()
	w = opened(t, dir)
	source := w.launch()
	image, err := w.CreateImage(t.Context(), engine.CreateImageInput{InstanceID: source, Name: "image1"})
	w.do(err)
	w.available(image)
	record := w.describe(source).Instance
	_, err = w.TerminateInstances(t.Context(), source)
	w.do(err)
	w.becomes(source, compute.Terminated)
	record.ID, record.ImageID, record.Interface.ID = ident.New("i"), image, ident.New("eni")
	w.do(w.db.Update(t.Context(), ident.Scope{Account: "123456789012", Region: "ap-northeast-1"}, func(tx engine.Tx) error {
		if err := edit(tx, &record); err != nil {
			return err
		}
		return tx.PutInstance(record)
	}))
	w.close()
	w = opened(t, dir)
	t.Cleanup(w.close)
	return w, record.ID, image
}

func (w *whole) available(image string) {
	w.t.Helper()
	w.until("available", func() bool {
		found, err := w.DescribeImages(w.t.Context(), image)
		w.do(err)
		return found[0].State == compute.ImageAvailable
	})
}

func stopped(_ engine.Tx, in *compute.Instance) error {
	in.Goal, in.Interface.PublicIP, in.AutoPublicIP = compute.Stop, netip.Addr{}, false
	return nil
}

func TestAnInstanceStoppedBeforeItsFirstBootOutlivesItsImage(t *testing.T) {
	w, id, image := afterACrash(t, stopped)
	w.until("independent of the image", func() bool { return w.DeregisterImage(t.Context(), image, true) == nil })
	_, err := w.StartInstances(t.Context(), id)
	w.do(err)
	w.becomes(id, compute.Running)
	w.sound()
}

func TestAnInstanceStoppedBeforeItsFirstBootCanBeCopied(t *testing.T) {
	w, id, _ := afterACrash(t, stopped)
	image, err := w.CreateImage(t.Context(), engine.CreateImageInput{InstanceID: id, Name: "image2"})
	w.do(err)
	w.available(image)
}

func TestAnInstanceWhoseFilesAreGoneIsTerminatedAtOnce(t *testing.T) {
	w, id, _ := afterACrash(t, func(_ engine.Tx, in *compute.Instance) error {
		in.Goal, in.TerminatedAt = compute.Terminate, time.Now()
		return nil
	})
	w.becomes(id, compute.Terminated)
}

func TestAnInstanceWaitsNoLongerForACopyThatFailed(t *testing.T) {
	w, id, _ := afterACrash(t, func(tx engine.Tx, in *compute.Instance) error {
		snap := compute.Snapshot{ID: ident.New("snap"), State: compute.SnapshotPending, StartedAt: time.Now()}
		if err := tx.PutSnapshot(snap); err != nil {
			return err
		}
		return tx.PutImage(compute.Image{
			ID: ident.New("ami"), Name: "owed", State: compute.ImagePending, SnapshotID: snap.ID, SourceInstanceID: in.ID, CreatedAt: time.Now(),
		})
	})
	w.becomes(id, compute.Running)
}
