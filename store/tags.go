package store

import (
	"maps"
	"slices"
)

// kind says in the table of tags what sort of resource an id belongs to: a load
// balancer's name may look like an instance's id.
type kind string

const (
	instanceTags      kind = "instance"
	imageTags         kind = "image"
	snapshotTags      kind = "snapshot"
	securityGroupTags kind = "security-group"
	keyPairTags       kind = "key-pair"
	loadBalancerTags  kind = "load-balancer"
)

const (
	allTags = `
		SELECT resource_id, key, value FROM tags
		WHERE account_id = ?1 AND region = ?2 AND kind = ?3`
	oneTags = allTags + ` AND resource_id = ?4`
)

type tag struct{ key, value string }

// tags are those of every resource of the kind by its id, or with an id of that one.
func (t *tx) tags(k kind, id string) (map[string]map[string]string, error) {
	query, args := allTags, []any{string(k)}
	if id != "" {
		query, args = oneTags, append(args, id)
	}
	rows, err := collect(t, scanTag, query, args...)
	tags := make(map[string]map[string]string)
	for _, row := range rows {
		if tags[row.owner] == nil {
			tags[row.owner] = make(map[string]string)
		}
		tags[row.owner][row.value.key] = row.value.value
	}
	return tags, err
}

func scanTag(r row) (p part[tag], err error) {
	err = r.Scan(&p.owner, &p.value.key, &p.value.value)
	return p, err
}

// putTags replaces the tags of a resource. They go in by the order of their keys, so that
// the same put always writes the same bytes.
func (t *tx) putTags(k kind, id string, tags map[string]string) error {
	if err := t.deleteTags(k, id); err != nil {
		return err
	}
	for _, key := range slices.Sorted(maps.Keys(tags)) {
		err := t.exec(`
			INSERT INTO tags (account_id, region, kind, resource_id, key, value)
			VALUES (?1, ?2, ?3, ?4, ?5, ?6)`, string(k), id, key, tags[key])
		if err != nil {
			return err
		}
	}
	return nil
}

// deleteTags is what every Delete method ends with: one table serves six kinds of
// resource, which no foreign key can express.
func (t *tx) deleteTags(k kind, id string) error {
	return t.exec(`
		DELETE FROM tags WHERE account_id = ?1 AND region = ?2 AND kind = ?3 AND resource_id = ?4`, string(k), id)
}
