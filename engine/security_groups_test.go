package engine

import (
	"fmt"
	"maps"
	"net/netip"
	"slices"
	"strings"
	"testing"

	"elbow/engine/compute"
	"elbow/engine/elb"
	"elbow/engine/fault"
	"elbow/engine/ident"
	"elbow/engine/network"
)

// group is the stored group.
func (c cloud) group(id string) network.SecurityGroup {
	c.t.Helper()
	for _, g := range c.world().Groups {
		if g.ID == id {
			return g
		}
	}
	c.t.Fatalf("no group %s", id)
	return network.SecurityGroup{}
}

// made creates a group with the rules.
func (c cloud) made(name string, rules ...network.Rule) string {
	c.t.Helper()
	id, err := c.CreateSecurityGroup(c.t.Context(), CreateSecurityGroupInput{Name: name, Description: "made by a test", Rules: rules})
	if err != nil {
		c.t.Fatal(err)
	}
	return id
}

func tcp(from, to int, cidr string) network.Rule {
	return network.Rule{Direction: network.Ingress, Protocol: network.TCP, FromPort: from, ToPort: to, Prefix: netip.MustParsePrefix(cidr)}
}

func tcpFrom(group string, port int) network.Rule {
	return network.Rule{Direction: network.Ingress, Protocol: network.TCP, FromPort: port, ToPort: port, SourceGroup: group}
}

func TestANewGroupLetsEverythingOutAndWhatItsRulesSayIn(t *testing.T) {
	c := newCloud(t)
	id := c.made("web  ", tcp(80, 80, "203.0.113.77/24"))
	g := c.group(id)
	if g.Name != "web" || g.VPCID != c.vpc().ID || !ident.Valid("sg", id) {
		t.Errorf("got %+v", g)
	}
	in, out := g.In(network.Ingress), g.In(network.Egress)
	if len(in) != 1 || in[0].Prefix.String() != "203.0.113.0/24" || !ident.Valid("sgr", in[0].ID) {
		t.Errorf("inbound %+v", in)
	}
	if len(out) != 1 || out[0].Protocol != network.AllProto || out[0].Prefix.String() != "0.0.0.0/0" {
		t.Errorf("outbound %+v", out)
	}
	if line := c.lastLine(); line.Operation != "CreateSecurityGroup" || line.Resource != id || line.Result != "Success" {
		t.Errorf("history %+v", line)
	}
}

func TestANewGroupMayLetNothingOut(t *testing.T) {
	c := newCloud(t)
	id, err := c.CreateSecurityGroup(t.Context(), CreateSecurityGroupInput{Name: "mute", Description: "mute", NoEgress: true})
	if err != nil || len(c.group(id).Rules) != 0 {
		t.Errorf("%v, rules %v", err, c.group(id).Rules)
	}
}

func TestAnOutboundRuleGivenReplacesTheDefaultOne(t *testing.T) {
	c := newCloud(t)
	out := tcp(443, 443, "0.0.0.0/0")
	out.Direction = network.Egress
	g := c.group(c.made("web", out))
	if len(g.Rules) != 1 || g.Rules[0].Protocol != network.TCP {
		t.Errorf("got %+v", g.Rules)
	}
}

