package store_test

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"sync"
	"testing"

	"elbow/engine"
	"elbow/engine/compute"
	"elbow/engine/elb"
	"elbow/engine/fault"
	"elbow/engine/network"
)

func noPrefix() netip.Prefix { return netip.Prefix{} }

func TestWhatFailsLeavesNothing(t *testing.T) {
	refusal := errors.New("refused")
	for name, fn := range map[string]func(engine.Tx) error{
		"an error":                     func(engine.Tx) error { return refusal },
		"a reference to nothing":       func(tx engine.Tx) error { return tx.DeleteSecurityGroup(id("sg", 1)) },
		"a failed write that fn hides": func(tx engine.Tx) error { _ = tx.PutImage(compute.Image{ID: "ami-x"}); return nil },
	} {
		t.Run(name, func(t *testing.T) {
			db, a := fresh(t), newAccount(1)
			err := db.Update(t.Context(), mine(), func(tx engine.Tx) error {
				if err := a.put(tx); err != nil {
					t.Errorf("put: %v", err)
				}
				return fn(tx)
			})
			if err == nil {
				t.Error("Update succeeded")
			}
			same(t, "World", engine.World{})(db.World(t.Context()))
		})
	}
}

func TestAPanicLeavesNothingAndTheStoreUsable(t *testing.T) {
	db, a := fresh(t), newAccount(1)
	func() {
		defer func() { _ = recover() }()
		_ = db.Update(t.Context(), mine(), func(tx engine.Tx) error { _ = a.put(tx); panic("a bug") })
	}()
	same(t, "World", engine.World{})(db.World(t.Context()))
	update(t, db, mine(), a.put)
}

func TestACancelledContextNeverCommits(t *testing.T) {
	db, a := fresh(t), newAccount(1)
	ctx, cancel := context.WithCancel(t.Context())
	err := db.Update(ctx, mine(), func(tx engine.Tx) error { cancel(); return a.put(tx) })
	if !errors.Is(err, context.Canceled) {
		t.Errorf("Update: %v, want context.Canceled", err)
	}
	if err := db.Update(ctx, mine(), a.put); !errors.Is(err, context.Canceled) {
		t.Errorf("Update: %v, want context.Canceled", err)
	}
	same(t, "World", engine.World{})(db.World(t.Context()))
}

func TestAViewCannotWrite(t *testing.T) {
	db, a := fresh(t), newAccount(1)
	if err := db.View(t.Context(), mine(), a.put); err == nil {
		t.Error("a write in a View succeeded")
	}
}

func TestAViewSeesOneMoment(t *testing.T) {
	db, a := fresh(t), newAccount(1)
	update(t, db, mine(), a.put)
	view(t, db, mine(), func(tx engine.Tx) error {
		expectAccount(t, tx, a)
		b := a
		b.instance.Type, b.key.Tags = "t3.large", nil
		update(t, db, mine(), b.put)
		expectAccount(t, tx, a)
		return nil
	})
}

func TestReadersSeeWholeWritesWhileWritingGoesOn(t *testing.T) {
	db, a := fresh(t), newAccount(1)
	update(t, db, mine(), a.put)
	done := make(chan struct{})
	var readers sync.WaitGroup
	for range 6 { // more than there are connections
		readers.Go(func() {
			for {
				select {
				case <-done:
					return
				default:
				}
				view(t, db, mine(), func(tx engine.Tx) error {
					in, _, err := tx.FindInstance(a.instance.ID)
					b, _, err2 := tx.FindLoadBalancer(a.elb.Name)
					if in.Tags["round"] != b.Tags["round"] {
						t.Errorf("half a write: %q and %q", in.Tags["round"], b.Tags["round"])
					}
					return errors.Join(err, err2)
				})
			}
		})
	}
	for round := range 30 {
		update(t, db, mine(), func(tx engine.Tx) error {
			a.instance.Tags = map[string]string{"round": fmt.Sprint(round)}
			a.elb.Tags = a.instance.Tags
			return errors.Join(tx.PutInstance(a.instance), tx.PutLoadBalancer(a.elb))
		})
	}
	close(done)
	readers.Wait()
}

