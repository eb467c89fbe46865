package network

import (
	"fmt"
	"net"
	"net/netip"
	"strings"
)

// Loopback is where a private address 172.31.a.b really is on this host: 127.N.a.b, where
// 127.N.0.0/16 is what the fabric claimed. It is the zero Addr for any other address.
func (f *Fabric) Loopback(private netip.Addr) netip.Addr {
	return swap(private.Unmap(), [2]byte{172, 31}, [2]byte{127, f.claim.second})
}

// Private is the inverse of Loopback: ok is false when addr is not in the fabric's /16.
func (f *Fabric) Private(addr netip.Addr) (private netip.Addr, ok bool) {
	private = swap(addr.Unmap(), [2]byte{127, f.claim.second}, [2]byte{172, 31})
	return private, private.IsValid()
}

// swap replaces the first half of an IPv4 address when it is from.
func swap(addr netip.Addr, from, to [2]byte) netip.Addr {
	if !addr.Is4() {
		return netip.Addr{}
	}
	b := addr.As4()
	if [2]byte(b[:2]) != from {
		return netip.Addr{}
	}
	copy(b[:2], to[:])
	return netip.AddrFrom4(b)
}

// caller is who opens a connection, as rules, logs and flow records speak of it.
type caller struct {
	addr    netip.AddrPort
	outside bool // no interface, whatever its address
}

// outsider is a client from beyond the VPC by its address on the host: unmapped, without a
// zone, and ::1 as 127.0.0.1. No interface ever comes that way, so an address of the VPC or
// of the fabric's /16 is only the client's own, and makes it nobody's peer.
func outsider(addr netip.AddrPort) caller {
	ip := addr.Addr().Unmap().WithZone("")
	if ip == netip.IPv6Loopback() {
		ip = netip.AddrFrom4([4]byte{127, 0, 0, 1})
	}
	return caller{addr: netip.AddrPortFrom(ip, addr.Port()), outside: true}
}

// callerAt is who comes to an interface's own loopback address: another interface by an
// address of the fabric's /16, else an outsider.
func (f *Fabric) callerAt(addr netip.AddrPort) caller {
	if private, ok := f.Private(addr.Addr()); ok {
		return caller{addr: netip.AddrPortFrom(private, addr.Port())}
	}
	return outsider(addr)
}

// addrPort is a TCP address as a value; the zero one for any other kind.
func addrPort(a net.Addr) netip.AddrPort {
	if t, ok := a.(*net.TCPAddr); ok {
		return t.AddrPort()
	}
	return netip.AddrPort{}
}

// PublicName is the DNS name of a public address, such as
// ec2-203-0-113-25.ap-northeast-1.compute.localhost; empty for the zero Addr.
func PublicName(ip netip.Addr, region, domain string) string {
	if !ip.IsValid() {
		return ""
	}
	return fmt.Sprintf("ec2-%s.%s.compute.%s", hyphens(ip), region, domain)
}

// PrivateName is the DNS name of a private address, such as
// ip-172-31-5-10.ap-northeast-1.compute.internal; empty for the zero Addr.
func PrivateName(ip netip.Addr, region string) string {
	if !ip.IsValid() {
		return ""
	}
	return fmt.Sprintf("ip-%s.%s.compute.internal", hyphens(ip), region)
}

func hyphens(ip netip.Addr) string { return strings.ReplaceAll(ip.String(), ".", "-") }
