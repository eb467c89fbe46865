package store

import "elbow/engine/compute"

// Of two snapshots of one moment the later row is the newer one.
const (
	selectSnapshots = `
		SELECT id, volume_id, description, state, size_gib, bytes, started_at
		FROM snapshots WHERE account_id = ?1 AND region = ?2`
	allSnapshots = selectSnapshots + ` ORDER BY started_at DESC, rowid DESC`
	oneSnapshot  = selectSnapshots + ` AND id = ?3`
)

// Snapshots implements engine.Tx.
func (t *tx) Snapshots() ([]compute.Snapshot, error) { return t.snapshots("") }

// FindSnapshot implements engine.Tx.
func (t *tx) FindSnapshot(id string) (compute.Snapshot, bool, error) { return find(t.snapshots, id) }

func (t *tx) snapshots(id string) ([]compute.Snapshot, error) {
	snapshots, err := load(t, scanSnapshot, id, allSnapshots, oneSnapshot)
	if err != nil {
		return nil, err
	}
	tags, err := t.tags(snapshotTags, id)
	for i := range snapshots {
		snapshots[i].Tags = tags[snapshots[i].ID]
	}
	return snapshots, err
}

func scanSnapshot(r row) (s compute.Snapshot, err error) {
	err = r.Scan(&s.ID, &s.VolumeID, &s.Description, &s.State, &s.SizeGiB, &s.Bytes, at(&s.StartedAt))
	return s, err
}

// PutSnapshot implements engine.Tx.
func (t *tx) PutSnapshot(s compute.Snapshot) error {
	err := t.put(nil, `
		INSERT INTO snapshots (account_id, region, id, volume_id, description, state, size_gib, bytes, started_at)
		VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)
		ON CONFLICT (id) DO UPDATE SET
			volume_id = excluded.volume_id, description = excluded.description, state = excluded.state,
			size_gib = excluded.size_gib, bytes = excluded.bytes, started_at = excluded.started_at
		WHERE account_id = excluded.account_id AND region = excluded.region`,
		s.ID, s.VolumeID, s.Description, string(s.State), s.SizeGiB, s.Bytes, micros(s.StartedAt))
	if err != nil {
		return err
	}
	return t.putTags(snapshotTags, s.ID, s.Tags)
}

// DeleteSnapshot implements engine.Tx. One that an image still uses fails the commit
// with DependencyViolation.
func (t *tx) DeleteSnapshot(id string) error {
	if err := t.exec(`DELETE FROM snapshots WHERE account_id = ?1 AND region = ?2 AND id = ?3`, id); err != nil {
		return err
	}
	return t.deleteTags(snapshotTags, id)
}
