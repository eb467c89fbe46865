package network

import (
	"net/netip"
	"strings"
)

// snapshot is the whole network as it was last applied: immutable, read through an atomic
// pointer.
type snapshot struct {
	byID   map[string]*endpoint
	byAddr map[place]*endpoint
}

// place is an address within its VPC.
type place struct {
	vpc  string
	addr netip.Addr
}

// endpoint is an interface with the firewall that its groups make.
type endpoint struct {
	Interface
	firewall *Firewall
}

func (e *endpoint) at(port uint16) netip.AddrPort { return netip.AddrPortFrom(e.PrivateIP, port) }

// compileAll makes the snapshot of these interfaces and groups. Interfaces that wear the same
// groups share one firewall; groups that are named but do not exist are passed over.
func compileAll(interfaces []Interface, groups []SecurityGroup) *snapshot {
	s := &snapshot{byID: make(map[string]*endpoint, len(interfaces)), byAddr: make(map[place]*endpoint, len(interfaces))}
	known := make(map[string]SecurityGroup, len(groups))
	for _, g := range groups {
		known[g.ID] = g
	}
	wearers := wearersOf(interfaces)
	firewalls := map[string]*Firewall{}
	for _, i := range interfaces {
		worn := strings.Join(i.Groups, " ")
		if firewalls[worn] == nil {
			firewalls[worn] = compile(existing(i.Groups, known), wearers)
		}
		e := &endpoint{Interface: i, firewall: firewalls[worn]}
		s.byID[i.ID], s.byAddr[place{i.VPCID, i.PrivateIP}] = e, e
	}
	return s
}

func existing(ids []string, known map[string]SecurityGroup) []SecurityGroup {
	var groups []SecurityGroup
	for _, id := range ids {
		if g, ok := known[id]; ok {
			groups = append(groups, g)
		}
	}
	return groups
}

// wearersOf returns a function that gives the private addresses of the interfaces that wear
// a group. Public addresses are no part of it, as at AWS.
func wearersOf(interfaces []Interface) func(group string) map[netip.Addr]struct{} {
	sets := map[string]map[netip.Addr]struct{}{}
	for _, i := range interfaces {
		for _, g := range i.Groups {
			if sets[g] == nil {
				sets[g] = map[netip.Addr]struct{}{}
			}
			sets[g][i.PrivateIP] = struct{}{}
		}
	}
	none := map[netip.Addr]struct{}{}
	return func(group string) map[netip.Addr]struct{} {
		if set := sets[group]; set != nil {
			return set
		}
		return none
	}
}
