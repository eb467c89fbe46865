package store_test

import (
	"bytes"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"elbow/engine"
	"elbow/store"
)

func TestASoundDirectoryHasNoProblems(t *testing.T) {
	problems, world, err := store.Check(t.Context(), stopped(t))
	same[[]string](t, "problems", nil)(problems, err)
	if len(world.Scopes) != 1 || len(world.Scopes[0].Instances) != 1 {
		t.Errorf("the world is not what was put: %+v", world)
	}
}

func TestCheckFindsWhatIsBroken(t *testing.T) {
	for _, c := range []struct{ name, statement, want string }{
		{"an interface whose instance is lost", `DELETE FROM instances`, "a row of interfaces refers to one of instances that does not exist"},
		{"a rule whose source is lost", `DELETE FROM security_groups WHERE name = 'elb'`, "a row of security_group_rules refers to one of security_groups"},
		{"a lost account", `DELETE FROM accounts`, "a row of regions refers to one of accounts"},
		{"a tag on nothing", `DELETE FROM key_pairs`, "the tag Name is on the key-pair key-"},
		{"an unknown goal", `PRAGMA ignore_check_constraints = 1; UPDATE instances SET goal = 'dance'`, "CHECK constraint failed in instances"},
		{"an address that is none", `UPDATE interfaces SET private_ip = 'nowhere' WHERE instance_id IS NOT NULL`, "the records cannot be read"},
	} {
		t.Run(c.name, func(t *testing.T) {
			dir := stopped(t)
			tamper(t, dir, c.statement)
			problems, _, err := store.Check(t.Context(), dir)
			if err != nil {
				t.Fatal(err)
			}
			if all := strings.Join(problems, "\n"); !strings.Contains(all, c.want) {
				t.Errorf("problems: %q, want one with %q", all, c.want)
			}
		})
	}
}

// spoil writes over the head of the page that holds the instance's row.
func spoil(t *testing.T, dir string) {
	t.Helper()
	name := filepath.Join(dir, "elbow.db")
	data, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	const page = 4096
	at := bytes.Index(data, []byte(newAccount(1).instance.StateTransitionReason))
	if at < page {
		t.Fatalf("no page to spoil: the row is at %d", at)
	}
	copy(data[at/page*page:], strings.Repeat("\xff", 64))
	if err := os.WriteFile(name, data, 0o600); err != nil {
		t.Fatal(err)
	}
}

func TestCheckFindsADamagedFile(t *testing.T) {
	dir := stopped(t)
	spoil(t, dir)
	problems, _, err := store.Check(t.Context(), dir)
	if all := strings.Join(problems, "\n"); err != nil || !strings.Contains(all, "Tree ") || !strings.Contains(all, "cannot be read") {
		t.Errorf("problems %q, error %v; want what SQLite found, and that the instances cannot be read", problems, err)
	}
}

func TestADamagedFileIsNoticedAtTheStartAfterACrash(t *testing.T) {
	dir := stopped(t)
	spoil(t, dir)
	if err := os.WriteFile(filepath.Join(dir, "elbow.db-wal"), []byte("cut short"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := store.Open(t.Context(), dir); err == nil || !strings.Contains(err.Error(), dir+" is damaged") {
		t.Errorf("Open: %v, want it to say that the directory is damaged", err)
	}
}

// crash copies the files of a running store, which is what is left when it is killed.
func crash(t *testing.T, dir string) string {
	t.Helper()
	left := t.TempDir()
	for _, name := range []string{"elbow.db", "elbow.db-wal", "elbow.lock"} {
		data, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(left, name), data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return left
}

func TestWhatWasAcknowledgedIsThereAfterACrash(t *testing.T) {
	dir, a := t.TempDir(), newAccount(1)
	db := open(t, dir)
	update(t, db, mine(), a.put)
	left := crash(t, dir)
	problems, _, err := store.Check(t.Context(), crash(t, dir))
	same[[]string](t, "problems", nil)(problems, err)
	again := open(t, left)
	view(t, again, mine(), func(tx engine.Tx) error { expectAccount(t, tx, a); return nil })
}

func TestCheckOfNothingSaysSoAndMakesNothing(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "absent")
	if _, _, err := store.Check(t.Context(), dir); !errors.Is(err, fs.ErrNotExist) || !strings.Contains(err.Error(), dir) {
		t.Errorf("Check: %v, want fs.ErrNotExist and the directory's name", err)
	}
	if _, err := os.Stat(dir); !errors.Is(err, fs.ErrNotExist) {
		t.Error("Check made the directory")
	}
}

func TestAStoreOpenedForLookingCannotWrite(t *testing.T) {
	db, err := store.OpenExisting(t.Context(), stopped(t))
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if err := db.Update(t.Context(), mine(), newAccount(1).put); err == nil {
		t.Error("a write succeeded")
	}
}
