package store

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"

	_ "modernc.org/sqlite" // the driver "sqlite"
)

const (
	// readers is how many reads can run at once: as many as pages are drawn at a time on a
	// small machine. More wait their turn.
	readers = 4

	// checkedAtStart is how large a file is checked after an unclean end, in bytes: reading
	// so much takes a fraction of a second. `elbow check` has no limit.
	checkedAtStart = 32 << 20
)

// mode says what a data directory is opened for.
type mode bool

const (
	writing mode = true
	looking mode = false
)

// connect opens both pools, and checks the file where the last end was unclean.
func (db *DB) connect(ctx context.Context, dir string, m mode) error {
	if m == writing {
		if err := touch(dir); err != nil {
			return err
		}
	}
	suspect := unclean(dir)
	settings := readerSettings()
	if m == writing {
		settings = writerSettings()
	}
	db.writer = pool(dir, settings, 1)
	db.reader = pool(dir, readerSettings(), readers)
	if err := db.writer.PingContext(ctx); err != nil {
		return fmt.Errorf("the database in %s cannot be opened: %w", dir, err)
	}
	if m == writing && suspect {
		return quickCheck(ctx, db.writer, dir)
	}
	return nil
}

// writerSettings are the pragmas of the one connection that writes (SQLite, "PRAGMA
// Statements"). FULL makes every commit wait for the disk: with NORMAL the last
// acknowledged ones are lost when the power goes.
func writerSettings() url.Values {
	return url.Values{
		"_txlock": {"immediate"}, // a write waits at its start, never half-way
		"_pragma": {
			"busy_timeout(10000)", // ms; first, so that the others wait too
			"journal_mode(WAL)", "synchronous(FULL)", "foreign_keys(1)",
			"journal_size_limit(67108864)", // bytes, 64 MiB: what a long read made the log grow to is given back
			"temp_store(MEMORY)",
		},
	}
}

func readerSettings() url.Values {
	return url.Values{"_pragma": {"busy_timeout(10000)", "query_only(1)", "temp_store(MEMORY)"}}
}

// pool is a set of at most size connections with the settings in their address, which is
// the only way that each of them gets them. Nothing is opened yet.
func pool(dir string, settings url.Values, size int) *sql.DB {
	settings.Set("mode", "rw") // never make a file: touch does, with its mode
	address := url.URL{Scheme: "file", Path: filepath.ToSlash(filepath.Join(dir, fileName)), RawQuery: settings.Encode()}
	pool, err := sql.Open("sqlite", address.String())
	if err != nil {
		panic(err) // only for a driver that is not linked in
	}
	pool.SetMaxOpenConns(size)
	pool.SetMaxIdleConns(size)
	return pool
}

// discard closes the connection instead of giving it back to its pool.
func discard(conn *sql.Conn) {
	_ = conn.Raw(func(any) error { return driver.ErrBadConn })
}

// unclean reports whether the last process to write ended without closing, and the file
// is small enough to be checked for that. The last close removes the write-ahead log.
func unclean(dir string) bool {
	file, err := os.Stat(filepath.Join(dir, fileName))
	if err != nil || file.Size() > checkedAtStart {
		return false
	}
	log, err := os.Stat(filepath.Join(dir, fileName+"-wal"))
	return err == nil && log.Size() > 0
}

func quickCheck(ctx context.Context, db *sql.DB, dir string) error {
	problems, err := integrity(ctx, db, `PRAGMA quick_check(1)`)
	if err != nil {
		return err
	}
	if len(problems) > 0 {
		return fmt.Errorf("the database in %s is damaged: %w", dir, errors.New(problems[0]))
	}
	return nil
}
