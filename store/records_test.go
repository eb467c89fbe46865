package store_test

import (
	"net/netip"
	"path/filepath"
	"reflect"
	"testing"
	"time"

	"elbow/engine"
	"elbow/engine/compute"
	"elbow/engine/elb"
	"elbow/engine/network"
	"elbow/store"
)

// same reports a difference; got comes with the error of the call that gave it.
func same[T any](t *testing.T, what string, want T) func(got T, err error) {
	t.Helper()
	return func(got T, err error) {
		t.Helper()
		if err != nil {
			t.Errorf("%s: %v", what, err)
		} else if !reflect.DeepEqual(got, want) {
			t.Errorf("%s:\n got %+v\nwant %+v", what, got, want)
		}
	}
}

// found is same for a Find method, which must find it.
func found[T any](t *testing.T, what string, want T) func(got T, ok bool, err error) {
	t.Helper()
	return func(got T, ok bool, err error) {
		t.Helper()
		if !ok {
			t.Errorf("%s: not found", what)
			return
		}
		same(t, what, want)(got, err)
	}
}

// expectAccount reads everything of a back, each record alone and in its list.
func expectAccount(t *testing.T, tx engine.Tx, a account) {
	t.Helper()
	same(t, "VPCs", []network.VPC{a.vpc})(tx.VPCs())
	same(t, "Subnets", []network.Subnet{a.subnet})(tx.Subnets())
	same(t, "SecurityGroups", []network.SecurityGroup{a.balancer, a.web})(tx.SecurityGroups())
	found(t, "FindSecurityGroup", a.web)(tx.FindSecurityGroup(a.web.ID))
	same(t, "Interfaces", []network.Interface{a.instance.Interface, a.elb.Nodes[1], a.elb.Nodes[0]})(tx.Interfaces())
	same(t, "Instances", []compute.Instance{a.instance})(tx.Instances())
	found(t, "FindInstance", a.instance)(tx.FindInstance(a.instance.ID))
	same(t, "Images", []compute.Image{a.image})(tx.Images())
	found(t, "FindImage", a.image)(tx.FindImage(a.image.ID))
	same(t, "Snapshots", []compute.Snapshot{a.snapshot})(tx.Snapshots())
	found(t, "FindSnapshot", a.snapshot)(tx.FindSnapshot(a.snapshot.ID))
	same(t, "KeyPairs", []compute.KeyPair{a.key})(tx.KeyPairs())
	found(t, "FindKeyPair", a.key)(tx.FindKeyPair(a.key.Name))
	same(t, "LoadBalancers", []elb.LoadBalancer{a.elb})(tx.LoadBalancers())
	found(t, "FindLoadBalancer", a.elb)(tx.FindLoadBalancer(a.elb.Name))
}

func TestEveryFieldOfEveryRecordComesBack(t *testing.T) {
	db, a := fresh(t), newAccount(1)
	everyFieldIsSet(t, reflect.ValueOf(a.instance), "Instance", "LoadBalancer")
	everyFieldIsSet(t, reflect.ValueOf(a.image), "Image")
	everyFieldIsSet(t, reflect.ValueOf(a.snapshot), "Snapshot")
	everyFieldIsSet(t, reflect.ValueOf(a.key), "KeyPair")
	everyFieldIsSet(t, reflect.ValueOf(a.elb), "LoadBalancer", "InstanceID")
	everyFieldIsSet(t, reflect.ValueOf(a.web), "SecurityGroup", "Prefix", "FromPort", "Description")
	update(t, db, mine(), a.put)
	view(t, db, mine(), func(tx engine.Tx) error { expectAccount(t, tx, a); return nil })
	update(t, db, mine(), a.put) // the same again changes nothing
	view(t, db, mine(), func(tx engine.Tx) error { expectAccount(t, tx, a); return nil })
}

// everyFieldIsSet keeps the fixture honest: a field that somebody adds to a record must
// be set here, and then fails the test until the store keeps it. The fields named are
// those that may be empty.
func everyFieldIsSet(t *testing.T, v reflect.Value, path string, but ...string) {
	t.Helper()
	switch v.Kind() {
	case reflect.Struct:
		for i := range v.NumField() {
			field := v.Type().Field(i)
			if !field.IsExported() {
				continue
			}
			skip := false
			for _, name := range but {
				skip = skip || field.Name == name
			}
			if v.Field(i).IsZero() && !skip {
				t.Errorf("the fixture leaves %s.%s empty", path, field.Name)
			}
			everyFieldIsSet(t, v.Field(i), path+"."+field.Name, but...)
		}
	case reflect.Slice:
		for i := range v.Len() {
			everyFieldIsSet(t, v.Index(i), path, but...)
		}
	}
}

