package store_test

import (
	"fmt"
	"testing"

	"elbow/engine"
	"elbow/store"
)

// crowded is a data directory with n rows more than fit of both kinds that are bounded,
// and one row of another account that is older than all of them.
func crowded(t *testing.T, n int) *store.DB {
	t.Helper()
	dir := stopped(t)
	db := open(t, dir)
	update(t, db, theirs(), func(tx engine.Tx) error {
		if err := tx.RetireName(engine.RetiredName{Name: "theirs.localhost", Resource: "elb", Why: "deleted", At: moment(0)}); err != nil {
			return err
		}
		return tx.AddActivity(line(0))
	})
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	const numbers = `WITH RECURSIVE numbers(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < %d) `
	tamper(t, dir,
		fmt.Sprintf(numbers+`INSERT INTO activities (id, account_id, region, at, actor, source, operation, resource, result, message, detail)
			SELECT 'old-' || n, '%s', '%s', n, '', '', '', '', '', '', '' FROM numbers`, store.KeptActivities+n, mine().Account, mine().Region),
		fmt.Sprintf(numbers+`INSERT INTO retired_names (name, account_id, region, resource, why, at)
			SELECT n || '.localhost', '%s', '%s', '', '', %d + n FROM numbers`, store.KeptNames+n, mine().Account, mine().Region, moment(1).UnixMicro()))
	return open(t, dir)
}

func TestTheHistoryKeepsItsNewestLinesOfEveryAccount(t *testing.T) {
	db := crowded(t, 40)
	for n := 1; n <= store.PruneEvery; n++ {
		update(t, db, mine(), func(tx engine.Tx) error { return tx.AddActivity(line(n)) })
	}
	view(t, db, mine(), func(tx engine.Tx) error {
		list, total, err := tx.Activities(engine.ActivityFilter{Limit: 1})
		if total < store.KeptActivities || total >= store.KeptActivities+store.PruneEvery {
			t.Errorf("%d lines are kept, want %d and fewer than %d more", total, store.KeptActivities, store.PruneEvery)
		}
		if len(list) != 1 || list[0].ID != line(store.PruneEvery).ID {
			t.Errorf("the newest line is %+v", list)
		}
		return err
	})
	view(t, db, theirs(), func(tx engine.Tx) error {
		_, total, err := tx.Activities(engine.ActivityFilter{})
		same(t, "the other account's lines", 1)(total, err)
		return nil
	})
}

func TestOnlyTheNamesRetiredLastAreRemembered(t *testing.T) {
	db := crowded(t, 40)
	update(t, db, mine(), func(tx engine.Tx) error {
		return tx.RetireName(engine.RetiredName{Name: "last.localhost", Resource: "elb", Why: "deleted", At: moment(20)})
	})
	w, err := db.World(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range w.Scopes {
		switch s.Scope {
		case theirs():
			same(t, "the other account's names", 1)(len(s.Retired), nil)
		case mine():
			same(t, "names", store.KeptNames)(len(s.Retired), nil)
			same(t, "the last one", "last.localhost")(s.Retired[0].Name, nil)
		}
	}
}
