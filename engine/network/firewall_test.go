package network

import (
	"fmt"
	"net/netip"
	"testing"

	"pgregory.net/rapid"
)

func TestGroupsAddUpAndNothingElseIsAdmitted(t *testing.T) {
	const web, peers, absent = "sg-00000000000000001", "sg-00000000000000002", "sg-00000000000000003"
	groups := []SecurityGroup{
		group(web,
			rule(t, Ingress, "tcp", "80", "203.0.113.7/32"),
			rule(t, Ingress, "tcp", "8000-8010", "2001:db8::/32"),
			rule(t, Ingress, "icmp", "8", "0.0.0.0/0"),
			rule(t, Egress, "tcp", "443", "0.0.0.0/0")),
		group(peers, rule(t, Ingress, "udp", "53", peers), rule(t, Ingress, "50", "", "0.0.0.0/0"), rule(t, Ingress, "tcp", "22", absent)),
	}
	s := compileAll([]Interface{
		iface("eni-a", "172.31.0.10", web, peers), iface("eni-b", "172.31.0.11", peers), iface("eni-bare", "172.31.0.12"),
	}, groups)
	for _, test := range []struct {
		name, at string
		c        Connection
		want     Why
		rule     string
	}{
		{"the address and port of a rule", "eni-a", Connection{Protocol: TCP, Peer: addr("203.0.113.7"), Port: 80}, Admitted, groups[0].Rules[0].ID},
		{"the same address mapped into IPv6", "eni-a", Connection{Protocol: TCP, Peer: addr("::ffff:203.0.113.7"), Port: 80}, Admitted, groups[0].Rules[0].ID},
		{"another port", "eni-a", Connection{Protocol: TCP, Peer: addr("203.0.113.7"), Port: 81}, NoMatchingRule, ""},
		{"another protocol", "eni-a", Connection{Protocol: UDP, Peer: addr("203.0.113.7"), Port: 80}, NoMatchingRule, ""},
		{"another address", "eni-a", Connection{Protocol: TCP, Peer: addr("203.0.113.8"), Port: 80}, NoMatchingRule, ""},
		{"the last port of a range", "eni-a", Connection{Protocol: TCP, Peer: addr("2001:db8::5"), Port: 8010}, Admitted, groups[0].Rules[1].ID},
		{"past a range", "eni-a", Connection{Protocol: TCP, Peer: addr("2001:db8::5"), Port: 8011}, NoMatchingRule, ""},
		{"the ICMP type of a rule", "eni-a", Connection{Protocol: ICMP, Peer: addr("10.0.0.1"), Port: 8}, Admitted, groups[0].Rules[2].ID},
		{"another ICMP type", "eni-a", Connection{Protocol: ICMP, Peer: addr("10.0.0.1"), Port: 0}, NoMatchingRule, ""},
		{"who wears the source group, itself included", "eni-a", Connection{Protocol: UDP, Peer: addr("172.31.0.11"), Port: 53}, Admitted, groups[1].Rules[0].ID},
		{"that address from outside", "eni-a", Connection{Protocol: UDP, Peer: addr("172.31.0.11"), Port: 53, Outside: true}, NoMatchingRule, ""},
		{"who does not wear it", "eni-a", Connection{Protocol: UDP, Peer: addr("172.31.0.12"), Port: 53}, NoMatchingRule, ""},
		{"a protocol by number has all ports", "eni-b", Connection{Protocol: "50", Peer: addr("1.1.1.1"), Port: 9}, Admitted, groups[1].Rules[1].ID},
		{"a source group that is gone admits nobody", "eni-b", Connection{Protocol: TCP, Peer: addr("172.31.0.11"), Port: 22}, NoMatchingRule, ""},
		{"what is no protocol", "eni-b", Connection{Protocol: "x", Peer: addr("1.1.1.1"), Port: 9}, NoMatchingRule, ""},
		{"no address", "eni-b", Connection{Protocol: "50", Port: 9}, NoMatchingRule, ""},
		{"an interface without groups", "eni-bare", Connection{Protocol: TCP, Peer: addr("1.1.1.1"), Port: 80}, NoGroups, ""},
	} {
		got := s.byID[test.at].firewall.Ingress(test.c)
		if got.Why != test.want || got.Allow != (test.want == Admitted) || got.RuleID != test.rule {
			t.Errorf("%s: got %+v (%s)", test.name, got, got.Why)
		}
	}
	if v := s.byID["eni-a"].firewall.Egress(Connection{Protocol: TCP, Peer: addr("1.1.1.1"), Port: 443}); !v.Allow || v.GroupID != web {
		t.Errorf("outbound: %+v", v)
	}
	if v := s.byID["eni-b"].firewall.Egress(Connection{Protocol: TCP, Peer: addr("1.1.1.1"), Port: 443}); v.Allow {
		t.Errorf("outbound of a group without outbound rules: %+v", v)
	}
}

