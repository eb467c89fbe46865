package engine

import (
	"testing"

	"elbow/engine/compute"
	"elbow/engine/ident"
)

func TestASnapshotIsDeletedOnlyAfterItsImage(t *testing.T) {
	c := newCloud(t)
	image := c.image()
	list, err := c.DescribeSnapshots(t.Context())
	if err != nil || len(list) != 1 || list[0].ImageID != image.ID {
		t.Fatalf("described %+v, %v", list, err)
	}
	c.refuses("InvalidSnapshot.InUse", func() error { return c.DeleteSnapshot(t.Context(), image.SnapshotID) })
	if err := c.DeregisterImage(t.Context(), image.ID, false); err != nil {
		t.Fatal(err)
	}
	if list, err = c.DescribeSnapshots(t.Context(), image.SnapshotID); err != nil || list[0].ImageID != "" {
		t.Errorf("without its image it is %+v, %v", list, err)
	}
	if err := c.DeleteSnapshot(t.Context(), image.SnapshotID); err != nil {
		t.Fatal(err)
	}
	c.refuses("InvalidSnapshot.NotFound", func() error { return c.DeleteSnapshot(t.Context(), image.SnapshotID) })
}

func TestDeleteSnapshotRefuses(t *testing.T) {
	c := newCloud(t)
	theirs := compute.Snapshot{ID: ident.New("snap")}
	c.in(elsewhere(), func(tx Tx) error { return tx.PutSnapshot(theirs) })
	for _, tt := range []struct{ name, id, code string }{
		{"no snapshot", "", "InvalidSnapshotID.Malformed"},
		{"HTML", "<snap>", "InvalidSnapshotID.Malformed"},
		{"another kind of id", ident.New("ami"), "InvalidSnapshotID.Malformed"},
		{"one that never was", ident.New("snap"), "InvalidSnapshot.NotFound"},
		{"another account's", theirs.ID, "InvalidSnapshot.NotFound"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			c.refuses(tt.code, func() error { return c.DeleteSnapshot(t.Context(), tt.id) })
		})
	}
}
