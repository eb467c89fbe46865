package store

import (
	"context"
	"database/sql"
	"embed"
	"fmt"
	"io/fs"

	"github.com/pressly/goose/v3"
)

//go:embed migrations/*.sql
var migrations embed.FS

// SchemaError says that the database has another schema than this program works with.
type SchemaError struct {
	Dir   string // absolute
	Have  int64  // the version in the file
	Works int64  // the version that this program works with
}

// Error names both versions and what to do.
func (e *SchemaError) Error() string {
	if e.Newer() {
		return fmt.Sprintf("the data directory %s was written by a newer Elbow (schema %d, this one works with %d): use that one, or choose another directory",
			e.Dir, e.Have, e.Works)
	}
	return fmt.Sprintf("the data directory %s was written by an older Elbow (schema %d, this one works with %d): start this one on it once to bring it up to date",
		e.Dir, e.Have, e.Works)
}

// Newer reports whether the file is ahead of the program, which then never touches it.
func (e *SchemaError) Newer() bool { return e.Have > e.Works }

// migrate brings the schema up to date, each step in a transaction of its own, so that a
// crash leaves the step before it.
func migrate(ctx context.Context, db *sql.DB, dir string) error {
	steps, works, err := plan(db)
	if err != nil {
		return err
	}
	have, err := schemaVersion(ctx, db)
	if err != nil || have == works {
		return err
	}
	if have > works {
		return &SchemaError{Dir: dir, Have: have, Works: works}
	}
	if _, err := steps.Up(ctx); err != nil {
		return fmt.Errorf("bringing the database in %s up to date: %w", dir, refused(err, nil))
	}
	return nil
}

// current refuses any schema but the program's own, and changes nothing.
func current(ctx context.Context, db *sql.DB, dir string) error {
	_, works, err := plan(db)
	if err != nil {
		return err
	}
	have, err := schemaVersion(ctx, db)
	if err == nil && have != works {
		return &SchemaError{Dir: dir, Have: have, Works: works}
	}
	return err
}

// plan is the way to the schema that this program works with, and that schema's version.
func plan(db *sql.DB) (steps *goose.Provider, works int64, err error) {
	files, err := fs.Sub(migrations, "migrations")
	if err != nil {
		return nil, 0, err
	}
	steps, err = goose.NewProvider(goose.DialectSQLite3, db, files, goose.WithDisableGlobalRegistry(true))
	if err != nil {
		return nil, 0, err
	}
	sources := steps.ListSources()
	return steps, sources[len(sources)-1].Version, nil
}

// schemaVersion is the newest migration that the file has had, 0 for an empty file.
// goose would make its table in order to ask.
func schemaVersion(ctx context.Context, db *sql.DB) (version int64, err error) {
	const known = `SELECT count(*) FROM sqlite_schema WHERE type = 'table' AND name = 'goose_db_version'`
	if err := db.QueryRowContext(ctx, known).Scan(&version); err != nil || version == 0 {
		return 0, err
	}
	err = db.QueryRowContext(ctx, `SELECT coalesce(max(version_id), 0) FROM goose_db_version WHERE is_applied`).Scan(&version)
	return version, err
}
