package web

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/netip"
	"strings"
	"testing"
	"time"

	"elbow/engine"
	"elbow/engine/compute"
	"elbow/engine/elb"
	"elbow/engine/ident"
	"elbow/engine/network"
	"elbow/store"
)

// ours is the console's account, theirs another one in the same store.
var (
	ours   = ident.Scope{Account: "123456789012", Region: "ap-northeast-1"}
	theirs = ident.Scope{Account: "210987654321", Region: "ap-northeast-1"}
)

// cloud is a console over a real engine with one of everything in it.
type cloud struct {
	*Server
	t  testing.TB
	db *store.DB

	running, stopped, gone  string // instances; the stopped one is protected, the last is terminated
	baseImage               string
	image, snapshot         string // made from running
	key                     string // a key pair's name
	group, used, defaultOne string // security groups: worn by nobody, by everything, the VPC's default
	subnets                 []string
	vpc                     string
	balancer                string
	foreign                 strangers
}

// strangers are the resources of the other account.
type strangers struct{ instance, group, image, snapshot, key, balancer, subnet, vpc string }

// newCloud starts an engine a thousand times as fast as the wall clock. prepare is run on
// the store before the engine looks at it.
func newCloud(t testing.TB, prepare ...func(*store.DB)) *cloud {
	t.Helper()
	dir := t.TempDir()
	db := must(store.Open(t.Context(), dir))(t)
	t.Cleanup(func() { _ = db.Close() })
	for _, p := range prepare {
		p(db)
	}
	fabric := must(network.NewFabric(network.FabricConfig{InMemory: true}))(t)
	t.Cleanup(func() { _ = fabric.Close() })
	gateway := must(network.OpenGateway(network.GatewayConfig{
		Fabric: fabric, Addrs: []string{"127.0.0.1:0"}, ConsoleNames: []string{"localhost"},
	}))(t)
	t.Cleanup(func() { _ = gateway.Close() })
	e := must(engine.New(engine.Config{
		Store: db, Fabric: fabric, Gateway: gateway, Dir: dir, Scope: ours, Domain: "localhost", Speed: 1000,
	}))(t)
	t.Cleanup(func() { _ = e.Stop(context.Background()) })
	if err := e.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	s := must(New(Config{Engine: e, Gateway: gateway, Names: []string{"localhost"}, Region: ours.Region, Account: ours.Account, Version: "test",
		Log: slog.New(slog.NewTextHandler(t.Output(), &slog.HandlerOptions{Level: slog.LevelError}))}))(t)
	t.Cleanup(s.Shutdown)
	return &cloud{Server: s, t: t, db: db}
}

// must is for what can fail only by a mistake in the test.
func must[T any](v T, err error) func(testing.TB) T {
	return func(t testing.TB) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
}

// furnished is a cloud with one of everything, and a second account's things beside it.
func furnished(t testing.TB) *cloud {
	t.Helper()
	var foreign strangers
	c := newCloud(t, func(db *store.DB) { foreign = strangersIn(t, db) })
	c.foreign = foreign
	ctx := t.Context()
	c.findSeeded()
	c.key = must(c.engine.CreateKeyPair(ctx, engine.CreateKeyPairInput{Name: "learner", Type: engine.KeyED25519}))(t).Name
	c.group = must(c.engine.CreateSecurityGroup(ctx, engine.CreateSecurityGroupInput{Name: "spare", Description: "worn by nobody"}))(t)
	http := must(network.ParseRule(network.Ingress, "tcp", "80", "0.0.0.0/0", "web"))(t)
	c.used = must(c.engine.CreateSecurityGroup(ctx, engine.CreateSecurityGroupInput{Name: "web", Description: "worn by all", Rules: []network.Rule{http}}))(t)
	made := must(c.engine.RunInstances(ctx, engine.RunInstancesInput{
		ImageID: c.baseImage, KeyName: c.key, GroupIDs: []string{c.used}, Count: 3, AssociatePublicIP: true, Tags: map[string]string{"Name": "server"},
	}))(t)
	c.running, c.stopped, c.gone = made.InstanceIDs[0], made.InstanceIDs[1], made.InstanceIDs[2]
	for _, id := range made.InstanceIDs {
		c.becomes(id, compute.Running)
	}
	c.settle()
	return c
}

// findSeeded reads the ids of what every account starts with.
func (c *cloud) findSeeded() {
	c.t.Helper()
	ctx := c.t.Context()
	for _, image := range must(c.engine.DescribeImages(ctx))(c.t) {
		if image.Base == "elbow-linux-2023-web" {
			c.baseImage = image.ID
		}
	}
	for _, subnet := range must(c.engine.DescribeSubnets(ctx))(c.t) {
		c.subnets, c.vpc = append(c.subnets, subnet.ID), subnet.VPCID
	}
	c.defaultOne = must(c.engine.DescribeSecurityGroups(ctx))(c.t)[0].ID
}

// settle makes the image and the load balancer, and brings two instances to their states.
func (c *cloud) settle() {
	c.t.Helper()
	ctx := c.t.Context()
	must(c.engine.StopInstances(ctx, c.stopped))(c.t)
	must(c.engine.TerminateInstances(ctx, c.gone))(c.t)
	c.image = must(c.engine.CreateImage(ctx, engine.CreateImageInput{InstanceID: c.running, Name: "copy", NoReboot: true}))(c.t)
	c.balancer = must(c.engine.CreateLoadBalancer(ctx, engine.CreateLoadBalancerInput{
		Name: "front", GroupIDs: []string{c.used}, InstanceIDs: []string{c.running},
		Listeners: []elb.Listener{{Protocol: elb.HTTP, LoadBalancerPort: 80, InstanceProtocol: elb.HTTP, InstancePort: 80}},
	}))(c.t).Name
	c.becomes(c.stopped, compute.Stopped)
	c.becomes(c.gone, compute.Terminated)
	c.until("the image is copied", func() bool {
		image := must(c.engine.DescribeImages(ctx, c.image))(c.t)[0]
		c.snapshot = image.SnapshotID
		return image.State == compute.ImageAvailable && image.Snapshot.State == compute.SnapshotCompleted
	})
	if err := c.engine.ModifyTerminationProtection(ctx, c.stopped, true); err != nil {
		c.t.Fatal(err)
	}
}

