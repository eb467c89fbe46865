package store_test

import (
	"strings"
	"testing"

	"elbow/engine"
	"elbow/engine/compute"
	"elbow/engine/fault"
	"elbow/store"
)

// manySnapshots is more than a few pages hold.
func manySnapshots(tx engine.Tx) error {
	for n := range 50 {
		s := compute.Snapshot{ID: id("snap", 1000+n), State: compute.SnapshotPending, Description: strings.Repeat("x", 1000)}
		if err := tx.PutSnapshot(s); err != nil {
			return err
		}
	}
	return nil
}

func TestAFullDiskIsReportedAndNothingIsHalfDone(t *testing.T) {
	for name, fn := range map[string]func(engine.Tx) error{
		"the error is returned": manySnapshots,
		"the error is hidden":   func(tx engine.Tx) error { _ = manySnapshots(tx); return nil },
	} {
		t.Run(name, func(t *testing.T) {
			db, a := fresh(t), newAccount(1)
			update(t, db, mine(), a.put)
			store.LimitPages(t, db, 3)
			err := db.Update(t.Context(), mine(), fn)
			f, ok := fault.Of(err)
			if !ok || f.Kind != fault.Overloaded || !strings.Contains(f.Message(), "full") {
				t.Fatalf("Update: %v, want to hear that the disk is full", err)
			}
			view(t, db, mine(), func(tx engine.Tx) error { expectAccount(t, tx, a); return nil })

			// The connection that met the error is gone, and its limit with it.
			update(t, db, mine(), manySnapshots)
			same[[]string](t, "Verify", nil)(db.Verify(t.Context()))
		})
	}
}
