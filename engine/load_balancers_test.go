package engine

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"elbow/engine/elb"
	"elbow/engine/ident"
	"elbow/engine/network"
)

// countingStore counts read transactions and what they read.
type countingStore struct {
	Store
	reads map[string]int
}

func (s *countingStore) View(ctx context.Context, scope ident.Scope, fn func(Tx) error) error {
	s.reads["views"]++
	return s.Store.View(ctx, scope, func(tx Tx) error { return fn(countedTx{tx, s.reads}) })
}

func web() elb.Listener {
	return elb.Listener{Protocol: elb.HTTP, LoadBalancerPort: 80, InstanceProtocol: elb.HTTP, InstancePort: 80}
}

func wizardCheck() elb.HealthCheck {
	return elb.HealthCheck{
		Protocol: elb.HTTP, Port: 80, Path: "/index.html", Timeout: 5 * time.Second, Interval: 30 * time.Second,
		UnhealthyThreshold: 2, HealthyThreshold: 10,
	}
}

func wizard(name string) CreateLoadBalancerInput {
	return CreateLoadBalancerInput{Name: name, Listeners: []elb.Listener{web()}, HealthCheck: wizardCheck()}
}

// balancer creates a load balancer as the wizard does, with edits.
func (c cloud) balancer(name string, edits ...func(*CreateLoadBalancerInput)) elb.LoadBalancer {
	c.t.Helper()
	in := wizard(name)
	for _, edit := range edits {
		edit(&in)
	}
	b, err := c.CreateLoadBalancer(c.t.Context(), in)
	if err != nil {
		c.t.Fatal(err)
	}
	return b
}

// stored is the load balancer's record.
func (c cloud) stored(name string) elb.LoadBalancer {
	c.t.Helper()
	for _, b := range c.world().LoadBalancers {
		if b.Name == name {
			return b
		}
	}
	c.t.Fatalf("no load balancer %s", name)
	return elb.LoadBalancer{}
}

func TestANewLoadBalancerHasANodeInEachZone(t *testing.T) {
	c := newCloud(t)
	g := c.made("lb-group")
	made := c.balancer("front", func(in *CreateLoadBalancerInput) { in.GroupIDs = []string{g} })
	b := c.stored("front")
	if b.DNSName != made.DNSName || b.Scheme != elb.InternetFacing || b.VPCID != c.vpc().ID || b.HostedZoneID != "Z14GRHDCWA56QT" {
		t.Errorf("got %+v", b)
	}
	if want := []string{"ap-northeast-1a", "ap-northeast-1c", "ap-northeast-1d"}; !slices.Equal(b.Zones(), want) {
		t.Errorf("zones %v, want %v", b.Zones(), want)
	}
	for _, n := range b.Nodes {
		if n.Description != "ELB front" || n.LoadBalancer != "front" || !slices.Equal(n.Groups, []string{g}) || n.PublicIP.IsValid() || n.InstanceID != "" {
			t.Errorf("node %+v", n)
		}
	}
	if line := c.lastLine(); line.Operation != "CreateLoadBalancer" || line.Resource != "front" || line.Result != "Success" {
		t.Errorf("history %+v", line)
	}
}

func TestWhatIsLeftOutOfANewLoadBalancerIsAWSsDefault(t *testing.T) {
	c := newCloud(t)
	listener := web()
	listener.InstancePort = 8080
	c.balancer("front", func(in *CreateLoadBalancerInput) {
		in.Listeners, in.HealthCheck = []elb.Listener{listener}, elb.HealthCheck{}
	})
	b := c.stored("front")
	if want := (elb.HealthCheck{Protocol: elb.TCP, Port: 8080, Timeout: 5 * time.Second, Interval: 30 * time.Second, UnhealthyThreshold: 2, HealthyThreshold: 10}); b.HealthCheck != want {
		t.Errorf("health check %+v, want %+v", b.HealthCheck, want)
	}
	if want := (elb.Attributes{IdleTimeout: time.Minute, DrainingTimeout: 5 * time.Minute}); b.Attributes != want {
		t.Errorf("attributes %+v, want %+v", b.Attributes, want)
	}
	if !slices.Equal(b.Groups, []string{c.defaultGroupID()}) {
		t.Errorf("groups %v, want the default one", b.Groups)
	}
}

func TestANewGroupIsMadeWithItsLoadBalancer(t *testing.T) {
	c := newCloud(t)
	group := &CreateSecurityGroupInput{Name: "lb-group", Description: "for front", Rules: []network.Rule{tcp(80, 80, "0.0.0.0/0")}}
	b := c.balancer("front", func(in *CreateLoadBalancerInput) { in.NewGroup = group })
	if len(b.Groups) != 1 || c.group(b.Groups[0]).Name != "lb-group" || !slices.Equal(b.Nodes[0].Groups, b.Groups) {
		t.Errorf("groups %v", b.Groups)
	}
	if line := c.lastLine(); line.Resource != "front,"+b.Groups[0] {
		t.Errorf("history is about %s", line.Resource)
	}
}