func TestGroupsThatAreRefused(t *testing.T) {
	c := newCloud(t)
	c.made("web")
	theirs := c.anotherAccountsGroup()
	_, foreign := c.foreignVPC()
	rule := tcp(80, 80, "0.0.0.0/0")
	good := CreateSecurityGroupInput{Name: "new", Description: "new"}
	tests := []struct {
		name string
		edit func(*CreateSecurityGroupInput)
		code string
	}{
		{"a name that is taken", func(in *CreateSecurityGroupInput) { in.Name = "web" }, "InvalidGroup.Duplicate"},
		{"a name that is taken in other letters", func(in *CreateSecurityGroupInput) { in.Name = "WEB" }, "InvalidGroup.Duplicate"},
		{"a name that is taken but for a space", func(in *CreateSecurityGroupInput) { in.Name = "web " }, "InvalidGroup.Duplicate"},
		{"another account's VPC", func(in *CreateSecurityGroupInput) { in.VPCID = "vpc-00000000000000000" }, "InvalidVpcID.NotFound"},
		{"HTML for a VPC", func(in *CreateSecurityGroupInput) { in.VPCID = "<b>" }, "InvalidVpcID.NotFound"},
		{"a rule twice", func(in *CreateSecurityGroupInput) { in.Rules = []network.Rule{rule, rule} }, "InvalidPermission.Duplicate"},
		{"a rule twice, host bits aside", func(in *CreateSecurityGroupInput) {
			in.Rules = []network.Rule{tcp(80, 80, "10.0.0.1/8"), tcp(80, 80, "10.0.0.2/8")}
		}, "InvalidPermission.Duplicate"},
		{"a rule for another account's group", func(in *CreateSecurityGroupInput) { in.Rules = []network.Rule{tcpFrom(theirs, 80)} }, "InvalidGroup.NotFound"},
		{"a rule for another VPC's group", func(in *CreateSecurityGroupInput) { in.Rules = []network.Rule{tcpFrom(foreign.ID, 80)} }, "InvalidGroup.NotFound"},
		{"a rule without a direction", func(in *CreateSecurityGroupInput) { rule := rule; rule.Direction = ""; in.Rules = []network.Rule{rule} }, "InvalidParameterValue"},
		{"one rule too many", func(in *CreateSecurityGroupInput) { in.Rules = manyRules(network.MaxRulesPerDirection + 1) }, "RulesPerSecurityGroupLimitExceeded"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			in := good
			tt.edit(&in)
			c := c.with(t)
			c.refuses(tt.code, func() error { _, err := c.CreateSecurityGroup(t.Context(), in); return err })
		})
	}
}

func TestHostileNamesAndRulesOfAGroupAreRefused(t *testing.T) {
	c := newCloud(t)
	tests := map[string]CreateSecurityGroupInput{
		"an empty name":              {Name: "", Description: "d"},
		"a name of spaces":           {Name: "   ", Description: "d"},
		"too long a name":            {Name: strings.Repeat("a", 256), Description: "d"},
		"control characters":         {Name: "a\x00b\r\n", Description: "d"},
		"HTML in the name":           {Name: "<script>alert(1)</script>", Description: "d"},
		"a name like an id":          {Name: "sg-12345678", Description: "d"},
		"an empty description":       {Name: "n", Description: ""},
		"too long a description":     {Name: "n", Description: strings.Repeat("a", 256)},
		"HTML in the description":    {Name: "n", Description: "<img src=x onerror=alert(1)>"},
		"port 65536":                 {Name: "n", Description: "d", Rules: []network.Rule{tcp(80, 65536, "0.0.0.0/0")}},
		"a negative port":            {Name: "n", Description: "d", Rules: []network.Rule{tcp(-2, 80, "0.0.0.0/0")}},
		"a reversed range":           {Name: "n", Description: "d", Rules: []network.Rule{tcp(81, 80, "0.0.0.0/0")}},
		"a rule for nobody":          {Name: "n", Description: "d", Rules: []network.Rule{tcpFrom("", 80)}},
		"a rule for a malformed id":  {Name: "n", Description: "d", Rules: []network.Rule{tcpFrom("sg-<b>", 80)}},
		"a protocol that is none":    {Name: "n", Description: "d", Rules: []network.Rule{{Direction: network.Ingress, Protocol: "256", Prefix: netip.MustParsePrefix("0.0.0.0/0")}}},
		"too long a rule's own text": {Name: "n", Description: "d", Rules: []network.Rule{{Direction: network.Ingress, Protocol: "-1", Prefix: netip.MustParsePrefix("0.0.0.0/0"), Description: strings.Repeat("a", 256)}}},
	}
	for name, in := range tests {
		t.Run(name, func(t *testing.T) {
			c := c.with(t)
			before := len(c.world().Groups)
			_, err := c.CreateSecurityGroup(t.Context(), in)
			f, ok := fault.Of(err)
			if !ok || f.Kind != fault.Invalid {
				t.Fatalf("got %v, want an invalid input's fault", err)
			}
			if f.Field == "" {
				t.Errorf("%v names no field", err)
			}
			if len(c.world().Groups) != before {
				t.Error("a group was made")
			}
		})
	}
}

