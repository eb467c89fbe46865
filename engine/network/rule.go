package network

import (
	"fmt"
	"strconv"
	"strings"

	"elbow/engine/fault"
)

// Validate refuses a rule that AWS would refuse whatever the group it is for: an unknown
// direction or protocol, ports out of range or reversed, no peer or two, a bad
// description. A rule that passes is written in its one canonical way: known protocols by
// word, network addresses without host bits, -1 for ports where the protocol has none.
func (r Rule) Validate() error {
	if r.Direction != Ingress && r.Direction != Egress {
		return fault.New(fault.Invalid, "InvalidParameterValue", "Invalid value '%s' for direction. A rule is either ingress or egress.", shown(string(r.Direction)))
	}
	if p, err := parseProtocol(r.Protocol); err != nil || p != r.Protocol {
		return unknownProtocol(r.Protocol)
	}
	if err := r.validatePorts(); err != nil {
		return err
	}
	if err := r.validatePeer(); err != nil {
		return err
	}
	if !validText(r.Description) {
		return fault.New(fault.Invalid, "InvalidParameterValue",
			"Invalid rule description '%s'. Valid descriptions are strings less than 256 characters from the following set: a-zA-Z0-9. _-:/()#,@[]+=&;{}!$*", shown(r.Description)).In("description")
	}
	return nil
}

func (r Rule) validatePorts() error {
	switch r.Protocol {
	case TCP, UDP:
		return validRange(r.FromPort, r.ToPort)
	case ICMP, ICMPv6:
		return validType(r.FromPort, r.ToPort)
	}
	if r.FromPort != anyPort || r.ToPort != anyPort {
		return fault.New(fault.Invalid, "InvalidParameterValue", "Protocol %s has no ports: leave the port range at All.", shown(r.Protocol)).In("ports")
	}
	return nil
}

// validRange refuses port 0 by itself: no connection can have it, so it is always a slip.
// AWS takes it; as the start of a range, such as 0-65535, it is taken here too.
func validRange(from, to int) error {
	for _, port := range [2]int{from, to} {
		if port < 0 || port > maxPort || from == 0 && to == 0 {
			return fault.New(fault.Invalid, "InvalidParameterValue", "TCP/UDP port (%d) out of range. Enter ports from 1 to 65535.", port).In("ports")
		}
	}
	if from > to {
		return fault.New(fault.Invalid, "InvalidParameterValue", "Invalid TCP/UDP port range (%d:%d). The first port must not be above the last.", from, to).In("ports")
	}
	return nil
}

func validType(kind, code int) error {
	switch {
	case kind < anyPort || kind > 255:
		return fault.New(fault.Invalid, "InvalidParameterValue", "ICMP type (%d) out of range. Enter a type from 0 to 255, or All.", kind).In("ports")
	case code < anyPort || code > 255:
		return fault.New(fault.Invalid, "InvalidParameterValue", "ICMP code (%d) out of range. Enter a code from 0 to 255, or All.", code).In("ports")
	case kind == anyPort && code != anyPort:
		return fault.New(fault.Invalid, "InvalidParameterValue", "ICMP code (%d) needs a type: a code means nothing for all types.", code).In("ports")
	}
	return nil
}

func (r Rule) validatePeer() error {
	switch {
	case r.SourceGroup != "" && r.Prefix.IsValid():
		return fault.New(fault.Invalid, "InvalidParameterCombination", "A rule has one source or destination: either %s or %s, not both.", r.Prefix.String(), shown(r.SourceGroup)).In("peer")
	case r.SourceGroup != "":
		if !validGroupID(r.SourceGroup) {
			return malformedGroup(r.SourceGroup)
		}
		return nil
	}
	_, _, err := parsePeer(r.Peer())
	if err == nil && r.Prefix != r.Prefix.Masked() {
		return fault.New(fault.Invalid, "InvalidParameterValue", "CIDR block %s is malformed", r.Prefix.String()).In("peer")
	}
	return err
}

// Peer is the rule's source or destination as text: a CIDR block or a group's id.
func (r Rule) Peer() string {
	if r.Prefix.IsValid() {
		return r.Prefix.String()
	}
	return r.SourceGroup
}

// PortText is the rule's port range as the console shows it and ParseRule reads it: "80",
// "8000-8010", an ICMP type "8" or type and code "8/0", or "All".
func (r Rule) PortText() string {
	isICMP := r.Protocol == ICMP || r.Protocol == ICMPv6
	switch {
	case r.FromPort == anyPort:
		return "All"
	case isICMP && r.ToPort != anyPort:
		return fmt.Sprintf("%d/%d", r.FromPort, r.ToPort)
	case isICMP || r.FromPort == r.ToPort:
		return strconv.Itoa(r.FromPort)
	}
	return fmt.Sprintf("%d-%d", r.FromPort, r.ToPort)
}

// ProtocolText is the rule's protocol as the console shows it: TCP, UDP, ICMP, IPv6 ICMP,
// All, or a number.
func (r Rule) ProtocolText() string {
	switch r.Protocol {
	case AllProto:
		return "All"
	case ICMPv6:
		return "IPv6 ICMP"
	}
	return strings.ToUpper(r.Protocol)
}
