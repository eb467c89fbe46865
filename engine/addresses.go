package engine

import (
	"encoding/binary"
	"math/rand/v2"
	"net/netip"
	"slices"
	"strings"

	"elbow/engine/fault"
	"elbow/engine/ident"
	"elbow/engine/network"
)

// reservedFirst is how many addresses AWS keeps at the start of every subnet: the network
// itself, the router, the resolver and one for later. The last one, the broadcast
// address, is kept too.
const reservedFirst = 4

// newInterface makes an interface in the subnet that wears the groups, with a free
// private address and, if public, a free public one. It is not stored: the caller puts
// it together with what it belongs to, and does so before asking for the next one, for
// only what the transaction has written counts as taken.
func (e *Engine) newInterface(c *change, subnet network.Subnet, groups []string, public bool) (network.Interface, error) {
	if err := checkGroups(c, subnet.VPCID, groups); err != nil {
		return network.Interface{}, err
	}
	private, err := freePrivateIP(c, subnet)
	if err != nil {
		return network.Interface{}, err
	}
	iface := network.Interface{
		ID: ident.New("eni"), VPCID: subnet.VPCID, SubnetID: subnet.ID, AvailabilityZone: subnet.AvailabilityZone,
		PrivateIP: private, Groups: slices.Clone(groups),
	}
	if public {
		err = e.givePublicIP(c, &iface)
	}
	return iface, err
}

// givePublicIP gives the interface a free public address, and its name back to the
// living. An interface that has one already keeps it.
func (e *Engine) givePublicIP(c *change, iface *network.Interface) error {
	if iface.PublicIP.IsValid() {
		return nil
	}
	used, err := c.PublicIPs()
	if err != nil {
		return err
	}
	ranges := publicRanges()
	rand.Shuffle(len(ranges), func(i, j int) { ranges[i], ranges[j] = ranges[j], ranges[i] })
	for _, prefix := range ranges {
		if ip, ok := freeIn(prefix, 1, used); ok {
			iface.PublicIP = ip
			return c.ReviveName(strings.ToLower(e.publicDNS(*iface)))
		}
	}
	return fault.New(fault.Limit, "InsufficientAddressCapacity",
		"All %d public addresses are in use. Stop or terminate an instance that has one, or launch without a public address.", len(used))
}

// releasePublicIP takes the public address away and retires its name. resource is the id
// or name of what had it; why is stopped, terminated or deleted. An interface without a
// public address is left as it is.
func (e *Engine) releasePublicIP(c *change, iface *network.Interface, resource, why string) error {
	if !iface.PublicIP.IsValid() {
		return nil
	}
	gone := RetiredName{Name: strings.ToLower(e.publicDNS(*iface)), Resource: resource, Why: why, At: c.at}
	iface.PublicIP = netip.Addr{}
	return c.RetireName(gone)
}

// checkGroups refuses group ids that one interface in the VPC cannot wear together.
func checkGroups(tx Tx, vpcID string, ids []string) error {
	if len(ids) == 0 {
		return fault.New(fault.Invalid, "MissingParameter", "Choose at least one security group.").In("group_ids")
	}
	if len(ids) > network.MaxGroupsPerInterface {
		return fault.New(fault.Limit, "SecurityGroupsPerInterfaceLimitExceeded",
			"The maximum number of security groups per interface is %d; %d were chosen.", network.MaxGroupsPerInterface, len(ids)).In("group_ids")
	}
	for i, id := range ids {
		g, err := findGroup(tx, id)
		if err != nil {
			return err
		}
		if g.VPCID != vpcID {
			return fault.New(fault.NotFound, "InvalidGroup.NotFound", "The security group '%s' does not exist in VPC '%s'", id, vpcID).In("group_ids")
		}
		if slices.Contains(ids[:i], id) {
			return fault.New(fault.Invalid, "InvalidParameterValue", "The security group '%s' was chosen more than once.", id).In("group_ids")
		}
	}
	return nil
}

func freePrivateIP(tx Tx, subnet network.Subnet) (netip.Addr, error) {
	used, err := tx.PrivateIPs()
	if err != nil {
		return netip.Addr{}, err
	}
	ip, ok := freeIn(subnet.CIDR, reservedFirst, used)
	if !ok {
		return netip.Addr{}, fault.New(fault.Limit, "InsufficientFreeAddressesInSubnet",
			"There are not enough free addresses in subnet '%s' to satisfy the request. Choose another subnet.", subnet.ID).In("subnet_id")
	}
	return ip, nil
}

// publicRanges are where public addresses come from: documentation ranges (RFC 5737), in
// which nobody on the real internet answers.
func publicRanges() []netip.Prefix {
	return []netip.Prefix{netip.MustParsePrefix("203.0.113.0/24"), netip.MustParsePrefix("198.51.100.0/24")}
}

// freeIn picks an unused address of an IPv4 prefix, never one of the first skip nor the
// last. It begins at random, so that an address given back seldom means something else
// a moment later, while a page or a name still speaks of who had it.
func freeIn(prefix netip.Prefix, skip int, used []netip.Addr) (netip.Addr, bool) {
	taken := make(map[netip.Addr]bool, len(used))
	for _, ip := range used {
		taken[ip] = true
	}
	count := 1<<(32-prefix.Bits()) - skip - 1
	if count <= 0 {
		return netip.Addr{}, false
	}
	start := rand.IntN(count)
	for i := range count {
		if ip := nth(prefix, skip+(start+i)%count); !taken[ip] {
			return ip, true
		}
	}
	return netip.Addr{}, false
}

// nth is the prefix's n-th address, counted from the network address.
func nth(prefix netip.Prefix, n int) netip.Addr {
	b := prefix.Masked().Addr().As4()
	binary.BigEndian.PutUint32(b[:], binary.BigEndian.Uint32(b[:])+uint32(n))
	return netip.AddrFrom4(b)
}
