package store_test

import (
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"elbow/engine"
	"elbow/store"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestAnEmptyDirectoryIsReadyAtOnce(t *testing.T) {
	best := time.Hour
	for range 3 { // the best of three: the machine may be busy with something else
		start := time.Now()
		fresh(t)
		best = min(best, time.Since(start))
	}
	if best > time.Second {
		t.Errorf("Open took %v, want well under a second", best)
	}
}

func TestTheDirectoryIsForTheOwnerAlone(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "a", "b ?#%&=ü")
	db := open(t, dir)
	update(t, db, mine(), newAccount(1).put)
	modes := map[string]fs.FileMode{".": 0o700, "elbow.db": 0o600, "elbow.db-wal": 0o600, "elbow.db-shm": 0o600, "elbow.lock": 0o600}
	for name, want := range modes {
		file, err := os.Stat(filepath.Join(dir, name))
		if err != nil {
			t.Error(err)
		} else if got := file.Mode().Perm(); got != want {
			t.Errorf("mode of %s: %v, want %v", name, got, want)
		}
	}
}

func TestTheConnectionsHaveTheirSettings(t *testing.T) {
	db := fresh(t)
	for pragma, want := range map[string]string{
		"journal_mode": "wal", "synchronous": "2", "foreign_keys": "1", "busy_timeout": "10000",
		"journal_size_limit": "67108864", "query_only": "0",
	} {
		if got := store.WriterPragma(t, db, pragma); got != want {
			t.Errorf("%s is %s, want %s", pragma, got, want)
		}
	}
}

func TestASecondOpenFailsAtOnceAndTheFirstGoesOn(t *testing.T) {
	dir := t.TempDir()
	db := open(t, dir)
	for name, second := range map[string]func() error{
		"Open":         func() error { _, err := store.Open(t.Context(), dir); return err },
		"OpenExisting": func() error { _, err := store.OpenExisting(t.Context(), dir); return err },
		"Check":        func() error { _, _, err := store.Check(t.Context(), dir); return err },
	} {
		err := second()
		locked, ok := errors.AsType[*store.LockedError](err)
		if !ok || locked.Dir != dir || !strings.Contains(err.Error(), dir) || strings.Contains(err.Error(), "\n") {
			t.Errorf("%s: %v, want one line that names %s", name, err, dir)
		}
	}
	update(t, db, mine(), newAccount(1).put)
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	open(t, dir)
}

// tamper runs SQL on the file of a stopped data directory, with no constraint in force.
func tamper(t *testing.T, dir string, statements ...string) {
	t.Helper()
	db, err := sql.Open("sqlite", filepath.Join(dir, "elbow.db"))
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	db.SetMaxOpenConns(1)
	for _, s := range statements {
		if _, err := db.Exec(s); err != nil {
			t.Fatalf("%s: %v", s, err)
		}
	}
}

// stopped is a data directory with one account in it, and nobody using it.
func stopped(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	db := open(t, dir)
	update(t, db, mine(), newAccount(1).put)
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	return dir
}

func TestANewerSchemaIsRefusedAndLeftAlone(t *testing.T) {
	dir := stopped(t)
	tamper(t, dir, `INSERT INTO goose_db_version (version_id, is_applied) VALUES (4711, 1)`)
	before, err := os.ReadFile(filepath.Join(dir, "elbow.db"))
	if err != nil {
		t.Fatal(err)
	}
	for range 2 {
		_, err := store.Open(t.Context(), dir)
		schema, ok := errors.AsType[*store.SchemaError](err)
		if !ok || !schema.Newer() || schema.Have != 4711 || schema.Works >= 4711 || schema.Dir != dir {
			t.Fatalf("Open: %v, want a *SchemaError with both versions", err)
		}
		for _, word := range []string{"4711", fmt.Sprint(schema.Works), dir} {
			if !strings.Contains(err.Error(), word) {
				t.Errorf("%q does not say %s", err, word)
			}
		}
	}
	after, err := os.ReadFile(filepath.Join(dir, "elbow.db"))
	if err != nil || string(after) != string(before) {
		t.Errorf("the file was changed (%v)", err)
	}
}

func TestAnOlderSchemaIsForOpenOnly(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "elbow.db"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	_, _, err := store.Check(t.Context(), dir)
	if schema, ok := errors.AsType[*store.SchemaError](err); !ok || schema.Newer() || schema.Have != 0 {
		t.Errorf("Check: %v, want a *SchemaError for an older schema", err)
	}
	open(t, dir)
}

func TestADirectoryThatCannotBeUsedIsNamed(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, []byte("text"), 0o600); err != nil {
		t.Fatal(err)
	}
	taken := t.TempDir() // the database's name is a directory: not even root can write that file
	if err := os.Mkdir(filepath.Join(taken, "elbow.db"), 0o700); err != nil {
		t.Fatal(err)
	}
	dirs := map[string]string{"a file": file, "below a file": filepath.Join(file, "data"), "a directory for a database": taken}
	if os.Geteuid() == 0 {
		t.Log("NOT TESTED AS ROOT: a directory without the permission to write")
	} else {
		dirs["read-only"] = t.TempDir()
		if err := os.Chmod(dirs["read-only"], 0o500); err != nil {
			t.Fatal(err)
		}
	}
	for name, dir := range dirs {
		_, err := store.Open(t.Context(), dir)
		if err == nil || strings.Count(err.Error(), dir) != 1 || strings.Contains(err.Error(), "\n") {
			t.Errorf("%s: %v, want one line that names %s once", name, err, dir)
		}
	}
}

func TestWhatIsNoDatabaseIsRefused(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "elbow.db"), []byte(strings.Repeat("not a database. ", 400)), 0o600); err != nil {
		t.Fatal(err)
	}
	start := time.Now()
	if _, err := store.Open(t.Context(), dir); err == nil || !strings.Contains(err.Error(), dir) {
		t.Errorf("Open: %v, want an error that names the directory", err)
	}
	if took := time.Since(start); took > 2500*time.Millisecond { // goose would try again for 3 s
		t.Errorf("it took %v to say so", took)
	}
}

func TestAClosedStoreRefusesEverything(t *testing.T) {
	db := fresh(t)
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	nothing := func(engine.Tx) error { t.Error("it ran"); return nil }
	_, world := db.World(t.Context())
	for _, err := range []error{db.Update(t.Context(), mine(), nothing), db.View(t.Context(), mine(), nothing), world} {
		if err == nil {
			t.Error("a closed store did something")
		}
	}
}

func TestCloseWaitsForTheWriteUnderWay(t *testing.T) {
	dir, a := t.TempDir(), newAccount(1)
	db := open(t, dir)
	begun, closed := make(chan struct{}), make(chan error, 1)
	go func() { <-begun; closed <- db.Close() }()
	update(t, db, mine(), func(tx engine.Tx) error {
		close(begun)
		select {
		case err := <-closed:
			t.Errorf("Close returned with a write under way (%v)", err)
			closed <- err
		case <-time.After(50 * time.Millisecond): // long enough for a Close that does not wait
		}
		if _, err := store.Open(t.Context(), dir); err == nil {
			t.Error("the directory was given free with a write under way")
		}
		return a.put(tx)
	})
	if err := <-closed; err != nil {
		t.Fatal(err)
	}
	db = open(t, dir)
	view(t, db, mine(), func(tx engine.Tx) error { expectAccount(t, tx, a); return nil })
}

func TestACleanCloseLeavesNoLog(t *testing.T) {
	dir := stopped(t)
	if _, err := os.Stat(filepath.Join(dir, "elbow.db-wal")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("the log is still there (%v): the next start would take this for a crash", err)
	}
}
