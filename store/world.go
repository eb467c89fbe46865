package store

import (
	"context"
	"database/sql"

	"elbow/engine"
	"elbow/engine/ident"
)

// World implements engine.Store: everything the reconciler needs, of all accounts, as it
// was at one moment, in the order of their ids.
func (db *DB) World(ctx context.Context) (w engine.World, err error) {
	err = db.within(ctx, db.reader, func(s *sql.Tx) error {
		scopes, err := gather(s, scanScope, `SELECT account_id, name FROM regions ORDER BY account_id, name`)
		if err != nil {
			return err
		}
		for _, scope := range scopes {
			t := &tx{sql: s, scope: scope}
			part, err := t.world()
			if err != nil {
				return err
			}
			w.Scopes = append(w.Scopes, part)
		}
		return nil
	})
	return w, err
}

func scanScope(r row) (s ident.Scope, err error) {
	err = r.Scan(&s.Account, &s.Region)
	return s, err
}

// world is the scope's part of the world: a fixed number of queries, however much there is.
func (t *tx) world() (w engine.ScopedWorld, err error) {
	w.Scope = t.scope
	if w.Groups, err = t.SecurityGroups(); err != nil {
		return w, err
	}
	if w.Instances, err = t.Instances(); err != nil {
		return w, err
	}
	if w.Images, err = t.Images(); err != nil {
		return w, err
	}
	if w.Snapshots, err = t.Snapshots(); err != nil {
		return w, err
	}
	if w.KeyPairs, err = t.KeyPairs(); err != nil {
		return w, err
	}
	if w.LoadBalancers, err = t.LoadBalancers(); err != nil {
		return w, err
	}
	w.Retired, err = t.retired()
	return w, err
}
