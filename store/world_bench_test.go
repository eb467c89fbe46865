package store_test

import (
	"fmt"
	"net/netip"
	"testing"

	"elbow/engine"
	"elbow/engine/elb"
	"elbow/store"
)

// crowd is a store with n instances in one account, all of them registered.
func crowd(b *testing.B, n int) (*store.DB, account) {
	b.Helper()
	db, a := fresh(b), newAccount(1)
	update(b, db, mine(), a.put)
	update(b, db, mine(), func(tx engine.Tx) error {
		for k := range n {
			in := newInstance(a, 1)
			in.ID, in.Interface.ID = id("i", 5000+k), id("eni", 5000+k)
			in.Interface.PrivateIP, in.Interface.PublicIP = private(100+k/200, k%200), netip.Addr{}
			in.Tags = map[string]string{"Name": fmt.Sprintf("web-%d", k), "stage": "test"}
			if err := tx.PutInstance(in); err != nil {
				return err
			}
			a.elb.Registrations = append(a.elb.Registrations, elb.Registration{ID: id("reg", 5000+k), InstanceID: in.ID, RegisteredAt: moment(9)})
		}
		return tx.PutLoadBalancer(a.elb)
	})
	return db, a
}

func BenchmarkWorldOf1000(b *testing.B) {
	db, _ := crowd(b, 1000)
	b.ReportAllocs()
	for b.Loop() {
		w, err := db.World(b.Context())
		if err != nil || len(w.Scopes[0].Instances) != 1001 {
			b.Fatal(err)
		}
	}
}

func BenchmarkFindOneOf1000(b *testing.B) {
	db, a := crowd(b, 1000)
	for b.Loop() {
		view(b, db, mine(), func(tx engine.Tx) error {
			_, ok, err := tx.FindInstance(a.instance.ID)
			if !ok {
				b.Fatal("not found")
			}
			return err
		})
	}
}

func BenchmarkPutOneOf1000(b *testing.B) {
	db, a := crowd(b, 1000)
	for b.Loop() {
		update(b, db, mine(), func(tx engine.Tx) error { return tx.PutInstance(a.instance) })
	}
}

func BenchmarkDeregisterOneOf1000(b *testing.B) {
	db, a := crowd(b, 1000)
	for b.Loop() {
		last := len(a.elb.Registrations) - 1
		gone := a.elb.Registrations[last]
		a.elb.Registrations = a.elb.Registrations[:last]
		update(b, db, mine(), func(tx engine.Tx) error { return tx.PutLoadBalancer(a.elb) })
		a.elb.Registrations = append(a.elb.Registrations, gone)
		update(b, db, mine(), func(tx engine.Tx) error { return tx.PutLoadBalancer(a.elb) })
	}
}
