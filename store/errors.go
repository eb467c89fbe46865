package store

import (
	"errors"
	"fmt"

	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"

	"elbow/engine/fault"
)

// refused turns an error of the database into one that the engine's callers understand,
// and keeps the cause within. taken is the fault for a value that another row holds; with
// nil such an error stays internal. What is no error of SQLite stays as it is.
func refused(err error, taken *fault.Error) error {
	cause, ok := errors.AsType[*sqlite.Error](err)
	if !ok {
		return err
	}
	switch cause.Code() {
	case sqlite3.SQLITE_CONSTRAINT_UNIQUE:
		if taken == nil {
			return err
		}
		return because(taken, err)
	case sqlite3.SQLITE_CONSTRAINT_FOREIGNKEY: // mostly at the commit, when nobody knows any more which statement it was
		return because(fault.New(fault.Conflict, "DependencyViolation",
			"The change was not made: what it removes is still in use, or what it refers to no longer exists."), err)
	}
	if unsaved := diskFault(primary(cause)); unsaved != nil {
		return because(unsaved, err)
	}
	return err
}

// because joins what the caller is told with what really happened.
func because(f *fault.Error, cause error) error { return fmt.Errorf("%w (%w)", f, cause) }

// primary is the result code without its extension (SQLite, "Result and Error Codes").
func primary(err *sqlite.Error) int { return err.Code() & 0xff }

// diskFault is what a person is told of a failure of the disk, nil for any other code.
// Nothing was changed, and trying again helps once the disk is well: no restart is needed.
func diskFault(code int) *fault.Error {
	switch code {
	case sqlite3.SQLITE_FULL:
		return fault.New(fault.Overloaded, "Unavailable", "Nothing was changed: the disk that holds the data directory is full. Free some space and try again.")
	case sqlite3.SQLITE_READONLY, sqlite3.SQLITE_PERM:
		return fault.New(fault.Overloaded, "Unavailable", "Nothing was changed: the data directory cannot be written. Make it writable and try again.")
	case sqlite3.SQLITE_IOERR, sqlite3.SQLITE_CANTOPEN:
		return fault.New(fault.Overloaded, "Unavailable", "Nothing was changed: the disk that holds the data directory reported an error. Try again; if it stays, look at the disk.")
	}
	return nil
}

// diskError reports whether err came from the disk or tells of a damaged file: a
// connection that met one is not to be trusted with another transaction.
func diskError(err error) bool {
	cause, ok := errors.AsType[*sqlite.Error](err)
	if !ok {
		return false
	}
	switch primary(cause) {
	case sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_NOMEM:
		return true
	}
	return diskFault(primary(cause)) != nil
}