func TestLoadBalancersThatAreRefused(t *testing.T) {
	c := newCloud(t)
	c.balancer("taken")
	c.made("taken")
	all := c.subnets()
	subnet, foreign := c.foreignVPC()
	theirs := c.anotherAccountsGroup()
	second := network.Subnet{ID: ident.New("subnet"), VPCID: c.vpc().ID, AvailabilityZone: "ap-northeast-1a", CIDR: all[0].CIDR}
	c.in(c.scope, func(tx Tx) error { return tx.PutSubnet(second) })
	tests := []struct {
		name string
		code string
		edit func(*CreateLoadBalancerInput)
	}{
		{"a name that is taken", "DuplicateLoadBalancerName", func(in *CreateLoadBalancerInput) { in.Name = "taken" }},
		{"a name that is taken in other letters", "DuplicateLoadBalancerName", func(in *CreateLoadBalancerInput) { in.Name = "Taken" }},
		{"a scheme that is none", "InvalidScheme", func(in *CreateLoadBalancerInput) { in.Scheme = "public" }},
		{"no listener", "ValidationError", func(in *CreateLoadBalancerInput) { in.Listeners = nil }},
		{"no listener and no health check", "ValidationError", func(in *CreateLoadBalancerInput) { in.Listeners, in.HealthCheck = nil, elb.HealthCheck{} }},
		{"101 listeners", "InvalidConfigurationRequest", func(in *CreateLoadBalancerInput) { in.Listeners = make([]elb.Listener, 101) }},
		{"another account's VPC", "InvalidVpcID.NotFound", func(in *CreateLoadBalancerInput) { in.VPCID = "vpc-00000000000000000" }},
		{"an unknown subnet", "SubnetNotFound", func(in *CreateLoadBalancerInput) { in.SubnetIDs = []string{all[0].ID, "subnet-0"} }},
		{"another VPC's subnet", "InvalidSubnet", func(in *CreateLoadBalancerInput) { in.SubnetIDs = []string{subnet.ID} }},
		{"the same subnet twice", "InvalidConfigurationRequest", func(in *CreateLoadBalancerInput) { in.SubnetIDs = []string{all[1].ID, all[1].ID} }},
		{"two subnets of a zone", "InvalidConfigurationRequest", func(in *CreateLoadBalancerInput) { in.SubnetIDs = []string{all[0].ID, second.ID} }},
		{"another account's group", "InvalidSecurityGroup", func(in *CreateLoadBalancerInput) { in.GroupIDs = []string{theirs} }},
		{"another VPC's group", "InvalidSecurityGroup", func(in *CreateLoadBalancerInput) { in.GroupIDs = []string{foreign.ID} }},
		{"HTML for a group", "InvalidSecurityGroup", func(in *CreateLoadBalancerInput) { in.GroupIDs = []string{"<b>"} }},
		{"six groups", "SecurityGroupsPerInterfaceLimitExceeded", func(in *CreateLoadBalancerInput) { in.GroupIDs = make([]string, 6) }},
		{"a new group whose name is taken", "InvalidGroup.Duplicate", func(in *CreateLoadBalancerInput) {
			in.NewGroup = &CreateSecurityGroupInput{Name: "Taken", Description: "d"}
		}},
		{"a new group, then an unknown instance", "InvalidInstance", func(in *CreateLoadBalancerInput) {
			in.NewGroup, in.InstanceIDs = &CreateSecurityGroupInput{Name: "new", Description: "d"}, []string{"i-00000000000000000"}
		}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			in := wizard("new")
			tt.edit(&in)
			c := c.with(t)
			c.refuses(tt.code, func() error {
				b, err := c.CreateLoadBalancer(t.Context(), in)
				if err != nil && b.Name != "" {
					t.Errorf("refused and returned %+v", b)
				}
				return err
			})
		})
	}
}

func TestHostileNamesOfALoadBalancerAreRefused(t *testing.T) {
	c := newCloud(t)
	for _, name := range []string{"", strings.Repeat("a", 33), "-a", "a-", "a_b", "a b", "a\x00", "<b>", "長い", "a.b"} {
		in := wizard(name)
		before := len(c.world().LoadBalancers)
		if _, err := c.CreateLoadBalancer(t.Context(), in); err == nil || len(c.world().LoadBalancers) != before {
			t.Errorf("%q was accepted", name)
		}
	}
}

