package engine

import (
	"net/netip"
	"slices"
	"testing"

	"elbow/engine/fault"
	"elbow/engine/network"
)

// saves is the console's form: the wanted inbound rules, built from what is there now.
func (c cloud) saves(group string, rules ...network.Rule) error {
	return c.ModifySecurityGroupRules(c.t.Context(), ModifySecurityGroupRulesInput{
		GroupID: group, Direction: network.Ingress, Rules: rules, Seen: RulesVersion(c.group(group), network.Ingress),
	})
}

func TestAFormKeepsTheIdsOfRulesThatStay(t *testing.T) {
	c := newCloud(t)
	id := c.made("web", tcp(22, 22, "0.0.0.0/0"), tcp(80, 80, "0.0.0.0/0"), tcp(443, 443, "0.0.0.0/0"))
	was := c.group(id).In(network.Ingress)
	described, edited := was[0], was[1]
	described.Description = "ssh"
	edited.FromPort, edited.ToPort = 8080, 8080
	if err := c.saves(id, edited, described); err != nil {
		t.Fatal(err)
	}
	now := c.group(id).In(network.Ingress)
	if len(now) != 2 || now[0] != described {
		t.Fatalf("got %+v", now)
	}
	if now[1].ID == edited.ID || now[1].FromPort != 8080 {
		t.Errorf("an edited rule is a new one, as in AWS's console; got %+v", now[1])
	}
	if out := c.group(id).In(network.Egress); len(out) != 1 {
		t.Errorf("the other direction has %d rules, want 1", len(out))
	}
}

func TestAFormIsRecordedAsTheActionsItAmountsTo(t *testing.T) {
	http, ssh := tcp(80, 80, "0.0.0.0/0"), tcp(22, 22, "0.0.0.0/0")
	commented := http
	commented.Description = "from anywhere"
	tests := []struct {
		name  string
		rules []network.Rule
		lines []string // newest last
	}{
		{"adding", []network.Rule{http, ssh}, []string{"AuthorizeSecurityGroupIngress"}},
		{"removing", nil, []string{"RevokeSecurityGroupIngress"}},
		{"exchanging", []network.Rule{ssh}, []string{"AuthorizeSecurityGroupIngress", "RevokeSecurityGroupIngress"}},
		{"describing", []network.Rule{commented}, []string{"UpdateSecurityGroupRuleDescriptionsIngress"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			c := newCloud(t)
			id := c.made("web", http)
			before := len(c.history())
			if err := c.saves(id, tt.rules...); err != nil {
				t.Fatal(err)
			}
			var lines []string
			for _, a := range c.history()[:len(c.history())-before] {
				lines = append(lines, a.Operation)
				if a.Result != "Success" || a.Resource != id || a.Detail == "" {
					t.Errorf("line %+v", a)
				}
			}
			if slices.Sort(lines); !slices.Equal(lines, tt.lines) {
				t.Errorf("got %v, want %v", lines, tt.lines)
			}
		})
	}
}

func TestTwoPeopleEditingTheSameRules(t *testing.T) {
	c := newCloud(t)
	id := c.made("web", tcp(80, 80, "0.0.0.0/0"))
	seen := RulesVersion(c.group(id), network.Ingress)
	if err := c.saves(id, tcp(80, 80, "0.0.0.0/0"), tcp(22, 22, "0.0.0.0/0")); err != nil {
		t.Fatal(err)
	}
	late := ModifySecurityGroupRulesInput{GroupID: id, Direction: network.Ingress, Seen: seen}
	c.refuses("InvalidPermission.Conflict", func() error { return c.ModifySecurityGroupRules(t.Context(), late) })
	late.Direction, late.Seen = network.Egress, RulesVersion(c.group(id), network.Egress)
	if err := c.ModifySecurityGroupRules(t.Context(), late); err != nil {
		t.Errorf("the other direction was not edited: %v", err)
	}
}

