package store

import (
	"elbow/engine/compute"
	"elbow/engine/fault"
)

const (
	selectKeyPairs = `
		SELECT id, name, type, fingerprint, public_key, created_at
		FROM key_pairs WHERE account_id = ?1 AND region = ?2`
	allKeyPairs = selectKeyPairs + ` ORDER BY name`
	oneKeyPair  = selectKeyPairs + ` AND name = ?3`
)

// KeyPairs implements engine.Tx.
func (t *tx) KeyPairs() ([]compute.KeyPair, error) { return t.keyPairs("") }

// FindKeyPair implements engine.Tx.
func (t *tx) FindKeyPair(name string) (compute.KeyPair, bool, error) { return find(t.keyPairs, name) }

// keyPairs reads the tags of all for one too: a key pair is found by its name, and its
// tags are kept by its id.
func (t *tx) keyPairs(name string) ([]compute.KeyPair, error) {
	keys, err := load(t, scanKeyPair, name, allKeyPairs, oneKeyPair)
	if err != nil || len(keys) == 0 {
		return nil, err
	}
	tags, err := t.tags(keyPairTags, "")
	for i := range keys {
		keys[i].Tags = tags[keys[i].ID]
	}
	return keys, err
}

func scanKeyPair(r row) (k compute.KeyPair, err error) {
	err = r.Scan(&k.ID, &k.Name, &k.Type, &k.Fingerprint, &k.PublicKey, at(&k.CreatedAt))
	return k, err
}

// PutKeyPair implements engine.Tx. A name that another key pair has is the fault
// InvalidKeyPair.Duplicate.
func (t *tx) PutKeyPair(k compute.KeyPair) error {
	taken := fault.New(fault.Conflict, "InvalidKeyPair.Duplicate", "The keypair '%s' already exists.", k.Name).In("name")
	err := t.put(taken, `
		INSERT INTO key_pairs (account_id, region, id, name, type, fingerprint, public_key, created_at)
		VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)
		ON CONFLICT (id) DO UPDATE SET
			name = excluded.name, type = excluded.type, fingerprint = excluded.fingerprint,
			public_key = excluded.public_key, created_at = excluded.created_at
		WHERE account_id = excluded.account_id AND region = excluded.region`,
		k.ID, k.Name, k.Type, k.Fingerprint, k.PublicKey, micros(k.CreatedAt))
	if err != nil {
		return err
	}
	return t.putTags(keyPairTags, k.ID, k.Tags)
}

// DeleteKeyPair implements engine.Tx. The tags go first, while the name still tells the
// id that they are kept by.
func (t *tx) DeleteKeyPair(name string) error {
	err := t.exec(`
		DELETE FROM tags WHERE account_id = ?1 AND region = ?2 AND kind = 'key-pair' AND resource_id IN (
			SELECT id FROM key_pairs WHERE account_id = ?1 AND region = ?2 AND name = ?3)`, name)
	if err != nil {
		return err
	}
	return t.exec(`DELETE FROM key_pairs WHERE account_id = ?1 AND region = ?2 AND name = ?3`, name)
}
