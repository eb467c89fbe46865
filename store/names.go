package store

import (
	"strings"

	"elbow/engine"
)

// RetireName implements engine.Tx. Public names are of one wire, as addresses are: who
// had the name last is who is remembered, whatever account that was.
func (t *tx) RetireName(n engine.RetiredName) error {
	return t.exec(`
		INSERT INTO retired_names (account_id, region, name, resource, why, at)
		VALUES (?1, ?2, ?3, ?4, ?5, ?6)
		ON CONFLICT (name) DO UPDATE SET
			account_id = excluded.account_id, region = excluded.region,
			resource = excluded.resource, why = excluded.why, at = excluded.at`,
		strings.ToLower(n.Name), n.Resource, n.Why, micros(n.At))
}

// ReviveName implements engine.Tx: the name is in use again, so no account remembers it
// as gone.
func (t *tx) ReviveName(name string) error {
	return t.exec(`DELETE FROM retired_names WHERE name = ?3`, strings.ToLower(name))
}

// retired are the scope's retired names, the last one first.
func (t *tx) retired() ([]engine.RetiredName, error) {
	return collect(t, scanRetired, `
		SELECT name, resource, why, at FROM retired_names
		WHERE account_id = ?1 AND region = ?2 ORDER BY at DESC, name`)
}

func scanRetired(r row) (n engine.RetiredName, err error) {
	err = r.Scan(&n.Name, &n.Resource, &n.Why, at(&n.At))
	return n, err
}
