package engine_test

import (
	"context"
	"errors"
	"log/slog"
	"net/netip"
	"slices"
	"testing"
	"time"

	"elbow/engine"
	"elbow/engine/compute"
	"elbow/engine/elb"
	"elbow/engine/fault"
	"elbow/engine/ident"
	"elbow/engine/network"
	"elbow/store"
)

// whole is a whole engine over the real store, with its interfaces in memory.
type whole struct {
	*engine.Engine
	t     *testing.T
	db    *store.DB
	parts []func(context.Context) error // what closes it, in order
}

// opened starts an engine over a data directory.
func opened(t *testing.T, dir string) *whole {
	t.Helper()
	fail := func(err error) {
		if err != nil {
			t.Fatal(err)
		}
	}
	db, err := store.Open(t.Context(), dir)
	fail(err)
	fabric, err := network.NewFabric(network.FabricConfig{LockDir: t.TempDir(), InMemory: true})
	fail(err)
	gateway, err := network.OpenGateway(network.GatewayConfig{Fabric: fabric, Addrs: []string{"127.0.0.1:0"}, ConsoleNames: []string{"localhost"}})
	fail(err)
	e, err := engine.New(engine.Config{
		Store: db, Fabric: fabric, Gateway: gateway, Dir: dir, Domain: "localhost", Speed: 1000,
		Scope: ident.Scope{Account: "123456789012", Region: "ap-northeast-1"}, Log: slog.New(slog.DiscardHandler),
	})
	fail(err)
	fail(e.Start(t.Context()))
	ended := func(end func() error) func(context.Context) error {
		return func(context.Context) error { return end() }
	}
	return &whole{Engine: e, t: t, db: db, parts: []func(context.Context) error{
		ended(gateway.Close), e.Stop, ended(fabric.Close), ended(db.Close),
	}}
}

func (w *whole) close() {
	w.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	var all error
	for _, end := range w.parts {
		all = errors.Join(all, end(ctx))
	}
	if all != nil {
		w.t.Fatal(all)
	}
}

// sound fails the test when the stored world breaks the engine's own rules.
func (w *whole) sound() {
	w.t.Helper()
	world, err := w.db.World(w.t.Context())
	if err != nil {
		w.t.Fatal(err)
	}
	for _, problem := range engine.CheckWorld(world) {
		w.t.Error(problem)
	}
}

// do fails the test when a command does.
func (w *whole) do(err error) {
	w.t.Helper()
	if err != nil {
		w.t.Fatal(err)
	}
}

// launch launches an instance without services and waits until it runs.
func (w *whole) launch() string {
	w.t.Helper()
	images, err := w.DescribeImages(w.t.Context())
	w.do(err)
	made, err := w.RunInstances(w.t.Context(), engine.RunInstancesInput{ImageID: images[0].ID, Count: 1, AssociatePublicIP: true})
	w.do(err)
	changes := w.Subscribe()
	defer changes.Close()
	deadline := time.After(10 * time.Second)
	for {
		found, err := w.DescribeInstances(w.t.Context(), made.InstanceIDs...)
		w.do(err)
		if found[0].State == compute.Running {
			return found[0].ID
		}
		select {
		case <-changes.Ready():
			changes.Take()
		case <-deadline:
			w.t.Fatalf("%s is still %s", found[0].ID, found[0].State)
		}
	}
}

func http(cidr string) network.Rule {
	return network.Rule{Direction: network.Ingress, Protocol: network.TCP, FromPort: 80, ToPort: 80, Prefix: netip.MustParsePrefix(cidr)}
}

