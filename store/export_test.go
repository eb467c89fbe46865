package store

import (
	"fmt"
	"testing"
)

// WriterPragma reads a setting of the connection that writes.
func WriterPragma(t *testing.T, db *DB, pragma string) (value string) {
	t.Helper()
	if err := db.writer.QueryRowContext(t.Context(), `PRAGMA `+pragma).Scan(&value); err != nil {
		t.Fatal(err)
	}
	return value
}

// LimitPages makes the disk full for the connection that writes, and for it alone, with
// so many pages more.
func LimitPages(t *testing.T, db *DB, more int) {
	t.Helper()
	var pages int
	if err := db.writer.QueryRowContext(t.Context(), `PRAGMA page_count`).Scan(&pages); err != nil {
		t.Fatal(err)
	}
	WriterPragma(t, db, fmt.Sprintf("max_page_count(%d)", pages+more))
}

// What bounds the history and the retired names.
const (
	KeptActivities = keptActivities
	PruneEvery     = pruneEvery
	KeptNames      = keptNames
)
