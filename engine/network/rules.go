package network

import (
	"net/netip"
	"strconv"
	"strings"

	"elbow/engine/fault"
	"elbow/engine/ident"
)

// anyPort stands for every port, or every ICMP type or code.
const anyPort = -1

const maxPort = 65535

// protocolWord is a protocol as rules are stored: by word where AWS has one, else its IANA
// number.
func protocolWord(number int) string {
	switch number {
	case 1:
		return ICMP
	case 6:
		return TCP
	case 17:
		return UDP
	case 58:
		return ICMPv6
	}
	return strconv.Itoa(number)
}

// ParseRule reads a rule as the console's rule editor writes it: a protocol by word or
// number, "All" or -1; ports such as "80", "8000-8010" or "All", for ICMP a type such as
// "8" or a type and code such as "8/0"; and a peer that is a CIDR block or a group's id.
// Protocols that have no ports stand for all of them whatever was given (EC2 User Guide,
// "Security group rules"). Faults carry the form field: protocol, ports, peer or description.
func ParseRule(d Direction, protocol, ports, peer, description string) (Rule, error) {
	r := Rule{Direction: d, Description: strings.TrimSpace(description)}
	var err error
	if r.Protocol, err = parseProtocol(protocol); err != nil {
		return Rule{}, err
	}
	if r.FromPort, r.ToPort, err = parsePorts(r.Protocol, ports); err != nil {
		return Rule{}, err
	}
	if r.Prefix, r.SourceGroup, err = parsePeer(peer); err != nil {
		return Rule{}, err
	}
	if err := r.Validate(); err != nil {
		return Rule{}, err
	}
	return r, nil
}

// ParseCIDR reads an IPv4 or IPv6 CIDR block. Host bits that are set are cleared, as AWS
// does; an address without its prefix length is refused (AWS code InvalidParameterValue).
func ParseCIDR(text string) (netip.Prefix, error) {
	p, err := netip.ParsePrefix(strings.TrimSpace(text))
	if err != nil || p.Addr().Is4In6() {
		return netip.Prefix{}, fault.New(fault.Invalid, "InvalidParameterValue", "CIDR block %s is malformed", shown(text)).In("peer")
	}
	return p.Masked(), nil
}

func parseProtocol(text string) (string, error) {
	text = strings.ToLower(strings.TrimSpace(text))
	switch text {
	case "":
		return "", fault.New(fault.Invalid, "MissingParameter", "The request must contain the parameter %s", "IpProtocol").In("protocol")
	case TCP, UDP, ICMP, ICMPv6, AllProto:
		return text, nil
	case "all", "all traffic":
		return AllProto, nil
	case "icmpv4":
		return ICMP, nil
	}
	number, err := strconv.ParseUint(text, 10, 8)
	if err != nil {
		return "", unknownProtocol(text)
	}
	return protocolWord(int(number)), nil
}

func unknownProtocol(text string) error {
	return fault.New(fault.Invalid, "InvalidParameterValue",
		"Invalid value '%s' for IP protocol. Use tcp, udp, icmp, icmpv6, -1 for all, or a number from 0 to 255.", shown(text)).In("protocol")
}

func parsePorts(protocol, text string) (from, to int, err error) {
	text = strings.TrimSpace(text)
	all := text == AllProto || strings.EqualFold(text, "all")
	switch protocol {
	case TCP, UDP:
		if all {
			return 0, maxPort, nil
		}
		return parseRange(text)
	case ICMP, ICMPv6:
		if all || text == "" {
			return anyPort, anyPort, nil
		}
		return parseType(text)
	}
	return anyPort, anyPort, nil
}

// parseRange reads one port or two with a hyphen. What is wrong with the numbers
// themselves is for Validate to say.
func parseRange(text string) (from, to int, err error) {
	if text == "" {
		return 0, 0, fault.New(fault.Invalid, "MissingParameter",
			"Must specify both from and to ports with TCP/UDP: enter one port, a range such as 8000-8010, or All.").In("ports")
	}
	first, last, isRange := strings.Cut(text, "-")
	if !isRange {
		last = first
	}
	from, err1 := parseNumber(first)
	to, err2 := parseNumber(last)
	if err1 != nil || err2 != nil {
		return 0, 0, fault.New(fault.Invalid, "InvalidParameterValue",
			"Invalid value '%s' for port range. Enter one port, a range such as 8000-8010, or All.", shown(text)).In("ports")
	}
	return from, to, nil
}

// parseType reads an ICMP type, or a type and a code with a slash.
func parseType(text string) (kind, code int, err error) {
	first, second, hasCode := strings.Cut(text, "/")
	kind, err1 := parseNumber(first)
	code = anyPort
	var err2 error
	if second = strings.TrimSpace(second); hasCode && !strings.EqualFold(second, "all") {
		code, err2 = parseNumber(second)
	}
	if err1 != nil || err2 != nil {
		return 0, 0, fault.New(fault.Invalid, "InvalidParameterValue",
			"Invalid value '%s' for ICMP type. Enter a type such as 8, a type and code such as 8/0, or All.", shown(text)).In("ports")
	}
	return kind, code, nil
}

// parseNumber reads decimal digits alone: no sign, so that a hyphen always means a range.
// Numbers too long for any port come back as one that is out of range.
func parseNumber(text string) (int, error) {
	text = strings.TrimSpace(text)
	if text == "" || strings.Trim(text, "0123456789") != "" {
		return 0, strconv.ErrSyntax
	}
	if n, err := strconv.ParseUint(text, 10, 31); err == nil {
		return int(n), nil
	}
	return 1<<31 - 1, nil
}

func parsePeer(text string) (netip.Prefix, string, error) {
	text = strings.TrimSpace(text)
	if text == "" {
		return netip.Prefix{}, "", fault.New(fault.Invalid, "MissingParameter",
			"You must specify a source or destination: a CIDR block such as 203.0.113.0/24, or a security group.").In("peer")
	}
	if strings.HasPrefix(text, "sg-") {
		return netip.Prefix{}, text, nil // Validate looks at the id's shape
	}
	prefix, err := ParseCIDR(text)
	return prefix, "", err
}

func malformedGroup(id string) error {
	return fault.New(fault.Invalid, "InvalidGroupId.Malformed", "The security group ID '%s' is malformed", shown(id)).In("peer")
}

func validGroupID(id string) bool { return ident.Valid("sg", id) }
