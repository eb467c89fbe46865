package store

import (
	"cmp"
	"strings"

	"elbow/engine"
)

// matching selects the scope's activities: ?3 is a resource or empty, ?4 an operation or
// empty, ?5 a pattern. An activity names several resources between commas. The columns
// are joined by a line break, which none of them holds, so that no text is found across two.
const matching = `
	FROM activities WHERE account_id = ?1 AND region = ?2
	AND (?3 = '' OR instr(',' || resource || ',', ',' || ?3 || ',') > 0)
	AND (?4 = '' OR operation = ?4)
	AND (?5 = '' OR concat_ws(char(10), id, actor, source, operation, resource, result, message, detail) LIKE ?5 ESCAPE '\')`

const (
	countActivities  = `SELECT count(*)` + matching
	selectActivities = `
		SELECT id, at, actor, source, operation, resource, result, message, detail` + matching + `
		ORDER BY position DESC LIMIT ?6 OFFSET ?7`
)

// The history's bounds, in lines of one account and Region: the newest keptActivities stay,
// and for the sake of speed at most pruneEvery more.
const (
	keptActivities = 10_000
	pruneEvery     = 100
)

// AddActivity implements engine.Tx. Every so often the oldest lines beyond what is kept
// go with it.
func (t *tx) AddActivity(a engine.Activity) error {
	err := t.exec(`
		INSERT INTO activities (account_id, region, id, at, actor, source, operation, resource, result, message, detail)
		VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)`,
		a.ID, micros(a.At), a.Actor, a.Source, a.Operation, a.Resource, a.Result, a.Message, a.Detail)
	if err != nil {
		return err
	}
	position, err := gather(t.sql, scanCount, `SELECT max(position) FROM activities`)
	if err != nil || position[0]%pruneEvery != 0 {
		return err
	}
	return t.pruneActivities()
}

// pruneActivities speaks of every account: whose turn it is must not hang on who writes.
func (t *tx) pruneActivities() error {
	return t.exec(`
		DELETE FROM activities WHERE position IN (
			SELECT position FROM (
				SELECT position, row_number() OVER (PARTITION BY account_id, region ORDER BY position DESC) AS nth
				FROM activities)
			WHERE nth > ?3)`, keptActivities)
}

// Activities implements engine.Tx. The newest is the last one written, even where the
// clock went back. Text is found without regard to the case of ASCII letters.
func (t *tx) Activities(f engine.ActivityFilter) ([]engine.Activity, int, error) {
	chosen := []any{f.Resource, f.Operation, containing(f.Text)}
	counts, err := collect(t, scanCount, countActivities, chosen...)
	if err != nil {
		return nil, 0, err
	}
	limit := cmp.Or(max(f.Limit, 0), 100)
	found, err := collect(t, scanActivity, selectActivities, append(chosen, limit, max(f.Offset, 0))...)
	return found, counts[0], err
}

func scanCount(r row) (n int, err error) {
	err = r.Scan(&n)
	return n, err
}

func scanActivity(r row) (a engine.Activity, err error) {
	err = r.Scan(&a.ID, at(&a.At), &a.Actor, &a.Source, &a.Operation, &a.Resource, &a.Result, &a.Message, &a.Detail)
	return a, err
}

// containing is the LIKE pattern for text anywhere, empty for no text: nothing in it is
// special.
func containing(text string) string {
	if text == "" {
		return ""
	}
	return "%" + strings.NewReplacer(`\`, `\\`, `%`, `\%`, `_`, `\_`).Replace(text) + "%"
}