var anyRule = rapid.Custom(func(t *rapid.T) Rule {
	r := Rule{Direction: rapid.SampledFrom([]Direction{Ingress, Egress}).Draw(t, "direction"), FromPort: -1, ToPort: -1}
	r.Protocol = rapid.SampledFrom([]string{TCP, UDP, ICMP, ICMPv6, AllProto, "50", "0"}).Draw(t, "protocol")
	switch r.Protocol {
	case TCP, UDP:
		r.FromPort = rapid.IntRange(1, 20).Draw(t, "from")
		r.ToPort = rapid.IntRange(r.FromPort, 20).Draw(t, "to")
	case ICMP, ICMPv6:
		if r.FromPort = rapid.IntRange(-1, 4).Draw(t, "type"); r.FromPort >= 0 {
			r.ToPort = rapid.IntRange(-1, 2).Draw(t, "code")
		}
	}
	if rapid.Bool().Draw(t, "by group") {
		r.SourceGroup = fmt.Sprintf("sg-0000000000000000%d", rapid.IntRange(0, 3).Draw(t, "source"))
	} else {
		r.Prefix = netip.PrefixFrom(anyAddr.Draw(t, "network"), rapid.IntRange(0, 32).Draw(t, "bits")).Masked()
	}
	return r
})

var anyAddr = rapid.Custom(func(t *rapid.T) netip.Addr {
	low := byte(rapid.IntRange(0, 5).Draw(t, "low"))
	if rapid.IntRange(0, 3).Draw(t, "family") == 0 {
		return netip.AddrFrom16([16]byte{0x20, 1, 15: low})
	}
	return netip.AddrFrom4([4]byte{172, 31, 0, low})
})

// TestTheFirewallAgreesWithTheRulesReadOneByOne checks the compiled firewall against the
// plainest reading of AWS's rules.
func TestTheFirewallAgreesWithTheRulesReadOneByOne(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var groups []SecurityGroup
		for i := range 4 {
			groups = append(groups, group(fmt.Sprintf("sg-0000000000000000%d", i), rapid.SliceOfN(anyRule, 0, 5).Draw(t, "rules")...))
		}
		var interfaces []Interface
		for i := range 4 {
			worn := rapid.SliceOfNDistinct(rapid.IntRange(0, 3), 0, 3, rapid.ID[int]).Draw(t, "worn")
			e := iface(fmt.Sprint("eni-", i), fmt.Sprint("172.31.0.", i))
			for _, g := range worn {
				e.Groups = append(e.Groups, groups[g].ID)
			}
			interfaces = append(interfaces, e)
		}
		s := compileAll(interfaces, groups)
		c := Connection{
			Protocol: rapid.SampledFrom([]string{TCP, UDP, ICMP, ICMPv6, "50", "0", "6"}).Draw(t, "protocol"),
			Peer:     anyAddr.Draw(t, "peer"), Port: uint16(rapid.IntRange(0, 21).Draw(t, "port")),
		}
		at := rapid.SampledFrom(interfaces).Draw(t, "at")
		if got, want := s.byID[at.ID].firewall.Ingress(c), naive(at, interfaces, groups, Ingress, c); got.Allow != want {
			t.Fatalf("ingress of %+v at %+v: %+v, want %v", c, at, got, want)
		}
		if got, want := s.byID[at.ID].firewall.Egress(c), naive(at, interfaces, groups, Egress, c); got.Allow != want {
			t.Fatalf("egress of %+v at %+v: %+v, want %v", c, at, got, want)
		}
	})
}

