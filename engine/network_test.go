package engine

import (
	"context"
	"errors"
	"log/slog"
	"net/netip"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"elbow/engine/compute"
	"elbow/engine/elb"
	"elbow/engine/fault"
	"elbow/engine/ident"
	"elbow/engine/network"
	"elbow/engine/pace"
)

// cloud is an engine whose store can be looked into. Nothing reconciles: what the tests
// see is what the commands wrote.
type cloud struct {
	*Engine
	t     *testing.T
	kept  *fakeStore
	moved chan struct{} // receives when a machine has changed
}

// with is the same cloud in a subtest.
func (c cloud) with(t *testing.T) cloud {
	c.t = t
	return c
}

func newCloud(t *testing.T) cloud {
	t.Helper()
	fast := pace.New(1e6)
	fabric, err := network.NewFabric(network.FabricConfig{LockDir: t.TempDir(), InMemory: true})
	if err != nil {
		t.Fatal(err)
	}
	c := cloud{t: t, kept: &fakeStore{}, moved: make(chan struct{}, 1)}
	fleet, err := compute.NewFleet(compute.FleetConfig{Dir: t.TempDir(), Fabric: fabric, Pace: fast, Changed: c.tell})
	if err != nil {
		t.Fatal(err)
	}
	c.Engine = &Engine{
		store: c.kept, scope: ident.Scope{Account: "123456789012", Region: "ap-northeast-1"}, domain: "localhost",
		log: slog.New(slog.DiscardHandler), now: time.Now, pace: fast, kicks: make(chan struct{}, 1),
		fabric: fabric, fleet: fleet, edge: elb.NewEdge(elb.EdgeConfig{Fabric: fabric, Pace: fast}),
	}
	t.Cleanup(c.close)
	if err := c.seed(t.Context()); err != nil {
		t.Fatal(err)
	}
	return c
}

func (c cloud) tell(string) {
	select {
	case c.moved <- struct{}{}:
	default:
	}
}

func (c cloud) close() {
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	if err := errors.Join(c.edge.Close(ctx), c.fleet.Close(ctx), c.fabric.Close()); err != nil {
		c.t.Error(err)
	}
}

// running stores an instance with the given groups and waits until its machine runs.
func (c cloud) running(groups ...string) compute.Instance {
	c.t.Helper()
	in := c.placed(compute.Run, groups...)
	w := World{Scopes: []ScopedWorld{c.world()}}
	c.fabric.Apply(w.interfaces(), w.groups()) // a machine boots only with its interface on the wire
	c.fleet.Start(in, compute.Source{Base: compute.BaseImages()[0].Dir})
	for c.stateOf(in) != compute.Running {
		select {
		case <-c.moved:
		case <-time.After(10 * time.Second):
			c.t.Fatalf("%s is still %s", in.ID, c.stateOf(in))
		}
	}
	return in
}

// world is everything stored in the engine's own scope but the activity history.
func (c cloud) world() ScopedWorld {
	c.t.Helper()
	w, err := c.kept.World(c.t.Context())
	if err != nil {
		c.t.Fatal(err)
	}
	at := slices.IndexFunc(w.Scopes, func(s ScopedWorld) bool { return s.Scope == c.scope })
	slices.SortFunc(w.Scopes[at].Retired, func(a, b RetiredName) int { return strings.Compare(a.Name, b.Name) })
	return w.Scopes[at]
}

// in runs fn in a transaction in the scope.
func (c cloud) in(scope ident.Scope, fn func(Tx) error) {
	c.t.Helper()
	if err := c.kept.Update(c.t.Context(), scope, fn); err != nil {
		c.t.Fatal(err)
	}
}

// refuses checks that the command fails with the code and stores nothing but its line of
// the history.
func (c cloud) refuses(code string, command func() error) {
	c.t.Helper()
	before := c.world()
	err := command()
	if fault.CodeOf(err) != code {
		c.t.Errorf("got %v, want %s", err, code)
	}
	if !reflect.DeepEqual(c.world(), before) {
		c.t.Errorf("refused with %s and changed something", code)
	}
	if line := c.lastLine(); line.Result != fault.CodeOf(err) {
		c.t.Errorf("the history says %q of a refusal with %s", line.Result, code)
	}
}