func TestTheWorldIsWhatEveryAccountHolds(t *testing.T) {
	db, a, b := fresh(t), newAccount(1), newAccount(2)
	gone := engine.RetiredName{Name: "gone.localhost", Resource: "i-1", Why: "stopped", At: moment(1)}
	update(t, db, theirs(), b.put)
	update(t, db, mine(), func(tx engine.Tx) error {
		if err := tx.RetireName(gone); err != nil {
			return err
		}
		return a.put(tx)
	})
	scoped := func(a account) engine.ScopedWorld {
		return engine.ScopedWorld{
			Groups: []network.SecurityGroup{a.balancer, a.web}, Instances: []compute.Instance{a.instance},
			Images: []compute.Image{a.image}, Snapshots: []compute.Snapshot{a.snapshot},
			KeyPairs: []compute.KeyPair{a.key}, LoadBalancers: []elb.LoadBalancer{a.elb},
		}
	}
	first, second := scoped(a), scoped(b)
	first.Scope, second.Scope = mine(), theirs()
	first.Retired = []engine.RetiredName{gone}
	same(t, "World", engine.World{Scopes: []engine.ScopedWorld{first, second}})(db.World(t.Context()))
}

func TestAPutReplacesWhatHangsOnTheRecord(t *testing.T) {
	db, a := fresh(t), newAccount(1)
	update(t, db, mine(), a.put)
	a.web.Rules = a.web.Rules[1:]
	a.web.Tags = map[string]string{"other": "1"}
	a.instance.Interface.Groups = []string{a.balancer.ID}
	a.instance.Interface.PublicIP = netip.Addr{}
	a.instance.UserData, a.instance.Tags, a.instance.TerminatedAt = nil, nil, time.Time{}
	a.key.Tags, a.image.Tags, a.snapshot.Tags = nil, map[string]string{"Name": "x"}, nil
	a.elb.Groups = a.elb.Groups[1:]
	a.elb.Nodes[0].PrivateIP, a.elb.Nodes[1].PrivateIP = a.elb.Nodes[1].PrivateIP, a.elb.Nodes[0].PrivateIP
	a.elb.Listeners = a.elb.Listeners[1:]
	a.elb.Registrations = []elb.Registration{{ID: id("reg", 77), InstanceID: a.instance.ID, RegisteredAt: moment(20)}}
	a.elb.Tags = nil
	update(t, db, mine(), a.put)
	view(t, db, mine(), func(tx engine.Tx) error { expectAccount(t, tx, a); return nil })
}

func TestRegistrationsKeepTheirOrderWhenOneGoesAndOneComes(t *testing.T) {
	db, a := fresh(t), newAccount(1)
	update(t, db, mine(), a.put)
	var regs []elb.Registration
	update(t, db, mine(), func(tx engine.Tx) error {
		for k := range 5 {
			in := newInstance(a, 1)
			in.ID, in.Interface.ID, in.Interface.PrivateIP = id("i", 50+k), id("eni", 50+k), private(1, 50+k)
			in.Interface.PublicIP = netip.Addr{}
			if err := tx.PutInstance(in); err != nil {
				return err
			}
			regs = append(regs, elb.Registration{ID: id("reg", 90-k), InstanceID: in.ID, RegisteredAt: moment(9)})
		}
		return nil
	})
	put := func(list ...elb.Registration) {
		t.Helper()
		a.elb.Registrations = list
		update(t, db, mine(), func(tx engine.Tx) error { return tx.PutLoadBalancer(a.elb) })
		view(t, db, mine(), func(tx engine.Tx) error {
			found(t, "FindLoadBalancer", a.elb)(tx.FindLoadBalancer(a.elb.Name))
			return nil
		})
	}
	put(regs[0], regs[1], regs[2], regs[3])
	put(regs[0], regs[2], regs[3], regs[4])
	again := regs[0] // the same instance anew: health must not be inherited
	again.ID = id("reg", 99)
	put(regs[3], regs[4], again)
}