func TestTheNetworkOutlivesTheProcess(t *testing.T) {
	dir, ctx := t.TempDir(), t.Context()
	w := opened(t, dir)
	group, err := w.CreateSecurityGroup(ctx, engine.CreateSecurityGroupInput{Name: "web", Description: "web", Rules: []network.Rule{http("0.0.0.0/0")}})
	w.do(err)
	in := w.launch()
	subnets, err := w.DescribeSubnets(ctx)
	w.do(err)
	made, err := w.CreateLoadBalancer(ctx, engine.CreateLoadBalancerInput{
		Name: "front", SubnetIDs: []string{subnets[0].ID, subnets[1].ID}, InstanceIDs: []string{in},
		NewGroup:  &engine.CreateSecurityGroupInput{Name: "lb", Description: "lb", Rules: []network.Rule{http("0.0.0.0/0"), http("::/0")}},
		Listeners: []elb.Listener{{Protocol: elb.HTTP, LoadBalancerPort: 80, InstanceProtocol: elb.HTTP, InstancePort: 80}},
		Tags:      map[string]string{"stage": "test"},
	})
	w.do(err)
	w.do(w.SetSubnets(ctx, "front", []string{subnets[1].ID, subnets[2].ID}))
	w.do(w.ApplySecurityGroups(ctx, "front", []string{group, made.Groups[0]}))
	w.do(w.AuthorizeSecurityGroupIngress(ctx, group, []network.Rule{{Protocol: network.TCP, FromPort: 8080, ToPort: 8080, SourceGroup: made.Groups[0]}}))
	w.sound()
	before, err := w.DescribeLoadBalancers(ctx, "front")
	w.do(err)
	w.close()

	w = opened(t, dir)
	defer w.close()
	after, err := w.DescribeLoadBalancers(ctx, "front")
	w.do(err)
	if b, a := before[0], after[0]; a.DNSName != b.DNSName || !slices.Equal(a.LoadBalancer.Groups, b.LoadBalancer.Groups) ||
		!slices.Equal(a.Zones(), b.Zones()) || a.Registrations[0].ID != b.Registrations[0].ID || a.Tags["stage"] != "test" {
		t.Errorf("it was\n%+v\nand is\n%+v", b.LoadBalancer, a.LoadBalancer)
	}
	w.sound()
}

func TestARefusalLeavesNothingInTheDatabase(t *testing.T) {
	w := opened(t, t.TempDir())
	defer w.close()
	ctx := t.Context()
	_, err := w.CreateLoadBalancer(ctx, engine.CreateLoadBalancerInput{
		Name: "front", InstanceIDs: []string{"i-00000000000000000"},
		NewGroup:  &engine.CreateSecurityGroupInput{Name: "lb", Description: "lb"},
		Listeners: []elb.Listener{{Protocol: elb.HTTP, LoadBalancerPort: 80, InstanceProtocol: elb.HTTP, InstancePort: 80}},
	})
	if fault.CodeOf(err) != "InvalidInstance" {
		t.Errorf("got %v", err)
	}
	groups, err := w.DescribeSecurityGroups(ctx)
	w.do(err)
	balancers, err := w.DescribeLoadBalancers(ctx)
	w.do(err)
	if len(groups) != 1 || len(balancers) != 0 {
		t.Errorf("%d groups and %d load balancers are left", len(groups), len(balancers))
	}
	lines, _, err := w.DescribeActivities(ctx, engine.ActivityFilter{Operation: "CreateLoadBalancer"})
	w.do(err)
	if len(lines) != 1 || lines[0].Result != "InvalidInstance" {
		t.Errorf("history %+v", lines)
	}
}

func TestADeletedLoadBalancerGivesBackEverything(t *testing.T) {
	w := opened(t, t.TempDir())
	defer w.close()
	ctx := t.Context()
	in := engine.CreateLoadBalancerInput{
		Name:      "front",
		NewGroup:  &engine.CreateSecurityGroupInput{Name: "lb", Description: "lb"},
		Listeners: []elb.Listener{{Protocol: elb.HTTP, LoadBalancerPort: 80, InstanceProtocol: elb.HTTP, InstancePort: 80}},
	}
	first, err := w.CreateLoadBalancer(ctx, in)
	w.do(err)
	if err := w.DeleteSecurityGroup(ctx, first.Groups[0]); fault.CodeOf(err) != "DependencyViolation" {
		t.Errorf("its group could be deleted: %v", err)
	}
	w.do(w.DeleteLoadBalancer(ctx, "front"))
	w.do(w.DeleteSecurityGroup(ctx, first.Groups[0]))
	second, err := w.CreateLoadBalancer(ctx, in)
	w.do(err)
	if second.DNSName == first.DNSName {
		t.Errorf("the name %s was given out twice", first.DNSName)
	}
	w.sound()
}
