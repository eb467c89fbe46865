package store_test

import (
	"fmt"
	"net/netip"
	"path/filepath"
	"testing"
	"time"

	"elbow/engine"
	"elbow/engine/compute"
	"elbow/engine/elb"
	"elbow/engine/ident"
	"elbow/engine/network"
	"elbow/store"
)

// mine and theirs are two accounts; elsewhere is another Region of the first.
func mine() ident.Scope { return ident.Scope{Account: "123456789012", Region: "ap-northeast-1"} }
func theirs() ident.Scope {
	return ident.Scope{Account: "210987654321", Region: "ap-northeast-1"}
}
func elsewhere() ident.Scope { return ident.Scope{Account: "123456789012", Region: "eu-west-1"} }

func open(t testing.TB, dir string) *store.DB {
	t.Helper()
	db, err := store.Open(t.Context(), dir)
	if err != nil {
		t.Fatalf("Open: %v", err)
	}
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Errorf("Close: %v", err)
		}
	})
	return db
}

func fresh(t testing.TB) *store.DB { return open(t, filepath.Join(t.TempDir(), "data")) }

func update(t testing.TB, db *store.DB, scope ident.Scope, fn func(engine.Tx) error) {
	t.Helper()
	if err := db.Update(t.Context(), scope, fn); err != nil {
		t.Fatalf("Update: %v", err)
	}
}

func view(t testing.TB, db *store.DB, scope ident.Scope, fn func(engine.Tx) error) {
	t.Helper()
	if err := db.View(t.Context(), scope, fn); err != nil {
		t.Fatalf("View: %v", err)
	}
}

// account is one of every record, with every field set, all of them tied together. Two
// accounts with different numbers share nothing.
type account struct {
	vpc      network.VPC
	subnet   network.Subnet
	web      network.SecurityGroup // its rules name balancer and web itself
	balancer network.SecurityGroup
	instance compute.Instance
	snapshot compute.Snapshot
	image    compute.Image
	key      compute.KeyPair
	elb      elb.LoadBalancer
}

// moment is a time as it comes back: in UTC, to the microsecond.
func moment(minute int) time.Time {
	return time.Date(2026, 11, 23, 10, minute, 30, 123_456_000, time.UTC)
}

func tags(name string) map[string]string { return map[string]string{"Name": name, "empty": ""} }

func id(prefix string, n int) string { return fmt.Sprintf("%s-%017x", prefix, n) }

// address is the k-th private address of account n, public the same of the public ones.
func private(n, k int) netip.Addr { return netip.AddrFrom4([4]byte{172, 31, byte(n), byte(k)}) }
func public(n, k int) netip.Addr  { return netip.AddrFrom4([4]byte{203, 0, 113, byte(n*50 + k)}) }

func newAccount(n int) account {
	a := account{
		vpc: network.VPC{ID: id("vpc", n), CIDR: netip.MustParsePrefix("172.31.0.0/16"), IsDefault: true},
		subnet: network.Subnet{
			ID: id("subnet", n), VPCID: id("vpc", n), AvailabilityZone: "ap-northeast-1a",
			CIDR: netip.MustParsePrefix("172.31.0.0/20"), DefaultForAZ: true,
		},
		snapshot: compute.Snapshot{
			ID: id("snap", n), VolumeID: id("vol", n), Description: "a copy", State: compute.SnapshotCompleted,
			SizeGiB: 8, Bytes: 1 << 33, StartedAt: moment(1), Tags: tags("snap"),
		},
		key: compute.KeyPair{
			ID: id("key", n), Name: "my key", Type: "ed25519", Fingerprint: "ab:cd", PublicKey: "ssh-ed25519 AAAA me",
			CreatedAt: moment(2), Tags: tags("key"),
		},
	}
	a.balancer = network.SecurityGroup{
		ID: id("sg", n), VPCID: a.vpc.ID, Name: "elb", Description: "for <b>all</b>", CreatedAt: moment(3), Tags: tags("elb"),
		Rules: []network.Rule{
			{ID: id("sgr", 10*n), Direction: network.Ingress, Protocol: network.TCP, FromPort: 80, ToPort: 80, Prefix: netip.MustParsePrefix("0.0.0.0/0"), Description: "ウェブ"},
			{ID: id("sgr", 10*n+1), Direction: network.Egress, Protocol: network.AllProto, FromPort: -1, ToPort: -1, Prefix: netip.MustParsePrefix("::/0")},
		},
	}
	a.web = network.SecurityGroup{
		ID: id("sg", 100+n), VPCID: a.vpc.ID, Name: "web", Description: "servers", CreatedAt: moment(4), Tags: tags("web"),
		Rules: []network.Rule{
			{ID: id("sgr", 10*n+3), Direction: network.Ingress, Protocol: "47", FromPort: -1, ToPort: -1, SourceGroup: id("sg", 100+n)},
			{ID: id("sgr", 10*n+2), Direction: network.Ingress, Protocol: network.TCP, FromPort: 0, ToPort: 65535, SourceGroup: id("sg", n), Description: "from the load balancer"},
		},
	}
	a.instance = newInstance(a, n)
	a.image = compute.Image{
		ID: id("ami", n), Name: "web-image", Description: "with a page", State: compute.ImageFailed, StateReason: "no space",
		SourceInstanceID: a.instance.ID, SnapshotID: a.snapshot.ID, OwnerAlias: "self", Base: "dir", NoReboot: true,
		CreatedAt: moment(5), Tags: tags("image"),
	}
	a.elb = newBalancer(a, n)
	return a
}

