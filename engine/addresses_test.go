package engine

import (
	"net/netip"
	"slices"
	"testing"

	"elbow/engine/fault"
	"elbow/engine/ident"
	"elbow/engine/network"
)

func TestAFreeAddressIsNeverReservedNorTaken(t *testing.T) {
	small := netip.MustParsePrefix("172.31.0.0/28")
	var used []netip.Addr
	for range 11 { // 16 less the first four and the last
		ip, ok := freeIn(small, reservedFirst, used)
		if !ok {
			t.Fatalf("full after %d addresses, want 11", len(used))
		}
		if slices.Contains(used, ip) || !small.Contains(ip) {
			t.Fatalf("got %s with %v in use", ip, used)
		}
		if last := ip.As4()[3]; last < 4 || last == 15 {
			t.Fatalf("%s is reserved", ip)
		}
		used = append(used, ip)
	}
	if ip, ok := freeIn(small, reservedFirst, used); ok {
		t.Errorf("got %s from a full subnet", ip)
	}
}

func TestTooSmallAPrefixHasNoFreeAddress(t *testing.T) {
	for _, cidr := range []string{"10.0.0.0/30", "10.0.0.0/31", "10.0.0.0/32"} {
		if ip, ok := freeIn(netip.MustParsePrefix(cidr), reservedFirst, nil); ok {
			t.Errorf("%s gave %s", cidr, ip)
		}
	}
}

func TestAnInterfaceTakesItsPlaceFromTheSubnet(t *testing.T) {
	c := newCloud(t)
	subnet, group := c.subnets()[1], c.defaultGroupID()
	c.in(c.scope, func(tx Tx) error {
		iface, err := c.newInterface(&change{Tx: tx, scope: c.scope}, subnet, []string{group}, true)
		if err != nil {
			return err
		}
		if !subnet.CIDR.Contains(iface.PrivateIP) || iface.SubnetID != subnet.ID || iface.AvailabilityZone != subnet.AvailabilityZone {
			t.Errorf("got %+v in subnet %+v", iface, subnet)
		}
		if !ident.Valid("eni", iface.ID) || iface.VPCID != subnet.VPCID {
			t.Errorf("got id %s in %s", iface.ID, iface.VPCID)
		}
		if !slices.ContainsFunc(publicRanges(), func(p netip.Prefix) bool { return p.Contains(iface.PublicIP) }) {
			t.Errorf("public address %s", iface.PublicIP)
		}
		return nil
	})
}

func TestPublicAddressesRunOutWithAClearFault(t *testing.T) {
	c := newCloud(t)
	all := &crowded{}
	for _, p := range publicRanges() {
		for n := range 256 {
			all.public = append(all.public, nth(p, n))
		}
	}
	iface := network.Interface{}
	err := c.givePublicIP(&change{Tx: all, scope: c.scope}, &iface)
	if fault.CodeOf(err) != "InsufficientAddressCapacity" || iface.PublicIP.IsValid() {
		t.Errorf("got %v and %s", err, iface.PublicIP)
	}
	all.public = all.public[:254] // .254 of the first range is free again, and all of the second
	if err := c.givePublicIP(&change{Tx: all, scope: c.scope}, &iface); err != nil || !iface.PublicIP.IsValid() {
		t.Errorf("got %v and %s", err, iface.PublicIP)
	}
}

// crowded is a transaction that knows only which public addresses are in use.
type crowded struct {
	Tx
	public []netip.Addr
}

func (c *crowded) PublicIPs() ([]netip.Addr, error) { return c.public, nil }
func (c *crowded) ReviveName(string) error          { return nil }

func TestAReleasedAddressRetiresItsNameAndAGivenOneRevivesIt(t *testing.T) {
	c := newCloud(t)
	iface := network.Interface{PublicIP: netip.MustParseAddr("203.0.113.25")}
	name := c.publicDNS(iface)
	c.in(c.scope, func(tx Tx) error {
		ch := &change{Tx: tx, at: c.now(), scope: c.scope}
		if err := c.releasePublicIP(ch, &iface, "i-1", "stopped"); err != nil {
			return err
		}
		return c.releasePublicIP(ch, &iface, "i-1", "terminated") // no address any more: says nothing new
	})
	gone := first(c.world().Retired)
	if iface.PublicIP.IsValid() || gone.Name != name || gone.Why != "stopped" || gone.Resource != "i-1" {
		t.Errorf("got %+v, address %s", gone, iface.PublicIP)
	}
	c.in(c.scope, func(tx Tx) error {
		only := &oneFree{Tx: tx, free: netip.MustParseAddr("203.0.113.25")}
		return c.givePublicIP(&change{Tx: only, scope: c.scope}, &iface)
	})
	if left := c.world().Retired; len(left) != 0 || c.publicDNS(iface) != name {
		t.Errorf("%v still retired; the name is %s", left, c.publicDNS(iface))
	}
}

// oneFree is a transaction in which every public address but one is in use.
type oneFree struct {
	Tx
	free netip.Addr
}

func (o *oneFree) PublicIPs() ([]netip.Addr, error) {
	var used []netip.Addr
	for _, p := range publicRanges() {
		for n := range 256 {
			if ip := nth(p, n); ip != o.free {
				used = append(used, ip)
			}
		}
	}
	return used, nil
}

func TestGroupsThatOneInterfaceCannotWear(t *testing.T) {
	c := newCloud(t)
	_, foreign := c.foreignVPC()
	theirs := c.anotherAccountsGroup()
	mine := c.defaultGroupID()
	six := make([]string, network.MaxGroupsPerInterface+1)
	for i := range six {
		six[i] = mine
	}
	tests := []struct {
		name string
		ids  []string
		code string
	}{
		{"none at all", nil, "MissingParameter"},
		{"one too many", six, "SecurityGroupsPerInterfaceLimitExceeded"},
		{"the same one twice", []string{mine, mine}, "InvalidParameterValue"},
		{"one of another VPC", []string{foreign.ID}, "InvalidGroup.NotFound"},
		{"another account's", []string{theirs}, "InvalidGroup.NotFound"},
		{"no such id", []string{"sg-00000000000000000"}, "InvalidGroup.NotFound"},
		{"an empty id", []string{""}, "InvalidGroupId.Malformed"},
		{"a name instead of an id", []string{"default"}, "InvalidGroupId.Malformed"},
		{"HTML", []string{"<script>alert(1)</script>"}, "InvalidGroupId.Malformed"},
		{"a good one", []string{mine}, ""},
	}
	vpc := c.vpc().ID
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			err := c.view(t.Context(), func(tx Tx) error { return checkGroups(tx, vpc, tt.ids) })
			if fault.CodeOf(err) != tt.code {
				t.Errorf("got %v, want %q", err, tt.code)
			}
		})
	}
}
