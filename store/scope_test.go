package store_test

import (
	"testing"

	"elbow/engine"
	"elbow/engine/fault"
	"elbow/engine/ident"
)

// nothing expects that no list has anything and no id of a is found.
func nothing(t *testing.T, tx engine.Tx, a account) {
	t.Helper()
	for what, n := range map[string]func() (int, error){
		"VPCs":           func() (int, error) { return length(tx.VPCs()) },
		"Subnets":        func() (int, error) { return length(tx.Subnets()) },
		"SecurityGroups": func() (int, error) { return length(tx.SecurityGroups()) },
		"Interfaces":     func() (int, error) { return length(tx.Interfaces()) },
		"Instances":      func() (int, error) { return length(tx.Instances()) },
		"Images":         func() (int, error) { return length(tx.Images()) },
		"Snapshots":      func() (int, error) { return length(tx.Snapshots()) },
		"KeyPairs":       func() (int, error) { return length(tx.KeyPairs()) },
		"LoadBalancers":  func() (int, error) { return length(tx.LoadBalancers()) },
	} {
		if n, err := n(); n != 0 || err != nil {
			t.Errorf("%s: %d, %v; want none", what, n, err)
		}
	}
	for what, find := range map[string]func() (bool, error){
		"group":         func() (bool, error) { _, ok, err := tx.FindSecurityGroup(a.web.ID); return ok, err },
		"instance":      func() (bool, error) { _, ok, err := tx.FindInstance(a.instance.ID); return ok, err },
		"image":         func() (bool, error) { _, ok, err := tx.FindImage(a.image.ID); return ok, err },
		"snapshot":      func() (bool, error) { _, ok, err := tx.FindSnapshot(a.snapshot.ID); return ok, err },
		"key pair":      func() (bool, error) { _, ok, err := tx.FindKeyPair(a.key.Name); return ok, err },
		"load balancer": func() (bool, error) { _, ok, err := tx.FindLoadBalancer(a.elb.Name); return ok, err },
		"setting":       func() (bool, error) { _, ok, err := tx.Setting("language"); return ok, err },
		"empty id":      func() (bool, error) { _, ok, err := tx.FindInstance(""); return ok, err },
	} {
		if ok, err := find(); ok || err != nil {
			t.Errorf("%s: found %v, %v; want neither", what, ok, err)
		}
	}
	if list, n, err := tx.Activities(engine.ActivityFilter{}); len(list) != 0 || n != 0 || err != nil {
		t.Errorf("activities: %v, %d, %v; want none", list, n, err)
	}
}

func TestAnotherScopeFindsListsAndDeletesNothing(t *testing.T) {
	db, a := fresh(t), newAccount(1)
	update(t, db, mine(), func(tx engine.Tx) error {
		if err := a.put(tx); err != nil {
			return err
		}
		if err := tx.AddActivity(engine.Activity{ID: "act-1", Operation: "RunInstances"}); err != nil {
			return err
		}
		return tx.PutSetting("language", "ja")
	})
	for _, scope := range []ident.Scope{theirs(), elsewhere()} {
		update(t, db, scope, func(tx engine.Tx) error {
			nothing(t, tx, a)
			for _, err := range []error{
				tx.DeleteInstance(a.instance.ID), tx.DeleteImage(a.image.ID), tx.DeleteSnapshot(a.snapshot.ID), tx.DeleteKeyPair(a.key.Name),
				tx.DeleteLoadBalancer(a.elb.Name), tx.DeleteSecurityGroup(a.web.ID), tx.DeleteSecurityGroup(a.balancer.ID),
			} {
				if err != nil {
					t.Errorf("deleting what another account has: %v, want nothing to happen", err)
				}
			}
			return nil
		})
		view(t, db, mine(), func(tx engine.Tx) error { expectAccount(t, tx, a); return nil })
	}
}

func TestAnotherAccountsRecordIsNeverReplaced(t *testing.T) {
	db, a, b := fresh(t), newAccount(1), newAccount(2)
	update(t, db, mine(), a.put)
	update(t, db, theirs(), b.put)
	stolen := map[string]func(engine.Tx) error{
		"vpc":    func(tx engine.Tx) error { return tx.PutVPC(a.vpc) },
		"subnet": func(tx engine.Tx) error { s := a.subnet; s.VPCID = b.vpc.ID; return tx.PutSubnet(s) },
		"group": func(tx engine.Tx) error {
			g := b.web
			g.ID, g.Name, g.Rules = a.web.ID, "x", nil
			return tx.PutSecurityGroup(g)
		},
		"instance": func(tx engine.Tx) error { in := b.instance; in.ID = a.instance.ID; return tx.PutInstance(in) },
		"image":    func(tx engine.Tx) error { m := b.image; m.ID, m.Name = a.image.ID, "x"; return tx.PutImage(m) },
		"snapshot": func(tx engine.Tx) error { s := b.snapshot; s.ID = a.snapshot.ID; return tx.PutSnapshot(s) },
		"key pair": func(tx engine.Tx) error { k := b.key; k.ID, k.Name = a.key.ID, "x"; return tx.PutKeyPair(k) },
	}
	for what, put := range stolen {
		err := db.Update(t.Context(), theirs(), put)
		if fault.CodeOf(err) != "IdempotentParameterMismatch" {
			t.Errorf("%s: %v, want to hear that the ID belongs to something else", what, err)
		}
	}
	view(t, db, mine(), func(tx engine.Tx) error { expectAccount(t, tx, a); return nil })
	view(t, db, theirs(), func(tx engine.Tx) error { expectAccount(t, tx, b); return nil })
}

func TestAReferenceIntoAnotherAccountIsRefused(t *testing.T) {
	db, a, b := fresh(t), newAccount(1), newAccount(2)
	update(t, db, mine(), a.put)
	update(t, db, theirs(), b.put)
	for what, put := range map[string]func(engine.Tx) error{
		"group worn": func(tx engine.Tx) error {
			in := b.instance
			in.Interface.Groups = []string{a.web.ID}
			return tx.PutInstance(in)
		},
		"group named": func(tx engine.Tx) error {
			g := b.balancer
			g.Rules[0].SourceGroup = a.web.ID
			g.Rules[0].Prefix = noPrefix()
			return tx.PutSecurityGroup(g)
		},
		"subnet": func(tx engine.Tx) error {
			in := b.instance
			in.Interface.SubnetID = a.subnet.ID
			return tx.PutInstance(in)
		},
		"registration": func(tx engine.Tx) error {
			l := b.elb
			l.Registrations[0].InstanceID = a.instance.ID
			l.Registrations[0].ID = "reg-x"
			return tx.PutLoadBalancer(l)
		},
		"snapshot": func(tx engine.Tx) error { m := b.image; m.SnapshotID = a.snapshot.ID; return tx.PutImage(m) },
	} {
		err := db.Update(t.Context(), theirs(), put)
		if fault.CodeOf(err) != "DependencyViolation" {
			t.Errorf("%s: %v, want DependencyViolation", what, err)
		}
	}
}

func TestPrivateAndPublicAddressesAreOfOneWire(t *testing.T) {
	db, a, b := fresh(t), newAccount(1), newAccount(2)
	update(t, db, mine(), a.put)
	update(t, db, theirs(), b.put)
	view(t, db, mine(), func(tx engine.Tx) error {
		same(t, "PrivateIPs", 6)(length(tx.PrivateIPs()))
		same(t, "PublicIPs", 6)(length(tx.PublicIPs()))
		return nil
	})
}
