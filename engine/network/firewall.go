package network

import (
	"net/netip"
	"strconv"
)

// Connection is what a firewall is asked about: the opening of one connection.
type Connection struct {
	Protocol string     // TCP, UDP, ICMP, ICMPv6 or a number
	Peer     netip.Addr // the other end
	Port     uint16     // the destination port; for ICMP the type
	Outside  bool       // the peer is no interface, whatever its address: no rule for a group means it
}

// Verdict is a firewall's answer and the reason for it.
type Verdict struct {
	Allow   bool
	RuleID  string // the rule that admitted, empty when none did
	GroupID string // the group that the rule belongs to
	Why     Why
}

// Why is the reason of a verdict.
type Why uint8

// The reasons of verdicts and flow records.
const (
	Undecided      Why = iota // nothing was asked
	Admitted                  // a rule admits the connection
	NoMatchingRule            // the groups hold no rule that admits it
	NoGroups                  // the interface wears no group that exists
	NoRoute                   // nobody has the address that was dialled
	NoInterface               // the interface itself does not exist
	Itself                    // an interface's connection to its own address, which no group judges
)

// String is a few plain English words.
func (w Why) String() string {
	switch w {
	case Admitted:
		return "admitted by a rule"
	case NoMatchingRule:
		return "no rule matches"
	case NoGroups:
		return "the interface wears no security group"
	case NoRoute:
		return "no interface has this address"
	case NoInterface:
		return "the interface does not exist"
	case Itself:
		return "the interface's own address"
	case Undecided:
	}
	return "undecided"
}

// Firewall is the compiled rules of the groups that an interface wears. It is immutable, so
// any number of connections may ask it at once; asking allocates nothing. Groups are
// stateful: ask once, when a connection opens. When several rules admit, the verdict names
// the first, by the order of groups on the interface and of rules in the group.
type Firewall struct {
	ingress, egress []condition
	bare            bool // no group at all
}

// condition is a rule made ready to be matched.
type condition struct {
	protocol    int // IANA number, anyPort for all
	from, to    int // both included; anyPort for all
	prefix      netip.Prefix
	wearers     map[netip.Addr]struct{} // nil unless the peer is a group; shared and never written again
	rule, group string
}

// Ingress judges a connection that the peer opens to the interface.
func (fw *Firewall) Ingress(c Connection) Verdict { return fw.judge(fw.ingress, c) }

// Egress judges a connection that the interface opens to the peer.
func (fw *Firewall) Egress(c Connection) Verdict { return fw.judge(fw.egress, c) }

func (fw *Firewall) judge(rules []condition, c Connection) Verdict {
	if fw.bare {
		return Verdict{Why: NoGroups}
	}
	protocol := protocolNumber(c.Protocol)
	peer := c.Peer.Unmap().WithZone("")
	for i := range rules {
		r := &rules[i]
		if r.covers(protocol, int(c.Port)) && r.concerns(peer, c.Outside) {
			return Verdict{Allow: true, RuleID: r.rule, GroupID: r.group, Why: Admitted}
		}
	}
	return Verdict{Why: NoMatchingRule}
}

func (r *condition) covers(protocol, port int) bool {
	if r.protocol != anyPort && r.protocol != protocol {
		return false
	}
	return r.from == anyPort || r.from <= port && port <= r.to
}

func (r *condition) concerns(peer netip.Addr, outside bool) bool {
	if r.wearers != nil {
		_, ok := r.wearers[peer]
		return ok && !outside
	}
	return r.prefix.Contains(peer)
}

// protocolNumber is the IANA number of a protocol's word, anyPort for all of them and one
// that no rule has for what is no protocol.
func protocolNumber(word string) int {
	switch word {
	case TCP:
		return 6
	case UDP:
		return 17
	case ICMP:
		return 1
	case ICMPv6:
		return 58
	case AllProto:
		return anyPort
	}
	if n, err := strconv.Atoi(word); err == nil && 0 <= n && n <= 255 {
		return n
	}
	return anyPort - 1
}

// compile makes the firewall of an interface that wears these groups. wearers gives the
// current private addresses of whoever wears a group, never nil.
func compile(groups []SecurityGroup, wearers func(group string) map[netip.Addr]struct{}) *Firewall {
	fw := &Firewall{bare: len(groups) == 0}
	for _, g := range groups {
		for _, r := range g.Rules {
			c := ready(g.ID, r)
			if r.SourceGroup != "" {
				c.wearers = wearers(r.SourceGroup)
			}
			if r.Direction == Ingress {
				fw.ingress = append(fw.ingress, c)
			}
			if r.Direction == Egress {
				fw.egress = append(fw.egress, c)
			}
		}
	}
	return fw
}

// ready is the rule without its peer group. A rule of ICMP is matched by its type alone: a
// Connection does not carry the code.
func ready(group string, r Rule) condition {
	c := condition{protocol: protocolNumber(r.Protocol), from: r.FromPort, to: r.ToPort, prefix: r.Prefix, rule: r.ID, group: group}
	switch r.Protocol {
	case TCP, UDP:
	case ICMP, ICMPv6:
		c.to = c.from
	default:
		c.from, c.to = anyPort, anyPort // protocols without ports stand for all of them
	}
	return c
}