func newInstance(a account, n int) compute.Instance {
	return compute.Instance{
		ID: id("i", n), ReservationID: id("r", n), LaunchIndex: 3, ImageID: id("ami", n), Type: "t2.micro", KeyName: "my key", PublicKey: "ssh-ed25519 AAAA my key",
		Interface: network.Interface{
			ID: id("eni", 10*n), VPCID: a.vpc.ID, SubnetID: a.subnet.ID, AvailabilityZone: "ap-northeast-1a",
			PrivateIP: private(n, 10), PublicIP: public(n, 10), Groups: []string{a.web.ID, a.balancer.ID},
			Description: "primary", InstanceID: id("i", n),
		},
		AutoPublicIP: true, UserData: []byte("#!/bin/sh\x00\xff"), DisableApiTermination: true, ShutdownBehavior: "terminate", Goal: compute.Run, Boots: 7,
		StateReason:           compute.Reason{Code: "Client.UserInitiatedShutdown", Message: "Client.UserInitiatedShutdown: by you"},
		StateTransitionReason: "User initiated (2026-11-23 10:15:30 GMT)", LaunchTime: moment(6), TerminatedAt: moment(7),
		RootVolumeID: id("vol", n), Tags: tags("web-1"),
	}
}

func newBalancer(a account, n int) elb.LoadBalancer {
	name := "my-elb"
	node := func(k int, zone string) network.Interface {
		return network.Interface{
			ID: id("eni", 10*n+9-k), VPCID: a.vpc.ID, SubnetID: a.subnet.ID, AvailabilityZone: zone, PrivateIP: private(n, 20+k),
			PublicIP: public(n, 20+k), Groups: []string{a.balancer.ID}, Description: "ELB " + name, LoadBalancer: name,
		}
	}
	return elb.LoadBalancer{
		Name: name, DNSName: fmt.Sprintf("My-elb-123456789%d.ap-northeast-1.elb.localhost", n), HostedZoneID: "Z14GRHDCWA56QT",
		VPCID: a.vpc.ID, Scheme: elb.InternetFacing, Groups: []string{a.web.ID, a.balancer.ID},
		Nodes: []network.Interface{node(1, "ap-northeast-1c"), node(2, "ap-northeast-1a")},
		Listeners: []elb.Listener{
			{Protocol: elb.HTTP, LoadBalancerPort: 8080, InstanceProtocol: elb.HTTP, InstancePort: 80},
			{Protocol: elb.TCP, LoadBalancerPort: 22, InstanceProtocol: elb.SSL, InstancePort: 65535},
		},
		HealthCheck: elb.HealthCheck{
			Protocol: elb.HTTP, Port: 80, Path: "/index.html", Timeout: 5 * time.Second, Interval: 30 * time.Second,
			UnhealthyThreshold: 2, HealthyThreshold: 10,
		},
		Attributes:    elb.Attributes{CrossZone: true, ConnectionDraining: true, DrainingTimeout: 300 * time.Second, IdleTimeout: 1500 * time.Millisecond},
		Registrations: []elb.Registration{{ID: id("reg", n), InstanceID: id("i", n), RegisteredAt: moment(8)}},
		CreatedAt:     moment(9), Tags: tags("elb"),
	}
}

// put writes everything, in an order that has every reference lead to what comes later.
func (a account) put(tx engine.Tx) error {
	for _, put := range []func() error{
		func() error { return tx.PutLoadBalancer(a.elb) },
		func() error { return tx.PutInstance(a.instance) },
		func() error { return tx.PutImage(a.image) },
		func() error { return tx.PutSnapshot(a.snapshot) },
		func() error { return tx.PutKeyPair(a.key) },
		func() error { return tx.PutSecurityGroup(a.web) },
		func() error { return tx.PutSecurityGroup(a.balancer) },
		func() error { return tx.PutSubnet(a.subnet) },
		func() error { return tx.PutVPC(a.vpc) },
	} {
		if err := put(); err != nil {
			return err
		}
	}
	return nil
}