// manyRules are n different inbound rules of IPv4.
func manyRules(n int) []network.Rule {
	rules := make([]network.Rule, n)
	for i := range rules {
		rules[i] = tcp(1000+i, 1000+i, "0.0.0.0/0")
	}
	return rules
}

func TestGroupsThatCannotBeDeleted(t *testing.T) {
	c := newCloud(t)
	worn, named, selfish, free := c.made("worn"), c.made("named"), c.made("selfish"), c.made("free")
	c.made("namer", tcpFrom(named, 80))
	if err := c.AuthorizeSecurityGroupIngress(t.Context(), selfish, []network.Rule{tcpFrom(selfish, 80)}); err != nil {
		t.Fatal(err)
	}
	c.placed(compute.Stop, worn)
	balanced := c.made("balanced")
	c.balancer("lb", func(in *CreateLoadBalancerInput) { in.GroupIDs = []string{balanced} })
	theirs, std := c.anotherAccountsGroup(), c.defaultGroupID()
	inUse := func(id string) string { return "resource " + id + " has a dependent object" }
	tests := []struct{ name, id, code, message string }{
		{"the default group", std, "CannotDelete", `the specified group: "` + std + `" name: "default" cannot be deleted by a user`},
		{"worn by a stopped instance", worn, "DependencyViolation", inUse(worn)},
		{"worn by a load balancer", balanced, "DependencyViolation", inUse(balanced)},
		{"named by another group's rule", named, "DependencyViolation", inUse(named)},
		{"named by its own rule", selfish, "DependencyViolation", inUse(selfish)},
		{"another account's", theirs, "InvalidGroup.NotFound", "The security group '" + theirs + "' does not exist"},
		{"malformed", "sg-xyz", "InvalidGroupId.Malformed", "The security group ID 'sg-xyz' is malformed"},
		{"empty", "", "InvalidGroupId.Malformed", "The security group ID '' is malformed"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			c := c.with(t)
			c.refuses(tt.code, func() error {
				err := c.DeleteSecurityGroup(t.Context(), tt.id)
				if f, ok := fault.Of(err); ok && f.Message() != tt.message {
					t.Errorf("got %q, want %q", f.Message(), tt.message)
				}
				return err
			})
		})
	}
	if err := c.DeleteSecurityGroup(t.Context(), free); err != nil {
		t.Error(err)
	}
	c.refuses("InvalidGroup.NotFound", func() error { return c.DeleteSecurityGroup(t.Context(), free) })
}

func TestATerminatedInstanceHoldsNoGroup(t *testing.T) {
	c := newCloud(t)
	g := c.made("web")
	in := c.placed(compute.Terminate, g)
	in.Interface = network.Interface{AvailabilityZone: in.Interface.AvailabilityZone}
	c.in(c.scope, func(tx Tx) error { return tx.PutInstance(in) })
	if err := c.DeleteSecurityGroup(t.Context(), g); err != nil {
		t.Error(err)
	}
}