func naive(at Interface, all []Interface, groups []SecurityGroup, d Direction, c Connection) bool {
	wears := func(i Interface, id string) bool {
		for _, g := range i.Groups {
			if g == id {
				return true
			}
		}
		return false
	}
	for _, g := range groups {
		for _, r := range g.In(d) {
			if wears(at, g.ID) && naiveMatch(r, c) {
				if r.Prefix.IsValid() && r.Prefix.Contains(c.Peer) {
					return true
				}
				for _, other := range all {
					if r.SourceGroup != "" && wears(other, r.SourceGroup) && other.PrivateIP == c.Peer {
						return true
					}
				}
			}
		}
	}
	return false
}

func naiveMatch(r Rule, c Connection) bool {
	if c.Protocol == "6" {
		c.Protocol = TCP
	}
	if r.Protocol != AllProto && r.Protocol != c.Protocol {
		return false
	}
	switch r.Protocol {
	case TCP, UDP:
		return r.FromPort <= int(c.Port) && int(c.Port) <= r.ToPort
	case ICMP, ICMPv6:
		return r.FromPort == -1 || r.FromPort == int(c.Port)
	}
	return true
}

// fullFirewall is the most that AWS's quotas allow: 5 groups of 60 rules, the last of which
// alone admits 203.0.113.7.
func fullFirewall(t testing.TB) *Firewall {
	var groups []SecurityGroup
	var ids []string
	for g := range MaxGroupsPerInterface {
		id := fmt.Sprintf("sg-0000000000000000%d", g)
		var rules []Rule
		for r := range MaxRulesPerDirection {
			peer := fmt.Sprintf("10.%d.%d.0/24", g, r)
			if r%2 == 1 {
				peer = id
			}
			rules = append(rules, rule(t, Ingress, "tcp", "80", peer))
		}
		groups, ids = append(groups, group(id, rules...)), append(ids, id)
	}
	last := &groups[4].Rules[59]
	last.Prefix, last.SourceGroup = prefix("203.0.113.7/32"), ""
	s := compileAll([]Interface{iface("eni-a", "172.31.0.10", ids...)}, groups)
	return s.byID["eni-a"].firewall
}

func TestADecisionAllocatesNothing(t *testing.T) {
	fw := fullFirewall(t)
	f := newFabric(t, FabricConfig{InMemory: true})
	for _, c := range []Connection{{Protocol: TCP, Peer: addr("203.0.113.7"), Port: 80}, {Protocol: UDP, Peer: addr("2001:db8::1"), Port: 80}, {Protocol: "50", Peer: addr("1.1.1.1")}} {
		n := testing.AllocsPerRun(1000, func() {
			v := fw.Ingress(c)
			fw.Egress(c)
			f.record("eni-a", Ingress, netip.AddrPortFrom(c.Peer, 1), netip.AddrPortFrom(c.Peer, c.Port), v)
		})
		if n != 0 {
			t.Errorf("%+v: %v allocations", c, n)
		}
	}
	if v := fw.Ingress(Connection{Protocol: TCP, Peer: addr("203.0.113.7"), Port: 80}); !v.Allow {
		t.Fatal("the last of 300 rules was not found")
	}
}

func BenchmarkFirewallWith60RulesIn5Groups(b *testing.B) {
	fw := fullFirewall(b)
	c := Connection{Protocol: TCP, Peer: addr("203.0.113.7"), Port: 80}
	b.ReportAllocs()
	for b.Loop() {
		fw.Ingress(c)
	}
}
