package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"elbow/engine"
)

// Check opens a stopped data directory, and returns a line for everything that is wrong
// with the database and the world that it holds, for the engine's own invariants. A
// world that cannot be read is a problem and comes back empty. Errors are those of
// OpenExisting: then nothing was checked.
func Check(ctx context.Context, dir string) (problems []string, w engine.World, err error) {
	db, err := OpenExisting(ctx, dir)
	if err != nil {
		return nil, w, err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	problems, err = db.Verify(ctx)
	if err != nil {
		problems = append(problems, fmt.Sprintf("the database cannot be checked: %v", err))
	}
	w, err = db.World(ctx)
	if err != nil {
		problems = append(problems, fmt.Sprintf("the records cannot be read: %v", err))
	}
	return problems, w, nil
}

// Verify returns a line for everything in the file that is damaged, that leads nowhere,
// or that belongs to nothing. A sound database gives none. It reads the whole file.
func (db *DB) Verify(ctx context.Context) ([]string, error) {
	problems, err := integrity(ctx, db.reader, `PRAGMA integrity_check`)
	if err != nil {
		return problems, err
	}
	for _, look := range []func(context.Context) ([]string, error){db.dangling, db.strayTags} {
		more, err := look(ctx)
		if err != nil {
			return problems, err
		}
		problems = append(problems, more...)
	}
	return problems, nil
}

// integrity runs one of SQLite's own checks; they say "ok" when there is nothing to say.
func integrity(ctx context.Context, pool *sql.DB, pragma string) ([]string, error) {
	lines, err := lines(ctx, pool, pragma)
	if len(lines) == 1 && lines[0] == "ok" {
		return nil, err
	}
	return lines, err
}

// dangling are rows that refer to what does not exist.
func (db *DB) dangling(ctx context.Context) ([]string, error) {
	return lines(ctx, db.reader, `
		SELECT format('a row of %s refers to one of %s that does not exist (row %s, %d in all)',
			"table", parent, coalesce(min(rowid), '?'), count(*))
		FROM pragma_foreign_key_check GROUP BY "table", parent, fkid`)
}

// strayTags are tags of what does not exist: no foreign key can say that of one table
// for six kinds of resource.
func (db *DB) strayTags(ctx context.Context) ([]string, error) {
	return lines(ctx, db.reader, `
		SELECT format('the tag %s is on the %s %s, which does not exist', key, kind, resource_id)
		FROM tags WHERE (account_id, region, kind, resource_id) NOT IN (
			SELECT account_id, region, 'instance', id FROM instances
			UNION ALL SELECT account_id, region, 'image', id FROM images
			UNION ALL SELECT account_id, region, 'snapshot', id FROM snapshots
			UNION ALL SELECT account_id, region, 'security-group', id FROM security_groups
			UNION ALL SELECT account_id, region, 'key-pair', id FROM key_pairs
			UNION ALL SELECT account_id, region, 'load-balancer', name FROM load_balancers)`)
}

// lines reads a query of one column of text.
func lines(ctx context.Context, pool *sql.DB, query string) ([]string, error) {
	rows, err := pool.QueryContext(ctx, query)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var all []string
	for rows.Next() {
		line, err := scanText(rows)
		if err != nil {
			return all, err
		}
		all = append(all, line)
	}
	return all, rows.Err()
}