func TestAGroupSaysWhoUsesItAndWhoNamesIt(t *testing.T) {
	c := newCloud(t)
	lbGroup := c.made("lb-group")
	web := c.made("web", tcpFrom(lbGroup, 80), tcpFrom(lbGroup, 8080))
	in := c.placed(compute.Run, web, lbGroup)
	c.balancer("front", func(in *CreateLoadBalancerInput) { in.GroupIDs = []string{lbGroup} })
	found, err := c.DescribeSecurityGroups(t.Context(), web, lbGroup)
	if err != nil || len(found) != 2 {
		t.Fatal(len(found), err)
	}
	if !slices.Equal(found[0].UsedBy, []string{in.ID}) || len(found[0].ReferencedBy) != 0 {
		t.Errorf("web: used by %v, named by %v", found[0].UsedBy, found[0].ReferencedBy)
	}
	if want := map[string]string{lbGroup: "lb-group"}; !maps.Equal(found[0].Names, want) {
		t.Errorf("web's rules name %v, want %v", found[0].Names, want)
	}
	if want := []string{"front", in.ID}; !slices.Equal(found[1].UsedBy, want) { // a node in each of three zones, named once
		t.Errorf("lb-group: used by %v, want %v", found[1].UsedBy, want)
	}
	if !slices.Equal(found[1].ReferencedBy, []string{web}) {
		t.Errorf("lb-group: named by %v, want %v", found[1].ReferencedBy, web)
	}
}

func TestARuleForAGroupThatIsGoneIsStale(t *testing.T) {
	c := newCloud(t)
	gone := c.made("gone")
	web := c.made("web", tcpFrom(gone, 80), tcp(22, 22, "0.0.0.0/0"))
	c.in(c.scope, func(tx Tx) error { return tx.DeleteSecurityGroup(gone) }) // no command does that
	found, err := c.DescribeSecurityGroups(t.Context(), web)
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]bool{found[0].In(network.Ingress)[0].ID: true}
	if !maps.Equal(found[0].StaleRules, want) {
		t.Errorf("got %v, want %v", found[0].StaleRules, want)
	}
}

func TestDescribingUnknownGroupsIsRefused(t *testing.T) {
	c := newCloud(t)
	for id, code := range map[string]string{c.anotherAccountsGroup(): "InvalidGroup.NotFound", "sg-1": "InvalidGroupId.Malformed"} {
		if _, err := c.DescribeSecurityGroups(t.Context(), c.defaultGroupID(), id); fault.CodeOf(err) != code {
			t.Errorf("%s: got %v, want %s", id, err, code)
		}
	}
}

// countedTx counts what is read of it.
type countedTx struct {
	Tx
	reads map[string]int
}

func (c countedTx) SecurityGroups() ([]network.SecurityGroup, error) {
	c.reads["groups"]++
	return c.Tx.SecurityGroups()
}

func (c countedTx) Interfaces() ([]network.Interface, error) {
	c.reads["interfaces"]++
	return c.Tx.Interfaces()
}

func (c countedTx) Instances() ([]compute.Instance, error) {
	c.reads["instances"]++
	return c.Tx.Instances()
}

func (c countedTx) LoadBalancers() ([]elb.LoadBalancer, error) {
	c.reads["balancers"]++
	return c.Tx.LoadBalancers()
}

func (c countedTx) FindSecurityGroup(id string) (network.SecurityGroup, bool, error) {
	c.reads["single"]++
	return c.Tx.FindSecurityGroup(id)
}

func (c countedTx) FindInstance(id string) (compute.Instance, bool, error) {
	c.reads["single"]++
	return c.Tx.FindInstance(id)
}

func TestListsReadEachTableAFewTimesHoweverLongTheyAre(t *testing.T) {
	c := newCloud(t)
	for i := range 15 {
		id := c.made(fmt.Sprint("g", i), tcpFrom(c.defaultGroupID(), 80))
		c.placed(compute.Run, id)
		c.balancer(fmt.Sprint("lb", i), func(in *CreateLoadBalancerInput) { in.GroupIDs = []string{id} })
	}
	counted := &countingStore{Store: c.kept, reads: map[string]int{}}
	c.store = counted
	if _, err := c.DescribeSecurityGroups(t.Context()); err != nil {
		t.Fatal(err)
	}
	if _, err := c.DescribeLoadBalancers(t.Context()); err != nil {
		t.Fatal(err)
	}
	want := map[string]int{"views": 2, "groups": 3, "interfaces": 1, "instances": 1, "balancers": 1}
	if !maps.Equal(counted.reads, want) {
		t.Errorf("read %v, want %v", counted.reads, want)
	}
}