func TestTheVersionOfRulesChangesWithAllOfTheirContent(t *testing.T) {
	base := network.SecurityGroup{Rules: []network.Rule{tcp(80, 80, "0.0.0.0/0"), tcp(22, 22, "0.0.0.0/0")}}
	edits := map[string]func(*network.Rule){
		"id":          func(r *network.Rule) { r.ID = "sgr-1" },
		"protocol":    func(r *network.Rule) { r.Protocol = network.UDP },
		"first port":  func(r *network.Rule) { r.FromPort = 79 },
		"last port":   func(r *network.Rule) { r.ToPort = 81 },
		"prefix":      func(r *network.Rule) { r.Prefix = netip.MustParsePrefix("10.0.0.0/8") },
		"group":       func(r *network.Rule) { r.SourceGroup = "sg-1" },
		"description": func(r *network.Rule) { r.Description = "web" },
	}
	for name, edit := range edits {
		other := network.SecurityGroup{Rules: slices.Clone(base.Rules)}
		edit(&other.Rules[0])
		if RulesVersion(base, network.Ingress) == RulesVersion(other, network.Ingress) {
			t.Errorf("another %s has the same version", name)
		}
		if RulesVersion(base, network.Egress) != RulesVersion(other, network.Egress) {
			t.Errorf("another inbound %s changes the outbound version", name)
		}
	}
}

func TestRulesThatAreRefused(t *testing.T) {
	c := newCloud(t)
	id := c.made("web", tcp(80, 80, "0.0.0.0/0"))
	theirs, other := c.anotherAccountsGroup(), c.group(c.made("other", tcp(1, 1, "0.0.0.0/0")))
	foreignRule := other.In(network.Ingress)[0]
	egressRule := c.group(id).In(network.Egress)[0]
	tests := []struct {
		name string
		code string
		run  func(cloud) error
	}{
		{"a form with a rule twice", "InvalidPermission.Duplicate", func(c cloud) error {
			return c.saves(id, tcp(22, 22, "0.0.0.0/0"), tcp(22, 22, "0.0.0.0/0"))
		}},
		{"a form with a rule of another group's id", "InvalidSecurityGroupRuleId.NotFound", func(c cloud) error { return c.saves(id, foreignRule) }},
		{"a form with a rule of the other direction's id", "InvalidSecurityGroupRuleId.NotFound", func(c cloud) error { return c.saves(id, egressRule) }},
		{"a form for no direction", "InvalidParameterValue", func(c cloud) error {
			return c.ModifySecurityGroupRules(t.Context(), ModifySecurityGroupRulesInput{GroupID: id, Direction: "sideways"})
		}},
		{"a form with one good and one bad rule", "InvalidGroup.NotFound", func(c cloud) error {
			return c.saves(id, tcp(22, 22, "0.0.0.0/0"), tcpFrom(theirs, 80))
		}},
		{"a form with too many rules", "RulesPerSecurityGroupLimitExceeded", func(c cloud) error { return c.saves(id, manyRules(61)...) }},
		{"a form for another account's group", "InvalidGroup.NotFound", func(c cloud) error {
			return c.ModifySecurityGroupRules(t.Context(), ModifySecurityGroupRulesInput{GroupID: theirs, Direction: network.Ingress})
		}},
		{"authorizing what is there", "InvalidPermission.Duplicate", func(c cloud) error {
			return c.AuthorizeSecurityGroupIngress(t.Context(), id, []network.Rule{tcp(22, 22, "0.0.0.0/0"), tcp(80, 80, "0.0.0.0/0")})
		}},
		{"authorizing nothing", "MissingParameter", func(c cloud) error { return c.AuthorizeSecurityGroupIngress(t.Context(), id, nil) }},
		{"authorizing in another account's group", "InvalidGroup.NotFound", func(c cloud) error {
			return c.AuthorizeSecurityGroupEgress(t.Context(), theirs, []network.Rule{tcp(80, 80, "0.0.0.0/0")})
		}},
		{"revoking nothing", "MissingParameter", func(c cloud) error { return c.RevokeSecurityGroupIngress(t.Context(), id) }},
		{"revoking a good and an unknown rule", "InvalidSecurityGroupRuleId.NotFound", func(c cloud) error {
			return c.RevokeSecurityGroupIngress(t.Context(), id, c.group(id).In(network.Ingress)[0].ID, "sgr-00000000000000000")
		}},
		{"revoking an outbound rule as an inbound one", "InvalidSecurityGroupRuleId.NotFound", func(c cloud) error {
			return c.RevokeSecurityGroupIngress(t.Context(), id, egressRule.ID)
		}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			c := c.with(t)
			c.refuses(tt.code, func() error { return tt.run(c) })
		})
	}
}