func (c cloud) lastLine() Activity {
	c.t.Helper()
	return first(c.history())
}

// history is the activities, newest first.
func (c cloud) history() []Activity {
	c.t.Helper()
	var lines []Activity
	err := c.view(c.t.Context(), func(tx Tx) (err error) {
		lines, _, err = tx.Activities(ActivityFilter{})
		return err
	})
	if err != nil {
		c.t.Fatal(err)
	}
	return lines
}

func (c cloud) vpc() network.VPC {
	c.t.Helper()
	vpcs, err := c.DescribeVPCs(c.t.Context())
	if err != nil || len(vpcs) == 0 {
		c.t.Fatal("no VPC", err)
	}
	return vpcs[0]
}

func (c cloud) subnets() []network.Subnet {
	c.t.Helper()
	subnets, err := c.DescribeSubnets(c.t.Context())
	if err != nil {
		c.t.Fatal(err)
	}
	return subnets
}

// foreignVPC puts a second VPC with a subnet and a group into the engine's own scope.
func (c cloud) foreignVPC() (network.Subnet, network.SecurityGroup) {
	vpc := network.VPC{ID: ident.New("vpc"), CIDR: netip.MustParsePrefix("10.0.0.0/16")}
	subnet := network.Subnet{ID: ident.New("subnet"), VPCID: vpc.ID, AvailabilityZone: "ap-northeast-1a", CIDR: netip.MustParsePrefix("10.0.0.0/24")}
	group := network.SecurityGroup{ID: ident.New("sg"), VPCID: vpc.ID, Name: "other", Description: "other"}
	c.in(c.scope, func(tx Tx) error {
		_ = tx.PutVPC(vpc)
		_ = tx.PutSubnet(subnet)
		return tx.PutSecurityGroup(group)
	})
	return subnet, group
}

// elsewhere is another account.
func elsewhere() ident.Scope { return ident.Scope{Account: "999999999999", Region: "ap-northeast-1"} }

// anotherAccountsGroup puts a group into another account and returns its id.
func (c cloud) anotherAccountsGroup() string {
	g := network.SecurityGroup{ID: ident.New("sg"), VPCID: c.vpc().ID, Name: "theirs", Description: "theirs"}
	c.in(elsewhere(), func(tx Tx) error { return tx.PutSecurityGroup(g) })
	return g.ID
}

func (c cloud) defaultGroupID() string {
	c.t.Helper()
	for _, g := range c.world().Groups {
		if g.IsDefault() {
			return g.ID
		}
	}
	c.t.Fatal("no default group")
	return ""
}

// placed stores an instance with the given groups and returns it.
func (c cloud) placed(goal compute.Goal, groups ...string) compute.Instance {
	c.t.Helper()
	subnet := c.subnets()[0]
	var in compute.Instance
	c.in(c.scope, func(tx Tx) error {
		ch := &change{Tx: tx, at: c.now(), scope: c.scope}
		iface, err := c.newInterface(ch, subnet, groups, false)
		if err != nil {
			return err
		}
		in = compute.Instance{ID: ident.New("i"), Goal: goal, Interface: iface, Tags: map[string]string{"Name": "web"}}
		in.Interface.InstanceID = in.ID
		return tx.PutInstance(in)
	})
	return in
}

func TestTheZonesAreThoseWithASubnetEachOnce(t *testing.T) {
	c := newCloud(t)
	c.foreignVPC()
	zones, err := c.AvailabilityZones(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if want := []string{"ap-northeast-1a", "ap-northeast-1c", "ap-northeast-1d"}; !slices.Equal(zones, want) {
		t.Errorf("got %v, want %v", zones, want)
	}
}

func TestAFormThatChangesNothingLeavesNoLine(t *testing.T) {
	c := newCloud(t)
	lines := len(c.history())
	g := c.defaultGroupID()
	group := c.group(g)
	err := c.ModifySecurityGroupRules(t.Context(), ModifySecurityGroupRulesInput{
		GroupID: g, Direction: network.Ingress, Rules: group.In(network.Ingress), Seen: RulesVersion(group, network.Ingress),
	})
	if err != nil {
		t.Fatal(err)
	}
	if got := len(c.history()); got != lines {
		t.Errorf("%d lines, want %d", got, lines)
	}
}
