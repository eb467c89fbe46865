// Package store keeps what was asked for in one SQLite file, and implements
// engine.Store over it.
//
// It owns the data directory's lock, the file and its schema. It never judges: the rules
// are the engine's, and the database's own constraints are the last line of defence
// against half a state. Every method of DB is safe for concurrent use; the engine.Tx
// given to a function is for that function and its goroutine only. Writes happen one at
// a time in the order in which they begin; a read sees one moment and waits for no
// write. What Update acknowledged survives the loss of power.
package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"

	"elbow/engine"
	"elbow/engine/ident"
)

// fileName is the database's name within the data directory.
const fileName = "elbow.db"

// DB is an open data directory. Use Open; Close ends it.
type DB struct {
	lock   *os.File
	writer *sql.DB // one connection
	reader *sql.DB // several, which cannot write

	open   sync.RWMutex // held for reading by every transaction, so that Close can wait for them
	closed bool         // guarded by open
}

// DB is what the engine asks for.
var _ engine.Store = (*DB)(nil)

// Open opens the data directory, which it makes where there is none (mode 0700, the
// database 0600), and brings the schema up to date. Errors: *LockedError when another
// process has the directory open, *SchemaError when a newer Elbow wrote it, a plain one
// when it cannot be written or is damaged. After an unclean end a file of at most
// checkedAtStart bytes is checked first.
func Open(ctx context.Context, dir string) (*DB, error) {
	dir, err := prepare(dir)
	if err != nil {
		return nil, err
	}
	db, err := lockAndConnect(ctx, dir, writing)
	if err != nil {
		return nil, err
	}
	if err := migrate(ctx, db.writer, dir); err != nil {
		return nil, errors.Join(err, db.Close())
	}
	return db, nil
}

// OpenExisting opens a stopped data directory for looking only: nothing is made or
// migrated, and Update fails. Errors: those of Open, one that wraps fs.ErrNotExist where
// there is no database, and *SchemaError for an older schema too.
func OpenExisting(ctx context.Context, dir string) (*DB, error) {
	dir, err := filepath.Abs(dir)
	if err != nil {
		return nil, err
	}
	if _, err := os.Stat(filepath.Join(dir, fileName)); err != nil {
		return nil, fmt.Errorf("there is no Elbow data in %s: %w", dir, reason(err))
	}
	db, err := lockAndConnect(ctx, dir, looking)
	if err != nil {
		return nil, err
	}
	if err := current(ctx, db.writer, dir); err != nil {
		return nil, errors.Join(err, db.Close())
	}
	return db, nil
}

// lockAndConnect takes the directory's lock and opens both pools on its database.
func lockAndConnect(ctx context.Context, dir string, m mode) (*DB, error) {
	lock, err := takeLock(dir)
	if err != nil {
		return nil, err
	}
	db := &DB{lock: lock}
	if err := db.connect(ctx, dir, m); err != nil {
		return nil, errors.Join(err, db.Close())
	}
	return db, nil
}

// Close waits for the transactions under way, folds the write-ahead log into the file
// and gives the directory free. Closing twice is harmless; a closed DB refuses
// everything with an error.
func (db *DB) Close() error {
	db.open.Lock()
	defer db.open.Unlock()
	if db.closed {
		return nil
	}
	db.closed = true
	var errs []error
	for _, pool := range []*sql.DB{db.reader, db.writer} { // the writer last: it can fold the log in
		if pool != nil {
			errs = append(errs, pool.Close())
		}
	}
	return errors.Join(append(errs, db.lock.Close())...)
}

// Update runs fn in one write transaction; see engine.Store. The caller's context is
// asked before the transaction and before the commit, not within: a commit either
// happens or is never begun, so that the answer is never a guess. A write that failed
// fails the whole of Update, even where fn goes on. Disk errors are faults of the kind
// fault.Overloaded.
func (db *DB) Update(ctx context.Context, scope ident.Scope, fn func(engine.Tx) error) error {
	return db.within(ctx, db.writer, func(s *sql.Tx) error {
		t := &tx{sql: s, scope: scope}
		t.enter()
		if t.failed != nil {
			return t.failed
		}
		if err := fn(t); err != nil {
			return err
		}
		if err := errors.Join(t.failed, ctx.Err()); err != nil {
			return err
		}
		return refused(s.Commit(), nil)
	})
}

// View runs fn in one read snapshot; see engine.Store. Writing in it is an error.
func (db *DB) View(ctx context.Context, scope ident.Scope, fn func(engine.Tx) error) error {
	return db.within(ctx, db.reader, func(s *sql.Tx) error {
		return fn(&tx{sql: s, scope: scope})
	})
}

// within runs fn in a transaction on one connection of the pool, and rolls back what fn
// did not commit. A connection that met a disk error is closed, not used again: what
// SQLite believes of the file may be wrong after one, and a new one looks afresh.
func (db *DB) within(ctx context.Context, pool *sql.DB, fn func(*sql.Tx) error) error {
	db.open.RLock()
	defer db.open.RUnlock()
	conn, err := pool.Conn(ctx)
	if err != nil {
		return refused(err, nil)
	}
	defer conn.Close()
	err = transact(ctx, conn, fn)
	if diskError(err) {
		discard(conn)
	}
	return err
}

// transact leaves the cancellation of ctx behind: the driver would interrupt statements
// half-way, at the price of a goroutine for each.
func transact(ctx context.Context, conn *sql.Conn, fn func(*sql.Tx) error) error {
	s, err := conn.BeginTx(context.WithoutCancel(ctx), nil)
	if err != nil {
		return refused(err, nil)
	}
	defer s.Rollback() // after a commit it does nothing
	return fn(s)
}