func TestTheQuotaOfLoadBalancers(t *testing.T) {
	c := newCloud(t)
	for i := range maxLoadBalancers {
		c.balancer(fmt.Sprint("lb-", i))
	}
	c.refuses("TooManyLoadBalancers", func() error { _, err := c.CreateLoadBalancer(t.Context(), wizard("one-more")); return err })
	if err := c.DeleteLoadBalancer(t.Context(), "lb-7"); err != nil {
		t.Fatal(err)
	}
	c.balancer("one-more")
}

func TestNoTwoInterfacesShareAnAddress(t *testing.T) {
	c := newCloud(t)
	seen := map[string]string{}
	for i := range maxLoadBalancers {
		for _, n := range c.balancer(fmt.Sprint("lb-", i)).Nodes {
			if other, taken := seen[n.PrivateIP.String()]; taken {
				t.Errorf("%s and %s both have %s", n.ID, other, n.PrivateIP)
			}
			seen[n.PrivateIP.String()] = n.ID
		}
	}
}

func TestDeletingALoadBalancerRetiresItsName(t *testing.T) {
	c := newCloud(t)
	b := c.balancer("Front")
	if err := c.DeleteLoadBalancer(t.Context(), "Front"); err != nil {
		t.Fatal(err)
	}
	w := c.world()
	if len(w.LoadBalancers) != 0 || len(w.Retired) != 1 {
		t.Fatalf("%d load balancers, %d retired names", len(w.LoadBalancers), len(w.Retired))
	}
	if gone := w.Retired[0]; gone.Name != strings.ToLower(b.DNSName) || gone.Resource != "Front" || gone.Why != "deleted" {
		t.Errorf("got %+v", gone)
	}
}

func TestDeletingALoadBalancerThatIsNotThereSucceeds(t *testing.T) {
	c := newCloud(t)
	for _, name := range []string{"never", "", "<b>\x00"} {
		if err := c.DeleteLoadBalancer(t.Context(), name); err != nil {
			t.Errorf("%q: %v", name, err)
		}
	}
	if line := c.lastLine(); line.Result != "Success" {
		t.Errorf("history %+v", line)
	}
}

func TestCommandsOnALoadBalancerThatIsNotThere(t *testing.T) {
	c := newCloud(t)
	c.in(elsewhere(), func(tx Tx) error { return tx.PutLoadBalancer(elb.LoadBalancer{Name: "theirs"}) })
	ctx := t.Context()
	commands := map[string]func(name string) error{
		"RegisterInstances":        func(n string) error { return c.RegisterInstances(ctx, n, "i-1") },
		"DeregisterInstances":      func(n string) error { return c.DeregisterInstances(ctx, n, "i-1") },
		"SetLoadBalancerInstances": func(n string) error { return c.SetLoadBalancerInstances(ctx, n, nil) },
		"ConfigureHealthCheck":     func(n string) error { return c.ConfigureHealthCheck(ctx, n, wizardCheck()) },
		"ApplySecurityGroups":      func(n string) error { return c.ApplySecurityGroups(ctx, n, []string{"sg-1"}) },
		"CreateListeners":          func(n string) error { return c.CreateListeners(ctx, n, []elb.Listener{web()}) },
		"DeleteListeners":          func(n string) error { return c.DeleteListeners(ctx, n, 80) },
		"SetListeners":             func(n string) error { return c.SetListeners(ctx, n, []elb.Listener{web()}) },
		"SetSubnets":               func(n string) error { return c.SetSubnets(ctx, n, []string{c.subnets()[0].ID}) },
		"ModifyAttributes":         func(n string) error { return c.ModifyAttributes(ctx, n, elb.Attributes{}) },
	}
	for operation, command := range commands {
		for _, name := range []string{"theirs", "never", "", "<script>", "a\x00b"} {
			t.Run(operation+" of "+fmt.Sprintf("%q", name), func(t *testing.T) {
				c := c.with(t)
				c.refuses("LoadBalancerNotFound", func() error { return command(name) })
			})
		}
	}
}

func TestALoadBalancerIsDescribedWithTheNamesOfItsGroups(t *testing.T) {
	c := newCloud(t)
	c.balancer("old")
	g := c.made("lb-group")
	c.balancer("new", func(in *CreateLoadBalancerInput) { in.GroupIDs = []string{g} })
	found, err := c.DescribeLoadBalancers(t.Context())
	if err != nil || len(found) != 2 || found[0].Name != "new" || found[1].Name != "old" {
		t.Fatalf("%v, %d found", err, len(found))
	}
	if want := map[string]string{g: "lb-group"}; !maps.Equal(found[0].Groups, want) {
		t.Errorf("got %v, want %v", found[0].Groups, want)
	}
}