func TestATerminatedInstanceKeepsItsRowWithoutAddresses(t *testing.T) {
	db, a := fresh(t), newAccount(1)
	update(t, db, mine(), a.put)
	a.instance.Goal = compute.Terminate
	a.instance.Interface = network.Interface{AvailabilityZone: "ap-northeast-1c"}
	update(t, db, mine(), func(tx engine.Tx) error { return tx.PutInstance(a.instance) })
	view(t, db, mine(), func(tx engine.Tx) error {
		found(t, "FindInstance", a.instance)(tx.FindInstance(a.instance.ID))
		same(t, "PrivateIPs", 2)(length(tx.PrivateIPs()))
		same(t, "PublicIPs", 2)(length(tx.PublicIPs()))
		same(t, "Interfaces", 2)(length(tx.Interfaces()))
		return nil
	})
	a.instance.Goal = compute.Run
	if err := db.Update(t.Context(), mine(), func(tx engine.Tx) error { return tx.PutInstance(a.instance) }); err == nil {
		t.Error("an instance is to run without a private address, and nothing refused it")
	}
}

func length[T any](list []T, err error) (int, error) { return len(list), err }

func TestDeletingTakesWhatHangsOnTheRecordAlong(t *testing.T) {
	db, a := fresh(t), newAccount(1)
	update(t, db, mine(), a.put)
	update(t, db, mine(), func(tx engine.Tx) error {
		for _, gone := range []error{
			tx.DeleteSecurityGroup(a.balancer.ID), tx.DeleteSecurityGroup(a.web.ID), tx.DeleteInstance(a.instance.ID),
			tx.DeleteSnapshot(a.snapshot.ID), tx.DeleteImage(a.image.ID), tx.DeleteKeyPair(a.key.Name), tx.DeleteLoadBalancer(a.elb.Name),
			tx.DeleteInstance("i-absent"), tx.DeleteKeyPair(""),
		} {
			if gone != nil {
				return gone
			}
		}
		return nil
	})
	same(t, "World", engine.World{Scopes: []engine.ScopedWorld{{Scope: mine()}}})(db.World(t.Context()))
	same[[]string](t, "Verify", nil)(db.Verify(t.Context()))
	update(t, db, mine(), a.put) // and nothing that was left stands in the way
	view(t, db, mine(), func(tx engine.Tx) error { expectAccount(t, tx, a); return nil })
}

func TestListsComeInTheirOrder(t *testing.T) {
	db, a := fresh(t), newAccount(1)
	base := func(name string) compute.Image {
		return compute.Image{ID: "ami-" + name, Name: name, Base: name, State: compute.ImageAvailable, OwnerAlias: "elbow", CreatedAt: moment(1)}
	}
	update(t, db, mine(), func(tx engine.Tx) error {
		if err := a.put(tx); err != nil {
			return err
		}
		for _, name := range []string{"first", "second"} {
			if err := tx.PutImage(base(name)); err != nil {
				return err
			}
			key := compute.KeyPair{ID: "key-" + name, Name: name, Type: "rsa", CreatedAt: moment(1)}
			if err := tx.PutKeyPair(key); err != nil {
				return err
			}
		}
		return nil
	})
	view(t, db, mine(), func(tx engine.Tx) error {
		// moment(5), then the two of one moment: the later one first
		same(t, "Images", []compute.Image{a.image, base("second"), base("first")})(tx.Images())
		keys, err := tx.KeyPairs()
		same(t, "KeyPairs", []string{"first", "my key", "second"})([]string{keys[0].Name, keys[1].Name, keys[2].Name}, err)
		return nil
	})
}

func TestReopeningKeepsEverything(t *testing.T) {
	dir, a := filepath.Join(t.TempDir(), "deep", "data"), newAccount(1)
	for range 3 {
		db, err := store.Open(t.Context(), dir)
		if err != nil {
			t.Fatal(err)
		}
		update(t, db, mine(), a.put)
		if err := db.Close(); err != nil {
			t.Fatal(err)
		}
		if err := db.Close(); err != nil {
			t.Errorf("closing twice: %v", err)
		}
	}
	db := open(t, dir)
	view(t, db, mine(), func(tx engine.Tx) error { expectAccount(t, tx, a); return nil })
}
