package store

import (
	"database/sql"
	"fmt"

	"elbow/engine"
	"elbow/engine/fault"
	"elbow/engine/ident"
)

// tx is one transaction in one scope. Its SQL always has the scope as ?1 and ?2, but for
// the few statements that speak of every account and say so.
type tx struct {
	sql    *sql.Tx
	scope  ident.Scope
	failed error // the first write that failed: after it nothing is written and nothing commits
}

var _ engine.Tx = (*tx)(nil)

// enter makes the scope's rows in accounts and regions, which every other row refers to.
func (t *tx) enter() {
	t.exec(`INSERT INTO accounts (id) VALUES (?1) ON CONFLICT DO NOTHING`)
	t.exec(`INSERT INTO regions (account_id, name) VALUES (?1, ?2) ON CONFLICT DO NOTHING`)
}

func (t *tx) args(more []any) []any {
	return append([]any{t.scope.Account, t.scope.Region}, more...)
}

// exec runs a statement that writes. A failure is kept too: SQLite rolls a transaction
// back by itself after some errors, and whatever followed would then be on its own.
func (t *tx) exec(query string, args ...any) error {
	_, err := t.write(nil, query, args...)
	return err
}

// put runs the statement that inserts or replaces a resource's own row. taken is the
// fault for a name or an address that another row holds. Such a statement leaves the
// row of another account alone, which is an id that was made up, and refused.
func (t *tx) put(taken *fault.Error, query string, args ...any) error {
	rows, err := t.write(taken, query, args...)
	if err == nil && rows == 0 {
		t.failed = fault.New(fault.Conflict, "IdempotentParameterMismatch", "The ID %v belongs to something else.", args[0])
	}
	return t.failed
}

func (t *tx) write(taken *fault.Error, query string, args ...any) (rows int64, err error) {
	if t.failed != nil {
		return 0, t.failed
	}
	result, err := t.sql.Exec(query, t.args(args)...)
	if err == nil {
		rows, err = result.RowsAffected()
	}
	if err != nil {
		t.failed = refused(fmt.Errorf("writing the database: %w", err), taken)
	}
	return rows, t.failed
}

// row is what a scan function reads: the current one of *sql.Rows.
type row interface{ Scan(...any) error }

// collect reads all rows of a query. The scope is put before the arguments.
func collect[T any](t *tx, scan func(row) (T, error), query string, args ...any) ([]T, error) {
	return gather(t.sql, scan, query, t.args(args)...)
}

// gather reads all rows of a query that speaks of every account.
func gather[T any](s *sql.Tx, scan func(row) (T, error), query string, args ...any) ([]T, error) {
	rows, err := s.Query(query, args...)
	if err != nil {
		return nil, reading(err)
	}
	defer rows.Close()
	var all []T
	for rows.Next() {
		v, err := scan(rows)
		if err != nil {
			return nil, reading(err)
		}
		all = append(all, v)
	}
	return all, reading(rows.Err())
}

func reading(err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("reading the database: %w", err)
}

// load reads every record of the scope, or with an id that one alone: each in one query,
// whole, so that neither is put together out of pieces.
func load[T any](t *tx, scan func(row) (T, error), id, all, one string) ([]T, error) {
	if id == "" {
		return collect(t, scan, all)
	}
	return collect(t, scan, one, id)
}

// find is the one record that list gives for the id; see load.
func find[T any](list func(id string) ([]T, error), id string) (found T, ok bool, err error) {
	if id == "" { // to list, it would mean everything
		return found, false, nil
	}
	all, err := list(id)
	if err != nil || len(all) == 0 {
		return found, false, err
	}
	return all[0], true, nil
}

// part is a row that hangs on a record.
type part[T any] struct {
	owner string
	value T
}

// byOwner sorts parts to what they hang on, each owner's in the order of the rows.
func byOwner[T any](parts []part[T], err error) (map[string][]T, error) {
	owners := make(map[string][]T)
	for _, p := range parts {
		owners[p.owner] = append(owners[p.owner], p.value)
	}
	return owners, err
}
