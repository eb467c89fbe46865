package store

import (
	"elbow/engine/compute"
	"elbow/engine/fault"
)

// Of two images of one moment the later row is the newer one.
const (
	selectImages = `
		SELECT id, name, description, state, state_reason, source_instance_id, snapshot_id,
			owner_alias, base, no_reboot, created_at
		FROM images WHERE account_id = ?1 AND region = ?2`
	allImages = selectImages + ` ORDER BY created_at DESC, rowid DESC`
	oneImage  = selectImages + ` AND id = ?3`
)

// Images implements engine.Tx.
func (t *tx) Images() ([]compute.Image, error) { return t.images("") }

// FindImage implements engine.Tx.
func (t *tx) FindImage(id string) (compute.Image, bool, error) { return find(t.images, id) }

func (t *tx) images(id string) ([]compute.Image, error) {
	images, err := load(t, scanImage, id, allImages, oneImage)
	if err != nil {
		return nil, err
	}
	tags, err := t.tags(imageTags, id)
	for i := range images {
		images[i].Tags = tags[images[i].ID]
	}
	return images, err
}

func scanImage(r row) (m compute.Image, err error) {
	err = r.Scan(&m.ID, &m.Name, &m.Description, &m.State, &m.StateReason, &m.SourceInstanceID,
		orEmpty(&m.SnapshotID), &m.OwnerAlias, &m.Base, &m.NoReboot, at(&m.CreatedAt))
	return m, err
}

// PutImage implements engine.Tx. A name that another image of the owner has is the fault
// InvalidAMIName.Duplicate.
func (t *tx) PutImage(m compute.Image) error {
	taken := fault.New(fault.Conflict, "InvalidAMIName.Duplicate", "AMI name %s is already in use", m.Name).In("name")
	err := t.put(taken, `
		INSERT INTO images (account_id, region, id, name, description, state, state_reason,
			source_instance_id, snapshot_id, owner_alias, base, no_reboot, created_at)
		VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13)
		ON CONFLICT (id) DO UPDATE SET
			name = excluded.name, description = excluded.description, state = excluded.state,
			state_reason = excluded.state_reason, source_instance_id = excluded.source_instance_id,
			snapshot_id = excluded.snapshot_id, owner_alias = excluded.owner_alias, base = excluded.base,
			no_reboot = excluded.no_reboot, created_at = excluded.created_at
		WHERE account_id = excluded.account_id AND region = excluded.region`,
		m.ID, m.Name, m.Description, string(m.State), m.StateReason, m.SourceInstanceID,
		orNull(m.SnapshotID != "", m.SnapshotID), m.OwnerAlias, m.Base, m.NoReboot, micros(m.CreatedAt))
	if err != nil {
		return err
	}
	return t.putTags(imageTags, m.ID, m.Tags)
}

// DeleteImage implements engine.Tx.
func (t *tx) DeleteImage(id string) error {
	if err := t.exec(`DELETE FROM images WHERE account_id = ?1 AND region = ?2 AND id = ?3`, id); err != nil {
		return err
	}
	return t.deleteTags(imageTags, id)
}