// strangersIn puts one of everything into the other account.
func strangersIn(t testing.TB, db *store.DB) strangers {
	t.Helper()
	f := strangers{
		instance: ident.New("i"), group: ident.New("sg"), image: ident.New("ami"), snapshot: ident.New("snap"),
		key: "foreign-key", balancer: "foreign-front", subnet: ident.New("subnet"), vpc: ident.New("vpc"),
	}
	nic := func(last byte) network.Interface {
		return network.Interface{
			ID: ident.New("eni"), VPCID: f.vpc, SubnetID: f.subnet, AvailabilityZone: "ap-northeast-1a",
			PrivateIP: netip.AddrFrom4([4]byte{172, 31, 15, last}), Groups: []string{f.group},
		}
	}
	server, node := nic(10), nic(11)
	server.InstanceID, node.LoadBalancer = f.instance, f.balancer
	err := db.Update(t.Context(), theirs, func(tx engine.Tx) error {
		return cmpErr(
			tx.PutVPC(network.VPC{ID: f.vpc, CIDR: netip.MustParsePrefix("172.31.0.0/16"), IsDefault: true}),
			tx.PutSubnet(network.Subnet{ID: f.subnet, VPCID: f.vpc, AvailabilityZone: "ap-northeast-1a", CIDR: netip.MustParsePrefix("172.31.0.0/20"), DefaultForAZ: true}),
			tx.PutSecurityGroup(network.SecurityGroup{ID: f.group, VPCID: f.vpc, Name: "foreign-group", Description: "theirs", CreatedAt: time.Now()}),
			tx.PutKeyPair(compute.KeyPair{ID: ident.New("key"), Name: f.key, Type: "ed25519", Fingerprint: "x", PublicKey: "ssh-ed25519 AAAA", CreatedAt: time.Now()}),
			tx.PutSnapshot(compute.Snapshot{ID: f.snapshot, VolumeID: ident.New("vol"), State: compute.SnapshotCompleted, SizeGiB: 8, StartedAt: time.Now()}),
			tx.PutImage(compute.Image{ID: f.image, Name: "foreign-image", State: compute.ImageAvailable, SnapshotID: f.snapshot, CreatedAt: time.Now()}),
			tx.PutInstance(compute.Instance{
				ID: f.instance, ReservationID: ident.New("r"), ImageID: f.image, Type: "t2.micro", Goal: compute.Stop, Boots: 1,
				ShutdownBehavior: engine.ShutdownStop, LaunchTime: time.Now(), RootVolumeID: ident.New("vol"), Interface: server,
			}),
			tx.PutLoadBalancer(elb.LoadBalancer{
				Name: f.balancer, DNSName: f.balancer + "-1.ap-northeast-1.elb.localhost", HostedZoneID: "Z1", VPCID: f.vpc, Scheme: elb.InternetFacing,
				Groups: []string{f.group}, Nodes: []network.Interface{node}, CreatedAt: time.Now(),
				Listeners:   []elb.Listener{{Protocol: elb.HTTP, LoadBalancerPort: 80, InstanceProtocol: elb.HTTP, InstancePort: 80}},
				HealthCheck: elb.HealthCheck{Protocol: elb.TCP, Port: 80, Timeout: 5 * time.Second, Interval: 30 * time.Second, UnhealthyThreshold: 2, HealthyThreshold: 10},
				Attributes:  elb.Attributes{IdleTimeout: time.Minute},
			}),
		)
	})
	if err != nil {
		t.Fatal(err)
	}
	return f
}

// until waits for ready to hold, looking again whenever something changes.
func (c *cloud) until(what string, ready func() bool) {
	c.t.Helper()
	changes := c.engine.Subscribe()
	defer changes.Close()
	deadline := time.After(20 * time.Second)
	for !ready() {
		select {
		case <-changes.Ready():
			changes.Take()
		case <-deadline:
			c.t.Fatalf("still not so: %s", what)
		}
	}
}

func (c *cloud) becomes(id string, state compute.State) {
	c.t.Helper()
	c.until(id+" is "+string(state), func() bool {
		return must(c.engine.DescribeInstances(c.t.Context(), id))(c.t)[0].State == state
	})
}

// snapshotOf is everything that a person could change, of both accounts, as text. The
// activity history is not in it.
func (c *cloud) everything() string {
	c.t.Helper()
	ctx := c.t.Context()
	text := must(json.MarshalIndent(must(c.db.World(ctx))(c.t), "", " "))(c.t)
	var b strings.Builder
	b.Write(text)
	for _, dir := range []string{"/", "/tmp", "/var/www", "/var/www/html"} {
		for _, f := range must(c.engine.Files(ctx, c.running, dir))(c.t) {
			fmt.Fprintln(&b, f.Path, f.Dir, f.ETag)
		}
	}
	for _, s := range must(c.engine.Services(ctx, c.running))(c.t) {
		fmt.Fprintf(&b, "%+v\n", s)
	}
	return b.String()
}
