package engine

import (
	"context"

	"elbow/engine/compute"
	"elbow/engine/fault"
	"elbow/engine/ident"
)

// SnapshotDescription is a snapshot with the image that uses it.
type SnapshotDescription struct {
	compute.Snapshot
	ImageID string // empty when its image is deregistered
}

// DescribeSnapshots returns the named snapshots in that order, or all of them, newest
// first. Faults: InvalidSnapshotID.Malformed, InvalidSnapshot.NotFound. Source: EC2 API,
// DescribeSnapshots.
func (e *Engine) DescribeSnapshots(ctx context.Context, ids ...string) ([]SnapshotDescription, error) {
	var described []SnapshotDescription
	err := e.view(ctx, func(tx Tx) error {
		snapshots, err := pick(distinct(ids), tx.Snapshots, func(id string) (compute.Snapshot, error) { return findSnapshot(tx, id) })
		if err != nil {
			return err
		}
		users, err := snapshotUsers(tx)
		described = make([]SnapshotDescription, len(snapshots))
		for i, s := range snapshots {
			described[i] = SnapshotDescription{Snapshot: s, ImageID: users[s.ID]}
		}
		return err
	})
	return described, err
}

// DeleteSnapshot deletes a snapshot that no image uses, with its files. Faults:
// InvalidSnapshotID.Malformed, InvalidSnapshot.NotFound, InvalidSnapshot.InUse. Source:
// EC2 API, DeleteSnapshot.
func (e *Engine) DeleteSnapshot(ctx context.Context, id string) error {
	err := e.do(ctx, "DeleteSnapshot", "", func(c *change) error {
		c.aboutAsked([]string{id})
		snap, err := findSnapshot(c, id)
		if err != nil {
			return err
		}
		users, err := snapshotUsers(c)
		if err != nil {
			return err
		}
		if imageID, used := users[snap.ID]; used {
			return fault.New(fault.Conflict, "InvalidSnapshot.InUse", "The snapshot %s is currently in use by %s", snap.ID, imageID)
		}
		c.touch("snapshot", snap.ID)
		return c.DeleteSnapshot(snap.ID)
	})
	if err == nil {
		e.removeSnapshotFiles(ctx, id)
	}
	return err
}

// snapshotUsers are the ids of images, by the snapshot that each stands on.
func snapshotUsers(tx Tx) (map[string]string, error) {
	images, err := tx.Images()
	users := make(map[string]string, len(images))
	for _, image := range images {
		if image.SnapshotID != "" {
			users[image.SnapshotID] = image.ID
		}
	}
	return users, err
}

// removeSnapshotFiles removes the files of a snapshot whose row is gone. What is left
// behind, by a failure or a crash, the sweep at the next start removes.
func (e *Engine) removeSnapshotFiles(ctx context.Context, id string) {
	if err := e.fleet.RemoveSnapshot(id); err != nil {
		e.log.ErrorContext(ctx, "snapshot files not removed", "snapshot", id, "err", err)
	}
}

// findSnapshot finds one snapshot, or says in AWS's words that there is none.
func findSnapshot(tx Tx, id string) (compute.Snapshot, error) {
	if !ident.Valid("snap", id) {
		return compute.Snapshot{}, fault.New(fault.Invalid, "InvalidSnapshotID.Malformed", `Invalid id: "%s" (expecting "snap-...")`, shown(id)).In("snapshot_id")
	}
	snap, ok, err := tx.FindSnapshot(id)
	if err == nil && !ok {
		err = fault.New(fault.NotFound, "InvalidSnapshot.NotFound", "The snapshot '%s' does not exist.", id).In("snapshot_id")
	}
	return snap, err
}
