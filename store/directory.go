package store

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
)

// lockName is the file in the data directory that a running Elbow holds a lock on. It
// stays when Elbow ends; the lock does not, however Elbow ends.
const lockName = "elbow.lock"

// LockedError says that another process has the data directory open.
type LockedError struct {
	Dir string // absolute
}

// Error names the directory and what to do.
func (e *LockedError) Error() string {
	return fmt.Sprintf("the data directory %s is in use by another Elbow: stop that one, or choose another directory", e.Dir)
}

// prepare makes the data directory and an empty database where there is none, for the
// owner's eyes only, and returns the directory's absolute path. SQLite would make the
// file readable for everyone; its side files take the mode of this one.
func prepare(dir string) (string, error) {
	dir, err := filepath.Abs(dir)
	if err != nil {
		return "", err
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return "", fmt.Errorf("the data directory %s cannot be made: %w", dir, reason(err))
	}
	return dir, nil
}

// touch makes an empty database where there is none. It is called under the lock and
// before the first connection: closing a file gives up the locks that SQLite holds on it.
func touch(dir string) error {
	f, err := os.OpenFile(filepath.Join(dir, fileName), os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return unwritable(dir, err)
	}
	return f.Close()
}

// takeLock takes the directory's lock or fails at once. Closing the file releases it.
func takeLock(dir string) (*os.File, error) {
	f, err := os.OpenFile(filepath.Join(dir, lockName), os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, unwritable(dir, err)
	}
	err = syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
	if err == nil {
		return f, nil
	}
	f.Close()
	if errors.Is(err, syscall.EWOULDBLOCK) {
		return nil, &LockedError{Dir: dir}
	}
	return nil, fmt.Errorf("the data directory %s cannot be locked: %w", dir, err)
}

func unwritable(dir string, err error) error {
	return fmt.Errorf("the data directory %s cannot be written: %w", dir, reason(err))
}

// reason is the error without the path that a *fs.PathError repeats.
func reason(err error) error {
	if pe, ok := errors.AsType[*fs.PathError](err); ok {
		return pe.Err
	}
	return err
}
