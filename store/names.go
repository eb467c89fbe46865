package store

import (
	"strings"

	"elbow/engine"
)

// keptNames is how many retired names of one account and Region are remembered: each is a
// route of the gateway, and a load balancer's is never used again.
const keptNames = 5_000

// RetireName implements engine.Tx. Public names are of one wire, as addresses are: who
// had the name last is who is remembered, whatever account that was. The names retired
// first, beyond keptNames, are forgotten.
func (t *tx) RetireName(n engine.RetiredName) error {
	err := t.exec(`
		INSERT INTO retired_names (account_id, region, name, resource, why, at)
		VALUES (?1, ?2, ?3, ?4, ?5, ?6)
		ON CONFLICT (name) DO UPDATE SET
			account_id = excluded.account_id, region = excluded.region,
			resource = excluded.resource, why = excluded.why, at = excluded.at`,
		strings.ToLower(n.Name), n.Resource, n.Why, micros(n.At))
	if err != nil {
		return err
	}
	count, err := collect(t, scanCount, `SELECT count(*) FROM retired_names WHERE account_id = ?1 AND region = ?2`)
	if err != nil || count[0] <= keptNames {
		return err
	}
	return t.exec(`
		DELETE FROM retired_names WHERE name IN (
			SELECT name FROM retired_names WHERE account_id = ?1 AND region = ?2
			ORDER BY at DESC, name LIMIT -1 OFFSET ?3)`, keptNames)
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