func TestADuplicateRuleIsNamedAsAWSNamesIt(t *testing.T) {
	group := "sg-0123456789abcdef0"
	all := network.Rule{Protocol: network.AllProto, FromPort: -1, ToPort: -1, Prefix: netip.MustParsePrefix("::/0")}
	ping := network.Rule{Protocol: network.ICMP, FromPort: 8, ToPort: -1, SourceGroup: group}
	gre := network.Rule{Protocol: "47", FromPort: -1, ToPort: -1, SourceGroup: group}
	tests := []struct {
		rule network.Rule
		want string
	}{
		{tcp(80, 80, "0.0.0.0/0"), `the specified rule "peer: 0.0.0.0/0, TCP, from port: 80, to port: 80, ALLOW" already exists`},
		{tcpFrom(group, 443), `the specified rule "peer: sg-0123456789abcdef0, TCP, from port: 443, to port: 443, ALLOW" already exists`},
		{all, `the specified rule "peer: ::/0, ALL, ALLOW" already exists`},
		{ping, `the specified rule "peer: sg-0123456789abcdef0, ICMP, type: 8, code: -1, ALLOW" already exists`},
		{gre, `the specified rule "peer: sg-0123456789abcdef0, protocol: 47, ALLOW" already exists`},
	}
	for _, tt := range tests {
		tt.rule.Direction = network.Ingress
		f, ok := fault.Of(checkRuleSet([]network.Rule{tt.rule, tt.rule}, network.Ingress))
		if !ok || f.Message() != tt.want {
			t.Errorf("got %v, want %s", f, tt.want)
		}
	}
}

func TestTheQuotaCountsTheFamiliesApartAndGroupsInBoth(t *testing.T) {
	six := func(n int) []network.Rule {
		rules := make([]network.Rule, n)
		for i := range rules {
			rules[i] = tcp(1000+i, 1000+i, "::/0")
		}
		return rules
	}
	group := tcpFrom("sg-0123456789abcdef0", 80)
	tests := []struct {
		name  string
		rules []network.Rule
		fits  bool
	}{
		{"60 of each family", slices.Concat(manyRules(60), six(60)), true},
		{"61 of IPv4", manyRules(61), false},
		{"61 of IPv6", six(61), false},
		{"60 of IPv6 and a group", append(six(60), group), false},
		{"59 of each and a group", slices.Concat(manyRules(59), six(59), []network.Rule{group}), true},
	}
	for _, tt := range tests {
		if err := checkRuleSet(tt.rules, network.Ingress); (err == nil) != tt.fits {
			t.Errorf("%s: got %v", tt.name, err)
		}
	}
}

func TestRulesAreKeptInOneWayOfWriting(t *testing.T) {
	tests := []struct{ name, protocol, want string }{
		{"a number that has a word", "6", "tcp"},
		{"UDP's number", "17", "udp"},
		{"ICMPv6's number", "58", "icmpv6"},
		{"capitals", "TCP", "tcp"},
		{"another number", "47", "47"},
	}
	for _, tt := range tests {
		got := canonical(network.Rule{Protocol: tt.protocol, FromPort: 5, ToPort: 6})
		if got.Protocol != tt.want {
			t.Errorf("%s: got %s, want %s", tt.name, got.Protocol, tt.want)
		}
		if tt.want == "47" && (got.FromPort != -1 || got.ToPort != -1) {
			t.Errorf("%s keeps ports %d to %d", tt.name, got.FromPort, got.ToPort)
		}
	}
}

func TestAuthorizeAndRevoke(t *testing.T) {
	c := newCloud(t)
	id := c.made("web")
	if err := c.AuthorizeSecurityGroupIngress(t.Context(), id, []network.Rule{tcp(80, 80, "0.0.0.0/0"), tcpFrom(id, 22)}); err != nil {
		t.Fatal(err)
	}
	if err := c.AuthorizeSecurityGroupEgress(t.Context(), id, []network.Rule{tcp(25, 25, "10.0.0.0/8")}); err != nil {
		t.Fatal(err)
	}
	in, out := c.group(id).In(network.Ingress), c.group(id).In(network.Egress)
	if len(in) != 2 || in[1].SourceGroup != id || len(out) != 2 || out[1].FromPort != 25 {
		t.Fatalf("in %+v, out %+v", in, out)
	}
	if err := c.RevokeSecurityGroupIngress(t.Context(), id, in[0].ID, in[1].ID); err != nil {
		t.Fatal(err)
	}
	if err := c.RevokeSecurityGroupEgress(t.Context(), id, out[0].ID); err != nil {
		t.Fatal(err)
	}
	if left := c.group(id).Rules; len(left) != 1 || left[0].ID != out[1].ID {
		t.Errorf("left %+v", left)
	}
}