func TestWhatAnotherHoldsIsAConflict(t *testing.T) {
	for _, c := range []struct {
		name, code string
		put        func(engine.Tx, account) error
	}{
		{"a group's name in another case", "InvalidGroup.Duplicate", func(tx engine.Tx, a account) error {
			return tx.PutSecurityGroup(network.SecurityGroup{ID: "sg-x", VPCID: a.vpc.ID, Name: "WEB"})
		}},
		{"a key pair's name", "InvalidKeyPair.Duplicate", func(tx engine.Tx, a account) error {
			return tx.PutKeyPair(compute.KeyPair{ID: "key-x", Name: a.key.Name})
		}},
		{"an image's name", "InvalidAMIName.Duplicate", func(tx engine.Tx, a account) error {
			image := a.image
			image.ID = "ami-x"
			return tx.PutImage(image)
		}},
		{"a DNS name in another case", "DuplicateLoadBalancerName", func(tx engine.Tx, a account) error {
			return tx.PutLoadBalancer(elb.LoadBalancer{Name: "other", VPCID: a.vpc.ID, Scheme: elb.Internal, DNSName: "MY-elb-1234567891.ap-northeast-1.elb.localhost"})
		}},
		{"a private address", "InvalidIPAddress.InUse", func(tx engine.Tx, a account) error {
			in := a.instance
			in.ID, in.Interface.ID, in.Interface.PublicIP = "i-x", "eni-x", netip.Addr{}
			return tx.PutInstance(in)
		}},
		{"a public address of a node", "InvalidIPAddress.InUse", func(tx engine.Tx, a account) error {
			in := a.instance
			in.ID, in.Interface.ID, in.Interface.PrivateIP, in.Interface.PublicIP = "i-x", "eni-x", private(1, 99), a.elb.Nodes[0].PublicIP
			return tx.PutInstance(in)
		}},
		{"a group that is worn", "DependencyViolation", func(tx engine.Tx, a account) error { return tx.DeleteSecurityGroup(a.web.ID) }},
		{"a snapshot that an image needs", "DependencyViolation", func(tx engine.Tx, a account) error { return tx.DeleteSnapshot(a.snapshot.ID) }},
		{"an instance that is registered", "DependencyViolation", func(tx engine.Tx, a account) error { return tx.DeleteInstance(a.instance.ID) }},
	} {
		t.Run(c.name, func(t *testing.T) {
			db, a := fresh(t), newAccount(1)
			update(t, db, mine(), a.put)
			err := db.Update(t.Context(), mine(), func(tx engine.Tx) error { return c.put(tx, a) })
			f, ok := fault.Of(err)
			if !ok || f.Kind != fault.Conflict || f.Code != c.code {
				t.Errorf("got %v, want a conflict with the code %s", err, c.code)
			}
			view(t, db, mine(), func(tx engine.Tx) error { expectAccount(t, tx, a); return nil })
		})
	}
}

func TestHalfStatesAreRefused(t *testing.T) {
	for name, put := range map[string]func(engine.Tx, account) error{
		"an image without a copy": func(tx engine.Tx, a account) error {
			return tx.PutImage(compute.Image{ID: "ami-x", Name: "x", State: compute.ImageAvailable})
		},
		"a rule without a source": func(tx engine.Tx, a account) error {
			a.web.Rules[0].SourceGroup = ""
			return tx.PutSecurityGroup(a.web)
		},
		"a rule with two sources": func(tx engine.Tx, a account) error {
			a.web.Rules[0].Prefix = netip.MustParsePrefix("10.0.0.0/8")
			return tx.PutSecurityGroup(a.web)
		},
		"an unknown goal":      func(tx engine.Tx, a account) error { a.instance.Goal = "dance"; return tx.PutInstance(a.instance) },
		"a second default VPC": func(tx engine.Tx, a account) error { a.vpc.ID = "vpc-x"; return tx.PutVPC(a.vpc) },
		"two listeners on a port": func(tx engine.Tx, a account) error {
			a.elb.Listeners[1].LoadBalancerPort = a.elb.Listeners[0].LoadBalancerPort
			return tx.PutLoadBalancer(a.elb)
		},
		"an instance registered twice": func(tx engine.Tx, a account) error {
			a.elb.Registrations = append(a.elb.Registrations, elb.Registration{ID: "reg-x", InstanceID: a.instance.ID})
			return tx.PutLoadBalancer(a.elb)
		},
		"a node without an address": func(tx engine.Tx, a account) error {
			a.elb.Nodes[0].PrivateIP = netip.Addr{}
			return tx.PutLoadBalancer(a.elb)
		},
	} {
		t.Run(name, func(t *testing.T) {
			db, a := fresh(t), newAccount(1)
			update(t, db, mine(), a.put)
			if err := db.Update(t.Context(), mine(), func(tx engine.Tx) error { return put(tx, a) }); err == nil {
				t.Error("it was stored")
			}
			view(t, db, mine(), func(tx engine.Tx) error { expectAccount(t, tx, newAccount(1)); return nil })
		})
	}
}
